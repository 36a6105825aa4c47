"""Finding pairs that may be one place: all of them, a ward's, or those of what has changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.duplicates import queries
from geo.likeness import Likeness, Place, compare

AT_ONCE = 500
# What one run of housekeeping looks at; the rest is for the next hour.
MOST_CHANGED = 5_000


def find_pairs(session: Session, *, ids: Sequence[uuid.UUID]) -> tuple[int, int]:
    """Bring the likely pairs of some assets up to date; return how many there are, how many new.

    Pairs somebody decided on stay as they are.
    """
    likely = [
        {"asset_id": row.asset_id, "other_id": row.other_id, "likeness": found.score,
         "reasons": found.reasons}
        for row in queries.list_candidates(session, ids=ids)
        if (found := like_of(row)).is_likely
    ]  # fmt: skip
    new = queries.store_likely(session, pairs=likely)
    queries.forget_unlikely(
        session, ids=ids, likely=[(pair["asset_id"], pair["other_id"]) for pair in likely]
    )
    return len(likely), new


def like_of(row: sa.Row[Any]) -> Likeness:
    """Return how alike the two of a candidate are."""
    return compare(_place(row, "one"), _place(row, "other"), distance_m=row.distance_m)


def _place(row: sa.Row[Any], side: str) -> Place:
    names = ("name", "kind", "postcode", "phone", "email", "website", "charity_number")
    return Place(**{name: getattr(row, f"{side}_{name}") for name in names})


def find_all(
    session: Session, *, area_id: int | None = None, told: Callable[[int], None] | None = None
) -> tuple[int, int]:
    """Look at every asset that is shown (in a ward, if one is given).

    Returns how many were looked at and how many new pairs there are; `told` is called with each
    batch's size.
    """
    looked = new = 0
    for ids in _batches(session, area_id):
        new += find_pairs(session, ids=ids)[1]
        looked += len(ids)
        if told:
            told(len(ids))
    return looked, new


def _batches(session: Session, area_id: int | None) -> Iterator[list[uuid.UUID]]:
    after = None
    while ids := queries.list_ids(session, after=after, limit=AT_ONCE, area_id=area_id):
        yield ids
        after = ids[-1]


def find_changed(session: Session) -> int:
    """Look at what has changed since the last time; return how many new pairs there are."""
    changed = queries.list_changed(session, limit=MOST_CHANGED)
    new = 0
    for start in range(0, len(changed), AT_ONCE):
        ids = [row.id for row in changed[start : start + AT_ONCE]]
        new += find_pairs(session, ids=ids)[1]
    if changed:
        last = changed[-1]
        queries.remember_search(session, changed_at=last.updated_at, asset_id=last.id)
    return new
