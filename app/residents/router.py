"""The addresses of residents: the list, one of them, what they enjoy, and why we may keep it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from app.accounts.access import ForTeam
from app.accounts.people import TeamWork
from app.forms import Form
from app.interests.choosing import Choice
from app.parameters import Query, today
from app.rendering import page, see_other
from app.residents import actions, queries, ticking, words
from app.residents.answers import (
    BasisAnswer,
    NeedsAnswer,
    as_form,
    blank_form,
    read_basis,
    read_needs,
    read_rough_place,
    stored_basis,
    stored_needs,
)
from geo.interests import Vocabulary

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response, include_in_schema=False)

LARGEST_VERSION = 2**31 - 1
CONFLICT = 409
PLACE_FIELDS = ("near", "lon", "lat", "home")


@router.get("/residents")
def list_residents(request: Request, work: ForTeam) -> Response:
    """List the team's residents, who has had nothing lately on top."""
    listed = actions.list_residents(work, today=today())
    return page(request, "residents.html", listed=listed, is_home=work.team.is_home)


@router.get("/residents/new")
def ask_about_new_resident(request: Request, work: ForTeam) -> Response:
    """Show the form that starts with why somebody may be kept."""
    return _new_page(request, work, blank_form(today=today()))


def _new_page(request: Request, work: TeamWork, form: Query) -> Response:
    return page(request, "resident_new.html", query=form, words=words, is_home=work.team.is_home)


@router.post("/residents")
def add_resident(request: Request, work: ForTeam, form: Form) -> Response:
    """Keep somebody new, under a random reference."""
    basis, needs = read_basis(form, today=today()), read_needs(form)
    place = None if work.team.is_home else read_rough_place(work.session.connection(), form)
    asked_id = form.identifier("id")
    if form.problems or basis is None or needs is None:
        return _new_page(request, work, form)
    reference = actions.add_resident(
        work, asked_id=asked_id, basis=basis, needs=needs, place=place, today=today()
    )
    return see_other(f"/residents/{reference}/interests")


@router.get("/residents/sheet")
def show_sheet(request: Request, work: ForTeam) -> Response:
    """Show the sheet to print and to sit down with."""
    vocabulary = _vocabulary(request, work)
    return page(
        request,
        "residents_sheet.html",
        groups=ticking.groups(vocabulary, shows_special=False),
        stances=words.STANCES,
    )


@router.get("/residents/{reference}")
def show_resident(request: Request, work: ForTeam, reference: str) -> Response:
    """Show everything about one resident, and what to do next."""
    resident = actions.get_resident(work, reference)
    if reference != resident.reference:
        return see_other(f"/residents/{resident.reference}")
    story = actions.tell_story(work, resident, today=today())
    return page(request, "resident.html", story=story, words=words)


@router.get("/residents/{reference}/interests")
def ask_about_interests(request: Request, work: ForTeam, reference: str) -> Response:
    """Show the tick screen."""
    resident = actions.get_resident(work, reference)
    actions.note_reading(work, resident.id)
    query = as_form(version=resident.version)
    return _tick_screen(request, work, resident, query)


@router.post("/residents/{reference}/interests")
def save_interests(request: Request, work: ForTeam, reference: str, form: Form) -> Response:
    """Store what was ticked, all of it or nothing."""
    resident = actions.get_resident(work, reference)
    held = queries.list_interests(work.session, resident_id=resident.id)
    version = _version(form)
    ticks = ticking.read_ticks(
        work.session.connection(),
        _vocabulary(request, work),
        form,
        held=held,
        allows_special=resident.special_basis is not None,
    )
    if form.problems:
        return _tick_screen(request, work, resident, form, choice=ticks.choice)
    if actions.save_interests(work, resident, version=version, stances=ticks.stances):
        return see_other(f"/residents/{resident.reference}")
    fresh = actions.get_resident(work, reference)
    return _tick_screen(request, work, fresh, form, choice=ticks.choice, is_conflict=True)


