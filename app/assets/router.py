"""The addresses of assets: `/assets`, one asset, and the same for programs."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app import structured_data
from app.accounts.visitor import find_visitor
from app.activities.coming import now_in_london
from app.assets import actions, queries, schemas
from app.assets.actions import Hidden, Question
from app.assets.maps import map_of_asset, map_of_assets
from app.assets.schemas import Names
from app.dependencies import Reading
from app.errors import NotFound
from app.interests.choosing import refuse_unsure
from app.models import AssetKind
from app.parameter_docs import AssetId, answers, parameters
from app.parameters import LARGEST_LIMIT, PAGE_SIZE, Address, Query, read_uuid
from app.photos.queries import list_own_waiting_photos, list_public_photos
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

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

FILTERS = ("q", "kind", "interest", "ward", "near", "home", "lon", "lat", "within", "bbox")
LIST = parameters(*FILTERS, "limit", "page")
MOST_ON_A_MAP = 10_000
GONE = 410


@router.get("/assets", include_in_schema=False)
@router.get(
    "/assets.geojson",
    tags=["assets"],
    summary="Assets as GeoJSON",
    openapi_extra=LIST,
    responses=answers(schemas.FEATURES, media_type="application/geo+json"),
)
@router.get(
    "/assets.csv",
    tags=["assets"],
    summary="Assets as a spreadsheet",
    openapi_extra=LIST,
    responses=answers({"type": "string"}, media_type="text/csv"),
)
@router.get(
    "/api/assets",
    tags=["assets"],
    summary="Assets",
    openapi_extra=LIST,
    responses=answers(schemas.ASSET_LIST),
)
def list_assets(request: Request, connect: Reading) -> Response:
    """List assets: by kind, interest, ward, name, rectangle, or near a place (nearest first)."""
    form = format_of(request)
    query = Query(request.query_params)
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        is_page = form is Format.HTML
        question = actions.read_question(
            connection,
            query,
            request.app.state.names.vocabulary.get(connection),
            default_limit=PAGE_SIZE if is_page else LARGEST_LIMIT,
        )
        if is_page:
            return _page_of_assets(request, connection, query, question, names)
        refuse_unsure(query, question.choice)
        query.refuse_problems()
        found = actions.list_page(connection, question)
    rows = found.rows
    address = Address.of(request.url.path, request.query_params)
    next_page = address.setting(page=question.page + 1) if found.has_more else None
    attribution = names.attribution(schemas.source_ids_of(rows))
    if form is Format.GEOJSON:
        features = features_from_rows(schemas.as_features(rows, names))
        return geojson_answer(features, next_page=next_page, attribution=attribution)
    if form is Format.CSV:
        return csv_answer(
            schemas.CSV_COLUMNS, schemas.as_csv(rows, names), name="assets", next_page=next_page
        )
    return json_answer(
        {
            "assets": [schemas.as_json(row, names) for row in rows],
            "next": None if next_page is None else str(next_page),
            "attribution": attribution,
        }
    )


def _page_of_assets(
    request: Request, connection: sa.Connection, query: Query, question: Question, names: Names
) -> Response:
    """Return the list as a page; with problems, the form with them and no list."""
    if query.problems or question.choice.unsure:
        return page(request, "assets.html", query=query, question=question, names=names)
    found = actions.list_page(connection, question)
    return page(
        request,
        "assets.html",
        query=query,
        question=question,
        names=names,
        rows=found.rows,
        has_more=found.has_more,
        total=actions.count(connection, question),
        most_counted=actions.MOST_COUNTED,
        sources=names.sources_in(
            [*schemas.source_ids_of(found.rows), *(names.boundary_source_ids if found.rows else [])]
        ),
    )


@router.get("/assets/map", include_in_schema=False)
def map_assets(request: Request, connect: Reading) -> Response:
    """Draw the list of the same question, all of it up to ten thousand places."""
    query = Query(request.query_params)
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        vocabulary = request.app.state.names.vocabulary.get(connection)
        question = actions.read_question(connection, query, vocabulary, default_limit=PAGE_SIZE)
        refuse_unsure(query, question.choice)
        query.refuse_problems()
        rows = queries.list_points(connection, wanted=question.wanted, limit=MOST_ON_A_MAP)
        document = map_of_assets(
            connection,
            rows,
            title="Map of the list",
            attribution=names.attribution(row.source_id for row in rows),
            settings=request.app.state.settings,
        )
    return map_answer(document)


@router.get("/assets/{asset_id}", include_in_schema=False)
def show_asset(request: Request, asset_id: AssetId, connect: Reading) -> Response:
    """Show everything public about one asset; a linked duplicate leads to its original."""
    identifier = read_uuid(asset_id)
    visitor = find_visitor(request)
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        details = actions.get_asset(connection, asset_id=identifier)
        if isinstance(details, Hidden):
            return _answer_for_hidden(request, details, identifier)
        shared_by = actions.count_sharing(connection, details.asset)
        photos = list_public_photos(connection, asset_id=identifier)
        waiting_photos = (
            list_own_waiting_photos(
                connection, asset_id=identifier, account_id=visitor.account_id
            )
            if visitor is not None
            else ()
        )  # fmt: skip
    asset = details.asset
    others = [row.source_id for row in details.duplicates]
    sessions = [session.activity.source_id for session in details.sessions]
    drawn = [] if asset.lon is None else names.boundary_source_ids
    return page(
        request,
        "asset.html",
        names=names,
        asset=asset,
        details=details,
        source=names.sources.get(asset.source_id),
        sources=names.sources_in([asset.source_id, *others, *sessions, *drawn]),
        is_home=asset.kind == AssetKind.CARE_HOME,
        shared_by=shared_by,
        photos=photos,
        waiting_photos=waiting_photos,
        said=request.query_params.get("said"),
        structured_data=_structured_data(request, details),
    )


def _structured_data(request: Request, details: actions.Details) -> str:
    """Return what search engines read of an asset's page."""
    base_url = request.app.state.settings.base_url.rstrip("/")
    events = structured_data.describe_events(
        details.asset,
        [(session.activity, session.schedules) for session in details.sessions],
        base_url=base_url, now=now_in_london(),
    )  # fmt: skip
    asset = structured_data.describe_asset(details.asset, details.ward, base_url=base_url)
    return structured_data.as_block(asset, *events)


