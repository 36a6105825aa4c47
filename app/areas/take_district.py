"""The comparison of a district's wards as files: a workbook, and a GeoPackage."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import pandas as pd
import shapely
import sqlalchemy as sa

from app.areas import queries
from app.areas.compare import heading_of, measures_of, rows_of
from app.areas.measures import DistrictValues
from app.assets.schemas import Names
from app.exports.packages import field_name, write_gpkg
from app.exports.tables import Table, sources_table
from app.words import long_date


def tables_of(district: DistrictValues, names: Names, *, made_on: dt.date) -> list[Table]:
    """Return the wards with their figures, how each figure is worked out, and whose data it is."""
    columns, rows = rows_of(district)
    measures = [(heading_of(one), one.explanation) for one in measures_of(district)]
    return [
        Table("Wards", columns, rows),
        Table("Figures", ("figure", "how it is worked out"), measures),
        sources_table(names, district.source_ids, made_on=made_on),
    ]


def title_of(district: DistrictValues, *, made_on: dt.date) -> str:
    """Return what the file is called."""
    return f"Wards of {district.lad_name} ({district.release}), {long_date(made_on)}"


def as_gpkg(
    connection: sa.Connection, district: DistrictValues, names: Names, *, made_on: dt.date
) -> bytes:
    """Return the wards as published, with their figures, as a GeoPackage."""
    wards, *others = tables_of(district, names, made_on=made_on)
    outlines = queries.list_outlines(
        connection, area_ids=[ward.area_id for ward in district.wards], tolerance_m=0.0
    )
    attribution = names.attribution(district.source_ids)
    frame = gpd.GeoDataFrame(
        pd.DataFrame(wards.rows, columns=[field_name(name) for name in wards.columns]),
        geometry=[shapely.from_geojson(outlines[ward.area_id]) for ward in district.wards],
        crs=4326,
    ).assign(attribution="; ".join(attribution), taken_on=made_on)
    said = {"title": title_of(district, made_on=made_on), "made_on": made_on.isoformat()}
    return write_gpkg({"wards": frame}, others, said=said, attribution=attribution)
