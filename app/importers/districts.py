"""The district a row claims, against the district it is in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

# Ward boundaries are generalised to 20 m and postcodes sit on them: nearer than this is no lie.
BOUNDARY_TOLERANCE_M = 250.0
_WIDEST_TOLERANCE_DEGREES = 0.005  # more than 250 m of longitude anywhere in Great Britain

# The wards of each district in the newest release that has any.
DISTRICTS_WITH_WARDS = sa.text(
    """
    SELECT lad_code, max(lad_name) AS lad_name, max(release) AS release FROM areas
    WHERE area_type = 'ward' AND lad_code IS NOT NULL AND gone_at IS NULL GROUP BY lad_code
    """
)
OTHER_DISTRICTS = sa.text(
    """
    SELECT lad_code, max(lad_name) AS lad_name FROM (
      SELECT lad_code, lad_name FROM area_lookups
      UNION ALL SELECT gss_code, name FROM areas WHERE area_type = 'lad'
      UNION ALL SELECT lad_code, lad_name FROM areas
      UNION ALL SELECT DISTINCT lad_code, NULL FROM postcodes
    ) AS known WHERE lad_code IS NOT NULL GROUP BY lad_code
    """
)
# One row for each point and district it lies in. The literal points are made in the areas' own
# CRS, so that the index on area_parts.geom serves.
DISTRICTS_OF_POINTS = sa.text(
    """
    SELECT q.n, a.lad_code, a.release
    FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS q (lon, lat, n)
    JOIN area_parts p ON ST_Intersects(p.geom, ST_SetSRID(ST_MakePoint(q.lon, q.lat), 4326))
    JOIN areas a ON a.id = p.area_id
    WHERE a.area_type = 'ward' AND a.lad_code IS NOT NULL AND a.gone_at IS NULL
    ORDER BY q.n, a.release DESC
    """
)
IS_NEAR_DISTRICT = sa.text(
    """
    SELECT EXISTS (
      SELECT 1 FROM area_parts p JOIN areas a ON a.id = p.area_id
      WHERE a.area_type = 'ward' AND a.lad_code = :lad_code AND a.gone_at IS NULL
        AND p.geom && ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :degrees)
        AND ST_DWithin(ST_Transform(p.geom, 27700),
                       ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 27700), :metres))
    """
)
# Where a district's wards are not loaded, its postcodes are where it is.
IS_NEAR_POSTCODE_OF_DISTRICT = sa.text(
    """
    SELECT EXISTS (
      SELECT 1 FROM postcodes
      WHERE lad_code = :lad_code
        AND geom && ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :degrees)
        AND ST_DWithin(point_27700,
                       ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 27700), :metres))
    """
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A point in degrees WGS 84, the district code it claims, and its postcode's if known."""

    lon: float
    lat: float
    lad_code: str
    postcode_lad_code: str | None


class Districts:
    """The districts the database knows when a file is loaded."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        wards = connection.execute(DISTRICTS_WITH_WARDS).all()
        self._with_wards = {row.lad_code for row in wards}
        others = connection.execute(OTHER_DISTRICTS).all()
        self._names: dict[str, str | None] = {
            row.lad_code: row.lad_name for row in [*others, *wards]
        }
        self._repaired: dict[tuple[str | None, str | None], str | None] = {}

    def repair(self, code: str | None, name: str | None) -> str | None:
        """Return the known district code a row means, or None where it cannot be told.

        A code that lost one digit ("E0800004") is the one known code it can come from, if its
        name agrees with the row's; failing that, the name decides.
        """
        key = (code, name)
        if key not in self._repaired:
            self._repaired[key] = self._find(code, name)
        return self._repaired[key]

    def say(self, code: str) -> str:
        """Return a district as people write it: "Oldham (E08000004)"."""
        name = self._names.get(code)
        return f"{name} ({code})" if name else code

    def outside(self, claims: Sequence[Claim]) -> dict[int, str | None]:
        """Return, by position in `claims`, those not in the district they claim.

        The value is the district the point is in, or None if no loaded one holds it. A claim of a
        district of which nothing is loaded is not judged.
        """
        found: dict[int, list[str]] = {}
        if claims and self._with_wards:
            points = {"lons": [c.lon for c in claims], "lats": [c.lat for c in claims]}
            for row in self._connection.execute(DISTRICTS_OF_POINTS, points):
                found.setdefault(row.n - 1, []).append(row.lad_code)
        verdicts = {}
        for position, claim in enumerate(claims):
            holding = found.get(position, [])
            if claim.lad_code not in holding and self._is_outside(claim, bool(holding)):
                verdicts[position] = holding[0] if holding else claim.postcode_lad_code
        return verdicts

    def _is_outside(self, claim: Claim, is_in_another: bool) -> bool:
        if claim.lad_code in self._with_wards:
            return not self._is_near(IS_NEAR_DISTRICT, claim)
        if is_in_another or claim.postcode_lad_code not in {None, claim.lad_code}:
            return not self._is_near(IS_NEAR_POSTCODE_OF_DISTRICT, claim)
        return False

    def _is_near(self, question: sa.TextClause, claim: Claim) -> bool:
        values: dict[str, Any] = {
            "lon": claim.lon,
            "lat": claim.lat,
            "lad_code": claim.lad_code,
            "degrees": _WIDEST_TOLERANCE_DEGREES,
            "metres": BOUNDARY_TOLERANCE_M,
        }
        return bool(self._connection.execute(question, values).scalar_one())

    def _find(self, code: str | None, name: str | None) -> str | None:
        if code in self._names:
            return code
        wanted = _plain_name(name)
        if code and re.fullmatch(r"[EWS]\d{7}", code):
            # E0800002 is Bury that lost a nought, and just as well Bradford that lost a three: a
            # name that says otherwise rules a code out, also where the right one is not loaded.
            could_be = [
                known
                for known in self._names
                if any(known[:at] + known[at + 1 :] == code for at in range(1, len(known)))
                and (not wanted or _plain_name(self._names[known]) == wanted)
            ]
            if len(could_be) == 1:
                return could_be[0]
        if not wanted:
            return None
        named = [known for known, full in self._names.items() if _plain_name(full) == wanted]
        # A district that was merged away and its follower may share a name: wards decide.
        if not named:
            return None
        return max(named, key=lambda known: (known in self._with_wards, known))


def _plain_name(name: str | None) -> str:
    words = re.findall(r"[a-z]+", (name or "").casefold())
    left_out = {"the", "of", "and", "city", "borough", "metropolitan", "district", "council",
                "county", "royal", "london"}  # fmt: skip
    return " ".join(word for word in words if word not in left_out)
