"""All SQL about who works here: accounts, teams, memberships."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

# Who is here


def list_members(
    session: Session, *, team_id: uuid.UUID | None, words: str, limit: int, offset: int
) -> Sequence[sa.Row[Any]]:
    """Return memberships in force, by team and name: of one team, or all.

    Columns: id, account_id, name, email, role, team_id, team_name, ward_codes, is_off and
    last_seen_at (of any session in force). `words` narrows to names, addresses and teams that
    hold them.
    """
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return session.execute(
        sa.text(
            """
            SELECT m.id, m.account_id, a.name, a.email, m.role::text AS role, m.team_id,
                   t.name AS team_name, m.ward_codes, a.disabled_at IS NOT NULL AS is_off,
                   (SELECT max(s.last_seen_at) FROM sign_in_sessions s
                    WHERE s.account_id = a.id) AS last_seen_at
            FROM memberships m
            JOIN accounts a ON a.id = m.account_id
            LEFT JOIN teams t ON t.id = m.team_id
            WHERE m.ended_at IS NULL
              AND (CAST(:team_id AS uuid) IS NULL OR m.team_id = :team_id)
              AND (:words = '' OR a.name ILIKE :pattern OR a.email ILIKE :pattern
                   OR t.name ILIKE :pattern)
            ORDER BY t.name NULLS FIRST, m.role, a.name, m.id
            LIMIT :limit OFFSET :offset
            """
        ),
        {"team_id": team_id, "words": words, "pattern": f"%{escaped}%",
         "limit": limit, "offset": offset},
    ).all()  # fmt: skip


def list_accounts(session: Session) -> Sequence[sa.Row[Any]]:
    """Return name, email, disabled_at and roles ("coordinator of Beck House") of every account."""
    return session.execute(
        sa.text(
            """
            SELECT a.name, a.email, a.disabled_at,
                   array_remove(array_agg(
                     m.role::text
                     || coalesce(' of ' || t.name, ' of ' || array_to_string(
                          nullif(m.ward_codes, '{}'), ', '), '')
                     ORDER BY m.role), NULL) AS roles
            FROM accounts a
            LEFT JOIN memberships m ON m.account_id = a.id AND m.ended_at IS NULL
            LEFT JOIN teams t ON t.id = m.team_id
            GROUP BY a.id ORDER BY a.name, a.email
            """
        )
    ).all()


def find_member(session: Session, *, membership_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return a membership in force.

    Columns: id, account_id, name, role, team_id, team_name and ward_codes.
    """
    return session.execute(
        sa.text(
            """
            SELECT m.id, m.account_id, a.name, m.role::text AS role, m.team_id,
                   t.name AS team_name, m.ward_codes
            FROM memberships m JOIN accounts a ON a.id = m.account_id
            LEFT JOIN teams t ON t.id = m.team_id
            WHERE m.id = :id AND m.ended_at IS NULL
            """
        ),
        {"id": membership_id},
    ).first()


def count_others_with_role(session: Session, *, member: sa.Row[Any]) -> int:
    """Return how many others who can sign in hold the same role in the same team (or anywhere).

    Waits for whoever is ending such a membership at this moment.
    """
    lock = f"{member.role} {member.team_id}"
    session.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 1))"), {"lock": lock}
    )
    count: int = session.execute(
        sa.text(
            """
            SELECT count(DISTINCT m.account_id)
            FROM memberships m JOIN accounts a ON a.id = m.account_id
            WHERE m.role = CAST(:role AS member_role) AND m.team_id IS NOT DISTINCT FROM :team_id
              AND m.ended_at IS NULL AND a.disabled_at IS NULL AND m.account_id <> :account_id
            """
        ),
        {"role": member.role, "team_id": member.team_id, "account_id": member.account_id},
    ).scalar_one()
    return count


def owns_connections(session: Session, *, account_id: uuid.UUID, team_id: uuid.UUID) -> bool:
    """Return whether somebody looks after connections of a team that have not ended."""
    return bool(
        session.execute(
            sa.text("SELECT owns_connections(:account_id, :team_id)"),
            {"account_id": account_id, "team_id": team_id},
        ).scalar()
    )


def end_membership(session: Session, *, membership_id: uuid.UUID) -> None:
    """End a membership; the row stays."""
    session.execute(
        sa.text("UPDATE memberships SET ended_at = now() WHERE id = :id AND ended_at IS NULL"),
        {"id": membership_id},
    )


