"""The hand-over: everything a stranger needs on Monday, put together from what is stored anyway."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.activities.clock import say_clock
from app.connections import calendar_queries, handover_queries
from app.connections.calendar_actions import (
    AGREED,
    NOT_AGREED_YET,
    WEEK,
    Calendar,
    read_calendar,
)
from app.connections.calendar_queries import ConnectionRow
from app.connections.handover_queries import HandedOver, Member, VisitRow
from app.connections.occurrences import Occurrence
from app.connections.time_changes import next_days, say_time
from app.words import short_day

NEXT_DATES = LAST_VISITS = 3
FIRST_THINGS = 6
CLOSED = ("paused", "ended")
# The order of the page: what happens, then what may.
STATUSES = ("happening", "agreed", NOT_AGREED_YET, "suggested")


@dataclass(frozen=True, slots=True)
class Item:
    """One connection, with what is known of it."""

    place: ConnectionRow
    more: HandedOver
    when: list[str]
    next_dates: list[Occurrence]
    visits: list[VisitRow]

    def is_late(self, today: dt.date) -> bool:
        """Whether its next step was due before today."""
        return self.place.next_step_on is not None and self.place.next_step_on < today


@dataclass(frozen=True, slots=True)
class FirstThing:
    """One thing to do or to know in the coming week."""

    on: dt.date
    sentence: str
    connection: ConnectionRow
    # A step somebody promised to take, not a date.
    is_step: bool


@dataclass(frozen=True, slots=True)
class Handover:
    """The whole page."""

    open: list[Item]
    closed: list[Item]
    first_things: list[FirstThing]
    members: list[Member]
    # Name of the owner, how many open connections, and whether they are still here.
    owners: list[tuple[str, int, bool]]
    changed_at: dt.datetime | None
    managers: list[str] = field(default_factory=list)


def read_handover(session: Session, *, team_id: uuid.UUID, today: dt.date) -> Handover:
    """Return a team's hand-over as it stands just now."""
    places = calendar_queries.list_connections(
        session, team_id=team_id, statuses=(*STATUSES, *CLOSED)
    )
    more = {row.id: row for row in handover_queries.list_handed_over(session, team_id=team_id)}
    calendar = read_calendar(session, places)
    visits: dict[uuid.UUID, list[VisitRow]] = defaultdict(list)
    ids = [place.id for place in places]
    for visit in handover_queries.list_last_visits(session, ids=ids, most=LAST_VISITS):
        visits[visit.connection_id].append(visit)
    items = [
        _item(place, more[place.id], calendar, visits[place.id], today)
        for place in places
        if place.id in more
    ]
    is_open = [item for item in items if item.place.status not in CLOSED]
    is_open.sort(key=lambda item: (STATUSES.index(item.place.status), item.place.title.casefold()))
    members = handover_queries.list_members(session, team_id=team_id)
    return Handover(
        open=is_open,
        closed=[item for item in items if item.place.status in CLOSED],
        first_things=_first_things(is_open, calendar, today),
        members=members,
        owners=_owners(is_open),
        changed_at=max((item.more.updated_at for item in items), default=None),
        managers=[member.name for member in members if "manager" in member.roles],
    )


def _item(
    place: ConnectionRow,
    more: HandedOver,
    calendar: Calendar,
    visits: list[VisitRow],
    today: dt.date,
) -> Item:
    times = calendar.times[place.id]
    return Item(
        place,
        more,
        when=[say_time(time) for time in times if next_days(time, after=today, count=1)],
        next_dates=calendar.next_dates(place.id, after=today, count=NEXT_DATES),
        visits=visits,
    )


def _first_things(items: Sequence[Item], calendar: Calendar, today: dt.date) -> list[FirstThing]:
    """Return what is late, due or on within a week, in the order of its days."""
    end = today + WEEK
    found = [
        FirstThing(
            item.place.next_step_on, item.place.next_step or "Next step", item.place, is_step=True
        )
        for item in items
        if item.place.next_step_on is not None and item.place.next_step_on <= end
    ]
    for dated in calendar.dates(first=today, last=end):
        one, place = dated.occurrence, dated.connection
        if place.status in AGREED and not one.is_cancelled:
            who = f" {place.welcomed_by} {'welcomes them' if place.is_visit else 'goes along'}."
            sentence = f"{place.title}, {say_clock(one.opens_at)}."
            found.append(
                FirstThing(one.on, sentence + (who if place.welcomed_by else ""), place, False)
            )
    return sorted(found, key=lambda thing: thing.on)[:FIRST_THINGS]


def _owners(items: Sequence[Item]) -> list[tuple[str, int, bool]]:
    counts = Counter((item.more.owner_name, item.more.is_owner_here) for item in items)
    return [(name, count, is_here) for (name, is_here), count in counts.most_common()]


def say_dates(dates: Sequence[Occurrence]) -> str:
    """Return dates as people say them, with the hour where it is not the first one's."""
    said: list[str] = []
    for one in dates:
        hour = "" if said and one.opens_at == dates[0].opens_at else f", {say_clock(one.opens_at)}"
        moved = " (moved)" if one.is_moved else ""
        said.append(f"{short_day(one.on)}{hour}{moved}")
    return "; ".join(said)
