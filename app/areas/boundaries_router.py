"""The address that asks one place in every boundary release: `/wards/boundaries`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.areas import boundaries, boundaries_queries
from app.areas.boundaries_queries import LEAST_SHARE
from app.assets.schemas import Names
from app.dependencies import Reading
from app.parameters import Query
from app.places.actions import find_place
from app.rendering import page

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)


@router.get("/wards/boundaries", include_in_schema=False)
def ask_boundaries(request: Request, connect: Reading) -> Response:
    """Ask one place in every boundary release that is loaded, side by side."""
    query = Query(request.query_params)
    # A postcode by either name; whatever is wrong is said beside the one field there is.
    asked = query.having("near", query.texts("near") or query.texts("postcode"))
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        whereabouts = find_place(connection, asked)
        for sentence in asked.problems.values():
            query.wrong("near", sentence)
        place = whereabouts.place
        found = boundaries.ask_releases(connection, lon=place.lon, lat=place.lat) if place else []
        releases = boundaries_queries.list_releases(connection)
    if place and not found:
        query.wrong("near", "That place is in none of the wards on this map.")
    return page(
        request,
        "ward_boundaries.html",
        query=query,
        whereabouts=whereabouts,
        found=found,
        releases=releases,
        least_percent=round(LEAST_SHARE * 100),
        sources=names.sources_in(one.ward.source_id for one in found),
    )
