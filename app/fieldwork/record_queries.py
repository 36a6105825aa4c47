"""All SQL about submissions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
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


# Nearer than this it may be the same whatever it is called; further, if the names are alike.
NEXT_DOOR_M = 40
AROUND_M = 250
ALIKE = 0.4


def list_near(
    session: Session, *, asset_id: uuid.UUID, lon: float, lat: float, name: str
) -> Sequence[sa.Row[Any]]:
    """Return what a new asset at a point (degrees, WGS 84) may be: id, name, kind, distance_m.

    What is next door, and what is around and called something like `name`; at most five, the
    likest and nearest first.
    """
    return session.execute(
        sa.text(
            """
            WITH here AS (
              -- The literal is transformed, so that the column's index is used.
              SELECT ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 27700) AS point
            ), near AS (
              SELECT a.id, a.name, a.kind::text AS kind, a.version,
                     ST_Distance(a.point_27700, here.point) AS distance_m,
                     similarity(a.name, :name) AS likeness
              FROM public_assets a, here
              WHERE ST_DWithin(a.point_27700, here.point, :around_m)
                AND a.location_source <> 'ward' AND a.id <> :asset_id
            )
            SELECT id, name, kind, version, distance_m FROM near
            WHERE distance_m <= :next_door_m OR likeness >= :alike
            ORDER BY likeness >= :alike DESC, distance_m, id LIMIT 5
            """
        ),
        {
            "lon": lon, "lat": lat, "name": name, "asset_id": asset_id, "around_m": AROUND_M,
            "next_door_m": NEXT_DOOR_M, "alike": ALIKE,
        },
    ).all()  # fmt: skip
