"""Opening hours: the cells of weekday columns, and whole weeks in one line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from app.activities.clock import parse_clock, parse_weekday
from app.importers.records import OpeningHours

_CLOSED = {"", "closed", "close", "n/a", "na", "-"}
_SPAN = re.compile(
    r"(\d{1,2}(?:[:.]\d{2})?\s*(?:am|pm|noon)?|noon|midday)\s*(?:-|\N{EN DASH}|\bto\b)\s*"
    r"(\d{1,2}(?:[:.]\d{2})?\s*(?:am|pm|noon)?|noon|midday)",
    re.IGNORECASE,
)
_DAYS = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?(?:\s*(?:-|\N{EN DASH}|,|&|to\b|and\b))?\s*)+"
    r"|(?:daily|every day)\b",
    re.IGNORECASE,
)
_END_OF_DAY = "23:59"


class HoursError(ValueError):
    """Opening hours that cannot be read; the message quotes them."""


def hours_of_week(cells: Sequence[str]) -> tuple[OpeningHours, ...] | None:
    """Return the hours of seven cells, Monday's first, or None where all of them are empty.

    A cell is empty, "closed", or spans such as "09:00-12:30,13:30-17:00".

    Raises
    ------
    HoursError
        Quoting the cell that cannot be read.
    """
    if not any(cell.strip() for cell in cells):
        return None
    return tuple(
        span for weekday, cell in enumerate(cells) for span in hours_of_day(cell, [weekday])
    )


def hours_of_day(cell: str, weekdays: Iterable[int]) -> list[OpeningHours]:
    """Return the spans in `cell` for each of `weekdays`; see `hours_of_week`."""
    text = cell.strip()
    if text.casefold() in _CLOSED:
        return []
    spans = _SPAN.findall(text)
    # One publisher writes "09:00-13:00:14:00-18:00": whatever stands between spans may go.
    if not spans or _SPAN.sub("", text).strip(" ,;:&/\n"):
        raise HoursError(f"{text!r} are not opening hours such as 09:00-12:30,13:30-17:00")
    try:
        clock = [(_clock(opens, closes), _clock(closes)) for opens, closes in spans]
    except ValueError as error:
        raise HoursError(f"{text!r} are not opening hours: {error}") from error
    # Closing at 00:00 is the end of the day, not its beginning.
    pairs = [(opens, _END_OF_DAY if closes == "00:00" else closes) for opens, closes in clock]
    if any(closes <= opens for opens, closes in pairs):
        raise HoursError(f"{text!r} close before they open")
    return [OpeningHours(day, *pair) for day in weekdays for pair in pairs]


def _clock(text: str, other: str = "") -> str:
    if text == "24:00":
        return _END_OF_DAY
    bare = text.strip().isdigit()
    half = re.search(r"(am|pm)\s*$", other, re.IGNORECASE)
    if bare and half:  # "2-4pm"
        text += half.group(1)
    return f"{parse_clock(text):%H:%M}"


def hours_in_line(text: str) -> tuple[OpeningHours, ...] | None:
    """Return the hours of a line such as "Mon-Fri 09:00-17:00; Sat 10:00-12:00, 13:00-15:00".

    Parts stand between semicolons or on lines of their own; days left out are closed; an empty
    line is None, "closed" is no hours at all.

    Raises
    ------
    HoursError
        Quoting the part that cannot be read.
    """
    if not text.strip():
        return None
    found: list[OpeningHours] = []
    for part in re.split(r"[;\n|]", text):
        words = part.strip()
        if not words or words.casefold() in _CLOSED:
            continue
        days = _DAYS.match(words)
        weekdays = _weekdays(days.group(0)) if days else []
        if not days or not weekdays:
            raise HoursError(f"{words!r} does not begin with days; write Mon-Fri 09:00-17:00")
        times = words[days.end() :].lstrip(" :")
        if not times and not words.casefold().endswith("closed"):
            raise HoursError(f"{words!r} has days and no times; write Mon-Fri 09:00-17:00")
        found += hours_of_day(times, weekdays)
    return tuple(sorted(found, key=lambda hours: (hours.weekday, hours.opens_at)))


def _weekdays(text: str) -> list[int]:
    lowered = text.casefold()
    if lowered.strip() in ("daily", "every day"):
        return list(range(7))
    spelled = re.sub(r"\s*(?:\N{EN DASH}|\bto\b)\s*", "-", lowered)
    days: list[int] = []
    for word in re.split(r"[\s,&]+|\band\b", re.sub(r"\s*-\s*", "-", spelled)):
        if not word:
            continue
        first, _, last = word.partition("-")
        start, end = parse_weekday(first), parse_weekday(last or first)
        if start is None or end is None:
            raise HoursError(f"{text.strip()!r} are not days; write Mon-Fri or Mon, Wed")
        days += [day % 7 for day in range(start, start + (end - start) % 7 + 1)]
    return sorted(set(days))
