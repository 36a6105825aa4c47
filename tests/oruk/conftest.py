"""The feed of two databases: the sample town, and a small place where everything is awkward."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.console import Console
from sqlalchemy.orm import Session

from app.database import make_engine
from app.demo.actions import DEMO_FOLDER, prepare_demo
from app.interests.actions import load_vocabulary
from app.main import create_app
from app.settings import Settings
from tests.conftest import ROOT, new_database
from tests.oruk.contract import Contract
from tests.oruk.feed import Feed
from tests.oruk.place import Place, store_place

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE_URL = "https://map.example"


@contextmanager
def feed_of(url: str) -> Iterator[Feed]:
    """Yield the feed of a database, asked as other programs ask it."""
    settings = Settings(DATABASE_URL=url, PATCHWORK_BASE_URL=BASE_URL)  # type: ignore[call-arg]
    settings = settings.model_copy(update={"base_url": BASE_URL})
    app, engine = create_app(settings), make_engine(settings)
    try:
        with TestClient(app, base_url=BASE_URL, follow_redirects=False) as client:
            yield Feed(client, engine, settings)
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def contract() -> Contract:
    """Return the published schemas; what needs them is skipped where they are not."""
    data = Path(os.environ.get("PATCHWORK_REAL_DATA", ROOT.parent / "shared" / "data"))
    folder = data.parent / "contracts" / "oruk"
    if not folder.is_dir():
        pytest.skip(f"no published schemas of Open Referral UK at {folder}")
    return Contract(folder)


@pytest.fixture(scope="session")
def town(admin_url: sa.URL) -> Iterator[Feed]:
    """Return the feed of the sample town, loaded as `make run` loads it."""
    with new_database(admin_url) as url:
        settings = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
        prepare_demo(settings, folder=DEMO_FOLDER, console=Console(file=io.StringIO()))
        with feed_of(url) as feed:
            yield feed


@pytest.fixture(scope="module")
def stored(admin_url: sa.URL) -> Iterator[tuple[str, Place]]:
    """Return a database of this module's own with the awkward place in it."""
    with new_database(admin_url) as url:
        engine = make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]
        with Session(engine) as session:
            load_vocabulary(session)
            place = store_place(session)
            session.commit()
        engine.dispose()
        yield url, place


@pytest.fixture(scope="module")
def place(stored: tuple[str, Place]) -> Place:
    return stored[1]


@pytest.fixture(scope="module")
def feed(stored: tuple[str, Place]) -> Iterator[Feed]:
    """Return the feed of the awkward place."""
    with feed_of(stored[0]) as made:
        yield made
