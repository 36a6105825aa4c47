"""Maps to open in a browser, and how to read what is drawn on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from playwright.sync_api import Page

from geo.map_shapes import KIND_STYLES, SHAPES
from geo.maps import MapAssets, MapDocument, choropleth, home_map

SITE = "http://patchwork.test"
STATIC = Path(__file__).parents[2] / "app" / "static"

# Counts each filled outline by colour and number of corners, 0 for a circle
RECORD_FILLS = """
  const corners = new WeakMap();
  const pen = CanvasRenderingContext2D.prototype;
  const wrap = (name, note) => {
    const original = pen[name];
    pen[name] = function (...given) { note(this); return original.apply(this, given); };
  };
  window.fills = {};
  wrap("beginPath", (c) => corners.set(c, 0));
  wrap("lineTo", (c) => corners.set(c, corners.get(c) + 1));
  wrap("fill", (c) => {
    const key = `${String(c.fillStyle).toUpperCase()} ${corners.get(c)}`;
    window.fills[key] = (window.fills[key] || 0) + 1;
  });
"""
REDRAW_AND_COUNT = """() => {
  window.fills = {};
  patchworkMap._resetView(patchworkMap.getCenter(), patchworkMap.getZoom());
  return window.fills;
}"""
SCREEN_POINT = """([lat, lon]) => {
  const box = patchworkMap.getContainer().getBoundingClientRect();
  const point = patchworkMap.latLngToContainerPoint([lat, lon]);
  return [box.left + point.x, box.top + point.y];
}"""

# Ilkley and Ben Rhydding
PLACES = [
    ("The Clarke Foley Centre", "venue", -1.8208, 53.9253),
    ("Ilkley Library", "venue", -1.8226, 53.9247),
    ("Ilkley Players", "group", -1.8262, 53.9262),
    ("Bowls at East Holmes", "group", -1.8170, 53.9290),
    ("Ilkley Moor Medical Practice", "surgery", -1.8196, 53.9225),
    ("Moor View", "care_home", -1.8300, 53.9220),
    ("Someone who mends radios", "informal", -1.8120, 53.9240),
]
SCRIPTS = MapAssets("/static/vendor")
SAID: dict[str, Any] = {
    "title": "Ilkley: what is here",
    "scripts": SCRIPTS,
    "attribution": ["\u00a9 OpenStreetMap contributors", "Office for National Statistics, OGL v3"],
}
OpenMap = Callable[..., Page]


def some_places(
    rows: list[tuple[str, str, float, float]] | None = None, **more: Any
) -> gpd.GeoDataFrame:
    names, kinds, lons, lats = zip(*(rows or PLACES), strict=True)
    table = {"name": names, "kind": kinds, **more}
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lons, lats), crs=4326)


def a_ward(name: str = "Ilkley") -> gpd.GeoDataFrame:
    shape = shapely.box(-1.84, 53.915, -1.80, 53.935)
    return gpd.GeoDataFrame({"name": [name]}, geometry=[shape], crs=4326)


def next_ward(name: str) -> gpd.GeoDataFrame:
    shape = shapely.box(-1.80, 53.91, -1.70, 53.94)
    return gpd.GeoDataFrame({"name": [name]}, geometry=[shape], crs=4326)


def a_home_map(**changes: Any) -> MapDocument:
    others = some_places(PLACES[:5])
    count = len(others)
    matches = others.assign(
        rank=range(1, count + 1),
        distance_m=[640.0] * count,
        walk_minutes=[10] * count,
        reasons=[["Boccia: a gentler alternative to bowls."]] * count,
        url=[f"/assets/{i}" for i in range(count)],
    )
    home = some_places([PLACES[5]])
    return home_map(home, matches.assign(**changes), **SAID)


def a_choropleth(names: list[str], label: str = "Groups", unit: str = "") -> MapDocument:
    shapes = [shapely.box(-2 + i / 50, 53, -1.98 + i / 50, 53.02) for i in range(len(names))]
    table = {"name": names, "n": range(len(names))}
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=4326)
    return choropleth(frame, measure="n", label=label, unit=unit, **SAID)


def expected_fills(places: gpd.GeoDataFrame) -> dict[str, int]:
    fills: dict[str, int] = {}
    for kind in places["kind"]:
        style = KIND_STYLES[kind]
        key = f"{style.colour.upper()} {len(SHAPES[style.shape])}"
        fills[key] = fills.get(key, 0) + 1
    return fills


def popup_text(page: Page) -> str:
    return page.locator(".leaflet-popup-content").inner_text()


HINT_SAYS = """(text) => [...document.querySelectorAll(".hint")]
  .some((hint) => hint.textContent.replace(/\\s+/g, " ").includes(text))"""


def hover(page: Page, lat: float, lon: float, text: str) -> None:
    """Move the pointer to a place until its hint shows: Leaflet skips moves within 32 ms."""
    x, y = page.evaluate(SCREEN_POINT, [lat, lon])
    for i in range(300):
        page.mouse.move(x + i % 2, y)
        if page.evaluate(HINT_SAYS, text):
            return
    pytest.fail(f"no hint says {text!r}")
