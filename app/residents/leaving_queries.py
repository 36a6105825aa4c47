"""All SQL about leaving: withdrawal, erasure and its receipts.

A withdrawn resident is hidden from every statement of the application. What has to reach one is a
function of the database's that asks itself whose the resident is.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

RECEIPT = """
SELECT e.id, e.erased_at, e.rows_erased, a.name AS erased_by, t.name AS team_name
FROM erasures e JOIN teams t ON t.id = e.team_id LEFT JOIN accounts a ON a.id = e.erased_by
WHERE e.team_id = :team_id
"""


def withdraw(session: Session, *, resident_id: uuid.UUID) -> dt.date | None:
    """Hide one of the account's residents; return the day of erasure, None if there is none."""
    given = {"id": resident_id}
    found = session.execute(sa.text("SELECT withdraw_resident(CAST(:id AS uuid))"), given)
    erased_on: dt.date | None = found.scalar()
    return erased_on


def undo_withdrawal(session: Session, *, team_id: uuid.UUID, reference: str) -> bool:
    """Take a withdrawal back, for a manager of the team; False: there was none to take back."""
    done = sa.text("SELECT undo_withdrawal(CAST(:team_id AS uuid), CAST(:reference AS text))")
    return bool(session.execute(done, {"team_id": team_id, "reference": reference}).scalar())


def list_withdrawals(session: Session, *, team_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return withdrawn_on and erase_after of each withdrawal, for a manager of the team."""
    listed = sa.text("SELECT * FROM withdrawals(CAST(:team_id AS uuid))")
    return session.execute(listed, {"team_id": team_id}).all()


def erase(session: Session, *, team_id: uuid.UUID, reference: str) -> uuid.UUID | None:
    """Erase a resident, for a manager of the team; return the receipt's id, None if none is."""
    done = sa.text("SELECT erase_resident(CAST(:team_id AS uuid), CAST(:reference AS text))")
    receipt: uuid.UUID | None = session.execute(
        done, {"team_id": team_id, "reference": reference}
    ).scalar()
    return receipt


def erase_all_due(session: Session) -> int:
    """Erase everybody whose day has come, as patchwork_keeper; return how many they were."""
    due = "SELECT count(erase_one(id)) FROM residents WHERE erase_after <= current_date"
    return int(session.execute(sa.text(due)).scalar_one())


def find_receipt(
    session: Session, *, team_id: uuid.UUID, receipt_id: uuid.UUID
) -> sa.Row[Any] | None:
    """Return a receipt: id, erased_at, rows_erased, erased_by (None: on schedule), team_name."""
    one = sa.text(f"{RECEIPT} AND e.id = :id")
    return session.execute(one, {"team_id": team_id, "id": receipt_id}).first()


def find_receipt_of(session: Session, *, team_id: uuid.UUID, digest: bytes) -> sa.Row[Any] | None:
    """Return the receipt of the reference with this digest."""
    one = sa.text(f"{RECEIPT} AND e.reference_digest = :digest ORDER BY e.erased_at DESC")
    return session.execute(one, {"team_id": team_id, "digest": digest}).first()


def list_receipts(session: Session, *, team_id: uuid.UUID, most: int) -> Sequence[sa.Row[Any]]:
    """Return a team's newest receipts."""
    newest = sa.text(f"{RECEIPT} ORDER BY e.erased_at DESC, e.id LIMIT :most")
    return session.execute(newest, {"team_id": team_id, "most": most}).all()
