"""What a map document says, read without a browser: structure, data, policy, figures."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CrsError, MapError, UnsafeLinkError
from geo.map_areas import CLASS_COLOURS, Scheme, classes_of, figure_in_words, simplified_outlines
from geo.map_shapes import HOME_STYLE, KIND_STYLES, SHAPES
from geo.maps import MapAssets, MapDocument, asset_map, choropleth, home_map, ward_map

SITE = MapAssets("/static/vendor")
VENDORED = MapAssets(Path(__file__).parents[2] / "app/static/vendor", inline=True)
SOURCES = ["Office for National Statistics, Open Government Licence v3.0", "Invented for a test"]
SAID: dict[str, Any] = {"title": "A map", "scripts": SITE, "attribution": SOURCES}

# Ilkley: the town hall, the library, a church hall, the baths
LON_LAT = [(-1.8230, 53.9256), (-1.8226, 53.9254), (-1.8290, 53.9233), (-1.8140, 53.9270)]
WARD = shapely.box(-1.84, 53.915, -1.80, 53.935)


class _Page(HTMLParser):
    """The elements of a document, each with its attributes and its own text."""

    def __init__(self, document: MapDocument) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.within: list[str] = []
        self.closed: list[str] = []
        self.feed(document.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.within.append(dict(attrs).get("id") or tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.within.pop()
        self.closed.append(tag)

    def handle_data(self, data: str) -> None:
        where = self.within[-1] if self.within else ""
        self.texts[where] = self.texts.get(where, "") + data

    def attributes(self, tag: str, name: str) -> list[str | None]:
        return [attrs[name] for found, attrs in self.elements if found == tag and name in attrs]


def _data(document: MapDocument) -> dict[str, Any]:
    found = re.search(r'id="map-data">(.*?)</script>', document.html, re.DOTALL)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def _lat_lon(document: MapDocument) -> list[list[float]]:
    places = _data(document)["places"]
    steps = np.array(places["steps"]).reshape(-1, 2)
    positions: list[list[float]] = (steps.cumsum(axis=0) / places["scale"]).tolist()
    return positions


def _assets(**columns: Any) -> gpd.GeoDataFrame:
    geometry = columns.pop("geometry", gpd.points_from_xy(*zip(*LON_LAT, strict=True)))
    table = {
        "name": ["Town hall", "Library", "Church hall", "Baths"],
        "kind": ["venue", "venue", "group", "surgery"],
        **columns,
    }
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)


def _ward(**columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["Ilkley"], **columns}, geometry=[WARD], crs=4326)


def _matches(count: int = 3) -> gpd.GeoDataFrame:
    return _assets(
        rank=[3, 1, 2, 4],
        distance_m=[640.0, 38.0, 510.0, 1240.0],
        walk_minutes=[10, 1, 8, 19],
        reasons=[["Bowls: just what you asked for."], ["It is next door."], [], ["Step-free."]],
    ).iloc[:count]


def _home() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": ["Moor View"]}, geometry=gpd.points_from_xy([-1.822], [53.925]), crs=4326
    )


def _wards_measured(values: list[float]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(-2 + i / 100, 53, -1.99 + i / 100, 53.01) for i in range(len(values))]
    names = [f"Ward {i}" for i in range(len(values))]
    return gpd.GeoDataFrame({"name": names, "groups": values}, geometry=shapes, crs=4326)


def _every_map(scripts: MapAssets) -> list[MapDocument]:
    said = {**SAID, "scripts": scripts}
    return [
        ward_map(_ward(), _assets(), around=_ward(), **said),
        home_map(_home(), _matches(), **said),
        asset_map(_assets(), **said),
        choropleth(_wards_measured([1, 2, 3]), measure="groups", label="Groups", **said),
    ]


@pytest.mark.parametrize("document", _every_map(SITE))
def test_a_map_is_a_titled_page_in_our_language_that_may_be_pinched(document: MapDocument) -> None:
    page = _Page(document)
    assert page.attributes("html", "lang") == ["en-GB"]
    assert page.texts["title"] == page.texts["h1"] == "A map"
    (viewport,) = [a["content"] for t, a in page.elements if a.get("name") == "viewport"]
    assert viewport == "width=device-width, initial-scale=1"
    assert "list" in page.texts["p"].lower(), "the noscript sentence points to the list"
    assert "Office for National Statistics" in page.texts["p"]
    assert "Invented for a test" in page.texts["p"]


@pytest.mark.parametrize("document", _every_map(SITE))
def test_a_map_loads_only_files_of_this_site(document: MapDocument) -> None:
    page = _Page(document)
    loaded = [*page.attributes("script", "src"), *page.attributes("link", "href")]
    assert loaded == ["/static/vendor/leaflet/leaflet.js", "/static/vendor/leaflet/leaflet.css"]
    assert "http:" not in document.html
    assert "https:" not in document.html


@pytest.mark.parametrize("scripts", [SITE, VENDORED])
def test_the_policy_allows_the_scripts_of_the_page_by_hash_and_no_other(scripts: MapAssets) -> None:
    for document in _every_map(scripts):
        policy = dict(part.split(" ", 1) for part in document.csp.split("; "))
        assert policy["default-src"] == "'none'"
        assert "unsafe" not in document.csp
        for tag in ("script", "style"):
            blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", document.html, re.DOTALL)
            hashes = {
                f"'sha256-{base64.b64encode(hashlib.sha256(b.encode()).digest()).decode()}'"
                for b in blocks
            }
            own = set() if scripts.inline else {"'self'"}
            assert set(policy[f"{tag}-src"].split()) == hashes | own
        assert not re.search(r"<[^>]*\s(on\w+|style)=", document.html.partition("<body>")[2])


def test_a_self_contained_map_carries_its_scripts_and_its_policy() -> None:
    document = asset_map(_assets(), **{**SAID, "scripts": VENDORED})
    page = _Page(document)
    assert not page.attributes("script", "src")
    assert not page.attributes("link", "href")
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv")]
    assert policy == document.csp.partition("; frame-ancestors")[0]


def test_the_same_data_gives_the_same_bytes() -> None:
    assert _every_map(SITE) == _every_map(SITE)


def test_places_are_where_they_were_whatever_the_crs() -> None:
    expected = sorted(([lat, lon] for lon, lat in LON_LAT), reverse=True)
    for crs in (4326, 27700, 3857):
        document = asset_map(_assets().to_crs(crs), **SAID)
        for found, true in zip(_lat_lon(document), expected, strict=True):
            assert found == pytest.approx(true, abs=1.1e-5)
        (south, west), (north, east) = _data(document)["bounds"]
        assert (south, west) == pytest.approx((53.9233, -1.829), abs=2e-5)
        assert (north, east) == pytest.approx((53.927, -1.814), abs=2e-5)


def test_only_what_the_map_shows_is_in_it() -> None:
    private = _assets(phone=["01943 000000"] * 4, detail=["Ring first", None, "", "Warm"])
    document = asset_map(private, **SAID)
    assert "01943" not in document.html
    places = _data(document)["places"]
    assert set(places) == {"scale", "steps", "kind", "name", "lines"}
    assert dict(zip(places["name"], places["lines"], strict=True)) == {
        "Town hall": ["Ring first"],
        "Library": [],
        "Church hall": [],
        "Baths": ["Warm"],
    }


def test_links_share_their_beginning_and_must_be_pages() -> None:
    urls = ["/assets/11", None, "/assets/12", "/assets/2"]
    places = _data(asset_map(_assets(url=urls), **SAID))["places"]
    read_back = {
        name: None if end is None else places["prefix"] + end
        for name, end in zip(places["name"], places["url"], strict=True)
    }
    assert read_back == dict(zip(_assets()["name"], urls, strict=True))
    with pytest.raises(UnsafeLinkError):
        asset_map(_assets(url=["javascript:alert(1)"] * 4), **SAID)


def test_the_key_gives_shape_colour_word_and_number_of_each_kind() -> None:
    page = _Page(asset_map(_assets(), **SAID))
    assert re.sub(r"\s+", " ", page.texts["li"]).split() == ["Group", "Surgery", "Venues"]
    assert page.texts["b"] == "112"
    fills = page.attributes("polygon", "fill") + page.attributes("circle", "fill")
    assert fills == [KIND_STYLES[k].colour for k in ("surgery", "venue", "group")]


def test_places_without_a_place_are_counted_in_words() -> None:
    points = [*gpd.points_from_xy(*zip(*LON_LAT[:2], strict=True)), None, shapely.Point()]
    document = asset_map(_assets(geometry=points), **SAID)
    assert "2 more places are in the list but not on the map." in document.html
    assert len(_lat_lon(document)) == 2


def test_a_shape_is_drawn_as_a_point_within_it() -> None:
    horseshoe = shapely.box(-1.83, 53.92, -1.81, 53.93) - shapely.box(-1.825, 53.92, -1.815, 53.929)
    shapes = gpd.GeoSeries([horseshoe, *gpd.points_from_xy(*zip(*LON_LAT[1:], strict=True))])
    found = _lat_lon(asset_map(_assets(geometry=shapes), **SAID))
    assert any(horseshoe.covers(shapely.Point(lon, lat)) for lat, lon in found)


def test_a_map_of_nothing_says_so_and_shows_great_britain() -> None:
    document = asset_map(_assets().iloc[:0], **SAID)
    assert "No places here yet." in document.html
    (south, west), (north, east) = _data(document)["bounds"]
    assert (south, west) < (53, -1) < (north, east)


def test_one_place_shows_the_ward_it_is_in() -> None:
    wards = pd.concat([_ward(), _ward()])  # the same row label twice
    features = _data(asset_map(_assets().iloc[:1], around=wards, **SAID))["areas"]["features"]
    assert [f["properties"]["label"]["text"] for f in features] == ["Ilkley", "Ilkley"]


def test_many_places_are_clustered_and_few_are_not() -> None:
    many = pd.concat([_assets()] * 101, ignore_index=True)
    assert not _data(asset_map(many.iloc[:400], **SAID))["cluster"]
    document = asset_map(many, **SAID)
    assert _data(document)["cluster"]
    assert "/static/vendor/markercluster/leaflet.markercluster.js" in document.html


def test_matches_are_numbered_in_the_order_of_the_list() -> None:
    places = _data(home_map(_home(), _matches(), **SAID))["places"]
    assert places["label"] == ["", "1", "2", "3"]
    assert places["name"] == ["Moor View", "Library", "Church hall", "Town hall"]
    assert places["kind"][0] == "h"
    assert places["lines"][3] == [
        "About 10 minutes\u2019 walk, 640 m.",
        "Bowls: just what you asked for.",
    ]


def test_reasons_that_say_how_far_are_not_repeated() -> None:
    matches = _matches(1)
    matches["reasons"] = [["About 10 minutes' walk (640 m)."]]
    lines = _data(home_map(_home(), matches, **SAID))["places"]["lines"]
    assert lines[1] == ["About 10 minutes' walk (640 m)."]


def test_the_ring_is_as_far_away_as_it_says() -> None:
    document = home_map(_home(), _matches(), catchment_m=1000, **SAID)
    (ring,) = _data(document)["areas"]["features"]
    label = ring["properties"]["label"]
    assert label["text"] == "1 km: about 16 minutes\u2019 walk"
    lons, lats = zip(*ring["geometry"]["coordinates"][0], strict=True)
    geod = pyproj.Geod(ellps="WGS84")
    far = [geod.inv(-1.822, 53.925, lon, lat)[2] for lon, lat in zip(lons, lats, strict=True)]
    assert min(far) == pytest.approx(1000, abs=3)
    assert max(far) == pytest.approx(1000, abs=3)
    assert label["at"] == pytest.approx([max(lats), -1.822], abs=1e-5)


def test_a_home_map_without_matches_is_still_a_map() -> None:
    document = home_map(_home(), _matches().iloc[:0], **SAID)
    assert _data(document)["places"]["kind"] == "h"


def test_a_home_map_needs_one_home() -> None:
    with pytest.raises(MapError, match="one home"):
        home_map(pd.concat([_home(), _home()]), _matches(), **SAID)
    with pytest.raises(MapError, match="one home"):
        home_map(_home().set_geometry([None], crs=4326), _matches(), **SAID)


def test_errors_name_the_column_the_kind_and_the_crs() -> None:
    with pytest.raises(MapError, match=r"kind, name|name, kind"):
        asset_map(_assets()[["geometry"]], **SAID)
    with pytest.raises(MapError, match="'pub'"):
        asset_map(_assets(kind=["pub", "venue", "venue", "venue"]), **SAID)
    with pytest.raises(CrsError, match="the assets"):
        asset_map(_assets().set_crs(None, allow_override=True), **SAID)
    with pytest.raises(CrsError, match="the ward"):
        ward_map(_ward().set_crs(None, allow_override=True), _assets(), **SAID)
    with pytest.raises(MapError, match="walk_minutes"):
        home_map(_home(), _matches().drop(columns="walk_minutes"), **SAID)
    with pytest.raises(MapError, match="no area"):
        ward_map(_home(), _assets(), **SAID)
    with pytest.raises(MapError, match="globe"):
        asset_map(_assets(geometry=gpd.points_from_xy([0] * 4, [50, 50, 50, 95])), **SAID)
    with pytest.raises(MapError, match="numbers"):
        choropleth(_wards_measured([1]), measure="name", label="x", **SAID)


def test_a_map_names_its_sources() -> None:
    with pytest.raises(MapError, match="attribution"):
        asset_map(_assets(), **{**SAID, "attribution": [" "]})


def test_a_map_names_the_publishers_of_the_outlines_around() -> None:
    around = _ward(attribution=["Ordnance Survey"])
    both = gpd.GeoDataFrame(pd.concat([around, around, _ward(attribution=[None])]))
    for document in (
        ward_map(_ward(), _assets(), around=both, **SAID),
        asset_map(_assets(), around=both, **SAID),
        home_map(_home(), _matches(), around=both, **SAID),
    ):
        assert document.html.count("Ordnance Survey") == 1


@pytest.mark.parametrize("base", ["https://cdn.example/x", "//cdn.example/x"])
def test_scripts_of_another_host_are_refused(base: str) -> None:
    with pytest.raises(MapError, match="this site only"):
        MapAssets(base)


def test_a_missing_vendored_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"leaflet\.css is missing"):
        asset_map(_assets(), **{**SAID, "scripts": MapAssets(tmp_path, inline=True)})


@pytest.mark.parametrize(
    ("tiles", "allowed"),
    [
        ("/tiles/{z}/{x}/{y}.png", "'self'"),
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("https://{s}.tiles.example/{z}/{x}/{y}.png", "https://*.tiles.example"),
    ],
)
def test_tiles_are_allowed_by_the_policy_only_where_given(tiles: str, allowed: str) -> None:
    assert f"img-src data: {allowed};" in asset_map(_assets(), base_tiles=tiles, **SAID).csp
    assert "img-src data:;" in asset_map(_assets(), **SAID).csp


@pytest.mark.parametrize("tiles", ["http://t.example/{z}", "javascript:x", "https://a b/{z}", "x"])
def test_tiles_from_anywhere_else_are_refused(tiles: str) -> None:
    with pytest.raises(MapError, match="tiles"):
        asset_map(_assets(), base_tiles=tiles, **SAID)


def test_a_choropleth_key_gives_the_figures_and_counts_every_area() -> None:
    values = [1, 1, 2, 3, 5, 8, 13, 21, 34, math.nan]
    document = choropleth(
        _wards_measured(values), measure="groups", label="Groups", unit="per 1,000 people", **SAID
    )
    page = _Page(document)
    assert page.texts["h2"] == "Groups"
    counts = [int(n) for n in re.findall(r"\((\d+) areas?\)", page.texts["li"])]
    assert sum(counts) == len(values)
    assert "No figure (1 area)" in page.texts["li"]
    data = _data(document)
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


@given(figures, st.sampled_from(["quantiles", "equal intervals"]), st.integers(2, 5))
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
    assert len(_data(document)["areas"]["features"]) == len(wards)
    numbers = re.findall(r"-?\d+\.(\d+)", json.dumps(_data(document)["areas"]))
    assert max(map(len, numbers)) <= 5


def _hole_count(areas: gpd.GeoSeries) -> int:
    return sum(len(part.interiors) for part in gpd.GeoSeries([areas.union_all()]).explode())


@pytest.mark.real_data
def test_a_real_ward_shows_its_neighbours_by_name(real_data: Path) -> None:
    wards = gpd.read_file(real_data / "wards/ward_WD25_E08000032_bradford.geojson")
    wards = wards.rename(columns={"WD25NM": "name"})
    ilkley = wards[wards["name"] == "Ilkley"]
    others = wards[wards["name"] != "Ilkley"]
    features = _data(ward_map(ilkley, _assets(), around=others, **SAID))["areas"]["features"]
    named = [f["properties"]["label"]["text"] for f in features if "label" in f["properties"]]
    touching = others[others.touches(ilkley.geometry.iloc[0])]["name"]
    assert set(touching) <= set(named)
    assert "Tong" not in named, "the far end of the city is not drawn"


def _relative_luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_relative_luminance(one), _relative_luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("paper", ["#FFFFFF", "#F1F0EC"])
def test_every_kind_stands_out_from_the_paper(paper: str) -> None:
    for style in (*KIND_STYLES.values(), HOME_STYLE):
        assert _contrast(style.colour, paper) >= 4.5


def test_kinds_differ_in_shape_as_well_as_in_colour() -> None:
    styles = [*KIND_STYLES.values(), HOME_STYLE]
    assert len({SHAPES[style.shape] for style in styles}) == len(styles)
    assert len({style.colour for style in styles}) == len(styles)


def test_no_kind_looks_bigger_than_another() -> None:
    areas = [shapely.Polygon(corners).area for corners in SHAPES.values() if corners]
    assert min(areas) > 0.85 * math.pi
    assert max(areas) < 1.15 * math.pi


def test_class_colours_darken_step_by_step() -> None:
    light = [_relative_luminance(colour) for colour in CLASS_COLOURS]
    assert all(b < 0.75 * a for a, b in itertools.pairwise(light))


def test_ten_thousand_places_take_a_tenth_of_the_bytes_of_folium_markers() -> None:
    rng = np.random.default_rng(20261123)
    lat, lon = rng.normal(53.8, 0.04, 10_000), rng.normal(-1.76, 0.06, 10_000)
    frame = gpd.GeoDataFrame(
        {"name": "", "kind": rng.choice(list(KIND_STYLES), 10_000)},
        geometry=gpd.points_from_xy(lon, lat),
        crs=4326,
    )
    bare = len(asset_map(frame, **SAID).html.encode())
    frame["name"] = [f"Community place number {i}" for i in range(len(frame))]
    named = len(asset_map(frame, **SAID).html.encode())
    plain_marker, popup_marker = (
        _bytes_of_a_folium_marker(with_popup=False),
        _bytes_of_a_folium_marker(with_popup=True),
    )
    assert bare <= plain_marker * 10_000 / 10
    assert named <= popup_marker * 10_000 / 10


def _bytes_of_a_folium_marker(*, with_popup: bool) -> float:
    """Return what one more default Marker costs: the pages of 10 and of 60 are compared."""
    sizes = []
    for count in (10, 60):
        drawing = folium.Map(location=[53.8, -1.76])
        for i in range(count):
            popup = f"Community place number {i:04}" if with_popup else None
            folium.Marker([53.8 + i / 1e5, -1.76], popup=popup).add_to(drawing)
        sizes.append(len(drawing.get_root().render().encode()))
    return (sizes[1] - sizes[0]) / 50
