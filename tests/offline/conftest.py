"""The sample town behind a poor line, and a phone with a profile of its own for each test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.serving import Demo, serve_demo
from tests.offline.phone import Phone, database, phone_at
from tests.offline.poor_line import PoorLine


@pytest.fixture(scope="session")
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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 64 MB: a phone that is nearly full, really."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a full phone needs a small disk, and only root may mount one here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(autouse=True)
def _forget(demo: Demo) -> Iterator[None]:
    """Take away what a test's phone sent: each starts with the town as it was."""
    yield
    with database(demo.url) as connection:
        for statement in (
            "DELETE FROM photos",
            "DELETE FROM submissions",
            "DELETE FROM assets a USING sources s"
            " WHERE s.id = a.source_id AND s.slug = 'fieldwork'",
        ):
            connection.execute(sa.text(statement))
