"""All SQL about submissions."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session


def wait_for_twins(session: Session, *, submission_id: uuid.UUID) -> None:
    """Wait until no other transaction is at the same submission; none will be until this one ends.

    A number of 64 bits from its id: two that share it only wait for each other.
    """
    key = int.from_bytes(submission_id.bytes[:8], "big", signed=True)
    session.execute(
        sa.text("SELECT pg_advisory_xact_lock(CAST(:key AS bigint))"), {"key": key}
    )  # fmt: skip


def find_submission(session: Session, *, submission_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return account_id, sha256 and answer of a submission."""
    return session.execute(
        sa.text("SELECT account_id, sha256, answer FROM submissions WHERE id = :id"),
        {"id": submission_id},
    ).first()


def insert_submission(
    session: Session,
    *,
    submission_id: uuid.UUID,
    account_id: uuid.UUID,
    action: str,
    sha256: bytes,
    asset_id: uuid.UUID,
    answer: dict[str, Any],
) -> None:
    """Write down what was sent, and what was answered."""
    session.execute(
        sa.text(
            """
            INSERT INTO submissions (id, account_id, action, sha256, asset_id, answer)
            VALUES (:id, :account_id, :action, :sha256, :asset_id, CAST(:answer AS jsonb))
            """
        ),
        {
            "id": submission_id, "account_id": account_id, "action": action, "sha256": sha256,
            "asset_id": asset_id, "answer": orjson.dumps(answer).decode(),
        },
    )  # fmt: skip
