"""What the last run found for the people of one team, as row-level security lets it be read."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

# A resident is in one current run only; one who was added since is in none. One statement, so that
# it is all of one moment: before a swap of runs, or after it. What has left the map since the run,
# or has ended, is passed over: the next best is shown.
KEPT = sa.text(
    """
    WITH mine AS MATERIALIZED (
      SELECT m.*, u.of_day, u.finished_at
      FROM resident_matches m JOIN match_runs u ON u.id = m.run_id AND u.state = 'current'
      WHERE m.team_id = :team_id
    ), listed AS (
      SELECT m.resident_id, 'near' AS list_name,
             CASE WHEN n.is_activity THEN 'activity' ELSE 'asset' END AS source,
             n.id, n.score, n.distance_m, w.walk_m, n.rank
      FROM mine m
      CROSS JOIN LATERAL unnest(m.near_ids, m.near_are_activities, m.near_scores,
        m.near_distances_m) WITH ORDINALITY AS n (id, is_activity, score, distance_m, rank)
      CROSS JOIN LATERAL (SELECT m.near_walks_m[n.rank] AS walk_m) AS w
      UNION ALL
      SELECT m.resident_id, 'visit', 'activity', n.id, n.score, n.distance_m, NULL, n.rank
      FROM mine m
      CROSS JOIN LATERAL unnest(m.visit_ids, m.visit_scores, m.visit_distances_m)
        WITH ORDINALITY AS n (id, score, distance_m, rank)
    ), there AS (
      SELECT k.*, coalesce(v.place_id, a.id) AS place_id
      FROM listed k
      LEFT JOIN public_assets a ON a.id = CASE WHEN k.source = 'asset' THEN k.id END
      LEFT JOIN public_activities v ON v.id = CASE WHEN k.source = 'activity' THEN k.id END
        AND (v.ends_on IS NULL OR v.ends_on >= CAST(:today AS date))
      WHERE a.id IS NOT NULL OR v.id IS NOT NULL
    )
    SELECT m.resident_id, m.unmet_ids, m.of_day, m.finished_at, t.list_name, t.source,
           t.id::text AS id, t.place_id::text AS place_id, t.score / CAST(1e6 AS float8) AS score,
           t.distance_m, t.walk_m
    FROM mine m LEFT JOIN there t ON t.resident_id = m.resident_id
    ORDER BY m.resident_id, t.list_name, t.rank
    """
)


def list_kept(
    connection: sa.Connection, *, team_id: uuid.UUID, today: dt.date
) -> Sequence[sa.Row[Any]]:
    """Return everybody of a team who is in a current run and what it found, each list best first.

    Columns: resident_id, unmet_ids, of_day and finished_at (of the run); then, all None where
    nothing is there: list_name ("near", "visit"), source ("asset", "activity"), id, place_id,
    score, distance_m (as the crow flies) and walk_m (None: nothing was walked).
    """
    return connection.execute(KEPT, {"team_id": team_id, "today": today}).all()
