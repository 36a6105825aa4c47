"""Working out the walks of homes: after a network was loaded, and when places have changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.walking import queries
from app.walking.actions import Walking, WalkingCache
from geo.walking import walks_m


def refresh_walks(
    connection: sa.Connection,
    *,
    cache: WalkingCache | None = None,
    told: Callable[[int, int], None] | None = None,
) -> int:
    """Work out the walks of every home that is due, and return how many homes that were.

    Due are homes without walks on the networks that are loaded now, and homes near which there is
    a place whose walk is not known. Without a network nothing is kept. `told` is called with how
    many are done and how many there are.
    """
    version = queries.find_version(connection)
    if version is None:
        queries.forget_all(connection)
        return 0
    due = queries.list_due_homes(connection, version=version)
    if not due:
        return 0
    walking = (cache or WalkingCache()).get(connection)
    if walking is None:
        return 0
    for number, home in enumerate(due, start=1):
        _refresh(connection, walking, home)
        if told:
            told(number, len(due))
    return len(due)


def refresh_due(session: Session) -> int:
    """Do the same as a job of housekeeping."""
    return refresh_walks(session.connection())


def _refresh(connection: sa.Connection, walking: Walking, home: sa.Row[tuple[object, ...]]) -> None:
    places = queries.list_places_near(connection, easting=home.easting, northing=home.northing)
    points = np.array([(place.easting, place.northing) for place in places]).reshape(-1, 2)
    origin = np.array([(home.easting, home.northing)])
    ways: dict[bool, list[float | None]] = {}
    for needs_step_free in (False, True):
        network = walking.network
        metres = walks_m(
            network,
            network.snap(origin, needs_step_free=needs_step_free),
            network.snap(points, needs_step_free=needs_step_free),
            needs_step_free=needs_step_free,
        )
        ways[needs_step_free] = _as_stored(metres[0])
    queries.keep_walks(
        connection,
        home_id=home.home_id,
        version=walking.version,
        asset_ids=[place.asset_id for place in places],
        walks_m=ways[False],
        step_free_m=ways[True],
    )


def _as_stored(metres: npt.NDArray[np.float64]) -> list[float | None]:
    """Return metres as the table has them: None for what is near no way."""
    return [None if np.isnan(value) else round(float(value), 1) for value in metres]
