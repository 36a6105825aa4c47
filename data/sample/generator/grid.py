"""Ellerwick's own metres, the National Grid and longitude and latitude, always the same digits.

The town's plan is drawn in metres east and north of the middle of its bridge. The transformation to
degrees is spelled out (Helmert, no grid file), so that the generator writes the same bytes on a
machine with Ordnance Survey's correction grid and on one without.
"""

from __future__ import annotations

from functools import lru_cache

import pyproj
from shapely.geometry import Polygon

# Open limestone moor between Malham Tarn and Wharfedale: no town, so no harm.
ORIGIN_EASTING_M, ORIGIN_NORTHING_M = 393_000, 468_500
_NATIONAL_GRID = (
    "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
    " +towgs84=446.448,-125.157,542.06,0.15,0.247,0.842,-20.489 +units=m +no_defs"
)
DECIMALS = 6  # a tenth of a metre

XY = tuple[float, float]


@lru_cache
def _to_degrees() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(_NATIONAL_GRID, "EPSG:4326", always_xy=True)


def lon_lat_of(point: XY) -> XY:
    """Return longitude and latitude in degrees (WGS 84) of a point of the plan in metres."""
    easting, northing = ORIGIN_EASTING_M + point[0], ORIGIN_NORTHING_M + point[1]
    lon, lat = _to_degrees().transform(easting, northing)
    return round(lon, DECIMALS), round(lat, DECIMALS)


def grid_of(point: XY) -> tuple[int, int]:
    """Return easting and northing in whole metres (EPSG:27700) of a point of the plan."""
    return ORIGIN_EASTING_M + round(point[0]), ORIGIN_NORTHING_M + round(point[1])


def polygon_in_degrees(plan: Polygon) -> Polygon:
    """Return a polygon of the plan in degrees, rounded; equal corners stay equal."""
    return Polygon([lon_lat_of((x, y)) for x, y in plan.exterior.coords])


def read_point(text: str) -> XY:
    """Return the point written "120,-35"."""
    x, y = text.split(",")
    return float(x), float(y)
