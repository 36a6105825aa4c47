"""A database of its own with a group, and a server with its calendar."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import builders
from tests.calendars.calendar_feeds import Served, serving
from tests.people import People


@pytest.fixture
def served() -> Iterator[Served]:
    """Return a server on this machine that serves whatever a test puts there."""
    with serving() as made:
        yield made


@pytest.fixture
def group_id(people: People) -> Iterator[uuid.UUID]:
    """Return a group in Ilkley; it goes with everything its feeds brought."""
    with Session(people.engine) as session:
        group = builders.make_asset(session, "Ilkley friends", at=(-1.8223, 53.9250))
        session.commit()
        identifier = group.id
    yield identifier
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM assets WHERE id = :i"), {"i": identifier})
