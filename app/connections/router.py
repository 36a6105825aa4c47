"""The addresses of connections, their notes and visits, and of handing them over."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForTeam
from app.accounts.people import TeamWork
from app.assets.actions import NameCache
from app.connections import actions, fields, owner_actions, queries, visit_actions, wording
from app.connections.fields import Field
from app.connections.merging import Clash
from app.forms import Form
from app.parameters import Query, read_uuid, today
from app.rendering import page, see_other

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

CHANGED_SINCE = "Somebody has changed this visit since you opened it. Look again, then remove it."


def _said(request: Request) -> str | None:
    """Return the sentence about what was just done."""
    return wording.SAID.get(request.query_params.get("said", ""))


def _there(connection_id: uuid.UUID, said: str, part: str = "") -> Response:
    return see_other(f"/connections/{connection_id}?said={said}{part}")


@router.post("/connections", include_in_schema=False)
def connect(request: Request, work: ForTeam, form: Form) -> Response:
    """Turn a match into a connection, or open the one there is."""
    cache: NameCache = request.app.state.names
    vocabulary = cache.vocabulary.get(work.session.connection())
    connection_id, said = actions.connect(work, vocabulary, form)
    return _there(connection_id, said)


@router.get("/connections", include_in_schema=False)
def list_connections(request: Request, work: ForTeam) -> Response:
    """List the team's connections: what is due first, then step by step."""
    rows = queries.list_connections(work.session, team_id=work.team.id, today=today())
    return page(
        request,
        "connections.html",
        groups=wording.in_groups(rows),
        ownership=owner_actions.ownership_choices(work),
        wording=wording,
        today=today(),
        said=_said(request),
    )


# Before the addresses with an id: "owner" is none.
@router.post("/connections/owner", include_in_schema=False)
def move_ownership(work: ForTeam, form: Form) -> Response:
    """Hand over all connections of one person to a colleague."""
    owner_actions.move_ownership(work, form)
    return see_other("/connections?said=moved")


@router.get("/connections/{connection_id}", include_in_schema=False)
def show_connection(request: Request, connection_id: str, work: ForTeam) -> Response:
    """Show a connection: whom to ring, what to say, how far it is, its visits and notes."""
    return _show(request, work, read_uuid(connection_id))


def _show(
    request: Request,
    work: TeamWork,
    connection_id: uuid.UUID,
    *,
    form: Query | None = None,
    sent: str = "",
    same: uuid.UUID | None = None,
) -> Response:
    """Return a connection's page; `sent`: which form is shown again as typed.

    `same` is the visit there is already on the day of a new one.
    """
    details = actions.get_details(work, connection_id)
    return page(
        request,
        "connection.html",
        query=form,
        sent=sent,
        details=details,
        c=details.connection,
        ticked=_ticked(form),
        wording=wording,
        fields=fields,
        today=today(),
        said=_said(request),
        same=same,
    )


def _ticked(form: Query | None) -> set[str]:
    return set(form.texts("reference", most=actions.MOST_PEOPLE)) if form else set()


@router.post("/connections/{connection_id}", include_in_schema=False)
def edit_connection(request: Request, connection_id: str, work: ForTeam, form: Form) -> Response:
    """Change what a form holds; two versions of the same field are shown side by side."""
    identifier = read_uuid(connection_id)
    done = actions.edit(work, identifier, form)
    if done.clashes:
        return _clash(request, work, identifier, form=form, done=done, known=fields.CONNECTION)
    if form.problems:
        return _show(request, work, identifier, form=form, sent=_sent(form))
    part = "#next-step" if form.has("next_step") else ""
    return _there(identifier, done.said, part)


def _sent(form: Query) -> str:
    if form.has("for_people"):
        return "people"
    return "step" if form.has("next_step") else "facts"


@router.post("/connections/{connection_id}/status", include_in_schema=False)
def set_status(request: Request, connection_id: str, work: ForTeam, form: Form) -> Response:
    """Move a connection to another step."""
    identifier = read_uuid(connection_id)
    done = actions.set_status(work, identifier, form)
    if done.clashes:
        return _clash(request, work, identifier, form=form, done=done, known=fields.STATUS)
    if form.problems:
        return _show(request, work, identifier, form=form, sent="status")
    return _there(identifier, done.said, "#next-step")


