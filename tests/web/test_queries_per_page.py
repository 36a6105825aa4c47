"""How often a page asks the database: bounded, however much it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests import builders
from tests.web.conftest import Town

# Names of interests and sources are kept in memory: the first page after a start asks more.
MOST = {
    "/": 1,
    "/assets": 2,
    "/assets?near=BD1+1HY&interest=bowls&ward=E05001347": 4,
    "/assets.geojson": 1,
    "/assets.geojson?bbox=-2,53,-1,54": 1,
    "/assets.csv": 1,
    "/api/assets": 1,
    # What homes offer it, how many share its interest, its photos: a question each.
    "/assets/{club}": 8,
    # The districts, and of the wards of one: what is published, what is there, the themes.
    "/wards": 4,
    "/wards?district=E08000032&measure=groups:sport&sort=-checked_share": 4,
    "/wards/map?district=E08000032": 4,
    "/wards.csv": 4,
    # Its whole report: wards around it, figures, places, sessions, walks, gaps, changes.
    "/wards/E05001347": 12,
    "/api/wards/E05001347": 12,
    "/wards/boundaries?near=BD1+1HY": 6,
    "/wards/E05001347.csv": 2,
    "/wards/E05001347/map": 4,
    # One of them: whether there are ways on foot to measure along (tests/matches/test_minutes.py).
    "/matches?near=BD1+1HY&interest=bowls&interest=reading": 3,
    "/api/matches?near=BD1+1HY&interest=bowls": 3,
    "/api/matches?lon=-1.75&lat=53.79&interest=bowls": 2,
    "/health": 0,
}


@contextmanager
def counted(connection: sa.Connection) -> Iterator[list[str]]:
    asked: list[str] = []

    def remember(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    sa.event.listen(connection, "before_cursor_execute", remember)
    try:
        yield asked
    finally:
        sa.event.remove(connection, "before_cursor_execute", remember)


@pytest.mark.parametrize("address", MOST)
def test_queries(
    client: TestClient, town: Town, session: Session, connection: sa.Connection, address: str
) -> None:
    for number in range(30):
        asset = builders.make_asset(
            session, f"Bowls club {number}", at=(-1.75, 53.79), interests=["bowls"]
        )
        builders.make_activity(session, f"Bowls {number}", asset, interests=["bowls"])
    session.flush()
    filled = address.format(club=town.club.id)
    client.get(filled)
    with counted(connection) as asked:
        assert client.get(filled).status_code == 200
    assert len(asked) <= MOST[address], "\n".join(asked)
