"""The maps of a ward and of a district's wards, for the frames on their pages."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely
import sqlalchemy as sa

from app.areas import queries
from app.areas.compare import Choice, figures_of
from app.areas.measures import DistrictValues
from app.assets import queries as asset_queries
from app.assets.maps import SCRIPTS, frame_of_points, named, outline_of, wards_around
from app.assets.queries import AssetFilter
from app.assets.schemas import Names
from app.settings import Settings
from geo.maps import MapAssets, MapDocument, choropleth, ward_map

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


def map_of_district(
    connection: sa.Connection,
    district: DistrictValues,
    choice: Choice,
    names: Names,
    *,
    settings: Settings,
    scripts: MapAssets = SCRIPTS,
) -> MapDocument:
    """Draw a district's wards in the colours of the chosen measure."""
    ids = [ward.area_id for ward in district.wards]
    # Every vertex: borders that neighbours share are made simpler together.
    outlines = queries.list_outlines(connection, area_ids=ids, tolerance_m=0.0)
    measure = choice.measure
    frame = gpd.GeoDataFrame(
        {
            "name": [ward.name for ward in district.wards],
            "figure": figures_of(district, measure),
        },
        geometry=[shapely.from_geojson(outlines[one]) for one in ids],
        crs=4326,
    )
    return choropleth(
        frame,
        measure="figure",
        label=measure.label,
        unit=measure.unit,
        title=f"Map of the wards of {district.lad_name}: {measure.label}",
        scripts=scripts,
        attribution=named(names.attribution(district.source_ids), settings),
        scheme=choice.geo_scheme,
        decimals=measure.decimals,
        base_tiles=settings.base_tiles,
    )
