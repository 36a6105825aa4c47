"""When connections take place, in a window of days around today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.activities.schedules import RuleError, next_dates
from app.today.queries import Happening


@dataclass(frozen=True, slots=True)
class OnDay:
    """One day on which a connection takes place, in local time."""

    connection: sa.Row[Any]
    on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None
    is_recorded: bool


def list_days(
    happening: list[Happening], *, first: dt.date, last: dt.date
) -> list[OnDay]:
    """Return what takes place from `first` to `last`, both included, in order; not what is off."""
    found = [day for one in happening for day in _days_of(one, first, last)]
    return sorted(found, key=lambda day: (day.on, day.opens_at, day.connection.title))


def _days_of(one: Happening, first: dt.date, last: dt.date) -> Iterator[OnDay]:
    changed = {(change.was_on, change.was_at): change for change in one.changes}
    dated = {(change.was_on, change.was_at) for change in one.changes if change.moved_to}
    for time in one.times:
        try:
            days = next_dates(time, first, (last - first).days + 1)
        except RuleError:
            # The database takes rules our reader of them may not: better no date than no page.
            continue
        dated |= {(day, time.opens_at) for day in days if day <= last}
    ends = {time.opens_at: time.closes_at for time in one.times}
    for day, opens_at in dated:
        change = changed.get((day, opens_at))
        if change is None:
            yield _on(one, day, opens_at, ends.get(opens_at))
        elif change.moved_to is not None and first <= change.moved_to <= last:
            yield _on(one, change.moved_to, change.opens_at, change.closes_at)


def _on(one: Happening, day: dt.date, opens_at: dt.time, closes_at: dt.time | None) -> OnDay:
    return OnDay(one.row, day, opens_at, closes_at, day in one.visited_on)
