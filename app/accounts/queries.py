"""All SQL about accounts: sessions, memberships, and whose transaction it is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

# A session's end: after this long without a request, or at `expires_at` however busy it is.
IDLE_LIMIT = dt.timedelta(hours=12)
# Seen is written down this often at most: each request would be a write otherwise.
SEEN_EVERY = dt.timedelta(minutes=5)

FIND_SESSION = sa.text(
    """
    SELECT s.id, s.account_id, s.team_id, a.name, a.email,
           s.last_seen_at < now() - CAST(:seen_every AS interval) AS is_to_be_seen
    FROM sign_in_sessions s JOIN accounts a ON a.id = s.account_id
    WHERE s.digest = :digest AND a.disabled_at IS NULL
      AND s.expires_at > now() AND s.last_seen_at > now() - CAST(:idle_limit AS interval)
    """
)
FIND_MEMBERSHIPS = sa.text(
    """
    SELECT m.role::text AS role, m.team_id, m.ward_codes, t.kind::text AS kind, t.name, t.home_id,
           ST_X(a.geom) AS lon, ST_Y(a.geom) AS lat
    FROM memberships m
    LEFT JOIN teams t ON t.id = m.team_id
    LEFT JOIN assets a ON a.id = t.home_id
    WHERE m.account_id = :account_id AND m.ended_at IS NULL
    ORDER BY t.name, m.role
    """
)


def become(session: Session, *, account_id: uuid.UUID) -> None:
    """Make this transaction `account_id`'s: row-level security reads it until the transaction ends.

    A plain SET would stay on the pooled connection for whoever gets it next.
    """
    session.execute(
        sa.text("SELECT set_config('patchwork.account_id', :id, true)"), {"id": str(account_id)}
    )


def find_session(session: Session, *, digest: bytes) -> sa.Row[Any] | None:
    """Return id, account_id, team_id, name, email and is_to_be_seen of a session in force."""
    return session.execute(
        FIND_SESSION, {"digest": digest, "seen_every": SEEN_EVERY, "idle_limit": IDLE_LIMIT}
    ).first()


def mark_seen(session: Session, *, digest: bytes) -> None:
    """Write down that a session was used just now."""
    session.execute(
        sa.text("UPDATE sign_in_sessions SET last_seen_at = now() WHERE digest = :digest"),
        {"digest": digest},
    )


def list_memberships(session: Session, *, account_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return role, team_id, ward_codes, and kind, name, home_id, lon, lat of the team, if any."""
    return session.execute(FIND_MEMBERSHIPS, {"account_id": account_id}).all()


def record(
    session: Session,
    *,
    account_id: uuid.UUID | None,
    team_id: uuid.UUID | None,
    action: str,
    subject: str,
    subject_id: uuid.UUID | None = None,
) -> None:
    """Add to the audit log what no trigger sees: a reading, an export, a sign-in."""
    session.execute(
        sa.text(
            "INSERT INTO audit_log (account_id, team_id, action, subject, subject_id)"
            " VALUES (:account_id, :team_id, :action, :subject, :subject_id)"
        ),
        {
            "account_id": account_id,
            "team_id": team_id,
            "action": action,
            "subject": subject,
            "subject_id": subject_id,
        },
    )
