"""Open Referral's schedules, with all their spellings, as our rules of repetition (RFC 5545)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from app.activities.clock import parse_clock, parse_day, parse_weekday
from app.activities.rules import DAY_CODES
from app.activities.schedules import RuleError, check_rule, first_date
from app.importers.oruk.json_text import Json, first_of, number, objects, text
from app.importers.records import OpeningHours, ScheduleRecord

# A weekly rule without any day to count from: the weekday is all that matters then.
NO_START = dt.date(2020, 1, 6)
_FREQUENCIES = {
    "daily": "DAILY", "day": "DAILY", "weekly": "WEEKLY", "week": "WEEKLY", "monthly": "MONTHLY",
    "month": "MONTHLY", "yearly": "YEARLY", "annually": "YEARLY", "year": "YEARLY",
}  # fmt: skip
_MOST_SCHEDULES = 50
_MOST_INTERVAL = 100
_YEARS = range(1900, 2200)
_DAY = re.compile(r"([+-]?[1-5])?\s*([a-z]+)\.?", re.IGNORECASE)
_DAY_NUMBER = re.compile(r"-?(3[01]|[12]\d|[1-9])")
# Feeds write their own clock's time, whatever zone they put behind it.
_ZONE = re.compile(r"(?:\.\d+)?\s*(?:z|utc|gmt|bst|[+-]\d{2}:?\d{2})?$", re.IGNORECASE)


@dataclass(slots=True)
class Times:
    """When a service happens: what is understood, what is not (and why), and what is only words."""

    schedules: list[ScheduleRecord] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def read_times(value: object) -> Times:
    """Return the times in a list of schedules; one that is not understood loses only itself."""
    times = Times()
    for schedule in objects(value)[:_MOST_SCHEDULES]:
        words = text(first_of(schedule, "description", "notes"), most=500)
        try:
            found = read_schedule(schedule, times.doubts)
        except ValueError as error:
            times.doubts.append(str(error))
            found = None
        if found is not None:
            times.schedules.append(found)
        elif words is not None:
            times.words.append(words)
    return times


def read_schedule(schedule: Json, doubts: list[str]) -> ScheduleRecord | None:
    """Return one schedule, or None where it has only words; adds what was left out to `doubts`.

    Raises
    ------
    ValueError
        In a sentence that names the field, where it cannot be understood.
    """
    opens_at = _clock(schedule, "opens_at")
    exact = text(schedule.get("rrule"), most=300)
    said = (exact, *(schedule.get(name) for name in ("freq", "byday", "bymonthday")))
    if opens_at is None:
        if any(said):
            raise ValueError("opens_at is empty, so the time of the schedule cannot be told")
        return None
    starts_on = _day(schedule, "dtstart") or _day(schedule, "valid_from")
    rule = check_rule(exact) if exact else _rule(schedule, starts_on, doubts)
    if rule is None and starts_on is None:
        raise ValueError("dtstart and byday are empty, so the day of the schedule cannot be told")
    first = first_date(rule, starts_on or NO_START)
    if first is None:
        raise ValueError(f"{rule} names no day at all from {starts_on or NO_START} on")
    closes_at = _clock(schedule, "closes_at")
    if closes_at is not None and closes_at <= opens_at:
        if closes_at != dt.time(0, 0):
            doubts.append(f"closes_at {closes_at:%H:%M} is not after opens_at {opens_at:%H:%M}")
        closes_at = None
    # Ours may start on a day its rule does not name: it is kept exactly so.
    begins = starts_on if exact and starts_on is not None else first
    return ScheduleRecord(begins, opens_at, closes_at, rule, _days_off(schedule))


def read_hours(value: object) -> tuple[tuple[OpeningHours, ...] | None, list[str]]:
    """Return a place's opening hours, and what could not be read of them."""
    spans: list[OpeningHours] = []
    doubts: list[str] = []
    for schedule in objects(value)[:_MOST_SCHEDULES]:
        try:
            opens_at, closes_at = (
                _clock_text(schedule, "opens_at"),
                _clock_text(schedule, "closes_at"),
            )
            days = _weekdays(schedule)
        except ValueError as error:
            doubts.append(str(error))
            continue
        if opens_at and closes_at and days:
            spans += [OpeningHours(day, opens_at, closes_at) for day in days]
    return (tuple(spans) or None), doubts


def _rule(schedule: Json, starts_on: dt.date | None, doubts: list[str]) -> str | None:
    days = _byday(schedule)
    month_days = _bymonthday(schedule)
    frequency = _frequency(schedule, days, month_days)
    if frequency is None:
        return None
    interval = _interval(schedule)
    if interval > 1 and starts_on is None:
        raise ValueError(f"interval is {interval} and dtstart is empty, so it cannot be counted")
    parts = [f"FREQ={frequency}"] + ([f"INTERVAL={interval}"] if interval > 1 else [])
    if days:
        parts.append(f"BYDAY={','.join(days)}")
    if month_days and frequency == "MONTHLY":
        parts.append(f"BYMONTHDAY={','.join(month_days)}")
    elif month_days and frequency in ("WEEKLY", "DAILY"):
        doubts.append(f"bymonthday {','.join(month_days)} means nothing with freq {frequency}")
    if frequency == "WEEKLY" and not days:
        if starts_on is None:
            raise ValueError("byday and dtstart are empty, so the weekday cannot be told")
        parts.append(f"BYDAY={DAY_CODES[starts_on.weekday()]}")
    until = _day(schedule, "valid_to") or _day(schedule, "until")
    if until is not None:
        parts.append(f"UNTIL={until:%Y%m%d}")
    return _checked(";".join(parts))


