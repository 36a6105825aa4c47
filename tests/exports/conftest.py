"""A town with names that want to be formulas, and its files."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.database import make_engine
from app.interests.actions import load_vocabulary
from app.main import create_app
from app.models import LocationSource
from app.settings import Settings
from tests import builders
from tests.conftest import new_database
from tests.web.conftest import store_town

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HOSTILE = (
    "=1+1", "+44 1274 555", "@sum(a1)", "-2+3", "'=1+1", "''=x", "'tis a club", "_x0041_ club",
    '=HYPERLINK("http://evil.example","x")', "=cmd|' /C calc'!A0", "#N/A", "<b>bold</b> & ]]>",
    "Caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{HOT BEVERAGE}", "=1+1; Drop Table",
    "007", "1e5", "TRUE",
)  # fmt: skip


@dataclass
class Taken:
    app: FastAPI
    engine: sa.Engine
    client: Any
    folder: Path

    def get(self, path: str) -> bytes:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        content: bytes = answer.content
        return content

    def file(self, path: str) -> Path:
        """Return the file at an address, on the disk."""
        kept = self.folder / path.lstrip("/").replace("?", "_").replace("=", "_")
        ending = path.partition("?")[0].rpartition(".")[2]
        kept = kept.with_name(f"{kept.stem}.{ending}")
        kept.write_bytes(self.get(path))
        return kept

    def ids(self, view: str, condition: str = "true") -> set[str]:
        with self.engine.connect() as connection:
            return set(
                connection.execute(
                    sa.text(
                        f"SELECT v.id::text FROM {view} v JOIN sources s ON s.id = v.source_id"
                        f" WHERE {condition}"
                    )
                ).scalars()
            )


@pytest.fixture(scope="module")
def taken(admin_url: sa.URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    with new_database(admin_url) as url:
        settings = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
        engine = make_engine(settings)
        with Session(engine) as session:
            load_vocabulary(session)
            store_town(session)
            for number, name in enumerate(HOSTILE):
                builders.make_asset(
                    session, name, at=(-1.75, 53.79 + number / 1000), description=name,
                    website="https://x.example", phone="+44 1274 555010",
                    checked_on=dt.date(2026, 1, 2),
                )  # fmt: skip
            builders.make_asset(
                session, "By telephone", at=None, location_source=LocationSource.NONE
            )
            builders.make_asset(
                session, "Hidden number", phone="01274 999 0000", is_contact_public=False
            )
            session.commit()
        app = create_app(settings)
        yield Taken(app, engine, TestClient(app), tmp_path_factory.mktemp("taken"))
        app.state.engine.dispose()
        engine.dispose()
