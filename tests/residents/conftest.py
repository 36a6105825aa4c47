"""Residents for these tests: each test keeps its own, so none depends on another."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Stance
from app.residents.references import new_reference
from tests.people import People, make_resident

Keep = Callable[..., str]


@pytest.fixture
def keep(people: People) -> Keep:
    """Return a function that stores a resident of a team and returns the reference."""

    def kept(
        interests: dict[str, Stance] | None = None, *, team: str = "a", **values: object
    ) -> str:
        reference = new_reference()
        with Session(people.engine) as session:
            make_resident(session, people.teams[team], reference, interests or {}, **values)
            session.commit()
        return reference

    return kept


def row_of(people: People, reference: str) -> sa.Row[tuple[object, ...]] | None:
    """Return a resident's row as its owner sees it, withdrawn or not."""
    with people.engine.connect() as connection:
        return connection.execute(
            sa.text("SELECT * FROM residents WHERE reference = :r"), {"r": reference}
        ).first()


def stances_of(people: People, reference: str) -> dict[str, str]:
    """Return the stored stance of each interest by its concept."""
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT i.concept, x.stance::text AS stance FROM resident_interests x"
                " JOIN residents r ON r.id = x.resident_id JOIN interests i ON i.id = x.interest_id"
                " WHERE r.reference = :r"
            ),
            {"r": reference},
        )
        return {row.concept: row.stance for row in rows}


def id_of(people: People, reference: str) -> uuid.UUID:
    """Return a resident's id."""
    row = row_of(people, reference)
    assert row is not None
    assert isinstance(row.id, uuid.UUID)
    return row.id


def change(people: People, sql: str, **given: object) -> None:
    """Change something as the owner, who sees everything."""
    with people.engine.begin() as connection:
        connection.execute(sa.text(sql), given)
