"""A database of a test module's own, for what commits: emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import make_engine
from app.interests.actions import load_vocabulary
from app.settings import Settings
from tests.conftest import new_database

__all__ = ["own_engine", "own_url"]

_EMPTIED = "TRUNCATE assets, sources, import_runs, term_mappings RESTART IDENTITY CASCADE"


@pytest.fixture(scope="module")
def own_url(admin_url: sa.URL) -> Iterator[str]:
    with new_database(admin_url) as url:
        yield url


@pytest.fixture
def own_engine(own_url: str) -> Iterator[sa.Engine]:
    """Return an engine on it: empty but for the vocabulary."""
    made = make_engine(Settings(DATABASE_URL=own_url))  # type: ignore[call-arg]
    with Session(made) as session:
        session.execute(sa.text(_EMPTIED))
        load_vocabulary(session)
        session.commit()
    yield made
    made.dispose()
