"""From rules, exceptions and single changes to dated occurrences in local time. Pure.

What is stored is local: a day and a time on the clock in Europe/London. So "2pm on Tuesdays" is
2pm on both sides of a clock change, and the instant follows from the day. A time that the spring
change leaves out (1.30am on that one Sunday) is taken by the offset before the change, and one
that happens twice in autumn is the first of the two: both as RFC 5545 (3.3.5) says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo

from app.activities.rules import RuleError, check_rule, days_of, rule_parts
from app.activities.schedules import Timed
from app.connections.bank_holidays import bank_holiday

LONDON = ZoneInfo("Europe/London")
LONGEST_WINDOW = dt.timedelta(days=400)
MOST_TIMES = 50
MOST_OCCURRENCES = 2_000
# How far ahead "the next dates" are looked for, in days at a time: most have three within two
# months, and something yearly has its next two.
_WINDOWS_AHEAD_DAYS = (60, 400, 400, 400)
_DAYS_OF_STEP = {"DAILY": 1, "WEEKLY": 7}


class Time(Timed, Protocol):
    """When something happens: a row of `connection_times`, or a schedule of an activity."""

    @property
    def skips_bank_holidays(self) -> bool:
        """Whether it is not on English bank holidays."""
        ...


class Change(Protocol):
    """One date cancelled or moved: a row of `connection_changes`."""

    @property
    def was_on(self) -> dt.date:
        """The day it would have been."""
        ...

    @property
    def was_at(self) -> dt.time:
        """The time it would have been."""
        ...

    @property
    def moved_to(self) -> dt.date | None:
        """The day it is instead; None: cancelled."""
        ...

    @property
    def opens_at(self) -> dt.time | None:
        """When it starts on that day."""
        ...

    @property
    def closes_at(self) -> dt.time | None:
        """When it ends on that day, if known."""
        ...


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date. `was_on` and `was_at` say which it is by the rules, and never change."""

    on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None
    was_on: dt.date
    was_at: dt.time
    change: Change | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether this one date does not take place."""
        return self.change is not None and self.change.moved_to is None

    @property
    def is_moved(self) -> bool:
        """Whether this one date has another day or time than the rule says."""
        return self.change is not None and self.change.moved_to is not None

    @property
    def starts_at(self) -> dt.datetime:
        """The start, in Europe/London."""
        return dt.datetime.combine(self.on, self.opens_at, LONDON)

    @property
    def ends_at(self) -> dt.datetime | None:
        """The end, in Europe/London; None when it is not known."""
        if self.closes_at is None or self.closes_at <= self.opens_at:
            return None
        return dt.datetime.combine(self.on, self.closes_at, LONDON)

    @property
    def _order(self) -> tuple[dt.date, dt.time, dt.date, dt.time]:
        return self.on, self.opens_at, self.was_on, self.was_at


def expand(
    times: Sequence[Time], changes: Sequence[Change], *, first: dt.date, last: dt.date
) -> list[Occurrence]:
    """Return what happens, or is cancelled, from `first` to `last`, both included, in order.

    A date moved into the window is in it wherever it came from; one moved out of it is not. A
    change counts as long as the date it changes is a date by the rules: when only the hour of
    the rule has changed since, the change still holds for that day.

    Raises
    ------
    ValueError
        If the window is longer than 400 days.
    """
    if last - first > LONGEST_WINDOW:
        raise ValueError(f"a window of {(last - first).days} days is too long")
    moved_here = [c for c in changes if c.moved_to is not None and first <= c.moved_to <= last]
    elsewhere = {c.was_on for c in moved_here if not first <= c.was_on <= last}
    found = list(_dated(times, changes, first, last))
    for day in elsewhere:
        found.extend(_dated(times, changes, day, day))
    shown = (one for one in found if first <= one.on <= last)
    return sorted(shown, key=lambda one: one._order)[:MOST_OCCURRENCES]


def next_occurrences(
    times: Sequence[Time], changes: Sequence[Change], *, after: dt.date, count: int
) -> list[Occurrence]:
    """Return the first `count` dates on or after `after` that take place."""
    found: list[Occurrence] = []
    first = after
    for days in _WINDOWS_AHEAD_DAYS:
        last = first + dt.timedelta(days=days)
        window = expand(times, changes, first=first, last=last)
        found.extend(one for one in window if not one.is_cancelled)
        if len(found) >= count:
            break
        first = last + dt.timedelta(days=1)
    return found[:count]


def find_occurrence(
    times: Sequence[Time], changes: Sequence[Change], *, was_on: dt.date, was_at: dt.time
) -> Occurrence | None:
    """Return the date that is at `was_at` on `was_on` by the rules, with its change; or None."""
    dated = _dated(times, changes, was_on, was_on)
    return next((one for one in dated if (one.was_on, one.was_at) == (was_on, was_at)), None)


def bank_holidays_left_out(times: Sequence[Time], *, first: dt.date, last: dt.date) -> set[dt.date]:
    """Return the days of a window on which it would be, were they not bank holidays."""
    skipping = [time for time in times[:MOST_TIMES] if time.skips_bank_holidays]
    return {day for time in skipping for day in named_days(time, first, last) if bank_holiday(day)}


def named_days(time: Time, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield the days the rule names from `first` to `last`, without those left out by hand.

    Bank holidays are among them. A rule nobody understands names no day: no page may fail over
    one row.
    """
    left_out = set(time.exdates)
    try:
        for day in islice(_days_by_rule(time, first, last), MOST_OCCURRENCES):
            if day not in left_out:
                yield day
    except RuleError:
        return