def _checked(rule: str) -> str:
    try:
        return check_rule(rule)
    except RuleError as error:
        raise ValueError(f"freq, byday, bymonthday and interval make no rule: {error}") from error


def _frequency(schedule: Json, days: list[str], month_days: list[str]) -> str | None:
    written = text(schedule.get("freq"), most=40)
    numbered = any(day[:-2] for day in days)
    if written is None:
        if days:
            return "MONTHLY" if numbered else "WEEKLY"
        return "MONTHLY" if month_days else None
    found = _FREQUENCIES.get(written.casefold())
    if found is None:
        raise ValueError(f"freq “{written}” is not understood")
    # "1MO" of a week is none: the first Monday is a month's.
    return "MONTHLY" if numbered and found in ("WEEKLY", "DAILY") else found


def _interval(schedule: Json) -> int:
    value = number(schedule.get("interval"))
    if value is None:
        return 1
    if not (1 <= value <= _MOST_INTERVAL and value == int(value)):
        raise ValueError(f"interval “{str(schedule.get('interval'))[:40]}” is not understood")
    return int(value)


def _byday(schedule: Json) -> list[str]:
    """Return days as RFC 5545 has them ("MO", "1MO"), from any way they are written."""
    codes: list[str] = []
    for part in _listed(schedule.get("byday")):
        ends = re.split(r"\s*[-\N{EN DASH}]\s*", part)
        if len(ends) == 2 and all(ends) and not re.fullmatch(r"\d*", ends[0]):
            first, last = (_weekday_of(end, part) for end in ends)
            span = range(first, first + (last - first) % 7 + 1)
            codes += [DAY_CODES[day % 7] for day in span]
            continue
        match = _DAY.fullmatch(part)
        if match is None:
            raise ValueError(f"byday “{part[:40]}” is not understood")
        codes.append(
            (match.group(1) or "").lstrip("+") + DAY_CODES[_weekday_of(match.group(2), part)]
        )
    return list(dict.fromkeys(codes))


def _weekday_of(word: str, part: str) -> int:
    if word.upper() in DAY_CODES:
        return DAY_CODES.index(word.upper())
    found = parse_weekday(word)
    if found is None:
        raise ValueError(f"byday “{part[:40]}” is not understood")
    return found


def _weekdays(schedule: Json) -> list[int]:
    return sorted({DAY_CODES.index(code[-2:]) for code in _byday(schedule)})


def _bymonthday(schedule: Json) -> list[str]:
    found = _listed(schedule.get("bymonthday"))
    wrong = [part for part in found if not _DAY_NUMBER.fullmatch(part)]
    if wrong:
        raise ValueError(f"bymonthday “{wrong[0][:40]}” is not understood")
    return list(dict.fromkeys(found))


def _listed(value: object) -> list[str]:
    """Return the parts of "TH, FR", of a list, or of one number."""
    if isinstance(value, list):
        value = ",".join(str(part) for part in value[:_MOST_SCHEDULES])
    written = text(value, most=200) or ""
    return [part for part in re.split(r"\s*[,;/]\s*|\s+and\s+", written) if part]


def _day(schedule: Json, name: str) -> dt.date | None:
    written = text(schedule.get(name), most=60)
    if written is None:
        return None
    # "2026-01-05T10:00:00Z": the day is all we take of a moment.
    moment = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[T ].*", written)
    compact = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(?:T.*)?", written)
    wrong = f"{name} “{written}” is not a day such as 2026-01-31"
    try:
        if compact:
            found = dt.date(*(int(part) for part in compact.groups()))
        else:
            found = parse_day(moment.group(1) if moment else written)
    except ValueError as error:
        raise ValueError(wrong) from error
    if found.year not in _YEARS:
        raise ValueError(wrong)
    return found


def _clock(schedule: Json, name: str) -> dt.time | None:
    found = _clock_text(schedule, name)
    if found is None:
        return None
    return dt.time(0, 0) if found == "24:00" else dt.time.fromisoformat(found)


def _clock_text(schedule: Json, name: str) -> str | None:
    """Return a time of day as "10:00", also 24:00; None where there is none."""
    written = text(schedule.get(name), most=60)
    if written is None:
        return None
    plain = re.sub(r"^(?:\d{4}-\d{2}-\d{2})?T", "", written, flags=re.IGNORECASE).strip()
    plain = _ZONE.sub("", plain).strip()
    plain = re.sub(r"^(\d{1,2}[:.]\d{2})[:.]\d{2}$", r"\1", plain)
    if re.fullmatch(r"24[:.]00", plain):
        return "24:00"
    if re.fullmatch(r"\d{4}", plain):
        plain = f"{plain[:2]}:{plain[2:]}"
    try:
        return f"{parse_clock(plain):%H:%M}"
    except ValueError as error:
        raise ValueError(f"{name} “{written}” is not a time such as 10:00") from error


def _days_off(schedule: Json) -> tuple[dt.date, ...]:
    value = schedule.get("exdates")
    listed = value if isinstance(value, list) else _listed(value)
    days = {_day({"exdates": part}, "exdates") for part in listed[:1_000]}
    return tuple(sorted(day for day in days if day is not None))
