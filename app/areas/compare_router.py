"""The addresses that list and compare wards: `/wards`, its map, and the same for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.areas import actions, queries, schemas
from app.areas.compare import (
    SCHEMES,
    Comparison,
    compare,
    measures_of,
    read_choice,
    read_sort,
    sort_wards,
)
from app.areas.maps import map_of_district
from app.areas.measures import DistrictValues, find_district, read_district, read_wards
from app.assets import schemas as asset_schemas
from app.assets.schemas import Names
from app.dependencies import Reading
from app.errors import BadQuestion
from app.parameter_docs import answers, parameters
from app.parameters import LARGEST_LIMIT, PAGE_SIZE, Address, Query, today
from app.rendering import (
    Format,
    csv_answer,
    format_of,
    geojson_answer,
    json_answer,
    map_answer,
    page,
)

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

LIST = parameters("district", "release", "sort", "limit", "page")
# About the width of a street: outlines for lists need no more.
LIST_TOLERANCE_M = 10.0


@router.get("/wards", include_in_schema=False)
@router.get(
    "/wards.geojson",
    tags=["wards"],
    summary="Wards with their outlines and the figures that compare them",
    openapi_extra=LIST,
    responses=answers(asset_schemas.FEATURES, media_type="application/geo+json"),
)
@router.get(
    "/wards.csv",
    tags=["wards"],
    summary="Wards and the figures that compare them as a spreadsheet",
    openapi_extra=LIST,
    responses=answers({"type": "string"}, media_type="text/csv"),
)
@router.get(
    "/api/wards",
    tags=["wards"],
    summary="Wards and the figures that compare them",
    openapi_extra=LIST,
    responses=answers(schemas.WARD_LIST),
)
def list_wards(request: Request, connect: Reading) -> Response:
    """List wards with how many assets each has, and with the figures that compare them."""
    form = format_of(request)
    query = Query(request.query_params)
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        if form is Format.HTML:
            return _page_of_wards(request, connection, query, names)
        found, district = _list_with_figures(connection, query)
        rows = found.rows
        outlines = (
            queries.list_outlines(
                connection, area_ids=[row.id for row in rows], tolerance_m=LIST_TOLERANCE_M
            )
            if form is Format.GEOJSON
            else {}
        )
    address = Address.of(request.url.path, request.query_params)
    next_page = address.setting(page=found.page + 1) if found.has_more else None
    figures = schemas.Figures.of(district, measures_of(district) if district else [])
    attribution = names.attribution(figures.source_ids)
    if form is Format.GEOJSON:
        features = schemas.as_features(rows, outlines, figures)
        return geojson_answer(features, next_page=next_page, attribution=attribution)
    if form is Format.CSV:
        return csv_answer(
            schemas.csv_columns(figures),
            schemas.as_csv(rows, names, figures),
            name="wards",
            next_page=next_page,
        )
    return json_answer(
        {
            "wards": [schemas.as_json(row, figures) for row in rows],
            "measures": schemas.measures_as_json(figures),
            "next": None if next_page is None else str(next_page),
            "attribution": attribution,
        }
    )


def _list_with_figures(
    connection: sa.Connection, query: Query
) -> tuple[actions.WardList, DistrictValues | None]:
    """Return the wards asked for, in the order asked for, and their figures."""
    if query.text("sort") is None:
        found = actions.list_wards(connection, query, default_limit=LARGEST_LIMIT)
        query.refuse_problems()
        return found, read_wards(connection, [row.id for row in found.rows], today=today())
    release, lad_code = query.release(), query.gss_code("district")
    number, limit = query.page(), query.limit(default=LARGEST_LIMIT)
    query.refuse_problems()
    lad_code = lad_code or _only_district(queries.list_districts(connection, release=release))
    if lad_code is None:
        raise BadQuestion("“sort” puts the wards of one district in order: say which, by its code,"
                          " like district=E08000032.", field="district")  # fmt: skip
    district = find_district(connection, lad_code=lad_code, release=release, today=today())
    if district is None:
        return actions.WardList([], False, number, lad_code, release), None
    column, is_descending = read_sort(query, district)
    query.refuse_problems()
    known = queries.list_wards(
        connection, lad_code=lad_code, release=release, limit=len(district.wards)
    )
    by_id = {row.id: row for row in known}
    ordered = sort_wards(district.wards, column, is_descending=is_descending)
    rows = [by_id[ward.area_id] for ward in ordered]
    start = (number - 1) * limit
    page_of = rows[start : start + limit]
    return (
        actions.WardList(page_of, len(rows) > start + limit, number, lad_code, release),
        district,
    )


def _only_district(districts: Sequence[sa.Row[Any]]) -> str | None:
    return districts[0].lad_code if len(districts) == 1 else None


def _page_of_wards(
    request: Request, connection: sa.Connection, query: Query, names: Names
) -> Response:
    whereabouts, here = actions.find_ward_near(connection, query)
    if len(here) == 1:
        return RedirectResponse(f"/wards/{here[0].gss_code}", status_code=303)
    asked, release = query.gss_code("district"), query.release()
    districts = queries.list_districts(connection, release=release)
    lad_code = asked
    if lad_code is None and "district" not in query.problems:
        lad_code = _only_district(districts)
    comparison = None
    if lad_code is not None and "release" not in query.problems:
        comparison = _compare(connection, query, lad_code=lad_code, release=release)
    if comparison is None:
        found = actions.list_wards(connection, query, default_limit=PAGE_SIZE)
        source_ids = [row.source_id for row in found.rows]
    else:
        number, limit = query.page(), query.limit(default=LARGEST_LIMIT)
        start = (number - 1) * limit
        rows = comparison.rows[start : start + limit + 1]
        found = actions.WardList(rows[:limit], len(rows) > limit, number, lad_code, release)
        source_ids = list(comparison.district.source_ids)
    return page(
        request,
        "wards.html",
        query=query,
        whereabouts=whereabouts,
        here=here,
        found=found,
        comparison=comparison,
        schemes=SCHEMES,
        measures=measures_of(comparison.district) if comparison else (),
        map_address=_address_of_map(comparison, release) if comparison else None,
        districts=districts,
        sources=names.sources_in(source_ids),
    )


def _address_of_map(comparison: Comparison, release: str | None) -> Address:
    asked = {
        "district": comparison.district.lad_code,
        "measure": comparison.choice.measure.slug,
        "classes": comparison.choice.scheme,
        "release": release,
    }
    return Address("/wards/map", ()).setting(**asked)


def _compare(
    connection: sa.Connection, query: Query, *, lad_code: str, release: str | None
) -> Comparison | None:
    district = find_district(connection, lad_code=lad_code, release=release, today=today())
    return compare(district, read_choice(query, district)) if district else None


@router.get("/wards/map", include_in_schema=False)
def map_wards(request: Request, connect: Reading) -> Response:
    """Draw the wards of a district in the colours of a measure."""
    query = Query(request.query_params)
    lad_code, release = query.gss_code("district"), query.release()
    query.refuse_problems()
    if lad_code is None:
        raise BadQuestion("Say whose wards to draw: “district” is a code like E08000032.",
                          field="district")  # fmt: skip
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        district = read_district(connection, lad_code=lad_code, release=release, today=today())
        choice = read_choice(query, district)
        query.refuse_problems()
        document = map_of_district(
            connection, district, choice, names, settings=request.app.state.settings
        )
    return map_answer(document)
