"""All SQL about assets, as rows: no ORM objects, because lists and maps only read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from app.areas.queries import NEWEST
from app.parameters import Bbox

# What lists show of an asset, in the order `app.assets.schemas` unpacks; the distance comes last.
COLUMNS = """
  a.id::text AS id, a.kind::text AS kind, a.name, a.address, a.postcode,
  ST_X(a.geom) AS lon, ST_Y(a.geom) AS lat, a.location_source::text AS location_source,
  a.ward_code, a.interest_ids, a.access, a.phone, a.website, a.beds, a.assured_date, a.source_id
"""
ORIGIN = "ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 27700)"

# An interest of the place itself or of something that happens there.
SHARES_INTEREST = """
  a.id IN (
    SELECT i.id FROM public_assets i WHERE i.interest_ids && CAST(:interest_ids AS int[])
    UNION ALL
    SELECT v.place_id FROM public_activities v
    WHERE v.interest_ids && CAST(:interest_ids AS int[])
    UNION ALL
    SELECT v.venue_place_id FROM public_activities v
    WHERE v.interest_ids && CAST(:interest_ids AS int[]) AND v.venue_id IS NOT NULL
  )
"""
# By the subdivided parts: a point on an edge that two parts share is found once, being in a set.
INSIDE_AREA = """
  a.id IN (
    SELECT i.id FROM area_parts p JOIN public_assets i ON ST_Intersects(p.geom, i.geom)
    WHERE p.area_id = :area_id
    UNION ALL
    SELECT i.id FROM public_assets i WHERE i.ward_code = :area_code
  )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter:
    """Which assets are wanted; everything that is None or empty does not narrow.

    `origin` is lon, lat in degrees WGS 84, and `within_m` counts from there, in metres on the
    British National Grid; `interest_ids` already has the narrower concepts.
    """

    kinds: tuple[str, ...] = ()
    interest_ids: tuple[int, ...] = ()
    area_id: int | None = None
    area_code: str | None = None
    bbox: Bbox | None = None
    origin: tuple[float, float] | None = None
    within_m: int | None = None
    words: str | None = None


@lru_cache(maxsize=512)
def _text(sql: str) -> sa.TextClause:
    """Return the statement of an SQL text: there are only so many combinations of filters."""
    return sa.text(sql)


def conditions_of(wanted: AssetFilter) -> tuple[list[str], dict[str, Any]]:
    """Return the WHERE parts and their values: fixed texts, every value bound."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    if wanted.kinds:
        parts.append("a.kind = ANY(CAST(:kinds AS asset_kind[]))")
        values["kinds"] = list(wanted.kinds)
    if wanted.interest_ids:
        parts.append(SHARES_INTEREST)
        values["interest_ids"] = list(wanted.interest_ids)
    if wanted.area_id is not None:
        parts.append(INSIDE_AREA)
        values |= {"area_id": wanted.area_id, "area_code": wanted.area_code}
    if wanted.bbox is not None:
        parts.append("ST_Intersects(a.geom, ST_MakeEnvelope(:west, :south, :east, :north, 4326))")
        box = wanted.bbox
        values |= {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
    if wanted.origin is not None:
        # The origin is transformed, the column stays bare for its index.
        parts.append(f"ST_DWithin(a.point_27700, {ORIGIN}, :within_m)")
        values |= {"lon": wanted.origin[0], "lat": wanted.origin[1], "within_m": wanted.within_m}
    if wanted.words:
        parts.append("(a.name ILIKE :words_pattern OR :words <% a.name)")
        escaped = wanted.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values |= {"words": wanted.words, "words_pattern": f"%{escaped}%"}
    return parts, values


def list_assets(
    connection: sa.Connection, *, wanted: AssetFilter, limit: int, offset: int = 0
) -> Sequence[sa.Row[Any]]:
    """Return `COLUMNS`, then `distance_m` (metres, None without an origin) of the assets wanted.

    Nearest first when there is an origin, by name otherwise; ties by id, so that pages fit
    together.
    """
    parts, values = conditions_of(wanted)
    distance = f"a.point_27700 <-> {ORIGIN}" if wanted.origin else "NULL::float8"
    order = "distance_m, a.id" if wanted.origin else "a.name, a.id"
    where = f"WHERE {' AND '.join(parts)}" if parts else ""
    sql = (
        f"SELECT {COLUMNS}, {distance} AS distance_m FROM public_assets a {where}"  # noqa: S608
        f" ORDER BY {order} LIMIT :limit OFFSET :offset"
    )
    return connection.execute(_text(sql), values | {"limit": limit, "offset": offset}).all()


def count_assets(connection: sa.Connection, *, wanted: AssetFilter, at_most: int) -> int:
    """Return how many assets are wanted, counting no further than `at_most`."""
    parts, values = conditions_of(wanted)
    where = f"WHERE {' AND '.join(parts)}" if parts else ""
    sql = (
        f"SELECT count(*) FROM (SELECT 1 FROM public_assets a {where}"  # noqa: S608
        " LIMIT :at_most) AS counted"
    )
    counted = connection.execute(_text(sql), values | {"at_most": at_most}).scalar_one()
    return int(counted)


def list_points(
    connection: sa.Connection, *, wanted: AssetFilter, limit: int
) -> Sequence[sa.Row[Any]]:
    """Return id, kind, name, lon, lat, source_id of located assets, for a map; in no order."""
    parts, values = conditions_of(wanted)
    where = " AND ".join(["a.geom IS NOT NULL", *parts])
    sql = (
        "SELECT a.id::text AS id, a.kind::text AS kind, a.name, ST_X(a.geom) AS lon,"  # noqa: S608
        f" ST_Y(a.geom) AS lat, a.source_id FROM public_assets a WHERE {where} LIMIT :limit"
    )
    return connection.execute(_text(sql), values | {"limit": limit}).all()


def find_asset(connection: sa.Connection, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return everything public about one asset, and the date its publisher gave the data."""
    return connection.execute(
        sa.text(
            f"""
            SELECT {COLUMNS}, NULL::float8 AS distance_m, a.description, a.email,
                   a.opening_hours, a.updated_at, r.as_of AS source_date
            FROM public_assets a LEFT JOIN import_runs r ON r.id = a.import_run_id
            WHERE a.id = :id
            """  # noqa: S608 - COLUMNS is a constant
        ),
        {"id": asset_id},
    ).first()


