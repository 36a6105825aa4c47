"""The addresses of Open Referral UK 3.0: `/oruk`. For programs, so described by themselves."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.dependencies import Reading
from app.errors import NotFound
from app.oruk import actions, queries
from app.oruk.actions import Listing
from app.oruk.answering import answer, answer_page, streamed
from app.oruk.documents import FILTERS, PAGING, PROFILE, VERSION, describe, described
from app.oruk.feed import Feed
from app.oruk.filters import (
    Form,
    Wanted,
    read_flag,
    read_form,
    read_moment,
    read_wanted,
    read_words,
)
from app.oruk.naming import Naming
from app.oruk.terms import TAXONOMY_IDS
from app.parameters import Query, read_uuid
from app.rendering import page

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response, include_in_schema=False)

ONE = (404, 422)


def _feed(request: Request) -> Feed:
    feed: Feed = request.app.state.oruk
    return feed


def _naming(request: Request, connection: sa.Connection) -> Naming:
    return _feed(request).naming(connection, request.app.state.names)


def _list(
    request: Request, connect: Reading, connection: sa.Connection, listing: Listing, form: Form
) -> Response:
    if form.is_stream:
        return streamed(request, actions.stream(connect, listing))
    return answer_page(request, actions.page_of(_feed(request), connection, listing, form))


@router.get("/oruk")
@router.get("/oruk/", openapi_extra=described("About this feed", problems=()))
def api_details(request: Request, connect: Reading) -> Response:
    """Say which version and profile this is; to a browser, what the feed is, as a page."""
    feed = _feed(request)
    with connect() as connection:
        sources = queries.list_sources_published(connection)
    if "text/html" in request.headers.get("accept", ""):
        shown = page(request, "oruk.html", publishers=sources, profile=PROFILE)
        shown.headers["vary"] = "Accept"
        return shown
    content = {
        "version": VERSION,
        "profile": PROFILE,
        "openapi_url": f"{feed.base_url}/oruk/openapi.json",
        "publisher": request.app.state.settings.name,
        "sources": [{k: v for k, v in row._mapping.items() if v} for row in sources],
    }
    return answer(request, orjson.dumps(content), vary="Accept")


@router.get("/oruk/openapi.json")
def openapi(request: Request) -> Response:
    """Describe every address here and all it reads."""
    name = request.app.state.settings.name
    content = describe(router.routes, name=name, base_url=_feed(request).base_url)
    return answer(request, orjson.dumps(content))


@router.get(
    "/oruk/services",
    openapi_extra=described(
        "Services: activities, and places that stand for themselves",
        *FILTERS, *PAGING, "minimal", "full",
        contents="Services with their organization, in short; with “full” all of each.",
    ),
)  # fmt: skip
def services(request: Request, connect: Reading) -> Response:
    """List services."""
    query = Query(request.query_params)
    form = read_form(query, "minimal", "full")
    with connect() as connection:
        naming = _naming(request, connection)
        wanted = read_wanted(connection, query, naming.terms)
        query.refuse_problems()
        listing = actions.list_services(_feed(request), connection, naming, wanted, form)
        return _list(request, connect, connection, listing, form)


@router.get(
    "/oruk/services/{service_id}", openapi_extra=described("All of a service", problems=ONE)
)
def service(request: Request, connect: Reading, service_id: str) -> Response:
    """Show one service."""
    with connect() as connection:
        naming = _naming(request, connection)
        found = actions.get_service(connection, naming, read_uuid(service_id))
    return answer(request, orjson.dumps(found))


@router.get(
    "/oruk/service_at_locations",
    openapi_extra=described(
        "Services, each at its place",
        *FILTERS, *PAGING, "full",
        contents="A service and its location, in short; with “full” all of both.",
    ),
)  # fmt: skip
def service_at_locations(request: Request, connect: Reading) -> Response:
    """List services at their places."""
    query = Query(request.query_params)
    form = read_form(query, "full")
    with connect() as connection:
        naming = _naming(request, connection)
        wanted = read_wanted(connection, query, naming.terms, is_at_a_place=True)
        query.refuse_problems()
        listing = actions.list_services_at_locations(
            _feed(request), connection, naming, wanted, form
        )
        return _list(request, connect, connection, listing, form)


@router.get(
    "/oruk/service_at_locations/{link_id}",
    openapi_extra=described("All of a service at its place", problems=ONE),
)
def service_at_location(request: Request, connect: Reading, link_id: str) -> Response:
    """Show one service at its place."""
    with connect() as connection:
        naming = _naming(request, connection)
        found = actions.get_service_at_location(connection, naming, read_uuid(link_id))
    return answer(request, orjson.dumps(found))


@router.get(
    "/oruk/organizations",
    openapi_extra=described(
        "Organizations: everything on the map",
        "search", "text", "modified_after", *PAGING, "full", "full_service",
        contents="Organizations in short; with “full” all of each.",
    ),
)  # fmt: skip
def organizations(request: Request, connect: Reading) -> Response:
    """List organizations."""
    query = Query(request.query_params)
    form = read_form(query, "full", "full_service")
    with connect() as connection:
        naming = _naming(request, connection)
        wanted = Wanted(
            words=read_words(query, naming.terms),
            modified_after=read_moment(query, "modified_after"),
        )
        query.refuse_problems()
        listing = actions.list_organizations(_feed(request), connection, naming, wanted, form)
        return _list(request, connect, connection, listing, form)


@router.get(
    "/oruk/organizations/{asset_id}",
    openapi_extra=described("All of an organization", "full_service", problems=ONE),
)
def organization(request: Request, connect: Reading, asset_id: str) -> Response:
    """Show one organization; one that is another's duplicate leads to that."""
    query = Query(request.query_params)
    has_full_services = read_flag(query, "full_service")
    query.refuse_problems()
    identifier = read_uuid(asset_id)
    with connect() as connection:
        naming = _naming(request, connection)
        found = actions.get_organization(
            connection, naming, identifier, has_full_services=has_full_services
        )
        original = None if found else actions.find_original(connection, identifier)
    if original is not None:
        return RedirectResponse(f"/oruk/organizations/{original}", status_code=308)
    return answer(request, orjson.dumps(found))


