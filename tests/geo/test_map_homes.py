"""The map of homes with nobody to ring: marks told apart without colours, the worst on top."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geo.errors import CrsError, MapError, UnsafeLinkError
from geo.map_homes import MARKS, homes_map, mark_swatch
from tests.geo.map_frames import LON_LAT, SAID, ParsedPage, data_of, lat_lon_of, relative_luminance

SHARES = ("all", "most", "half", "quarter")


def _homes(**columns: Any) -> gpd.GeoDataFrame:
    geometry = columns.pop("geometry", gpd.points_from_xy(*zip(*LON_LAT, strict=True)))
    table = {
        "name": ["Ash House", "Beech House", "Cedar House", "Elm House"],
        "mark": ["all", "none", "few", "half"],
        "detail": [
            "About 10 of about 10.",
            "None.",
            "Fewer than 8 of about 30.",
            "About 10 of 25.",
        ],
        **columns,
    }
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)


def test_the_worst_are_drawn_last_and_each_with_its_class_and_words() -> None:
    data = data_of(homes_map(_homes(), **SAID))
    places, kinds = data["places"], data["kinds"]
    assert places["name"] == ["Beech House", "Cedar House", "Elm House", "Ash House"]
    assert [kinds[letter]["word"] for letter in places["kind"]] == [
        MARKS[name].word for name in ("none", "few", "half", "all")
    ]
    assert places["lines"][-1] == ["About 10 of about 10."]
    assert data["cluster"] is False
    assert lat_lon_of(homes_map(_homes(), **SAID))[-1] == pytest.approx(
        [LON_LAT[0][1], LON_LAT[0][0]], abs=1.1e-5
    )


def test_the_key_counts_each_class_there_is_and_says_the_notes() -> None:
    document = homes_map(_homes(mark=["few", "few", "all", "few"]), notes=["1 home <b>"], **SAID)
    page = ParsedPage(document)
    assert page.texts["b"] == "13"
    assert MARKS["all"].word in page.texts["li"]
    assert MARKS["none"].word not in page.texts["li"]
    assert "1 home &#60;b&#62;" in document.html
    assert "No homes here yet." in homes_map(_homes().iloc[:0], **SAID).html


@pytest.mark.parametrize("count", [1, 4])
def test_homes_at_one_point_have_some_ground_around_them(count: int) -> None:
    homes = _homes(geometry=gpd.points_from_xy(*zip(*[LON_LAT[0]] * 4, strict=True))).iloc[:count]
    (south, west), (north, east) = data_of(homes_map(homes, **SAID))["bounds"]
    lon, lat = LON_LAT[0]
    assert south < lat < north
    assert west < lon < east


@pytest.mark.parametrize("has_signs", [True, False])
def test_no_two_classes_differ_in_colour_alone(*, has_signs: bool) -> None:
    looks = set()
    for mark in MARKS.values():
        sign = mark.sign if has_signs else ""
        looks.add((mark.shape, mark.radius if has_signs else mark.small, sign))
    assert len(looks) == len(MARKS)
    kinds = data_of(homes_map(_homes(), has_signs=has_signs, **SAID))["kinds"].values()
    assert any(kind["sign"] for kind in kinds) is has_signs
    assert ("<text" in mark_swatch("all", has_sign=has_signs)) is has_signs


def test_shares_darken_and_grow_and_every_sign_can_be_read() -> None:
    marks = [MARKS[name] for name in SHARES]
    lights = [relative_luminance(mark.colour) for mark in marks]
    assert lights == sorted(lights)
    for mark, light in zip(marks, lights, strict=True):
        assert 1.05 / (light + 0.05) >= 4.5, mark
    for dark, light in itertools.pairwise(lights):
        assert (light + 0.05) / (dark + 0.05) >= 1.4
    for sizes in ([mark.radius for mark in marks], [mark.small for mark in marks]):
        assert sizes == sorted(sizes, reverse=True)
    for mark in MARKS.values():
        assert 1.05 / (relative_luminance(mark.colour) + 0.05) >= 4.5, mark


def test_what_is_not_known_is_refused_and_without_a_place_not_drawn() -> None:
    points = [*gpd.points_from_xy(*zip(*LON_LAT[:2], strict=True)), None, shapely.Point()]
    assert len(lat_lon_of(homes_map(_homes(geometry=points), **SAID))) == 2
    with pytest.raises(MapError, match="'7'"):
        homes_map(_homes(mark=["all", "7", "few", "few"]), **SAID)
    with pytest.raises(MapError, match="detail"):
        homes_map(_homes().drop(columns="detail"), **SAID)
    with pytest.raises(CrsError):
        homes_map(_homes().set_crs(None, allow_override=True), **SAID)
    with pytest.raises(UnsafeLinkError):
        homes_map(_homes(url=["javascript:alert(1)"] * 4), **SAID)
