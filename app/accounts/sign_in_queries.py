"""All SQL about signing in: tries, links, sessions, an organisation's own sign-in."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.queries import IDLE_LIMIT

# A session's end however busy it is.
ABSOLUTE_LIMIT = dt.timedelta(days=14)
LINK_LIMIT = dt.timedelta(minutes=15)
ORGANISATION_LIMIT = dt.timedelta(minutes=10)

# Tries


def count_try(
    session: Session, *, counted_under: bytes, at_most: int, within: dt.timedelta
) -> tuple[int | None, int]:
    """Count one more try, unless there were `at_most` `within` this long.

    Returns its id, or None and after how many seconds the next may be made. Two processes that
    count under the same at the same moment wait for each other: a lock, until the transaction
    ends.
    """
    session.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:under, 'hex'), 0))"),
        {"under": counted_under},
    )
    wait = session.execute(
        sa.text(
            """
            SELECT ceil(extract(epoch FROM attempted_at + CAST(:within AS interval)
                                           - clock_timestamp()))::int
            FROM sign_in_attempts
            WHERE counted_under = :under
              AND attempted_at > clock_timestamp() - CAST(:within AS interval)
            ORDER BY attempted_at DESC OFFSET :at_most - 1 LIMIT 1
            """
        ),
        {"under": counted_under, "within": within, "at_most": at_most},
    ).scalar()
    if wait is not None:
        return None, max(wait, 1)
    made: int = session.execute(
        sa.text(
            "INSERT INTO sign_in_attempts (counted_under, attempted_at)"
            " VALUES (:under, clock_timestamp()) RETURNING id"
        ),
        {"under": counted_under},
    ).scalar_one()
    return made, 0


def take_back_tries(session: Session, *, ids: Sequence[int]) -> None:
    """Forget tries that succeeded; those of others under the same stay."""
    session.execute(
        sa.text("DELETE FROM sign_in_attempts WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )


# Accounts


def find_account(session: Session, *, email: str) -> sa.Row[Any] | None:
    """Return id, name, email, password_hash, is_sample and disabled_at of an address's account."""
    return session.execute(
        sa.text(
            "SELECT id, name, email, password_hash, is_sample, disabled_at FROM accounts"
            " WHERE email = :email"
        ),
        {"email": email},
    ).first()


