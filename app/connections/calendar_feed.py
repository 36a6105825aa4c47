"""A team's calendar as iCalendar (RFC 5545, RFC 7986), for the calendars people have anyway.

How dates are written is in app.calendars.writing. What somebody says about residents, the
notes and people's own numbers are not in it: an address, however secret, gets passed on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterator

from icalendar import Event

from app.calendars.writing import UTC, new_document, series
from app.connections.calendar_actions import AGREED, Feed
from app.connections.calendar_queries import ConnectionRow, TimeRow
from app.connections.occurrences import Occurrence, changed_dates

# Goes up when the same rows are written differently: clients must then fetch anew.
FORMAT = 1
REFRESH_EVERY = dt.timedelta(hours=1)


def stamp_of(feed: Feed, *, base_url: str, today: dt.date) -> str:
    """Return an entity tag: the same for the same rows, so that asking again costs no writing.

    Weak, because an answer may be compressed on its way.
    """
    calendar = feed.calendar
    told = (FORMAT, feed.team_name, base_url, today.year, calendar.connections)
    rows = [calendar.times[c.id] + calendar.changes[c.id] for c in calendar.connections]
    return f'W/"{hashlib.sha256(repr((told, rows)).encode("utf-8", "replace")).hexdigest()[:32]}"'


def write_feed(feed: Feed, *, base_url: str, service: str, today: dt.date) -> bytes:
    """Return the calendar as text, lines ended by CR LF and folded at 75 bytes."""
    name = f"What is on at {feed.team_name}"
    document = new_document(name, service=service, refresh=REFRESH_EVERY)
    for connection in feed.calendar.connections:
        for event in _events(feed, connection, base_url=base_url, today=today):
            document.add_component(event)
    text: bytes = document.to_ical()
    return text


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
        for event in series(time, changed.get(number, []), today=today):
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