@router.post("/connections/{connection_id}/notes", include_in_schema=False)
def change_notes(request: Request, connection_id: str, work: ForTeam, form: Form) -> Response:
    """Add a note or take one out."""
    identifier = read_uuid(connection_id)
    done = actions.change_notes(work, identifier, form)
    if form.problems:
        return _show(request, work, identifier, form=form, sent="note")
    return _there(identifier, done.said, "#notes")


@router.post("/connections/{connection_id}/visits", include_in_schema=False)
def add_visit(request: Request, connection_id: str, work: ForTeam, form: Form) -> Response:
    """Record a visit."""
    identifier = read_uuid(connection_id)
    done, same = visit_actions.add_visit(work, identifier, form)
    if form.problems:
        return _show(request, work, identifier, form=form, sent="visit", same=same)
    return _there(identifier, done.said, "#visits")


@router.get("/connections/{connection_id}/visits/{visit_id}", include_in_schema=False)
def show_visit(request: Request, connection_id: str, visit_id: str, work: ForTeam) -> Response:
    """Show a visit, to be corrected or removed."""
    return _show_visit(request, work, read_uuid(connection_id), read_uuid(visit_id))


def _show_visit(
    request: Request,
    work: TeamWork,
    connection_id: uuid.UUID,
    visit_id: uuid.UUID,
    *,
    form: Query | None = None,
    status: int = HTTPStatus.OK,
    warning: str | None = None,
) -> Response:
    details = visit_actions.get_visit(work, connection_id, visit_id)
    return page(
        request,
        "visit.html",
        status=status,
        query=form,
        details=details,
        c=details.connection,
        visit=details.visit,
        ticked=_ticked(form),
        wording=wording,
        fields=fields,
        today=today(),
        warning=warning,
    )


@router.post("/connections/{connection_id}/visits/{visit_id}", include_in_schema=False)
def edit_visit(
    request: Request, connection_id: str, visit_id: str, work: ForTeam, form: Form
) -> Response:
    """Correct a visit, or take it out."""
    identifier, visit = read_uuid(connection_id), read_uuid(visit_id)
    if form.has("remove"):
        if visit_actions.remove_visit(work, identifier, visit, form):
            return _there(identifier, "removed", "#visits")
        return _show_visit(
            request, work, identifier, visit, status=HTTPStatus.CONFLICT, warning=CHANGED_SINCE
        )
    done = visit_actions.edit_visit(work, identifier, visit, form)
    if done is None:
        form.wrong("visited_on", visit_actions.VISIT_GONE)
        answer = _show(request, work, identifier, form=form, sent="visit")
        answer.status_code = HTTPStatus.CONFLICT
        return answer
    if done.clashes:
        return _clash(request, work, identifier, form=form, done=done, known=fields.VISIT)
    if form.problems:
        return _show_visit(request, work, identifier, visit, form=form)
    return _there(identifier, done.said, "#visits")


def _clash(
    request: Request,
    work: TeamWork,
    connection_id: uuid.UUID,
    *,
    form: Query,
    done: actions.Done,
    known: Mapping[str, Field],
) -> Response:
    """Show both versions of what two people changed, to be chosen from; nothing is changed."""
    connection = queries.find_connection(
        work.session, team_id=work.team.id, connection_id=connection_id
    )
    return page(
        request,
        "connection_clash.html",
        status=HTTPStatus.CONFLICT,
        query=form,
        c=connection,
        action=request.url.path,
        version=done.version,
        clashes=done.clashes,
        kept=_kept(form, done.clashes, known),
    )


def _kept(
    form: Query, clashes: Sequence[Clash], known: Mapping[str, Field]
) -> list[tuple[str, Any]]:
    """Return what else a form holds, so that it is not lost while somebody chooses."""
    in_question = {clash.field.name for clash in clashes}
    kept = [
        (name, form.typed_long(name))
        for one in known
        if one not in in_question
        for name in (one, f"was_{one}")
        if form.has(name)
    ]
    if form.has("in_days") and "next_step_on" not in in_question:
        kept.append(("in_days", form.typed("in_days")))
    for name in ("reference", "was_reference"):
        kept += [(name, value) for value in form.texts(name, most=actions.MOST_PEOPLE)]
    kept += [(name, "1") for name in ("for_people", "was_version") if form.has(name)]
    return kept
