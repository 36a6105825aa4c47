"""The live questions of matching: what shares an interest, nearest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

# The origin is transformed, the column is left bare: point_27700 and interest_ids together are
# one multicolumn GiST index, read outwards from the origin. The box of ST_DWithin ends the scan
# at the reach. Three scans, one round trip. No GIN on interest_ids: see the model.
ASSET_COLUMNS = """
  'asset' AS source, a.id, a.id AS place_id, a.name, a.name AS place_name, a.kind::text AS kind,
  a.interest_ids, a.access, '{}'::text[] AS day_parts, a.assured_date,
  a.phone, a.postcode, NULL::int AS cost_pence,
  ST_X(a.geom) AS lon, ST_Y(a.geom) AS lat
"""
ACTIVITY_COLUMNS = """
  'activity' AS source, a.id, a.place_id, a.name, a.organizer_name AS place_name,
  'activity' AS kind, a.interest_ids, a.access, a.day_parts, a.assured_date,
  a.phone, a.postcode, a.cost_pence,
  ST_X(a.geom) AS lon, ST_Y(a.geom) AS lat
"""
ORIGIN = "ST_SetSRID(ST_MakePoint(:easting, :northing), 27700)"


def _scan(columns: str, table: str, extra: str, *, part: str, nearest: bool) -> str:
    """Return one branch: rows of `table` that share an interest with `:interests<part>`."""
    distance = f"a.point_27700 <-> {ORIGIN}"
    ending = f"ORDER BY {distance} LIMIT :count" if nearest else ""
    return (
        f"(SELECT {columns}, {distance} AS distance_m FROM {table} a"  # noqa: S608 (constants only)
        f" WHERE a.interest_ids && CAST(:interests{part} AS int[])"
        f" AND ST_DWithin(a.point_27700, {ORIGIN}, :within{part}) {extra} {ending})"
    )


def _branches(*, visits: bool, part: str, nearest: bool) -> str:
    """Return what can answer a question: assets and stationary activities, or visiting ones."""
    activity = _scan(
        ACTIVITY_COLUMNS,
        "public_activities",
        "AND a.comes_to_homes" if visits else "AND NOT a.comes_to_homes",
        part=part,
        nearest=nearest,
    )
    if visits:
        return activity
    asset = _scan(ASSET_COLUMNS, "public_assets", "", part=part, nearest=nearest)
    return f"{asset} UNION ALL {activity}"


NEAREST = {
    visits: sa.text(_branches(visits=visits, part="", nearest=True)) for visits in (False, True)
}


def read_nearest(
    connection: sa.Connection,
    *,
    easting: float,
    northing: float,
    interest_ids: Sequence[int],
    within_m: float,
    visits: bool,
    count: int,
) -> Sequence[sa.Row[Any]]:
    """Return the `count` nearest assets and the `count` nearest activities sharing an interest.

    Distances in metres in EPSG:27700; rows of the two kinds are not in one order.
    """
    given = {
        "easting": easting,
        "northing": northing,
        "interests": list(interest_ids),
        "within": within_m,
        "count": count,
    }
    return connection.execute(NEAREST[visits], given).all()


def read_within(
    connection: sa.Connection,
    *,
    easting: float,
    northing: float,
    reaches: Iterable[tuple[Sequence[int], float]],
    visits: bool,
) -> Sequence[sa.Row[Any]]:
    """Return everything that shares interests of a class within that class's own reach.

    `reaches` are (interest ids, metres). A row that shares interests of two classes comes twice.
    """
    given: dict[str, Any] = {"easting": easting, "northing": northing}
    branches = []
    for number, (interest_ids, within_m) in enumerate(reaches):
        given[f"interests{number}"] = list(interest_ids)
        given[f"within{number}"] = within_m
        branches.append(_branches(visits=visits, part=str(number), nearest=False))
    if not branches:
        return []
    return connection.execute(sa.text(" UNION ALL ".join(branches)), given).all()


HOME = sa.text(
    "SELECT id, name, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM public_assets"
    " WHERE kind = 'care_home' AND geom IS NOT NULL AND {condition} ORDER BY name, id LIMIT :count"
)
SCHEDULES = sa.text(
    "SELECT activity_id, starts_on, opens_at, closes_at, rrule, exdates FROM schedules"
    " WHERE activity_id = ANY(CAST(:ids AS uuid[])) ORDER BY activity_id, starts_on, opens_at"
)
POSTCODE = sa.text(
    "SELECT postcode, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM postcodes"
    " WHERE postcode = :postcode AND gone_at IS NULL"
)


def read_schedules(
    connection: sa.Connection, activity_ids: Sequence[str]
) -> Mapping[str, list[sa.Row[Any]]]:
    """Return the schedules of activities, by activity id as text."""
    found: dict[str, list[sa.Row[Any]]] = {}
    if activity_ids:
        for row in connection.execute(SCHEDULES, {"ids": list(activity_ids)}):
            found.setdefault(str(row.activity_id), []).append(row)
    return found


def read_postcode(connection: sa.Connection, postcode: str) -> sa.Row[Any] | None:
    """Return (postcode, lon, lat) of a current postcode as written with its space, or None."""
    return connection.execute(POSTCODE, {"postcode": postcode}).one_or_none()


def find_homes(
    connection: sa.Connection,
    *,
    home_id: str | None = None,
    name: str | None = None,
    count: int = 2,
) -> Sequence[sa.Row[Any]]:
    """Return (id, name, lon, lat) of care homes by id, or by a name that contains `name`."""
    if home_id is not None:
        condition = "id = CAST(:home_id AS uuid)"
        given: dict[str, Any] = {"home_id": home_id}
    else:
        condition = "name ILIKE '%' || :name || '%' ESCAPE '!'"
        escaped = (name or "").replace("!", "!!").replace("%", "!%").replace("_", "!_")
        given = {"name": escaped}
    statement = sa.text(HOME.text.replace("{condition}", condition))
    return connection.execute(statement, given | {"count": count}).all()
