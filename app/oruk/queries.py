"""All SQL of Open Referral UK's answers, as rows; read from the public views.

A service is an activity, or an asset by itself if it organizes none that is shown. What somebody
is good at (`informal`) was agreed for our own map, not for national directories: it is in none of
these. `assets` and `activities` themselves give only what the views leave out and is public: when
a row was made, charity numbers, and an activity's own access.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

# Keys are packed: a byte that says which of the two a service is, and the 16 of a UUID. A hundred
# thousand of them are 1.7 MB, and any page of them is a slice.
KEY_BYTES = 17

# Who is asked about: shown, and not informal.
ORGANIZATION = "public_assets p JOIN assets a ON a.id = p.id AND p.kind <> 'informal'"
# The place of an activity: its venue's, or its organizer's if it has none.
ACTIVITY = """
  public_activities v JOIN activities t ON t.id = v.id
  JOIN public_assets p ON p.id = v.place_id AND p.kind <> 'informal'
"""
IS_BY_ITSELF = "NOT EXISTS (SELECT FROM public_activities v WHERE v.place_id = p.id)"
# Something about it changed, or somebody checked it: when.
CHECKED = """
  CASE WHEN {0}.assured_date IS NOT NULL THEN
    (SELECT max(c.created_at) FROM checks c WHERE c.{1} = {2}) END
"""
ORGANIZATION_MODIFIED = f"greatest(p.updated_at, {CHECKED.format('p', 'asset_id', 'p.id')})"
ACTIVITY_MODIFIED = f"""
  greatest(v.updated_at, p.updated_at, l.updated_at,
    {CHECKED.format("v", "activity_id", "v.id")}, {CHECKED.format("v", "asset_id", "p.id")})
"""
VENUE = """
  LEFT JOIN public_assets l
    ON l.id = coalesce(v.venue_place_id, v.place_id) AND l.kind <> 'informal'
"""
# For orders, which only say what comes after what: the same rows as the views have, without their
# columns, in half the time. Whether and how a record is shown is asked of the views afterwards.
SHOWN = "{0}.gone_at IS NULL AND {0}.duplicate_of IS NULL AND {0}.kind <> 'informal'"
ACTIVITIES_IN_ORDER = f"""
  public_activities v JOIN activities t ON t.id = v.id
  JOIN assets p ON p.id = v.place_id AND {SHOWN.format("p")}
  LEFT JOIN assets l
    ON l.id = coalesce(v.venue_place_id, v.place_id) AND {SHOWN.format("l")}
