"""The addresses of matches, and of a care home to start from."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from app.assets.actions import NameCache
from app.assets.schemas import FEATURES, Names
from app.dependencies import Reading
from app.interests.choosing import Choice, choose_interests, refuse_unsure
from app.matches import schemas
from app.matches.actions import MatchLists, find_matches
from app.matches.maps import map_of_matches
from app.models import Access
from app.parameter_docs import answers, parameters
from app.parameters import Query, read_uuid
from app.places.actions import Whereabouts, find_place, get_home
from app.rendering import (
    Format,
    csv_answer,
    format_of,
    geojson_answer,
    json_answer,
    map_answer,
    page,
)
from geo.geojson import features_from_rows
from geo.matching import MOST_MATCHES

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

ASK = parameters("near", "home", "lon", "lat", "interest", "needs", "within", "limit")
WITHIN_M = 5_000
TEN = 10
# A question holds where somebody lives and what they enjoy: nobody on the way keeps it.
PRIVATE = {"cache-control": "private, no-store"}


@dataclass(frozen=True, slots=True)
class Question:
    """A question for matches, understood; not `is_whole` when something is still to be said."""

    whereabouts: Whereabouts
    choice: Choice
    needs: tuple[str, ...]
    within_m: int
    limit: int

    @property
    def is_whole(self) -> bool:
        """Whether there is a place and at least one interest."""
        return self.whereabouts.place is not None and bool(self.choice.taken)


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
    """Find what fits some interests near a place, and who would come there."""
    form = format_of(request)
    query = Query(request.query_params)
    cache: NameCache = request.app.state.names
    with connect() as connection:
        names = cache.get(connection)
        question = read_question(connection, query, cache)
        if form is not Format.HTML:
            require_whole(query, question)
        is_answerable = question.is_whole and _only_an_interest(query)
        lists = _ask(connection, question, cache) if is_answerable else None
        source_ids = lists.source_ids if lists else []
    if form is Format.HTML:
        answer = page(
            request,
            "matches.html",
            query=query,
            question=question,
            lists=lists,
            is_asked=bool(request.query_params),
            sources=names.sources_in(source_ids),
        )
    else:
        answer = _for_programs(form, lists or MatchLists([], []), names)
    answer.headers.update(PRIVATE)
    return answer


def read_question(connection: sa.Connection, query: Query, cache: NameCache) -> Question:
    """Understand a query for matches; what makes no sense becomes a problem of the query."""
    needs = query.words("needs", [word.value for word in Access])
    within_m, limit = query.within_m(default=WITHIN_M), query.limit(default=TEN, most=MOST_MATCHES)
    whereabouts = find_place(connection, query)
    choice = choose_interests(connection, cache.vocabulary.get(connection), query)
    return Question(whereabouts, choice, tuple(needs), within_m, limit)


def require_whole(query: Query, question: Question) -> None:
    """Raise `BadQuestion` for a problem, or for a part that is missing."""
    refuse_unsure(query, question.choice)
    query.refuse_problems()
    if question.whereabouts.place is None:
        query.wrong("near", "Say where: near (a postcode or care home), home, or lon and lat.")
    if not question.choice.taken:
        query.wrong("interest", "Say at least one interest, like interest=bowls.")
    query.refuse_problems()


def _only_an_interest(query: Query) -> bool:
    """Return whether nothing is wrong but an interest we do not know: the others have answers."""
    return not set(query.problems) - {"interest"}


def _ask(connection: sa.Connection, question: Question, cache: NameCache) -> MatchLists | None:
    place = question.whereabouts.place
    if place is None:
        return None
    return find_matches(
        connection,
        cache.vocabulary.get(connection),
        lon=place.lon,
        lat=place.lat,
        interests=question.choice.slugs,
        needs=question.needs,
        within_m=question.within_m,
        limit=question.limit,
    )


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
    query = Query(request.query_params)
    cache: NameCache = request.app.state.names
    with connect() as connection:
        names: Names = cache.get(connection)
        question = read_question(connection, query, cache)
        # A word we are not sure of is offered on the page; the map shows what the page lists.
        if not (_only_an_interest(query) and question.is_whole):
            require_whole(query, question)
        lists = _ask(connection, question, cache) or MatchLists([], [])
        document = map_of_matches(
            connection,
            question.whereabouts,
            lists,
            attribution=names.attribution(lists.source_ids),
            within_m=question.within_m,
            settings=request.app.state.settings,
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
    return page(request, "care_home.html", home=home)
