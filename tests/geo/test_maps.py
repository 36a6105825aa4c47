"""What maps show, read without a browser: places, keys, numbers, rings, errors."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely

from geo.errors import CrsError, MapError, UnsafeLinkError
from geo.map_shapes import KIND_STYLES
from geo.maps import asset_map, choropleth, home_map, ward_map
from tests.geo.map_frames import (
    LON_LAT,
    SAID,
    ParsedPage,
    a_home,
    a_ward,
    data_of,
    lat_lon_of,
    some_assets,
    some_matches,
    wards_measured,
)


def test_places_are_where_they_were_whatever_the_crs() -> None:
    expected = sorted(([lat, lon] for lon, lat in LON_LAT), reverse=True)
    for crs in (4326, 27700, 3857):
        document = asset_map(some_assets().to_crs(crs), **SAID)
        for found, true in zip(lat_lon_of(document), expected, strict=True):
            assert found == pytest.approx(true, abs=1.1e-5)
        (south, west), (north, east) = data_of(document)["bounds"]
        assert (south, west) == pytest.approx((53.9233, -1.829), abs=2e-5)
        assert (north, east) == pytest.approx((53.927, -1.814), abs=2e-5)


def test_only_what_the_map_shows_is_in_it() -> None:
    private = some_assets(phone=["01943 000000"] * 4, detail=["Ring first", None, "", "Warm"])
    document = asset_map(private, **SAID)
    assert "01943" not in document.html
    places = data_of(document)["places"]
    assert set(places) == {"scale", "steps", "kind", "name", "lines"}
    assert dict(zip(places["name"], places["lines"], strict=True)) == {
        "Town hall": ["Ring first"],
        "Library": [],
        "Church hall": [],
        "Baths": ["Warm"],
    }


def test_links_share_their_beginning_and_must_be_pages() -> None:
    urls = ["/assets/11", None, "/assets/12", "/assets/2"]
    places = data_of(asset_map(some_assets(url=urls), **SAID))["places"]
    read_back = {
        name: None if end is None else places["prefix"] + end
        for name, end in zip(places["name"], places["url"], strict=True)
    }
    assert read_back == dict(zip(some_assets()["name"], urls, strict=True))
    with pytest.raises(UnsafeLinkError):
        asset_map(some_assets(url=["javascript:alert(1)"] * 4), **SAID)


def test_the_key_gives_shape_colour_word_and_number_of_each_kind() -> None:
    page = ParsedPage(asset_map(some_assets(), **SAID))
    assert re.sub(r"\s+", " ", page.texts["li"]).split() == ["Group", "GP", "surgery", "Venues"]
    assert page.texts["b"] == "112"
    fills = page.attributes("polygon", "fill") + page.attributes("circle", "fill")
    assert fills == [KIND_STYLES[k].colour for k in ("surgery", "venue", "group")]


def test_places_without_a_place_are_counted_in_words() -> None:
    points = [*gpd.points_from_xy(*zip(*LON_LAT[:2], strict=True)), None, shapely.Point()]
    document = asset_map(some_assets(geometry=points), **SAID)
    assert "2 more places are in the list but not on the map." in document.html
    assert len(lat_lon_of(document)) == 2


def test_a_shape_is_drawn_as_a_point_within_it() -> None:
    horseshoe = shapely.box(-1.83, 53.92, -1.81, 53.93) - shapely.box(-1.825, 53.92, -1.815, 53.929)
    shapes = gpd.GeoSeries([horseshoe, *gpd.points_from_xy(*zip(*LON_LAT[1:], strict=True))])
    found = lat_lon_of(asset_map(some_assets(geometry=shapes), **SAID))
    assert any(horseshoe.covers(shapely.Point(lon, lat)) for lat, lon in found)


def test_a_map_of_nothing_says_so_and_shows_great_britain() -> None:
    document = asset_map(some_assets().iloc[:0], **SAID)
    assert "No places here yet." in document.html
    (south, west), (north, east) = data_of(document)["bounds"]
    assert (south, west) < (53, -1) < (north, east)


def test_one_place_shows_the_ward_it_is_in() -> None:
    wards = pd.concat([a_ward(), a_ward()])  # the same row label twice
    features = data_of(asset_map(some_assets().iloc[:1], around=wards, **SAID))["areas"]["features"]
    assert [f["properties"]["label"]["text"] for f in features] == ["Ilkley", "Ilkley"]


def test_many_places_are_clustered_and_few_are_not() -> None:
    many = pd.concat([some_assets()] * 101, ignore_index=True)
    assert not data_of(asset_map(many.iloc[:400], **SAID))["cluster"]
    document = asset_map(many, **SAID)
    assert data_of(document)["cluster"]
    assert "/static/vendor/markercluster/leaflet.markercluster.js" in document.html


def test_matches_are_numbered_in_the_order_of_the_list() -> None:
    places = data_of(home_map(a_home(), some_matches(), **SAID))["places"]
    assert places["label"] == ["", "1", "2", "3"]
    assert places["name"] == ["Moor View", "Library", "Church hall", "Town hall"]
    assert places["kind"][0] == "h"
    assert places["lines"][3] == [
        "About 10 minutes\u2019 walk, 640 m.",
        "Bowls: just what you asked for.",
    ]


def test_reasons_that_say_how_far_are_not_repeated() -> None:
    matches = some_matches(1)
    matches["reasons"] = [["About 10 minutes' walk (640 m)."]]
    lines = data_of(home_map(a_home(), matches, **SAID))["places"]["lines"]
    assert lines[1] == ["About 10 minutes' walk (640 m)."]


def test_the_ring_is_as_far_away_as_it_says() -> None:
    document = home_map(a_home(), some_matches(), catchment_m=1000, **SAID)
    (ring,) = data_of(document)["areas"]["features"]
    label = ring["properties"]["label"]
    assert label["text"] == "1 km: about 16 minutes\u2019 walk"
    lons, lats = zip(*ring["geometry"]["coordinates"][0], strict=True)
    geod = pyproj.Geod(ellps="WGS84")
    far = [geod.inv(-1.822, 53.925, lon, lat)[2] for lon, lat in zip(lons, lats, strict=True)]
    assert min(far) == pytest.approx(1000, abs=3)
    assert max(far) == pytest.approx(1000, abs=3)
    assert label["at"] == pytest.approx([max(lats), -1.822], abs=1e-4)


def test_a_home_map_without_matches_is_still_a_map() -> None:
    document = home_map(a_home(), some_matches().iloc[:0], **SAID)
    assert data_of(document)["places"]["kind"] == "h"


def test_a_walk_along_streets_takes_the_place_of_the_ring() -> None:
    square = shapely.box(-1.83, 53.92, -1.81, 53.93)
    walk = gpd.GeoDataFrame({"minutes": [15.0]}, geometry=[square], crs=4326).to_crs(27700)
    document = home_map(a_home(), some_matches(), isochrone=walk, **SAID)
    drawn = data_of(document)["areas"]["features"]
    assert [one["properties"]["label"]["text"] for one in drawn] == ["15 minutes\u2019 walk"]
    drawn_shape = shapely.geometry.shape(drawn[0]["geometry"])
    assert drawn_shape.symmetric_difference(square).area < 0.01 * square.area
    assert "within 15 minutes" in document.html
    assert "as the crow flies" not in document.html
    with pytest.raises(MapError, match="minutes"):
        home_map(a_home(), some_matches(), isochrone=walk[["geometry"]], **SAID)


def test_a_home_map_needs_one_home() -> None:
    with pytest.raises(MapError, match="one home"):
        home_map(pd.concat([a_home(), a_home()]), some_matches(), **SAID)
    with pytest.raises(MapError, match="one home"):
        home_map(a_home().set_geometry([None], crs=4326), some_matches(), **SAID)


def test_errors_name_the_column_the_kind_and_the_crs() -> None:
    with pytest.raises(MapError, match=r"kind, name|name, kind"):
        asset_map(some_assets()[["geometry"]], **SAID)
    with pytest.raises(MapError, match="'pub'"):
        asset_map(some_assets(kind=["pub", "venue", "venue", "venue"]), **SAID)
    with pytest.raises(CrsError, match="the assets"):
        asset_map(some_assets().set_crs(None, allow_override=True), **SAID)
    with pytest.raises(CrsError, match="the ward"):
        ward_map(a_ward().set_crs(None, allow_override=True), some_assets(), **SAID)
    with pytest.raises(MapError, match="walk_minutes"):
        home_map(a_home(), some_matches().drop(columns="walk_minutes"), **SAID)
    with pytest.raises(MapError, match="no area"):
        ward_map(a_home(), some_assets(), **SAID)
    with pytest.raises(MapError, match="globe"):
        asset_map(some_assets(geometry=gpd.points_from_xy([0] * 4, [50, 50, 50, 95])), **SAID)
    with pytest.raises(MapError, match="numbers"):
        choropleth(wards_measured([1]), measure="name", label="x", **SAID)


def test_a_shared_border_is_drawn_once() -> None:
    """A neighbour's outline, simplified by itself, would lie a little beside the ward's own."""
    ward = gpd.GeoDataFrame({"name": ["Here"]}, geometry=[shapely.box(-1.8, 53.8, -1.78, 53.82)],
                            crs=4326)  # fmt: skip
    wobbly = shapely.Polygon(
        [(-1.78, 53.8), (-1.7797, 53.81), (-1.78, 53.82), (-1.76, 53.82), (-1.76, 53.8)]
    )
    beside = gpd.GeoDataFrame({"name": ["Beside"]}, geometry=[wobbly], crs=4326)
    features = data_of(ward_map(ward, some_assets(), around=beside, **SAID))["areas"]["features"]
    own, other = (shapely.geometry.shape(feature["geometry"]) for feature in features)
    assert other.geom_type in {"LineString", "MultiLineString"}
    assert other.distance(own.boundary) > 0.0004
    assert other.length > 0.05
    assert features[1]["properties"]["label"]["text"] == "Beside"
