"""The map of a ward, for the frame on its page."""

from __future__ import annotations

import geopandas as gpd
import shapely
import sqlalchemy as sa

from app.areas import queries
from app.assets import queries as asset_queries
from app.assets.maps import SCRIPTS, frame_of_points, named, wards_around
from app.assets.queries import AssetFilter
from app.assets.schemas import Names
from app.settings import Settings
from geo.maps import MapDocument, ward_map

MOST_ON_A_MAP = 10_000


def map_of_ward(
    connection: sa.Connection, ward: sa.Row, names: Names, *, settings: Settings
) -> MapDocument:
    """Draw a ward with what is in it, and its neighbours faintly."""
    wanted = AssetFilter(area_id=ward.id, area_code=ward.gss_code)
    rows = asset_queries.list_points(connection, wanted=wanted, limit=MOST_ON_A_MAP)
    outline = queries.list_outlines(connection, area_ids=[ward.id], tolerance_m=0.0)[ward.id]
    shape = gpd.GeoDataFrame(
        {"name": [ward.name]}, geometry=[shapely.from_geojson(outline)], crs=4326
    )
    around = wards_around(connection, shape.total_bounds)
    if around is not None:
        around = around[around["name"] != ward.name]
    sources = [ward.source_id, *(row.source_id for row in rows)]
    return ward_map(
        shape,
        frame_of_points(rows),
        title=f"Map of {ward.name} ward",
        scripts=SCRIPTS,
        attribution=named(names.attribution(sources), settings),
        around=around,
        base_tiles=settings.base_tiles,
    )
