"""What people do with wards: find theirs, see what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.areas import boundaries_queries, queries, report_queries
from app.errors import Abolished, NotFound
from app.parameters import Query
from app.places.actions import Whereabouts, find_place
from app.words import percent

# A ward of a big town has some hundreds; a page lists them all, in groups by kind.
MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class WardList:
    """One page of wards: rows of `list_wards`, or of a comparison."""

    rows: Sequence[Any]
    has_more: bool
    page: int
    district: str | None
    release: str | None


def list_wards(connection: sa.Connection, query: Query, *, default_limit: int) -> WardList:
    """Return the wards a query asks for, by district and name."""
    district, release = query.gss_code("district"), query.release()
    limit, page = query.limit(default=default_limit), query.page()
    if query.problems:
        return WardList([], False, page, district, release)
    rows = queries.list_wards(
        connection,
        lad_code=district,
        release=release,
        limit=limit + 1,
        offset=(page - 1) * limit,
    )
    return WardList(rows[:limit], len(rows) > limit, page, district, release)


def find_ward_near(
    connection: sa.Connection, query: Query
) -> tuple[Whereabouts, Sequence[sa.Row[Any]]]:
    """Return where somebody asks about, and the wards there (two on an edge).

    `postcode` is another name for `near`; whatever is wrong is said beside that one field.
    """
    asked = query.having("near", query.texts("near") or query.texts("postcode"))
    whereabouts = find_place(connection, asked)
    for sentence in asked.problems.values():
        query.wrong("near", sentence)
    place = whereabouts.place
    if place is None:
        return whereabouts, []
    wards = queries.find_wards_at(connection, lon=place.lon, lat=place.lat)
    if not wards:
        query.wrong("near", "That place is in none of the wards on this map.")
    return whereabouts, wards


def get_ward(connection: sa.Connection, *, gss_code: str, release: str | None) -> sa.Row[Any]:
    """Return a ward that stands (no newer boundaries have anything in its place), or of `release`.

    Raises `NotFound`, and `Abolished` for a ward that newer boundaries have replaced.
    """
    found = queries.find_wards_of_code(connection, gss_code=gss_code)
    for ward in found:
        if ward.release == release or (release is None and ward.is_newest):
            return ward
    if not found:
        raise NotFound(f"No ward on this map has the code {gss_code}.")
    old = found[0]
    if release is not None:
        raise NotFound(f"{old.name} ({gss_code}) is not in the boundaries of {release}.")
    now = boundaries_queries.list_successors(connection, area_id=old.id)
    names = ", ".join(f"{ward.name} ({ward.gss_code}, {percent(ward.share)})" for ward in now)
    there = f" Its place is now in: {names}." if now else ""
    raise Abolished(
        f"{old.name} ({gss_code}) is no longer a ward: its last boundaries are of"
        f" {old.release}.{there}",
        ward=old,
        successors=now,
    )


def list_inside(
    connection: sa.Connection, ward: sa.Row[Any], *, limit: int = MOST_LISTED, offset: int = 0
) -> Sequence[sa.Row[Any]]:
    """Return the assets in a ward, by name."""
    return report_queries.list_inside(
        connection, area_id=ward.id, gss_code=ward.gss_code, limit=limit, offset=offset
    )
