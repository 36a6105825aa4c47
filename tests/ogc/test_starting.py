"""/ogc without a database, without its views, behind a proxy, and asked for too much at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from app.database import APP_ROLE, make_engine
from app.errors import Unavailable
from app.main import create_app
from app.ogc import reading
from app.ogc.reading import Pool, Reader
from app.settings import Settings
from tests.conftest import run_alone
from tests.ogc.conftest import Served

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@contextmanager
def client_of(url: str, **more: str) -> Iterator[TestClient]:
    settings = Settings(DATABASE_URL=url, **more)  # type: ignore[call-arg, arg-type]
    app = create_app(settings)
    yield TestClient(app)
    app.state.engine.dispose()


def url_of(served: Served) -> str:
    return served.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def app_engine(served: Served) -> Iterator[sa.Engine]:
    engine = make_engine(Settings(DATABASE_URL=url_of(served)), role=APP_ROLE)  # type: ignore[call-arg]
    yield engine.execution_options(isolation_level="AUTOCOMMIT")
    engine.dispose()


@pytest.mark.parametrize("path", ["/ogc/collections", "/ogc/collections/assets/items"])
def test_a_database_that_is_away_is_a_503(path: str) -> None:
    with client_of("postgresql://nobody@127.0.0.1:9/nothing") as client:
        assert client.get("/ogc/conformance").status_code == 200
        answer = client.get(path)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "60"


def test_a_database_that_is_not_migrated_is_a_503(admin_url: sa.URL) -> None:
    with client_of(admin_url.set(database="postgres").render_as_string(hide_password=False)) as one:
        assert one.get("/ogc/collections/assets/items").status_code == 503


def test_links_lead_to_where_people_reach_us(served: Served) -> None:
    with client_of(url_of(served), base_url="https://map.example/patchwork") as client:
        page = client.get("/ogc/collections/assets/items?limit=2").json()
        landing = client.get("/ogc/").json()
    links = [link["href"] for one in (page, landing, *page["features"]) for link in one["links"]]
    assert all(link.startswith("https://map.example/patchwork/ogc/") for link in links)
    # On this machine alone: wherever it was asked.
    here = served.get("/collections").json()
    assert here["links"][0]["href"] == f"{served.ogc}/collections"


def test_it_reads_as_the_applications_role_and_cannot_write(app_engine: sa.Engine) -> None:
    reader = Reader(app_engine.connect)
    [row] = run_alone(
        reader.fetch(
            "SELECT current_user::text AS who, current_setting('transaction_read_only') AS only,"
            " current_setting('statement_timeout') AS most, $1::text AS given", "it's $1"
        )
    )  # fmt: skip
    assert row == {"who": APP_ROLE, "only": "on", "most": "5s", "given": "it's $1"}
    with pytest.raises(Exception, match="cannot insert multiple commands"):
        run_alone(reader.fetch("SELECT 1; SELECT 2"))
    # Nothing is left behind on the connection.
    with app_engine.connect() as connection:
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "15s"
        assert connection.execute(sa.text("SHOW transaction_read_only")).scalar_one() == "off"


def test_what_takes_too_long_is_ended(
    app_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "TIME_LIMIT_MS", 50)
    with pytest.raises(Exception, match="statement timeout"):
        run_alone(Reader(app_engine.connect).fetch("SELECT pg_sleep(5)"))


def test_few_ask_at_once(app_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WAIT_S", 0.05)

    async def ask() -> None:
        pool = Pool(app_engine.connect)
        async with pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire():
            with pytest.raises(Unavailable):
                async with pool.acquire():
                    pass
        async with pool.acquire():
            pass

    run_alone(ask())
