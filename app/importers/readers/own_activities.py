"""People's own list of activities, in the template of data/reference/activities_template.csv."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from app.activities.clock import parse_clock, parse_day
from app.activities.schedules import first_date, parse_repeats
from app.importers.files import open_table
from app.importers.options import ReadOptions
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.readers.own_columns import (
    EXAMPLE,
    OwnRow,
    find_columns,
    own_source,
    plain,
    require_own_columns,
    unprotected,
)
from app.importers.records import ActivityRecord, Problem, ScheduleRecord, Skipped, SourceInfo
from app.models import ProblemReason

NAME = "csv_activities"
DESCRIPTION = "Your own list of activities (data/reference/activities_template.csv)"
SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".txt", ".xlsx")

COLUMNS = (
    "id", "name", "organizer_id", "venue_id", "description", "interests", "comes_to_homes",
    "access", "indoors", "cost_gbp", "starts_on", "opens_at", "closes_at", "repeats", "not_on",
    "checked_on",
)  # fmt: skip
NEEDED = ("id", "name", "organizer_id")
_TIMES = ("starts_on", "opens_at", "closes_at", "repeats", "not_on")
_MOST_PENCE = 100_000


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the table has the columns every activity needs."""
    return path.suffix.lower() in SUFFIXES and len(find_columns(header or (), NEEDED)) == 3


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return what is known of people's own files: the same source as their assets."""
    return own_source()


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date: the next file of this name replaces this one."""
    return f"activities:{name_without_date(path)}"


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[ActivityRecord | Problem | Skipped]:
    """Yield each activity with all its times, and a doubt for each cell that could not be read.

    Rows of one id are one activity; each after the first adds a time to it.
    """
    table = open_table(path)
    columns = find_columns(table.header, COLUMNS)
    require_own_columns(table, columns, NEEDED)
    activities: dict[str, ActivityRecord] = {}
    for number, row in table.rows():
        own = OwnRow(number, columns, unprotected(table.path, row))
        key, name = own.text("id"), own.text("name")
        if key is not None and key.casefold().startswith(EXAMPLE):
            yield Skipped(number, "example of the template")
        elif key is not None and key in activities:
            first = activities[key]
            if name not in {None, first.name}:
                yield own.refused(
                    ProblemReason.DUPLICATE,
                    "id",
                    f"{key!r} is already {first.name!r} of row {first.row_number}",
                    "Give one of the two another id.",
                )
                continue
            first.schedules += _times(own)
            yield from own.doubts_of(key, first.name)
        else:
            activity = _activity(own, options)
            if isinstance(activity, ActivityRecord):
                activities[activity.source_key] = activity
                yield from own.doubts_of(activity.source_key, activity.name)
            else:
                yield activity
    yield from activities.values()


def _activity(own: OwnRow, options: ReadOptions) -> ActivityRecord | Problem:
    for column in NEEDED:
        if own.text(column) is None:
            reason = ProblemReason.MISSING_FIELD
            advice = f"Fill in the cell of row {own.number} and load the file again."
            return own.refused(reason, column, "the cell is empty", advice)
    access = tuple(plain(word) for word in re.split(r"[;,|]", own.written("access")) if plain(word))
    return ActivityRecord(
        row_number=own.number,
        source_key=own.text("id") or "",
        name=own.text("name") or "",
        organizer_key=own.text("organizer_id") or "",
        venue_key=own.text("venue_id"),
        description=own.text("description"),
        comes_to_homes=own.is_yes("comes_to_homes") or False,
        interests=own.listed("interests"),
        access=() if access == ("none",) else access or None,
        is_indoors=own.is_yes("indoors"),
        cost_pence=own.parsed("cost_gbp", parse_cost),
        schedules=_times(own),
        checked_on=own.past_day("checked_on", options.today),
        raw=dict(own.row),
    )


def parse_cost(text: str) -> int:
    """Return pence: "2.50" and "£2.50" are 250, "50p" is 50, "free" is 0.

    Raises
    ------
    ValueError
        If it is none of these, or more than £1,000.
    """
    word = text.strip().casefold().replace(",", "")
    if word in {"free", "nothing", "no charge"}:
        return 0
    in_pence = re.fullmatch(r"(\d+)\s*p", word)
    try:
        pence = Decimal(in_pence.group(1)) if in_pence else Decimal(word.lstrip("£ ")) * 100
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a sum in pounds; write 2.50 or free") from error
    if not pence.is_finite() or pence != int(pence) or not 0 <= pence <= _MOST_PENCE:
        raise ValueError(f"{text!r} is not a sum in pounds; write 2.50 or free")
    return int(pence)


def _times(own: OwnRow) -> tuple[ScheduleRecord, ...]:
    """Return the row's time, or nothing where it has none or it cannot be made out."""
    if not any(own.text(column) for column in _TIMES):
        return ()
    starts_on = own.parsed("starts_on", parse_day)
    opens_at = own.parsed("opens_at", parse_clock)
    for column, value in (("starts_on", starts_on), ("opens_at", opens_at)):
        if value is None and own.text(column) is None:
            own.doubt(column, "the cell is empty, so the time cannot be told")
    if starts_on is None or opens_at is None:
        return ()
    closes_at = own.parsed("closes_at", parse_clock)
    if closes_at is not None and closes_at <= opens_at:
        own.doubt("closes_at", f"{own.written('closes_at')!r} is not after the start")
        closes_at = None
    try:
        rule = parse_repeats(own.written("repeats"), starts_on)
    except ValueError as error:
        own.doubt("repeats", f"{error}")
        return ()
    first = first_date(rule, starts_on)
    if first is None:
        own.doubt("repeats", f"{own.written('repeats')!r} names no day at all")
        return ()
    return (ScheduleRecord(first, opens_at, closes_at, rule, _days_off(own)),)


def _days_off(own: OwnRow) -> tuple[dt.date, ...]:
    days = []
    for text in re.split(r"\s*[;,|\n]\s*", own.written("not_on")):
        if text:
            try:
                days.append(parse_day(text))
            except ValueError as error:
                own.doubt("not_on", str(error))
    return tuple(sorted(set(days)))
