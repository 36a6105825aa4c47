"""What is on when: a team's week, the dates of a connection, and the calendar's secret address."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.accounts.tokens import new_token
from app.connections import calendar_queries as queries
from app.connections.bank_holidays import bank_holiday
from app.connections.calendar_queries import ChangeRow, ConnectionRow, TimeRow
from app.connections.occurrences import (
    Occurrence,
    bank_holidays_left_out,
    changed_dates,
    expand,
    next_occurrences,
)

# Shown in calendars: what is agreed, and what may become so.
AGREED = ("agreed", "happening")
NOT_AGREED_YET = "contacted"
# Whoever has a next step is not done yet.
OPEN = ("suggested", NOT_AGREED_YET, *AGREED, "paused")
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Dated:
    """One date of one connection."""

    connection: ConnectionRow
    occurrence: Occurrence

    @property
    def is_agreed(self) -> bool:
        """Whether the group has said yes."""
        return self.connection.status in AGREED


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a week."""

    on: dt.date
    bank_holiday: str | None
    dates: list[Dated] = field(default_factory=list)
    # What would be on if it were not a bank holiday.
    left_out: list[ConnectionRow] = field(default_factory=list)
    # What was to be on this day and is on another.
    moved_away: list[Dated] = field(default_factory=list)
    # Whose next step is due.
    steps: list[ConnectionRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Connections with their times and changes."""

    connections: list[ConnectionRow]
    times: dict[uuid.UUID, list[TimeRow]]
    changes: dict[uuid.UUID, list[ChangeRow]]

    def dates(self, *, first: dt.date, last: dt.date) -> list[Dated]:
        """Return every date from `first` to `last`, both included, in order."""
        found = [
            Dated(connection, occurrence)
            for connection in self.connections
            for occurrence in expand(
                self.times[connection.id], self.changes[connection.id], first=first, last=last
            )
        ]
        return sorted(found, key=lambda d: (d.occurrence.starts_at, d.connection.title))

    def next_dates(
        self, connection_id: uuid.UUID, *, after: dt.date, count: int
    ) -> list[Occurrence]:
        """Return a connection's first `count` dates on or after `after` that take place."""
        return next_occurrences(
            self.times[connection_id], self.changes[connection_id], after=after, count=count
        )


def read_calendar(session: Session, connections: Sequence[ConnectionRow]) -> Calendar:
    """Return these connections with their times and changes: two questions, however many."""
    ids = [connection.id for connection in connections]
    times: dict[uuid.UUID, list[TimeRow]] = defaultdict(list)
    changes: dict[uuid.UUID, list[ChangeRow]] = defaultdict(list)
    if ids:
        for time in queries.list_times(session, ids=ids):
            times[time.connection_id].append(time)
        for change in queries.list_changes(session, ids=ids):
            changes[change.connection_id].append(change)
    return Calendar(list(connections), times, changes)


def list_dates(
    session: Session,
    *,
    team_id: uuid.UUID,
    first: dt.date,
    last: dt.date,
    statuses: Collection[str] = AGREED,
) -> list[Dated]:
    """Return what a team's connections have on from `first` to `last` (400 days at most)."""
    connections = queries.list_connections(session, team_id=team_id, statuses=statuses)
    return read_calendar(session, connections).dates(first=first, last=last)


def list_week(session: Session, *, team_id: uuid.UUID, monday: dt.date) -> list[Day]:
    """Return the seven days from `monday`, each with what is on and what is due."""
    connections = queries.list_connections(session, team_id=team_id, statuses=OPEN)
    shown = [one for one in connections if one.status in (*AGREED, NOT_AGREED_YET)]
    calendar = read_calendar(session, shown)
    last = monday + WEEK - dt.timedelta(days=1)
    days = [monday + dt.timedelta(days=number) for number in range(WEEK.days)]
    week = {day: Day(day, bank_holiday(day)) for day in days}
    for dated in calendar.dates(first=monday, last=last):
        week[dated.occurrence.on].dates.append(dated)
    for connection in shown:
        times, changes = calendar.times[connection.id], calendar.changes[connection.id]
        for day in sorted(bank_holidays_left_out(times, first=monday, last=last)):
            week[day].left_out.append(connection)
        here = [change for change in changes if change.was_on in week]
        for _, one in changed_dates(times, here):
            if one.is_moved and one.on != one.was_on:
                week[one.was_on].moved_away.append(Dated(connection, one))
    for connection in connections:
        due = week.get(connection.next_step_on) if connection.next_step_on else None
        if due is not None:
            due.steps.append(connection)
    return list(week.values())


def monday_of(day: dt.date) -> dt.date:
    """Return the Monday of the week `day` is in."""
    return day - dt.timedelta(days=day.weekday())


def replace_address(session: Session, *, team_id: uuid.UUID) -> None:
    """Make the team's calendar a secret address, in place of the one it may have."""
    queries.put_token(session, team_id=team_id, token=new_token())


@dataclass(frozen=True, slots=True)
class Feed:
    """What a secret address shows."""

    team_name: str
    calendar: Calendar


def read_feed(session: Session, *, token: str) -> Feed | None:
    """Return the calendar of the team whose secret this is; None when it is nobody's (any more)."""
    team = queries.open_calendar(session, token=token)
    if team is None:
        return None
    team_id, name = team
    shown = queries.list_connections(session, team_id=team_id, statuses=(*AGREED, NOT_AGREED_YET))
    return Feed(name, read_calendar(session, shown))
