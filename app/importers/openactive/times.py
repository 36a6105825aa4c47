"""When sessions of OpenActive are: schema.org Schedules, and single sessions with their dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.activities.rules import DAY_CODES, RuleError, check_rule, last_day
from app.activities.schedules import first_date
from app.importers.records import ScheduleRecord

LONDON = ZoneInfo("Europe/London")
MOST_SINGLE_DAYS = 40
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"D": "DAILY", "W": "WEEKLY", "M": "MONTHLY", "Y": "YEARLY"}
_EVERY = re.compile(r"P(\d{1,3})([DWMY])")
_CALLED_OFF = ("eventcancelled", "eventpostponed")

Node = Mapping[str, Any]


class NotReadable(ValueError):
    """Why a session cannot be read, in one sentence."""


def schedules_of(data: Node, sessions: Sequence[Node], today: dt.date) -> list[ScheduleRecord]:
    """Return the schedules of a series from today on; of none, its sessions' single dates.

    Sessions that are called off are days left out of the schedules.

    Raises
    ------
    NotReadable
        If a date, time or rule cannot be read.
    """
    if is_called_off(data):
        return []
    off = {_moment(one).date() for one in sessions if is_called_off(one) and one.get("startDate")}
    given = data.get("eventSchedule")
    listed = given if isinstance(given, list) else [given] if given else []
    found = [
        schedule
        for one in listed
        if isinstance(one, dict) and (schedule := _schedule(one, off, today)) is not None
    ]
    if found:
        return found
    single = [one for one in sessions if not is_called_off(one) and one.get("startDate")]
    if not single and not listed and data.get("startDate"):
        single = [data]
    dates = sorted(
        (date for one in single if (date := _single(one)).starts_on >= today),
        key=lambda date: (date.starts_on, date.opens_at),
    )
    return dates[:MOST_SINGLE_DAYS]


def is_called_off(node: Node) -> bool:
    """Return whether it does not take place."""
    status = str(node.get("eventStatus") or "").casefold().rsplit("/", 1)[-1]
    return status in _CALLED_OFF


def _schedule(one: Node, off: set[dt.date], today: dt.date) -> ScheduleRecord | None:
    if not one.get("startDate") or not one.get("startTime"):
        # A "partial schedule": its sessions say when.
        return None
    starts_on, opens_at = _day(one["startDate"]), _clock(one["startTime"])
    closes_at = _clock(one["endTime"]) if one.get("endTime") else None
    if closes_at is not None and closes_at <= opens_at:
        closes_at = None
    given = one.get("exceptDate")
    left_out = {_day(day) for day in (given if isinstance(given, list) else [given]) if day}
    rule = _rule(one)
    if rule is None:
        is_on = starts_on >= today and starts_on not in left_out | off
        return ScheduleRecord(starts_on, opens_at, closes_at) if is_on else None
    until = last_day(rule)
    if until is not None and until < today:
        return None
    exdates = tuple(sorted(left_out | {day for day in off if day >= starts_on}))
    return ScheduleRecord(starts_on, opens_at, closes_at, rule, exdates)


def _rule(one: Node) -> str | None:
    every = str(one.get("repeatFrequency") or "")
    if not every:
        return None
    match = _EVERY.fullmatch(every)
    if match is None:
        raise NotReadable(f"How often it repeats cannot be read: {every[:40]}.")
    parts = [f"FREQ={_UNITS[match.group(2)]}", f"INTERVAL={int(match.group(1))}"]
    for name, code in (("byDay", "BYDAY"), ("byMonthDay", "BYMONTHDAY"), ("byMonth", "BYMONTH")):
        values = one.get(name)
        listed = values if isinstance(values, list) else [values] if values else []
        if listed:
            parts.append(f"{code}={','.join(_day_code(str(value)) for value in listed)}")
    if one.get("endDate"):
        parts.append(f"UNTIL={_day(one['endDate']):%Y%m%d}")
    elif one.get("repeatCount"):
        parts.append(f"COUNT={one['repeatCount']}")
    try:
        rule = check_rule(";".join(parts))
        if first_date(rule, _day(one["startDate"])) is None:
            raise NotReadable("Its rule names no day at all.")
    except RuleError as error:
        raise NotReadable(f"How often it repeats cannot be read: {error}.") from error
    return rule


def _day_code(value: str) -> str:
    name = re.split(r"[/:#]", value)[-1].casefold()
    return DAY_CODES[_DAYS.index(name)] if name in _DAYS else value.upper()


def _single(one: Node) -> ScheduleRecord:
    start = _moment(one)
    closes_at = None
    if one.get("endDate"):
        end = _local(str(one["endDate"]))
        closes_at = end.time() if end.date() == start.date() and end > start else None
    return ScheduleRecord(start.date(), start.time(), closes_at)


def _moment(one: Node) -> dt.datetime:
    text = str(one["startDate"])
    if "T" not in text:
        if not one.get("startTime"):
            raise NotReadable("A session has a day and no time.")
        return dt.datetime.combine(_day(text), _clock(one["startTime"]))
    return _local(text)


def _local(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text.strip())
        here = moment if moment.tzinfo is None else moment.astimezone(LONDON)
    except (ValueError, OverflowError) as error:
        raise NotReadable(f"A date cannot be read: {text[:40]}.") from error
    return here.replace(tzinfo=None, second=0, microsecond=0)


def _day(value: object) -> dt.date:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise NotReadable(f"A day cannot be read: {str(value)[:40]}.") from error


def _clock(value: object) -> dt.time:
    try:
        return dt.time.fromisoformat(str(value)).replace(tzinfo=None, second=0, microsecond=0)
    except ValueError as error:
        raise NotReadable(f"A time cannot be read: {str(value)[:40]}.") from error
