"""Pharmacies with opening hours, as the Trafford Data Lab publishes them from NHS data."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.activities.clock import WEEKDAYS
from app.importers.files import open_table, require_columns
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.readers.opening_times import HoursError, hours_of_week
from app.importers.records import AssetRecord, OpeningHours, Problem, SourceInfo
from app.models import AssetKind, ProblemReason

NAME = "pharmacies"
DESCRIPTION = "Pharmacies with opening hours (NHS, by the Trafford Data Lab)"
SUFFIXES: tuple[str, ...] = (".csv", ".xlsx")

_HOURS = tuple(f"opening_hours_{weekday.casefold()}" for weekday in WEEKDAYS)
_CODE = "organisation_data_service_code"
_NEEDED = ("pharmacy_name", "address", "postcode", _CODE, *_HOURS)


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the columns are those of the list of pharmacies."""
    return path.suffix.lower() in SUFFIXES and set(header or ()) >= set(_NEEDED)


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the publisher and licence."""
    return SourceInfo(
        slug="pharmacies",
        name="Pharmacies",
        publisher="NHS Business Services Authority, via Trafford Data Lab",
        licence="OGL v3",
        attribution="Contains NHS data, licensed under the Open Government Licence v3.0",
        precedence=30,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date."""
    return name_without_date(path)


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem]:  # noqa: ARG001
    """Yield each pharmacy as a venue, placed by its postcode."""
    table = open_table(path)
    require_columns(table, _NEEDED)
    for number, row in table.rows():
        code, name = clean_text(row[_CODE]), clean_text(row["pharmacy_name"])
        if code is None or name is None:
            yield Problem(
                number,
                ProblemReason.MISSING_FIELD,
                f"{_CODE if name else 'pharmacy_name'} is empty.",
                "Fill the cell in and load the file again.",
                source_key=code,
                name=name,
                raw=dict(row),
            )
            continue
        if not re.search("pharma|chemist", name, re.IGNORECASE):
            name = f"{name} pharmacy"  # chains give their brand only: "Well", "Boots"
        hours: tuple[OpeningHours, ...] | None = None
        try:
            hours = hours_of_week([row[column] for column in _HOURS])
        except HoursError as error:
            yield Problem(
                number,
                ProblemReason.UNREADABLE_VALUE,
                f"Opening hours: {error}.",
                "Write the hours as 09:00-13:00,14:00-18:00; stored without hours until then.",
                source_key=code,
                name=name,
                is_stored=True,
                raw=dict(row),
            )
        yield AssetRecord(
            row_number=number,
            source_key=code,
            kind=AssetKind.VENUE,
            is_indoors=True,
            name=name,
            description="Pharmacy.",
            address=row["address"],
            postcode=row["postcode"],
            lad_code=row.get("la_code"),
            lad_name=row.get("la_name"),
            opening_hours=hours,
            raw=dict(row),
        )
