"""All SQL about photos: stored, shown, and thrown away."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.photos.making import MadePhoto

# Long enough for whoever took it to ask why.
KEEP_REJECTED = dt.timedelta(days=30)


def insert_photo(
    session: Session,
    *,
    photo_id: uuid.UUID,
    asset_id: uuid.UUID,
    submission_id: uuid.UUID | None,
    account_id: uuid.UUID,
    made: MadePhoto,
    alt: str,
) -> None:
    """Store a photo; it waits for an editor."""
    session.execute(
        sa.text(
            """
            INSERT INTO photos (id, asset_id, submission_id, account_id, image, thumbnail,
                                width_px, height_px, alt)
            VALUES (:id, :asset_id, :submission_id, :account_id, :image, :thumbnail,
                    :width_px, :height_px, :alt)
            """
        ),
        {
            "id": photo_id, "asset_id": asset_id, "submission_id": submission_id,
            "account_id": account_id, "image": made.image, "thumbnail": made.thumbnail,
            "width_px": made.width_px, "height_px": made.height_px, "alt": alt,
        },
    )  # fmt: skip


def find_public_photo(
    connection: sa.Connection, *, photo_id: uuid.UUID, is_small: bool
) -> bytes | None:
    """Return the JPEG file of a photo that everybody may see."""
    column = "thumbnail" if is_small else "image"
    found: bytes | None = connection.execute(
        sa.text(f"SELECT {column} FROM public_photos WHERE id = :id"),  # noqa: S608 - one of two
        {"id": photo_id},
    ).scalar()
    return found


def find_waiting_photo(
    session: Session,
    *,
    photo_id: uuid.UUID,
    is_small: bool,
    account_id: uuid.UUID,
    is_editor: bool,
) -> bytes | None:
    """Return the JPEG file of a photo that not everybody may see, for an editor or its taker.

    A rejected one is an editor's alone; None also where its bytes have been thrown away.
    """
    column = "thumbnail" if is_small else "image"
    found: bytes | None = session.execute(
        sa.text(
            f"SELECT {column} FROM photos WHERE id = :id AND length({column}) > 0"  # noqa: S608 - one of two
            " AND (:is_editor OR (account_id = :account_id AND decision <> 'rejected'))"
        ),
        {"id": photo_id, "account_id": account_id, "is_editor": is_editor},
    ).scalar()
    return found


def list_public_photos(connection: sa.Connection, *, asset_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return id, alt, width_px and height_px of an asset's public photos, the newest first."""
    return connection.execute(
        sa.text(
            # The view's asset_id is worked out and has no index: photos are looked up first.
            """
            SELECT id, alt, width_px, height_px FROM public_photos
            WHERE asset_id = :asset_id AND id IN (
              SELECT o.id FROM photos o WHERE o.asset_id = ANY(ARRAY(
                SELECT CAST(:asset_id AS uuid)
                UNION ALL SELECT id FROM assets WHERE duplicate_of = :asset_id)))
            ORDER BY created_at DESC, id LIMIT 12
            """
        ),
        {"asset_id": asset_id},
    ).all()


def list_own_waiting_photos(
    connection: sa.Connection, *, asset_id: uuid.UUID, account_id: uuid.UUID
) -> Sequence[sa.Row[Any]]:
    """Return id, alt, width_px and height_px of photos somebody took that wait for an editor."""
    return connection.execute(
        sa.text(
            """
            SELECT p.id, p.alt, p.width_px, p.height_px
            FROM photos p JOIN assets a ON a.id = p.asset_id
            WHERE coalesce(a.duplicate_of, a.id) = :asset_id AND p.account_id = :account_id
              AND p.decision = 'waiting'
            ORDER BY p.created_at DESC, p.id LIMIT 12
            """
        ),
        {"asset_id": asset_id, "account_id": account_id},
    ).all()


def empty_rejected(session: Session) -> int:
    """Throw away the bytes of photos rejected a while ago; that there was one stays."""
    count: int = session.execute(
        sa.text(
            """
            WITH emptied AS (
              UPDATE photos SET image = '', thumbnail = ''
              WHERE decision = 'rejected' AND length(image) > 0
                AND decided_at <= now() - CAST(:kept AS interval)
              RETURNING 1
            ) SELECT count(*) FROM emptied
            """
        ),
        {"kept": KEEP_REJECTED},
    ).scalar_one()
    return count
