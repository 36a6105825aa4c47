"""How many places are within so many minutes' walk of a home."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.walking import queries
from app.walking.actions import Located, Walking, walks_from
from geo.distance import DETOUR
from geo.walking import WALKERS

MINUTES = (5, 10, 15)
METRES_PER_MINUTE = WALKERS["walking"].metres_per_minute


@dataclass(frozen=True, slots=True)
class Reach:
    """How many places are within each of some minutes; `is_about`: by the straight line."""

    within: dict[int, int]
    is_about: bool


def count_within(
    connection: sa.Connection,
    walking: Walking | None,
    *,
    homes: Sequence[Located],
    minutes: Sequence[int] = MINUTES,
) -> dict[str, Reach]:
    """Return for each home how many places on the map are within minutes' walk, by the home's id.

    At 5 km/h and rounded to whole minutes as they are said: 5 is up to 5 and a half. Neither the
    home itself nor what is only known by its ward counts. Along the networks where both ends are on
    one, else by the straight line times 1.3.
    """
    if not homes:
        return {}
    # Nothing is nearer on foot than as the crow flies.
    pairs: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    for row in queries.list_pairs(
        connection,
        home_ids=[home.asset_id for home in homes],
        version=walking.version if walking else "",
        within_m=(max(minutes) + 0.5) * METRES_PER_MINUTE,
    ):
        pairs[row.home_id].append(row)
    return {
        home.asset_id: _reach(connection, walking, home, pairs[home.asset_id], minutes)
        for home in homes
    }


def _reach(
    connection: sa.Connection,
    walking: Walking | None,
    home: Located,
    pairs: Sequence[sa.Row[Any]],
    minutes: Sequence[int],
) -> Reach:
    walks = {row.asset_id: math.nan if row.walk_m is None else row.walk_m for row in pairs}
    missing = [Located(row.asset_id, row.lon, row.lat) for row in pairs if not row.is_kept]
    if walking is not None and missing:
        ways = walks_from(connection, walking, lon=home.lon, lat=home.lat, places=missing)
        walks |= {place.asset_id: way for place, way in zip(missing, ways, strict=True)}
    by_line = {row.asset_id: row.straight_m * DETOUR for row in pairs}
    metres = [by_line[one] if math.isnan(way) else way for one, way in walks.items()]
    return Reach(
        within={
            one: sum(way < (one + 0.5) * METRES_PER_MINUTE for way in metres) for one in minutes
        },
        is_about=walking is None or (bool(walks) and all(map(math.isnan, walks.values()))),
    )
