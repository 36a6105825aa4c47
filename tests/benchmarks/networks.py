"""Foot networks: Rutland's file read and searched, beside networkx on the same graph."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import osmium

from geo.crs import grid_of
from geo.isochrones import isochrones
from geo.network_files import from_bytes, read_network, to_bytes
from geo.walking import LONGEST_WALK_M, WALKERS, FootNetwork, nearest_m, walks_m
from tests.benchmarks.database import real_data
from tests.benchmarks.figures import Figure

FILE = "walking/rutland-2018-03.osm.pbf"
OAKHAM = (-0.7258676, 52.6693737)
HOMES, PLACES, TIMES = 40, 4_000, 15
MEMORY = """
import sys
from pathlib import Path
from geo import isochrones, network_files

def resident_kb():
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line[:6] == "VmRSS:")

before = resident_kb()
network = network_files.read_network(Path(sys.argv[1]))
network.snap(network.points[:1])
network.graph(needs_step_free=False)
print(resident_kb() - before)
"""


def measure() -> list[Figure]:
    """Return the figures; none where the real data is missing."""
    folder = real_data()
    if folder is None or not (folder / FILE).is_file():
        return []
    path = folder / FILE
    network = read_network(path)
    content = to_bytes(network)
    graph = _graph(network)
    origin = network.snap(np.array([grid_of(*OAKHAM)]))
    node = int(network.edges[origin.edge[0], 0])
    limit_m = 15 * WALKERS["walking"].metres_per_minute
    chance = np.random.default_rng(5)
    homes, places = (
        network.snap(network.points[chance.integers(0, len(network.points), count)])
        for count in (HOMES, PLACES)
    )

    def fifteen() -> object:
        return isochrones(network, lon=OAKHAM[0], lat=OAKHAM[1], minutes=[15])

    def by_networkx(limit: float, sources: list[int]) -> None:
        for source in sources:
            nx.single_source_dijkstra_path_length(graph, source, cutoff=limit, weight="weight")

    home_nodes = [int(network.edges[edge, 0]) for edge in homes.edge]
    edges, nodes = len(network.edges), len(network.points)
    return [
        Figure(f"Rutland's ways read, {edges:,} edges", "ms", _ms(lambda: read_network(path)),
               _ms(lambda: _only_read(path)), "osmium handing over the same ways, unused"),
        Figure("the same from the database's bytes", "ms", _ms(lambda: from_bytes(content))),
        Figure("stored", "kB", len(content) / 1000),
        Figure("memory of reading and searching it", "MB", _memory_mb(path)),
        Figure("one 15-minute isochrone", "ms", _ms(fifteen),
               _ms(lambda: by_networkx(limit_m, [node])), "networkx's distances alone"),
        Figure(f"{HOMES} homes × {PLACES:,} places, up to 90 minutes", "ms",
               _ms(lambda: walks_m(network, homes, places), times=3),
               _ms(lambda: by_networkx(LONGEST_WALK_M, home_nodes), times=1),
               "networkx's distances from the homes"),
        Figure(f"the nearest of {HOMES} for {PLACES:,} places", "ms",
               _ms(lambda: nearest_m(network, places, homes))),
        Figure(f"{nodes:,} places put on the network", "ms",
               _ms(lambda: network.snap(network.points), times=3)),
    ]  # fmt: skip


def _graph(network: FootNetwork) -> Any:
    graph: Any = nx.Graph()
    graph.add_weighted_edges_from(
        (one, two, length)
        for (one, two), length in zip(
            network.edges.tolist(), network.lengths_m.tolist(), strict=True
        )
    )
    return graph


def _only_read(path: Path) -> int:
    entities = osmium.osm.NODE | osmium.osm.WAY
    processor: Any = osmium.FileProcessor(str(path), entities).with_locations()
    ways = processor.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    return sum(len(way.nodes) for way in ways.with_filter(osmium.filter.KeyFilter("highway")))


def _ms(what: Callable[[], object], *, times: int = TIMES) -> float:
    what()
    gc.collect()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        what()
        taken.append(time.perf_counter() - started)
    return float(np.median(taken) * 1000)


def _memory_mb(path: Path) -> float:
    """Return what a process of its own grows by and keeps; its libraries are not counted."""
    ran = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], check=True, capture_output=True, text=True
    )
    return float(ran.stdout) / 1000
