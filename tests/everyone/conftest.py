"""A town of this module's own, and runs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.database import KEEPER_ROLE, make_engine
from app.everyone import run_queries
from app.everyone.actions import Outcome, Request, Told, match_all
from tests.everyone import town
from tests.people import People

Run = Callable[..., Outcome | None]


@pytest.fixture(scope="module")
def keeper(people: People) -> Iterator[sa.Engine]:
    """Return an engine on that database as the role of scheduled jobs."""
    made = make_engine(people.settings, role=KEEPER_ROLE)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def filled(people: People) -> People:
    """Return the database with a town in it."""
    town.fill(people)
    return people


@pytest.fixture
def run(filled: People, keeper: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a function that matches everybody; what was found is thrown away afterwards."""
    # The town was filled a moment ago: all of it would be done again.
    monkeypatch.setattr(run_queries, "CHANGE_TAKES_S", 0)

    def match(
        *area_codes: str,
        told: Told | None = None,
        at_once: int | None = None,
        **settings: Any,
    ) -> Outcome | None:
        request = Request(area_codes, at_once=at_once)
        return match_all(keeper, filled.settings.model_copy(update=settings), request, told=told)

    yield match
    with filled.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM match_runs"))
