"""What a team does with a visit: record it, correct it, take it out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.accounts.people import TeamWork
from app.connections import edit_queries, fields, queries, visit_queries
from app.connections.actions import NOTHING_HERE, Done, lock, read_ticks, record_shown
from app.connections.merging import merge, read_edit
from app.errors import NotFound
from app.parameters import Query, today

VISIT_GONE = "Somebody has removed this visit. What you wrote is below: save it as a new one."
NOT_YET = "Day of the visit: that day is still to come. Record the visit when it has happened."


@dataclass(frozen=True, slots=True)
class VisitDetails:
    """A visit as its page shows it."""

    connection: sa.Row[Any]
    visit: sa.Row[Any]
    people: Sequence[sa.Row[Any]]


def get_visit(work: TeamWork, connection_id: uuid.UUID, visit_id: uuid.UUID) -> VisitDetails:
    """Return a visit, and write down whose references were shown; raises NotFound."""
    found = queries.find_connection(work.session, team_id=work.team.id, connection_id=connection_id)
    visit = visit_queries.find_visit(work.session, connection_id=connection_id, visit_id=visit_id)
    if found is None or visit is None:
        raise NotFound(NOTHING_HERE)
    people = edit_queries.list_people(
        work.session, team_id=work.team.id, connection_id=connection_id
    )
    record_shown(work, people, set(visit.came))
    return VisitDetails(found, visit, people)


def add_visit(
    work: TeamWork, connection_id: uuid.UUID, form: Query
) -> tuple[Done, uuid.UUID | None]:
    """Record a visit; with problems in the form nothing is stored.

    The id is of the visit that the same day has already, if that is the problem.
    """
    lock(work, connection_id)
    wanted = {name: one.read(form) for name, one in fields.VISIT.items()}
    ticks = read_ticks(form, _people(work, connection_id), now=set())
    day = _judge_day(form, wanted["visited_on"])
    same = None
    if day:
        same = visit_queries.find_visit_on(work.session, connection_id=connection_id, day=day)
        if same:
            form.wrong("visited_on", "Day of the visit: this day has one already. Add to it.")
    if form.problems or ticks is None:
        return Done(), same
    visit_id = visit_queries.add_visit(
        work.session,
        team_id=work.team.id,
        connection_id=connection_id,
        recorded_by=work.person.account_id,
        values=wanted,
    )
    visit_queries.set_who_came(
        work.session, team_id=work.team.id, visit_id=visit_id, added=ticks[0], removed=[]
    )
    return Done("visit"), None


def edit_visit(
    work: TeamWork, connection_id: uuid.UUID, visit_id: uuid.UUID, form: Query
) -> Done | None:
    """Correct a visit; with problems in the form nothing is changed. None: it is not there."""
    lock(work, connection_id)
    visit = visit_queries.find_visit(work.session, connection_id=connection_id, visit_id=visit_id)
    if visit is None:
        return None
    wanted = read_edit(form, fields.VISIT)
    ticks = None
    if form.has("for_people"):
        ticks = read_ticks(form, _people(work, connection_id), now=set(visit.came))
    merged = merge(wanted, now=visit, fields=fields.VISIT)
    day = merged.changes.get("visited_on")
    if day is not None or not wanted.mine.get("visited_on", "x"):
        judged = _judge_day(form, day or "")
        if judged and visit_queries.find_visit_on(
            work.session, connection_id=connection_id, day=judged
        ):
            form.wrong("visited_on", "Day of the visit: that day has another visit already.")
    if form.problems:
        return Done()
    if merged.clashes:
        return Done(clashes=merged.clashes, version=visit.version)
    if ticks:
        visit_queries.set_who_came(
            work.session,
            team_id=work.team.id,
            visit_id=visit_id,
            added=ticks[0],
            removed=ticks[1],
        )
    if merged.changes:
        visit_queries.update_visit(
            work.session, visit_id=visit_id, version=visit.version, changes=merged.changes
        )
    return Done("merged" if merged.is_changed_meanwhile else "saved")


def remove_visit(
    work: TeamWork, connection_id: uuid.UUID, visit_id: uuid.UUID, form: Query
) -> bool:
    """Take a visit out; False when somebody has changed it since the page was opened.

    One that is out already is no problem: that is what was wanted.
    """
    lock(work, connection_id)
    visit = visit_queries.find_visit(work.session, connection_id=connection_id, visit_id=visit_id)
    if visit is None:
        return True
    version = form.whole_number("version", low=0, high=10**9, default=0)
    return visit_queries.remove_visit(work.session, visit_id=visit_id, version=version)


def _people(work: TeamWork, connection_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    return edit_queries.list_people(work.session, team_id=work.team.id, connection_id=connection_id)


def _judge_day(form: Query, value: str) -> dt.date | None:
    """Return the day of a visit, unless it is missing, still to come, or a problem already."""
    if "visited_on" in form.problems:
        return None
    if not value:
        form.wrong("visited_on", "Day of the visit: say when it was.")
        return None
    day = dt.date.fromisoformat(value)
    if day > today():
        form.wrong("visited_on", NOT_YET)
        return None
    return day
