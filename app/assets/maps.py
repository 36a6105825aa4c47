"""Maps of assets for the frames beside lists."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import sqlalchemy as sa

from app import words
from app.areas import queries as area_queries
from app.settings import Settings
from geo.maps import MapAssets, MapDocument, asset_map

SCRIPTS = MapAssets(base="/static/vendor")
# Outlines are there to know one's way about; beyond this many they only hide the places.
MOST_OUTLINES = 80


def frame_of_points(rows: Sequence[sa.Row]) -> gpd.GeoDataFrame:
    """Return rows with id, kind, name, lon, lat as a frame for `geo.maps`, WGS 84."""
    return gpd.GeoDataFrame(
        {
            "name": [row.name for row in rows],
            "kind": [row.kind for row in rows],
            "url": [f"/assets/{row.id}" for row in rows],
            "detail": [words.kind_word(row.kind) for row in rows],
        },
        geometry=gpd.points_from_xy([row.lon for row in rows], [row.lat for row in rows]),
        crs=4326,
    )


def wards_around(
    connection: sa.Connection, bounds: Sequence[float], *, margin: float = 0.01
) -> gpd.GeoDataFrame | None:
    """Return the outlines of the wards in a rectangle (degrees), or None if too many or none."""
    west, south, east, north = bounds
    rows = area_queries.list_outlines_within(
        connection,
        box=(west - margin, south - margin, east + margin, north + margin),
        limit=MOST_OUTLINES + 1,
    )
    if not rows or len(rows) > MOST_OUTLINES:
        return None
    return gpd.GeoDataFrame(
        {"name": [row.name for row in rows]},
        geometry=gpd.GeoSeries.from_wkb([row.outline for row in rows], crs=4326),
    )


def map_of_assets(
    connection: sa.Connection,
    rows: Sequence[sa.Row],
    *,
    title: str,
    attribution: Sequence[str],
    settings: Settings,
) -> MapDocument:
    """Draw assets, with the wards they are in faintly behind them."""
    located = [row for row in rows if row.lon is not None]
    frame = frame_of_points(located)
    around = wards_around(connection, frame.total_bounds) if located else None
    return asset_map(
        frame,
        title=title,
        scripts=SCRIPTS,
        attribution=named(attribution, settings),
        around=around,
        base_tiles=settings.base_tiles,
    )


def named(attribution: Sequence[str], settings: Settings) -> list[str]:
    """Return who a map has to name: its sources, and its background if it has one."""
    tiles = [settings.base_tiles_attribution] if settings.base_tiles_attribution else []
    return [*attribution, *tiles]
