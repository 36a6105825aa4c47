"""All SQL of the export: everything kept under one reference, table by table."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

# A list of matches, best first, each in a line; what has gone since has no name.
MATCHES = """ARRAY(
  SELECT format('%s: score %s, %s m', coalesce(v.name, a.name, 'gone since'),
                round(m.score / 1000000.0, 2), round(m.distance_m))
  FROM unnest({columns}) WITH ORDINALITY AS m (id, score, distance_m, n)
  LEFT JOIN public_activities v ON v.id = m.id LEFT JOIN public_assets a ON a.id = m.id
  ORDER BY m.n)"""

# One question for each table that holds something about a resident; a test compares the keys with
# the database's tables.
TABLES = {
    "residents": """
        SELECT r.reference, t.name AS team, r.travel::text AS travel, r.access_needs, r.good_times,
               round(ST_X(r.geom)::numeric, 4)::float8 AS rough_lon,
               round(ST_Y(r.geom)::numeric, 4)::float8 AS rough_lat,
               r.basis::text AS basis, r.special_basis::text AS special_basis,
               r.decided_by::text AS decided_by, r.basis_recorded_on,
               a.name AS basis_recorded_by, r.review_on, r.created_at, r.updated_at, r.version
        FROM residents r JOIN teams t ON t.id = r.team_id
        LEFT JOIN accounts a ON a.id = r.basis_recorded_by WHERE r.id = :id""",
    "resident_interests": """
        SELECT i.label AS interest, x.stance::text AS stance
        FROM resident_interests x JOIN interests i ON i.id = x.interest_id
        WHERE x.resident_id = :id ORDER BY x.stance, i.label""",
    "offers": """
        SELECT i.label AS interest, o.offered_on
        FROM offers o JOIN interests i ON i.id = o.interest_id
        WHERE o.resident_id = :id ORDER BY o.offered_on, i.label""",
    "connection_residents": """
        SELECT c.title, a.name AS place, c.status::text AS status, c.reasons, x.added_on
        FROM connection_residents x JOIN connections c ON c.id = x.connection_id
        LEFT JOIN public_assets a ON a.id = c.asset_id
        WHERE x.resident_id = :id ORDER BY x.added_on, c.title""",
    "visit_residents": """
        SELECT c.title, v.visited_on, v.how_it_went::text AS how_it_went, v.sentence
        FROM visit_residents x JOIN visits v ON v.id = x.visit_id
        JOIN connections c ON c.id = v.connection_id
        WHERE x.resident_id = :id ORDER BY v.visited_on, c.title""",
    "unmet_interests": """
        SELECT i.label AS interest, u.ward_code, u.noticed_on
        FROM unmet_interests u JOIN interests i ON i.id = u.interest_id
        WHERE u.resident_id = :id ORDER BY u.noticed_on, i.label""",
    # By the newest runs; scores are millionths.
    "resident_matches": f"""
        SELECT r.of_day AS matched_on, x.ward_code,
               {MATCHES.format(columns="x.near_ids, x.near_scores, x.near_distances_m")} AS near,
               {MATCHES.format(columns="x.visit_ids, x.visit_scores, x.visit_distances_m")}
                 AS comes_to_them,
               ARRAY(SELECT i.label FROM interests i WHERE i.id = ANY (x.unmet_ids)
                     ORDER BY i.label) AS nothing_for
        FROM resident_matches x JOIN match_runs r ON r.id = x.run_id
        WHERE x.resident_id = :id ORDER BY r.id""",  # noqa: S608 - constants only
    "audit_log": """
        SELECT at, action, subject, columns, by_whom
        FROM history_of_resident(CAST(:id AS uuid))""",
}


def read_everything(session: Session, *, resident_id: uuid.UUID) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table about one resident, without ids and other people's rows."""
    return {
        table: [dict(row) for row in session.execute(sa.text(sql), {"id": resident_id}).mappings()]
        for table, sql in TABLES.items()
    }
