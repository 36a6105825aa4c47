"""Where assets are: given coordinates, or their postcode's; and whether that can be right.

What is decided here, and why:

- A row without coordinates stands at its postcode's point, and says so.
- Where a source has things that are nowhere (by telephone, on the web), what has no place is
  stored without one, and so is what has a wrong one: it is in lists and on no map, and somebody
  is asked to look. Its postcode is then believed before a point that cannot be right.
- Coordinates that are not numbers, lie outside Great Britain or are swapped are not stored, even
  where there is a postcode: whoever sent the file should know.
- A point more than 5 km from its own postcode is stored where the row says, with a doubt: either
  may be the wrong one. A point outside the district the row claims is not stored.
- An informal asset is never placed nearer than its ward.
"""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa

from app.importers.checking import AssetChecker
from app.importers.districts import Claim, Districts
from app.importers.normalise import clean_text
from app.importers.normalise import postcode as readable_postcode
from app.importers.queries import find_postcodes, read_postcode_areas
from app.importers.records import AssetRecord
from app.models import AssetKind, LocationSource, ProblemReason
from geo.crs import is_in_great_britain

FAR_FROM_POSTCODE_M = 5000.0
AGREES_WITH_POSTCODE_M = 2000.0
_EARTH_RADIUS_M = 6_371_008.8

Known = dict[str, sa.Row[Any]]