def find_account_by_id(session: Session, *, account_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return id, name, email, password_hash, is_sample, disabled_at and version."""
    return session.execute(
        sa.text(
            "SELECT id, name, email, password_hash, is_sample, disabled_at, version FROM accounts"
            " WHERE id = :id"
        ),
        {"id": account_id},
    ).first()


def list_samples(session: Session) -> Sequence[sa.Row[Any]]:
    """Return id, name, roles (words) and teams (names) of the accounts a demonstration offers."""
    return session.execute(
        sa.text(
            """
            SELECT a.id, a.name,
                   array_agg(DISTINCT m.role::text ORDER BY m.role::text) AS roles,
                   array_remove(array_agg(DISTINCT t.name ORDER BY t.name), NULL) AS teams
            FROM accounts a
            JOIN memberships m ON m.account_id = a.id AND m.ended_at IS NULL
            LEFT JOIN teams t ON t.id = m.team_id
            WHERE a.is_sample AND a.disabled_at IS NULL
            GROUP BY a.id ORDER BY min(m.role), a.name
            """
        )
    ).all()


def set_password(session: Session, *, account_id: uuid.UUID, password_hash: str) -> None:
    """Keep a new password's hash."""
    session.execute(
        sa.text("UPDATE accounts SET password_hash = :hash, updated_at = now() WHERE id = :id"),
        {"hash": password_hash, "id": account_id},
    )


def set_name(session: Session, *, account_id: uuid.UUID, name: str, version: int) -> bool:
    """Keep a new name; returns False if the account has changed since `version`."""
    return bool(
        session.execute(
            sa.text(
                "UPDATE accounts SET name = :name, updated_at = now()"
                " WHERE id = :id AND version = :version RETURNING 1"
            ),
            {"name": name, "id": account_id, "version": version},
        ).scalar()
    )


# Links


def add_link(session: Session, *, digest: bytes, account_id: uuid.UUID, next_path: str) -> None:
    """Keep a link that signs `account_id` in."""
    session.execute(
        sa.text(
            "INSERT INTO sign_in_links (digest, account_id, expires_at, next_path) VALUES"
            " (:digest, :account_id, now() + CAST(:limit AS interval), :next_path)"
        ),
        {"digest": digest, "account_id": account_id, "limit": LINK_LIMIT, "next_path": next_path},
    )


def find_link(session: Session, *, digest: bytes) -> sa.Row[Any] | None:
    """Return name, is_used, is_late and is_off (its account was switched off) of a link."""
    return session.execute(
        sa.text(
            """
            SELECT a.name, l.used_at IS NOT NULL AS is_used, l.expires_at <= now() AS is_late,
                   a.disabled_at IS NOT NULL AS is_off
            FROM sign_in_links l JOIN accounts a ON a.id = l.account_id WHERE l.digest = :digest
            """
        ),
        {"digest": digest},
    ).first()


def use_link(session: Session, *, digest: bytes) -> sa.Row[Any] | None:
    """Use a link up, and return its account_id and next_path; None: it cannot be used (any more).

    One statement, so that of two presses at the same moment one succeeds.
    """
    return session.execute(
        sa.text(
            """
            UPDATE sign_in_links l SET used_at = now() FROM accounts a
            WHERE l.digest = :digest AND l.used_at IS NULL AND l.expires_at > now()
              AND a.id = l.account_id AND a.disabled_at IS NULL
            RETURNING l.account_id, l.next_path
            """
        ),
        {"digest": digest},
    ).first()


def end_links(session: Session, *, account_id: uuid.UUID) -> None:
    """Use up every other link of an account."""
    session.execute(
        sa.text(
            "UPDATE sign_in_links SET used_at = now()"
            " WHERE account_id = :account_id AND used_at IS NULL"
        ),
        {"account_id": account_id},
    )


# Sessions


def add_session(
    session: Session, *, digest: bytes, account_id: uuid.UUID, device: str, way: str
) -> uuid.UUID:
    """Keep a new session and return its id."""
    made: uuid.UUID = session.execute(
        sa.text(
            "INSERT INTO sign_in_sessions (digest, account_id, expires_at, device, way) VALUES"
            " (:digest, :account_id, now() + CAST(:limit AS interval), :device, :way) RETURNING id"
        ),
        {
            "digest": digest, "account_id": account_id, "limit": ABSOLUTE_LIMIT,
            "device": device, "way": way,
        },
    ).scalar_one()  # fmt: skip
    return made


def end_session_of(session: Session, *, digest: bytes) -> uuid.UUID | None:
    """End the session with this token; return whose it was."""
    return session.execute(
        sa.text("DELETE FROM sign_in_sessions WHERE digest = :digest RETURNING account_id"),
        {"digest": digest},
    ).scalar()


def end_session(session: Session, *, session_id: uuid.UUID, account_id: uuid.UUID) -> bool:
    """End one of somebody's own sessions; returns whether there was one."""
    return bool(
        session.execute(
            sa.text(
                "DELETE FROM sign_in_sessions WHERE id = :id AND account_id = :account_id"
                " RETURNING 1"
            ),
            {"id": session_id, "account_id": account_id},
        ).scalar()
    )


def end_sessions(session: Session, *, account_id: uuid.UUID, but: uuid.UUID | None = None) -> None:
    """End all sessions of an account, except the one with the id `but`."""
    session.execute(
        sa.text(
            "DELETE FROM sign_in_sessions WHERE account_id = :account_id"
            " AND id IS DISTINCT FROM CAST(:but AS uuid)"
        ),
        {"account_id": account_id, "but": but},
    )


def list_sessions(session: Session, *, account_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return id, device, way, created_at and last_seen_at of the sessions in force, newest use."""
    return session.execute(
        sa.text(
            """
            SELECT id, device, way, created_at, last_seen_at FROM sign_in_sessions
            WHERE account_id = :account_id AND expires_at > now()
              AND last_seen_at > now() - CAST(:idle_limit AS interval)
            ORDER BY last_seen_at DESC, created_at DESC
            """
        ),
        {"account_id": account_id, "idle_limit": IDLE_LIMIT},
    ).all()


def is_fresh_from_a_link(session: Session, *, session_id: uuid.UUID, within: dt.timedelta) -> bool:
    """Return whether a session began with a link from the mailbox, no longer ago than `within`."""
    return bool(
        session.execute(
            sa.text(
                "SELECT true FROM sign_in_sessions WHERE id = :id AND way = 'link'"
                " AND created_at > now() - CAST(:within AS interval)"
            ),
            {"id": session_id, "within": within},
        ).scalar()
    )


def choose_team(session: Session, *, session_id: uuid.UUID, team_id: uuid.UUID) -> None:
    """Let a session work in another team from now on."""
    session.execute(
        sa.text("UPDATE sign_in_sessions SET team_id = :team_id WHERE id = :id"),
        {"team_id": team_id, "id": session_id},
    )


# An organisation's own sign-in


def add_organisation_sign_in(
    session: Session,
    *,
    state_digest: bytes,
    browser_digest: bytes,
    nonce: str,
    code_verifier: str,
    next_path: str,
) -> None:
    """Keep what is needed when somebody comes back from their organisation."""
    session.execute(
        sa.text(
            "INSERT INTO organisation_sign_ins"
            " (state_digest, browser_digest, nonce, code_verifier, next_path)"
            " VALUES (:state, :browser, :nonce, :verifier, :next_path)"
        ),
        {
            "state": state_digest, "browser": browser_digest, "nonce": nonce,
            "verifier": code_verifier, "next_path": next_path,
        },
    )  # fmt: skip


def take_organisation_sign_in(
    session: Session, *, state_digest: bytes, browser_digest: bytes
) -> sa.Row[Any] | None:
    """Return nonce, code_verifier and next_path of a sign-in begun in this browser, once."""
    return session.execute(
        sa.text(
            """
            DELETE FROM organisation_sign_ins
            WHERE state_digest = :state AND browser_digest = :browser
              AND created_at > now() - CAST(:limit AS interval)
            RETURNING nonce, code_verifier, next_path
            """
        ),
        {"state": state_digest, "browser": browser_digest, "limit": ORGANISATION_LIMIT},
    ).first()


def find_identity(session: Session, *, issuer: str, subject: str) -> sa.Row[Any] | None:
    """Return account_id and is_off of whoever is `subject` at `issuer`."""
    return session.execute(
        sa.text(
            "SELECT i.account_id, a.disabled_at IS NOT NULL AS is_off FROM identities i"
            " JOIN accounts a ON a.id = i.account_id"
            " WHERE i.issuer = :issuer AND i.subject = :subject"
        ),
        {"issuer": issuer, "subject": subject},
    ).first()


def add_identity(session: Session, *, issuer: str, subject: str, account_id: uuid.UUID) -> None:
    """Remember who an account is at `issuer`."""
    session.execute(
        sa.text(
            "INSERT INTO identities (issuer, subject, account_id)"
            " VALUES (:issuer, :subject, :account_id) ON CONFLICT DO NOTHING"
        ),
        {"issuer": issuer, "subject": subject, "account_id": account_id},
    )
