"""The map of matches, for the frame beside the lists."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import sqlalchemy as sa

from app.assets.maps import SCRIPTS, named, wards_around
from app.errors import BadQuestion
from app.matches.actions import MatchLists
from app.places.actions import Whereabouts
from app.settings import Settings
from geo.map_shapes import KIND_STYLES
from geo.maps import MapAssets, MapDocument, home_map

RING_M = 1_000


def map_of_matches(
    connection: sa.Connection,
    whereabouts: Whereabouts,
    lists: MatchLists,
    *,
    attribution: Sequence[str],
    within_m: float,
    settings: Settings,
    scripts: MapAssets = SCRIPTS,
) -> MapDocument:
    """Draw where a question starts as a star, and the matches near it by their numbers.

    Those who come to you are not drawn: where they start from is not where you meet them.
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
    lons, lats = [place.lon, *(m.lon for m in near)], [place.lat, *(m.lat for m in near)]
    return home_map(
        home,
        matches,
        title=f"Map of matches near {place.name}",
        scripts=scripts,
        attribution=named(attribution, settings),
        catchment_m=min(RING_M, within_m),
        around=wards_around(connection, (min(lons), min(lats), max(lons), max(lats))),
        base_tiles=settings.base_tiles,
    )
