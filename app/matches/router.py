"""The addresses of matches, and of a care home to start from."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from app.accounts.people import Person
from app.accounts.visitor import find_visitor
from app.assets.actions import NameCache
from app.assets.schemas import FEATURES, Names
from app.dependencies import Reading
from app.forms import Form
from app.matches import schemas, unmet
from app.matches.actions import MatchLists
from app.matches.asking import (
    WITHIN_M,
    Question,
    amend,
    ask,
    fields_of,
    only_an_interest,
    read_question,
    require_whole,
)
from app.matches.maps import map_of_matches
from app.matches.walked import walker_for
from app.parameter_docs import answers, parameters
from app.parameters import Address, Query, read_uuid
from app.places.actions import get_home
from app.rendering import (
    Format,
    csv_answer,
    format_of,
    geojson_answer,
    json_answer,
    map_answer,
    page,
)
from app.walking.actions import Walking
from geo.geojson import features_from_rows
from geo.interests import Vocabulary

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

ASK = parameters(
    *("near", "home", "lon", "lat", "interest", "needs", "within", "limit"),
    *("days", "starts_after", "starts_before", "must", "unknown"),
)
# A question holds where somebody lives and what they enjoy: nobody on the way keeps it.
PRIVATE = {"cache-control": "private, no-store"}
# The browser alone may keep the answer to a form, or the way back to it would be an error page.
PRIVATE_POST = {"cache-control": "private, no-cache"}


@router.get("/matches", include_in_schema=False)
@router.get(
    "/matches.geojson",
    tags=["matches"],
    summary="Matches as GeoJSON",
    openapi_extra=ASK,
    responses=answers(FEATURES, media_type="application/geo+json"),
)
@router.get(
    "/matches.csv",
    tags=["matches"],
    summary="Matches as a spreadsheet",
    openapi_extra=ASK,
    responses=answers({"type": "string"}, media_type="text/csv"),
)
@router.get(
    "/api/matches",
    tags=["matches"],
    summary="Matches",
    openapi_extra=ASK,
    responses=answers(schemas.MATCH_LISTS),
)
def list_matches(request: Request, connect: Reading) -> Response:
    """Find what fits some interests near a place."""
    form = format_of(request)
    query = Query(request.query_params)
    cache: NameCache = request.app.state.names
    if form is Format.HTML:
        visitor = find_visitor(request)
        with connect() as connection:
            return _page(request, connection, query, visitor)
    with connect() as connection:
        names = cache.get(connection)
        question = read_question(connection, query, cache)
        require_whole(query, question)
        walking = request.app.state.walking.get(connection)
        lists = ask(connection, question, cache, walking) or MatchLists([], [])
    answer = _for_programs(form, lists, names)
    answer.headers.update(PRIVATE)
    return answer


@router.post("/matches", include_in_schema=False)
def find_without_address(request: Request, form: Form, connect: Reading) -> Response:
    """Find what fits, asked by a form: what somebody enjoys is in no address and no log."""
    visitor = find_visitor(request)
    with connect() as connection:
        return _page(request, connection, amend(form), visitor)


def _page(
    request: Request, connection: sa.Connection, query: Query, visitor: Person | None
) -> Response:
    cache: NameCache = request.app.state.names
    names = cache.get(connection)
    team = visitor.team if visitor else None
    question = read_question(connection, query, cache, team=team)
    lists = None
    walking: Walking | None = request.app.state.walking.get(connection)
    if question.is_whole and only_an_interest(query):
        lists = ask(connection, question, cache, walking)
    is_post = request.method == "POST"
    # Nothing at all is stored for connectors: the page says so.
    if lists is not None and is_post and (team is None or team.is_home):
        count_gaps(connection, question, lists, cache.vocabulary.get(connection), walking)
    fields = fields_of(query, question)
    answer = page(
        request,
        "matches.html",
        query=query,
        question=question,
        lists=lists,
        is_asked=is_post or bool(request.query_params),
        is_post=is_post,
        fields=fields,
        shared=Address("/matches", tuple(fields)),
        team=team,
        is_along_ways=walking is not None,
        sources=names.sources_in(lists.source_ids if lists else []),
    )
    answer.headers.update(PRIVATE_POST if is_post else PRIVATE)
    return answer


def count_gaps(
    connection: sa.Connection,
    question: Question,
    lists: MatchLists,
    vocabulary: Vocabulary,
    walking: Walking | None,
) -> None:
    """Count what a question found nothing for: the interest and the ward, nothing of who asked."""
    place = question.whereabouts.place
    if place is None:
        return
    missing = unmet.find_unmet(
        connection,
        vocabulary,
        lon=place.lon,
        lat=place.lat,
        wanted=[taken.concept for taken in question.choice.taken],
        lists=lists,
        within_m=WITHIN_M,
        walking=walking,
        walker=walker_for(question.needs, question.filters),
        home_id=place.home_id,
    )
    unmet.count_question(connection, missing, lon=place.lon, lat=place.lat)


def _for_programs(form: Format, lists: MatchLists, names: Names) -> Response:
    attribution = names.attribution(lists.source_ids)
    if form is Format.GEOJSON:
        features = features_from_rows(schemas.as_features(lists, names))
        return geojson_answer(features, attribution=attribution)
    if form is Format.CSV:
        rows = schemas.as_csv(lists, names)
        return csv_answer(schemas.CSV_COLUMNS, rows, name="matches")
    return json_answer(
        {
            "near": [schemas.as_json(match, names) for match in lists.near],
            "comes_to_you": [schemas.as_json(match, names) for match in lists.comes_to_you],
            "attribution": attribution,
        }
    )


@router.get("/matches/map", include_in_schema=False)
def map_matches(request: Request, connect: Reading) -> Response:
    """Draw the place and what matches around it, numbered as in the lists."""
    with connect() as connection:
        return _map(request, connection, Query(request.query_params))


@router.post("/matches/map", include_in_schema=False)
def map_without_address(request: Request, form: Form, connect: Reading) -> Response:
    """Draw the same for a form."""
    with connect() as connection:
        return _map(request, connection, form)


def _map(request: Request, connection: sa.Connection, query: Query) -> Response:
    cache: NameCache = request.app.state.names
    names: Names = cache.get(connection)
    question: Question = read_question(connection, query, cache)
    # A word we are not sure of is offered on the page; the map shows what the page lists.
    if not (only_an_interest(query) and question.is_whole):
        require_whole(query, question)
    walking = request.app.state.walking.get(connection)
    lists = ask(connection, question, cache, walking) or MatchLists([], [])
    document = map_of_matches(
        connection,
        question.whereabouts,
        lists,
        names=names,
        within_m=question.within_m,
        settings=request.app.state.settings,
        walking=walking,
        walker=walker_for(question.needs, question.filters),
    )
    answer = map_answer(document)
    answer.headers.update(PRIVATE)
    return answer


@router.get("/homes/{home_id}", include_in_schema=False)
def show_home(request: Request, home_id: str, connect: Reading) -> Response:
    """Show a care home and the form that starts from it."""
    identifier = read_uuid(home_id)
    with connect() as connection:
        home = get_home(connection, home_id=identifier)
        names: Names = request.app.state.names.get(connection)
    sources = names.sources_in([home.source_id])
    return page(request, "care_home.html", home=home, sources=sources)
