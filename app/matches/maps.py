"""The map of matches, for the frame beside the lists."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import sqlalchemy as sa

from app.assets.maps import SCRIPTS, named, wards_around
from app.assets.schemas import Names
from app.errors import BadQuestion
from app.matches.actions import MatchLists
from app.places.actions import Place, Whereabouts
from app.settings import Settings
from app.walking.actions import Walking
from geo.distance import ON_FOOT, walk_minutes
from geo.errors import NetworkError
from geo.isochrones import isochrones
from geo.map_shapes import KIND_STYLES
from geo.maps import MapAssets, MapDocument, home_map
from geo.walking import Walker

RING_M = 1_000
MOST_MINUTES = 15


def map_of_matches(
    connection: sa.Connection,
    whereabouts: Whereabouts,
    lists: MatchLists,
    *,
    names: Names,
    within_m: float,
    settings: Settings,
    walking: Walking | None = None,
    walker: Walker = ON_FOOT,
    scripts: MapAssets = SCRIPTS,
) -> MapDocument:
    """Draw where a question starts as a star, and the matches near it by their numbers.

    Those who come to you are not drawn: where they start from is not where you meet them. Around
    it what is within 15 minutes' walk, or as many as were asked for; without ways, a ring.
    """
    place = whereabouts.place
    if place is None:
        raise BadQuestion("Say where to draw the map.", field="near")
    home = gpd.GeoDataFrame(
        {"name": [place.name]}, geometry=gpd.points_from_xy([place.lon], [place.lat]), crs=4326
    )
    near = lists.near
    matches = gpd.GeoDataFrame(
        {
            "name": [match.name for match in near],
            "kind": [m.asset_kind if m.asset_kind in KIND_STYLES else "group" for m in near],
            "rank": list(range(1, len(near) + 1)),
            "distance_m": [match.distance_m for match in near],
            "walk_minutes": np.array([m.walk_minutes for m in near], dtype=np.float64),
            "walk_m": [match.walk_m for match in near],
            "reasons": [match.reasons for match in near],
            "url": [match.url for match in near],
        },
        geometry=gpd.points_from_xy([m.lon for m in near], [m.lat for m in near]),
        crs=4326,
    )
    walk = _isochrone(walking, place, walker=walker, within_m=within_m)
    ways = walking.source_ids if walking is not None and walk is not None else ()
    attribution = names.attribution([*lists.source_ids, *ways])
    lons, lats = [place.lon, *(m.lon for m in near)], [place.lat, *(m.lat for m in near)]
    return home_map(
        home,
        matches,
        title=f"Map of matches near {place.name}",
        scripts=scripts,
        attribution=named(attribution, settings),
        catchment_m=min(RING_M, within_m),
        isochrone=walk,
        around=wards_around(connection, (min(lons), min(lats), max(lons), max(lats))),
        base_tiles=settings.base_tiles,
    )


def _isochrone(
    walking: Walking | None, place: Place, *, walker: Walker, within_m: float
) -> gpd.GeoDataFrame | None:
    """Return what is within the walk asked for; None where no ways are known."""
    if walking is None:
        return None
    minutes = min(MOST_MINUTES, walk_minutes(within_m))
    try:
        return isochrones(
            walking.network, lon=place.lon, lat=place.lat, minutes=[minutes], walker=walker
        )
    except NetworkError:
        return None
