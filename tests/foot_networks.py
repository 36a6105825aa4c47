"""Foot networks for tests: kept in a database, and a maze where every way is a detour."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from sqlalchemy.orm import Session

from app.walking import queries
from app.walking.actions import Walking, WalkingCache
from geo.crs import grid_of
from geo.network_files import read_network, to_bytes
from geo.walking import FootNetwork
from tests.builders import CITY_HALL, make_source

STREETS = Path(__file__).resolve().parents[1] / "data" / "sample" / "streets.osm"
CREDIT = "© the people who drew the streets"


def keep(session: Session, network: FootNetwork) -> Walking:
    """Store a network as loading it would, and return it as the application reads it."""
    source = make_source(session, "streets", licence="ODbL 1.0", attribution=CREDIT)
    content = to_bytes(network)
    queries.keep_network(
        session.connection(),
        source_id=source.id,
        scope="test",
        file_name="test.osm",
        as_of=None,
        digest=hashlib.sha256(content).hexdigest(),
        nodes=len(network.points),
        edges=len(network.edges),
        length_m=float(network.lengths_m.sum()),
        bounds=network.bounds,
        content=content,
    )
    walking = WalkingCache().get(session.connection())
    assert walking is not None
    return walking


def keep_sample(session: Session) -> Walking:
    """Store the sample town's streets: a river in the middle, and one bridge."""
    return keep(session, read_network(STREETS))


def maze(*, size: int = 80, step_m: float = 100.0, seed: int = 1) -> FootNetwork:
    """Return streets around the city hall with one way only between any two corners.

    `size` by `size` corners. Four in five streets are step-free, so that much is not reached
    without steps at all.
    """
    rng = np.random.default_rng(seed)
    numbers = np.arange(size * size).reshape(size, size)
    across = np.stack([numbers[:, :-1].ravel(), numbers[:, 1:].ravel()])
    along = np.stack([numbers[:-1].ravel(), numbers[1:].ravel()])
    one, two = np.concatenate([across, along], axis=1)
    lengths = coo_array((rng.random(len(one)) + 0.01, (one, two)), shape=(size**2, size**2))
    tree = minimum_spanning_tree(lengths.tocsr()).tocoo()
    rows, columns = np.divmod(np.arange(size * size), size)
    corners = (np.stack([columns, rows], axis=1) - size / 2) * step_m + grid_of(*CITY_HALL)
    edges = np.stack(tree.coords, axis=1).astype(np.int32)
    step_free = rng.random(len(edges)) < 0.8
    return FootNetwork(np.arange(size * size, dtype=np.int64), corners, edges, step_free)