def _answer_for_hidden(request: Request, hidden: Hidden, asset_id: uuid.UUID) -> Response:
    if hidden.instead is not None:
        return RedirectResponse(f"/assets/{hidden.instead}", status_code=308)
    return page(request, "asset_gone.html", status=GONE, hidden=hidden, asset_id=asset_id)


@router.get("/assets/{asset_id}/map", include_in_schema=False)
def map_asset(request: Request, asset_id: AssetId, connect: Reading) -> Response:
    """Draw one asset in its ward."""
    identifier = read_uuid(asset_id)
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        asset = queries.find_asset(connection, asset_id=identifier)
        if asset is None or asset.lon is None:
            raise NotFound("This has no place on the map.")
        document = map_of_asset(
            connection,
            asset,
            ward=queries.find_ward_of(connection, asset_id=identifier),
            names=names,
            settings=request.app.state.settings,
        )
    return map_answer(document)


@router.get(
    "/api/assets/{asset_id}",
    tags=["assets"],
    summary="One asset",
    responses=answers(schemas.ASSET, not_found=True),
)
def read_asset(request: Request, asset_id: AssetId, connect: Reading) -> Response:
    """Read everything public about one asset, with its activities."""
    identifier = read_uuid(asset_id)
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        details = actions.get_asset(connection, asset_id=identifier)
    if isinstance(details, Hidden):
        if details.instead is None:
            raise NotFound("This has gone from the map.")
        return RedirectResponse(f"/api/assets/{details.instead}", status_code=308)
    return json_answer(_whole_asset(details, names))


def _whole_asset(details: actions.Details, names: Names) -> dict[str, Any]:
    asset = details.asset
    return {
        **schemas.as_json(asset, names),
        "description": asset.description,
        "email": asset.email,
        "opening_hours": asset.opening_hours,
        "ward": details.ward.gss_code if details.ward else None,
        "source_date": asset.source_date,
        "attribution": names.attribution([asset.source_id]),
        "activities": [schemas.session_as_json(session, names) for session in details.sessions],
    }
