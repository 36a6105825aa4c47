"""How long it takes on foot: a network of ways, and the shortest way along it.

Coordinates are metres, British National Grid (easting, northing). The network is undirected.
Shortest ways are Dijkstra's (`scipy.sparse.csgraph`), metres along the ways; minutes are metres at
a walker's own speed. Hills, crossings and waiting are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from geo.errors import NetworkError

Metres = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

# Farther from the nearest way than this, nobody knows how to get there from it.
FARTHEST_SNAP_M = 200.0
# An hour and a half at 5 km/h: nobody walks farther.
LONGEST_WALK_M = 7_500.0
# Ways that touch nothing else are mistakes of drawing more often than islands.
SMALLEST_PART_NODES = 50
SAMPLE_EVERY_M = 20.0
_NEAREST_SAMPLES = 4
# So many rows of distances at a time: a row is eight bytes a node.
_ROWS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody on foot or on wheels: how fast, and whether a step stops them."""

    word: str
    km_per_hour: float
    needs_step_free: bool = False

    @property
    def metres_per_minute(self) -> float:
        """The same speed as metres a minute."""
        return self.km_per_hour * 1000 / 60


# 5 km/h is the usual allowance; 2.9 km/h (0.8 m/s) is what crossings are timed for where many old
# people live; 4 km/h is a wheelchair on level ground.
WALKERS = {
    "walking": Walker("on foot", 5.0),
    "frame": Walker("with a walking frame", 2.9),
    "wheelchair": Walker("step-free, in a wheelchair", 4.0, needs_step_free=True),
}


@dataclass(frozen=True, slots=True)
class Snapped:
    """Places put on the network: for each its edge, how far along it is, and how far away.

    `gap_m` is infinite where nothing is within `FARTHEST_SNAP_M`: `is_on` is False there.
    """

    edge: Numbers
    along_m: Metres
    gap_m: Metres

    @property
    def is_on(self) -> npt.NDArray[np.bool_]:
        """Whether each place is near enough to a way."""
        return np.isfinite(self.gap_m)

    def __len__(self) -> int:
        """Return how many places there are."""
        return len(self.edge)

    def __getitem__(self, chosen: int | slice | Numbers | npt.NDArray[np.bool_]) -> Snapped:
        """Return some of the places."""
        at = slice(chosen, chosen + 1) if isinstance(chosen, int) else chosen
        return Snapped(self.edge[at], self.along_m[at], self.gap_m[at])


