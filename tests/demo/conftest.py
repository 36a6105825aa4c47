"""The sample town in a database of its own, loaded as `make run` loads it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from rich.console import Console

from app.demo.actions import DEMO_FOLDER, prepare_demo
from app.settings import Settings
from tests.conftest import new_database


@pytest.fixture(scope="session")
def town(admin_url: sa.URL) -> Iterator[Settings]:
    with new_database(admin_url) as url:
        settings = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
        prepare_demo(settings, folder=DEMO_FOLDER, console=Console(file=io.StringIO()))
        yield settings