@router.get(
    "/oruk/taxonomies",
    openapi_extra=described("Taxonomies", "search", "text", *PAGING, contents="Taxonomies."),
)
def taxonomies(request: Request, connect: Reading) -> Response:
    """List our taxonomies."""
    query = Query(request.query_params)
    form = read_form(query)
    with connect() as connection:
        terms = _naming(request, connection).terms
    words = [word for word, _ in read_words(query, terms)]
    query.refuse_problems()
    return _kept(request, actions.filtered(terms.taxonomies(), words), form)


@router.get(
    "/oruk/taxonomies/{taxonomy_id}",
    openapi_extra=described("A taxonomy with all its terms", problems=ONE),
)
def taxonomy(request: Request, connect: Reading, taxonomy_id: str) -> Response:
    """Show one taxonomy."""
    identifier = str(read_uuid(taxonomy_id))
    with connect() as connection:
        found = _naming(request, connection).terms.taxonomies(with_terms=True)
    return answer(request, orjson.dumps(_one_of(found, identifier)))


@router.get(
    "/oruk/taxonomy_terms",
    openapi_extra=described(
        "Terms of our taxonomies",
        "search", "text", "taxonomy_id", "top_only", "parent_id", *PAGING,
        contents="Terms.",
    ),
)  # fmt: skip
def taxonomy_terms(request: Request, connect: Reading) -> Response:
    """List terms."""
    query = Query(request.query_params)
    form, is_top = read_form(query), read_flag(query, "top_only")
    parent, of = query.identifier("parent_id"), query.texts("taxonomy_id")
    if not all(one in TAXONOMY_IDS.values() for one in of):
        for one in of:
            _judge_id(query, "taxonomy_id", one)
    with connect() as connection:
        terms = _naming(request, connection).terms
    words = [word for word, _ in read_words(query, terms)]
    query.refuse_problems()
    found = [
        term.content
        for term in terms.all
        if (not of or term.content["taxonomy_id"] in of)
        and (parent is None or term.content.get("parent_id") == str(parent))
        and not (is_top and "parent_id" in term.content)
    ]
    return _kept(request, actions.filtered(found, words), form)


@router.get(
    "/oruk/taxonomy_terms/{term_id}", openapi_extra=described("All of a term", problems=ONE)
)
def taxonomy_term(request: Request, connect: Reading, term_id: str) -> Response:
    """Show one term."""
    identifier = str(read_uuid(term_id))
    with connect() as connection:
        terms = _naming(request, connection).terms
    return answer(request, orjson.dumps(_one_of([t.content for t in terms.all], identifier)))


def _judge_id(query: Query, field: str, text: str) -> None:
    try:
        read_uuid(text)
    except NotFound:
        query.wrong(field, f"“{field}” must be an identifier (a UUID).")


def _one_of(records: list[dict[str, Any]], identifier: str) -> dict[str, Any]:
    for record in records:
        if record["id"] == identifier:
            return record
    raise NotFound(actions.NOT_HERE)


def _kept(request: Request, records: list[dict[str, Any]], form: Form) -> Response:
    """Answer with a list that is in memory."""
    lines = [orjson.dumps(record) for record in records]
    if form.is_stream:
        return streamed(request, iter([b"".join(line + b"\n" for line in lines)]))
    per_page = form.per_page or len(lines)
    first = (form.page - 1) * per_page
    page = actions.framed(
        lines[first : first + per_page], page=form.page, per_page=per_page, total=len(lines)
    )
    return answer_page(request, page)
