"""What was asked for and is not there: found, kept, and counted by ward."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.matches.queries import array_text

REACHED = "x.interest_ids && CAST(w.related AS int[]) AND ST_DWithin(x.point_27700, asked.origin,"
UNMET = sa.text(
    f"""
    WITH asked AS MATERIALIZED (
      SELECT ST_SetSRID(ST_MakePoint(:easting, :northing), 27700) AS origin
    )
    SELECT w.id FROM unnest(CAST(:ids AS int[]), CAST(:related AS text[])) AS w (id, related)
    CROSS JOIN asked
    WHERE NOT EXISTS (SELECT FROM public_assets x
        WHERE {REACHED} :near_within_m) AND NOT x.id = ANY(CAST(:too_far AS uuid[])))
      AND NOT EXISTS (SELECT FROM public_activities x
        WHERE {REACHED} :near_within_m) AND NOT x.comes_to_homes
          AND NOT x.id = ANY(CAST(:too_far AS uuid[]))
          AND (x.ends_on IS NULL OR x.ends_on >= CURRENT_DATE))
      AND NOT EXISTS (SELECT FROM public_activities x
        WHERE {REACHED} :visit_within_m) AND x.comes_to_homes
          AND (x.ends_on IS NULL OR x.ends_on >= CURRENT_DATE))
    """  # noqa: S608 - constants only
)
FORGET_MET = sa.text(
    "DELETE FROM unmet_interests WHERE resident_id = :resident_id"
    " AND NOT interest_id = ANY(CAST(:ids AS int[]))"
)
KEEP_UNMET = sa.text(
    """
    INSERT INTO unmet_interests (interest_id, ward_code, team_id, resident_id)
    SELECT i, :ward_code, :team_id, :resident_id FROM unnest(CAST(:ids AS int[])) AS i
    ON CONFLICT (resident_id, interest_id) DO UPDATE
      SET ward_code = excluded.ward_code, noticed_on = CURRENT_DATE
      WHERE unmet_interests.noticed_on < CURRENT_DATE
    """
)
# Without naming the index: that would need the right to read what others asked for.
COUNT_QUESTION = sa.text(
    "INSERT INTO unmet_interests (interest_id, ward_code)"
    " SELECT i, :ward_code FROM unnest(CAST(:ids AS int[])) AS i ON CONFLICT DO NOTHING"
)


def find_unmet(
    connection: sa.Connection,
    *,
    easting: float,
    northing: float,
    related: Mapping[int, Sequence[int]],
    near_within_m: float,
    visit_within_m: float,
    too_far: Sequence[str] = (),
) -> set[int]:
    """Return the interests nothing in reach answers, of those in `related`.

    `related` has for each interest the concepts that answer it; metres, British National Grid.
    `too_far`: ids of what is in reach by straight line, and not on foot.
    """
    if not related:
        return set()
    given = {
        "easting": easting,
        "northing": northing,
        "ids": array_text(related),
        "related": [array_text(ids) for ids in related.values()],
        "near_within_m": near_within_m,
        "visit_within_m": visit_within_m,
        "too_far": list(too_far),
    }
    return set(connection.execute(UNMET, given).scalars())


def keep_unmet(
    connection: sa.Connection,
    *,
    resident_id: uuid.UUID,
    team_id: uuid.UUID,
    ward_code: str,
    interest_ids: Collection[int],
) -> None:
    """Make what is kept of a resident's unmet interests equal to `interest_ids`."""
    given = {"resident_id": resident_id, "ids": array_text(interest_ids)}
    connection.execute(FORGET_MET, given)
    if interest_ids:
        connection.execute(KEEP_UNMET, given | {"team_id": team_id, "ward_code": ward_code})


def count_question(
    connection: sa.Connection, *, ward_code: str, interest_ids: Collection[int]
) -> None:
    """Count a question about nobody in particular, once a day, ward and interest."""
    given = {"ward_code": ward_code, "ids": array_text(interest_ids)}
    connection.execute(COUNT_QUESTION, given)


def list_unmet_by_ward(connection: sa.Connection, *, ward_code: str) -> Sequence[sa.Row[Any]]:
    """Return concept, label and asked (rounded to 5; None: fewer than 8) for a ward."""
    return connection.execute(
        sa.text("SELECT concept, label, asked FROM unmet_by_ward(:code)"), {"code": ward_code}
    ).all()
