"""When activities happen: the next dates, the parts of the week, and the sentence that says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

from app.activities.clock import WEEKDAYS, say_clock, say_day
from app.activities.rules import (
    DAY_CODES,
    RuleError,
    check_rule,
    days_of,
    last_day,
    parse_repeats,
    rule_parts,
)

__all__ = [
    "RuleError",
    "Timed",
    "check_rule",
    "day_parts",
    "describe",
    "first_date",
    "has_ended",
    "next_dates",
    "parse_repeats",
    "weekdays_of",
]

_DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Part of day and the hour it ends.
_PARTS_OF_DAY = (("am", 12), ("pm", 17), ("eve", 24))
_MOST_DATES = 366
# Far enough ahead for 29 February.
_YEARS_AHEAD = 5
# Enough for every weekday a monthly date falls on to turn up.
_DATES_LOOKED_AT = 60
_AN_HOUR = 60
_NUMBER_WORDS = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth",
                 "-1": "last"}  # fmt: skip


class Timed(Protocol):
    """A schedule, from a file or from the database."""

    @property
    def starts_on(self) -> dt.date:
        """The first day."""
        ...

    @property
    def opens_at(self) -> dt.time:
        """Local time it starts."""
        ...

    @property
    def closes_at(self) -> dt.time | None:
        """Local time it ends, if known."""
        ...

    @property
    def rrule(self) -> str | None:
        """The rule of repetition; None: once."""
        ...

    @property
    def exdates(self) -> Sequence[dt.date]:
        """Days it does not happen."""
        ...


def next_dates(schedule: Timed, after: dt.date, count: int) -> list[dt.date]:
    """Return the first `count` days on or after `after` on which it happens.

    At most 366 days are returned, and none later than five years after `after`. A first day that
    the rule does not name is not one of them: the rule's days count from there.

    Raises
    ------
    RuleError
        If the rule repeats more often than daily or is not understood.
    """
    horizon = max(after, schedule.starts_on) + dt.timedelta(days=_YEARS_AHEAD * 366)
    wanted = (day for day in _dates(schedule, horizon) if day >= after)
    return list(islice(wanted, max(0, min(count, _MOST_DATES))))


def has_ended(schedule: Timed, today: dt.date) -> bool:
    """Return whether its last day is known and past; a rule that counts is not worked out."""
    last = schedule.starts_on if schedule.rrule is None else last_day(check_rule(schedule.rrule))
    return last is not None and last < today


def first_date(rule: str | None, starts_on: dt.date) -> dt.date | None:
    """Return the first day on or after `starts_on` that `rule` names, or None if it names none."""
    if rule is None:
        return starts_on
    horizon = starts_on + dt.timedelta(days=_YEARS_AHEAD * 366)
    return next(days_of(check_rule(rule), starts_on, horizon), None)


def _dates(schedule: Timed, horizon: dt.date) -> Iterator[dt.date]:
    days: Iterable[dt.date] = [schedule.starts_on]
    if schedule.rrule is not None:
        days = days_of(check_rule(schedule.rrule), schedule.starts_on, horizon)
    left_out = set(schedule.exdates)
    return (day for day in days if day not in left_out)


def day_parts(schedules: Iterable[Timed]) -> tuple[str, ...]:
    """Return when in the week the schedules fall: ("tue_pm", "thu_eve"), Monday first.

    The morning is before midday, the afternoon before 5pm. A session belongs to the part it
    starts in, and to each further part it has at least an hour in. Something monthly by date may
    fall on any weekday, and then has them all.
    """
    found = set()
    for schedule in schedules:
        parts = _parts_of_day(schedule.opens_at, schedule.closes_at)
        found |= {(day, part) for day in weekdays_of(schedule) for part in parts}
    return tuple(f"{_DAY_NAMES[day]}_{_PARTS_OF_DAY[part][0]}" for day, part in sorted(found))


def weekdays_of(schedule: Timed) -> set[int]:
    """Return the weekdays a schedule falls on, Monday 0."""
    horizon = schedule.starts_on + dt.timedelta(days=_YEARS_AHEAD * 366)
    return {day.weekday() for day in islice(_dates(schedule, horizon), _DATES_LOOKED_AT)}


def _parts_of_day(opens_at: dt.time, closes_at: dt.time | None) -> list[int]:
    opens = opens_at.hour * 60 + opens_at.minute
    closes = closes_at.hour * 60 + closes_at.minute if closes_at else opens
    parts, part_starts = [], 0
    for number, (_, end_hour) in enumerate(_PARTS_OF_DAY):
        part_ends = end_hour * 60
        starts_here = part_starts <= opens < part_ends
        overlap = min(closes, part_ends) - max(opens, part_starts)
        if starts_here or overlap >= _AN_HOUR:
            parts.append(number)
        part_starts = part_ends
    return parts


def describe(schedule: Timed) -> str:
    """Return the schedule as a sentence's beginning: "Every Tuesday, 2pm to 3.30pm"."""
    times = say_clock(schedule.opens_at)
    if schedule.closes_at is not None:
        times += f" to {say_clock(schedule.closes_at)}"
    if schedule.rrule is None:
        return f"{schedule.starts_on:%A} {say_day(schedule.starts_on)}, {times}"
    rule = check_rule(schedule.rrule)
    days = _say_days(rule_parts(rule), schedule.starts_on)
    until = last_day(rule)
    return f"{days}, {times}" + (f", until {say_day(until)}" if until else "")


