"""All SQL about invitations."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

INVITATION_LIMIT = dt.timedelta(days=7)
OPEN = "used_at IS NULL AND withdrawn_at IS NULL AND expires_at > now()"


def add_invitation(
    session: Session,
    *,
    digest: bytes,
    email: str,
    role: str,
    team_id: uuid.UUID | None,
    ward_codes: Sequence[str],
    invited_by: uuid.UUID | None,
) -> uuid.UUID:
    """Store an invitation and return its id; an open one to the same role is withdrawn."""
    same = {"email": email, "role": role, "team_id": team_id}
    session.execute(
        sa.text(
            f"""
            UPDATE invitations SET withdrawn_at = now()
            WHERE email = :email AND role = CAST(:role AS member_role)
              AND team_id IS NOT DISTINCT FROM CAST(:team_id AS uuid) AND {OPEN}
            """  # noqa: S608 - constants only
        ),
        same,
    )
    made: uuid.UUID = session.execute(
        sa.text(
            """
            INSERT INTO invitations
              (digest, email, role, team_id, ward_codes, invited_by, expires_at)
            VALUES (:digest, :email, CAST(:role AS member_role), :team_id,
                    CAST(:ward_codes AS text[]), :invited_by, now() + CAST(:limit AS interval))
            RETURNING id
            """
        ),
        same | {
            "digest": digest, "ward_codes": list(ward_codes), "invited_by": invited_by,
            "limit": INVITATION_LIMIT,
        },
    ).scalar_one()  # fmt: skip
    return made


def list_invitations(
    session: Session, *, team_id: uuid.UUID | None, limit: int
) -> Sequence[sa.Row[Any]]:
    """Return open invitations, newest first: of one team, or all.

    Columns: id, email, role, team_name, ward_codes, expires_at and invited_by_name.
    """
    return session.execute(
        sa.text(
            f"""
            SELECT i.id, i.email, i.role::text AS role, t.name AS team_name, i.ward_codes,
                   i.expires_at, a.name AS invited_by_name
            FROM invitations i
            LEFT JOIN teams t ON t.id = i.team_id
            LEFT JOIN accounts a ON a.id = i.invited_by
            WHERE {OPEN} AND (CAST(:team_id AS uuid) IS NULL OR i.team_id = :team_id)
            ORDER BY i.created_at DESC, i.id LIMIT :limit
            """  # noqa: S608 - constants only
        ),
        {"team_id": team_id, "limit": limit},
    ).all()


def find_invitation(
    session: Session, *, digest: bytes, is_to_be_used: bool = False
) -> sa.Row[Any] | None:
    """Return an open invitation, with is_known: whether its address has an account.

    Columns: digest, id, email, role, team_id, team_name, ward_codes, invited_by,
    invited_by_name. `is_to_be_used`: nobody else can use it before the transaction ends.
    """
    lock = "FOR UPDATE OF i" if is_to_be_used else ""
    return session.execute(
        sa.text(
            f"""
            SELECT i.digest, i.id, i.email, i.role::text AS role, i.team_id, t.name AS team_name,
                   i.ward_codes, i.invited_by, b.name AS invited_by_name,
                   EXISTS (SELECT FROM accounts a WHERE a.email = i.email) AS is_known
            FROM invitations i
            LEFT JOIN teams t ON t.id = i.team_id
            LEFT JOIN accounts b ON b.id = i.invited_by
            WHERE i.digest = :digest AND {OPEN} {lock}
            """  # noqa: S608 - constants only
        ),
        {"digest": digest},
    ).first()


def list_invitations_to(session: Session, *, email: str) -> Sequence[sa.Row[Any]]:
    """Return open invitations to an address, so that nobody else can use them: as above."""
    return session.execute(
        sa.text(
            f"""
            SELECT i.digest, i.id, i.email, i.role::text AS role, i.team_id, i.ward_codes,
                   i.invited_by
            FROM invitations i WHERE i.email = :email AND {OPEN} FOR UPDATE
            """  # noqa: S608 - constants only
        ),
        {"email": email},
    ).all()


def use_invitation(session: Session, *, digest: bytes) -> None:
    """Use an invitation up."""
    session.execute(
        sa.text("UPDATE invitations SET used_at = now() WHERE digest = :digest"),
        {"digest": digest},
    )


def withdraw_invitation(
    session: Session, *, invitation_id: uuid.UUID, team_id: uuid.UUID | None
) -> sa.Row[Any] | None:
    """Withdraw an open invitation (of one team, or any); returns its email and team_id."""
    return session.execute(
        sa.text(
            f"""
            UPDATE invitations SET withdrawn_at = now()
            WHERE id = :id AND {OPEN}
              AND (CAST(:team_id AS uuid) IS NULL OR team_id = :team_id)
            RETURNING email, team_id
            """  # noqa: S608 - constants only
        ),
        {"id": invitation_id, "team_id": team_id},
    ).first()


def withdraw_invitations_by(
    session: Session, *, account_id: uuid.UUID, team_id: uuid.UUID | None
) -> None:
    """Withdraw what somebody has sent (for one team, or all): they may no longer invite."""
    session.execute(
        sa.text(
            f"""
            UPDATE invitations SET withdrawn_at = now()
            WHERE invited_by = :account_id AND {OPEN}
              AND (CAST(:team_id AS uuid) IS NULL OR team_id = :team_id)
            """  # noqa: S608 - constants only
        ),
        {"account_id": account_id, "team_id": team_id},
    )
