"""A connection to work on, and the application served to a real browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Playwright

from tests.people import REFERENCE_A, People

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
START_SECONDS = 60
REASONS = (
    "Boccia: a gentler alternative to bowls. Played sitting down.",
    "They come to you, from 700 m away.",
    "Every Tuesday, 2pm to 3.30pm.",
    "Somewhere to sit down.",
    "Last checked today.",
)


@pytest.fixture
def nothing_stays(people: People) -> Iterator[None]:
    """Take out what a test stored: one place has one open connection."""
    yield
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM connections"))


def match_form(people: People, **values: Any) -> dict[str, Any]:
    """Return the fields a match's button sends."""
    return {
        "asset_id": str(people.club_id),
        "activity_id": str(people.boccia_id),
        "is_visit": "1",
        "interest": ["bowls"],
        "reference": [REFERENCE_A],
        "reason": list(REASONS),
    } | values


@dataclass
class Opened:
    """A connection of home A, and its coordinator's browser."""

    people: People
    client: TestClient
    id: uuid.UUID

    @property
    def path(self) -> str:
        return f"/connections/{self.id}"

    def row(self) -> Any:
        """Return what is stored of it."""
        with self.people.engine.connect() as connection:
            return connection.execute(
                sa.text("SELECT * FROM connections WHERE id = :id"), {"id": self.id}
            ).one()

    def ask(self, sql: str) -> list[Any]:
        """Return the rows of a question about it (`:id`)."""
        with self.people.engine.connect() as connection:
            return list(connection.execute(sa.text(sql), {"id": self.id}).all())


def connect(people: People, who: str = "coordinator_a", **values: Any) -> Opened:
    """Press "Connect" on the boccia match."""
    client = people.client(who)
    answer = client.post("/connections", data=match_form(people, **values))
    assert answer.status_code == 303, answer.text
    where = answer.headers["location"]
    return Opened(people, client, uuid.UUID(where.removeprefix("/connections/")[:36]))


@pytest.fixture
def opened(people: People, nothing_stays: None) -> Opened:
    """The boccia connection of home A, just made by its coordinator."""
    return connect(people)


@pytest.fixture(scope="module")
def served(people: People) -> Iterator[str]:
    """The address of the application, served as `patchwork serve` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)],
        env={**os.environ, "DATABASE_URL": people.settings.database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(process, base)
        yield base
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], base: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(base + "/health", timeout=5):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
    pytest.fail("the server did not start")


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
    yield browser
    browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, served: str, people: People) -> Iterator[OpenPage]:
    """Open a path as somebody; a script error, a refused policy or another host fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened_as(who: str, path: str, *, width: int = 360, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 780},
            base_url=served,
            locale="en-GB",
            **options,
        )
        contexts.append(context)
        context.add_cookies(
            [{"name": people.settings.cookie_name, "value": people.tokens[who], "url": served}]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text)
                # A page about a problem has its status: Chromium says so on the console.
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(served) else wrong.append(asked.url),
        )
        page.goto(path)
        return page

    yield opened_as
    for context in contexts:
        context.close()
    assert not wrong, wrong