@dataclass(frozen=True, eq=False)
class FootNetwork:
    """Nodes and the straight edges between them.

    Attributes
    ----------
    node_ids
        OpenStreetMap's numbers, ascending, int64 (n,).
    points
        Easting and northing of each node, metres, float64 (n, 2).
    edges
        Rows of two nodes, int32 (m, 2); each pair once.
    step_free
        Whether a wheelchair gets along each edge, bool (m,).
    """

    node_ids: Numbers
    points: Metres
    edges: npt.NDArray[np.int32]
    step_free: npt.NDArray[np.bool_]

    @cached_property
    def lengths_m(self) -> Metres:
        """How long each edge is, in metres; float64 (m,)."""
        ends = self.points[self.edges]
        return np.asarray(np.hypot(*(ends[:, 1] - ends[:, 0]).T))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The rectangle of all nodes: west, south, east, north in metres."""
        (west, south), (east, north) = self.points.min(axis=0), self.points.max(axis=0)
        return float(west), float(south), float(east), float(north)

    def graph(self, *, needs_step_free: bool) -> csr_array:
        """Return the matrix of lengths between nodes, each edge one way only."""
        return self._step_free_graph if needs_step_free else self._graph

    @cached_property
    def _graph(self) -> csr_array:
        return self._matrix(np.ones(len(self.edges), dtype=bool))

    @cached_property
    def _step_free_graph(self) -> csr_array:
        return self._matrix(self.step_free)

    def _matrix(self, kept: npt.NDArray[np.bool_]) -> csr_array:
        count = len(self.points)
        one, two = self.edges[kept].T
        # Two nodes at one place: a length of nothing would be no edge.
        lengths = np.maximum(self.lengths_m[kept], 0.01)
        return coo_array((lengths, (one, two)), shape=(count, count)).tocsr()

    @cached_property
    def _samples(self) -> tuple[cKDTree, Numbers]:
        return self._sampled(np.arange(len(self.edges)))

    @cached_property
    def _step_free_samples(self) -> tuple[cKDTree, Numbers]:
        return self._sampled(np.flatnonzero(self.step_free))

    def _sampled(self, edges: Numbers) -> tuple[cKDTree, Numbers]:
        """Return a tree of points along `edges`, every 20 m, and the edge of each."""
        counts = np.maximum(1, np.ceil(self.lengths_m[edges] / SAMPLE_EVERY_M)).astype(np.int64)
        of_edge = np.repeat(edges, counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        share = (np.arange(len(of_edge)) - first + 0.5) / np.repeat(counts, counts)
        ends = self.points[self.edges[of_edge]]
        return cKDTree(ends[:, 0] + (ends[:, 1] - ends[:, 0]) * share[:, None]), of_edge

    def snap(self, points: Metres, *, needs_step_free: bool = False) -> Snapped:
        """Return where `points` (easting, northing; (k, 2)) are on the network.

        Each is put on the nearest way, wherever along it that is. With `needs_step_free`, on the
        nearest way that has no step.
        """
        tree, of_sample = self._step_free_samples if needs_step_free else self._samples
        points = np.atleast_2d(np.asarray(points, dtype=np.float64))
        if not len(points) or not tree.n:
            nowhere = np.full(len(points), np.inf)
            return Snapped(np.zeros(len(points), dtype=np.int64), nowhere * 0 + 0.0, nowhere)
        # Half a step along the way, and the way's own distance away.
        most = FARTHEST_SNAP_M + SAMPLE_EVERY_M
        _, found = tree.query(points, k=min(_NEAREST_SAMPLES, tree.n), distance_upper_bound=most)
        found = found.reshape(len(points), -1)
        is_found = found < tree.n
        edges = of_sample[np.where(is_found, found, 0)]
        along, gap = self._project(points, edges)
        gap = np.where(is_found & (gap <= FARTHEST_SNAP_M), gap, np.inf)
        best = gap.argmin(axis=1)
        rows = np.arange(len(points))
        return Snapped(edges[rows, best], along[rows, best], gap[rows, best])

    def _project(self, points: Metres, edges: Numbers) -> tuple[Metres, Metres]:
        """Return how far along each of `edges` (k, c) each point (k, 2) is, and how far from it."""
        ends = self.points[self.edges[edges]]
        start, step = ends[..., 0, :], ends[..., 1, :] - ends[..., 0, :]
        squared = np.maximum((step**2).sum(axis=-1), 1e-9)
        share = np.clip(((points[:, None] - start) * step).sum(axis=-1) / squared, 0, 1)
        away = points[:, None] - (start + share[..., None] * step)
        return share * self.lengths_m[edges], np.hypot(away[..., 0], away[..., 1])


def walks_m(
    network: FootNetwork,
    origins: Snapped,
    targets: Snapped,
    *,
    needs_step_free: bool = False,
    limit_m: float = LONGEST_WALK_M,
) -> Metres:
    """Return the metres on foot from each origin (rows) to each target (columns).

    The gaps between places and ways are walked too. NaN where either is not on the network, and
    infinity where there is no way of at most `limit_m`.
    """
    found = np.full((len(origins), len(targets)), np.nan)
    rows, columns = np.flatnonzero(origins.is_on), np.flatnonzero(targets.is_on)
    if not len(rows) or not len(columns):
        return found
    graph = network.graph(needs_step_free=needs_step_free)
    to_nodes, to_offsets = _ends(network, targets[columns])
    for chunk in np.array_split(rows, -(-len(rows) // _ROWS_AT_ONCE)):
        here = origins[chunk]
        nodes, offsets = _ends(network, here)
        both = dijkstra(graph, directed=False, indices=nodes.ravel(), limit=limit_m)
        from_here = both.reshape(len(chunk), 2, -1)[:, :, to_nodes] + offsets[:, :, None, None]
        ways = (from_here.min(axis=1) + to_offsets).min(axis=2)
        ways = np.minimum(ways, _on_one_edge(network, here, targets[columns], needs_step_free))
        whole = ways + here.gap_m[:, None] + targets.gap_m[columns]
        found[np.ix_(chunk, columns)] = np.where(whole <= limit_m, whole, np.inf)
    return found


def nearest_m(
    network: FootNetwork,
    origins: Snapped,
    targets: Snapped,
    *,
    needs_step_free: bool = False,
    limit_m: float = LONGEST_WALK_M,
) -> Metres:
    """Return the metres on foot from each origin to whichever target is nearest; as `walks_m`.

    One search from all targets at once, however many there are.
    """
    found = np.where(origins.is_on, np.inf, np.nan)
    there = targets[targets.is_on]
    if not len(there) or not origins.is_on.any():
        return found
    # A node of its own stands for all targets: its edges are as long as it is to their ways' ends.
    graph = network.graph(needs_step_free=needs_step_free)
    count = graph.shape[0]
    nodes, offsets = _ends(network, there)
    to_end = np.full(count, np.inf)
    np.minimum.at(to_end, nodes, np.maximum(offsets + there.gap_m[:, None], 0.01))
    reached = np.flatnonzero(np.isfinite(to_end))
    known = graph.tocoo()
    wider = coo_array(
        (
            np.concatenate([known.data, to_end[reached]]),
            (
                np.concatenate([known.coords[0], np.full(len(reached), count)]),
                np.concatenate([known.coords[1], reached]),
            ),
        ),
        shape=(count + 1, count + 1),
    ).tocsr()
    from_targets = dijkstra(wider, directed=False, indices=count, limit=limit_m)
    from_nodes, from_offsets = _ends(network, origins)
    ways = (from_targets[from_nodes] + from_offsets).min(axis=1) + origins.gap_m
    ways = np.minimum(ways, _nearest_on_one_edge(origins, there, network, needs_step_free))
    return np.where(origins.is_on, np.where(ways <= limit_m, ways, np.inf), np.nan)


def _ends(network: FootNetwork, places: Snapped) -> tuple[Numbers, Metres]:
    """Return the two nodes of each place's edge, and the metres along the edge to either."""
    nodes = network.edges[places.edge].astype(np.int64)
    to_second = network.lengths_m[places.edge] - places.along_m
    return nodes, np.stack([places.along_m, to_second], axis=1)


