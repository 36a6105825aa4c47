"""Erasing: now, for a manager; on schedule, for everybody whose thirty days are over."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from app.errors import NotFound
from app.residents import leaving_queries as queries
from app.residents.references import NOTHING_HERE


def erase_due(session: Session) -> int:
    """Erase every withdrawn resident whose day has come; return how many they were.

    For scheduled jobs: the session's connection works as patchwork_keeper.
    """
    return queries.erase_all_due(session)


def erase_now(session: Session, *, team_id: uuid.UUID, reference: str) -> uuid.UUID:
    """Erase a resident, withdrawn or not, and return the receipt's id.

    Raises NotFound where the account manages no such team, or the team has no such resident.
    """
    receipt_id = queries.erase(session, team_id=team_id, reference=reference)
    if receipt_id is None:
        raise NotFound(NOTHING_HERE)
    return receipt_id


def receipt_number(receipt_id: uuid.UUID) -> str:
    """Return a receipt's number as it is read out."""
    digits = receipt_id.hex[:8].upper()
    return f"{digits[:4]}-{digits[4:]}"