def _tick_screen(
    request: Request,
    work: TeamWork,
    resident: sa.Row[Any],
    query: Query,
    *,
    choice: Choice | None = None,
    is_conflict: bool = False,
) -> Response:
    vocabulary = _vocabulary(request, work)
    held = queries.list_interests(work.session, resident_id=resident.id)
    typed = ticking.typed_stances(query)
    return page(
        request,
        "resident_interests.html",
        status=CONFLICT if is_conflict else 200,
        query=query,
        resident=resident,
        # After a problem, the version the form was made with still counts.
        version=resident.version if is_conflict else query.typed("version"),
        groups=ticking.groups(
            vocabulary, held=held, typed=typed, shows_special=resident.special_basis is not None
        ),
        stances=words.STANCES,
        choice=choice,
        differences=ticking.differences(vocabulary, held, typed) if is_conflict else (),
        is_conflict=is_conflict,
    )


@router.get("/residents/{reference}/details")
def ask_about_needs(request: Request, work: ForTeam, reference: str) -> Response:
    """Show the form about how far somebody goes, what they need there, and when."""
    resident = actions.get_resident(work, reference)
    actions.note_reading(work, resident.id)
    form = as_form(stored_needs(resident), version=resident.version)
    return _form_page(request, "resident_details.html", form, resident)


@router.post("/residents/{reference}/details")
def save_needs(request: Request, work: ForTeam, reference: str, form: Form) -> Response:
    """Store needs, and for people at home the rough place."""
    resident = actions.get_resident(work, reference)
    needs, version = read_needs(form), _version(form)
    place = None if work.team.is_home else read_rough_place(work.session.connection(), form)
    takes_place_out = form.is_ticked("no_place")
    if form.problems or needs is None:
        return _form_page(request, "resident_details.html", form, resident)
    if not actions.save_needs(work, resident, version=version, needs=needs):
        fresh = actions.get_resident(work, reference)
        return _conflict_page(
            request,
            "resident_details.html",
            form=form,
            resident=fresh,
            stored=stored_needs(fresh),
            mine=needs,
        )
    if place or (takes_place_out and not work.team.is_home):
        queries.set_place(work.session, resident_id=resident.id, place=place)
    return see_other(f"/residents/{resident.reference}")


@router.get("/residents/{reference}/basis")
def ask_about_basis(request: Request, work: ForTeam, reference: str) -> Response:
    """Show why somebody is kept, and the form to record it anew."""
    resident = actions.get_resident(work, reference)
    actions.note_reading(work, resident.id)
    form = as_form(stored_basis(resident), version=resident.version)
    return _form_page(request, "resident_basis.html", form, resident)


@router.post("/residents/{reference}/basis")
def save_basis(request: Request, work: ForTeam, reference: str, form: Form) -> Response:
    """Record a basis anew, with today's date and who."""
    resident = actions.get_resident(work, reference)
    basis, version = read_basis(form, today=today()), _version(form)
    if form.problems or basis is None:
        return _form_page(request, "resident_basis.html", form, resident)
    if actions.save_basis(work, resident, version=version, basis=basis, today=today()):
        return see_other(f"/residents/{resident.reference}")
    fresh = actions.get_resident(work, reference)
    return _conflict_page(
        request,
        "resident_basis.html",
        form=form,
        resident=fresh,
        stored=stored_basis(fresh),
        mine=basis,
    )


def _form_page(request: Request, template: str, form: Query, resident: sa.Row[Any]) -> Response:
    return page(
        request,
        template,
        query=form,
        resident=resident,
        version=form.typed("version"),
        words=words,
    )


def _conflict_page(
    request: Request,
    template: str,
    *,
    form: Query,
    resident: sa.Row[Any],
    stored: BasisAnswer | NeedsAnswer,
    mine: BasisAnswer | NeedsAnswer,
) -> Response:
    """Show both versions; sent again, the form is about the newer one, so it is stored."""
    return page(
        request,
        template,
        status=CONFLICT,
        query=form,
        resident=resident,
        version=resident.version,
        words=words,
        is_conflict=True,
        differences=actions.differences(stored.in_words(), mine.in_words()),
    )


def _version(form: Query) -> int:
    return form.whole_number("version", low=0, high=LARGEST_VERSION, default=0)


def _vocabulary(request: Request, work: TeamWork) -> Vocabulary:
    vocabulary: Vocabulary = request.app.state.names.vocabulary.get(work.session.connection())
    return vocabulary
