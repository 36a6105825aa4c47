"""What somebody finds when they sign in: their day by task, or what their role can do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.accounts.people import Person, Team, Work
from app.connections.occurrences import LONDON, Occurrence, expand
from app.models import Role
from app.moderation.queries import count_waiting
from app.parameters import today
from app.today import queries
from app.today.queries import Happening
from app.words import ago

A_WEEK = dt.timedelta(days=6)
# A visit nobody wrote down is asked for this long; after that nobody remembers how it went.
ASKED_FOR = dt.timedelta(days=14)
MOST_UNRECORDED = 5
# "Lately", for residents: this month.
LATELY = dt.timedelta(days=30)
REVIEW_AHEAD = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Dated:
    """One day on which a connection takes place."""

    connection: sa.Row[Any]
    occurrence: Occurrence


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A team's day, by task."""

    on: dt.date
    today: list[Dated]
    this_week: list[Dated]
    unrecorded: list[Dated]
    steps: Sequence[sa.Row[Any]]
    residents: Sequence[sa.Row[Any]]
    reviews: Sequence[sa.Row[Any]]

    @property
    def waiting(self) -> int:
        """How many residents have had no match and no outing lately, shown or not."""
        return self.residents[0].of if self.residents else 0


def show_dashboard(work: Work, team: Team) -> Dashboard:
    """Return a team's day, and write down that its residents were shown."""
    day = today()
    of_team = {"team_id": team.id}
    happening = queries.list_happening(work.session, **of_team, since=day - ASKED_FOR)
    dated = list_today(happening, first=day - ASKED_FOR, last=day + A_WEEK)
    residents = queries.list_waiting_residents(work.session, **of_team, since=day - LATELY)
    reviews = queries.list_reviews_due(work.session, **of_team, until=day + REVIEW_AHEAD)
    queries.record_read(
        work.session,
        account_id=work.person.account_id,
        **of_team,
        ids=list({row.id for row in (*residents, *reviews)}),
    )
    return Dashboard(
        on=day,
        today=[one for one in dated if one.occurrence.on == day],
        this_week=[one for one in dated if one.occurrence.on > day],
        unrecorded=_unrecorded(dated, happening),
        steps=queries.list_steps_due(work.session, **of_team, today=day),
        residents=residents,
        reviews=reviews,
    )


def list_today(happening: Sequence[Happening], *, first: dt.date, last: dt.date) -> list[Dated]:
    """Return what takes place from `first` to `last`, both included, in order; not what is off."""
    found = [
        Dated(one.row, occurrence)
        for one in happening
        for occurrence in expand(one.times, one.changes, first=first, last=last)
        if not occurrence.is_cancelled
    ]
    return sorted(
        found, key=lambda one: (one.occurrence.on, one.occurrence.opens_at, one.connection.title)
    )


def last_time(row: sa.Row[Any], day: dt.date) -> str:
    """Return when a resident last had a match or an outing: "Last match 6 weeks ago"."""
    if row.last_on is None:
        return "No match yet"
    return f"Last {'outing' if row.outing_on == row.last_on else 'match'} {ago(row.last_on, day)}"


def _unrecorded(dated: Sequence[Dated], happening: Sequence[Happening]) -> list[Dated]:
    """Return what is over and has no visit written down, the newest first, each once."""
    now = dt.datetime.now(tz=LONDON)
    recorded = {one.row.id: one.visited_on for one in happening}
    found: dict[Any, Dated] = {}
    for one in reversed(dated):
        began = one.connection.created_at.astimezone(LONDON).date()
        is_over = (one.occurrence.ends_at or one.occurrence.starts_at) < now
        is_known = one.occurrence.on in recorded[one.connection.id]
        if is_over and not is_known and one.occurrence.on >= began:
            found.setdefault(one.connection.id, one)
    return list(found.values())[:MOST_UNRECORDED]


@dataclass(frozen=True, slots=True)
class Duties:
    """What somebody's roles outside a team let them do: the wards they have, by role."""

    roles: tuple[Role, ...]
    wards: Sequence[sa.Row[Any]]
    # How many wait for an editor; None: not theirs to decide.
    waiting: int | None = None


def list_duties(work: Work) -> Duties:
    """Return the roles somebody has beside those in a team, and the wards of these."""
    held = [one for one in work.person.held if one.team_id is None]
    codes = sorted({code for one in held for code in one.ward_codes})
    wards = queries.list_wards(work.session, codes=codes) if codes else []
    waiting = None
    if work.person.is_editor:
        counts = count_waiting(work.session)
        waiting = counts.suggestion + counts.photo + counts.gone + counts.problem
    return Duties(tuple(dict.fromkeys(one.role for one in held)), wards, waiting)


def has_nothing(person: Person) -> bool:
    """Return whether somebody has an account and no role at all."""
    return not person.held
