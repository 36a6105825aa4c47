from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.fetching.client import Fetcher
from app.importers.options import ReadOptions
from app.importers.oruk.fetching import read_feed
from app.importers.oruk.loading import load_oruk
from app.importers.oruk.polite import Manners
from app.importers.records import Report, SourceInfo
from app.settings import Settings
from tests.importers.oruk.feed_server import Published

INFO = SourceInfo("feed-1", "A council", "The Council", "OGL v3", "The Council, OGL v3")
QUICK = Manners(pause_s=0, waits_s=(0,), sleep=lambda _seconds: None)
Load = Callable[..., Report]


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher.of(Settings(fetch_allowed="127.0.0.0/8"))


@pytest.fixture
def load(connection: sa.Connection, tmp_path: Path) -> Load:
    """Return a way to load services, documents or the words of a file as one feed."""

    def load_services(what: list[Any] | bytes, **options: Any) -> Report:
        path = tmp_path / "services.ndjson"
        lines = "".join(json.dumps(one) + "\n" for one in what) if isinstance(what, list) else what
        path.write_bytes(lines.encode() if isinstance(lines, str) else lines)
        given: dict[str, Any] = {"info": INFO} | options
        chosen = ReadOptions(**given)
        return load_oruk(connection, path, options=chosen)

    return load_services


@pytest.fixture
def load_feed(connection: sa.Connection, tmp_path: Path, fetcher: Fetcher) -> Load:
    """Return a way to read what a server publishes, and load it."""

    def load_published(published: Published, **options: Any) -> Report:
        path = tmp_path / "fetched.ndjson"
        found = read_feed(fetcher, published.url, path, manners=QUICK)
        given: dict[str, Any] = {"info": INFO, "is_partial": not found.is_whole} | options
        chosen = ReadOptions(**given)
        return load_oruk(connection, path, options=chosen)

    return load_published