"""
# The list is read by a query of its own, so that the planner cannot see how long it is: it would
# else think a plan for just these better than the one it has, and planning seven joins takes six
# times as long as reading a page of them.
IDS = "ARRAY(SELECT unnest(CAST(:ids AS uuid[])))"
ORIGIN = "ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 27700)"


@lru_cache(maxsize=512)
def _text(sql: str) -> sa.TextClause:
    """Return the statement of an SQL text: there are only so many combinations of filters."""
    return sa.text(sql)


def find_stamp(connection: sa.Connection) -> tuple[object, ...]:
    """Return what is different as soon as something that is published has changed."""
    return tuple(
        connection.execute(
            sa.text(
                """
                SELECT (SELECT max(updated_at) FROM assets),
                       (SELECT max(updated_at) FROM activities),
                       (SELECT max(id) FROM import_runs)
                """
            )
        ).one()
    )


def pack_services(
    connection: sa.Connection,
    *,
    activities: Sequence[str],
    places: Sequence[str],
    values: Mapping[str, Any],
    is_nearest_first: bool = False,
) -> bytes:
    """Return the keys of the services wanted, packed, in the order of pages.

    `activities` and `places` are conditions in SQL on what `ACTIVITIES_IN_ORDER` names, and on an
    asset `p`; only constants of `app.oruk.filters`, values bound. Nearest first, or by
    when they were put in; then by identifier.
    """
    near = f", l.point_27700 <-> {ORIGIN} AS metres" if is_nearest_first else ""
    near_place = f", p.point_27700 <-> {ORIGIN} AS metres" if is_nearest_first else ""
    order = "metres, created_at, id" if is_nearest_first else "created_at, id"
    sql = f"""
      SELECT string_agg(k, ''::bytea ORDER BY {order}) FROM (
        SELECT '\\x00'::bytea || uuid_send(v.id) AS k, t.created_at, v.id{near}
        FROM {ACTIVITIES_IN_ORDER} {_where(activities)}
        UNION ALL
        SELECT '\\x01'::bytea || uuid_send(p.id), p.created_at, p.id{near_place}
        FROM assets p {_where([SHOWN.format("p"), IS_BY_ITSELF, *places])}
      ) AS services
    """  # noqa: S608 - constants only
    packed: bytes | None = connection.execute(_text(sql), values).scalar_one()
    return packed or b""


def pack_organizations(
    connection: sa.Connection, *, conditions: Sequence[str], values: Mapping[str, Any]
) -> bytes:
    """Return the keys of the organizations wanted, packed like those of services."""
    sql = f"""
      SELECT string_agg('\\x01'::bytea || uuid_send(p.id), ''::bytea ORDER BY p.created_at, p.id)
      FROM assets p {_where([SHOWN.format("p"), *conditions])}
    """  # noqa: S608 - constants only
    packed: bytes | None = connection.execute(_text(sql), values).scalar_one()
    return packed or b""


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


ORGANIZATIONS = f"""
  SELECT p.id::text AS id, p.kind::text AS kind, p.name, p.description, p.address,
         p.postcode, ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat,
         p.location_source::text AS location_source, p.ward_code, p.interest_ids,
         p.access, p.is_indoors, p.phone, p.email, p.website, p.opening_hours,
         p.assured_date, p.source_id, r.as_of, a.charity_number, c.lad_code,
         {ORGANIZATION_MODIFIED} AS last_modified
  FROM {ORGANIZATION}
  LEFT JOIN import_runs r ON r.id = p.import_run_id
  LEFT JOIN postcodes c ON c.postcode = p.postcode
"""  # noqa: S608 - constants only


def list_organizations(connection: sa.Connection, *, ids: Sequence[str]) -> dict[str, sa.Row[Any]]:
    """Return everything that is published about organizations and their places, by id."""
    if not ids:
        return {}
    rows = connection.execute(_text(f"{ORGANIZATIONS} WHERE p.id = ANY({IDS})"), {"ids": list(ids)})
    return {row.id: row for row in rows}


ACTIVITIES = f"""
  SELECT v.id::text AS id, v.name, v.description, v.place_id::text AS organization_id,
         l.id::text AS location_of, v.comes_to_homes, v.interest_ids, t.access, t.is_indoors,
         v.cost_pence, v.assured_date, v.source_id, r.as_of, {ACTIVITY_MODIFIED} AS last_modified
  FROM {ACTIVITY} {VENUE}
  LEFT JOIN import_runs r ON r.id = v.import_run_id
