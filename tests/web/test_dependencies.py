"""A write is committed before its answer leaves, or the answer is no success."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.dependencies import Reading, Writing
from app.main import create_app
from app.settings import Settings

# A check that only fails at the commit, as a unique key of two sessions would.
LATE_CHECK = """
CREATE TABLE notes (id int PRIMARY KEY, other int REFERENCES notes DEFERRABLE INITIALLY DEFERRED)
"""


@pytest.fixture
def writing_app(web_settings: Settings, engine: sa.Engine) -> Iterator[FastAPI]:
    made = create_app(web_settings)

    @made.get("/write/{number}/{other}")
    def write(number: int, other: int, session: Writing) -> dict[str, bool]:
        session.execute(
            sa.text("INSERT INTO notes VALUES (:number, :other)"),
            {"number": number, "other": other},
        )
        return {"is_saved": True}

    @made.get("/count")
    def count(connect: Reading) -> int:
        with connect() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM notes")).scalar_one())

    with engine.begin() as connection:
        connection.execute(sa.text(LATE_CHECK))
        connection.execute(sa.text("GRANT SELECT, INSERT ON notes TO patchwork_app"))
    yield made
    made.state.engine.dispose()
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE notes"))


def test_a_commit_that_fails_is_no_success(writing_app: FastAPI) -> None:
    with TestClient(writing_app, raise_server_exceptions=False) as client:
        assert client.get("/write/1/1").json() == {"is_saved": True}
        assert client.get("/write/2/99").status_code == 500
        assert client.get("/count").json() == 1


def test_what_was_answered_is_there_for_everybody(writing_app: FastAPI, engine: sa.Engine) -> None:
    with TestClient(writing_app) as client:
        client.get("/write/1/1")
        with engine.connect() as other:
            assert other.execute(sa.text("SELECT count(*) FROM notes")).scalar_one() == 1


def test_reading_opens_no_transaction(writing_app: FastAPI) -> None:
    with writing_app.state.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        driver = connection.connection.driver_connection
        assert driver.autocommit
        assert driver.info.transaction_status.name == "IDLE"
    # And the same engine still writes in transactions.
    with writing_app.state.engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        assert not connection.connection.driver_connection.autocommit
