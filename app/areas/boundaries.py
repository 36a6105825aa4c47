"""One place in several boundary releases: which wards, how much they share, what is in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.areas import boundaries_queries


@dataclass(frozen=True, slots=True)
class InRelease:
    """A ward of one release: what of it lies in the ward it is set beside, and what is in it now.

    `share` is from 0 to 1, None for the ward that the others are set beside; `by_kind` leaves out
    kinds that are not there.
    """

    ward: sa.Row[Any]
    share: float | None
    by_kind: dict[str, int]

    @property
    def total(self) -> int:
        """How many places there are."""
        return sum(self.by_kind.values())


def ask_releases(connection: sa.Connection, *, lon: float, lat: float) -> list[InRelease]:
    """Return the wards of every release that a point (degrees, WGS 84) is in, newest first.

    Shares are of each ward in the newest; on an edge, in the first of the newest.
    """
    wards = boundaries_queries.list_wards_at(connection, lon=lon, lat=lat)
    if not wards:
        return []
    newest = wards[0]
    shares = boundaries_queries.share_areas(
        connection, area_ids=[ward.id for ward in wards[1:]], of_id=newest.id
    )
    return _with_counts(connection, [(ward, shares.get(ward.id)) for ward in wards])


def then_and_now(connection: sa.Connection, ward: sa.Row[Any]) -> list[InRelease]:
    """Return an older ward and the newest wards that cover it, largest share first.

    Shares are of the older ward in each of the newest.
    """
    now = boundaries_queries.list_successors(connection, area_id=ward.id)
    return _with_counts(connection, [(ward, None), *((one, one.share) for one in now)])


def _with_counts(
    connection: sa.Connection, wards: Sequence[tuple[sa.Row[Any], float | None]]
) -> list[InRelease]:
    counts = boundaries_queries.count_kinds(connection, area_ids=[ward.id for ward, _ in wards])
    return [InRelease(ward, share, counts[ward.id]) for ward, share in wards]
