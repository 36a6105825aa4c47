"""Shortest ways on foot, held to networkx, which splits the edges and knows nothing of arrays."""

from __future__ import annotations

import hashlib
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import osmium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import grid_of
from geo.errors import NetworkError
from geo.network_files import from_bytes, read_network, to_bytes
from geo.walking import (
    FARTHEST_SNAP_M,
    LONGEST_WALK_M,
    SMALLEST_PART_NODES,
    WALKERS,
    FootNetwork,
    join_networks,
    nearest_m,
    walks_m,
)
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample" / "streets.osm"
Points = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def town() -> FootNetwork:
    return read_network(SAMPLE)


def named_places() -> dict[str, tuple[float, float]]:
    nodes: Any = osmium.FileProcessor(str(SAMPLE), osmium.osm.NODE)
    return {
        node.tags["name"]: grid_of(node.lon, node.lat)
        for node in nodes.with_filter(osmium.filter.KeyFilter("place"))
    }


def grid_network(rows: int = 10, columns: int = 10, every_m: float = 100.0) -> FootNetwork:
    """A chequerboard of streets, its south-west corner at (400000, 400000)."""
    number = np.arange(rows * columns).reshape(rows, columns)
    north, east = np.divmod(number.ravel(), columns)
    points = np.stack([400_000 + east * every_m, 400_000 + north * every_m], axis=1)
    edges = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
            np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
        ]
    )
    free = np.ones(len(edges), dtype=bool)
    return FootNetwork(number.ravel() + 1, points, edges.astype(np.int32), free)


def by_networkx(network: FootNetwork, points: Points, *, needs_step_free: bool) -> Points:
    """Every way between `points`, each put on its edge as a node of its own."""
    graph: Any = nx.Graph()
    placed = network.snap(points, needs_step_free=needs_step_free)
    on_edge: dict[int, list[tuple[float, str]]] = {}
    for number, (edge, along) in enumerate(zip(placed.edge, placed.along_m, strict=True)):
        on_edge.setdefault(int(edge), []).append((float(along), f"place {number}"))
    for edge, (one, two) in enumerate(network.edges.tolist()):
        if needs_step_free and not network.step_free[edge]:
            continue
        length = float(network.lengths_m[edge])
        stops = [(0.0, one), *sorted(on_edge.get(edge, [])), (length, two)]
        for (before, here), (after, there) in pairwise(stops):
            if not graph.has_edge(here, there) or graph[here][there]["weight"] > after - before:
                graph.add_edge(here, there, weight=after - before)
    found = np.full((len(points), len(points)), np.inf)
    for number in range(len(points)):
        reached = nx.single_source_dijkstra_path_length(graph, f"place {number}", weight="weight")
        for other in range(len(points)):
            way = reached.get(f"place {other}", math.inf)
            found[number, other] = way + placed.gap_m[number] + placed.gap_m[other]
    return np.where(found <= LONGEST_WALK_M, found, np.inf)


def scattered(network: FootNetwork, count: int, seed: int, within_m: float = 60.0) -> Points:
    chance = np.random.default_rng(seed)
    return np.asarray(
        network.points[chance.integers(0, len(network.points), count)]
        + chance.uniform(-within_m, within_m, (count, 2))
    )


@pytest.mark.parametrize("needs_step_free", [False, True])
def test_every_way_through_the_town_is_networkxs(town: FootNetwork, needs_step_free: bool) -> None:
    points = scattered(town, 40, seed=7)
    placed = town.snap(points, needs_step_free=needs_step_free)
    ours = walks_m(town, placed, placed, needs_step_free=needs_step_free)
    theirs = by_networkx(town, points, needs_step_free=needs_step_free)
    # The way to oneself is to the street and back.
    on = placed.is_on
    assert on.all() or needs_step_free
    np.testing.assert_allclose(ours[np.ix_(on, on)], theirs[np.ix_(on, on)], rtol=0, atol=0.02)
    assert np.isfinite(ours).mean() > 0.5


