"""How far it is on foot: from the walks kept for a home, or along the networks in memory."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from app.walking import queries
from geo.crs import grid_of
from geo.network_files import from_bytes
from geo.walking import FootNetwork, join_networks, walks_m


class Located(NamedTuple):
    """A place to walk to: whose point it is, and where, in degrees WGS 84."""

    asset_id: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Walking:
    """All foot networks that are loaded, joined, as they were at one time."""

    network: FootNetwork
    version: str
    source_ids: tuple[int, ...]


class WalkingCache:
    """The networks in memory: read once, and again when others have been loaded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Walking | None = None

    def get(self, connection: sa.Connection) -> Walking | None:
        """Return the networks as they are now; None when there are none."""
        version = queries.find_version(connection)
        if version is None:
            return None
        known = self._known
        if known is None or known.version != version:
            with self._lock:
                known = self._known
                if known is None or known.version != version:
                    known = self._known = _read(connection, version)
        return known


def _read(connection: sa.Connection, version: str) -> Walking:
    rows = queries.read_networks(connection)
    network = join_networks([from_bytes(row.content) for row in rows])
    return Walking(network, version, tuple(sorted({row.source_id for row in rows})))


def walks_from(
    connection: sa.Connection,
    walking: Walking,
    *,
    lon: float,
    lat: float,
    places: Sequence[Located],
    needs_step_free: bool = False,
    home_id: uuid.UUID | str | None = None,
) -> list[float]:
    """Return metres on foot from a point (degrees, WGS 84) to each place.

    NaN where the point or the place is near no way we know, infinity where there is no way of an
    hour and a half or less. `home_id` says that the point is that home's: what is kept for it need
    not be worked out.
    """
    kept: dict[str, float] = {}
    if home_id is not None and places:
        rows = queries.find_walks(
            connection,
            home_id=home_id,
            asset_ids={place.asset_id for place in places},
            version=walking.version,
        )
        for row in rows:
            metres = row.step_free_m if needs_step_free else row.walk_m
            kept[row.asset_id] = float("nan") if metres is None else float(metres)
    missing = [place for place in places if place.asset_id not in kept]
    if missing:
        points = np.array([grid_of(place.lon, place.lat) for place in missing])
        network = walking.network
        origin = network.snap(np.array([grid_of(lon, lat)]), needs_step_free=needs_step_free)
        targets = network.snap(points, needs_step_free=needs_step_free)
        metres_to = walks_m(network, origin, targets, needs_step_free=needs_step_free)[0]
        kept |= dict(zip((place.asset_id for place in missing), metres_to.tolist(), strict=True))
    return [kept[place.asset_id] for place in places]