"""  # noqa: S608 - constants only


def list_activities(connection: sa.Connection, *, ids: Sequence[str]) -> dict[str, sa.Row[Any]]:
    """Return everything that is published about activities, by id.

    `location_of` is whose place it is at: its venue's, else its organizer's.
    """
    if not ids:
        return {}
    rows = connection.execute(_text(f"{ACTIVITIES} WHERE v.id = ANY({IDS})"), {"ids": list(ids)})
    return {row.id: row for row in rows}


def list_activities_of(
    connection: sa.Connection, *, organization_ids: Sequence[str]
) -> Sequence[sa.Row[Any]]:
    """Return what `list_activities` does, of some organizations, in the order of pages."""
    if not organization_ids:
        return []
    # By ids first: the view's own place_id would have every activity read.
    return connection.execute(
        _text(
            f"""
            WITH same_place AS (
              SELECT unnest(CAST(:ids AS uuid[])) AS id
              UNION ALL SELECT n.id FROM public_other_names n
              WHERE n.place_id = ANY(CAST(:ids AS uuid[]))
            )
            {ACTIVITIES}
            WHERE t.organizer_id IN (SELECT id FROM same_place)
              AND v.place_id = ANY(CAST(:ids AS uuid[]))
            ORDER BY t.created_at, v.id
            """  # noqa: S608 - constants only
        ),
        {"ids": list(organization_ids)},
    ).all()


def list_last_modified(
    connection: sa.Connection, *, activity_ids: Sequence[str], place_ids: Sequence[str]
) -> dict[str, dt.datetime]:
    """Return when activities, and assets by themselves, changed last, by their own ids."""
    rows = connection.execute(
        _text(
            f"""
            SELECT v.id::text, {ACTIVITY_MODIFIED} FROM {ACTIVITY} {VENUE}
            WHERE v.id = ANY(CAST(:activity_ids AS uuid[]))
            UNION ALL
            SELECT p.id::text, {ORGANIZATION_MODIFIED} FROM {ORGANIZATION}
            WHERE p.id = ANY(CAST(:place_ids AS uuid[]))
            """  # noqa: S608 - constants only
        ),
        {"activity_ids": list(activity_ids), "place_ids": list(place_ids)},
    )
    return {row[0]: row[1] for row in rows}


SCHEDULES_ORDER = "ORDER BY activity_id, starts_on, opens_at, closes_at, rrule, id"
SCHEDULES = f"""
  SELECT activity_id::text AS activity_id, starts_on, opens_at, closes_at, timezone, rrule, exdates
  FROM schedules WHERE activity_id = ANY({IDS})
"""  # noqa: S608 - constants only


def list_schedules(
    connection: sa.Connection, *, activity_ids: Sequence[str]
) -> dict[str, list[sa.Row[Any]]]:
    """Return the schedules of activities, by activity, in an order that an import keeps."""
    found: dict[str, list[sa.Row[Any]]] = {}
    if not activity_ids:
        return found
    sql = f"{SCHEDULES} {SCHEDULES_ORDER}"
    rows = connection.execute(_text(sql), {"ids": list(activity_ids)})
    for row in rows:
        found.setdefault(row.activity_id, []).append(row)
    return found


# Eight bytes a row, in the order of its name: every column counts, whatever its kind.
_DIGEST = "SELECT string_agg(int8send(hash_record_extended({0}, 0)), ''::bytea) FROM {0}"
_ACTIVITIES_ASKED = f"""
  WITH activity AS MATERIALIZED (
    {ACTIVITIES} WHERE v.id = ANY({IDS.replace(":ids", ":activity_ids")}) ORDER BY v.id
  ), schedule AS (
    {SCHEDULES.replace(":ids", ":activity_ids")} {SCHEDULES_ORDER}
  ), organization AS (
    {ORGANIZATIONS} WHERE p.id = ANY(ARRAY(
      SELECT unnest(CAST(:place_ids AS uuid[]))
      UNION SELECT CAST(organization_id AS uuid) FROM activity
      UNION SELECT CAST(location_of AS uuid) FROM activity)) ORDER BY p.id
  )
  SELECT ({_DIGEST.format("activity")}), ({_DIGEST.format("schedule")}),
         ({_DIGEST.format("organization")})
"""  # noqa: S608 - constants only
_PLACES_ASKED = f"""
  WITH organization AS (
    {ORGANIZATIONS} WHERE p.id = ANY({IDS.replace(":ids", ":place_ids")}) ORDER BY p.id
  )
  {_DIGEST.format("organization")}
