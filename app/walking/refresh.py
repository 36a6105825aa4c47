"""Working out the walks of homes: after a network was loaded, and when places have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from app.walking import queries
from app.walking.actions import Walking, WalkingCache
from geo.walking import walks_m


def refresh_walks(
    bind: sa.Engine | sa.Connection, *, told: Callable[[int, int], None] | None = None
) -> int:
    """Work out the walks of every home that is due, and return how many homes that were.

    Due are homes without walks on the networks that are loaded now, homes that have moved, and
    homes near which there is a place whose walk is not known. Without a network nothing is kept.
    A transaction for each home (savepoints, on a connection that is given): nobody waits long, and
    what is done stays done. `told` is called with how many are done and how many there are.
    """
    with _transaction(bind) as connection:
        version = queries.find_version(connection)
        if version is None:
            queries.forget_all(connection)
            return 0
        due = queries.list_due_homes(connection, version=version)
        walking = WalkingCache().get(connection) if due else None
    if walking is None:
        return 0
    for number, home in enumerate(due, start=1):
        with _transaction(bind) as connection:
            refresh_home(connection, walking, home)
        if told:
            told(number, len(due))
    return len(due)


def refresh_due(engine: sa.Engine) -> int:
    """Do the same as a job of housekeeping."""
    return refresh_walks(engine)


@contextmanager
def _transaction(bind: sa.Engine | sa.Connection) -> Iterator[sa.Connection]:
    if isinstance(bind, sa.Connection):
        with bind.begin_nested():
            yield bind
        return
    with bind.begin() as connection:
        # The limit is for questions of people who wait.
        queries.allow_long(connection)
        yield connection


def refresh_home(connection: sa.Connection, walking: Walking, home: sa.Row[Any]) -> None:
    """Work out the walks of one home, a row of `queries.list_due_homes`."""
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
        home=home,
        version=walking.version,
        places=places,
        walks_m=ways[False],
        step_free_m=ways[True],
    )


def _as_stored(metres: npt.NDArray[np.float64]) -> list[float | None]:
    """Return metres as the table has them: None for what is near no way."""
    return [None if np.isnan(value) else round(float(value), 1) for value in metres]
