"""The addresses of matches for one resident: nothing of what they enjoy is in any of them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.datastructures import QueryParams

from app.accounts.access import ForTeam
from app.accounts.people import TeamWork
from app.assets.actions import NameCache
from app.forms import Form
from app.matches import unmet
from app.matches.actions import way_sources
from app.matches.asking import FILTER_FIELDS, read_filters
from app.matches.maps import map_of_matches
from app.matches.resident_actions import (
    Resident,
    find_for_resident,
    get_resident,
    look_for_gaps,
)
from app.matches.walked import walker_for
from app.parameters import Query
from app.places.actions import Place, Whereabouts
from app.rendering import map_answer, page
from app.residents.actions import note_reading
from app.walking.actions import Walking

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

PRIVATE = {"cache-control": "private, no-store"}
KEPT_FIELDS = ("within", *FILTER_FIELDS)


@router.get("/residents/{reference}/matches", include_in_schema=False)
def show_matches(request: Request, reference: str, work: ForTeam) -> Response:
    """Show what fits a resident, from what is kept about them."""
    return _page(request, work, reference, Query(QueryParams()))


@router.post("/residents/{reference}/matches", include_in_schema=False)
def filter_matches(request: Request, reference: str, form: Form, work: ForTeam) -> Response:
    """Show the same with filters, or farther away."""
    # "Look farther" is a button beside the form's own choice, and says more.
    farther = form.text("farther")
    return _page(request, work, reference, form.having("within", [farther]) if farther else form)


def _page(request: Request, work: TeamWork, reference: str, query: Query) -> Response:
    cache: NameCache = request.app.state.names
    connection = work.session.connection()
    names, vocabulary = cache.get(connection), cache.vocabulary.get(connection)
    resident = _read(work, cache, reference)
    within_m, filters = query.within_m(default=resident.reach_m), read_filters(query)
    walking: Walking | None = request.app.state.walking.get(connection)
    lists = find_for_resident(
        connection, vocabulary, resident, within_m=within_m, filters=filters, walking=walking
    )
    found = look_for_gaps(connection, vocabulary, resident, lists, walking=walking)
    if resident.lon is not None and resident.lat is not None:
        unmet.keep_unmet(
            connection,
            found.unmet,
            lon=resident.lon,
            lat=resident.lat,
            resident_id=resident.id,
            team_id=work.team.id,
        )
    fields = [(name, value) for name in KEPT_FIELDS for value in query.texts(name)]
    return page(
        request,
        "resident_matches.html",
        query=query,
        resident=resident,
        found=found,
        lists=lists,
        within_m=within_m,
        filters=filters,
        fields=fields,
        is_post=request.method == "POST",
        team=work.team,
        is_along_ways=walking is not None,
        sources=names.sources_in(
            [
                *lists.source_ids,
                *(match.source_id for match in found.farther),
                *way_sources(found.farther, walking),
            ]
        ),
    )


def _read(work: TeamWork, cache: NameCache, reference: str) -> Resident:
    """Return a resident of the team, and write down that somebody read about them."""
    connection = work.session.connection()
    resident = get_resident(
        connection, cache.vocabulary.get(connection), team_id=work.team.id, reference=reference
    )
    note_reading(work, resident.id)
    return resident


@router.get("/residents/{reference}/matches/map", include_in_schema=False)
def map_matches(request: Request, reference: str, work: ForTeam) -> Response:
    """Draw where a resident lives and what fits around it."""
    return _map(request, work, reference, Query(QueryParams()))


@router.post("/residents/{reference}/matches/map", include_in_schema=False)
def map_filtered(request: Request, reference: str, form: Form, work: ForTeam) -> Response:
    """Draw the same with filters."""
    return _map(request, work, reference, form)


def _map(request: Request, work: TeamWork, reference: str, query: Query) -> Response:
    cache: NameCache = request.app.state.names
    connection = work.session.connection()
    resident = _read(work, cache, reference)
    within_m, filters = query.within_m(default=resident.reach_m), read_filters(query)
    query.refuse_problems()
    walking = request.app.state.walking.get(connection)
    lists = find_for_resident(
        connection,
        cache.vocabulary.get(connection),
        resident,
        within_m=within_m,
        filters=filters,
        walking=walking,
    )
    place = None
    if resident.lon is not None and resident.lat is not None:
        name = work.team.name if work.team.is_home else "where they live, roughly"
        place = Place(resident.lon, resident.lat, name=name)
    document = map_of_matches(
        connection,
        Whereabouts(place),
        lists,
        names=cache.get(connection),
        within_m=within_m,
        settings=request.app.state.settings,
        walking=walking,
        walker=walker_for(resident.needs, filters),
    )
    answer = map_answer(document)
    answer.headers.update(PRIVATE)
    return answer
