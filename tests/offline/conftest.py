"""The sample town behind a poor line, and a phone with a profile of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.serving import Demo, serve_demo
from tests.offline.phone import Phone, phone_at
from tests.offline.poor_line import PoorLine


@pytest.fixture(scope="module")
def demo(admin_url: sa.URL) -> Iterator[Demo]:
    with serve_demo(admin_url) as made:
        yield made


@pytest.fixture
def line(demo: Demo) -> Iterator[PoorLine]:
    made = PoorLine(demo.base)
    yield made
    made.go_down()


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, line: PoorLine) -> Iterator[Phone]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    with phone_at(playwright, tmp_path / "profile", line) as made:
        yield made


@pytest.fixture(autouse=True)
def _forget(demo: Demo) -> Iterator[None]:
    """Take away what a test's phone sent: each starts with the town as it was."""
    yield
    engine = sa.create_engine(demo.url)
    with engine.begin() as connection:
        for statement in (
            "DELETE FROM photos",
            "DELETE FROM submissions",
            "DELETE FROM assets a USING sources s"
            " WHERE s.id = a.source_id AND s.slug = 'fieldwork'",
        ):
            connection.execute(sa.text(statement))
    engine.dispose()
