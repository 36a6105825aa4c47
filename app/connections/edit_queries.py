"""All SQL that changes one connection: its fields, whom it is for, its notes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

MOST_NOTES = 200

# How each column is written from what a form holds; an empty day is no day.
SETS = {
    "status": "CAST(:status AS connection_status)",
    "welcomed_by": ":welcomed_by",
    "contact_name": ":contact_name",
    "contact_phone": ":contact_phone",
    "next_step": ":next_step",
    "next_step_on": "CAST(nullif(:next_step_on, '') AS date)",
    "promised": ":promised",
    "what_worked": ":what_worked",
}


def lock_connection(
    session: Session, *, team_id: uuid.UUID, connection_id: uuid.UUID
) -> sa.Row[Any] | None:
    """Return what a team can change of a connection; colleagues wait until the transaction ends.

    The columns of `SETS` as texts ("" for no day), and id, asset_id, activity_id, version.
    """
    return session.execute(
        sa.text(
            """
            SELECT id, asset_id, activity_id, version, status::text AS status, welcomed_by,
                   contact_name, contact_phone, next_step,
                   coalesce(next_step_on::text, '') AS next_step_on, promised, what_worked
            FROM connections WHERE id = :id AND team_id = :team_id FOR NO KEY UPDATE
            """
        ),
        {"id": connection_id, "team_id": team_id},
    ).first()


def update_connection(
    session: Session, *, connection_id: uuid.UUID, version: int, changes: Mapping[str, str]
) -> bool:
    """Write `changes` (of the columns in `SETS`); False when `version` is not the row's."""
    sets = ", ".join(f"{name} = {SETS[name]}" for name in sorted(changes))
    done = session.execute(
        sa.text(
            f"UPDATE connections SET {sets}"  # noqa: S608 - from SETS
            " WHERE id = :id AND version = :version RETURNING id"
        ),
        {**changes, "id": connection_id, "version": version},
    )
    return done.first() is not None


def list_people(
    session: Session, *, team_id: uuid.UUID, connection_id: uuid.UUID
) -> Sequence[sa.Row[Any]]:
    """Return id and reference of the team's residents, and is_for: those it is for come first."""
    return session.execute(
        sa.text(
            """
            SELECT r.id, r.reference, x.resident_id IS NOT NULL AS is_for
            FROM residents r
            LEFT JOIN connection_residents x
              ON x.resident_id = r.id AND x.connection_id = :id
            WHERE r.team_id = :team_id
            ORDER BY is_for DESC, r.reference
            """
        ),
        {"id": connection_id, "team_id": team_id},
    ).all()


def find_residents(
    session: Session, *, team_id: uuid.UUID, references: Sequence[str]
) -> Mapping[str, uuid.UUID]:
    """Return the ids of the team's residents with these references, by reference."""
    rows = session.execute(
        sa.text(
            "SELECT reference, id FROM residents"
            " WHERE team_id = :team_id AND reference = ANY(:references)"
        ),
        {"team_id": team_id, "references": list(references)},
    )
    return {row.reference: row.id for row in rows}


def remove_residents(
    session: Session, *, connection_id: uuid.UUID, resident_ids: Sequence[uuid.UUID]
) -> None:
    """Take residents out of whom a connection is for."""
    if resident_ids:
        session.execute(
            sa.text(
                "DELETE FROM connection_residents"
                " WHERE connection_id = :id AND resident_id = ANY(CAST(:resident_ids AS uuid[]))"
            ),
            {"id": connection_id, "resident_ids": list(resident_ids)},
        )


def list_notes(session: Session, *, connection_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return id, text, created_at and author of a connection's notes, the newest first."""
    return session.execute(
        sa.text(
            """
            SELECT n.id, n.text, n.created_at, a.name AS author
            FROM connection_notes n JOIN accounts a ON a.id = n.author_id
            WHERE n.connection_id = :id ORDER BY n.created_at DESC, n.id LIMIT :most
            """
        ),
        {"id": connection_id, "most": MOST_NOTES},
    ).all()


def add_note(
    session: Session,
    *,
    team_id: uuid.UUID,
    connection_id: uuid.UUID,
    author_id: uuid.UUID,
    text: str,
) -> None:
    """Add a note, unless the same person has just written the same (a second press)."""
    session.execute(
        sa.text(
            """
            INSERT INTO connection_notes (team_id, connection_id, author_id, text)
            SELECT :team_id, :connection_id, :author_id, :text
            WHERE NOT EXISTS (
              SELECT FROM connection_notes
              WHERE connection_id = :connection_id AND author_id = :author_id AND text = :text
                AND created_at > now() - interval '1 minute')
            """
        ),
        {
            "team_id": team_id,
            "connection_id": connection_id,
            "author_id": author_id,
            "text": text,
        },
    )


def remove_note(session: Session, *, connection_id: uuid.UUID, note_id: uuid.UUID) -> None:
    """Take a note out."""
    session.execute(
        sa.text("DELETE FROM connection_notes WHERE id = :id AND connection_id = :connection_id"),
        {"id": note_id, "connection_id": connection_id},
    )
