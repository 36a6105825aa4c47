"""The sample town served as `make run` serves it, and a browser to look at it."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Playwright
from sqlalchemy.orm import Session

from app.accounts.tokens import digest_of, new_token
from app.models import SignInSession
from tests.browser.conftest import CHROMIUM, QUIET
from tests.conftest import new_database

START_SECONDS = 120


@dataclass
class Demo:
    """A running demonstration: where it is, and its database."""

    base: str
    url: str

    def cookie_of(self, name: str) -> dict[str, str]:
        """Return the cookie of somebody signed in, without going through the sign-in page."""
        token = new_token()
        engine = sa.create_engine(self.url)
        with Session(engine) as session:
            account_id = session.execute(
                sa.text("SELECT id FROM accounts WHERE name = :name"), {"name": name}
            ).scalar_one()
            ends = dt.datetime.now(tz=dt.UTC) + dt.timedelta(hours=1)
            session.add(
                SignInSession(digest=digest_of(token), account_id=account_id, expires_at=ends)
            )
            session.commit()
        engine.dispose()
        return {"name": "patchwork", "value": token, "url": self.base}


@contextmanager
def serve_demo(admin_url: sa.URL) -> Iterator[Demo]:
    """Yield the sample town in a database of its own, served by a process of its own."""
    with new_database(admin_url) as url:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        start = "from app.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", start, "demo", "--serve", "--port", str(port)],
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        demo = Demo(f"http://127.0.0.1:{port}", url)
        try:
            _wait(process, demo.base)
            yield demo
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
    pytest.fail("the demonstration did not start")


@contextmanager
def launch(playwright: Playwright) -> Iterator[Browser]:
    """Yield a browser with a fresh profile."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
    yield browser
    browser.close()
