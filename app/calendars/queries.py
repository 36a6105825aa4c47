"""All SQL about what is on, for calendars anybody may subscribe to: the public views alone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

# A phone asks every few hours; beyond so many, a calendar is no calendar any more.
MOST_ACTIVITIES = 200

_SHOWN = """
  v.id, v.name, v.description, v.organizer_name, v.venue_name, v.address, v.postcode, v.phone,
  v.cost_pence, v.comes_to_homes, v.place_words, v.place_id, v.venue_place_id, v.updated_at,
  v.version, v.source_id, v.ends_on, v.location_source::text AS location_source
"""
_HERE = "ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 27700)"
# What has ended is in nobody's calendar, and neither is what nobody knows the times of.
_ON = """
  (v.ends_on IS NULL OR v.ends_on >= :today)
  AND EXISTS (SELECT 1 FROM schedules s WHERE s.activity_id = v.id)
"""
_OF = {
    # An asset's own and what it hosts, also of the entries linked to it.
    "asset": """
      v.id IN (
        SELECT y.id FROM public_activities y JOIN (
          SELECT CAST(:id AS uuid) AS id
          UNION ALL SELECT n.id FROM public_other_names n WHERE n.place_id = :id
        ) p ON y.organizer_id = p.id OR y.venue_id = p.id)
    """,
    "ward": """
      v.id IN (SELECT y.id FROM area_parts p JOIN public_activities y
               ON ST_Intersects(p.geom, y.geom) WHERE p.area_id = :area_id)
    """,
    "interest": f"""
      v.interest_ids && CAST(:interest_ids AS int[]) AND NOT v.comes_to_homes
      AND v.location_source <> 'ward' AND ST_DWithin(v.point_27700, {_HERE}, :within_m)
    """,
    # What anybody may come to nearby, and what comes to homes.
    "home": f"v.location_source <> 'ward' AND ST_DWithin(v.point_27700, {_HERE}, :within_m)",
}


class Time(NamedTuple):
    """When an activity happens: a schedule, as calendars take it."""

    activity_id: uuid.UUID
    starts_on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None
    rrule: str | None
    exdates: list[dt.date]
    skips_bank_holidays: bool = False


def list_on(
    connection: sa.Connection, *, of: str, today: dt.date, **values: object
) -> Sequence[sa.Row[Any]]:
    """Return what is on of an asset, ward, interest or near a home, the nearest or by name.

    `values`: id; area_id; lon, lat (degrees, WGS 84), within_m, interest_ids.
    """
    order = f"v.point_27700 <-> {_HERE}, v.id" if "lon" in values else "v.name, v.id"
    sql = (
        f"SELECT {_SHOWN} FROM public_activities v WHERE {_ON} AND {_OF[of]}"  # noqa: S608 - constants only
        f" ORDER BY {order} LIMIT :most"
    )
    return connection.execute(
        sa.text(sql), {"today": today, "most": MOST_ACTIVITIES, **values}
    ).all()


def list_times(connection: sa.Connection, *, ids: Sequence[uuid.UUID]) -> list[Time]:
    """Return when activities happen, the earliest first."""
    rows = connection.execute(
        sa.text(
            "SELECT activity_id, starts_on, opens_at, closes_at, rrule, exdates FROM schedules"
            " WHERE activity_id = ANY(CAST(:ids AS uuid[]))"
            " ORDER BY activity_id, starts_on, opens_at, rrule, id"
        ),
        {"ids": list(ids)},
    )
    return [Time(*row) for row in rows]
