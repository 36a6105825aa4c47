"""A ward as a GeoPackage; its workbook is written by `app.exports.workbooks`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd

from app.areas.report import WardReport
from app.areas.take import Ground, points_of
from app.areas.take_tables import title_of
from app.assets import schemas as asset_schemas
from app.assets.schemas import Names
from app.exports.packages import write_gpkg
from app.exports.tables import Table
from app.exports.workbooks import plain


def as_gpkg(report: WardReport, ground: Ground, names: Names, tables: Iterable[Table]) -> bytes:
    """Return a ward as a GeoPackage: its outline, its places and its tables, WGS 84.

    What is under a share-alike licence (OpenStreetMap's ODbL) is a layer of its own. Licence,
    attribution and date are in the table `sources`, in every row and in the metadata.
    """
    said = {"title": title_of(report), "made_on": report.made_on.isoformat()}
    outline = ground.shape.assign(
        gss_code=report.ward.gss_code, release=report.ward.release, **_credit(report, names)
    )
    free, shared = _places(report, names)
    return write_gpkg(
        {"ward": outline, "places": free, "places_osm": shared},
        [table for table in tables if table.name != "Places"],
        said=said,
        attribution=ground.attribution,
    )


def _credit(report: WardReport, names: Names) -> dict[str, Any]:
    source = names.sources.get(report.ward.source_id)
    return {
        "licence": source.licence if source else None,
        "attribution": source.attribution if source else None,
        "taken_on": report.made_on,
    }


def _places(report: WardReport, names: Names) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the places that may be mixed with others, and those that may not."""
    columns = [name.replace(" ", "_") for name in asset_schemas.CSV_COLUMNS]
    rows = [[plain(cell) for cell in row] for row in asset_schemas.as_csv(report.places, names)]
    frame = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=columns).astype({"beds": "Int64"}),
        geometry=points_of(report.places),
        crs=4326,
    ).drop(columns="distance_in_metres")
    frame["taken_on"] = report.made_on
    alike = {one.id for one in names.sources.values() if one.is_share_alike}
    is_alike = pd.Series([row.source_id in alike for row in report.places], dtype=bool)
    return frame[~is_alike.to_numpy()], frame[is_alike.to_numpy()]
