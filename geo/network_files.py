"""Foot networks in files: read from OpenStreetMap extracts, and kept as compressed arrays."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyproj

from geo.crs import BRITISH_NATIONAL_GRID, WGS84
from geo.errors import NetworkError
from geo.foot_ways import is_step_free, is_walked, stops_everybody, stops_wheels
from geo.walking import FootNetwork, join_networks

_WAYS_BETWEEN_NEWS = 1_000


def read_network(path: Path, *, told: Callable[[int], None] | None = None) -> FootNetwork:
    """Return the ways of an OpenStreetMap file that people walk along.

    Parameters
    ----------
    path
        .osm, .osm.pbf, .osm.gz or .osm.bz2.
    told
        Called now and then with how many ways have been read.

    Raises
    ------
    NetworkError
        If the file is broken, or has no way to walk along.
    """
    try:
        raw = _read(path, told or (lambda _: None))
    except RuntimeError as error:  # all that osmium raises
        raise NetworkError(
            f"{path.name} cannot be read as OpenStreetMap data, so nothing was changed:"
            " it may be cut off. Fetch it again."
        ) from error
    if not len(raw.edges):
        raise NetworkError(
            f"{path.name} has no ways to walk along, so nothing was changed: make an extract with"
            " ways that have a “highway” tag, and their nodes."
        )
    return join_networks([raw])


@dataclass
class _Ways:
    """What is read of the ways, node by node in their order."""

    refs: list[int] = field(default_factory=list)
    lons: list[float] = field(default_factory=list)
    lats: list[float] = field(default_factory=list)
    # How many nodes each way has, and whether a wheelchair gets along it.
    lengths: list[int] = field(default_factory=list)
    step_free: list[bool] = field(default_factory=list)

    def add(self, nodes: Sequence[Any], tags: Mapping[str, str]) -> None:
        """Take a way in."""
        known = [node for node in nodes if node.location.valid()]
        self.refs += [node.ref for node in known]
        self.lons += [node.lon for node in known]
        self.lats += [node.lat for node in known]
        self.lengths.append(len(known))
        self.step_free.append(is_step_free(tags))


def _read(path: Path, told: Callable[[int], None]) -> FootNetwork:
    no_wheels, nobody = _barriers(path)
    read = _Ways()
    entities = osmium.osm.NODE | osmium.osm.WAY
    processor: Any = osmium.FileProcessor(str(path), entities).with_locations()
    ways = processor.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    for number, way in enumerate(ways.with_filter(osmium.filter.KeyFilter("highway", "railway"))):
        tags = {tag.k: tag.v for tag in way.tags}
        if number % _WAYS_BETWEEN_NEWS == 0:
            told(number)
        if is_walked(tags):
            read.add(list(way.nodes), tags)
    return _network(read, no_wheels=no_wheels, nobody=nobody)


def _barriers(path: Path) -> tuple[list[int], list[int]]:
    """Return the nodes that stop wheels, and those that stop everybody."""
    no_wheels, nobody = [], []
    nodes = osmium.FileProcessor(str(path), osmium.osm.NODE)
    for node in nodes.with_filter(osmium.filter.KeyFilter("barrier")):
        tags = {tag.k: tag.v for tag in node.tags}
        if stops_everybody(tags):
            nobody.append(node.id)
        elif stops_wheels(tags):
            no_wheels.append(node.id)
    return no_wheels, nobody


def _network(read: _Ways, *, no_wheels: list[int], nobody: list[int]) -> FootNetwork:
    every = np.asarray(read.refs, dtype=np.int64)
    node_ids, first, place = np.unique(every, return_index=True, return_inverse=True)
    to_grid = pyproj.Transformer.from_crs(WGS84, BRITISH_NATIONAL_GRID, always_xy=True)
    lons, lats = (np.asarray(values, dtype=np.float64)[first] for values in (read.lons, read.lats))
    points = np.stack(to_grid.transform(lons, lats), axis=1) if len(first) else np.zeros((0, 2))
    way = np.repeat(np.arange(len(read.lengths)), read.lengths)
    is_inside = way[:-1] == way[1:]
    edges = np.stack([place[:-1], place[1:]], axis=1)[is_inside]
    step_free = np.asarray(read.step_free, dtype=bool)[way[:-1][is_inside]]
    ends = node_ids[edges]
    step_free &= ~np.isin(ends, no_wheels).any(axis=1)
    kept = (edges[:, 0] != edges[:, 1]) & ~np.isin(ends, nobody).any(axis=1)
    kept &= np.isfinite(points[edges]).all(axis=(1, 2))
    return FootNetwork(node_ids, points, edges[kept].astype(np.int32), step_free[kept])


def to_bytes(network: FootNetwork) -> bytes:
    """Return a network as a compressed NumPy archive (.npz); points are kept to a centimetre."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        node_ids=network.node_ids,
        centimetres=np.rint(network.points * 100).astype(np.int32),
        edges=network.edges,
        step_free=network.step_free,
    )
    return file.getvalue()


def from_bytes(content: bytes) -> FootNetwork:
    """Return a network that `to_bytes` wrote.

    Raises
    ------
    NetworkError
        If it is no such archive.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            return FootNetwork(
                kept["node_ids"],
                kept["centimetres"].astype(np.float64) / 100,
                kept["edges"],
                kept["step_free"],
            )
    except (ValueError, KeyError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise NetworkError("The stored foot network cannot be read: load it again.") from error