class Placer:
    """Places batches of checked assets; asks the database once a batch."""

    def __init__(
        self, connection: sa.Connection, checker: AssetChecker, *, lad_code: str | None
    ) -> None:
        self._connection = connection
        self._checker = checker
        self._lad_code = lad_code
        self._districts: Districts | None = None
        self._areas: set[str] | None = None

    def place(self, records: list[AssetRecord]) -> list[AssetRecord]:
        """Return the records that have a place, with lon, lat and `location_source` set."""
        asked = {record.postcode for record in records if record.postcode}
        known = find_postcodes(self._connection, postcodes=sorted(asked)) if asked else {}
        placed = [record for record in records if self._place_one(record, known)]
        return self._in_their_district(placed, known)

    def _place_one(self, record: AssetRecord, known: Known) -> bool:
        if record.kind == AssetKind.INFORMAL:
            return self._place_on_ward(record, known)
        if record.lon is None and record.lat is None:
            return self._place_by_postcode(record, known) or self._place_nowhere(record)
        if not self._is_plausible(record, known):
            if not record.may_have_no_place:
                return False
            record.lon = record.lat = None
            if record.postcode in known:
                return self._place_by_postcode(record, known)
            return self._place_nowhere(record)
        stored = known.get(record.postcode or "")
        if stored is not None and record.lon is not None and record.lat is not None:
            apart_m = distance_m(record.lon, record.lat, stored.lon, stored.lat)
            if apart_m > FAR_FROM_POSTCODE_M:
                self._checker.doubt(
                    record,
                    ProblemReason.OUTSIDE_DISTRICT,
                    f"The point is {apart_m / 1000:.0f} km from its postcode {record.postcode}.",
                    "Find out which of the two is right and correct the other.",
                )
        return True

    def _place_nowhere(self, record: AssetRecord) -> bool:
        """Store a record without a place, if it may be; why was said already."""
        if not record.may_have_no_place:
            return False
        record.location_source = LocationSource.NONE
        record.lon = record.lat = record.ward_code = None
        if record.postcode and readable_postcode(record.postcode) is None:
            record.postcode = None
        return True

    def _place_on_ward(self, record: AssetRecord, known: Known) -> bool:
        stored = known.get(record.postcode or "")
        if record.ward_code is None and stored is not None:
            record.ward_code = stored.ward_code
        record.lon = record.lat = record.postcode = record.address = None
        record.location_source = LocationSource.WARD
        if record.ward_code is not None:
            return True
        return self._checker.refuse(
            record,
            ProblemReason.NO_LOCATION,
            "The row is somebody's skill or network, and its ward is not known.",
            "Give the ward's code (nine characters, such as E05001347).",
        )

    def _place_by_postcode(self, record: AssetRecord, known: Known) -> bool:
        stored = known.get(record.postcode or "")
        if stored is not None:
            record.lon, record.lat = stored.lon, stored.lat
            record.location_source = LocationSource.POSTCODE
            if stored.is_withdrawn:
                self._checker.doubt(
                    record,
                    ProblemReason.UNKNOWN_POSTCODE,
                    f"The postcode {record.postcode} is no longer in use; the place stands where"
                    " it was.",
                    "Look up the postcode of today.",
                )
            return True
        if record.postcode:
            return self._postcode_is_unknown(record, record.postcode)
        if record.ward_code:
            record.location_source = LocationSource.WARD
            return True
        return self._checker.refuse(
            record,
            ProblemReason.NO_LOCATION,
            "The row has no coordinates and no postcode.",
            "Add a postcode or coordinates to the file.",
            is_stored=record.may_have_no_place,
        )

    def _postcode_is_unknown(self, record: AssetRecord, postcode: str) -> bool:
        if self._areas is None:
            self._areas = read_postcode_areas(self._connection)
        area = postcode[: 2 if postcode[1:2].isalpha() else 1]
        if area in self._areas or readable_postcode(postcode) is None:
            message = f"There is no postcode {postcode[:20]}."
            suggestion = "Correct the postcode, or add coordinates."
        else:
            message = f"The postcodes of {area} are not loaded, so {postcode[:20]} has no place."
            suggestion = f"Load Code-Point Open for {area}, then load this file again."
        return self._checker.refuse(
            record,
            ProblemReason.UNKNOWN_POSTCODE,
            message,
            suggestion,
            is_stored=record.may_have_no_place,
        )

    def _is_plausible(self, record: AssetRecord, known: Known) -> bool:
        lon, lat = record.lon, record.lat
        said_lon, said_lat = _as_written(record)
        if lon is None or lat is None or not (math.isfinite(lon) and math.isfinite(lat)):
            return self._checker.refuse(
                record,
                ProblemReason.UNREADABLE_VALUE,
                "The coordinates are not two numbers"
                f" (longitude “{said_lon}”, latitude “{said_lat}”).",
                "Correct the coordinates, or leave both out so that the postcode is used.",
                is_stored=record.may_have_no_place,
            )
        if is_in_great_britain(lon, lat):
            return True
        if is_in_great_britain(lat, lon):
            return self._checker.refuse(
                record,
                ProblemReason.SWAPPED_AXES,
                f"Longitude {said_lon} and latitude {said_lat} are the wrong way round.",
                f"Swap them: longitude {said_lat}, latitude {said_lon}"
                + _postcode_on_swap(lat, lon, known.get(record.postcode or "")),
                is_stored=record.may_have_no_place,
            )
        suggestion = "Correct the coordinates, or leave both out so that the postcode is used."
        if 1000 < lon < 700_000 and 1000 < lat < 1_300_000:
            suggestion = "These look like metres of the National Grid: turn them into degrees."
        return self._checker.refuse(
            record,
            ProblemReason.OUTSIDE_GREAT_BRITAIN,
            f"Longitude {said_lon}, latitude {said_lat} is outside Great Britain.",
            suggestion,
            is_stored=record.may_have_no_place,
        )

    def _in_their_district(self, records: list[AssetRecord], known: Known) -> list[AssetRecord]:
        claims: list[Claim] = []
        claimants: list[int] = []
        for position, record in enumerate(records):
            claim = self._claim_of(record, known)
            if claim is not None:
                claims.append(claim)
                claimants.append(position)
        if not claims or self._districts is None:
            return records
        outside = self._districts.outside(claims)
        dropped = {claimants[number] for number in outside}
        for number, actual in outside.items():
            claimed = self._districts.say(claims[number].lad_code)
            where = f"in {self._districts.say(actual)}" if actual else "not in it"
            self._checker.refuse(
                records[claimants[number]],
                ProblemReason.OUTSIDE_DISTRICT,
                f"The row says {claimed}, but its place is {where}.",
                "Correct the district, or the coordinates and postcode.",
            )
        return [record for position, record in enumerate(records) if position not in dropped]

    def _claim_of(self, record: AssetRecord, known: Known) -> Claim | None:
        code, name = (
            record.lad_code or (None if record.lad_name else self._lad_code),
            record.lad_name,
        )
        if record.lon is None or record.lat is None or not (code or name):
            return None
        if self._districts is None:
            self._districts = Districts(self._connection)
        claimed = self._districts.repair(code, name)
        if claimed is None:
            return None
        stored = known.get(record.postcode or "")
        return Claim(record.lon, record.lat, claimed, stored.lad_code if stored else None)


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the great-circle distance in metres of two points in degrees (haversine)."""
    d_lat, d_lon = math.radians(other_lat - lat), math.radians(other_lon - lon)
    across = math.cos(math.radians(lat)) * math.cos(math.radians(other_lat))
    a = math.sin(d_lat / 2) ** 2 + across * math.sin(d_lon / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(a))


def _as_written(record: AssetRecord) -> tuple[str, str]:
    """Return the longitude and latitude as the file has them, for what is said about them."""
    if record.lon_lat_written is not None:
        lon, lat = ((clean_text(text) or "")[:40] for text in record.lon_lat_written)
    else:
        lon, lat = (
            "" if degrees is None else f"{degrees:.10g}" for degrees in (record.lon, record.lat)
        )
    return lon, lat


def _postcode_on_swap(lon: float, lat: float, stored: sa.Row[Any] | None) -> str:
    if stored is None:
        return "."
    apart_m = distance_m(lon, lat, stored.lon, stored.lat)
    if apart_m <= AGREES_WITH_POSTCODE_M:
        return f"; the postcode {stored.postcode} confirms it."
    return f"; but then they are {apart_m / 1000:.0f} km from the postcode {stored.postcode}."
