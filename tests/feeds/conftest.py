"""A feed to read, stored, and the application that may reach this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.feeds import kinds
from app.main import create_app
from app.models import FeedKind
from app.settings import Settings
from tests.connections.conftest import chromium, open_page, served
from tests.feeds.web_feed import WebFeed, read_lines, serving
from tests.people import People

__all__ = ["chromium", "open_page", "served"]


@pytest.fixture(autouse=True)
def _reads_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in FeedKind:
        monkeypatch.setitem(kinds.REFRESHERS, kind, read_lines)


@pytest.fixture
def web_feed() -> Iterator[WebFeed]:
    with serving(WebFeed()) as feed:
        yield feed


@pytest.fixture(scope="module")
def open_settings(people: People) -> Settings:
    """The settings of an installation that may fetch from this machine."""
    return people.settings.model_copy(update={"fetch_allowed": "127.0.0.0/8"})


@pytest.fixture(autouse=True, scope="module")
def _served_openly(people: People, open_settings: Settings) -> Iterator[None]:
    """Serve the people's application with those settings."""
    before = people.app
    people.app = create_app(open_settings)
    with pytest.MonkeyPatch.context() as patch:
        # For the server that browsers ask, which is a process of its own.
        patch.setenv("PATCHWORK_FETCH_ALLOWED", "127.0.0.0/8")
        yield
    people.app.state.engine.dispose()
    people.app = before


StoreFeed = Callable[..., int]


@pytest.fixture
def store_feed(people: People) -> Iterator[StoreFeed]:
    """Return a function that stores a feed; all feeds and jobs go at the end."""

    def store(url: str, **values: Any) -> int:
        given = {"kind": "oruk", "name": "Town directory", "url": url, "publisher": "Town council",
                 "licence": "OGL v3.0", "attribution": "Contains information from Town council",
                 "every_hours": 24} | values  # fmt: skip
        names = ", ".join(given)
        marks = ", ".join(f":{name}" for name in given)
        with people.engine.begin() as connection:
            return int(
                connection.execute(
                    sa.text(f"INSERT INTO feeds ({names}) VALUES ({marks}) RETURNING id"),
                    given,
                ).scalar_one()
            )

    yield store
    with people.engine.begin() as connection:
        for table in ("feeds", "job_runs", "jobs.procrastinate_jobs"):
            connection.execute(sa.text("SET LOCAL search_path = jobs, public"))
            connection.execute(sa.text(f"DELETE FROM {table}"))


def row_of(people: People, feed_id: int) -> sa.Row[Any]:
    """Return a feed as it is stored."""
    with people.engine.connect() as connection:
        found = connection.execute(sa.text("SELECT * FROM feeds WHERE id = :id"), {"id": feed_id})
        return found.one()
