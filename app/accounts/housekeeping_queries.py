"""All SQL that throws away what signing in leaves behind."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.queries import IDLE_LIMIT

# Long enough for a page to say "used" or "too late" instead of "unknown".
KEEP_LINKS = dt.timedelta(days=1)
KEEP_TRIES = dt.timedelta(days=1)
KEEP_ORGANISATION_SIGN_INS = dt.timedelta(hours=1)
# They hold addresses of people who may never have come; the audit log keeps that there was one.
KEEP_INVITATIONS = dt.timedelta(days=30)
# Decisions can be taken back as long; what became of it is in the history of the map.
KEEP_DECIDED_SUGGESTIONS = dt.timedelta(days=30)
# Between sending a file and loading it: long enough for a day's work.
KEEP_UPLOADS = dt.timedelta(days=1)
KEEP_LATE_CLAIMS = dt.timedelta(days=7)
BROOM = 7_262_520


def take_the_broom(connection: sa.Connection) -> bool:
    """Return whether nobody else is keeping house; nobody will until this connection closes."""
    is_ours: bool = connection.execute(
        sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": BROOM}
    ).scalar_one()
    return is_ours


def share_the_broom(connection: sa.Connection) -> bool:
    """Return whether nobody is doing all of it by hand; jobs of the queue may at the same time."""
    is_free: bool = connection.execute(
        sa.text("SELECT pg_try_advisory_xact_lock_shared(:key)"), {"key": BROOM}
    ).scalar_one()
    return is_free


def delete_sessions(session: Session) -> int:
    """Delete sessions that are over, by either limit."""
    return _delete(
        session,
        "sign_in_sessions WHERE expires_at <= now()"
        " OR last_seen_at <= now() - CAST(:kept AS interval)",
        IDLE_LIMIT,
    )


def delete_links(session: Session) -> int:
    """Delete links that ended a while ago."""
    return _delete(
        session, "sign_in_links WHERE expires_at <= now() - CAST(:kept AS interval)", KEEP_LINKS
    )


def delete_tries(session: Session) -> int:
    """Delete tries that count no more."""
    return _delete(
        session,
        "sign_in_attempts WHERE attempted_at <= now() - CAST(:kept AS interval)",
        KEEP_TRIES,
    )


def delete_organisation_sign_ins(session: Session) -> int:
    """Delete sign-ins from which nobody came back."""
    return _delete(
        session,
        "organisation_sign_ins WHERE created_at <= now() - CAST(:kept AS interval)",
        KEEP_ORGANISATION_SIGN_INS,
    )


def delete_invitations(session: Session) -> int:
    """Delete invitations that ended a while ago."""
    return _delete(
        session,
        "invitations WHERE least(expires_at, used_at, withdrawn_at)"
        " <= now() - CAST(:kept AS interval)",
        KEEP_INVITATIONS,
    )


def delete_suggestions(session: Session) -> int:
    """Delete suggestions that were decided a while ago, with what people wrote there."""
    return _delete(
        session,
        "suggestions WHERE decision <> 'waiting' AND decided_at <= now() - CAST(:kept AS interval)",
        KEEP_DECIDED_SUGGESTIONS,
    )


def delete_claims(session: Session) -> int:
    """Delete links to correct an entry that ended a while ago."""
    return _delete(
        session, "claims WHERE expires_at <= now() - CAST(:kept AS interval)", KEEP_LATE_CLAIMS
    )


def delete_uploads(session: Session) -> int:
    """Delete files that were brought in a while ago, loaded or not."""
    return _delete(
        session, "uploads WHERE created_at <= now() - CAST(:kept AS interval)", KEEP_UPLOADS
    )


def _delete(session: Session, which: str, kept: dt.timedelta) -> int:
    statement = sa.text(f"WITH gone AS (DELETE FROM {which} RETURNING 1) SELECT count(*) FROM gone")  # noqa: S608 - constants only
    count: int = session.execute(statement, {"kept": kept}).scalar_one()
    return count
