"""The document around a map: language, sources, scripts, policy, tiles, size."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.errors import MapError
from geo.map_shapes import KIND_STYLES
from geo.maps import MapAssets, MapDocument, asset_map, home_map, ward_map
from tests.geo.map_frames import (
    SAID,
    SITE,
    VENDORED,
    ParsedPage,
    a_home,
    a_ward,
    every_map,
    some_assets,
    some_matches,
)


@pytest.mark.parametrize("document", every_map(SITE))
def test_a_map_is_a_titled_page_in_our_language_that_may_be_pinched(document: MapDocument) -> None:
    page = ParsedPage(document)
    assert page.attributes("html", "lang") == ["en-GB"]
    assert page.texts["title"] == page.texts["h1"] == "A map"
    (viewport,) = [a["content"] for t, a in page.elements if a.get("name") == "viewport"]
    assert viewport == "width=device-width, initial-scale=1"
    assert "list" in page.texts["p"].lower(), "the noscript sentence points to the list"
    assert "Office for National Statistics" in page.texts["p"]
    assert "Invented for a test" in page.texts["p"]


@pytest.mark.parametrize("document", every_map(SITE))
def test_a_map_loads_only_files_of_this_site(document: MapDocument) -> None:
    page = ParsedPage(document)
    loaded = [*page.attributes("script", "src"), *page.attributes("link", "href")]
    assert loaded == ["/static/vendor/leaflet/leaflet.js", "/static/vendor/leaflet/leaflet.css"]
    assert "http:" not in document.html
    assert "https:" not in document.html


@pytest.mark.parametrize("scripts", [SITE, VENDORED])
def test_the_policy_allows_the_scripts_of_the_page_by_hash_and_no_other(scripts: MapAssets) -> None:
    for document in every_map(scripts):
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
    document = asset_map(some_assets(), **{**SAID, "scripts": VENDORED})
    page = ParsedPage(document)
    assert not page.attributes("script", "src")
    assert not page.attributes("link", "href")
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv")]
    assert policy == document.csp.partition("; frame-ancestors")[0]


def test_the_same_data_gives_the_same_bytes() -> None:
    assert every_map(SITE) == every_map(SITE)


def test_a_map_names_its_sources() -> None:
    with pytest.raises(MapError, match="attribution"):
        asset_map(some_assets(), **{**SAID, "attribution": [" "]})


def test_a_map_names_the_publishers_of_the_outlines_around() -> None:
    around = a_ward(attribution=["Ordnance Survey"])
    both = gpd.GeoDataFrame(pd.concat([around, around, a_ward(attribution=[None])]))
    for document in (
        ward_map(a_ward(), some_assets(), around=both, **SAID),
        asset_map(some_assets(), around=both, **SAID),
        home_map(a_home(), some_matches(), around=both, **SAID),
    ):
        assert document.html.count("Ordnance Survey") == 1


@pytest.mark.parametrize("base", ["https://cdn.example/x", "//cdn.example/x"])
def test_scripts_of_another_host_are_refused(base: str) -> None:
    with pytest.raises(MapError, match="this site only"):
        MapAssets(base)


def test_a_missing_vendored_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"leaflet\.css is missing"):
        asset_map(some_assets(), **{**SAID, "scripts": MapAssets(tmp_path, inline=True)})


@pytest.mark.parametrize(
    ("tiles", "allowed"),
    [
        ("/tiles/{z}/{x}/{y}.png", "'self'"),
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("https://{s}.tiles.example/{z}/{x}/{y}.png", "https://*.tiles.example"),
    ],
)
def test_tiles_are_allowed_by_the_policy_only_where_given(tiles: str, allowed: str) -> None:
    assert f"img-src data: {allowed};" in asset_map(some_assets(), base_tiles=tiles, **SAID).csp
    assert "img-src data:;" in asset_map(some_assets(), **SAID).csp


@pytest.mark.parametrize("tiles", ["http://t.example/{z}", "javascript:x", "https://a b/{z}", "x"])
def test_tiles_from_anywhere_else_are_refused(tiles: str) -> None:
    with pytest.raises(MapError, match="tiles"):
        asset_map(some_assets(), base_tiles=tiles, **SAID)


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
