"""Polling stations: halls and rooms the public can get into, so venues somebody could ask for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.importers.files import open_table, require_columns
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.cells import coordinate
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.records import AssetRecord, Problem, Skipped, SourceInfo
from app.models import AssetKind, ProblemReason

NAME = "polling_stations"
DESCRIPTION = "Polling stations as venues (Greater Manchester councils, Trafford Data Lab)"
SUFFIXES: tuple[str, ...] = (".csv", ".xlsx")

_NEEDED = (
    "id", "name", "address", "postcode", "ward_code", "la_code", "la_name", "lon", "lat",
)  # fmt: skip
# Gone the day after the election.
_PASSING = re.compile(r"\b(mobile|temporary|caravan|portakabin|porta-?cabin)\b", re.IGNORECASE)
_SCHOOL = re.compile(
    r"\b((?<!sunday )(?<!old )school|academy|nursery|primary|sixth form|infants?|juniors?)\b",
    re.IGNORECASE,
)
_HOUSE_NUMBER = re.compile(r"\d+[A-Za-z]?[\s,/-]")
# What one council writes instead of a name; the name then begins the address.
_NO_NAME = {"new polling station", "change of station"}
_COMMUNITY_CENTRE = re.compile(r"\bcommunity (centre|hall|hub|room|cabin)\b", re.IGNORECASE)


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the columns are those of the list of polling stations."""
    return path.suffix.lower() in SUFFIXES and set(header or ()) >= set(_NEEDED)


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the publisher and licence."""
    return SourceInfo(
        slug="polling-stations",
        name="Polling stations in Greater Manchester",
        publisher="Greater Manchester councils, via Trafford Data Lab",
        licence="OGL v3",
        attribution="Trafford Data Lab, licensed under the Open Government Licence v3.0",
        precedence=60,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date."""
    return name_without_date(path)


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem | Skipped]:  # noqa: ARG001
    """Yield halls, churches, clubs and the like as venues.

    Vans and cabins that stand there for a day are counted, and so are schools, which are in use
    by their pupils. Ids are unique within a council only.
    """
    table = open_table(path)
    require_columns(table, _NEEDED)
    for number, row in table.rows():
        name = (clean_text(row["name"]) or "").replace("`", "'")
        address = (clean_text(row["address"]) or "").replace("`", "'")
        if name.casefold() in _NO_NAME:
            name, _, address = (part.strip() for part in address.partition(","))
        if _PASSING.search(name):
            yield Skipped(number, "polling station in a van or temporary building")
        elif _SCHOOL.search(name):
            yield Skipped(number, "polling station in a school")
        elif not name or _HOUSE_NUMBER.match(name):
            yield Problem(
                number,
                ProblemReason.UNNAMED,
                "The polling station has an address but no name.",
                "If it is a hall people can use, add it by hand with the name people know.",
                source_key=f"{row['la_code']}/{row['id']}",
                raw=dict(row),
            )
        else:
            yield _venue(number, row, name, address)


def _venue(number: int, row: dict[str, str], name: str, address: str) -> AssetRecord:
    is_community_centre = _COMMUNITY_CENTRE.search(name) is not None
    return AssetRecord(
        row_number=number,
        source_key=f"{row['la_code'].strip()}/{row['id'].strip()}",
        kind=AssetKind.VENUE,
        name=name,
        description="Used as a polling station.",
        address=address,
        postcode=row["postcode"],
        lon=coordinate(row["lon"]),
        lat=coordinate(row["lat"]),
        lon_lat_written=(row["lon"], row["lat"]),
        lad_code=row["la_code"],
        lad_name=row["la_name"],
        interests=("community-centres",) if is_community_centre else (),
        raw=dict(row),
    )
