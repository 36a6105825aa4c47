"""Two entries to decide about, and the application served to a real browser."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.duplicates.actions import find_all
from tests.connections.conftest import chromium, open_page, served
from tests.duplicates.pairs import make_two
from tests.people import People

__all__ = ["chromium", "open_page", "served"]


@dataclass(frozen=True)
class Stored:
    """Ids of two stored entries, and the address of their page."""

    people: People
    council: uuid.UUID
    other: uuid.UUID

    @property
    def path(self) -> str:
        one, other = sorted((self.council, self.other))
        return f"/duplicates/{one}/{other}"

    def letter(self, asset_id: uuid.UUID) -> str:
        """What the page calls one of the two."""
        return "A" if asset_id == min(self.council, self.other) else "B"

    def name(self, letter: str) -> object:
        """Return the name of the one that the page calls so."""
        column = "council" if letter == self.letter(self.council) else "other"
        return self.value(f"SELECT name FROM assets WHERE id = :{column}")

    def value(self, sql: str) -> object:
        """Return one value; `:council` and `:other` are the ids."""
        with self.people.engine.connect() as connection:
            return connection.execute(
                sa.text(sql), {"council": self.council, "other": self.other}
            ).scalar_one()


Store = Callable[..., Stored]


@pytest.fixture
def store(people: People) -> Iterator[Store]:
    """Return a function that stores a pair and finds it; all of it goes at the end."""
    made: list[uuid.UUID] = []

    def stored(**options: object) -> Stored:
        with Session(people.engine) as session:
            two = make_two(session, **options)  # type: ignore[arg-type]  # as it is called here
            ids = (two.council.id, two.other.id)
            made.extend(ids)
            find_all(session)
            session.commit()
        return Stored(people, *ids)

    yield stored
    with people.engine.begin() as connection:
        for statement in (
            "UPDATE assets SET duplicate_of = NULL WHERE id = ANY(:ids)",
            "DELETE FROM activities WHERE organizer_id = ANY(:ids)",
            "UPDATE asset_changes SET undoes = NULL WHERE asset_id = ANY(:ids)",
            "DELETE FROM assets WHERE id = ANY(:ids)",
        ):
            connection.execute(sa.text(statement), {"ids": made})


@pytest.fixture
def stored(store: Store) -> Stored:
    """A library the map has twice."""
    return store()
