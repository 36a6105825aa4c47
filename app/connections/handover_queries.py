"""All SQL of the hand-over page: what somebody new has to know about every connection of a team."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session


class HandedOver(NamedTuple):
    """What a connection is beside its place and its dates."""

    id: uuid.UUID
    promised: str
    what_worked: str
    owner_id: uuid.UUID
    owner_name: str
    # False: has left the team.
    is_owner_here: bool
    how_many_residents: int
    updated_at: dt.datetime


class VisitRow(NamedTuple):
    """One time it took place."""

    connection_id: uuid.UUID
    visited_on: dt.date
    how_it_went: str
    sentence: str
    how_many_came: int


class Member(NamedTuple):
    """Somebody in the team."""

    id: uuid.UUID
    name: str
    email: str
    roles: list[str]


# Of residents only how many: row-level security leaves out those who have withdrawn.
CONNECTIONS = sa.text(
    """
    SELECT c.id, c.promised, c.what_worked, c.owner_id, a.name AS owner_name,
           a.disabled_at IS NULL AND EXISTS (
             SELECT FROM memberships m
             WHERE m.account_id = c.owner_id AND m.team_id = c.team_id AND m.ended_at IS NULL
           ) AS is_owner_here,
           (SELECT count(*) FROM connection_residents r WHERE r.connection_id = c.id),
           c.updated_at
    FROM connections c JOIN accounts a ON a.id = c.owner_id
    WHERE c.team_id = :team_id
    """
)
VISITS = sa.text(
    """
    SELECT v.connection_id, v.visited_on, v.how_it_went::text, v.sentence,
           (SELECT count(*) FROM visit_residents r WHERE r.visit_id = v.id)
    FROM unnest(CAST(:ids AS uuid[])) AS wanted(id)
    CROSS JOIN LATERAL (
      SELECT * FROM visits WHERE connection_id = wanted.id
      ORDER BY visited_on DESC LIMIT :most
    ) v
    ORDER BY v.connection_id, v.visited_on DESC
    """
)
MEMBERS = sa.text(
    """
    SELECT a.id, a.name, a.email, array_agg(m.role::text ORDER BY m.role) AS roles
    FROM memberships m JOIN accounts a ON a.id = m.account_id
    WHERE m.team_id = :team_id AND m.ended_at IS NULL AND a.disabled_at IS NULL
    GROUP BY a.id ORDER BY a.name, a.id
    """
)


def list_handed_over(session: Session, *, team_id: uuid.UUID) -> list[HandedOver]:
    """Return every connection of a team, ended ones too."""
    return [HandedOver(*row) for row in session.execute(CONNECTIONS, {"team_id": team_id})]


def list_last_visits(session: Session, *, ids: Sequence[uuid.UUID], most: int) -> list[VisitRow]:
    """Return the last `most` visits of each connection, newest first."""
    return [VisitRow(*row) for row in session.execute(VISITS, {"ids": list(ids), "most": most})]


def list_members(session: Session, *, team_id: uuid.UUID) -> list[Member]:
    """Return who is in the team, by name."""
    return [Member(*row) for row in session.execute(MEMBERS, {"team_id": team_id})]
