"""Reference systems: published coordinates, the axis order, and refusing to guess."""

from __future__ import annotations

import geopandas as gpd
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from geo.crs import (
    BRITISH_NATIONAL_GRID,
    WGS84,
    grid_of,
    is_in_great_britain,
    require_crs,
    to_lon_lat,
    to_metres,
)
from geo.errors import CrsError, GeoError

# The Ordnance Survey's own worked example of its transformation, Caister water tower, in its guide
# to coordinate systems: 52 39 28.8282 N, 1 42 57.8663 E is E 651409.903, N 313177.270.
CAISTER_LON_LAT = (1 + 42 / 60 + 57.8663 / 3600, 52 + 39 / 60 + 28.8282 / 3600)
CAISTER_GRID = (651409.903, 313177.270)
# Without the OSTN15 grid.
TOLERANCE_M = 5.0

in_england = st.tuples(st.floats(-5.7, 1.7), st.floats(50.0, 55.8))


def _one(point: Point, crs: int | None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["x"]}, geometry=[point], crs=crs)


def test_a_published_point_lands_where_it_was_published() -> None:
    easting, northing = grid_of(*CAISTER_LON_LAT)
    assert abs(easting - CAISTER_GRID[0]) < TOLERANCE_M
    assert abs(northing - CAISTER_GRID[1]) < TOLERANCE_M


def test_longitude_comes_first() -> None:
    easting, northing = grid_of(-1.7534, 53.7924)
    assert 416_000 < easting < 417_000
    assert 432_000 < northing < 434_000


@given(in_england)
def test_a_frame_and_a_pair_of_numbers_agree_and_come_back(place: tuple[float, float]) -> None:
    there = to_metres(_one(Point(place), WGS84))
    assert there.crs.to_epsg() == BRITISH_NATIONAL_GRID
    point = there.geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx(grid_of(*place), abs=1e-6)
    back = to_lon_lat(there)
    assert back.crs.to_epsg() == WGS84
    assert (back.geometry.iloc[0].x, back.geometry.iloc[0].y) == pytest.approx(place, abs=1e-6)


@given(in_england, st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_grid_distances_are_metres(place: tuple[float, float], d_lon: float, d_lat: float) -> None:
    other = (place[0] + d_lon, place[1] + d_lat)
    straight = Point(grid_of(*place)).distance(Point(grid_of(*other)))
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(*place, *other)
    # The grid stretches by at most 0.04 % in England.
    assert straight == pytest.approx(metres, rel=6e-4, abs=0.05)


def test_a_frame_without_a_crs_is_refused_by_name() -> None:
    frame = _one(Point(-1.75, 53.79), None)
    for change in (to_metres, to_lon_lat, require_crs):
        with pytest.raises(CrsError, match="the surgeries has no CRS: set it") as caught:
            change(frame, name="the surgeries")
        assert isinstance(caught.value, GeoError)
        assert isinstance(caught.value, ValueError)


def test_frames_keep_their_rows_and_columns_and_are_not_changed() -> None:
    square = Polygon([(-1.8, 53.7), (-1.7, 53.7), (-1.7, 53.8), (-1.8, 53.8)])
    frame = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[square, None], crs=WGS84, index=[7, 3])
    metres = to_metres(frame)
    assert metres.index.tolist() == [7, 3]
    assert metres["name"].tolist() == ["a", "b"]
    assert metres.geometry.iloc[1] is None
    assert frame.crs.to_epsg() == WGS84


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (-1.7534, 53.7924, True),  # Bradford
        (-6.26, 60.9, True),  # the edge north of Shetland
        (53.7924, -1.7534, False),  # swapped
        (2.35, 48.86, False),  # Paris
        (0.0, 0.0, False),
        (float("nan"), 53.0, False),
        (-1.7, float("inf"), False),
    ],
)
def test_is_in_great_britain(lon: float, lat: float, expected: bool) -> None:
    assert is_in_great_britain(lon, lat) is expected
