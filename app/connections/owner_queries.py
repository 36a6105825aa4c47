"""All SQL about who keeps a team's connections."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session


def list_owners(session: Session, *, team_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return id, name and how_many of everybody who keeps connections of the team.

    Those who have left (`is_here` is false) come first: theirs have to go to somebody.
    """
    return session.execute(
        sa.text(
            """
            SELECT a.id, a.name, count(*) AS how_many,
                   a.disabled_at IS NULL AND EXISTS (
                     SELECT FROM memberships m WHERE m.account_id = a.id
                     AND m.team_id = :team_id AND m.ended_at IS NULL) AS is_here
            FROM connections c JOIN accounts a ON a.id = c.owner_id
            WHERE c.team_id = :team_id
            GROUP BY a.id ORDER BY is_here, a.name, a.id
            """
        ),
        {"team_id": team_id},
    ).all()


def list_members(session: Session, *, team_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return id and name of everybody who works in the team now."""
    return session.execute(
        sa.text(
            """
            SELECT a.id, a.name FROM accounts a
            WHERE a.disabled_at IS NULL AND EXISTS (
              SELECT FROM memberships m
              WHERE m.account_id = a.id AND m.team_id = :team_id AND m.ended_at IS NULL)
            ORDER BY a.name, a.id
            """
        ),
        {"team_id": team_id},
    ).all()


def move_connections(
    session: Session, *, team_id: uuid.UUID, from_id: uuid.UUID, to_id: uuid.UUID
) -> int:
    """Give all of a team's connections that one person keeps to another; return how many."""
    moved = session.execute(
        sa.text(
            "UPDATE connections SET owner_id = :to_id"
            " WHERE team_id = :team_id AND owner_id = :from_id RETURNING id"
        ),
        {"team_id": team_id, "from_id": from_id, "to_id": to_id},
    )
    return len(moved.all())