def _say_days(parts: Mapping[str, str], starts_on: dt.date) -> str:
    if parts.keys() - {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "UNTIL", "WKST"}:
        return f"On several dates from {say_day(starts_on)}"
    said = None
    interval, by_day = int(parts.get("INTERVAL", "1")), parts.get("BYDAY")
    match parts["FREQ"], by_day, parts.get("BYMONTHDAY"):
        case "DAILY", None, None:
            said = _every(interval, "day")
        case "DAILY", str(), None if interval == 1:
            said = _say_weekly(by_day, 1)
        case "WEEKLY", _, None:
            said = _say_weekly(by_day or DAY_CODES[starts_on.weekday()], interval)
        case "MONTHLY", str(), None:
            said = _say_monthly(by_day, interval)
        case "MONTHLY", None, on_day if (on_day or "1").isdigit():
            said = f"Day {on_day or starts_on.day} of {_every(interval, 'month').lower()}"
        case "YEARLY", None, None:
            said = f"{_every(interval, 'year')} on {starts_on.day} {starts_on:%B}"
    return said or f"On several dates from {say_day(starts_on)}"


def _say_weekly(by_day: str, interval: int) -> str | None:
    codes = by_day.split(",")
    if not set(codes) <= set(DAY_CODES):
        return None
    numbers = sorted({DAY_CODES.index(code) for code in codes})
    if numbers == [0, 1, 2, 3, 4] and interval == 1:
        return "Every weekday"
    if len(numbers) == len(DAY_CODES) and interval == 1:
        return "Every day"
    names = _and([WEEKDAYS[number] for number in numbers])
    return _every(interval, names) if interval <= 2 else f"{_every(interval, 'week')} on {names}"


def _say_monthly(by_day: str, interval: int) -> str | None:
    split = [(code[:-2].lstrip("+"), code[-2:]) for code in by_day.split(",")]
    if any(number not in _NUMBER_WORDS for number, _ in split):
        return None
    if len({code for _, code in split}) == 1:
        weekday = WEEKDAYS[DAY_CODES.index(split[0][1])]
        days = f"{_and([_NUMBER_WORDS[number] for number, _ in split])} {weekday}"
    else:
        days = _and([f"{_NUMBER_WORDS[n]} {WEEKDAYS[DAY_CODES.index(code)]}" for n, code in split])
    month = "the month" if interval == 1 else _every(interval, "month").lower()
    return f"{days[0].upper()}{days[1:]} of {month}"


def _every(interval: int, what: str) -> str:
    if interval == 1:
        return f"Every {what}"
    return f"Every other {what}" if interval == 2 else f"Every {interval} {what}s"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
