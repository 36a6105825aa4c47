"""All SQL that decides about a pair: merged, told apart, or taken back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

LIKELY, MERGED, APART = "likely", "merged", "not_a_duplicate"


def lock_pair(session: Session, *, asset_id: uuid.UUID, other_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return a pair (the smaller id first); others that want to decide about it wait."""
    return session.execute(
        sa.text(
            "SELECT *, status::text AS word FROM duplicate_pairs"
            " WHERE asset_id = :asset_id AND other_id = :other_id FOR UPDATE"
        ),
        {"asset_id": asset_id, "other_id": other_id},
    ).first()


def find_pair(session: Session, *, asset_id: uuid.UUID, other_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return a pair (the smaller id first)."""
    return session.execute(
        sa.text(
            "SELECT *, status::text AS word FROM duplicate_pairs"
            " WHERE asset_id = :asset_id AND other_id = :other_id"
        ),
        {"asset_id": asset_id, "other_id": other_id},
    ).first()


def save_decision(
    session: Session,
    *,
    asset_id: uuid.UUID,
    other_id: uuid.UUID,
    status: str,
    account_id: uuid.UUID,
    likeness: float,
    reasons: Sequence[str],
    kept_id: uuid.UUID | None = None,
    undo: Mapping[str, Any] | None = None,
) -> None:
    """Store what somebody decided about a pair; likely again means that nobody has."""
    session.execute(
        sa.text(
            """
            INSERT INTO duplicate_pairs AS d
              (asset_id, other_id, likeness, reasons, status, kept_id, decided_by, decided_at, undo)
            VALUES (:asset_id, :other_id, :likeness, :reasons, CAST(:status AS pair_status),
                    :kept_id, CASE WHEN :status <> 'likely' THEN CAST(:account_id AS uuid) END,
                    CASE WHEN :status <> 'likely' THEN now() END, CAST(:undo AS jsonb))
            ON CONFLICT (asset_id, other_id) DO UPDATE
              SET status = excluded.status, kept_id = excluded.kept_id,
                  decided_by = excluded.decided_by, decided_at = excluded.decided_at,
                  undo = excluded.undo
            """
        ),
        {
            "asset_id": asset_id, "other_id": other_id, "status": status,
            "account_id": account_id, "likeness": likeness, "reasons": list(reasons),
            "kept_id": kept_id, "undo": None if undo is None else json.dumps(undo, default=str),
        },
    )  # fmt: skip


def told_apart_between(session: Session, *, one: uuid.UUID, other: uuid.UUID) -> sa.Row[Any] | None:
    """Return a pair that was told apart of whose two one is shown as `one`, one as `other`."""
    return session.execute(
        sa.text(
            """
            WITH left_group AS (SELECT id FROM assets WHERE id = :one OR duplicate_of = :one),
                 right_group AS (SELECT id FROM assets WHERE id = :other OR duplicate_of = :other)
            SELECT d.asset_id, d.other_id, a.name, o.name AS other_name
            FROM duplicate_pairs d
            JOIN assets a ON a.id = d.asset_id JOIN assets o ON o.id = d.other_id
            WHERE d.status = 'not_a_duplicate'
              AND ((d.asset_id IN (SELECT id FROM left_group)
                    AND d.other_id IN (SELECT id FROM right_group))
                OR (d.asset_id IN (SELECT id FROM right_group)
                    AND d.other_id IN (SELECT id FROM left_group)))
            LIMIT 1
            """
        ),
        {"one": one, "other": other},
    ).first()


def lock_group(session: Session, *, ids: Sequence[uuid.UUID]) -> None:
    """Lock assets and all that are shown as one with them, in the order of their ids."""
    session.execute(
        sa.text(
            """
            SELECT FROM assets WHERE id = ANY(:ids) OR duplicate_of = ANY(:ids)
              OR duplicate_of = ANY(ARRAY(SELECT duplicate_of FROM assets WHERE id = ANY(:ids)))
            ORDER BY id FOR NO KEY UPDATE
            """
        ),
        {"ids": list(ids)},
    )


def list_pointing_to(session: Session, *, asset_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the assets that are linked to one."""
    return list(
        session.execute(
            sa.text("SELECT id FROM assets WHERE duplicate_of = :id ORDER BY id"), {"id": asset_id}
        ).scalars()
    )


def point(session: Session, *, ids: Sequence[uuid.UUID], to: uuid.UUID | None) -> int:
    """Link assets to `to` (None: show them by themselves); return how many that changed."""
    return int(
        session.execute(
            sa.text(
                """
                WITH done AS (
                  UPDATE assets SET duplicate_of = CAST(:to AS uuid)
                  WHERE id = ANY(:ids) AND duplicate_of IS DISTINCT FROM CAST(:to AS uuid)
                    AND id IS DISTINCT FROM CAST(:to AS uuid)
                  RETURNING 1
                ) SELECT count(*) FROM done
                """
            ),
            {"ids": list(ids), "to": to},
        ).scalar_one()
    )


def newest_change(session: Session, *, asset_id: uuid.UUID, action: str) -> int | None:
    """Return the id of an asset's newest change of a kind."""
    return session.execute(
        sa.text("SELECT max(id) FROM asset_changes WHERE asset_id = :id AND action = :action"),
        {"id": asset_id, "action": action},
    ).scalar()


def find_change(session: Session, *, change_id: int) -> sa.Row[Any] | None:
    """Return what one change changed: columns, was and became."""
    return session.execute(
        sa.text("SELECT columns, was, became FROM asset_changes WHERE id = :id"), {"id": change_id}
    ).first()
