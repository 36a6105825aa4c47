"""The street network: one piece, one bridge, and the walk a circle gets wrong."""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import numpy as np
import pyproj
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from shapely.geometry import LineString, Point


class Way(NamedTuple):
    nodes: list[str]
    tags: dict[str, str]


class Network(NamedTuple):
    at: dict[str, tuple[float, float]]  # easting, northing in metres
    named: dict[str, str]
    ways: list[Way]

    def line(self, way: Way) -> LineString:
        return LineString([self.at[node] for node in way.nodes])

    def streets(self) -> list[Way]:
        return [way for way in self.ways if "highway" in way.tags]


@pytest.fixture(scope="module")
def network(sample: Path) -> Network:
    root = ET.parse(sample / "streets.osm").getroot()  # noqa: S314 - our own file
    to_grid = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)
    at, named = {}, {}
    for node in root.iter("node"):
        number = node.attrib["id"]
        at[number] = to_grid.transform(float(node.attrib["lon"]), float(node.attrib["lat"]))
        tags = tags_of(node)
        if "name" in tags:
            named[tags["name"]] = number
    ways = [
        Way([nd.attrib["ref"] for nd in way.iter("nd")], tags_of(way)) for way in root.iter("way")
    ]
    return Network(at, named, ways)


def tags_of(element: ET.Element) -> dict[str, str]:
    return {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}


def walk_m(network: Network, *, without_bridge: bool = False) -> float:
    """Return the shortest walk in metres from Low Mill to Wash Dub."""
    index = {node: number for number, node in enumerate(network.at)}
    edges = [
        (index[a], index[b], math.dist(network.at[a], network.at[b]))
        for way in network.streets()
        if not (without_bridge and "bridge" in way.tags)
        for a, b in pairwise(way.nodes)
    ]
    rows, columns, lengths = zip(*edges, strict=True)
    graph = coo_array((lengths, (rows, columns)), shape=(len(index), len(index))).tocsr()
    start, end = (index[network.named[name]] for name in ("Low Mill", "Wash Dub"))
    return float(dijkstra(graph, directed=False, indices=start)[end])


def test_it_is_a_short_flight_and_a_long_walk(network: Network) -> None:
    ends = [network.at[network.named[name]] for name in ("Low Mill", "Wash Dub")]
    assert math.dist(*ends) == pytest.approx(400, abs=2)
    assert walk_m(network) == pytest.approx(4_400, abs=100)


def test_without_the_bridge_there_is_no_way_over(network: Network) -> None:
    assert walk_m(network, without_bridge=True) == float("inf")


def test_only_the_bridge_crosses_the_river(network: Network) -> None:
    (river,) = [way for way in network.ways if way.tags.get("waterway") == "river"]
    over = [
        way.tags["name"]
        for way in network.streets()
        if network.line(way).intersects(network.line(river))
    ]
    assert over == ["Eller Bridge"]


def test_streets_cross_only_where_they_share_a_node(network: Network) -> None:
    for one, two in combinations(network.streets(), 2):
        meeting = network.line(one).intersection(network.line(two))
        shared = [Point(network.at[node]) for node in set(one.nodes) & set(two.nodes)]
        for part in getattr(meeting, "geoms", [meeting]):
            assert part.is_empty or any(part.distance(point) < 0.01 for point in shared), (
                one.tags["name"],
                two.tags["name"],
            )


def test_every_street_can_be_walked_to(network: Network) -> None:
    nodes = sorted({node for way in network.streets() for node in way.nodes})
    index = {node: number for number, node in enumerate(nodes)}
    pairs = [(index[a], index[b]) for way in network.streets() for a, b in pairwise(way.nodes)]
    rows, columns = zip(*pairs, strict=True)
    graph = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(len(nodes), len(nodes)))
    assert connected_components(graph.tocsr(), directed=False)[0] == 1


def test_there_is_something_for_each_way_of_walking(network: Network) -> None:
    kinds = {way.tags["highway"] for way in network.streets()}
    assert {"tertiary", "residential", "footway", "path", "steps", "track"} <= kinds
    tags = [set(way.tags) for way in network.streets()]
    assert any("surface" in names for names in tags)
    assert any("step_count" in names for names in tags)
