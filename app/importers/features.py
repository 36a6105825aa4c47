"""Features from map files: GeoJSON, shapefile and GeoPackage, always as WGS 84."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from app.errors import FileRefused
from app.importers.signatures import kind_of, refuse_unless

WGS84 = "EPSG:4326"
BRITISH_NATIONAL_GRID = "EPSG:27700"
MAP_SUFFIXES = (".geojson", ".json", ".shp", ".gpkg")


def read_features(path: Path) -> gpd.GeoDataFrame:
    """Return the features of `path`, one row each, in WGS 84 (longitude, latitude).

    The index counts from 0, so a feature's number as a person counts is index + 1. Properties are
    columns with the values as written; a feature's own `id` is the column `id` where no property
    has that name. A geometry that is missing or malformed is None. A declared CRS is honoured;
    without one, values in degrees are WGS 84 and values in metres are British National Grid.

    Raises
    ------
    FileRefused
        If the file is cut off, is not a map file, has no features, or its CRS cannot be known.
    """
    kind = kind_of(path)
    if kind == "json":
        frame, declared = _read_geojson(path)
    elif (kind, path.suffix.lower()) in {("geopackage", ".gpkg"), ("shapefile", ".shp")}:
        frame, declared = _read_with_gdal(path)
    else:
        refuse_unless(path, kind, "json", "GeoJSON, a shapefile or a GeoPackage")
    if frame.empty:
        raise FileRefused(f"{path.name} has no features in it.")
    crs = declared or _guess_crs(path, frame)
    return frame.set_crs(crs, allow_override=True).to_crs(WGS84)


def with_known_crs(path: Path, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return features in WGS 84, by the CRS they say, or else the one their values are in.

    Raises `FileRefused` where neither tells.
    """
    plain = frame.reset_index(drop=True)
    plain["geometry"] = plain.geometry.force_2d()
    plain = plain.set_geometry("geometry")
    crs = plain.crs or _guess_crs(path, plain)
    return plain.set_crs(crs, allow_override=True).to_crs(WGS84)


def property_names(path: Path) -> list[str]:
    """Return the names of the properties of the features of `path`, without its geometry.

    Raises
    ------
    FileRefused
        As `read_features`.
    """
    if kind_of(path) == "json":
        return _names_in_order(_feature_collection(path)["features"])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [str(name) for name in pyogrio.read_info(path)["fields"]]
    except Exception as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> FileRefused:
    return FileRefused(f"{path.name} is damaged or incomplete: fetch it again from its publisher.")


def _feature_collection(path: Path) -> dict[str, Any]:
    """Return the GeoJSON FeatureCollection in `path`; `features` holds only objects."""
    try:
        # NaN and Infinity are no JSON, but some programs write them: they are read here and
        # become the problem of their row, not of the whole file.
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        where = ""
        if isinstance(error, json.JSONDecodeError):
            where = f" at line {error.lineno}"
        raise FileRefused(
            f"{path.name} is not complete GeoJSON: it breaks off or is damaged{where}."
        ) from error
    if isinstance(content, dict) and content.get("type") == "Feature":
        content = {"type": "FeatureCollection", "features": [content]}
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        raise FileRefused(f"{path.name} is JSON, but not a GeoJSON FeatureCollection.")
    features = content.get("features")
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise FileRefused(f"{path.name} is GeoJSON without a list of features.")
    return content


def _names_in_order(features: list[dict[str, Any]]) -> list[str]:
    names: dict[str, None] = {}
    for feature in features:
        properties = feature.get("properties")
        if isinstance(properties, dict):
            names.update(dict.fromkeys(properties))
    return list(names)


def _read_geojson(path: Path) -> tuple[gpd.GeoDataFrame, CRS | None]:
    content = _feature_collection(path)
    features = content["features"]
    names = _names_in_order(features)
    rows = [feature.get("properties") for feature in features]
    rows = [row if isinstance(row, dict) else {} for row in rows]
    columns = {name: [row.get(name) for row in rows] for name in names if name != "geometry"}
    if "id" not in columns and any("id" in feature for feature in features):
        columns["id"] = [feature.get("id") for feature in features]
    # dtype object: pandas would turn a column of ids with one gap into floats.
    frame = pd.DataFrame(columns, dtype=object, index=pd.RangeIndex(len(features)))
    geometries = [_geometry(feature.get("geometry")) for feature in features]
    return gpd.GeoDataFrame(frame, geometry=geometries), _declared_crs(path, content)


def _geometry(value: object) -> shapely.Geometry | None:
    """Return a geometry in two dimensions, or None where GEOS makes none of `value`."""
    if not isinstance(value, dict):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NaN coordinates are a row's problem, found later
            made = shapely.geometry.shape(value)
            return shapely.force_2d(made) if not made.is_empty else None
    except Exception:  # noqa: BLE001 - shape() raises whatever its input makes it stumble over
        return None


def _declared_crs(path: Path, content: dict[str, Any]) -> CRS | None:
    member = content.get("crs")
    if member is None:
        return None
    try:
        return CRS.from_user_input(member["properties"]["name"])
    except (CRSError, KeyError, TypeError) as error:
        raise FileRefused(
            f"{path.name} names a coordinate system we do not know: save it as WGS 84."
        ) from error


def _read_with_gdal(path: Path) -> tuple[gpd.GeoDataFrame, CRS | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = pyogrio.read_dataframe(path)
    except Exception as error:  # GDAL's errors come in many classes
        raise _damaged(path) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise FileRefused(f"{path.name} has no shapes in it.")
    frame = frame.reset_index(drop=True)
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    frame["geometry"] = frame.geometry.force_2d()
    return frame, frame.crs


def _guess_crs(path: Path, frame: gpd.GeoDataFrame) -> str:
    """Return degrees or grid metres by the values, where a file does not say."""
    bounds = np.asarray(frame.geometry.bounds, dtype=float)
    values = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(values) or np.abs(np.median(values, axis=0)).max() <= 180:
        return WGS84  # what lies outside is one row's problem
    west, south, east, north = np.median(values, axis=0)
    if 0 <= west <= east <= 700_000 and 0 <= south <= north <= 1_300_000:
        return BRITISH_NATIONAL_GRID
    raise FileRefused(
        f"{path.name} does not say its coordinate system, and its values are neither degrees nor"
        " British National Grid: save it as WGS 84."
    )
