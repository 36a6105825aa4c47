"""From the events of one UID to schedules: expanded by a library, and fitted to rules again.

What a series means (EXDATE in every form, RECURRENCE-ID with and without RANGE, RDATE, zones of
the file's own) is worked out by recurring-ical-events over some years. Our schedules are then
made to name just those days: the rule as it stands, what it names beside as days left out, and
what it does not name as days of their own. A series in another zone than ours, or in UTC, has one
rule for each stretch between two clock changes.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped]
import x_wr_timezone  # type: ignore[import-untyped]
from icalendar import Calendar, Event

from app.activities.rules import DAY_CODES, RuleError, check_rule, days_of, rule_parts
from app.activities.schedules import first_date
from app.importers.calendars import words
from app.importers.calendars.document import Document
from app.importers.records import ScheduleRecord

LONDON = ZoneInfo("Europe/London")
# Single days of one series that are kept ahead; later ones come when they are nearer.
MOST_SINGLE_DAYS = 40
_SHORTEST_RUN = 3
_MOST_DATES = 3_000
_DATED = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")


class EventRefused(ValueError):
    """Why an event cannot be read, in one sentence."""


class AllDay(ValueError):
    """It names days and no time: nobody can come at a time."""


@dataclass(frozen=True, slots=True)
class Date:
    """One date: local day and clock times, where it is, and whether our clocks are its own."""

    on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None
    place: str | None
    is_ours: bool


def window(today: dt.date) -> tuple[dt.date, dt.date]:
    """Return which days are expanded: from last year to the end of the year after next."""
    return dt.date(today.year - 1, 1, 1), dt.date(today.year + 2, 12, 31)


def master_of(events: Sequence[tuple[int, Event]]) -> tuple[int, Event]:
    """Return the event that the others are exceptions of; or the first of them."""
    masters = [one for one in events if one[1].get("RECURRENCE-ID") is None]
    return (masters or list(events))[-1]


def read_dates(
    document: Document, events: Sequence[tuple[int, Event]], today: dt.date
) -> list[Date]:
    """Return every date of one UID that takes place, in order.

    Raises
    ------
    EventRefused
        If a date, zone or rule cannot be read, or repeats more often than daily.
    AllDay
        If it has no clock times.
    """
    for _, event in events:
        _refuse_broken(event)
    first, last = window(today)
    calendar = Calendar()
    if document.zone_name:
        calendar.add("X-WR-TIMEZONE", document.zone_name)
    for part in (*document.zones, *(event for _, event in events)):
        calendar.add_component(part)
    try:
        calendar = x_wr_timezone.to_standard(calendar)
        occurrences = recurring_ical_events.of(calendar).between(first, last)
        dates = [date for one in occurrences[:_MOST_DATES] if (date := _date(one)) is not None]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError) as error:
        raise EventRefused("Its dates cannot be worked out.") from error
    return sorted(dates, key=lambda date: (date.on, date.opens_at))


def rule_of(event: Event) -> str | None:
    """Return the rule of a series as ours are written: its last day is a local one."""
    given: Any = event.get("RRULE")
    if given is None or isinstance(given, list):
        return None
    parts = {name: list(values) if isinstance(values, list) else [values]
             for name, values in given.items()}  # fmt: skip
    until = parts.pop("UNTIL", [None])[0]
    text = ";".join(f"{name}={','.join(map(str, values))}" for name, values in parts.items())
    if until is not None:
        day = _local(until).date() if isinstance(until, dt.datetime) else until
        text += f";UNTIL={day:%Y%m%d}"
    return check_rule(text)


def schedules_of(event: Event, dates: Sequence[Date], today: dt.date) -> list[ScheduleRecord]:
    """Return schedules that name these dates of a series, from today on, and no others."""
    rule = rule_of(event)
    if rule is None or event.get("RECURRENCE-ID") is not None:
        return _single(dates, today)
    left = set(dates)
    found: list[ScheduleRecord] = []
    if all(date.is_ours for date in dates):
        start = _local(_value(event, "DTSTART").dt)
        shape = (start.time(), _most_often_closed(dates, start.time()))
        whole = _fit(rule, start.date(), shape, left, today)
        found += [whole] if whole else []
    for run in _runs(left):
        pieces = {**rule_parts(rule)}
        pieces.pop("COUNT", None)
        pieces["UNTIL"] = f"{run[-1].on:%Y%m%d}"
        if pieces["FREQ"] == "WEEKLY":
            days = sorted({date.on.weekday() for date in run})
            pieces["BYDAY"] = ",".join(DAY_CODES[day] for day in days)
        text = ";".join(f"{name}={value}" for name, value in pieces.items())
        shape = (run[0].opens_at, run[0].closes_at)
        piece = _fit(check_rule(text), run[0].on, shape, left, today)
        found += [piece] if piece else []
    ahead = [one for one in found if _goes_on(one, today)]
    return [*ahead, *_single(sorted(left, key=lambda date: (date.on, date.opens_at)), today)]


def _fit(
    rule: str,
    starts_on: dt.date,
    shape: tuple[dt.time, dt.time | None],
    left: set[Date],
    today: dt.date,
) -> ScheduleRecord | None:
    """Return the schedule of a rule, with days left out; takes what it names from `left`.

    None: fewer than half of the days it names are dates, so it is not this rule.
    """
    first, last = window(today)
    there = {date.on: date for date in left if (date.opens_at, date.closes_at) == shape}
    days = [day for day in islice(days_of(rule, starts_on, last), 20_000) if day >= first]
    named = [there[day] for day in days if day in there]
    if not named or len(named) * 2 < len(days):
        return None
    left.difference_update(named)
    left_out = tuple(day for day in days if day not in there)
    return ScheduleRecord(starts_on, shape[0], shape[1], rule, left_out)


def _runs(left: set[Date]) -> list[list[Date]]:
    """Return stretches of dates at one time of day, the earliest first; single ones left out."""
    runs = [
        list(run)
        for _, run in groupby(
            sorted(left, key=lambda date: (date.on, date.opens_at)),
            key=lambda date: (date.opens_at, date.closes_at),
        )
    ]
    return [run for run in runs if len(run) >= _SHORTEST_RUN]


def _most_often_closed(dates: Sequence[Date], opens_at: dt.time) -> dt.time | None:
    counted: dict[dt.time | None, int] = defaultdict(int)
    for date in dates:
        if date.opens_at == opens_at:
            counted[date.closes_at] += 1
    return max(counted, key=lambda closes: counted[closes]) if counted else None


def _goes_on(schedule: ScheduleRecord, today: dt.date) -> bool:
    parts = rule_parts(schedule.rrule or "FREQ=DAILY;COUNT=1")
    if not parts.keys() & {"UNTIL", "COUNT"}:
        return True
    days = days_of(schedule.rrule or "", schedule.starts_on, window(today)[1])
    left_out = set(schedule.exdates)
    return any(day >= today and day not in left_out for day in days)


def _single(dates: Sequence[Date], today: dt.date) -> list[ScheduleRecord]:
    ahead = [date for date in dates if date.on >= today][:MOST_SINGLE_DAYS]
    return [ScheduleRecord(date.on, date.opens_at, date.closes_at) for date in ahead]


def _refuse_broken(event: Event) -> None:
    """Raise for what cannot be read or would take for ever; reading a broken value raises too."""
    broken = [name for name, _ in event.errors if name in _DATED]
    if broken:
        raise EventRefused(f"Its {broken[0]} cannot be read.")
    try:
        start = _value(event, "DTSTART").dt
    except KeyError as error:
        raise EventRefused("It does not say when it starts (DTSTART).") from error
    except (ValueError, AttributeError) as error:
        raise EventRefused("Its DTSTART cannot be read.") from error
    try:
        rule = rule_of(event)
        if rule is not None:
            starts_on = start.date() if isinstance(start, dt.datetime) else start
            if first_date(rule, starts_on) is None:
                raise EventRefused("Its rule names no day at all.")
    except RuleError as error:
        raise EventRefused(f"When it repeats cannot be read: {error}.") from error
    except (ValueError, AttributeError, TypeError) as error:
        raise EventRefused("When it repeats cannot be read.") from error
    if isinstance(event.get("RRULE"), list):
        raise EventRefused("It has more than one rule.")
    if not isinstance(start, dt.datetime):
        raise AllDay


def _date(event: Event) -> Date | None:
    start = _value(event, "DTSTART").dt
    end = _value(event, "DTEND").dt if "DTEND" in event else None
    if not isinstance(start, dt.datetime) or words.is_called_off(event) or words.is_private(event):
        return None
    local = _local(start)
    closes = None
    if isinstance(end, dt.datetime):
        until = _local(end)
        closes = until.time() if until.date() == local.date() and until > local else None
    is_ours = local == start.replace(tzinfo=None, second=0, microsecond=0)
    return Date(local.date(), local.time(), closes, words.place_of(event), is_ours)


def _value(event: Event, name: str) -> Any:  # noqa: ANN401 - whatever its kind of value
    """Return a value of an event; raises `BrokenCalendarProperty` on reading a broken one."""
    return event[name]


def _local(moment: dt.datetime) -> dt.datetime:
    """Return a moment on our clocks, to the minute; one without a zone is on them already."""
    here = moment if moment.tzinfo is None else moment.astimezone(LONDON)
    return here.replace(tzinfo=None, second=0, microsecond=0)