def count_residents_sharing(connection: sa.Connection, *, asset_id: uuid.UUID) -> int | None:
    """Return about how many residents within 20 minutes' walk share an interest of a group's.

    Rounded to 5; 0 for none, None for fewer than 8: the database says no exact number to anybody.
    """
    shared: int | None = connection.execute(
        sa.text("SELECT residents_sharing(:id)"), {"id": asset_id}
    ).scalar_one()
    return shared


def find_hidden_asset(connection: sa.Connection, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return gone_at and duplicate_of of an asset the public view leaves out.

    The table itself, because no view has what is not shown; hence nothing of what it says.
    """
    return connection.execute(
        sa.text("SELECT gone_at, duplicate_of FROM assets WHERE id = :id"),
        {"id": asset_id},
    ).first()


def list_duplicates(connection: sa.Connection, *, asset_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return name and source_id of the entries linked to an asset as the same place."""
    return connection.execute(
        sa.text(
            "SELECT name, source_id FROM public_other_names"
            " WHERE place_id = :id ORDER BY name, source_id"
        ),
        {"id": asset_id},
    ).all()


def list_activities(connection: sa.Connection, *, asset_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return the activities that an asset, or an entry linked to it, runs or hosts, by name."""
    # By ids and in two halves: an OR, or the view's own place_id, would read every activity.
    return connection.execute(
        sa.text(
            """
            WITH same_place AS (
              SELECT CAST(:id AS uuid) AS id
              UNION ALL SELECT n.id FROM public_other_names n WHERE n.place_id = :id
            ), here AS (
              SELECT v.id FROM public_activities v JOIN same_place s ON s.id = v.organizer_id
              UNION
              SELECT v.id FROM public_activities v JOIN same_place s ON s.id = v.venue_id
            )
            SELECT v.id, v.name, v.description, v.comes_to_homes, v.interest_ids, v.access,
                   v.cost_pence, v.assured_date, v.source_id, v.place_id::text AS place_id,
                   v.organizer_name, v.venue_place_id::text AS venue_place_id, v.venue_name,
                   v.place_words
            FROM public_activities v JOIN here ON here.id = v.id
            ORDER BY v.name, v.id LIMIT 200
            """
        ),
        {"id": asset_id},
    ).all()


def list_schedules(
    connection: sa.Connection, *, activity_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, list[sa.Row[Any]]]:
    """Return the schedules of activities, by activity."""
    found: dict[uuid.UUID, list[sa.Row[Any]]] = {}
    if not activity_ids:
        return found
    rows = connection.execute(
        sa.text(
            "SELECT activity_id, starts_on, opens_at, closes_at, timezone, rrule, exdates"
            " FROM schedules WHERE activity_id = ANY(CAST(:ids AS uuid[])) ORDER BY starts_on, id"
        ),
        {"ids": list(activity_ids)},
    )
    for row in rows:
        found.setdefault(row.activity_id, []).append(row)
    return found


def find_ward_of(connection: sa.Connection, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return id, gss_code, name, lad_name and source_id of the ward an asset is in, the newest."""
    return connection.execute(
        sa.text(
            """
            SELECT w.id, w.gss_code, w.name, w.lad_name, w.source_id
            FROM public_assets a
            JOIN areas w ON w.area_type = 'ward' AND w.gone_at IS NULL
              AND (w.gss_code = a.ward_code OR EXISTS (
                SELECT 1 FROM area_parts p
                WHERE p.area_id = w.id AND ST_Intersects(p.geom, a.geom)))
            WHERE a.id = :id ORDER BY w.release DESC, w.gss_code LIMIT 1
            """
        ),
        {"id": asset_id},
    ).first()


def list_sources(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return every source: id, slug, name, publisher, licence, attribution, is_share_alike.

    `has_wards` says whether the newest wards, which maps draw, are its.
    """
    return connection.execute(
        sa.text(
            f"""
            SELECT s.id, s.slug, s.name, s.publisher, s.licence, s.attribution, s.is_share_alike,
                   EXISTS (SELECT FROM areas w WHERE w.source_id = s.id AND w.area_type = 'ward'
                             AND w.gone_at IS NULL AND w.release = {NEWEST}) AS has_wards
            FROM sources s ORDER BY s.id
            """  # noqa: S608 - constants only
        )
    ).all()
