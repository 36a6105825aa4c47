"""The walker's map: its page, what a phone takes along, and what makes it work without signal."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from app.dependencies import Reading
from app.errors import BadQuestion, NotFound
from app.fieldwork import patch_actions as actions
from app.fieldwork import patch_queries as queries
from app.fieldwork.base_map import BaseMap
from app.fieldwork.shell import page_of
from app.parameter_docs import WardCode
from app.parameters import Query, read_gss_code, read_uuid
from app.rendering import Pages, json_answer

router = APIRouter(default_response_class=Response, include_in_schema=False)

MOST_PATCHES = 20
# About 20 km across: a town, never a county.
WIDEST_NEAR_DEGREES = 0.3


@router.get("/map")
def show_map(request: Request) -> Response:
    """Show the walker's map: one page, the same bytes for everybody, which a phone keeps."""
    pages: Pages = request.app.state.pages
    base_map: BaseMap = request.app.state.base_map
    return Response(
        page_of(pages, base_map),
        media_type="text/html; charset=utf-8",
        headers={"content-security-policy": base_map.csp},
    )


@router.get("/map/patches")
def list_patches(request: Request, connect: Reading) -> Response:
    """List wards to take along: by name, by place, or by code; those asked for by code first."""
    query = Query(request.query_params)
    words, point, codes = query.text("q"), query.lon_lat(), query.texts("ward")
    query.refuse_problems()
    with connect() as connection:
        rows = queries.list_patches(
            connection, words=words, point=point, codes=codes, limit=MOST_PATCHES + 1
        )
        bounds = queries.find_bounds(connection)
        names = request.app.state.names.get(connection)
    wanted = ("gss_code", "name", "lad_name", "assets", "is_here", "is_wanted")
    return json_answer(
        {
            "patches": [{name: getattr(row, name) for name in wanted} for row in rows][
                :MOST_PATCHES
            ],
            "has_more": len(rows) > MOST_PATCHES,
            # Of all wards there are: where a map begins that knows nothing else.
            "bounds": bounds,
            "attribution": names.attribution(row.source_id for row in rows),
        }
    )


@router.get("/map/patches/{gss_code}.json")
def read_patch(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Return everything of a ward a phone needs without signal."""
    return json_answer(_patch(request, gss_code, connect))


@router.get("/map/patches/{gss_code}/size")
def read_size(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Say how much that is, before it is taken."""
    patch = _patch(request, gss_code, connect)
    return json_answer(actions.size_of(patch, request.app.state.base_map))


def _patch(request: Request, gss_code: str, connect: Reading) -> dict[str, Any]:
    code = read_gss_code(gss_code)
    with connect() as connection:
        return actions.make_patch(
            connection,
            gss_code=code,
            names=request.app.state.names.get(connection),
            base_map=request.app.state.base_map,
        )


@router.get("/map/near.json")
def read_near(request: Request, connect: Reading) -> Response:
    """Return what is in a rectangle, while there is signal."""
    query = Query(request.query_params)
    bbox = query.bbox()
    query.refuse_problems()
    if bbox is None:
        raise BadQuestion("Say what is on screen: “bbox” is missing.", field="bbox")
    if max(bbox.east - bbox.west, bbox.north - bbox.south) > WIDEST_NEAR_DEGREES:
        raise BadQuestion("That is too large to show at once. Zoom in.", field="bbox")
    with connect() as connection:
        near = actions.make_near(
            connection,
            box=(bbox.west, bbox.south, bbox.east, bbox.north),
            names=request.app.state.names.get(connection),
            base_map=request.app.state.base_map,
        )
    return json_answer(near)


@router.get("/map/assets/{asset_id}.json")
def read_asset(request: Request, asset_id: str, connect: Reading) -> Response:
    """Return one asset, to look at and correct."""
    identifier = read_uuid(asset_id)
    with connect() as connection:
        rows = queries.find_asset(connection, asset_id=identifier)
        names = request.app.state.names.get(connection)
    if not rows:
        raise NotFound("This is no longer on the map.")
    return json_answer(
        actions.as_facts(rows[0], names) | {"attribution": names.attribution([rows[0].source_id])}
    )


@router.get("/map/base.pmtiles")
def read_base_map(request: Request) -> Response:
    """Return the map file, or the ranges of it that are asked for."""
    base_map: BaseMap = request.app.state.base_map
    if base_map.file is None:
        raise NotFound("No map file has been set up here.")
    return FileResponse(
        base_map.file,
        media_type="application/vnd.pmtiles",
        # Its tiles are compressed already.
        headers={"content-encoding": "identity"},
    )
