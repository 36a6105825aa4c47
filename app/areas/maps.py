"""The map of a ward, for the frame on its page."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.assets import queries as asset_queries
from app.assets.maps import SCRIPTS, frame_of_points, named, outline_of, wards_around
from app.assets.queries import AssetFilter
from app.assets.schemas import Names
from app.settings import Settings
from geo.maps import MapAssets, MapDocument, ward_map

MOST_ON_A_MAP = 10_000


def map_of_ward(
    connection: sa.Connection,
    ward: sa.Row[Any],
    names: Names,
    *,
    settings: Settings,
    scripts: MapAssets = SCRIPTS,
) -> MapDocument:
    """Draw a ward with what is in it, and its neighbours faintly."""
    wanted = AssetFilter(area_id=ward.id, area_code=ward.gss_code)
    rows = asset_queries.list_points(connection, wanted=wanted, limit=MOST_ON_A_MAP)
    shape = outline_of(connection, ward)
    sources = [ward.source_id, *(row.source_id for row in rows)]
    return ward_map(
        shape,
        frame_of_points(rows),
        title=f"Map of {ward.name} ward",
        scripts=scripts,
        attribution=named(names.attribution(sources), settings),
        around=wards_around(connection, shape.total_bounds, but=ward.gss_code),
        base_tiles=settings.base_tiles,
    )
