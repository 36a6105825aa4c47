"""What is stored and said about times to come: starts in the week, the last day, the next time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from app.activities.clock import say_clock, say_day
from app.activities.rules import DAY_CODES, RuleError, check_rule, days_of, last_day, rule_parts
from app.activities.schedules import Timed, next_dates, weekdays_of

# Clock times are local: 2pm stays 2pm when the clocks change.
LONDON = ZoneInfo("Europe/London")
MINUTES_A_DAY = 1_440
_A_WEEK = 7
# Longer than this, the day a rule says it ends is taken for its last.
_MOST_DAYS_LOOKED_AT = 4_000
_WEEKLY_PARTS = {"FREQ", "INTERVAL", "BYDAY", "UNTIL"}


def now_in_london() -> dt.datetime:
    """Return the time on the clocks here, without a zone (one place, so that tests can fix it)."""
    return dt.datetime.now(tz=LONDON).replace(tzinfo=None)


def week_starts(schedules: Sequence[Timed]) -> tuple[int, ...] | None:
    """Return the minutes of the week at which schedules start, Monday 0:00 being 0; sorted.

    None: there are no schedules, so nobody knows. Something that may fall on any weekday has all.
    """
    if not schedules:
        return None
    found = {
        weekday * MINUTES_A_DAY + schedule.opens_at.hour * 60 + schedule.opens_at.minute
        for schedule in schedules
        for weekday in weekdays_of(schedule)
    }
    return tuple(sorted(found))


def minutes_text(minutes: Iterable[int]) -> str:
    """Return minutes as PostgreSQL writes a multirange: "{[870,871)}"."""
    return "{" + ",".join(f"[{minute},{minute + 1})" for minute in minutes) + "}"


def last_date(schedules: Sequence[Timed]) -> dt.date | None:
    """Return the last day of all schedules; None when one goes on, or there are none."""
    ends = [_last_of(schedule) for schedule in schedules]
    known = [day for day in ends if day is not None]
    return max(known) if known and len(known) == len(ends) else None


def _last_of(schedule: Timed) -> dt.date | None:
    if schedule.rrule is None:
        return schedule.starts_on
    rule = check_rule(schedule.rrule)
    until = last_day(rule)
    if until is None and "COUNT" not in rule_parts(rule):
        return None
    left_out = set(schedule.exdates)
    days = list(
        islice(days_of(rule, schedule.starts_on, until or dt.date.max), _MOST_DAYS_LOOKED_AT)
    )
    if len(days) == _MOST_DAYS_LOOKED_AT and until is not None:
        return until
    return max((day for day in days if day not in left_out), default=schedule.starts_on)


def next_start(schedules: Iterable[Timed], now: dt.datetime) -> dt.datetime | None:
    """Return when something starts next, in local time; None when no day ahead is known.

    What has already begun today is over for whoever reads this.
    """
    found: list[dt.datetime] = []
    for schedule in schedules:
        after = now.date()
        if schedule.opens_at <= now.time():
            after += dt.timedelta(days=1)
        day = _next_day(schedule, after)
        if day is not None:
            found.append(dt.datetime.combine(day, schedule.opens_at))
    return min(found, default=None)


def _next_day(schedule: Timed, after: dt.date) -> dt.date | None:
    if schedule.rrule is None:
        is_ahead = schedule.starts_on >= after and schedule.starts_on not in schedule.exdates
        return schedule.starts_on if is_ahead else None
    try:
        rule = check_rule(schedule.rrule)
        if _is_plain_weekly(rule):
            return _next_weekly(schedule, rule, after)
        return next(iter(next_dates(schedule, after, 1)), None)
    except (RuleError, OverflowError):
        # The database takes rules our reader of them may not: better no time than no page.
        return None


@lru_cache(maxsize=2_048)
def _is_plain_weekly(rule: str) -> bool:
    parts = rule_parts(rule)
    codes = parts.get("BYDAY", DAY_CODES[0]).split(",")
    is_plain = parts["FREQ"] == "WEEKLY" and parts.keys() <= _WEEKLY_PARTS
    return is_plain and set(codes) <= set(DAY_CODES)


def _next_weekly(schedule: Timed, rule: str, after: dt.date) -> dt.date | None:
    """Return the next day of a plain weekly rule by arithmetic: most rules are, and pages are."""
    interval, weekdays, until = _weekly(rule, schedule.starts_on.weekday())
    start = max(after, schedule.starts_on)
    # Weeks are counted from the Monday of the first day's.
    monday = schedule.starts_on - dt.timedelta(days=schedule.starts_on.weekday())
    week = (start - monday).days // _A_WEEK
    week -= week % interval
    for day in _days_from(monday, week, interval, weekdays):
        if until is not None and day > until:
            return None
        if day >= start and day not in schedule.exdates:
            return day
    return None  # pragma: no cover - a rule without an end has a next day


def _days_from(
    monday: dt.date, week: int, interval: int, weekdays: Sequence[int]
) -> Iterator[dt.date]:
    for turn in range(_MOST_DAYS_LOOKED_AT):
        for weekday in weekdays:
            yield monday + dt.timedelta(days=(week + turn * interval) * _A_WEEK + weekday)


@lru_cache(maxsize=2_048)
def _weekly(rule: str, first_weekday: int) -> tuple[int, tuple[int, ...], dt.date | None]:
    """Return the interval, the weekdays and the end of a checked weekly rule."""
    parts = rule_parts(rule)
    codes = parts.get("BYDAY", DAY_CODES[first_weekday]).split(",")
    weekdays = tuple(sorted({DAY_CODES.index(code) for code in codes}))
    return int(parts.get("INTERVAL", "1")), weekdays, last_day(rule)


def say_next(start: dt.datetime, now: dt.datetime) -> str:
    """Return a time ahead as people say it: "today 2pm", "Tuesday 2pm", "Tuesday 8 December, 2pm".

    A weekday alone is one of the next six days; after that the date is needed.
    """
    days = (start.date() - now.date()).days
    clock = say_clock(start.time())
    if days in (0, 1):
        return f"{('today', 'tomorrow')[days]} {clock}"
    if days < _A_WEEK:
        return f"{start:%A} {clock}"
    day = f"{start.day} {start:%B}" if start.year == now.year else say_day(start.date())
    return f"{start:%A} {day}, {clock}"
