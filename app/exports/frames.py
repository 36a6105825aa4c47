"""Layers as tables of Arrow and as GeoDataFrames: what map formats are written from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from app.exports.layers import Layer, Row

GEOMETRY = "geometry"
_TYPES = {
    "beds": pa.int32(), "cost_pence": pa.int32(), "comes_to_homes": pa.bool_(),
    "checked_on": pa.date32(), "next_day": pa.date32(), "lon": pa.float64(), "lat": pa.float64(),
}  # fmt: skip
# Where a layer's geometry says it already.
_PLACE = ("lon", "lat")
_WKB = {"ARROW:extension:name": "geoarrow.wkb", "ARROW:extension:metadata": '{"crs": "OGC:CRS84"}'}


def schema_of(layer: Layer, metadata: dict[str, str] | None = None) -> pa.Schema:
    """Return the columns of a layer with its geometry (WKB, longitude latitude, WGS 84) last."""
    fields = [
        pa.field(column, _TYPES.get(column, pa.string()))
        for column in layer.columns
        if column not in _PLACE
    ]
    return pa.schema([*fields, pa.field(GEOMETRY, pa.binary(), metadata=_WKB)], metadata)


def batches(layer: Layer, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a layer."""
    for rows in layer.chunks():
        places = _places(layer, rows)
        columns = [
            pa.array([row[at] for row in rows], schema.field(column).type)
            for at, column in enumerate(layer.columns)
            if column not in _PLACE
        ]
        points = pa.array(shapely.to_wkb(places), pa.binary())
        yield pa.RecordBatch.from_arrays([*columns, points], schema=schema)


def frames(layer: Layer) -> Iterator[gpd.GeoDataFrame]:
    """Yield the rows of a layer as GeoDataFrames, WGS 84."""
    for rows in layer.chunks():
        frame = pd.DataFrame([tuple(row) for row in rows], columns=list(layer.columns))
        for column in ("beds", "cost_pence"):
            if column in frame:
                frame[column] = frame[column].astype("Int32")
        for column in ("checked_on", "next_day"):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
        yield gpd.GeoDataFrame(
            frame.drop(columns=list(_PLACE)), geometry=_places(layer, rows), crs=4326
        )


def _places(layer: Layer, rows: Sequence[Row]) -> list[Any]:
    lon, lat = (layer.columns.index(column) for column in _PLACE)
    return [None if row[lon] is None else shapely.Point(row[lon], row[lat]) for row in rows]
