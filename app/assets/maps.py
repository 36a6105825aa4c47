"""Maps of assets for the frames beside lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import shapely
import sqlalchemy as sa

from app import words
from app.areas import queries as area_queries
from app.assets.schemas import Names, credit
from app.models import LocationSource
from app.settings import Settings
from geo.maps import MapAssets, MapDocument, asset_map, ward_map

SCRIPTS = MapAssets(base="/static/vendor")
# Outlines are there to know one's way about; beyond this many they only hide the places.
MOST_OUTLINES = 80


def frame_of_points(rows: Sequence[sa.Row[Any]]) -> gpd.GeoDataFrame:
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
    connection: sa.Connection,
    bounds: Sequence[float],
    *,
    but: str | None = None,
    margin: float = 0.01,
) -> gpd.GeoDataFrame | None:
    """Return the outlines of the wards in a rectangle (degrees) but one, by its code.

    With the columns `name` and `attribution`, which the map shows. None if there are none, or too
    many to be of help.
    """
    west, south, east, north = bounds
    rows = area_queries.list_outlines_within(
        connection,
        box=(west - margin, south - margin, east + margin, north + margin),
        limit=MOST_OUTLINES + 1,
    )
    rows = [row for row in rows if row.gss_code != but]
    if not rows or len(rows) > MOST_OUTLINES:
        return None
    return gpd.GeoDataFrame(
        {
            "name": [row.name for row in rows],
            "attribution": [credit(row.attribution, row.licence) for row in rows],
        },
        geometry=gpd.GeoSeries.from_wkb([row.outline for row in rows], crs=4326),
    )


def map_of_assets(
    connection: sa.Connection,
    rows: Sequence[sa.Row[Any]],
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


def map_of_asset(
    connection: sa.Connection,
    asset: sa.Row[Any],
    *,
    ward: sa.Row[Any] | None,
    names: Names,
    settings: Settings,
) -> MapDocument:
    """Draw one asset in its ward: a point alone would say nothing.

    Of what is only known by its ward, the ward is drawn and nothing in it.
    """
    if ward is None:
        return map_of_assets(
            connection,
            [asset],
            title=f"Map of {asset.name}",
            attribution=names.attribution([asset.source_id]),
            settings=settings,
        )
    shape = outline_of(connection, ward)
    is_by_ward = asset.location_source == LocationSource.WARD
    return ward_map(
        shape,
        frame_of_points([] if is_by_ward else [asset]),
        title=f"Map of {ward.name} ward" if is_by_ward else f"Map of {asset.name}",
        scripts=SCRIPTS,
        attribution=named(names.attribution([asset.source_id, ward.source_id]), settings),
        around=wards_around(connection, shape.total_bounds, but=ward.gss_code),
        base_tiles=settings.base_tiles,
    )


def outline_of(connection: sa.Connection, ward: sa.Row[Any]) -> gpd.GeoDataFrame:
    """Return a ward's outline, as published, in WGS 84."""
    outline = area_queries.list_outlines(connection, area_ids=[ward.id], tolerance_m=0.0)[ward.id]
    return gpd.GeoDataFrame(
        {"name": [ward.name]}, geometry=[shapely.from_geojson(outline)], crs=4326
    )


def named(attribution: Sequence[str], settings: Settings) -> list[str]:
    """Return who a map has to name: its sources, and its background if it has one."""
    tiles = [settings.base_tiles_attribution] if settings.base_tiles_attribution else []
    # A question nothing answers has an empty map, which names nobody: that is no mistake.
    return [*attribution, *tiles] or ["none, because nothing is shown."]
