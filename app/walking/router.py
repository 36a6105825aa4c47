"""The address of isochrones: what is within so many minutes' walk, for programs that draw maps."""

from __future__ import annotations

import re
import threading

import geopandas as gpd
import orjson
from fastapi import APIRouter, Request, Response

from app.assets.schemas import FEATURES, Names
from app.dependencies import Reading
from app.errors import BadQuestion, NotFound, Unavailable
from app.parameter_docs import answers, parameters
from app.parameters import Query
from app.places.actions import Place, find_place
from app.rendering import geojson_answer
from app.walking.actions import Walking
from geo.crs import to_lon_lat
from geo.errors import NetworkError
from geo.geojson import geometry_fragments
from geo.isochrones import isochrones
from geo.walking import WALKERS, Walker

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

USUAL_MINUTES = (5, 10, 15)
MOST_RINGS = 4
MOST_MINUTES = 60
# An hour's ring takes a second: whoever asks for many waits, and not everybody else.
_ONE_AT_A_TIME = threading.Semaphore(1)
LONGEST_WAIT_S = 10.0
_MINUTES = re.compile(r"[0-9]{1,2}(,[0-9]{1,2})*")


@router.get(
    "/isochrones.geojson",
    tags=["walking"],
    summary="What is within minutes' walk of a place, along streets and paths",
    openapi_extra=parameters("near", "home", "lon", "lat", "minutes", "walker"),
    responses=answers(FEATURES, media_type="application/geo+json", not_found=True),
)
def list_isochrones(request: Request, connect: Reading) -> Response:
    """Return an area for each of the minutes asked, the smallest first."""
    query = Query(request.query_params)
    minutes, walker = read_minutes(query), query.words("walker", WALKERS) or ["walking"]
    if len(walker) > 1:
        query.wrong("walker", "Give one “walker”.")
    with connect() as connection:
        place = find_place(connection, query).place
        query.refuse_problems()
        if place is None:
            raise BadQuestion(
                "Say where: near (a postcode or care home), home, or lon and lat.", field="near"
            )
        walking = request.app.state.walking.get(connection)
        names: Names = request.app.state.names.get(connection)
    if walking is None:
        raise NotFound(
            "No foot network is loaded here, so nobody knows what is within minutes’ walk."
        )
    areas = _draw(walking, place, minutes=minutes, walker=WALKERS[walker[0]])
    answer = geojson_answer(
        as_features(areas, walker=walker[0]), attribution=names.attribution(walking.source_ids)
    )
    answer.headers["cache-control"] = "public, max-age=3600"
    return answer


def _draw(
    walking: Walking, place: Place, *, minutes: list[int], walker: Walker
) -> gpd.GeoDataFrame:
    if not _ONE_AT_A_TIME.acquire(timeout=LONGEST_WAIT_S):
        raise Unavailable("Others are asking for areas just now. Try again in a minute.")
    try:
        return isochrones(
            walking.network, lon=place.lon, lat=place.lat, minutes=minutes, walker=walker
        )
    except NetworkError as error:
        sentence = "No way on foot is known within 200 m of that place. Try one nearer a street."
        raise BadQuestion(sentence, field="near") from error
    finally:
        _ONE_AT_A_TIME.release()


def read_minutes(query: Query) -> list[int]:
    """Return the minutes asked for, in order and each once; what makes no sense is a problem."""
    text = query.text("minutes")
    if text is None:
        return list(USUAL_MINUTES)
    plain = text.replace(" ", "")
    found = sorted({int(one) for one in plain.split(",")}) if _MINUTES.fullmatch(plain) else []
    if not found or found[0] < 1 or found[-1] > MOST_MINUTES or len(found) > MOST_RINGS:
        query.wrong(
            "minutes",
            f"“minutes” must be up to {MOST_RINGS} whole numbers from 1 to {MOST_MINUTES},"
            " with commas, like 5,10,15.",
        )
        return list(USUAL_MINUTES)
    return found


def as_features(areas: gpd.GeoDataFrame, *, walker: str) -> bytes:
    """Return isochrones as a FeatureCollection in WGS 84, to a metre."""
    shapes = geometry_fragments(to_lon_lat(areas).geometry, decimals=5)
    features = [
        {
            "type": "Feature",
            "geometry": shape,
            "properties": {"minutes": minutes, "walker": walker},
        }
        for minutes, shape in zip(areas["minutes"].tolist(), shapes, strict=True)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})
