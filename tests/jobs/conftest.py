"""A database of this module's own for jobs, and a worker that ends when nothing waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs.worker import work
from app.settings import Settings
from tests.conftest import run_alone
from tests.connections.conftest import chromium, open_page, served
from tests.people import People

__all__ = ["chromium", "open_page", "served"]


@pytest.fixture(autouse=True)
def _no_jobs_left(people: People) -> Iterator[None]:
    yield
    with people.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL search_path = jobs, public"))
        for table in (
            "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers",
            "job_runs", "feeds",
        ):  # fmt: skip
            connection.execute(sa.text(f"DELETE FROM {table}"))


def run_worker(settings: Settings) -> None:
    """Do what waits, then end."""
    run_alone(work(settings, is_forever=False))


def rows(people: People, sql: str, **values: Any) -> list[sa.Row[Any]]:
    """Return rows as the owner sees them."""
    with people.engine.connect() as connection:
        return list(connection.execute(sa.text(sql), values).all())


def do(people: People, sql: str, **values: Any) -> None:
    """Change something as the owner."""
    with people.engine.begin() as connection:
        # The queue's triggers look for its tables there.
        connection.execute(sa.text("SET LOCAL search_path = jobs, public"))
        connection.execute(sa.text(sql), values)
