"""Rules of repetition (RFC 5545): checked, bounded, and read from people's words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType

from dateutil.rrule import rrule, rrulestr

from app.activities.clock import WEEKDAYS, parse_day, parse_weekday

DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = {
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS",
    "BYYEARDAY", "BYWEEKNO",
}  # fmt: skip
_LONGEST_RULE = 200
_LARGEST_NUMBER = 1000
_CALENDAR_ROUND = 400
# A monthly rule on the 29th, 30th or 31st leaves months out.
_LAST_DAY_OF_EVERY_MONTH = 28

_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "other": 2, "second": 2, "alternate": 2,
    "2nd": 2, "third": 3, "3rd": 3,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4,
    "fifth": 5, "5th": 5, "last": -1,
}  # fmt: skip
_UNITS = {
    "day": ("DAILY", 1), "days": ("DAILY", 1), "daily": ("DAILY", 1),
    "week": ("WEEKLY", 1), "weeks": ("WEEKLY", 1), "weekly": ("WEEKLY", 1),
    "fortnight": ("WEEKLY", 2), "fortnightly": ("WEEKLY", 2), "fortnights": ("WEEKLY", 2),
    "month": ("MONTHLY", 1), "months": ("MONTHLY", 1), "monthly": ("MONTHLY", 1),
    "quarter": ("MONTHLY", 3), "quarterly": ("MONTHLY", 3),
    "year": ("YEARLY", 1), "years": ("YEARLY", 1), "yearly": ("YEARLY", 1),
    "annually": ("YEARLY", 1),
}  # fmt: skip
_FILLING = {"every", "each", "on", "the", "of", "in", "and", "a", "once", "per"}
_ONCE = {"", "once", "one off", "one-off", "no", "never", "none", "does not repeat"}


class RuleError(ValueError):
    """A rule of repetition that is not understood, or asks for too much."""


# Every page that says when something is on checks its rule again, and there are few different ones.
@lru_cache(maxsize=2_048)
def check_rule(text: str) -> str:
    """Return the rule `text` in canonical order (FREQ first, then the alphabet), or refuse it.

    Raises
    ------
    RuleError
        If it repeats more often than daily, has parts or values RFC 5545 does not know, is too
        long, or names no day at all.
    """
    rule = text.strip().upper().removeprefix("RRULE:").rstrip(";")
    if len(rule) > _LONGEST_RULE:
        raise RuleError(f"a rule of {len(rule)} characters is too long")
    pairs = [part.partition("=") for part in rule.split(";")]
    parts = {name.strip(): value.strip() for name, _, value in pairs}
    if len(parts) != len(pairs) or not all(parts.values()):
        raise RuleError(f"{text!r} is not a rule such as FREQ=WEEKLY;BYDAY=TU")
    frequency = parts.pop("FREQ", "")
    if frequency not in FREQUENCIES:
        raise RuleError(f"{text!r} repeats more often than daily, or has no FREQ")
    unknown = sorted(parts.keys() - _PARTS)
    if unknown:
        raise RuleError(f"{unknown[0]} cannot be used in a rule here")
    if any(int(number) > _LARGEST_NUMBER for number in _plain_numbers(parts)):
        raise RuleError(f"{text!r} has a number too large to be meant")
    canonical = ";".join([f"FREQ={frequency}", *(f"{k}={parts[k]}" for k in sorted(parts))])
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleError("a rule ends by COUNT or by UNTIL, not by both")
    try:
        _as_dateutil(canonical, dt.date(2026, 1, 1))
        last_day(canonical)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise RuleError(f"{text!r} is not a rule such as FREQ=WEEKLY;BYDAY=TU") from error
    return canonical


def _plain_numbers(parts: dict[str, str]) -> list[str]:
    for name in ("INTERVAL", "COUNT"):
        if name in parts and not re.fullmatch(r"[1-9]\d*", parts[name]):
            raise RuleError(f"{name}={parts[name]} is not a whole number above 0")
    return [parts[name] for name in ("INTERVAL", "COUNT") if name in parts]


@lru_cache(maxsize=2_048)
def rule_parts(rule: str) -> Mapping[str, str]:
    """Return the parts of a checked rule by name."""
    return MappingProxyType(dict(part.split("=", 1) for part in rule.split(";")))


def last_day(rule: str) -> dt.date | None:
    """Return the day of the rule's UNTIL (its time is left out: our rules count days), or None."""
    until = rule_parts(rule).get("UNTIL")
    if until is None:
        return None
    try:
        return dt.datetime.strptime(until[:8], "%Y%m%d").date()  # noqa: DTZ007
    except ValueError as error:
        raise RuleError(f"UNTIL={until} is not a day such as 20261231") from error


def days_of(rule: str, starts_on: dt.date, horizon: dt.date) -> Iterator[dt.date]:
    """Yield the days a checked rule names from `starts_on` to `horizon`, or to its own end.

    COUNT counts from `starts_on`. A rule that names no day at all ("30 February") ends too.
    """
    parts = rule_parts(rule)
    until = last_day(rule)
    end = min(horizon, until) if until else horizon
    limit = int(parts["COUNT"]) if "COUNT" in parts else None
    # The calendar is moved on by whole 400-year rounds, in which dates, leap years and weekdays
    # all repeat: dateutil looks for a rule's next day up to the year 9999, and this is near.
    shift = (dt.MAXYEAR - starts_on.year) // _CALENDAR_ROUND * _CALENDAR_ROUND
    for moment in islice(_as_dateutil(rule, _moved(starts_on, shift)), limit):
        day = _moved(moment.date(), -shift)
        if day > end:
            return
        yield day


