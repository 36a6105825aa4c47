"""The addresses of one ward: its page with its map, and the same for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from app.accounts.visitor import find_visitor
from app.areas import actions, queries, schemas
from app.areas.boundaries import InRelease, then_and_now
from app.areas.boundaries_queries import LEAST_SHARE
from app.areas.maps import map_of_ward
from app.areas.report import WardReport, read_report
from app.areas.report_words import group_gaps
from app.assets import schemas as asset_schemas
from app.assets.schemas import Names
from app.dependencies import Reading
from app.parameter_docs import WardCode, answers, parameters
from app.parameters import LARGEST_LIMIT, Address, Query, read_gss_code
from app.rendering import (
    Format,
    csv_answer,
    format_of,
    geojson_answer,
    json_answer,
    map_answer,
    page,
)
from app.structured_data import as_block, describe_ward
from app.words import LONDON
from geo.geojson import features_from_rows

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

ONE = parameters("release")
INSIDE = parameters("release", "limit", "page")


# Decorators apply from the bottom: the two with an ending have to be asked before the one
# without, whose "{gss_code}" would take the ending as part of the code.
@router.get("/wards/{gss_code}", include_in_schema=False)
@router.get(
    "/wards/{gss_code}.geojson",
    tags=["wards"],
    summary="The assets in a ward as GeoJSON",
    openapi_extra=INSIDE,
    responses=answers(asset_schemas.FEATURES, media_type="application/geo+json", not_found=True),
)
@router.get(
    "/wards/{gss_code}.csv",
    tags=["wards"],
    summary="The assets in a ward as a spreadsheet",
    openapi_extra=INSIDE,
    responses=answers({"type": "string"}, media_type="text/csv", not_found=True),
)
def show_ward(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Show one ward: its report, or what is in it as a file."""
    code = read_gss_code(gss_code)
    form = format_of(request)
    query = Query(request.query_params)
    release, number = query.release(), query.page()
    limit = query.limit(default=LARGEST_LIMIT)
    query.refuse_problems()
    if form is Format.HTML:
        # Whoever speaks for this ward can pass on what is missing in it.
        find_visitor(request)
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        ward = actions.get_ward(connection, gss_code=code, release=release)
        if form is Format.HTML:
            walking = request.app.state.walking.get(connection)
            report = read_report(connection, ward, names, today=_today(), walking=walking)
            beside = () if ward.is_newest else then_and_now(connection, ward)
            return _page_of_ward(request, report, names, beside, shown=(number, limit))
        rows = actions.list_inside(connection, ward, limit=limit + 1, offset=(number - 1) * limit)
    has_more, rows = len(rows) > limit, rows[:limit]
    address = Address.of(request.url.path, request.query_params)
    next_page = address.setting(page=number + 1) if has_more else None
    if form is Format.GEOJSON:
        return geojson_answer(
            features_from_rows(asset_schemas.as_features(rows, names)),
            next_page=next_page,
            attribution=names.attribution(asset_schemas.source_ids_of(rows)),
        )
    table = asset_schemas.as_csv(rows, names)
    return csv_answer(asset_schemas.CSV_COLUMNS, table, name=f"ward-{code}", next_page=next_page)


def _today() -> dt.date:
    return dt.datetime.now(tz=LONDON).date()


def _page_of_ward(
    request: Request,
    report: WardReport,
    names: Names,
    beside: Sequence[InRelease],
    *,
    shown: tuple[int, int],
) -> Response:
    number, limit = shown
    address = Address.of(request.url.path, request.query_params)
    has_more = len(report.places) > number * limit
    sources = [*report.source_ids, *names.boundary_source_ids]
    return page(
        request,
        "ward.html",
        report=report,
        ward=report.ward,
        rows=report.places[(number - 1) * limit : number * limit],
        gaps=group_gaps(report.gaps),
        met=group_gaps(report.met),
        structured_data=as_block(
            *describe_ward(
                report.ward,
                report.places,
                base_url=request.app.state.settings.base_url.rstrip("/"),
            )
        ),
        beside=beside,
        least_percent=round(LEAST_SHARE * 100),
        next_page=address.setting(page=number + 1) if has_more else None,
        sources=names.sources_in([*sources, *(one.ward.source_id for one in beside)]),
    )


@router.get(
    "/wards/{gss_code}/boundary.geojson",
    tags=["wards"],
    summary="The outline of a ward, as published",
    openapi_extra=ONE,
    responses=answers(asset_schemas.FEATURES, media_type="application/geo+json", not_found=True),
)
def read_boundary(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Return a ward's outline with every vertex the publisher gives."""
    code = read_gss_code(gss_code)
    query = Query(request.query_params)
    release = query.release()
    query.refuse_problems()
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        ward = actions.get_ward(connection, gss_code=code, release=release)
        outlines = queries.list_outlines(connection, area_ids=[ward.id], tolerance_m=0.0)
    return geojson_answer(
        schemas.outline_as_feature(ward, outlines[ward.id]),
        attribution=names.attribution([ward.source_id]),
    )


@router.get("/wards/{gss_code}/map", include_in_schema=False)
def map_ward(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Draw a ward and what is in it."""
    code = read_gss_code(gss_code)
    query = Query(request.query_params)
    release = query.release()
    query.refuse_problems()
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        ward = actions.get_ward(connection, gss_code=code, release=release)
        document = map_of_ward(connection, ward, names, settings=request.app.state.settings)
    return map_answer(document)


@router.get(
    "/api/wards/{gss_code}",
    tags=["wards"],
    summary="One ward",
    openapi_extra=ONE,
    responses=answers(schemas.WARD, not_found=True),
)
def read_ward(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Read the report of one ward."""
    code = read_gss_code(gss_code)
    query = Query(request.query_params)
    release = query.release()
    query.refuse_problems()
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        ward = actions.get_ward(connection, gss_code=code, release=release)
        walking = request.app.state.walking.get(connection)
        report = read_report(connection, ward, names, today=_today(), walking=walking)
    return json_answer(schemas.report_as_json(report, names))
