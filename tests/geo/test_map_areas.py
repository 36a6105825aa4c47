"""Areas on maps: classes of a measure, their key, outlines that keep their shared borders."""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.map_areas import CLASS_COLOURS, Scheme, classes_of, figure_in_words, simplified_outlines
from geo.maps import choropleth, ward_map
from tests.geo.map_frames import (
    SAID,
    ParsedPage,
    data_of,
    relative_luminance,
    some_assets,
    wards_measured,
)


def test_a_choropleth_key_gives_the_figures_and_counts_every_area() -> None:
    values = [1, 1, 2, 3, 5, 8, 13, 21, 34, math.nan]
    document = choropleth(
        wards_measured(values), measure="groups", label="Groups", unit="per 1,000 people", **SAID
    )
    page = ParsedPage(document)
    assert page.texts["h2"] == "Groups"
    counts = [int(n) for n in re.findall(r"\((\d+) areas?\)", page.texts["li"])]
    assert sum(counts) == len(values)
    assert "No figure (1 area)" in page.texts["li"]
    data = data_of(document)
    drawn = [
        data["styles"][f["properties"]["style"]]["fillColor"] for f in data["areas"]["features"]
    ]
    keyed = page.attributes("rect", "fill")
    assert [drawn.count(str(colour)) for colour in keyed] == counts
    lines = [f["properties"]["lines"] for f in data["areas"]["features"]]
    assert lines[0] == ["Groups: 1 per 1,000 people"]
    assert lines[-1] == ["Groups: no figure"]


figures = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.integers(0, 5).map(float), st.just(math.nan)), max_size=40
)


SCHEMES: tuple[Scheme, ...] = ("quantiles", "equal intervals", "natural breaks")


@given(figures, st.sampled_from(SCHEMES), st.integers(2, 5))
def test_classes_hold_every_figure_once_in_order(
    values: list[float], scheme: Scheme, class_count: int
) -> None:
    array = np.array(values, dtype=float)
    classes = classes_of(array, scheme=scheme, class_count=class_count)
    assert ((classes.of_row >= 0) == np.isfinite(array)).all()
    assert sum(row.count for row in classes.rows) == len(values)
    assert len(classes.colours) <= class_count
    assert all(row.count for row in classes.rows)
    ranges = [array[classes.of_row == i] for i in range(len(classes.colours))]
    assert all(a.max() < b.min() for a, b in itertools.pairwise(ranges))


def test_natural_breaks_are_where_figures_part() -> None:
    values = np.array([1.0, 1.1, 1.2, 7.0, 7.1, 40.0, 41.0, 42.0, 43.0])
    classes = classes_of(values, scheme="natural breaks", class_count=3)
    assert classes.of_row.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    # As many areas in each class instead.
    assert classes_of(values, class_count=3).of_row.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@given(figures, st.sampled_from(SCHEMES), st.integers(0, 2))
def test_figures_that_read_the_same_are_in_one_class(
    values: list[float], scheme: Scheme, decimals: int
) -> None:
    array = np.array(values, dtype=float)
    classes = classes_of(array, scheme=scheme, decimals=decimals)
    words = [figure_in_words(value, decimals=decimals) for value in np.round(array, decimals)]
    class_of: dict[str, int] = {}
    for number, text in zip(classes.of_row.tolist(), words, strict=True):
        assert class_of.setdefault(text, number) == number


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1204.0, "", "1,204"),
        (3.456, "%", "3.46 %"),
        (34.56, "", "34.6"),
        (1234.5, "", "1,234"),
        (0.0, "groups", "0 groups"),
        (math.nan, "groups", "no figure"),
        (math.inf, "", "no figure"),
    ],
)
def test_figures_are_written_for_people(value: float, unit: str, words: str) -> None:
    assert figure_in_words(value, unit) == words


def test_figures_have_the_decimals_asked_for() -> None:
    assert figure_in_words(1234.5678, "%", decimals=2) == "1,234.57 %"
    assert figure_in_words(3.0, decimals=1) == "3.0"
    assert figure_in_words(math.nan, "%", decimals=1) == "no figure"


@pytest.mark.real_data
def test_real_wards_keep_their_shared_borders_and_lose_their_bytes(real_data: Path) -> None:
    wards = gpd.read_file(real_data / "wards/ward_WD25_E06000064_westmorland_and_furness.geojson")
    simpler = simplified_outlines(wards).to_crs(27700)
    before = wards.to_crs(27700).geometry
    assert simpler.area.sum() == pytest.approx(simpler.union_all().area, rel=1e-6), "no overlaps"
    # Gaps between neighbours would be holes in the whole that were not there before
    assert _hole_count(simpler) == _hole_count(before)
    assert simpler.area.to_numpy() == pytest.approx(before.area.to_numpy(), rel=0.01)
    assert (
        shapely.get_num_coordinates(simpler.array).sum()
        < 0.9 * shapely.get_num_coordinates(before.array).sum()
    )
    wards["size"] = before.area
    document = choropleth(wards, measure="size", label="Size", name="WD25NM", **SAID)
    assert len(data_of(document)["areas"]["features"]) == len(wards)
    numbers = re.findall(r"-?\d+\.(\d+)", json.dumps(data_of(document)["areas"]))
    assert max(map(len, numbers)) <= 5


def _hole_count(areas: gpd.GeoSeries) -> int:
    return sum(len(part.interiors) for part in gpd.GeoSeries([areas.union_all()]).explode())


@pytest.mark.real_data
def test_a_real_ward_shows_its_neighbours_by_name(real_data: Path) -> None:
    wards = gpd.read_file(real_data / "wards/ward_WD25_E08000032_bradford.geojson")
    wards = wards.rename(columns={"WD25NM": "name"})
    ilkley = wards[wards["name"] == "Ilkley"]
    others = wards[wards["name"] != "Ilkley"]
    features = data_of(ward_map(ilkley, some_assets(), around=others, **SAID))["areas"]["features"]
    named = [f["properties"]["label"]["text"] for f in features if "label" in f["properties"]]
    touching = others[others.touches(ilkley.geometry.iloc[0])]["name"]
    assert set(touching) <= set(named)
    assert "Tong" not in named, "the far end of the city is not drawn"


def test_class_colours_darken_step_by_step() -> None:
    light = [relative_luminance(colour) for colour in CLASS_COLOURS]
    assert all(b < 0.75 * a for a, b in itertools.pairwise(light))