def _moved(day: dt.date, years: int) -> dt.date:
    return day.replace(year=day.year + years)


def _as_dateutil(rule: str, starts_on: dt.date) -> rrule:
    kept = [f"{k}={v}" for k, v in rule_parts(rule).items() if k not in {"UNTIL", "COUNT"}]
    made = rrulestr(";".join(kept), dtstart=dt.datetime.combine(starts_on, dt.time()))
    if not isinstance(made, rrule):  # pragma: no cover - sets come of several lines only
        raise RuleError(f"{rule!r} is more than one rule")
    return made


def parse_repeats(text: str, starts_on: dt.date) -> str | None:
    """Return the rule people's words mean, or None for something that happens once.

    Parameters
    ----------
    text
        "every week", "Tuesdays and Thursdays", "every two weeks", "first Monday of the month",
        "every weekday until 2026-12-31", or a rule as calendars write it ("FREQ=WEEKLY"). Empty or
        "once": it does not repeat.
    starts_on
        The first day. "Every week" means its weekday, "every month" its day of the month.

    Raises
    ------
    RuleError
        If the words are not understood, or could mean two things ("every second Tuesday").
    """
    words = " ".join(text.split()).casefold().rstrip(".")
    if words in _ONCE:
        return None
    if words.startswith(("freq=", "rrule:")):
        return check_rule(text)
    phrase, _, end = words.partition(" until ")
    phrase = _spell_out_spans(phrase)
    tokens = [word for word in re.split(r"[\s,;/&+]+", phrase) if word and word not in _FILLING]
    rule = _rule_of(tokens, text, starts_on)
    if end:
        try:
            rule += f";UNTIL={parse_day(end):%Y%m%d}"
        except ValueError as error:
            raise RuleError(f"the end of {text!r} is not understood: {error}") from error
    return check_rule(rule)


def _spell_out_spans(phrase: str) -> str:
    """Write "mon-fri", "weekdays" and "weekends" as their days."""
    phrase = re.sub(r"\bweekdays?\b", "mon-fri", phrase)
    phrase = re.sub(r"\bweekends?\b", "sat-sun", phrase)

    def days(match: re.Match[str]) -> str:
        first, last = parse_weekday(match.group(1)), parse_weekday(match.group(2))
        if first is None or last is None:
            return match.group(0)
        return " ".join(WEEKDAYS[day % 7] for day in range(first, first + (last - first) % 7 + 1))

    return re.sub(r"\b([a-z]+)\s*(?:-|\N{EN DASH}|\bto\b)\s*([a-z]+)\b", days, phrase).casefold()


def _rule_of(tokens: list[str], text: str, starts_on: dt.date) -> str:
    days = [day for word in tokens if (day := parse_weekday(word)) is not None]
    units = [word for word in tokens if word in _UNITS]
    rest = [word for word in tokens if word not in units and parse_weekday(word) is None]
    frequency, interval = _UNITS[units[0]] if units else ("WEEKLY" if days else "", 1)
    if frequency == "MONTHLY" and days and all(word in _ORDINALS for word in rest):
        rule = f"FREQ=MONTHLY;BYDAY={_numbered_days(tokens, text)}"
        return rule + (f";INTERVAL={interval}" if interval > 1 else "")
    if len(units) > 1 or len(rest) > 1 or not frequency or (frequency == "MONTHLY" and days):
        raise _not_understood(text)
    if rest:
        if rest[0] in ("second", "2nd", "third", "3rd") and days:
            raise RuleError(
                f"{text!r} could mean two things; write 'every two weeks' or"
                " 'second Tuesday of the month'"
            )
        number = int(rest[0]) if rest[0].isdigit() else _NUMBERS.get(rest[0], 0)
        if number < 1:
            raise _not_understood(text)
        interval *= number
    rule = f"FREQ={frequency}" + (f";INTERVAL={interval}" if interval > 1 else "")
    if frequency == "WEEKLY":
        named = sorted(set(days)) or [starts_on.weekday()]
        return f"{rule};BYDAY={','.join(DAY_CODES[day] for day in named)}"
    if days:
        raise _not_understood(text)
    if frequency == "MONTHLY":
        if starts_on.day > _LAST_DAY_OF_EVERY_MONTH:
            raise RuleError(
                f"not every month has a day {starts_on.day}; write for example"
                " 'last Friday of the month'"
            )
        return f"{rule};BYMONTHDAY={starts_on.day}"
    return rule


def _numbered_days(tokens: list[str], text: str) -> str:
    """Return BYDAY's value for "first and third Friday" or "1st Monday and last Friday"."""
    numbers: list[int] = []
    found: list[str] = []
    was_day = False
    for word in tokens:
        day = parse_weekday(word)
        if word in _ORDINALS:
            numbers = [*([] if was_day else numbers), _ORDINALS[word]]
            was_day = False
        elif day is not None:
            if not numbers:
                raise _not_understood(text)
            found += [f"{number}{DAY_CODES[day]}" for number in numbers]
            was_day = True
    return ",".join(dict.fromkeys(found))


def _not_understood(text: str) -> RuleError:
    return RuleError(
        f"{text!r} is not understood; write for example 'every week', 'every two weeks',"
        " 'Tuesdays and Thursdays' or 'first Monday of the month'"
    )
