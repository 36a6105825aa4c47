"""The columns of people's own CSV files: found under any usual name, read forgivingly.

A cell that cannot be read costs that cell: the row is stored without it, and the doubt names the
row, the column and what to write instead.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from app.activities.clock import parse_day
from app.importers.files import MissingColumns, Table
from app.importers.normalise import clean_text
from app.importers.records import Problem, SourceInfo
from app.models import ProblemReason
from app.rendering import csv_text

EXAMPLE = "example-"  # ids of the rows a template comes with

_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0"}
_LISTED = re.compile(r"\s*[;|\n]\s*")

# Other names for our columns, as `plain` writes them.
ALIASES = {
    "id": ("reference", "ref", "key"),
    "kind": ("type",),
    "name": ("title",),
    "description": ("notes", "about"),
    "postcode": ("post_code",),
    "lon": ("longitude", "lng", "long", "x"),
    "lat": ("latitude", "y"),
    "ward_code": ("ward", "ward_gss"),
    "interests": ("interest", "topics", "tags"),
    "access": ("accessibility",),
    "indoors": ("indoor", "inside"),
    "phone": ("telephone", "tel"),
    "email": ("e_mail",),
    "website": ("url", "web"),
    "opening_hours": ("hours", "open"),
    "checked_on": ("checked", "last_checked"),
    "contact_public": ("public_contact",),
    "organizer_id": ("organiser_id", "organizer", "organiser", "run_by"),
    "venue_id": ("venue", "place", "held_at"),
    "comes_to_homes": ("visits_homes",),
    "cost_gbp": ("cost", "price"),
    "starts_on": ("date", "start_date", "start"),
    "opens_at": ("start_time", "from"),
    "closes_at": ("end_time", "until", "to"),
    "repeats": ("frequency", "rrule"),
    "not_on": ("except", "exceptions"),
}

T = TypeVar("T")


def own_source() -> SourceInfo:
    """Return what is known of people's own files: they are local, and their terms not stated."""
    return SourceInfo(
        slug="own",
        name="Local list",
        publisher="Entered locally",
        licence="Not stated; ask whoever gave you the file",
        attribution="Local list",
        precedence=10,
    )


def plain(name: str) -> str:
    """Return a column's name in small letters with underscores: "Opening hours" and all."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


def find_columns(header: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return which column of `header` holds each of our columns; those it lacks are left out."""
    written = {plain(name): name for name in reversed(header)}
    found = {}
    for column in wanted:
        names = (column, *ALIASES.get(column, ()))
        match = next((written[name] for name in names if name in written), None)
        if match is not None:
            found[column] = match
    return found


def require_own_columns(table: Table, columns: Mapping[str, str], needed: Sequence[str]) -> None:
    """Refuse a table that lacks a needed column, naming all it lacks and their other names."""
    lacking = [column for column in needed if column not in columns]
    if lacking:
        said = ", ".join(f"{name} (or {', '.join(ALIASES[name])})" for name in lacking)
        raise MissingColumns(f"{table.path.name} has no column {said}.", header=table.header)


def unprotected(path: Path, row: Mapping[str, str]) -> Mapping[str, str]:
    """Return a row without the apostrophes our CSV has before what would run as a formula.

    In a workbook text is text: there, an apostrophe is one.
    """
    if path.suffix.lower() == ".xlsx":
        return row
    return {name: csv_text(cell) for name, cell in row.items()}


@dataclass(slots=True)
class OwnRow:
    """One row by our columns, with the doubts found while reading it."""

    number: int
    columns: Mapping[str, str]  # ours to the file's
    row: Mapping[str, str]
    doubts: list[Problem] = field(default_factory=list)

    def written(self, column: str) -> str:
        """Return the cell as it stands, without blanks around it."""
        return self.row.get(self.columns.get(column, ""), "").strip()

    def text(self, column: str) -> str | None:
        """Return the cell on one line, or None where it says nothing."""
        return clean_text(self.written(column))

    def listed(self, column: str) -> tuple[str, ...]:
        """Return what stands between semicolons, bars or lines."""
        parts = _LISTED.split(self.written(column))
        return tuple(dict.fromkeys(part for part in parts if clean_text(part)))

    def parsed(self, column: str, parse: Callable[[str], T]) -> T | None:
        """Return the cell through `parse`, None where it is empty or `parse` refuses it."""
        if self.text(column) is None:
            return None
        try:
            return parse(self.written(column))
        except ValueError as error:
            self.doubt(column, str(error))
            return None

    def is_yes(self, column: str) -> bool | None:
        """Return whether the cell says yes or no; None where it says neither."""

        def read(text: str) -> bool:
            word = text.casefold()
            if word in _YES | _NO:
                return word in _YES
            raise ValueError(f"{text!r} is neither yes nor no")

        return self.parsed(column, read)

    def past_day(self, column: str, today: dt.date) -> dt.date | None:
        """Return a day that is not to come."""

        def read(text: str) -> dt.date:
            day = parse_day(text)
            if day > today:
                raise ValueError(f"{text!r} is still to come")
            return day

        return self.parsed(column, read)

    def doubt(self, column: str, message: str) -> None:
        """Remember that a cell was left out, and why."""
        self.doubts.append(
            Problem(
                self.number,
                ProblemReason.UNREADABLE_VALUE,
                f"Column {self.columns.get(column, column)}: {message}; it was left out.",
                f"Correct row {self.number} and load the file again.",
                is_stored=True,
            )
        )

    def doubts_of(self, key: str, name: str | None) -> list[Problem]:
        """Return the doubts, named after what was stored."""
        for doubt in self.doubts:
            doubt.source_key, doubt.name = key, name
        return self.doubts

    def refused(self, reason: ProblemReason, column: str, message: str, advice: str) -> Problem:
        """Return the problem of a row that cannot be stored; `raw` is left to the caller."""
        return Problem(
            self.number,
            reason,
            f"Column {self.columns.get(column, column)}: {message}.",
            advice,
            source_key=self.text("id"),
            name=self.text("name"),
        )
