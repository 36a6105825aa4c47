"""Care homes from the Care Quality Commission's register, in the shapes it is passed on in.

Three shapes are known: the register's own "active locations" spreadsheet, its directory, and lists
cut from them by councils (name, type, address, postcode, telephone …). Columns are found by any of
the names they have there.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.importers.files import MissingColumns, open_table
from app.importers.options import ReadOptions
from app.importers.readers.cells import (
    coordinate,
    first_filled,
    joined,
    key_of,
    phone_kept_as_number,
    whole_number,
)
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.records import AssetRecord, Problem, Skipped, SourceInfo
from app.models import AssetKind, ProblemReason

NAME = "cqc"
DESCRIPTION = "Care homes (Care Quality Commission register)"
SUFFIXES: tuple[str, ...] = (".csv", ".xlsx")

# What each of our fields is called in the known shapes, in the order they are preferred.
ALIASES = {
    "id": ("Location ID", "CQC Location ID", "CQC Location ID (for office use only)"),
    "name": ("name", "Name", "Location Name"),
    "types": ("type", "Service types", "Location Type/Sector"),
    "is_care_home": ("Care home?", "Care Home?"),
    "postcode": ("postcode", "Postcode", "Postal Code", "Location Postal Code"),
    "phone": ("telephone", "Phone Number", "Phone number", "Location Telephone Number"),
    "website": (
        "website",
        "Website",
        "Service's website (if available)",
        "Location Web Address",
    ),
    "beds": ("Care homes beds", "Care Homes Beds"),
    "lad_name": ("area_name", "Local Authority", "Local authority", "Location Local Authority"),
    "lad_code": ("area_code",),
    "lon": ("lon", "Longitude", "Location Longitude"),
    "lat": ("lat", "Latitude", "Location Latitude"),
}
_ADDRESS = (
    "address", "Address", "Location Street Address", "Location Address Line 2", "Location City",
    "Location County",
)  # fmt: skip
_CARE_HOME_TYPES = ("residential home", "nursing home")
# The council's list has these and no id; other tables of places do not have all of them.
_COUNCIL_SHAPE = {"name", "type", "address", "postcode", "telephone", "area_name", "area_code"}


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the columns are those of one of the shapes."""
    columns = set(header or ())
    has_id = bool(columns & set(ALIASES["id"]))
    says_care_home = bool(columns & {*ALIASES["is_care_home"], *ALIASES["beds"], "Service types"})
    return path.suffix.lower() in SUFFIXES and (
        columns >= _COUNCIL_SHAPE or (has_id and says_care_home)
    )


def source(path: Path) -> SourceInfo:  # noqa: ARG001 - all shapes are one register
    """Return the publisher and licence."""
    return SourceInfo(
        slug="cqc",
        name="Care homes (CQC register)",
        publisher="Care Quality Commission",
        licence="OGL v3",
        attribution=(
            "Contains Care Quality Commission data, licensed under the Open Government Licence v3.0"
        ),
        precedence=20,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date: the next release of the list replaces this one."""
    return name_without_date(path)


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name (its first day)."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem | Skipped]:  # noqa: ARG001
    """Yield each care home; its key is the CQC's id, or its name and postcode where it has none.

    Services that are no care home (homecare agencies, surgeries) are counted and left out.
    """
    table = open_table(path)
    if not set(table.header) & set(ALIASES["name"]):
        raise MissingColumns(
            f"{path.name} has no column for the name of the home: one of"
            f" {', '.join(ALIASES['name'])}.",
            header=table.header,
        )
    for number, row in table.rows():
        yield _home(number, row)


def _home(number: int, row: dict[str, str]) -> AssetRecord | Problem | Skipped:
    cell = {field: first_filled(row, columns) for field, columns in ALIASES.items()}
    types = re.sub(r"\s*\|\s*", "; ", cell["types"] or "").replace("homes", "home")
    if (cell["is_care_home"] or "Y").upper()[:1] == "N":
        return Skipped(number, "CQC location that is not a care home")
    if types and not any(word in types.casefold() for word in _CARE_HOME_TYPES):
        return Skipped(number, "CQC location that is not a care home")
    name, postcode = cell["name"], cell["postcode"]
    if name is None or (cell["id"] is None and postcode is None):
        return Problem(
            number,
            ProblemReason.MISSING_FIELD,
            f"The row has no {'postcode and no CQC id' if name else 'name'}.",
            "Look the home up on the CQC's website and fill the cell in.",
            name=name,
            raw=dict(row),
        )
    return AssetRecord(
        row_number=number,
        source_key=cell["id"] or key_of(name, postcode),
        kind=AssetKind.CARE_HOME,
        name=name,
        description=types or None,
        address=joined(row.get(column) for column in _ADDRESS),
        postcode=postcode,
        lon=coordinate(cell["lon"]),
        lat=coordinate(cell["lat"]),
        lon_lat_written=(cell["lon"], cell["lat"]),
        lad_code=cell["lad_code"],
        lad_name=cell["lad_name"],
        phone=phone_kept_as_number(cell["phone"]),
        website=cell["website"],
        beds=whole_number(cell["beds"]),
        raw=dict(row),
    )
