"""Public libraries: the basic dataset authorities return to Arts Council England."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.activities.clock import WEEKDAYS
from app.importers.files import open_table, require_columns
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.cells import joined, key_of
from app.importers.readers.file_names import date_in_name
from app.importers.readers.opening_times import HoursError, hours_of_week
from app.importers.records import AssetRecord, OpeningHours, Problem, Skipped, SourceInfo
from app.models import AssetKind, ProblemReason

NAME = "libraries"
DESCRIPTION = "Public libraries with staffed hours (Arts Council England basic dataset)"
SUFFIXES: tuple[str, ...] = (".csv", ".xlsx")

INTERESTS = ("reading", "libraries")
_NEEDED = ("Local authority", "Library name", "Postcode", "Year closed")
_HOURS = tuple(f"{weekday} staffed hours" for weekday in WEEKDAYS)
_TYPES = {
    "LAL": "Run by the council.",
    "CRL": "Run by the community with the council.",
    "ICL": "Run by the community, independent of the council.",
    "CL": "Run for the council by others.",
}


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the columns are those of the basic dataset."""
    return path.suffix.lower() in SUFFIXES and set(header or ()) >= {*_NEEDED, *_HOURS}


def source(path: Path) -> SourceInfo:  # noqa: ARG001 - one source, a scope for each authority
    """Return the publisher and licence."""
    return SourceInfo(
        slug="libraries",
        name="Public libraries",
        publisher="Arts Council England, by library authority",
        licence="OGL v3",
        attribution=(
            "Contains public library data from Arts Council England, licensed under the Open"
            " Government Licence v3.0"
        ),
        precedence=30,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the library authority of the first row: a file is one authority's."""
    for _, row in open_table(path).rows():
        return key_of(row.get("Local authority")) or path.stem
    return path.stem


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name; the rows have none."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem | Skipped]:  # noqa: ARG001
    """Yield each open library as a venue; those with a year of closing are counted."""
    table = open_table(path)
    require_columns(table, (*_NEEDED, *_HOURS))
    for number, row in table.rows():
        name, authority = clean_text(row["Library name"]), clean_text(row["Local authority"])
        if clean_text(row["Year closed"]):
            yield Skipped(number, "library that has closed")
            continue
        if name is None:
            yield Problem(
                number,
                ProblemReason.MISSING_FIELD,
                "Library name is empty.",
                "Fill in the name and load the file again.",
                raw=dict(row),
            )
            continue
        if "librar" not in name.casefold():
            name = f"{name} Library"
        key = key_of(authority, name, row["Postcode"])
        hours: tuple[OpeningHours, ...] | None = None
        try:
            hours = hours_of_week([row[column] for column in _HOURS])
        except HoursError as error:
            yield Problem(
                number,
                ProblemReason.UNREADABLE_VALUE,
                f"Staffed hours: {error}.",
                "Write the hours as 09:30-12:00,13:00-17:00; stored without hours until then.",
                source_key=key,
                name=name,
                is_stored=True,
                raw=dict(row),
            )
        yield _library(number, row, key, name, hours)


def _library(
    number: int, row: dict[str, str], key: str, name: str, hours: tuple[OpeningHours, ...] | None
) -> AssetRecord:
    return AssetRecord(
        row_number=number,
        source_key=key,
        kind=AssetKind.VENUE,
        is_indoors=True,
        name=name,
        description=_description(row),
        address=joined([row.get("Address 1"), row.get("Address 2"), row.get("Address 3")]),
        postcode=row["Postcode"],
        # A county is no district, and its name matches none.
        lad_name=row["Local authority"],
        interests=INTERESTS,
        email=row.get("Email address"),
        website=row.get("URL"),
        opening_hours=hours,
        raw=dict(row),
    )


def _description(row: dict[str, str]) -> str:
    kind = re.sub(r"[^A-Z]", "", row.get("Type of library", "").upper())
    sentences = ["Public library.", _TYPES.get(kind)]
    if (clean_text(row.get("Co-located")) or "").casefold() == "yes":
        neighbour = clean_text(row.get("Co-located with"))
        sentences.append(f"Shares its building{f' with: {neighbour}' if neighbour else ''}.")
    special, notes = clean_text(row.get("Special hours")), clean_text(row.get("Notes"))
    sentences.append(f"Special hours: {special}." if special else None)
    sentences.append(f"{notes.rstrip('.')}." if notes else None)
    return " ".join(sentence for sentence in sentences if sentence)
