"""Frames to draw in tests of maps, and how to read a map document without a browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.maps import MapAssets, MapDocument, asset_map, choropleth, home_map, ward_map

SITE = MapAssets("/static/vendor")
VENDORED = MapAssets(Path(__file__).parents[2] / "app/static/vendor", inline=True)
SOURCES = ["Office for National Statistics, Open Government Licence v3.0", "Invented for a test"]
SAID: dict[str, Any] = {"title": "A map", "scripts": SITE, "attribution": SOURCES}

# Ilkley: the town hall, the library, a church hall, the baths
LON_LAT = [(-1.8230, 53.9256), (-1.8226, 53.9254), (-1.8290, 53.9233), (-1.8140, 53.9270)]
WARD = shapely.box(-1.84, 53.915, -1.80, 53.935)


class ParsedPage(HTMLParser):
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


def data_of(document: MapDocument) -> dict[str, Any]:
    found = re.search(r'id="map-data">(.*?)</script>', document.html, re.DOTALL)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def lat_lon_of(document: MapDocument) -> list[list[float]]:
    places = data_of(document)["places"]
    steps = np.array(places["steps"]).reshape(-1, 2)
    positions: list[list[float]] = (steps.cumsum(axis=0) / places["scale"]).tolist()
    return positions


def some_assets(**columns: Any) -> gpd.GeoDataFrame:
    geometry = columns.pop("geometry", gpd.points_from_xy(*zip(*LON_LAT, strict=True)))
    table = {
        "name": ["Town hall", "Library", "Church hall", "Baths"],
        "kind": ["venue", "venue", "group", "surgery"],
        **columns,
    }
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)


def a_ward(**columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["Ilkley"], **columns}, geometry=[WARD], crs=4326)


def some_matches(count: int = 3) -> gpd.GeoDataFrame:
    return some_assets(
        rank=[3, 1, 2, 4],
        distance_m=[640.0, 38.0, 510.0, 1240.0],
        walk_minutes=[10, 1, 8, 19],
        reasons=[["Bowls: just what you asked for."], ["It is next door."], [], ["Step-free."]],
    ).iloc[:count]


def a_home() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": ["Moor View"]}, geometry=gpd.points_from_xy([-1.822], [53.925]), crs=4326
    )


def wards_measured(values: list[float]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(-2 + i / 100, 53, -1.99 + i / 100, 53.01) for i in range(len(values))]
    names = [f"Ward {i}" for i in range(len(values))]
    return gpd.GeoDataFrame({"name": names, "groups": values}, geometry=shapes, crs=4326)


def every_map(scripts: MapAssets) -> list[MapDocument]:
    said = {**SAID, "scripts": scripts}
    return [
        ward_map(a_ward(), some_assets(), around=a_ward(), **said),
        home_map(a_home(), some_matches(), **said),
        asset_map(some_assets(), **said),
        choropleth(wards_measured([1, 2, 3]), measure="groups", label="Groups", **said),
    ]


def relative_luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))
