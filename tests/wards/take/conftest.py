"""The sample town, loaded once, served once, and the ward to take away."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from playwright.sync_api import Browser, Playwright
from sqlalchemy.orm import Session

from app.areas import actions
from app.areas.access_actions import refresh_each
from app.areas.report import WardReport, read_report
from app.assets.actions import NameCache
from app.assets.schemas import Names
from app.database import make_engine
from app.importers.folder import load_folder
from app.interests.actions import load_vocabulary
from app.main import create_app
from app.parameters import today
from app.settings import Settings
from tests.browser.conftest import CHROMIUM, QUIET
from tests.conftest import ROOT, new_database

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "https://map.example.org"
CODE = "E05999002"
START_SECONDS = 120
# Into everything a publisher, a mapper or a suggestion can put a word into.
HOSTILE = '<script>alert(1)</script> `${x}` "O\'Neill" & =1+1 $\\frac{$ مركز'
FORMULA = '=HYPERLINK("http://evil.example","x")'


@dataclass(frozen=True)
class Taken:
    """The application on the sample town, and what it says of the ward."""

    app: FastAPI
    client: TestClient
    engine: sa.Engine
    url: str
    kept: dict[str, bytes] = field(default_factory=dict)

    def report(self) -> WardReport:
        with self.engine.connect() as connection:
            ward = actions.get_ward(connection, gss_code=CODE, release=None)
            walking = self.app.state.walking.get(connection)
            return read_report(connection, ward, self.names(), today=today(), walking=walking)

    def names(self) -> Names:
        with self.engine.connect() as connection:
            return NameCache().get(connection)

    def get(self, path: str) -> bytes:
        """Return a file of the ward; unchanged, it is made once."""
        if path in self.kept and self.app.state.is_unchanged:
            return self.kept[path]
        answer = self.client.get(f"/wards/{CODE}{path}")
        assert answer.status_code == 200, answer.text[:500]
        content: bytes = answer.content
        if self.app.state.is_unchanged:
            self.kept[path] = content
        return content


@pytest.fixture(scope="session")
def sample_url(admin_url: sa.URL) -> Iterator[str]:
    """A database with the sample town; a part of it is under a share-alike licence."""
    with new_database(admin_url) as url:
        made = make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]  # the alias
        with Session(made) as session:
            load_vocabulary(session)
            session.commit()
        load_folder(made, ROOT / "data" / "sample")
        # What is worked out hourly is there from the start: no test sees it come.
        refresh_each(made)
        with made.begin() as connection:
            connection.execute(
                sa.text(
                    "UPDATE sources SET is_share_alike = true, licence = 'ODbL 1.0',"
                    " attribution = '© OpenStreetMap contributors' WHERE slug = 'osm'"
                )
            )
            connection.execute(
                sa.text("UPDATE sources SET attribution = 'Made by ' || name WHERE slug <> 'osm'")
            )
        made.dispose()
        yield url


@pytest.fixture(scope="session")
def taken(sample_url: str) -> Iterator[Taken]:
    settings = Settings(DATABASE_URL=sample_url, PATCHWORK_BASE_URL=BASE)  # type: ignore[call-arg]
    app = create_app(settings.model_copy(update={"base_url": BASE}))
    engine = make_engine(settings)
    app.state.is_unchanged = True
    with TestClient(app, follow_redirects=False) as client:
        yield Taken(app, client, engine, sample_url)
    engine.dispose()
    app.state.engine.dispose()


@pytest.fixture
def hostile(taken: Taken) -> Iterator[Taken]:
    """The same with words nobody should run, in the ward and everything in it."""
    changes = (
        ("areas", f"gss_code = '{CODE}'"),
        ("sources", "true"),
        ("assets", "kind = 'care_home'"),
        ("assets", "kind = 'venue'"),
    )
    with taken.engine.begin() as connection:
        before = {
            table: connection.execute(sa.text(f"SELECT id, name FROM {table}")).all()
            for table in dict(changes)
        }
        for table, which in changes:
            words = FORMULA if which == "kind = 'venue'" else HOSTILE
            connection.execute(
                sa.text(f"UPDATE {table} SET name = :words WHERE {which}"), {"words": words}
            )
        attributions = connection.execute(sa.text("SELECT id, attribution FROM sources")).all()
        connection.execute(sa.text("UPDATE sources SET attribution = :words"), {"words": HOSTILE})
    # Names are kept for ten seconds.
    taken.app.state.names, taken.app.state.is_unchanged = NameCache(), False
    yield taken
    with taken.engine.begin() as connection:
        for table, rows in before.items():
            for row in rows:
                connection.execute(
                    sa.text(f"UPDATE {table} SET name = :name WHERE id = :id"), row._asdict()
                )
        for row in attributions:
            connection.execute(
                sa.text("UPDATE sources SET attribution = :attribution WHERE id = :id"),
                row._asdict(),
            )
    taken.app.state.names, taken.app.state.is_unchanged = NameCache(), True


@pytest.fixture(scope="module")
def served(sample_url: str) -> Iterator[str]:
    """The address of the application, served as `patchwork serve` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)],
        env={**os.environ, "DATABASE_URL": sample_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while not _answers(base):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("the server did not start")
            time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
        yield base
    finally:
        process.terminate()
        process.wait()


def _answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(base + "/health", timeout=5):  # noqa: S310 - our own
            return True
    except OSError:
        return False


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
    yield browser
    browser.close()