@pytest.mark.parametrize("needs_step_free", [False, True])
def test_the_nearest_of_many_is_the_least_of_all_ways(
    town: FootNetwork, needs_step_free: bool
) -> None:
    origins = town.snap(scattered(town, 60, seed=1), needs_step_free=needs_step_free)
    targets = town.snap(scattered(town, 25, seed=2), needs_step_free=needs_step_free)
    nearest = nearest_m(town, origins, targets, needs_step_free=needs_step_free)
    every = walks_m(town, origins, targets, needs_step_free=needs_step_free)
    least = every[:, targets.is_on].min(axis=1)
    assert np.isfinite(least).sum() > 40
    np.testing.assert_allclose(nearest, least, atol=0.02)


def test_the_river_makes_four_hundred_metres_into_more_than_four_kilometres(
    town: FootNetwork,
) -> None:
    places = named_places()
    mill, dub = np.array([places["Low Mill"]]), np.array([places["Wash Dub"]])
    assert math.dist(mill[0], dub[0]) == pytest.approx(400, abs=1)
    way = walks_m(town, town.snap(mill), town.snap(dub))[0, 0]
    assert way == pytest.approx(4_418, abs=5)
    assert way / WALKERS["walking"].metres_per_minute == pytest.approx(53, abs=0.2)
    assert way / WALKERS["frame"].metres_per_minute == pytest.approx(91.4, abs=0.3)


def test_steps_and_the_kissing_gate_stop_a_wheelchair_and_nobody_else(town: FootNetwork) -> None:
    assert 0 < (~town.step_free).sum() < len(town.edges) / 2
    chosen = scattered(town, 80, seed=3, within_m=5)
    on_foot = walks_m(town, town.snap(chosen), town.snap(chosen))
    placed = town.snap(chosen, needs_step_free=True)
    wheels = walks_m(town, placed, placed, needs_step_free=True)
    both = np.isfinite(on_foot) & np.isfinite(wheels)
    # Wheels may begin on another street: by as much as that is farther away.
    slack = 2 * (placed.gap_m[:, None] + placed.gap_m)
    assert (wheels[both] >= on_foot[both] - slack[both] - 0.02).all()
    assert (wheels[both] > on_foot[both] + 50).any()


@given(st.lists(st.tuples(st.floats(-150, 1_050), st.floats(-150, 1_050)), min_size=2, max_size=6))
def test_on_a_chequerboard_it_is_the_taxi_drivers_distance(
    offsets: list[tuple[float, float]],
) -> None:
    network = grid_network()
    points = np.array(offsets) + 400_000
    placed = network.snap(points)
    ways = walks_m(network, placed, placed)
    for row in range(len(points)):
        for column in range(len(points)):
            if not (placed.is_on[row] and placed.is_on[column]):
                assert np.isnan(ways[row, column])
                continue
            straight = math.dist(points[row], points[column])
            gaps = placed.gap_m[row] + placed.gap_m[column]
            assert ways[row, column] >= straight - 0.02 or row == column
            # Once round a block at worst, besides both gaps.
            assert ways[row, column] <= straight * math.sqrt(2) + 2.5 * gaps + 210
    np.testing.assert_allclose(ways, ways.T, equal_nan=True, atol=0.02)


def test_a_place_on_the_very_street_is_as_far_as_the_pavement_goes() -> None:
    network = grid_network()
    points = np.array([[400_010.0, 400_005.0], [400_090.0, 400_000.0]])
    placed = network.snap(points)
    assert placed.gap_m.tolist() == [5.0, 0.0]
    assert placed.along_m.tolist() == [10.0, 90.0]
    assert walks_m(network, placed, placed)[0, 1] == pytest.approx(85)
    assert nearest_m(network, placed[0], placed[1])[0] == pytest.approx(85)


def test_what_is_too_far_from_any_way_is_not_on_the_network() -> None:
    network = grid_network()
    near, far = FARTHEST_SNAP_M - 1, FARTHEST_SNAP_M + 1
    placed = network.snap(
        np.array([[400_000 - near, 400_000.0], [400_000 - far, 400_000.0], [399_000.0, 399_000.0]])
    )
    assert placed.is_on.tolist() == [True, False, False]
    ways = walks_m(network, placed, placed)
    assert np.isnan(ways[1:]).all()
    assert np.isnan(ways[:, 1:]).all()
    assert np.isnan(nearest_m(network, placed, placed)[1:]).all()


