"""The addresses of when a connection happens: its times, and single dates cancelled or moved."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForTeam
from app.accounts.people import TeamWork
from app.connections import calendar_queries as queries
from app.connections import date_changes, time_changes
from app.connections.calendar_actions import read_calendar
from app.connections.calendar_queries import ConnectionRow, TimeRow
from app.connections.date_changes import OneDate
from app.errors import NotFound
from app.forms import Form
from app.parameters import Query, read_uuid, today
from app.rendering import page, see_other

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

DATES_TO_CHOOSE_FROM = 12
DATES_OF_A_TIME = 3


def _find(work: TeamWork, connection_id: str) -> ConnectionRow:
    found = queries.find_connection(
        work.session, connection_id=read_uuid(connection_id), team_id=work.team.id
    )
    if found is None:
        raise NotFound("There is nothing at this address.")
    return found


@router.get("/connections/{connection_id}/times", include_in_schema=False)
def show_times(request: Request, work: ForTeam, connection_id: str) -> Response:
    """Show when a connection happens, and the form to add a time or change one."""
    connection = _find(work, connection_id)
    query = Query(request.query_params)
    wanted = query.text("edit")
    edited = _own_time(work, connection, wanted) if wanted else None
    if wanted and edited is None:
        raise NotFound("There is nothing at this address.")
    values = time_changes.values_of(edited) if edited else {}
    return _times_page(request, work, connection, query=query, edited=edited, values=values)


def _own_time(work: TeamWork, connection: ConnectionRow, time_id: str) -> TimeRow | None:
    wanted = read_uuid(time_id)
    times = queries.list_times(work.session, ids=[connection.id])
    return next((time for time in times if time.id == wanted), None)


def _times_page(
    request: Request, work: TeamWork, connection: ConnectionRow, *, query: Query, **more: Any
) -> Response:
    calendar = read_calendar(work.session, [connection])
    times, changes = calendar.times[connection.id], calendar.changes[connection.id]

    def next_days(time: TimeRow) -> list[dt.date]:
        return time_changes.next_days(time, changes, after=today(), count=DATES_OF_A_TIME)

    return page(
        request,
        "connection_times.html",
        query=query,
        connection=connection,
        times=[time for time in times if time.id],
        schedules=queries.list_schedules(work.session, connection_id=connection.id),
        say_time=time_changes.say_time,
        next_days=next_days,
        today=today(),
        **more,
    )


@router.post("/connections/{connection_id}/times", include_in_schema=False)
def put_time(request: Request, work: ForTeam, connection_id: str, form: Form) -> Response:
    """Show what was understood of a time; store it once that has been seen."""
    connection = _find(work, connection_id)
    wanted = form.text("time_id")
    edited = _own_time(work, connection, wanted) if wanted else None
    kept = tuple(edited.exdates) if edited else ()
    draft = time_changes.read_draft(form, today=today(), exdates=kept)
    shown: dict[str, Any] = {
        "edited": edited,
        "draft": draft,
        "values": {name: form.typed(name) for name in time_changes.FIELDS},
    }
    is_seen = draft is not None and form.typed("seen") == draft.seen
    if draft is None or not is_seen or form.typed("step") != "save":
        return _times_page(request, work, connection, query=form, **shown)
    if wanted is None:
        time_changes.add_time(
            work.session, connection_id=connection.id, team_id=work.team.id, draft=draft, form=form
        )
        if form.problems:
            return _times_page(request, work, connection, query=form, **shown)
    elif not time_changes.change_time(work.session, time=edited, draft=draft, form=form):
        # `edited` is how it is now; what was typed stays in the form, for a second look.
        shown["is_conflict"] = True
        return _times_page(request, work, connection, query=form, status=409, **shown)
    return see_other(f"/connections/{connection.id}/times")


@router.post("/connections/{connection_id}/times/{time_id}/end", include_in_schema=False)
def end_time(
    request: Request, work: ForTeam, connection_id: str, time_id: str, form: Form
) -> Response:
    """Give a time its last day."""
    connection = _find(work, connection_id)
    time = _own_time(work, connection, time_id)
    if time is None:
        raise NotFound("There is nothing at this address.")
    is_done = time_changes.end_time(work.session, time=time, form=form, today=today())
    if not is_done:
        return _times_page(
            request, work, connection, query=form, status=409, has_changed=time, values={}
        )
    if form.problems:
        return _times_page(request, work, connection, query=form, values={})
    return see_other(f"/connections/{connection.id}/times")


@router.get("/connections/{connection_id}/dates", include_in_schema=False)
def show_dates(request: Request, work: ForTeam, connection_id: str) -> Response:
    """Show one date with the forms to cancel or move it, or the next dates to choose from."""
    connection = _find(work, connection_id)
    query = Query(request.query_params)
    one = None
    if query.typed("on") or query.typed("at"):
        one = date_changes.find_date(work.session, connection=connection, form=query, today=today())
    return _dates_page(request, work, connection, query=query, one=one)


def _dates_page(
    request: Request, work: TeamWork, connection: ConnectionRow, *, query: Query, **more: Any
) -> Response:
    calendar = read_calendar(work.session, [connection])
    return page(
        request,
        "connection_dates.html",
        query=query,
        connection=connection,
        next_dates=calendar.next_dates(connection.id, after=today(), count=DATES_TO_CHOOSE_FROM),
        say_state=date_changes.say_state,
        today=today(),
        **more,
    )


@router.post("/connections/{connection_id}/dates", include_in_schema=False)
def change_date(request: Request, work: ForTeam, connection_id: str, form: Form) -> Response:
    """Cancel one date, move it, or put it back."""
    connection = _find(work, connection_id)
    queries.hold_connection(work.session, connection_id=connection.id, team_id=work.team.id)
    one = date_changes.find_date(work.session, connection=connection, form=form, today=today())
    if one is None:
        return _dates_page(request, work, connection, query=form, one=None)
    seen = form.typed("seen")
    if seen and seen != one.state:
        return _dates_page(
            request, work, connection, query=form, one=one, status=409, is_conflict=True
        )
    day = _change(work, one, form)
    if form.problems or day is None:
        return _dates_page(request, work, connection, query=form, one=one)
    return see_other(f"/week?from={day}#day-{day}")


def _change(work: TeamWork, one: OneDate, form: Query) -> dt.date | None:
    """Do what the form's button says and return the day to look at."""
    if form.is_ticked("put_back"):
        date_changes.put_back(work.session, one=one, form=form)
        return one.occurrence.was_on
    if form.is_ticked("cancel"):
        date_changes.cancel(work.session, team_id=work.team.id, one=one)
        return one.occurrence.was_on
    return date_changes.move(work.session, team_id=work.team.id, one=one, form=form, today=today())
