"""All SQL about suggestions, posters and claims."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

CLAIM_LIMIT = dt.timedelta(days=7)
MOST_POSTERS = 100

# Suggestions


def insert_suggestion(
    session: Session,
    *,
    suggestion_id: uuid.UUID,
    kind: str,
    asset_id: uuid.UUID | None,
    seen_version: int | None,
    poster_id: uuid.UUID | None,
    fields: Mapping[str, Any],
    note: str,
    contact: str | None,
) -> bool:
    """Keep a suggestion; returns False if the very same waits already, or has this id."""
    return bool(
        session.execute(
            sa.text(
                """
                INSERT INTO suggestions
                  (id, kind, asset_id, seen_version, poster_id, fields, note, contact)
                SELECT :id, CAST(:kind AS suggestion_kind), CAST(:asset_id AS uuid),
                       CAST(:seen_version AS int), CAST(:poster_id AS uuid),
                       CAST(:fields AS jsonb), CAST(:note AS text), CAST(:contact AS text)
                -- Sent again after going back: a new form with the same words in it.
                WHERE NOT EXISTS (
                  SELECT FROM suggestions s
                  WHERE s.decision = 'waiting' AND s.kind = CAST(:kind AS suggestion_kind)
                    AND s.asset_id IS NOT DISTINCT FROM CAST(:asset_id AS uuid)
                    AND s.fields = CAST(:fields AS jsonb) AND s.note = :note
                    AND s.contact IS NOT DISTINCT FROM CAST(:contact AS text)
                )
                ON CONFLICT (id) DO NOTHING RETURNING 1
                """
            ),
            {
                "id": suggestion_id, "kind": kind, "asset_id": asset_id,
                "seen_version": seen_version, "poster_id": poster_id,
                "fields": json.dumps(dict(fields)), "note": note, "contact": contact,
            },
        ).scalar()
    )  # fmt: skip


def find_public(connection: sa.Connection, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return what everybody may see of an asset that is on the map."""
    return connection.execute(
        sa.text(
            "SELECT id, version, kind::text AS kind, name, description, address, postcode, phone,"
            " email, website, opening_hours, location_source::text AS location_source"
            " FROM public_assets WHERE id = :id"
        ),
        {"id": asset_id},
    ).first()


# Posters


def find_poster(connection: sa.Connection, *, code: str) -> sa.Row[Any] | None:
    """Return id, code, title, place and created_at of a poster."""
    return connection.execute(
        sa.text("SELECT id, code, title, place, created_at FROM posters WHERE code = :code"),
        {"code": code},
    ).first()


def list_posters(session: Session) -> Sequence[sa.Row[Any]]:
    """Return code, title, place, created_at and how many suggestions came, the newest first."""
    return session.execute(
        sa.text(
            """
            SELECT p.code, p.title, p.place, p.created_at,
                   (SELECT count(*) FROM suggestions s WHERE s.poster_id = p.id) AS came
            FROM posters p ORDER BY p.created_at DESC, p.code LIMIT :most
            """
        ),
        {"most": MOST_POSTERS},
    ).all()


def insert_poster(
    session: Session, *, code: str, title: str, place: str, account_id: uuid.UUID
) -> bool:
    """Keep a poster; returns False if its code is taken."""
    return bool(
        session.execute(
            sa.text(
                "INSERT INTO posters (code, title, place, account_id)"
                " VALUES (:code, :title, :place, :account_id) ON CONFLICT (code) DO NOTHING"
                " RETURNING 1"
            ),
            {"code": code, "title": title, "place": place, "account_id": account_id},
        ).scalar()
    )


# Claims


def insert_claim(session: Session, *, digest: bytes, asset_id: uuid.UUID, email: str) -> None:
    """Keep the digest of a link that was sent to a group's own address."""
    session.execute(
        sa.text(
            "INSERT INTO claims (digest, asset_id, email, expires_at)"
            " VALUES (:digest, :asset_id, :email, now() + CAST(:limit AS interval))"
        ),
        {"digest": digest, "asset_id": asset_id, "email": email, "limit": CLAIM_LIMIT},
    )


def find_claim(session: Session, *, digest: bytes, is_locked: bool = False) -> sa.Row[Any] | None:
    """Return asset_id, expires_at and is_late of a claim.

    None too when the address it was sent to is not the entry's public one any more. Locked: whoever
    changes the entry waits.
    """
    return session.execute(
        sa.text(
            "SELECT c.asset_id, c.expires_at, c.expires_at <= now() AS is_late"  # noqa: S608 - constants only
            " FROM claims c JOIN assets a ON a.id = c.asset_id"
            " WHERE c.digest = :digest AND a.email = c.email AND a.is_contact_public"
            " AND a.kind <> 'informal'"
            f"{' FOR UPDATE OF a' if is_locked else ''}"
        ),
        {"digest": digest},
    ).first()


def mark_used(session: Session, *, digest: bytes) -> None:
    """Remember when a claim was first used."""
    session.execute(
        sa.text("UPDATE claims SET used_at = now() WHERE digest = :digest AND used_at IS NULL"),
        {"digest": digest},
    )


def move_claim(session: Session, *, digest: bytes) -> bool:
    """Let a claim follow the address its entry has now; False: it has none, the claim has ended."""
    return bool(
        session.execute(
            sa.text(
                "UPDATE claims c SET email = a.email FROM assets a"
                " WHERE c.digest = :digest AND a.id = c.asset_id AND a.email IS NOT NULL"
                " RETURNING 1"
            ),
            {"digest": digest},
        ).scalar()
    )