def test_beyond_the_limit_there_is_no_way() -> None:
    network = grid_network(rows=2, columns=100)
    ends = network.snap(np.array([[400_000.0, 400_000.0], [409_900.0, 400_000.0]]))
    assert walks_m(network, ends, ends)[0, 1] == np.inf
    assert walks_m(network, ends, ends, limit_m=9_900.0)[0, 1] == pytest.approx(9_900)
    assert nearest_m(network, ends[0], ends[1])[0] == np.inf


def test_nothing_to_go_to_is_no_error() -> None:
    network = grid_network()
    some, none = network.snap(np.array([[400_000.0, 400_000.0]])), network.snap(np.zeros((0, 2)))
    assert walks_m(network, some, none).shape == (1, 0)
    assert walks_m(network, none, some).shape == (0, 1)
    assert nearest_m(network, some, none).tolist() == [np.inf]


def test_two_extracts_meet_where_they_share_a_node() -> None:
    whole = grid_network(rows=4, columns=20)
    west, east = (part(whole, columns) for columns in (range(11), range(10, 20)))
    joined = join_networks([east, west])
    places = np.array([[400_050.0, 400_000.0], [401_850.0, 400_100.0]])
    expected = walks_m(whole, whole.snap(places), whole.snap(places))
    found = walks_m(joined, joined.snap(places), joined.snap(places))
    np.testing.assert_allclose(found, expected)
    assert len(joined.edges) == len(whole.edges)


def part(network: FootNetwork, columns: range) -> FootNetwork:
    """The part of a chequerboard between two of its columns."""
    column = ((network.points[:, 0] - 400_000) / 100).round().astype(int)
    kept = np.isin(column, columns)
    number = np.cumsum(kept) - 1
    edges = network.edges[kept[network.edges].all(axis=1)]
    return FootNetwork(
        network.node_ids[kept], network.points[kept], number[edges].astype(np.int32),
        np.ones(len(edges), dtype=bool),
    )  # fmt: skip


def test_a_stray_footway_that_touches_nothing_is_left_out() -> None:
    town, stray = grid_network(), grid_network(rows=1, columns=SMALLEST_PART_NODES - 1)
    apart = FootNetwork(
        stray.node_ids + 10_000, stray.points + np.array([0, -60]), stray.edges, stray.step_free
    )
    joined = join_networks([town, apart])
    assert len(joined.node_ids) == len(town.node_ids)
    # A place beside it is put on the town's street, where there is somewhere to go.
    beside = joined.snap(np.array([[400_050.0, 399_940.0]]))
    assert beside.gap_m[0] == pytest.approx(60)


def test_what_is_stored_is_what_was_read(town: FootNetwork) -> None:
    content = to_bytes(town)
    again = from_bytes(content)
    np.testing.assert_allclose(again.points, town.points, atol=0.006)
    assert (again.node_ids == town.node_ids).all()
    assert (again.edges == town.edges).all()
    assert (again.step_free == town.step_free).all()
    # The digest tells whether a network is the same: the same ways must be the same bytes.
    digests = {hashlib.sha256(to_bytes(read_network(SAMPLE))).digest() for _ in range(2)}
    assert digests == {hashlib.sha256(content).digest()}


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x04K\x01."], ids=["0", "zip", "pkl"]
)
def test_a_stored_network_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(NetworkError, match="load it again"):
        from_bytes(content)


def test_a_broken_file_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "town.osm"
    broken.write_bytes(SAMPLE.read_bytes()[:-60])
    with pytest.raises(NetworkError, match="cut off"):
        read_network(broken)
    broken.write_text('<osm version="0.6"><node id="1" version="1" lat="54" lon="-2"/></osm>')
    with pytest.raises(NetworkError, match="no ways to walk along"):
        read_network(broken)
    with pytest.raises(NetworkError, match="load one first"):
        join_networks([])
