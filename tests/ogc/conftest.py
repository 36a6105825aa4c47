"""A town with more places than a page has, and the application on a real port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import make_engine
from app.interests.actions import load_vocabulary
from app.models import AssetKind, LocationSource
from app.settings import Settings
from tests import builders
from tests.benchmarks.serving import HOST
from tests.benchmarks.serving import served as serving
from tests.conftest import new_database
from tests.web.conftest import store_town

MORE = 230


@dataclass
class Served:
    """The address of the application, and the database it shows (as its owner)."""

    address: str
    engine: sa.Engine
    client: httpx.Client

    @property
    def ogc(self) -> str:
        return f"{self.address}/ogc"

    def get(self, path: str, **params: str | int) -> httpx.Response:
        return self.client.get(f"{self.ogc}{path}", params=params or None)

    def rows(self, statement: str) -> list[sa.Row[Any]]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(statement)))


@pytest.fixture(scope="session")
def served(admin_url: sa.URL) -> Iterator[Served]:
    with new_database(admin_url) as url:
        settings = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
        engine = make_engine(settings)
        with Session(engine) as session:
            load_vocabulary(session)
            store_town(session)
            for number in range(MORE):
                at = (-1.80 + number * 0.0004, 53.75 + (number % 17) * 0.003)
                builders.make_asset(session, f"Place {number}", at=at, kind=AssetKind.VENUE)
            builders.make_asset(
                session, "By telephone", at=None, location_source=LocationSource.NONE
            )
            builders.make_asset(
                session,
                "Hidden number",
                phone="01274 999 0000",
                email="hidden@x.example",
                is_contact_public=False,
            )
            session.commit()
        # A process of its own: GDAL in ours would wait for itself.
        with (
            serving(
                "tests.benchmarks.ours:make", environment={"DATABASE_URL": url}, is_factory=True
            ) as server,
            httpx.Client(timeout=30) as client,
        ):
            yield Served(f"http://{HOST}:{server.port}", engine, client)
        engine.dispose()
