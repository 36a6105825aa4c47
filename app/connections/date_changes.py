"""Cancel one date of a connection, move it, or put it back."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.activities.clock import say_clock
from app.connections import calendar_queries as queries
from app.connections.calendar_actions import Calendar, read_calendar
from app.connections.calendar_queries import ConnectionRow
from app.connections.occurrences import Occurrence, expand, find_occurrence
from app.parameters import Query
from app.words import short_day

# Further away it is another date, not this one moved.
FARTHEST_MOVE = dt.timedelta(days=183)
# Dates farther from today than this are nobody's plan.
FARTHEST_YEARS = 5


@dataclass(frozen=True, slots=True)
class OneDate:
    """One date of a connection, and all it has to be compared with."""

    connection: ConnectionRow
    occurrence: Occurrence
    calendar: Calendar

    @property
    def state(self) -> str:
        """How it stands, for a form to send back: two people may change the same date."""
        return state_of(self.occurrence)


def state_of(occurrence: Occurrence) -> str:
    """Return how a date stands: "planned", "cancelled", or where it was moved to."""
    if occurrence.is_cancelled:
        return "cancelled"
    return f"{occurrence.on} {occurrence.opens_at:%H:%M}" if occurrence.is_moved else "planned"


def say_state(occurrence: Occurrence) -> str:
    """Return how a date stands, as the end of a sentence."""
    if occurrence.is_cancelled:
        return "is cancelled"
    return f"is on {short_day(occurrence.on)} at {say_clock(occurrence.opens_at)}"


def is_plausible(day: dt.date, *, today: dt.date) -> bool:
    """Return whether a day is within five years of today."""
    return abs(day.year - today.year) <= FARTHEST_YEARS


def find_date(
    session: Session, *, connection: ConnectionRow, form: Query, today: dt.date
) -> OneDate | None:
    """Return the date the fields `on` and `at` name; None with a problem when there is none."""
    on, at = form.date("on"), form.time("at")
    if form.problems:
        return None
    calendar = read_calendar(session, [connection])
    found = None
    if on is not None and at is not None and is_plausible(on, today=today):
        times, changes = calendar.times[connection.id], calendar.changes[connection.id]
        found = find_occurrence(times, changes, was_on=on, was_at=at)
    if found is None:
        form.wrong("on", "It is not on at that time. Choose one of its dates below.")
        return None
    return OneDate(connection, found, calendar)


def put_back(session: Session, *, one: OneDate, form: Query) -> None:
    """Let a date be as the rule says again, unless another was moved to its day meanwhile."""
    occurrence = one.occurrence
    if occurrence.change is None:
        return
    other = _other_on(one, occurrence.was_on)
    if other is not None:
        form.wrong("put_back", _taken(other, "Move that one first."))
        return
    _forget(session, one)


def cancel(session: Session, *, team_id: uuid.UUID, one: OneDate) -> None:
    """Cancel a date; doing it twice is no mistake."""
    if one.occurrence.is_cancelled:
        return
    _forget(session, one)
    queries.put_change(
        session,
        connection_id=one.connection.id,
        team_id=team_id,
        was_on=one.occurrence.was_on,
        was_at=one.occurrence.was_at,
    )


def move(
    session: Session, *, team_id: uuid.UUID, one: OneDate, form: Query, today: dt.date
) -> dt.date | None:
    """Move a date to the fields `moved_to`, `opens_at`, `closes_at`; return its new day.

    None, with a problem beside its field, when it cannot be there.
    """
    occurrence = one.occurrence
    day = form.date("moved_to")
    opens_at = form.time("opens_at") or occurrence.opens_at
    closes_at = form.time("closes_at")
    if "moved_to" not in form.problems:
        _check_day(one, day, form, today=today)
    if closes_at is not None and closes_at <= opens_at:
        form.wrong("closes_at", "It has to end after it starts.")
    if (day, opens_at, closes_at) == (occurrence.on, occurrence.opens_at, occurrence.closes_at):
        form.wrong("moved_to", "That is when it is already. Choose another day or time.")
    if form.problems or day is None:
        return None
    _forget(session, one)
    queries.put_change(
        session,
        connection_id=one.connection.id,
        team_id=team_id,
        was_on=occurrence.was_on,
        was_at=occurrence.was_at,
        moved_to=day,
        opens_at=opens_at,
        closes_at=closes_at,
    )
    return day


def _check_day(one: OneDate, day: dt.date | None, form: Query, *, today: dt.date) -> None:
    if day is None:
        form.wrong("moved_to", "Say which day it moves to.")
    elif day < today:
        form.wrong("moved_to", f"{short_day(day)} is over. Choose today or a later day.")
    elif abs(day - one.occurrence.was_on) > FARTHEST_MOVE:
        form.wrong("moved_to", "That is more than half a year away. Choose a nearer day.")
    elif (other := _other_on(one, day)) is not None:
        form.wrong("moved_to", _taken(other, "Choose another day."))


def _other_on(one: OneDate, day: dt.date) -> Occurrence | None:
    """Return another date of the same connection that takes place on `day`."""
    connection_id, mine = one.connection.id, one.occurrence
    there = expand(
        one.calendar.times[connection_id], one.calendar.changes[connection_id], first=day, last=day
    )
    key = mine.was_on, mine.was_at
    return next((o for o in there if (o.was_on, o.was_at) != key and not o.is_cancelled), None)


def _taken(other: Occurrence, next_step: str) -> str:
    when = f"{short_day(other.on)}, at {say_clock(other.opens_at)}"
    return f"It is on that day already: {when}. {next_step}"


def _forget(session: Session, one: OneDate) -> None:
    """Delete the change as it is stored: the hour of the rule may have changed since."""
    change = one.occurrence.change
    if change is not None:
        queries.delete_change(
            session,
            connection_id=one.connection.id,
            was_on=change.was_on,
            was_at=change.was_at,
        )
