"""From events to activities: what is one thing in people's eyes is one activity."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from icalendar import Event

from app.errors import FileRefused
from app.importers.calendars import words
from app.importers.calendars.dates import (
    AllDay,
    Date,
    EventRefused,
    master_of,
    read_dates,
    rule_of,
    schedules_of,
)
from app.importers.calendars.document import Document
from app.importers.options import ReadOptions
from app.importers.records import ActivityRecord, Problem, ScheduleRecord, Skipped
from app.models import ProblemReason

# A page reads so many schedules of one activity.
MOST_SCHEDULES = 50
# Longer than this, a calendar is built to keep us busy.
LONGEST_S = 60.0
# "this and following" changed in Google's calendar: the same series, under another name.
_SPLIT = re.compile(r"_R\d{8}(?:T\d{6}Z?)?(?=@|$)")


@dataclass(slots=True)
class Series:
    """The dates of one UID at one place, with the words of its first event."""

    row_number: int
    uid: str
    event: Event
    name: str
    place: str | None
    dates: list[Date]
    is_rule: bool
    schedules: list[ScheduleRecord] = field(default_factory=list)

    @property
    def first(self) -> tuple[dt.date, str]:
        """What decides which of several gives an activity its identity."""
        return (min(date.on for date in self.dates), self.uid)


def read_activities(
    document: Document, options: ReadOptions
) -> Iterator[ActivityRecord | Problem | Skipped]:
    """Yield the activities of a calendar, and what is wrong with or left out of its events.

    Events of one name at one place are one activity, whatever their UIDs: calendars give a series
    a new one when it is changed from some day on, and some programs give every date its own.

    Raises
    ------
    FileRefused
        If working out the dates takes more than a minute.
    """
    until = time.monotonic() + LONGEST_S
    alike: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for uid, events in document.by_uid.items():
        if time.monotonic() > until:
            raise FileRefused("The dates of the calendar take too long to work out.")
        row, master = master_of(events)
        name = words.name_of(master)
        if name is None or words.is_private(master) or words.is_called_off(master):
            yield Skipped(row, "private, called off, or without a name")
            continue
        try:
            dates = read_dates(document, events, options.today)
        except AllDay:
            yield Skipped(row, "all day: nobody knows when to come")
            continue
        except EventRefused as refused:
            yield _problem(row, uid, name, str(refused))
            continue
        if not any(date.on >= options.today for date in dates):
            yield Skipped(row, "over")
            continue
        for series in _by_place((row, uid, name), master, dates, options.today):
            alike[name.casefold(), (series.place or "").casefold()].append(series)
    for group in alike.values():
        yield from _activity(group, options)


def _by_place(
    named: tuple[int, str, str], event: Event, dates: Sequence[Date], today: dt.date
) -> Iterator[Series]:
    """Yield a series, and apart from it its dates at other places."""
    row, uid, name = named
    usual = words.place_of(event)
    places = {date.place for date in dates}
    for place in sorted(places, key=lambda place: (place != usual, place or "")):
        here = [date for date in dates if date.place == place]
        if not any(date.on >= today for date in here):
            continue
        is_usual = place == usual
        series = Series(row, uid, event, name, place, here, is_usual and rule_of(event) is not None)
        series.schedules = schedules_of(event, here, today) if is_usual else [
            ScheduleRecord(date.on, date.opens_at, date.closes_at)
            for date in here if date.on >= today
        ]  # fmt: skip
        yield series


def _activity(group: Sequence[Series], options: ReadOptions) -> Iterator[ActivityRecord | Skipped]:
    ruled = [series for series in group if series.is_rule]
    leading = min(ruled or group, key=lambda series: series.first)
    # Of what has no rule the dates come and go, and their UIDs with them: the name stays.
    key = (
        _SPLIT.sub("", leading.uid)
        if ruled
        else f"once-{_digest(leading.name.casefold(), leading.place or '')}"
    )
    # The newest words count: a series that was changed from some day on says them there.
    newest = max(group, key=lambda series: series.first)
    schedules = list(dict.fromkeys(_plain(s) for series in group for s in series.schedules))
    if not schedules:
        yield Skipped(leading.row_number, "over")
        return
    schedules.sort(key=lambda s: (s[3] is None, s[0], s[1]))
    yield ActivityRecord(
        row_number=leading.row_number,
        source_key=key,
        name=newest.name,
        organizer_id=options.organizer_id,
        description=words.description_of(newest.event),
        interests=words.interests_of(newest.event, options.words),
        place_words=newest.place,
        schedules=tuple(ScheduleRecord(*one) for one in schedules[:MOST_SCHEDULES]),
    )
    # Every event is one row read, also those that others stand for.
    for series in group:
        if series is not leading:
            yield Skipped(series.row_number, "part of another")


def _plain(
    schedule: ScheduleRecord,
) -> tuple[dt.date, dt.time, dt.time | None, str | None, tuple[dt.date, ...]]:
    return (
        schedule.starts_on, schedule.opens_at, schedule.closes_at, schedule.rrule,
        tuple(sorted(schedule.exdates)),
    )  # fmt: skip


def _digest(*texts: str) -> str:
    return hashlib.blake2b("\x1f".join(texts).encode(), digest_size=10).hexdigest()


def _problem(row: int, uid: str, name: str, message: str) -> Problem:
    return Problem(
        row,
        ProblemReason.UNREADABLE_VALUE,
        f"The event cannot be read. {message}",
        "Ask the group to correct it in their calendar; the others are read all the same.",
        source_key=_SPLIT.sub("", uid),
        name=name,
    )
