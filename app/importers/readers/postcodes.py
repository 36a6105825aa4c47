"""Code-Point Open postcodes: the distributed form without a header, and the same with one.

The columns are those of Ordnance Survey's Code-Point_Open_Column_Headers.csv. Positions are always
taken from eastings and northings, so both forms give the same point.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app.importers.files import Table, open_table, require_columns
from app.importers.items import PostcodeRecord
from app.importers.options import ReadOptions
from app.importers.records import Problem, Skipped, SourceInfo
from app.models import ProblemReason

NAME = "postcodes"
DESCRIPTION = "Code-Point Open postcodes of Ordnance Survey"
SUFFIXES: tuple[str, ...] = (".csv", ".txt")

HEADER = (
    "postcode", "positional_quality", "eastings", "northings", "country_code",
    "nhs_regional_ha_code", "nhs_ha_code", "admin_county_code", "admin_district_code",
    "admin_ward_code",
)  # fmt: skip
# Ordnance Survey's own two header rows, and the tidied names of the files with coordinates.
_OTHER_NAMES = {
    "pc": "postcode", "pq": "positional_quality", "ea": "eastings", "no": "northings",
    "dc": "admin_district_code", "wc": "admin_ward_code",
    "positional_quality_indicator": "positional_quality",
}  # fmt: skip
_NEEDED = ("postcode", "positional_quality", "eastings", "northings")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}")
_DATE_IN_NAME = re.compile(r"(20\d\d)-(\d\d)(?:-(\d\d))?")
_POSTCODE_LENGTH = 7  # as distributed: "BD1 1AF", "BD111AA", "B1  1AA"


def recognises(path: Path, header: Sequence[str] | None) -> bool:  # noqa: ARG001
    """Return whether the table has Code-Point's columns, or a row of them without a header."""
    if not header:
        return False
    return set(_NEEDED) <= set(_plain(header)) or _is_data(header)


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return Ordnance Survey."""
    return SourceInfo(
        slug="code-point-open",
        name="Code-Point Open",
        publisher="Ordnance Survey",
        licence="OGL v3",
        attribution=(
            "Contains OS data © Crown copyright and database right. Contains Royal Mail data"
            " © Royal Mail copyright and database right. Contains National Statistics data"
            " © Crown copyright and database right"
        ),
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the postcode area of the first row: files are published by area."""
    for _, fields in _open(path).records():
        letters = re.match("[A-Za-z]{1,2}", fields[0].strip())
        if letters:
            return letters.group(0).upper()
    return path.stem


def as_of(path: Path, options: ReadOptions) -> dt.date | None:  # noqa: ARG001
    """Return the date in the file's name ("codepoint_open_2025-05_BD"), if there is one."""
    match = _DATE_IN_NAME.search(path.stem)
    if match is None or not 1 <= int(match.group(2)) <= 12:
        return None
    return dt.date(int(match.group(1)), int(match.group(2)), int(match.group(3) or 1))


def read(path: Path, options: ReadOptions) -> Iterator[PostcodeRecord | Problem | Skipped]:  # noqa: ARG001
    """Yield a postcode for each row."""
    table = _open(path)
    column = {name: number for number, name in enumerate(_plain(table.header))}
    at = [column[name] for name in _NEEDED]
    district = column.get("admin_district_code")
    ward = column.get("admin_ward_code")
    width = max([*at, district or 0, ward or 0]) + 1
    for number, fields in table.records():
        if len(fields) < width:
            yield _unreadable(number, fields, f"The row has {len(fields)} fields of {width}.")
            continue
        postcode, quality, easting, northing = (fields[place] for place in at)
        if postcode.casefold() == "postcode":
            yield Skipped(number, "Ordnance Survey's second header row")
            continue
        try:
            yield PostcodeRecord(
                number,
                spaced(postcode),
                _whole("easting", easting),
                _whole("northing", northing),
                _whole("quality", quality),
                (fields[district] or None) if district is not None else None,
                (fields[ward] or None) if ward is not None else None,
            )
        except ValueError as error:
            yield _unreadable(number, fields, f"{error}.")


def spaced(text: str) -> str:
    """Return a postcode with one space before its last three characters.

    Raises ValueError if it is not shaped like one. Much quicker than parsing: a national file has
    1.7 million, and these are the publisher's own.
    """
    squeezed = text.replace(" ", "").upper()
    if not _POSTCODE.fullmatch(squeezed):
        raise ValueError(f"“{text[:20]}” is not a postcode")
    return f"{squeezed[:-3]} {squeezed[-3:]}"


def _whole(column: str, text: str) -> int:
    # Nine digits at most: a longer number fits no column.
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    raise ValueError(f"The {column} “{text[:20]}” is not written in a few digits only")


def _open(path: Path) -> Table:
    table = open_table(path)
    if _is_data(table.header):
        return open_table(path, header=HEADER)
    table.header[:] = _plain(table.header)
    require_columns(table, _NEEDED)
    return table


def _plain(header: Sequence[str]) -> list[str]:
    names = (name.strip().casefold() for name in header)
    return [_OTHER_NAMES.get(name, name) for name in names]


def _is_data(first_row: Sequence[str]) -> bool:
    is_number: Callable[[str], bool] = str.isdigit
    return (
        len(first_row) in {len(HEADER), len(HEADER) - 1}  # an empty last field is cut off
        and _POSTCODE.fullmatch(first_row[0].replace(" ", "").upper()) is not None
        and all(map(is_number, first_row[1:4]))
    )


def _unreadable(number: int, fields: list[str], message: str) -> Problem:
    return Problem(
        number,
        ProblemReason.UNREADABLE_VALUE,
        message,
        "Fetch the file again from Ordnance Survey.",
        source_key=None,
        raw=dict(zip(HEADER, fields, strict=False)),
    )
