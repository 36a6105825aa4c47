"""What finding needs to know of residents: their interests, needs, travel and place."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

# Row-level security hides withdrawn residents and those of other teams; a person in two teams sees
# the residents of the one they work in just now.
RESIDENTS = """
    SELECT r.id, r.reference, CASE WHEN r.geom IS NULL THEN t.home_id END AS home_id,
           r.travel::text AS travel, r.access_needs, r.good_times,
           ST_X(coalesce(r.geom, h.geom)) AS lon, ST_Y(coalesce(r.geom, h.geom)) AS lat,
           coalesce(i.interest_ids, '{}') AS interest_ids, coalesce(i.stances, '{}') AS stances
    FROM residents r
    JOIN teams t ON t.id = r.team_id
    LEFT JOIN assets h ON h.id = t.home_id
    LEFT JOIN LATERAL (
      SELECT array_agg(n.interest_id ORDER BY n.stance, n.interest_id) AS interest_ids,
             array_agg(n.stance::text ORDER BY n.stance, n.interest_id) AS stances
      FROM resident_interests n WHERE n.resident_id = r.id
    ) AS i ON true
    WHERE r.team_id = :team_id
"""
FIND = sa.text(f"{RESIDENTS} AND r.reference = :reference")
LIST = sa.text(f"{RESIDENTS} ORDER BY r.reference")


def find_resident(
    connection: sa.Connection, *, team_id: uuid.UUID, reference: str
) -> sa.Row[Any] | None:
    """Return id, reference, travel, access_needs, good_times, lon, lat, interest_ids and stances.

    The last two are of one length; lon and lat (degrees, WGS 84) are the home's for residents, and
    `home_id` says whose then.
    """
    return connection.execute(FIND, {"team_id": team_id, "reference": reference}).first()


def list_residents(connection: sa.Connection, *, team_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return the same of every resident of a team, by reference."""
    return connection.execute(LIST, {"team_id": team_id}).all()
