"""Mobile libraries: the stops of a council's vans, and when a van is there.

Each row becomes a venue (the stop), and an activity there by the service that runs the van. The
format is that of the Mobile Library Tracker (librarieshacked).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.activities.clock import parse_clock, parse_day, parse_weekday
from app.activities.rules import check_rule, rule_parts
from app.importers.files import open_table, require_columns
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.cells import coordinate, joined, key_of
from app.importers.readers.file_names import date_in_name
from app.importers.records import (
    ActivityRecord,
    AssetRecord,
    Problem,
    ScheduleRecord,
    SourceInfo,
)
from app.models import AssetKind, ProblemReason

NAME = "mobile_libraries"
DESCRIPTION = "Mobile library stops with their timetable"
SUFFIXES: tuple[str, ...] = (".csv", ".xlsx")

INTERESTS = ("libraries",)
_NEEDED = (
    "organisation", "mobile", "route", "community", "stop", "address", "geox", "geoy", "day",
    "arrival", "departure", "frequency", "start",
)  # fmt: skip


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the columns are those of a timetable of stops."""
    return path.suffix.lower() in SUFFIXES and set(header or ()) >= set(_NEEDED)


def source(path: Path) -> SourceInfo:  # noqa: ARG001 - one source, a scope for each council
    """Return the publisher and licence."""
    return SourceInfo(
        slug="mobile-libraries",
        name="Mobile library stops",
        publisher="Library authorities, collected by Libraries Hacked",
        licence="OGL v3",
        attribution="Mobile library data by library authorities, Open Government Licence v3.0",
        precedence=30,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the organisation of the first row: a file is one council's."""
    for _, row in open_table(path).rows():
        return key_of(row.get("organisation")) or path.stem
    return path.stem


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | ActivityRecord | Problem]:  # noqa: ARG001
    """Yield each stop, its visits, and the service of each van as a group at its first stop.

    A service has no address of its own in the file: it is placed where its round begins.
    """
    table = open_table(path)
    require_columns(table, _NEEDED)
    services: set[str] = set()
    for number, row in table.rows():
        organisation, place = clean_text(row["organisation"]), _place(row)
        if organisation is None or place is None:
            yield Problem(
                number,
                ProblemReason.MISSING_FIELD,
                "organisation is empty." if place else "community and stop are both empty.",
                "Fill the cells in and load the file again.",
                raw=dict(row),
            )
            continue
        service_key = key_of(organisation, row["mobile"], "service")
        stop_key = key_of(organisation, row["route"], row["community"], row["stop"])
        if service_key not in services:
            services.add(service_key)
            yield _asset(number, row, service_key, AssetKind.GROUP, _service_name(row))
        yield _asset(number, row, stop_key, AssetKind.VENUE, f"Mobile library stop, {place}")
        schedule, problem = _schedule(number, row, stop_key)
        if problem is not None:
            yield problem
        yield ActivityRecord(
            row_number=number,
            source_key=stop_key,
            name=f"Mobile library at {place}",
            organizer_key=service_key,
            venue_key=stop_key,
            description=f"{_service_name(row)}. Timetable: {row.get('timetable') or 'not given'}",
            interests=INTERESTS,
            schedules=(schedule,) if schedule else (),
            raw=dict(row),
        )


def _place(row: dict[str, str]) -> str | None:
    return joined([row["stop"], row["community"]])


def _service_name(row: dict[str, str]) -> str:
    van = clean_text(row["mobile"]) or "Mobile"
    library = "library" if "librar" in van.casefold() else f"{van.casefold()} library"
    return f"{' '.join(row['organisation'].split())} {library}"


def _asset(number: int, row: dict[str, str], key: str, kind: AssetKind, name: str) -> AssetRecord:
    is_stop = kind is AssetKind.VENUE
    return AssetRecord(
        row_number=number,
        source_key=key,
        kind=kind,
        name=name,
        description=None if is_stop else "Placed at the first stop of its round.",
        address=row["address"] if is_stop else None,
        postcode=row.get("postcode"),
        lon=coordinate(row["geox"]),
        lat=coordinate(row["geoy"]),
        lon_lat_written=(row["geox"], row["geoy"]),
        # Somebody who likes libraries is sent to a visit, not to the service's depot.
        interests=INTERESTS if is_stop else (),
        website=row.get("timetable"),
        raw=dict(row),
    )


def _schedule(
    number: int, row: dict[str, str], key: str
) -> tuple[ScheduleRecord | None, Problem | None]:
    """Return the schedule of a row, and what is doubtful about it."""
    try:
        starts_on = parse_day(row["start"])
        rule = check_rule(row["frequency"])
        end = clean_text(row.get("end"))
        if end and not {"UNTIL", "COUNT"} & rule_parts(rule).keys():
            rule = check_rule(f"{rule};UNTIL={parse_day(end):%Y%m%d}")
        exceptions = re.split(r"[;,|\s]+", clean_text(row.get("exceptions")) or "")
        schedule = ScheduleRecord(
            starts_on=starts_on,
            opens_at=parse_clock(row["arrival"]),
            closes_at=parse_clock(row["departure"]),
            rrule=rule,
            exdates=tuple(parse_day(text) for text in exceptions if text),
        )
    except ValueError as error:
        return None, _doubt(number, row, key, f"The timetable cannot be read: {error}.")
    weekday = parse_weekday(row["day"])
    if weekday is None or weekday == starts_on.weekday():
        return schedule, None
    # The rule counts from the start, and York's seven rows of this kind share their start and their
    # van's round with rows whose day agrees: it is the day that is wrong.
    return schedule, _doubt(
        number,
        row,
        key,
        f"day says {row['day']}, but start, {starts_on}, is a {starts_on:%A}: stored on"
        f" {starts_on:%A}s.",
    )


def _doubt(number: int, row: dict[str, str], key: str, message: str) -> Problem:
    return Problem(
        number,
        ProblemReason.UNREADABLE_VALUE,
        message,
        "Ask the library service for the right day, and correct the row.",
        source_key=key,
        name=_place(row),
        is_stored=True,
        raw=dict(row),
    )
