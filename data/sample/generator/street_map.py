"""The street map: OpenStreetMap's XML for walking, and places as extracts of it are shaped."""

from __future__ import annotations

import math
from typing import Any
from xml.sax.saxutils import quoteattr

import shapely

from generator.areas import Areas
from generator.grid import XY, lon_lat_of, read_point
from generator.publishers import feature, feature_lines
from generator.streets import Streets
from generator.written import read_written

# The two ends of the walk every router should be tried on: 400 m apart over the river, and only
# one bridge.
LOW_MILL, WASH_DUB = (1830.0, 10.0), (1830.0, -390.0)
_RAILWAY = [(700.0, 640.0), (935.0, 760.0), (1300.0, 930.0), (1900.0, 1340.0)]
_POINTS: list[tuple[XY, dict[str, str]]] = [
    (LOW_MILL, {"place": "locality", "name": "Low Mill"}),
    (WASH_DUB, {"place": "locality", "name": "Wash Dub"}),
    ((0.0, 220.0), {"highway": "crossing", "crossing": "zebra", "tactile_paving": "yes"}),
    ((10.0, 430.0), {"highway": "crossing", "crossing": "uncontrolled", "kerb": "lowered"}),
    ((30.0, -350.0), {"highway": "crossing", "crossing": "traffic_signals", "kerb": "lowered"}),
    ((1020.0, 430.0), {"highway": "crossing", "crossing": "unmarked", "kerb": "raised"}),
    ((400.0, 760.0), {"amenity": "bench", "backrest": "yes"}),
    ((430.0, 900.0), {"amenity": "bench", "backrest": "yes"}),
    ((450.0, 150.0), {"amenity": "bench", "backrest": "no"}),
    ((-700.0, 385.0), {"barrier": "kissing_gate", "wheelchair": "no"}),
]
_CORNERS = 10
_FIRST_ID = 99_000_000_001  # far above any id in use


class _Map:
    """Nodes shared by position, and ways of them."""

    def __init__(self) -> None:
        self._ids: dict[XY, int] = {}
        self._tags: dict[XY, dict[str, str]] = {}
        self._ways: list[tuple[list[int], dict[str, str]]] = []

    def add_way(self, points: list[XY], tags: dict[str, str]) -> None:
        self._ways.append(([self._id_of(point) for point in points], tags))

    def add_tags(self, point: XY, tags: dict[str, str]) -> None:
        self._id_of(point)
        self._tags[point] = tags

    def _id_of(self, point: XY) -> int:
        return self._ids.setdefault(point, len(self._ids) + 1)

    def as_xml(self) -> str:
        places = {point: lon_lat_of(point) for point in self._ids}
        lons, lats = zip(*places.values(), strict=True)
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<osm version="0.6" generator="Ellerwick, a made-up town" copyright="CC0 1.0">',
            f' <bounds minlat="{min(lats)}" minlon="{min(lons)}" maxlat="{max(lats)}"'
            f' maxlon="{max(lons)}"/>',
        ]
        for point, number in self._ids.items():
            lon, lat = places[point]
            head = f' <node id="{number}" version="1" lat="{lat}" lon="{lon}"'
            lines += _element(head, "node", [], self._tags.get(point, {}))
        for number, (nodes, tags) in enumerate(self._ways, start=1):
            refs = [f'  <nd ref="{node}"/>' for node in nodes]
            lines += _element(f' <way id="{number}" version="1"', "way", refs, tags)
        return "\n".join([*lines, "</osm>", ""])


def _element(head: str, name: str, inside: list[str], tags: dict[str, str]) -> list[str]:
    inside = inside + [f"  <tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
    return [f"{head}>", *inside, f" </{name}>"] if inside else [f"{head}/>"]


def streets_xml(areas: Areas, streets: Streets) -> str:
    """Return the street network, the river and the branch line as OSM XML."""
    drawn = _Map()
    for street in streets.by_name.values():
        drawn.add_way(
            street.points, {"highway": street.highway, "name": street.name, **street.tags}
        )
    drawn.add_way(areas.river, {"waterway": "river", "name": areas.river_name})
    drawn.add_way(_RAILWAY, {"railway": "preserved", "name": "Eller Branch Line"})
    for point, tags in _POINTS:
        drawn.add_tags(point, tags)
    return drawn.as_xml()


def places_geojson(streets: Streets) -> str:
    """Return places.geojson, shaped like an extract of OpenStreetMap."""
    features = []
    for number, place in enumerate(read_written("osm_places")["place"]):
        other = ",".join(f'"{key}"=>"{value}"' for key, value in place["other"].items())
        properties: dict[str, Any] = {"osm_id": str(_FIRST_ID + number)}
        if "name" in place:
            properties["name"] = place["name"]
        properties |= place["tags"]
        if other:
            properties["other_tags"] = other
        features.append(feature(_shape(place, streets), properties))
    return feature_lines(features, "places")


def _shape(place: dict[str, Any], streets: Streets) -> shapely.Geometry:
    centre = read_point(place["centre"]) if "centre" in place else streets.door(place["at"])[1]
    if "around" not in place:
        return shapely.Point(lon_lat_of(centre))
    width, height = place["around"]
    turns = [2 * math.pi * corner / _CORNERS for corner in range(_CORNERS)]
    # A blunt rectangle rather than an egg: fields have sides.
    ring = [
        (
            centre[0] + width / 2 * math.copysign(abs(math.cos(turn)) ** 0.5, math.cos(turn)),
            centre[1] + height / 2 * math.copysign(abs(math.sin(turn)) ** 0.5, math.sin(turn)),
        )
        for turn in turns
    ]
    return shapely.Polygon([lon_lat_of((round(x, 1), round(y, 1))) for x, y in ring])
