"""What goes wrong is said in one voice: a page for people, problem+json for programs."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.web.conftest import Town
from tests.web.document import Document

NOBODY_THERE = "postgresql+psycopg://nobody@/nothing?host=/nonexistent&port=1"


@pytest.mark.parametrize(
    ("path", "accept", "is_page"),
    [
        ("/no", "text/html,application/xhtml+xml", True),
        ("/no", "*/*", True),
        ("/no", "application/json", False),
        ("/no", "application/json, text/html", True),
        ("/api/no", "text/html", False),
        ("/no.geojson", "text/html", False),
        ("/no.csv", "text/html", False),
        ("/assets/00000000-0000-0000-0000-000000000000", "*/*", True),
    ],
)
def test_not_found(client: TestClient, path: str, accept: str, *, is_page: bool) -> None:
    answer = client.get(path, headers={"accept": accept})
    assert answer.status_code == 404
    if is_page:
        assert Document(answer.text).one("h1").text == "Page not found"
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/assets", "/api/assets", "/matches.csv", "/health"])
def test_addresses_can_only_be_read(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_a_database_that_is_away_is_said_and_nothing_of_it(web_settings: Settings) -> None:
    away = create_app(web_settings.model_copy(update={"database_url": NOBODY_THERE}))
    with TestClient(away) as client:
        answer = client.get("/assets", headers={"accept": "text/html"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
        assert "Try again in a minute" in Document(answer.text).one("main").text
        for path in ("/api/assets", "/assets.geojson", "/health/ready"):
            problem = client.get(path)
            assert problem.status_code == 503
            assert problem.headers["content-type"] == "application/problem+json"
            assert "nonexistent" not in problem.text
        # Alive all the same.
        assert client.get("/health").json() == {"status": "ok"}


def test_ready_means_migrated(client: TestClient, connection: sa.Connection) -> None:
    assert client.get("/health/ready").status_code == 200
    connection.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))
    assert client.get("/health/ready").status_code == 503
    connection.execute(sa.text("DROP TABLE alembic_version"))
    assert client.get("/health/ready").status_code == 503


def test_our_own_fault_is_said_without_details(
    app: FastAPI, town: Town, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("BD1 1HY")

    monkeypatch.setattr("app.assets.actions.list_page", fail)
    with TestClient(app, raise_server_exceptions=False) as client:
        page = client.get("/assets?near=BD1+1HY", headers={"accept": "text/html"})
        problem = client.get("/api/assets?near=BD1+1HY")
    for answer in (page, problem):
        assert answer.status_code == 500
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" in answer.headers
        assert "KeyError" not in answer.text
    assert Document(page.text).one("h1").text == "Something went wrong"
    assert "BD1" not in problem.text


def test_a_statement_the_database_refuses_is_no_500_page_with_sql(
    app: FastAPI, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: sa.Connection, *_: Any, **__: Any) -> None:
        connection.execute(sa.text("SELECT * FROM no_such_table WHERE secret = 'BD1 1HY'"))

    monkeypatch.setattr("app.assets.actions.list_page", fail)
    with TestClient(app) as client:
        answer = client.get("/api/assets")
    assert answer.status_code == 500
    assert "no_such_table" not in answer.text


def test_the_log_keeps_paths_and_no_questions(
    web_settings: Settings,
    connection: sa.Connection,
    town: Town,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    own = create_app(web_settings)  # its log goes to where standard error is now
    own.state.connect = lambda: nullcontext(connection)
    with TestClient(own) as client:
        client.get("/matches?near=BD1+1HY&interest=bowls&home=")
        client.get("/api/matches?near=Nobody+Home&interest=bowls")
    logged = capfd.readouterr().err
    lines = [line for line in logged.splitlines() if '"request"' in line]
    assert len(lines) == 2
    assert '"path":"/matches"' in lines[0]
    assert '"status":422' in lines[1]
    for private in ("BD1", "bowls", "Nobody"):
        assert private not in logged
        assert private.upper() not in caplog.text.upper()


def test_what_is_not_there_is_not_mended_by_other_words(client: TestClient, town: Town) -> None:
    said = "You can go back, or start again from the home page."
    assert said in Document(client.get("/no").text).one("main").text
