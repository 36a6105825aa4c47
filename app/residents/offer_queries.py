"""All SQL about skills offered to groups: what may be offered, what is, and what a group sees."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

LIST = sa.text(
    """
    SELECT r.reference, i.concept, i.label, o.id AS offer_id, o.offered_on
    FROM resident_interests x
    JOIN residents r ON r.id = x.resident_id
    JOIN interests i ON i.id = x.interest_id AND NOT i.is_special_category
    LEFT JOIN offers o ON o.resident_id = x.resident_id AND o.interest_id = x.interest_id
    WHERE x.team_id = :team_id AND x.stance = 'could_share'
    ORDER BY o.id IS NULL, i.label, r.reference
    """
)
INSERT = sa.text(
    """
    INSERT INTO offers (team_id, resident_id, interest_id)
    SELECT x.team_id, x.resident_id, x.interest_id
    FROM resident_interests x
    JOIN residents r ON r.id = x.resident_id
    JOIN interests i ON i.id = x.interest_id AND NOT i.is_special_category
    WHERE x.team_id = :team_id AND r.reference = :reference AND i.concept = :concept
      AND x.stance = 'could_share'
    ON CONFLICT (resident_id, interest_id) DO UPDATE SET offered_on = offers.offered_on
    RETURNING id
    """
)
NEAR = sa.text("SELECT home_id, home_name, label, phone FROM offers_near(CAST(:id AS uuid))")


def list_offers(session: Session, *, team_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return what residents could share, and of what is offered its offer_id and offered_on."""
    return session.execute(LIST, {"team_id": team_id}).all()


def insert_offer(
    session: Session, *, team_id: uuid.UUID, reference: str, concept: str
) -> uuid.UUID | None:
    """Offer what a resident could share (twice is once); None: they share nothing like it."""
    given = {"team_id": team_id, "reference": reference, "concept": concept}
    offer_id: uuid.UUID | None = session.execute(INSERT, given).scalar()
    return offer_id


def delete_offer(session: Session, *, team_id: uuid.UUID, offer_id: uuid.UUID) -> bool:
    """End an offer; False: the team has none of that id."""
    gone = sa.text("DELETE FROM offers WHERE id = :id AND team_id = :team_id RETURNING id")
    return session.execute(gone, {"id": offer_id, "team_id": team_id}).first() is not None


def list_offers_near(connection: sa.Connection, *, asset_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return what care homes within 5 km offer a group that shares the interest, for everybody.

    home_id, home_name, label and the home's public phone; never who.
    """
    return connection.execute(NEAR, {"id": asset_id}).all()
