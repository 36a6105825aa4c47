"""GeoJSON as RFC 7946 has it: WGS 84, longitude first, no ``crs`` member, no NaN, UTF-8 bytes.

Bytes and not text, because that is what both a file and an HTTP answer want.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from geo.crs import to_lon_lat
from geo.errors import FeatureError
from geo.popups import readable

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY

# Rows are written a batch at a time: their dictionaries are gone before Python's garbage
# collector goes looking through them, and a long list needs little memory beside its bytes.
_BATCH_ROWS = 1000

# One point feature: its id, longitude and latitude in degrees (both None: not located), and
# whatever else is public about it.
Row = tuple[Any, float | None, float | None, Mapping[str, Any]]


def feature_collection(
    frame: gpd.GeoDataFrame,
    *,
    id: str | None = None,  # noqa: A002 -- the member's name in the format
    properties: Sequence[str] = (),
    decimals: int = 6,
) -> bytes:
    """Write a GeoDataFrame as a FeatureCollection.

    Parameters
    ----------
    frame
        Any geometry types, in any CRS.
    id
        The column for each feature's ``id`` member, or ``None`` for none.
    properties
        The columns to write, in this order; no other column leaves.
    decimals
        Digits kept of each degree: 6 is 11 cm. Outer rings run anticlockwise (RFC 7946, 3.1.6).

    Returns
    -------
    bytes
        UTF-8. Missing values, NaN and infinities are ``null``; dates are ISO 8601; a row
        without geometry has ``"geometry": null``.

    Raises
    ------
    CrsError
        When `frame` has no CRS.
    FeatureError
        When a column is missing, a coordinate is not finite, or a value has no JSON form.
    """
    wanted = [*([id] if id else []), *properties]
    if missing := [column for column in wanted if column not in frame.columns]:
        message = f"GeoJSON needs the missing column(s) {', '.join(missing)}."
        raise FeatureError(message)
    geometries = geometry_fragments(to_lon_lat(frame).geometry, decimals=decimals)
    rows = [dict(zip(properties, values, strict=True)) for values in _columns(frame, properties)]
    features: list[dict[str, Any]] = [
        {"type": "Feature", "geometry": geometry, "properties": row}
        for geometry, row in zip(geometries, rows or [{}] * len(geometries), strict=True)
    ]
    if id:
        for feature, value in zip(features, frame[id], strict=True):
            feature["id"] = value
    return _collection(_dump(features)[1:-1])


def features_from_rows(rows: Iterable[Row], *, decimals: int = 6) -> bytes:
    """Write point rows as a FeatureCollection: the quick way, for lists and feeds.

    Parameters
    ----------
    rows
        ``(id, lon, lat, properties)``, WGS 84 degrees; both coordinates ``None`` for a row that
        is not located.
    decimals
        Digits kept of each degree.

    Raises
    ------
    FeatureError
        When a coordinate is NaN, infinite or off the globe (the id is named), or a value has no
        JSON form.
    """
    batches = []
    rows = iter(rows)
    while batch := [_point_feature(*row, decimals) for row in islice(rows, _BATCH_ROWS)]:
        batches.append(_dump(batch)[1:-1])
    return _collection(b",".join(batches))


def geometry_fragments(geometries: gpd.GeoSeries, *, decimals: int) -> list[orjson.Fragment | None]:
    """Return each geometry as ready JSON, ``None`` where there is none.

    Parameters
    ----------
    geometries
        WGS 84, (lon, lat); any type. Coordinates are rounded to `decimals` degrees and a third
        dimension is dropped.

    Raises
    ------
    FeatureError
        When a coordinate is NaN or infinite; the row's index is named.
    """
    shapes = shapely.force_2d(np.asarray(geometries.array, dtype=object))
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    if not (finite := np.isfinite(coordinates).all(axis=1)).all():
        row = geometries.index[owners[~finite][0]]
        message = f"Row {row!r} has a coordinate that is not a number."
        raise FeatureError(message)
    rounded = shapely.orient_polygons(
        shapely.transform(shapes, lambda xy: np.round(xy, decimals)), exterior_cw=False
    )
    empty = shapely.is_missing(rounded) | shapely.is_empty(rounded)
    texts = shapely.to_geojson(rounded)
    return [
        None if skip else orjson.Fragment(text) for skip, text in zip(empty, texts, strict=True)
    ]


def _columns(frame: gpd.GeoDataFrame, properties: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    return zip(*(frame[column].astype(object) for column in properties), strict=True)


def _point_feature(
    identifier: object,
    lon: float | None,
    lat: float | None,
    properties: Mapping[str, Any],
    decimals: int,
) -> dict[str, Any]:
    geometry: dict[str, Any] | None
    if lon is None or lat is None:
        geometry = None
    elif -180 <= lon <= 180 and -90 <= lat <= 90:  # false for NaN too
        point = (round(lon, decimals), round(lat, decimals))
        geometry = {"type": "Point", "coordinates": point}
    else:
        message = f"Row {identifier!r} has impossible coordinates: lon {lon}, lat {lat}."
        raise FeatureError(message)
    return {"type": "Feature", "id": identifier, "geometry": geometry, "properties": properties}


def _collection(features: bytes) -> bytes:
    return b'{"type":"FeatureCollection","features":[' + features + b"]}"


def _dump(features: Sequence[Mapping[str, Any]]) -> bytes:
    """Return `features` as a JSON array."""
    try:
        return orjson.dumps(features, default=_plain, option=_OPTIONS)
    except TypeError as problem:
        # A lone surrogate half in a name must not take the whole list down; it is rare, as are
        # keys that are not plain strings, so rows are only cleaned when writing them has failed
        try:
            return orjson.dumps(_cleaned(features), default=_plain, option=_OPTIONS)
        except TypeError:
            message = f"A value has no GeoJSON form: {problem}."
            raise FeatureError(message) from problem


def _plain(value: object) -> object:
    """Give orjson the plain form of what it does not know."""
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, Mapping):  # a database row
        return dict(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _cleaned(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON can hold
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        return {readable(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value
