"""iCalendar as we write it (RFC 5545, RFC 7986): what every calendar of ours has in common.

Series stay series: RRULE with EXDATE for what is left out or cancelled, and RECURRENCE-ID for what
is moved, so that a subscribed phone shows next year too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from icalendar import Calendar as Document
from icalendar import Event, Timezone, TimezoneDaylight, TimezoneStandard, vRecur

from app.activities.rules import check_rule, last_day, rule_parts
from app.activities.schedules import first_date
from app.connections.bank_holidays import bank_holiday
from app.connections.occurrences import LONDON, Occurrence, Time, named_days

# Bank holidays are written out from last year to the end of the year after next.
YEARS_BACK, YEARS_AHEAD = 1, 2
UTC = ZoneInfo("UTC")
MEDIA_TYPE = "text/calendar; charset=utf-8"


def is_known(stamp: str, *, asked: str) -> bool:
    """Return whether an If-None-Match header names this entity tag (RFC 9110, 13.1.2)."""
    opaque = stamp.removeprefix("W/")
    given = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
    return opaque in given or given == ["*"]


def new_document(name: str, *, service: str, refresh: dt.timedelta) -> Document:
    """Return a calendar without events: its name, how often to ask again, and our time zone."""
    document = Document()
    document.add("prodid", f"-//{service}//EN")
    document.add("version", "2.0")
    document.add("calscale", "GREGORIAN")
    for field in ("name", "x-wr-calname"):
        document.add(field, name)
    document.add("x-wr-timezone", LONDON.key)
    document.add("refresh-interval", refresh, parameters={"VALUE": "DURATION"})
    document.add("x-published-ttl", f"PT{int(refresh.total_seconds()) // 3_600}H")
    document.add_component(london())
    return document


def london() -> Timezone:
    """Return the rules of the clock changes since 1996 (last Sundays, at 1am UTC)."""
    zone = Timezone()
    zone.add("tzid", LONDON.key)
    for part, name, start, offset_from, offset_to, month in (
        (TimezoneDaylight(), "BST", dt.datetime(1996, 3, 31, 1), 0, 1, 3),  # noqa: DTZ001 - local
        (TimezoneStandard(), "GMT", dt.datetime(1996, 10, 27, 2), 1, 0, 10),  # noqa: DTZ001 - local
    ):
        part.add("dtstart", start)
        part.add("tzoffsetfrom", dt.timedelta(hours=offset_from))
        part.add("tzoffsetto", dt.timedelta(hours=offset_to))
        part.add("tzname", name)
        part.add("rrule", vRecur.from_ical(f"FREQ=YEARLY;BYMONTH={month};BYDAY=-1SU"))
        zone.add_component(part)
    return zone


def series(time: Time, changed: Sequence[Occurrence], *, today: dt.date) -> Iterator[Event]:
    """Yield the series, or the one date, and an event for each date that is moved."""
    moved = [one for one in changed if one.is_moved]
    if time.rrule is None:
        is_left_out = time.skips_bank_holidays and bank_holiday(time.starts_on)
        if not is_left_out and time.starts_on not in time.exdates:
            if moved:
                yield _event(moved[0].starts_at, moved[0].ends_at)
            elif not changed:
                yield _event(*_span(time, time.starts_on))
        return
    rule = check_rule(time.rrule)
    first = first_date(rule, time.starts_on)
    if first is None:
        return
    event = _event(*_span(time, first))
    event.add("rrule", _rule(rule, time.opens_at))
    left_out = {*time.exdates, *(one.was_on for one in changed if one.is_cancelled)}
    if time.skips_bank_holidays:
        window = dt.date(today.year - YEARS_BACK, 1, 1), dt.date(today.year + YEARS_AHEAD, 12, 31)
        left_out |= {day for day in named_days(time, *window) if bank_holiday(day)}
    if left_out:
        event.add(
            "exdate",
            [dt.datetime.combine(day, time.opens_at, LONDON) for day in sorted(left_out)],
        )
    yield event
    for one in moved:
        event = _event(one.starts_at, one.ends_at)
        event.add("recurrence-id", dt.datetime.combine(one.was_on, one.was_at, LONDON))
        yield event


def _span(time: Time, day: dt.date) -> tuple[dt.datetime, dt.datetime | None]:
    one = Occurrence(day, time.opens_at, time.closes_at, day, time.opens_at)
    return one.starts_at, one.ends_at


def _rule(rule: str, opens_at: dt.time) -> vRecur:
    """Return the rule as calendars read it: its last day in UTC (RFC 5545, 3.3.10)."""
    parts = dict(rule_parts(rule))
    until = last_day(rule)
    if until is not None:
        last = dt.datetime.combine(until, opens_at, LONDON).astimezone(UTC)
        parts["UNTIL"] = f"{last:%Y%m%dT%H%M%SZ}"
    made: vRecur = vRecur.from_ical(";".join(f"{k}={v}" for k, v in parts.items()))
    return made


def _event(starts_at: dt.datetime, ends_at: dt.datetime | None) -> Event:
    event = Event()
    event.add("dtstart", starts_at)
    if ends_at is not None:
        event.add("dtend", ends_at)
    return event
