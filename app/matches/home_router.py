"""The address of the question for a whole home: what would please most people here."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.datastructures import QueryParams

from app.accounts.access import ForTeam
from app.accounts.people import TeamWork
from app.assets.actions import NameCache
from app.forms import Form
from app.matches.asking import read_filters
from app.matches.home_actions import please_everyone
from app.parameters import Query
from app.rendering import page
from app.residents.actions import note_reading

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)


@router.get("/matches/everyone", include_in_schema=False)
def show_everyone(request: Request, work: ForTeam) -> Response:
    """Show what would please most residents, and everybody's best match."""
    return _page(request, work, Query(QueryParams()))


@router.post("/matches/everyone", include_in_schema=False)
def filter_everyone(request: Request, form: Form, work: ForTeam) -> Response:
    """Show the same with filters."""
    return _page(request, work, form)


def _page(request: Request, work: TeamWork, query: Query) -> Response:
    cache: NameCache = request.app.state.names
    connection = work.session.connection()
    names, vocabulary = cache.get(connection), cache.vocabulary.get(connection)
    filters = read_filters(query)
    everyone = please_everyone(
        connection,
        vocabulary,
        team=work.team,
        filters=filters,
        walking=request.app.state.walking.get(connection),
    )
    note_reading(work, None)
    return page(
        request,
        "everyone.html",
        query=query,
        everyone=everyone,
        team=work.team,
        is_post=request.method == "POST",
        sources=names.sources_in(everyone.source_ids),
    )
