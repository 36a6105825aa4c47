"""Calendars anybody may subscribe to: of a group or venue, a ward, an interest, a care home."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from app.areas.queries import find_wards_of_code
from app.assets import queries as assets
from app.assets.schemas import Names
from app.calendars import actions
from app.calendars.actions import WhatIsOn
from app.calendars.writing import MEDIA_TYPE, is_known
from app.dependencies import Reading
from app.errors import NotFound
from app.interests.choosing import with_narrower
from app.parameter_docs import AssetId, WardCode, answers, parameters
from app.parameters import Query, read_uuid, today
from app.places.actions import find_place, get_home

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

HomeId = Annotated[str, Path(description="The home's id.", json_schema_extra={"format": "uuid"})]
Concept = Annotated[
    str, Path(description="An interest (see /api/interests).",
              json_schema_extra={"pattern": "^[a-z0-9-]{1,80}$"})
]  # fmt: skip
WITHIN_M = 5_000
NOTHING_HERE = "There is nothing on the map at this address."
TEXT = answers({"type": "string"}, media_type="text/calendar", not_found=True)
# A map that is not new every minute; with an entity tag, asking again is cheap.
CACHED = "public, max-age=3600"


@router.get(
    "/assets/{asset_id}.ics", tags=["calendars"], summary="What a group or venue has on",
    responses=TEXT,
)  # fmt: skip
def show_asset_calendar(request: Request, asset_id: AssetId, connect: Reading) -> Response:
    """Show the activities of a group or venue as a calendar."""
    identifier = read_uuid(asset_id)
    with connect() as connection:
        asset = assets.find_asset(connection, asset_id=identifier)
        if asset is None:
            hidden = assets.find_hidden_asset(connection, asset_id=identifier)
            if hidden is not None and hidden.duplicate_of is not None:
                return RedirectResponse(f"/assets/{hidden.duplicate_of}.ics", status_code=308)
            raise NotFound(NOTHING_HERE)
        found = actions.read_what_is_on(
            connection, name=f"What is on: {asset.name}", path=f"/assets/{asset.id}", of="asset",
            today=today(), id=identifier,
        )  # fmt: skip
        return _answer(request, connection, found, named=asset.source_id)


@router.get(
    "/wards/{gss_code}.ics", tags=["calendars"], summary="What is on in a ward", responses=TEXT
)
def show_ward_calendar(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Show what is on in a ward as a calendar."""
    with connect() as connection:
        wards = find_wards_of_code(connection, gss_code=gss_code.upper())
        if not wards:
            raise NotFound("There is no ward with this code.")
        found = actions.read_what_is_on(
            connection, name=f"What is on in {wards[0].name}", path=f"/wards/{wards[0].gss_code}",
            of="ward", today=today(), area_id=wards[0].id,
        )  # fmt: skip
        return _answer(request, connection, found)


@router.get(
    "/interests/{concept}.ics", tags=["calendars"], summary="What is on for an interest, nearby",
    openapi_extra=parameters("near", "home", "lon", "lat", "within"), responses=TEXT,
)  # fmt: skip
def show_interest_calendar(request: Request, concept: Concept, connect: Reading) -> Response:
    """Show where people go for one interest near a place, within 5 km if nothing is said."""
    query = Query(request.query_params)
    within_m = query.within_m(default=WITHIN_M)
    with connect() as connection:
        vocabulary = request.app.state.names.vocabulary.get(connection)
        if concept not in vocabulary:
            raise NotFound("We have no interest of that name. Look for it at /api/interests.")
        place = find_place(connection, query).place
        if place is None and not query.problems:
            query.wrong("near", "Say near where: a full postcode, or the name of a care home.")
        query.refuse_problems()
        if place is None:  # pragma: no cover - a problem was said above
            raise NotFound(NOTHING_HERE)
        found = actions.read_what_is_on(
            connection, name=f"{vocabulary.concept(concept).label} near {place.name}",
            path=f"/interests/{concept}", of="interest", today=today(), lon=place.lon,
            lat=place.lat, within_m=within_m, interest_ids=with_narrower(vocabulary, [concept]),
        )  # fmt: skip
        return _answer(request, connection, found)


@router.get(
    "/homes/{home_id}.ics", tags=["calendars"], summary="What is on near a care home",
    responses=TEXT,
)  # fmt: skip
def show_home_calendar(request: Request, home_id: HomeId, connect: Reading) -> Response:
    """Show what anybody may come to near a care home, and what comes to homes: public data only."""
    identifier = read_uuid(home_id)
    with connect() as connection:
        home = get_home(connection, home_id=identifier)
        if home.lon is None:
            raise NotFound("We do not know where this home is, so we cannot look around it.")
        found = actions.read_what_is_on(
            connection, name=f"What is on near {home.name}", path=f"/homes/{home.id}", of="home",
            today=today(), lon=home.lon, lat=home.lat, within_m=actions.NEAR_HOME_M,
        )  # fmt: skip
        return _answer(request, connection, found, named=home.source_id)


def _answer(
    request: Request, connection: sa.Connection, found: WhatIsOn, *, named: int | None = None
) -> Response:
    """Write a calendar, or say that it is as it was. `named`: the source of whose name it has."""
    names: Names = request.app.state.names.get(connection)
    also = [] if named is None else [named]
    credited = names.attribution([*also, *(row.source_id for row in found.rows)])
    calendar = dataclasses.replace(found, credits=credited)
    settings, now = request.app.state.settings, today()
    base_url = settings.base_url.rstrip("/")
    stamp = actions.stamp_of(calendar, base_url=base_url, today=now)
    headers = {"etag": stamp, "cache-control": CACHED}
    if is_known(stamp, asked=request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    text = actions.write_calendar(calendar, base_url=base_url, service=settings.name, today=now)
    return Response(text, media_type=MEDIA_TYPE, headers=headers)