"""


def digest_services(connection: sa.Connection, *, packed: bytes) -> tuple[bytes | None, ...]:
    """Return a digest of all that the services of some keys are made of.

    As long as it is the same, so are they: the rows are those `list_activities`,
    `list_organizations` and `list_schedules` would return. The database reads them, and they need
    not be sent and taken apart.
    """
    ids: tuple[list[str], list[str]] = [], []
    for start in range(0, len(packed), KEY_BYTES):
        ids[packed[start]].append(packed[start + 1 : start + KEY_BYTES].hex())
    activity_ids, place_ids = (f"{{{','.join(some)}}}" for some in ids)
    if not ids[0]:
        return tuple(connection.execute(_text(_PLACES_ASKED), {"place_ids": place_ids}).one())
    values = {"activity_ids": activity_ids, "place_ids": place_ids}
    return tuple(connection.execute(_text(_ACTIVITIES_ASKED), values).one())


# Of one asset: by ids, where `IS_BY_ITSELF` would read every activity.
IS_THIS_BY_ITSELF = """
  NOT EXISTS (
    SELECT FROM public_activities v WHERE v.organizer_id IN (
      SELECT a.id UNION ALL SELECT n.id FROM public_other_names n WHERE n.place_id = a.id))
"""


def find_service_key(connection: sa.Connection, *, service_id: uuid.UUID) -> bytes | None:
    """Return the key of the service with an identifier, or None if there is none.

    Whether it is shown is for who reads its row.
    """
    return _one_key(
        connection,
        activity="t.id = :id",
        place="uuid_generate_v5(a.id, 'service') = :id",
        identifier=service_id,
    )


def find_key_at_location(connection: sa.Connection, *, link_id: uuid.UUID) -> bytes | None:
    """Return the key of the service whose service_at_location has an identifier, or None."""
    return _one_key(
        connection,
        activity="uuid_generate_v5(t.id, 'service_at_location') = :id",
        place="uuid_generate_v5(uuid_generate_v5(a.id, 'service'), 'service_at_location') = :id",
        identifier=link_id,
    )


def _one_key(
    connection: sa.Connection, *, activity: str, place: str, identifier: uuid.UUID
) -> bytes | None:
    found: bytes | None = connection.execute(
        _text(
            f"""
            SELECT '\\x00'::bytea || uuid_send(t.id) FROM activities t
            WHERE {activity} AND t.gone_at IS NULL
            UNION ALL
            SELECT '\\x01'::bytea || uuid_send(a.id) FROM assets a
            WHERE {place} AND a.gone_at IS NULL AND a.duplicate_of IS NULL
              AND {IS_THIS_BY_ITSELF}
            """  # noqa: S608 - constants only
        ),
        {"id": identifier},
    ).scalar()
    return found


def find_original(connection: sa.Connection, *, asset_id: uuid.UUID) -> str | None:
    """Return the id of the organization that an entry is linked to as the same, if it is shown."""
    found: str | None = connection.execute(
        sa.text(
            "SELECT p.id::text FROM public_other_names n JOIN public_assets p ON p.id = n.place_id"
            " WHERE n.id = :id AND p.kind <> 'informal'"
        ),
        {"id": asset_id},
    ).scalar()
    return found


def list_sources_published(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return name, publisher, licence and attribution of the sources of what is published."""
    return connection.execute(
        sa.text(
            """
            SELECT s.name, s.publisher, s.licence, s.attribution FROM sources s
            WHERE EXISTS (SELECT FROM public_assets p
                          WHERE p.source_id = s.id AND p.kind <> 'informal')
               OR EXISTS (SELECT FROM public_activities v WHERE v.source_id = s.id)
            ORDER BY s.name, s.id
            """
        )
    ).all()


def list_area_names(connection: sa.Connection) -> dict[str, str]:
    """Return the names of districts and of wards, by their codes; the newest count."""
    rows = connection.execute(
        sa.text(
            """
            SELECT lad_code, max(lad_name) FROM area_lookups GROUP BY lad_code
            UNION ALL
            SELECT * FROM (
              SELECT code, name FROM (
                SELECT gss_code AS code, name, release FROM areas
                UNION ALL
                SELECT lad_code, lad_name, release FROM areas WHERE lad_name IS NOT NULL
              ) AS named ORDER BY release
            ) AS areas_named
            """
        )
    )
    return {row[0]: row[1] for row in rows}
