"""A team's calendar as iCalendar (RFC 5545, RFC 7986), for the calendars people have anyway.

Series stay series: RRULE with EXDATE for what is left out or cancelled, and RECURRENCE-ID for what
is moved, so that a subscribed phone shows next year too. What somebody says about residents, the
notes and people's own numbers are not in it: an address, however secret, gets passed on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from icalendar import Calendar as Document
from icalendar import Event, Timezone, TimezoneDaylight, TimezoneStandard, vRecur

from app.activities.rules import check_rule, last_day, rule_parts
from app.activities.schedules import first_date
from app.connections.bank_holidays import bank_holiday
from app.connections.calendar_actions import AGREED, Feed
from app.connections.calendar_queries import ConnectionRow, TimeRow
from app.connections.occurrences import LONDON, Occurrence, changed_dates, named_days

# Goes up when the same rows are written differently: clients must then fetch anew.
FORMAT = 1
REFRESH_EVERY = dt.timedelta(hours=1)
# Bank holidays are written out from last year to the end of the year after next.
YEARS_BACK, YEARS_AHEAD = 1, 2
UTC = ZoneInfo("UTC")


def stamp_of(feed: Feed, *, base_url: str, today: dt.date) -> str:
    """Return an entity tag: the same for the same rows, so that asking again costs no writing.

    Weak, because an answer may be compressed on its way.
    """
    calendar = feed.calendar
    told = (FORMAT, feed.team_name, base_url, today.year, calendar.connections)
    rows = [calendar.times[c.id] + calendar.changes[c.id] for c in calendar.connections]
    return f'W/"{hashlib.sha256(repr((told, rows)).encode("utf-8", "replace")).hexdigest()[:32]}"'


def is_known(stamp: str, *, asked: str) -> bool:
    """Return whether an If-None-Match header names this entity tag (RFC 9110, 13.1.2)."""
    opaque = stamp.removeprefix("W/")
    given = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
    return opaque in given or given == ["*"]


def write_feed(feed: Feed, *, base_url: str, service: str, today: dt.date) -> bytes:
    """Return the calendar as text, lines ended by CR LF and folded at 75 bytes."""
    document = Document()
    document.add("prodid", f"-//{service}//EN")
    document.add("version", "2.0")
    document.add("calscale", "GREGORIAN")
    name = f"What is on at {feed.team_name}"
    for field in ("name", "x-wr-calname"):
        document.add(field, name)
    document.add("x-wr-timezone", LONDON.key)
    document.add("refresh-interval", REFRESH_EVERY, parameters={"VALUE": "DURATION"})
    document.add("x-published-ttl", "PT1H")
    document.add_component(_london())
    for connection in feed.calendar.connections:
        for event in _events(feed, connection, base_url=base_url, today=today):
            document.add_component(event)
    text: bytes = document.to_ical()
    return text


def _london() -> Timezone:
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


def _events(
    feed: Feed, connection: ConnectionRow, *, base_url: str, today: dt.date
) -> Iterator[Event]:
    times = feed.calendar.times[connection.id]
    changed: dict[int, list[Occurrence]] = {}
    for number, one in changed_dates(times, feed.calendar.changes[connection.id]):
        changed.setdefault(number, []).append(one)
    written = set()
    for number, time in enumerate(times):
        uid = _uid(time)
        if uid in written:
            continue
        written.add(uid)
        for event in _series(time, changed.get(number, []), today=today):
            event.add("uid", uid)
            _describe(event, connection, feed.team_name, base_url=base_url)
            yield event


def _uid(time: TimeRow) -> str:
    """Return what a date keeps its identity by, in every calendar, for good.

    Schedules are stored anew by every import, so theirs is made of what they say.
    """
    if time.id is not None:
        return str(time.id)
    said = f"{time.starts_on} {time.opens_at} {time.rrule}"
    return str(uuid.uuid5(time.connection_id, said))


def _series(time: TimeRow, changed: Sequence[Occurrence], *, today: dt.date) -> Iterator[Event]:
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
    series = _event(*_span(time, first))
    series.add("rrule", _rule(rule, time.opens_at))
    left_out = {*time.exdates, *(one.was_on for one in changed if one.is_cancelled)}
    if time.skips_bank_holidays:
        window = dt.date(today.year - YEARS_BACK, 1, 1), dt.date(today.year + YEARS_AHEAD, 12, 31)
        left_out |= {day for day in named_days(time, *window) if bank_holiday(day)}
    if left_out:
        series.add(
            "exdate",
            [dt.datetime.combine(day, time.opens_at, LONDON) for day in sorted(left_out)],
        )
    yield series
    for one in moved:
        event = _event(one.starts_at, one.ends_at)
        event.add("recurrence-id", dt.datetime.combine(one.was_on, one.was_at, LONDON))
        yield event


def _span(time: TimeRow, day: dt.date) -> tuple[dt.datetime, dt.datetime | None]:
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


def _describe(event: Event, one: ConnectionRow, team: str, *, base_url: str) -> None:
    is_agreed = one.status in AGREED
    event.add("summary", one.title if is_agreed else f"{one.title} (not agreed yet)")
    place = (
        one.place_name if one.place_address is None else f"{one.place_name}, {one.place_address}"
    )
    event.add("location", team if one.is_visit else place)
    sentences = [
        f"{one.place_name} comes to {team}." if one.is_visit else "",
        f"{one.welcomed_by} welcomes them." if one.is_visit and one.welcomed_by else "",
        f"Ring {one.public_phone}." if one.public_phone else "",
        f"More, for those who may sign in: {base_url}/connections/{one.id}",
    ]
    event.add("description", "\n".join(filter(None, sentences)))
    event.add("url", f"{base_url}/connections/{one.id}")
    event.add("status", "CONFIRMED" if is_agreed else "TENTATIVE")
    # It says what is on, not that whoever subscribes is busy.
    event.add("transp", "TRANSPARENT")
    event.add("sequence", one.version + one.dates_version)
    changed_at = one.changed_at.astimezone(UTC).replace(microsecond=0)
    for field in ("dtstamp", "last-modified"):
        event.add(field, changed_at)
