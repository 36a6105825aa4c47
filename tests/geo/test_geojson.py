"""GeoJSON as the standard has it, from frames and from rows."""

from __future__ import annotations

import datetime as dt
import json
import math
import uuid
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CrsError, FeatureError
from geo.geojson import feature_collection, features_from_rows


def _strict(raw: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    loaded: dict[str, Any] = json.loads(raw, parse_constant=refuse)
    return loaded


def _frame(**columns: Any) -> gpd.GeoDataFrame:
    geometry = columns.pop("geometry", [shapely.Point(-1.759, 53.795), shapely.Point(-1.7, 53.8)])
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=4326)


def test_a_frame_in_metres_is_written_in_degrees_longitude_first() -> None:
    frame = _frame(code=["a", "b"], secret=["x", "y"]).to_crs(27700)
    written = _strict(feature_collection(frame, id="code", properties=["code"]))
    assert set(written) == {"type", "features"}
    assert written["type"] == "FeatureCollection"
    first = written["features"][0]
    assert first["id"] == "a"
    assert first["properties"] == {"code": "a"}
    assert first["geometry"] == {"type": "Point", "coordinates": [-1.759, 53.795]}


def test_degrees_keep_six_decimals_and_no_more() -> None:
    frame = _frame(geometry=[shapely.Point(-1.12345678901, 53.98765432109)])
    written = _strict(feature_collection(frame))
    assert written["features"][0]["geometry"]["coordinates"] == [-1.123457, 53.987654]
    assert _strict(feature_collection(frame, decimals=2))["features"][0]["geometry"][
        "coordinates"
    ] == [-1.12, 53.99]


def test_outer_rings_run_anticlockwise_and_holes_clockwise() -> None:
    clockwise = [(0, 50), (0, 51), (1, 51), (1, 50), (0, 50)]
    hole = [(0.2, 50.2), (0.4, 50.2), (0.4, 50.4), (0.2, 50.4), (0.2, 50.2)]
    frame = _frame(geometry=[shapely.Polygon(clockwise, [hole])])
    rings = _strict(feature_collection(frame))["features"][0]["geometry"]["coordinates"]
    assert [shapely.LinearRing(ring).is_ccw for ring in rings] == [True, False]


def test_what_json_cannot_hold_becomes_null_and_dates_become_iso() -> None:
    frame = _frame(
        number=[math.nan, math.inf],
        whole=pd.array([1, None], dtype="Int64"),
        day=[dt.date(2026, 11, 23), None],
        moment=[pd.Timestamp("2026-11-23T06:45:00Z"), pd.NaT],
        words=pd.Series(["caf\u00e9", "a\ud800b"], dtype=object),
        price=[Decimal("1.50"), None],
    )
    columns = ["number", "whole", "day", "moment", "words", "price"]
    first, second = (
        f["properties"] for f in _strict(feature_collection(frame, properties=columns))["features"]
    )
    assert first == {
        "number": None,
        "whole": 1,
        "day": "2026-11-23",
        "moment": "2026-11-23T06:45:00+00:00",
        "words": "caf\u00e9",
        "price": 1.5,
    }
    assert second == dict.fromkeys(columns) | {"words": "a\ufffdb"}


def test_a_row_without_a_place_is_still_a_row() -> None:
    frame = _frame(geometry=[None, shapely.Point()], code=[1, 2])
    written = _strict(feature_collection(frame, id="code", properties=["code"]))
    assert [f["geometry"] for f in written["features"]] == [None, None]


def test_an_empty_frame_is_an_empty_collection() -> None:
    empty = gpd.GeoDataFrame({"code": []}, geometry=[], crs=4326)
    assert _strict(feature_collection(empty, properties=["code"]))["features"] == []


def test_errors_name_what_is_wrong() -> None:
    frame = _frame(code=["a", "b"])
    with pytest.raises(FeatureError, match="colour, size"):
        feature_collection(frame, properties=["code", "colour", "size"])
    with pytest.raises(CrsError):
        feature_collection(frame.set_crs(None, allow_override=True))
    with np.errstate(invalid="ignore"):
        broken = _frame(geometry=[shapely.LineString([(0, 50), (math.nan, 51)])])
    with pytest.raises(FeatureError, match="Row 0"):
        feature_collection(broken)
    with pytest.raises(FeatureError, match="complex"):
        features_from_rows([(1, 0.0, 50.0, {"a": 1j})])


def test_rows_and_frames_are_written_alike() -> None:
    frame = _frame(code=["a", "b"], kind=["venue", "group"])
    rows = [
        (row.code, row.geometry.x, row.geometry.y, {"kind": row.kind}) for row in frame.itertuples()
    ]
    from_frame = _strict(feature_collection(frame, id="code", properties=["kind"]))
    assert _strict(features_from_rows(rows)) == from_frame


def test_rows_take_what_a_database_gives() -> None:
    key = uuid.UUID(int=7)
    rows = [(key, None, None, {"checked": dt.date(2026, 1, 2), "score": np.float64(0.5)})]
    feature = _strict(features_from_rows(rows))["features"][0]
    assert feature["id"] == str(key)
    assert feature["geometry"] is None
    assert feature["properties"] == {"checked": "2026-01-02", "score": 0.5}


def test_properties_may_be_any_mapping_with_any_keys() -> None:
    class Word(str):
        __slots__ = ()

    rows: list[Any] = [
        (1, 0.0, 50.0, MappingProxyType({"a": 1})),
        (2, 0.0, 50.0, {Word("b"): 2, 3: "c"}),
    ]
    features = _strict(features_from_rows(rows))["features"]
    assert [f["properties"] for f in features] == [{"a": 1}, {"b": 2, "3": "c"}]


@pytest.mark.parametrize(
    ("lon", "lat"), [(math.nan, 53.0), (-1.7, math.inf), (-1.7, 95.0), (181.0, 0.0)]
)
def test_impossible_coordinates_are_an_error_that_names_the_row(lon: float, lat: float) -> None:
    with pytest.raises(FeatureError, match="'seven'"):
        features_from_rows([("seven", lon, lat, {})])


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**9),
            st.floats(-180, 180),
            st.floats(-90, 90),
            st.dictionaries(st.text(), st.text() | st.integers(0, 2**53) | st.floats() | st.none()),
        )
    )
)
def test_any_row_is_strict_json_within_a_tenth_of_a_metre(rows: list[Any]) -> None:
    features = _strict(features_from_rows(rows))["features"]
    for (identifier, lon, lat, _), feature in zip(rows, features, strict=True):
        assert feature["id"] == identifier
        assert feature["geometry"]["coordinates"] == pytest.approx([lon, lat], abs=6e-7)