def _on_one_edge(
    network: FootNetwork, origins: Snapped, targets: Snapped, needs_step_free: bool
) -> Metres:
    """Return the metres between places on one and the same edge, infinity for all others."""
    is_same = origins.edge[:, None] == targets.edge[None, :]
    if needs_step_free:
        is_same &= network.step_free[targets.edge][None, :]
    return np.where(is_same, np.abs(origins.along_m[:, None] - targets.along_m[None, :]), np.inf)


def _nearest_on_one_edge(
    origins: Snapped, targets: Snapped, network: FootNetwork, needs_step_free: bool
) -> Metres:
    """Return for each origin the metres to the nearest target on its own edge, gaps included."""
    nearest = np.full(len(origins), np.inf)
    by_edge: dict[int, list[int]] = {}
    for number, edge in enumerate(targets.edge.tolist()):
        by_edge.setdefault(edge, []).append(number)
    for number, edge in enumerate(origins.edge.tolist()):
        there = by_edge.get(edge)
        if there and (network.step_free[edge] or not needs_step_free):
            along = np.abs(targets.along_m[there] - origins.along_m[number]) + targets.gap_m[there]
            nearest[number] = along.min() + origins.gap_m[number]
    return nearest


def join_networks(networks: Sequence[FootNetwork]) -> FootNetwork:
    """Return several networks as one: nodes of the same number are one node.

    Parts of fewer than `SMALLEST_PART_NODES` nodes that touch nothing else are left out.

    Raises
    ------
    NetworkError
        If there is nothing to join.
    """
    if not networks:
        raise NetworkError("There is no foot network: load one first (patchwork load network).")
    every = np.concatenate([network.node_ids for network in networks])
    node_ids, first, place = np.unique(every, return_index=True, return_inverse=True)
    points = np.concatenate([network.points for network in networks])[first]
    starts = np.cumsum([0, *(len(network.node_ids) for network in networks[:-1])])
    edges = np.concatenate(
        [place[network.edges + start] for network, start in zip(networks, starts, strict=True)]
    )
    step_free = np.concatenate([network.step_free for network in networks])
    edges = np.sort(edges, axis=1)
    # Of an edge in two files either will do: neither file knows better whether it has a step.
    edges, first_edge = np.unique(edges, axis=0, return_index=True)
    step_free = step_free[first_edge]
    return _large_parts(FootNetwork(node_ids, points, edges.astype(np.int32), step_free))


def _large_parts(network: FootNetwork) -> FootNetwork:
    _, part = connected_components(network.graph(needs_step_free=False), directed=False)
    sizes = np.bincount(part)
    smallest = min(SMALLEST_PART_NODES, int(sizes.max(initial=0)))
    kept = sizes[part] >= smallest
    new_number = np.cumsum(kept) - 1
    stays = kept[network.edges[:, 0]]
    return FootNetwork(
        network.node_ids[kept],
        network.points[kept],
        new_number[network.edges[stays]].astype(np.int32),
        network.step_free[stays],
    )