def _days_by_rule(time: Time, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    if time.rrule is None:
        if first <= time.starts_on <= last:
            yield time.starts_on
        return
    rule = check_rule(time.rrule)
    start = _nearer_start(rule, time.starts_on, first)
    yield from (day for day in days_of(rule, start, last) if day >= first)


def _nearer_start(rule: str, starts_on: dt.date, first: dt.date) -> dt.date:
    """Return a later first day with the same days from `first` on: rules may be decades old."""
    parts = rule_parts(rule)
    step = _DAYS_OF_STEP.get(parts["FREQ"], 0) * int(parts.get("INTERVAL", "1"))
    if "COUNT" in parts or not step:
        return starts_on
    # One round earlier than needed: a week may begin before the first day does.
    rounds = (first - starts_on).days // step - 1
    return starts_on + dt.timedelta(days=max(0, rounds) * step)


def _dated(
    times: Sequence[Time], changes: Sequence[Change], first: dt.date, last: dt.date
) -> Iterator[Occurrence]:
    """Yield what the rules name from `first` to `last`, each where its change puts it."""
    by_day: dict[dt.date, dict[dt.time, dt.time | None]] = {}
    for time in times[:MOST_TIMES]:
        for day in named_days(time, first, last):
            if not (time.skips_bank_holidays and bank_holiday(day)):
                # Two rows that name the same start are one date.
                by_day.setdefault(day, {}).setdefault(time.opens_at, time.closes_at)
    changed: dict[dt.date, list[Change]] = {}
    for change in changes:
        changed.setdefault(change.was_on, []).append(change)
    for day, spans in by_day.items():
        of_day = _pair(spans, changed.get(day, ()))
        for opens_at, closes_at in spans.items():
            yield _placed(day, opens_at, closes_at, of_day.get(opens_at))


def _pair(starts: Iterable[dt.time], changes: Sequence[Change]) -> dict[dt.time, Change]:
    """Return which change belongs to which start: by the time, else whichever is left."""
    paired = {change.was_at: change for change in changes if change.was_at in set(starts)}
    lost = [change for change in changes if change.was_at not in paired]
    free = sorted(start for start in starts if start not in paired)
    return paired | dict(zip(free, sorted(lost, key=lambda c: c.was_at), strict=False))


def _placed(
    day: dt.date, opens_at: dt.time, closes_at: dt.time | None, change: Change | None
) -> Occurrence:
    if change is None or change.moved_to is None or change.opens_at is None:
        return Occurrence(day, opens_at, closes_at, day, opens_at, change)
    return Occurrence(change.moved_to, change.opens_at, change.closes_at, day, opens_at, change)


def changed_dates(
    times: Sequence[Time], changes: Sequence[Change]
) -> Iterator[tuple[int, Occurrence]]:
    """Yield every date that is cancelled or moved, with the number of the time it belongs to.

    Changes that no longer change anything are left out.
    """
    for day in sorted({change.was_on for change in changes}):
        for one in _dated(times, changes, day, day):
            if one.change is None:
                continue
            for number, time in enumerate(times[:MOST_TIMES]):
                if time.opens_at == one.was_at and any(named_days(time, day, day)):
                    yield number, one
                    break
