"""All SQL about visits: one time a connection took place."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

MOST_VISITS = 300

SETS = {
    "visited_on": "CAST(:visited_on AS date)",
    "how_it_went": "CAST(:how_it_went AS how_it_went)",
    "sentence": ":sentence",
}
# A withdrawn resident's reference is not in it: row-level security hides both rows.
CAME = """
  ARRAY(SELECT r.reference FROM visit_residents x JOIN residents r ON r.id = x.resident_id
        WHERE x.visit_id = w.id ORDER BY r.reference)
"""


def list_visits(session: Session, *, connection_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return id, visited_on, how_it_went, sentence, recorded_by and came; the newest first."""
    return session.execute(
        sa.text(
            f"""
            SELECT w.id, w.visited_on, w.how_it_went::text AS how_it_went, w.sentence,
                   a.name AS recorded_by, {CAME} AS came
            FROM visits w JOIN accounts a ON a.id = w.recorded_by
            WHERE w.connection_id = :id ORDER BY w.visited_on DESC LIMIT :most
            """  # noqa: S608 - a constant
        ),
        {"id": connection_id, "most": MOST_VISITS},
    ).all()


def find_visit(
    session: Session, *, connection_id: uuid.UUID, visit_id: uuid.UUID
) -> sa.Row[Any] | None:
    """Return a visit: the columns of `SETS` as texts, id, version and came (references)."""
    return session.execute(
        sa.text(
            f"""
            SELECT w.id, w.version, w.visited_on::text AS visited_on,
                   w.how_it_went::text AS how_it_went, w.sentence, {CAME} AS came
            FROM visits w WHERE w.id = :id AND w.connection_id = :connection_id
            """  # noqa: S608 - a constant
        ),
        {"id": visit_id, "connection_id": connection_id},
    ).first()


def find_visit_on(session: Session, *, connection_id: uuid.UUID, day: dt.date) -> uuid.UUID | None:
    """Return the visit recorded for a day."""
    found: uuid.UUID | None = session.execute(
        sa.text("SELECT id FROM visits WHERE connection_id = :id AND visited_on = :day"),
        {"id": connection_id, "day": day},
    ).scalar()
    return found


def add_visit(
    session: Session,
    *,
    team_id: uuid.UUID,
    connection_id: uuid.UUID,
    recorded_by: uuid.UUID,
    values: Mapping[str, str],
) -> uuid.UUID:
    """Store a visit (`values` of the columns in `SETS`) and return its id."""
    made: uuid.UUID = session.execute(
        sa.text(
            f"""
            INSERT INTO visits
              (team_id, connection_id, recorded_by, visited_on, how_it_went, sentence)
            VALUES (:team_id, :connection_id, :recorded_by, {SETS["visited_on"]},
                    {SETS["how_it_went"]}, {SETS["sentence"]})
            RETURNING id
            """  # noqa: S608 - from SETS
        ),
        {
            **values,
            "team_id": team_id,
            "connection_id": connection_id,
            "recorded_by": recorded_by,
        },
    ).scalar_one()
    return made


def update_visit(
    session: Session, *, visit_id: uuid.UUID, version: int, changes: Mapping[str, str]
) -> bool:
    """Write `changes` (of the columns in `SETS`); False when `version` is not the row's."""
    sets = ", ".join(f"{name} = {SETS[name]}" for name in sorted(changes))
    done = session.execute(
        sa.text(
            f"UPDATE visits SET {sets} WHERE id = :id AND version = :version"  # noqa: S608
            " RETURNING id"
        ),
        {**changes, "id": visit_id, "version": version},
    )
    return done.first() is not None


def set_who_came(
    session: Session,
    *,
    team_id: uuid.UUID,
    visit_id: uuid.UUID,
    added: Sequence[uuid.UUID],
    removed: Sequence[uuid.UUID],
) -> None:
    """Add residents to who came to a visit, and take others out."""
    if added:
        session.execute(
            sa.text(
                """
                INSERT INTO visit_residents (visit_id, resident_id, team_id)
                SELECT :id, r.id, r.team_id FROM residents r
                WHERE r.team_id = :team_id AND r.id = ANY(CAST(:ids AS uuid[]))
                ON CONFLICT DO NOTHING
                """
            ),
            {"id": visit_id, "team_id": team_id, "ids": list(added)},
        )
    if removed:
        session.execute(
            sa.text(
                "DELETE FROM visit_residents"
                " WHERE visit_id = :id AND resident_id = ANY(CAST(:ids AS uuid[]))"
            ),
            {"id": visit_id, "ids": list(removed)},
        )


def remove_visit(session: Session, *, visit_id: uuid.UUID, version: int) -> bool:
    """Take a visit out; False when `version` is not the row's."""
    done = session.execute(
        sa.text("DELETE FROM visits WHERE id = :id AND version = :version RETURNING id"),
        {"id": visit_id, "version": version},
    )
    return done.first() is not None
