"""What is on, as a calendar: of a group or venue, in a ward, of an interest, near a home."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from icalendar import Event

from app.activities.rules import RuleError
from app.activities.schedules import has_ended
from app.calendars import queries
from app.calendars.queries import Time
from app.calendars.writing import UTC, new_document, series

# Goes up when the same rows are written differently: clients must then fetch anew.
FORMAT = 1
REFRESH_EVERY = dt.timedelta(hours=12)
MOST_TIMES = 50
# One place and one evening's walk: what is farther is in the ward's calendar.
NEAR_HOME_M = 1_600


@dataclass(frozen=True, slots=True)
class WhatIsOn:
    """A calendar not yet written: its name, its rows, on whose terms they are."""

    name: str
    path: str
    rows: Sequence[sa.Row[Any]]
    credits: Sequence[str] = ()
    times: dict[uuid.UUID, list[Time]] = field(default_factory=dict)


def read_what_is_on(
    connection: sa.Connection, *, name: str, path: str, of: str, today: dt.date, **values: object
) -> WhatIsOn:
    """Return what is on (see `queries.list_on`), with its times."""
    rows = queries.list_on(connection, of=of, today=today, **values)
    times: dict[uuid.UUID, list[Time]] = defaultdict(list)
    for time in queries.list_times(connection, ids=[row.id for row in rows]):
        times[time.activity_id].append(time)
    return WhatIsOn(name, path, rows, (), times)


def stamp_of(calendar: WhatIsOn, *, base_url: str, today: dt.date) -> str:
    """Return a weak entity tag: the same for the same rows of the same month."""
    told = (FORMAT, base_url, calendar.name, calendar.credits, today.year, today.month)
    rows = [(*row, calendar.times.get(row.id)) for row in calendar.rows]
    return f'W/"{hashlib.sha256(repr((told, rows)).encode("utf-8", "replace")).hexdigest()[:32]}"'


def write_calendar(calendar: WhatIsOn, *, base_url: str, service: str, today: dt.date) -> bytes:
    """Return the calendar as text, lines ended by CR LF and folded at 75 bytes."""
    document = new_document(calendar.name, service=service, refresh=REFRESH_EVERY)
    document.add("url", f"{base_url}{calendar.path}")
    document.add("source", f"{base_url}{calendar.path}.ics", parameters={"VALUE": "URI"})
    said = [f"From {service}, {today:%B %Y}.", *calendar.credits]
    document.add("description", "\n".join(said))
    for row in calendar.rows:
        for event in _events(row, calendar.times.get(row.id, []), base_url=base_url, today=today):
            document.add_component(event)
    text: bytes = document.to_ical()
    return text


def _events(
    row: sa.Row[Any], times: Sequence[Time], *, base_url: str, today: dt.date
) -> Iterator[Event]:
    written = set()
    for time in times[:MOST_TIMES]:
        uid = _uid(time)
        if uid in written:
            continue
        try:
            events = [] if has_ended(time, today) else list(series(time, (), today=today))
        except (RuleError, OverflowError):
            # The database takes rules our reader of them may not: better no time than no calendar.
            continue
        written.add(uid)
        for event in events:
            event.add("uid", uid)
            _describe(event, row, base_url=base_url)
            yield event


def _uid(time: Time) -> str:
    """Return what a date keeps its identity by: schedules are stored anew by every import."""
    said = f"{time.starts_on} {time.opens_at} {time.rrule}"
    return str(uuid.uuid5(time.activity_id, said))


def _describe(event: Event, row: sa.Row[Any], *, base_url: str) -> None:
    event.add("summary", row.name)
    place = row.venue_name or row.organizer_name
    is_in_address = row.postcode and row.postcode in (row.address or "")
    where = [place, row.address, None if is_in_address else row.postcode]
    event.add("location", row.place_words or ", ".join(filter(None, where)))
    url = f"{base_url}/assets/{row.venue_place_id or row.place_id}"
    sentences = [
        row.description or "",
        f"Run by {row.organizer_name}." if row.organizer_name != place or row.place_words else "",
        "Comes to care homes." if row.comes_to_homes else "",
        _say_cost(row.cost_pence),
        f"Ring {row.phone} before you go." if row.phone else "",
        url,
    ]
    event.add("description", "\n".join(filter(None, sentences)))
    event.add("url", url)
    # It says what is on, not that whoever subscribes is busy.
    event.add("transp", "TRANSPARENT")
    event.add("sequence", row.version)
    changed_at = row.updated_at.astimezone(UTC).replace(microsecond=0)
    for name in ("dtstamp", "last-modified"):
        event.add(name, changed_at)


def _say_cost(pence: int | None) -> str:
    if pence is None:
        return ""
    return f"£{pence / 100:.2f}." if pence else "Free."