def add_membership(
    session: Session,
    *,
    account_id: uuid.UUID,
    role: str,
    team_id: uuid.UUID | None,
    ward_codes: Sequence[str],
    granted_by: uuid.UUID | None,
) -> None:
    """Give an account a role; one it has already stays as it is, with its wards added to."""
    session.execute(
        sa.text(
            """
            INSERT INTO memberships (account_id, role, team_id, ward_codes, granted_by)
            VALUES (:account_id, CAST(:role AS member_role), :team_id,
                    CAST(:ward_codes AS text[]), :granted_by)
            ON CONFLICT (account_id, role, team_id) WHERE ended_at IS NULL
            DO UPDATE SET ward_codes = ARRAY(
              SELECT DISTINCT code FROM unnest(memberships.ward_codes || EXCLUDED.ward_codes) code
              ORDER BY code)
            """
        ),
        {
            "account_id": account_id, "role": role, "team_id": team_id,
            "ward_codes": list(ward_codes), "granted_by": granted_by,
        },
    )  # fmt: skip


def has_membership(
    session: Session, *, email: str, role: str, team_id: uuid.UUID | None, ward_codes: Sequence[str]
) -> bool:
    """Return whether whoever has this address holds a role already (for all of these wards)."""
    return bool(
        session.execute(
            sa.text(
                """
                SELECT true FROM memberships m JOIN accounts a ON a.id = m.account_id
                WHERE a.email = :email AND m.role = CAST(:role AS member_role)
                  AND m.team_id IS NOT DISTINCT FROM CAST(:team_id AS uuid)
                  AND m.ward_codes @> CAST(:ward_codes AS text[]) AND m.ended_at IS NULL
                """
            ),
            {"email": email, "role": role, "team_id": team_id, "ward_codes": list(ward_codes)},
        ).scalar()
    )


# Accounts and teams


def add_account(
    session: Session, *, account_id: uuid.UUID, email: str, name: str, password_hash: str | None
) -> bool:
    """Store an account; returns False if the address has one."""
    return bool(
        session.execute(
            sa.text(
                "INSERT INTO accounts (id, email, name, password_hash)"
                " VALUES (:id, :email, :name, :hash) ON CONFLICT (email) DO NOTHING RETURNING 1"
            ),
            {"id": account_id, "email": email, "name": name, "hash": password_hash},
        ).scalar()
    )


def set_disabled(session: Session, *, account_id: uuid.UUID, is_disabled: bool) -> None:
    """Switch an account off, or on again."""
    session.execute(
        sa.text(
            "UPDATE accounts SET disabled_at = CASE WHEN :is_disabled THEN now() END,"
            " updated_at = now() WHERE id = :id"
        ),
        {"id": account_id, "is_disabled": is_disabled},
    )


def find_teams_named(session: Session, *, name: str, limit: int) -> Sequence[sa.Row[Any]]:
    """Return id, name, kind and is_same of teams called `name`, or else holding it."""
    escaped = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return session.execute(
        sa.text(
            """
            SELECT id, name, kind::text AS kind, lower(name) = lower(:name) AS is_same FROM teams
            WHERE name ILIKE :pattern ORDER BY is_same DESC, name, id LIMIT :limit
            """
        ),
        {"name": name, "pattern": f"%{escaped}%", "limit": limit},
    ).all()


def find_team_of_home(session: Session, *, home_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return id, name and kind of a care home's team."""
    return session.execute(
        sa.text("SELECT id, name, kind::text AS kind FROM teams WHERE home_id = :home_id"),
        {"home_id": home_id},
    ).first()


def add_team(session: Session, *, name: str, home_id: uuid.UUID | None) -> uuid.UUID:
    """Store a team, of a care home or of connectors, and return its id."""
    made: uuid.UUID = session.execute(
        sa.text(
            "INSERT INTO teams (kind, home_id, name) VALUES"
            " (CAST(:kind AS team_kind), :home_id, :name) RETURNING id"
        ),
        {"kind": "home" if home_id else "connectors", "home_id": home_id, "name": name},
    ).scalar_one()
    return made


def ward_names(session: Session, *, codes: Sequence[str]) -> dict[str, str]:
    """Return the names of wards by their codes, as they are called now."""
    rows = session.execute(
        sa.text(
            "SELECT DISTINCT ON (gss_code) gss_code, name FROM areas"
            " WHERE area_type = 'ward' AND gss_code = ANY(:codes)"
            " ORDER BY gss_code, release DESC"
        ),
        {"codes": list(codes)},
    )
    return {row.gss_code: row.name for row in rows}
