"""A calendar's text, judged before it is read: size, ends, number of events."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from icalendar import Calendar, Component, Event

from app.errors import FileRefused

MOST_BYTES = 5_000_000
MOST_EVENTS = 2_000
_BEGIN, _END = "BEGIN:VCALENDAR", "END:VCALENDAR"


@dataclass(slots=True)
class Document:
    """What a calendar holds, by UID: events with their number in the file, and its time zones."""

    by_uid: dict[str, list[tuple[int, Event]]] = field(default_factory=dict)
    zones: list[Component] = field(default_factory=list)
    # Google's word for the zone that times in UTC are meant in.
    zone_name: str | None = None


def looks_like_a_calendar(path: Path) -> bool:
    """Return whether a file begins as calendars do."""
    with path.open("rb") as file:
        head = file.read(200).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[: len(_BEGIN)].upper() == _BEGIN.encode()


def read_document(path: Path) -> Document:
    """Return the events of a calendar (RFC 5545), each still unread.

    Raises
    ------
    FileRefused
        If it is a web page, is cut off, has no events or too many, or is too large.
    """
    if path.stat().st_size > MOST_BYTES:
        raise FileRefused(f"The calendar is larger than {MOST_BYTES // 1_000_000} MB.")
    text = path.read_bytes().decode("utf-8-sig", errors="replace").replace("\0", "").strip()
    if text[:1] == "<":
        raise FileRefused(
            "A web page came instead of a calendar: check that the address is that of the calendar"
            " itself (it often ends in .ics)."
        )
    if text[: len(_BEGIN)].upper() != _BEGIN:
        raise FileRefused("This is not a calendar: it does not begin with BEGIN:VCALENDAR.")
    if text[-len(_END) :].upper() != _END:
        raise FileRefused("The calendar is cut off: it does not end with END:VCALENDAR.")
    number = text.upper().count("BEGIN:VEVENT")
    if number > MOST_EVENTS:
        raise FileRefused(f"The calendar has {number:,} events; {MOST_EVENTS:,} are the most.")
    if number == 0:
        raise FileRefused("The calendar has no events at all, so nothing was changed.")
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise FileRefused(
            "The calendar cannot be read: its lines are not as RFC 5545 has them."
        ) from error
    return _gathered(calendars)


def _gathered(calendars: list[Calendar]) -> Document:
    found, row = Document(), 0
    for calendar in calendars:
        zone_name = calendar.get("X-WR-TIMEZONE")
        found.zone_name = found.zone_name or (str(zone_name) if zone_name else None)
        found.zones += [c for c in calendar.subcomponents if c.name == "VTIMEZONE"]
        for event in calendar.subcomponents:
            if isinstance(event, Event):
                row += 1
                uid = str(event.get("UID") or "").strip() or f"no uid, event {row}"
                found.by_uid.setdefault(uid, []).append((row, event))
    return found
