"""What every test may ask for: a real database, the real data, a client, a running server."""

from __future__ import annotations

import asyncio
import os
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import hypothesis
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.orm import Session

from app.database import make_engine, normalise_url
from app.interests.actions import load_vocabulary
from app.settings import Settings
from geo.interests import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from playwright.sync_api import Playwright

    from tests.people import People

# No test is timed: a busy machine must not fail one.
hypothesis.settings.register_profile("patchwork", deadline=None)
hypothesis.settings.load_profile("patchwork")

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]

# A test that wants a worker starts one: none is to change what others look at.
os.environ["PATCHWORK_HAS_WORKER"] = "false"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Open browsers first: the longest files begin early, and short ones fill up both workers."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def _real_data_folder() -> Path:
    return Path(os.environ.get("PATCHWORK_REAL_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session", autouse=True)
def _loop_of_the_browsers(playwright: Playwright) -> Playwright:
    """Start from the first test on the loop that a browser test leaves running in this thread.

    As in a notebook `asyncio.run` fails beside it; which tests follow a browser's is chance.
    """
    return playwright


def run_alone(asked: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine answers, run in a thread that has no loop yet."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asked).result()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real open data; tests that need it are skipped where it is missing."""
    folder = _real_data_folder()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set PATCHWORK_REAL_DATA")
    return folder


@pytest.fixture(scope="session")
def admin_url() -> sa.URL:
    """Return the address of a server on which test databases may be made."""
    given = os.environ.get("DATABASE_URL")
    if not given:
        pytest.fail("set DATABASE_URL to a PostGIS server, or run the suite with: make test")
    return sa.make_url(normalise_url(given))


@contextmanager
def new_database(admin_url: sa.URL) -> Iterator[str]:
    """Yield the address of a new database made by alembic, and drop it afterwards."""
    name = f"patchwork_test_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    url = admin_url.set(database=name)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config = Config(str(ROOT / "alembic.ini"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(scope="session")
def database_url(admin_url: sa.URL) -> Iterator[str]:
    """Return a database for this process alone."""
    with new_database(admin_url) as url:
        yield url


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    """Return settings that point at this process's test database."""
    return Settings(DATABASE_URL=database_url)  # type: ignore[call-arg]  # the alias is the name


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[sa.Engine]:
    """Return an engine on the test database. What is committed through it stays: clean up."""
    made = make_engine(settings)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Return a connection whose transaction is undone after the test."""
    with engine.connect() as opened:
        outer = opened.begin()
        yield opened
        outer.rollback()


@pytest.fixture
def session(connection: sa.Connection) -> Iterator[Session]:
    """Return a session in a savepoint of that transaction: it may commit, nothing stays."""
    with Session(connection, join_transaction_mode="create_savepoint") as opened:
        yield opened


@pytest.fixture
def vocabulary(session: Session) -> Vocabulary:
    """Return the vocabulary, loaded into the database for this test."""
    loaded = load_vocabulary(session)
    session.flush()
    return loaded


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """Fail a test that leaves a non-daemon thread running."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and not t.daemon]
    assert not left, f"threads left running: {left}"


@pytest.fixture(scope="module")
def people(admin_url: sa.URL) -> Iterator[People]:
    """Return a database of this module's own with two homes and somebody in every role."""
    from tests.people import people_in_a_database  # noqa: PLC0415 - it imports from here

    with people_in_a_database(admin_url) as made:
        yield made
