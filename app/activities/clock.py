"""Days and clock times as people write them, and as our pages say them."""

from __future__ import annotations

import datetime as dt
import re

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAY_WORD = re.compile(
    r"(mon|tue|wed|thu|fri|sat|sun)"
    r"(?:day|s|sday|nesday|nes|rs|r|rsday|urday|ur)?s?\.?",
)
_SHORT = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2})(?::00)?)?\s*(am|pm|noon|midday)?")
_NOON = 12
_CENTURY = 2000


def parse_weekday(word: str) -> int | None:
    """Return the weekday `word` names ("Tues", "thursdays"), Monday 0, or None."""
    lowered = word.strip().casefold()
    match = _WEEKDAY_WORD.fullmatch(lowered)
    return _SHORT.index(match.group(1)) if match else None


def parse_day(text: str) -> dt.date:
    """Return the day `text` says: "2026-05-31", "31/05/2026", "31.5.26" or "31 May 2026".

    Raises
    ------
    ValueError
        If it is none of these, or no such day exists.
    """
    words = [word for word in re.split(r"[-/.\s,]+", text.strip()) if word]
    # Spreadsheets add a time of midnight to days.
    if len(words) == 4 and re.fullmatch(r"T?0?0:00(:00)?", words[3]):
        words.pop()
    if len(words) != 3:
        raise ValueError(f"{text!r} is not a day; write 2026-05-31 or 31/05/2026")
    try:
        if re.fullmatch(r"\d{4}", words[0]):
            return dt.date(int(words[0]), int(words[1]), int(words[2]))
        year = int(words[2]) + (_CENTURY if len(words[2]) == 2 else 0)
        return dt.date(year, _month(words[1]), int(re.sub(r"(st|nd|rd|th)$", "", words[0])))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a day; write 2026-05-31 or 31/05/2026") from error


def _month(word: str) -> int:
    if word.isdigit():
        return int(word)
    return _MONTHS.index(word[:3].casefold()) + 1


def parse_clock(text: str) -> dt.time:
    """Return the time of day `text` says: "14:00", "2.30pm", "9am", "midday".

    Raises
    ------
    ValueError
        If it is none of these, or leaves morning or afternoon open ("2").
    """
    lowered = text.strip().casefold()
    if lowered in ("noon", "midday"):
        return dt.time(_NOON)
    match = _CLOCK.fullmatch(lowered)
    if match is None or (match.group(2) is None and match.group(3) is None):
        raise ValueError(f"{text!r} is not a time; write 14:00 or 2pm")
    hour, minute, half = int(match.group(1)), int(match.group(2) or 0), match.group(3)
    if half is not None:
        if not 1 <= hour <= _NOON:
            raise ValueError(f"{text!r} is not a time; write 14:00 or 2pm")
        hour = hour % _NOON + (0 if half == "am" else _NOON)
    try:
        return dt.time(hour, minute)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time; write 14:00 or 2pm") from error


def say_clock(time: dt.time) -> str:
    """Return `time` in plain words: "2pm", "3.30pm", "midday"."""
    if (time.hour, time.minute) == (_NOON, 0):
        return "midday"
    if (time.hour, time.minute) == (0, 0):
        return "midnight"
    minutes = f".{time.minute:02}" if time.minute else ""
    return f"{time.hour % _NOON or _NOON}{minutes}{'am' if time.hour < _NOON else 'pm'}"


def say_day(day: dt.date) -> str:
    """Return `day` in plain words: "31 May 2026"."""
    return f"{day.day} {day:%B %Y}"
