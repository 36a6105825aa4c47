"""`patchwork load oruk`, as people type it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app.cli import cli
from app.settings import get_settings
from tests.importers.oruk.feed_server import Published, publishing
from tests.importers.oruk.own_database import own_engine, own_url
from tests.importers.oruk.records import service
from tests.importers.oruk.test_loading import OSM

__all__ = ["own_engine", "own_url"]

MANY = [service(number) for number in range(24)]


@pytest.fixture(autouse=True)
def _settings(own_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the command line use the same database, and read from this machine."""
    monkeypatch.setenv("DATABASE_URL", own_url)
    monkeypatch.setenv("PATCHWORK_FETCH_ALLOWED", "127.0.0.0/8")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_a_feed_by_its_address_and_its_files(own_engine: sa.Engine, tmp_path: Path) -> None:
    run = CliRunner().invoke
    with publishing(Published(MANY)) as published:
        without = run(cli, ["load", "oruk", published.url])
        assert without.exit_code == 1
        assert "--licence" in str(without.exception or "") + without.output
        assert published.asked == []
        asked = ["load", "oruk", published.url, "--licence", "OGL v3", "--publisher", "A Council"]
        loaded = run(cli, asked)
        assert loaded.exit_code == 0, loaded.output
        assert "24 rows read, 72 new" in loaded.output
        assert "24 unchanged" in run(cli, asked).output or "72 unchanged" in run(cli, asked).output
        published.services = MANY[:3]
        half = run(cli, asked)
        assert half.exit_code == 1
    with own_engine.connect() as connection:
        source = connection.execute(sa.text("SELECT * FROM sources WHERE slug LIKE 'oruk-%'")).one()
    assert (source.slug, source.publisher, source.licence, source.attribution) == (
        "oruk-127-0-0-1", "A Council", "OGL v3", "A Council, licensed under OGL v3")  # fmt: skip


def test_an_export_of_ours_says_itself_on_what_terms(own_engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "export.ndjson"
    ours = [one | {"source": OSM, "organization": one["organization"] | {"source": OSM}}
            for one in MANY[:3]]  # fmt: skip
    path.write_text("".join(json.dumps(one) + "\n" for one in ours))
    loaded = CliRunner().invoke(cli, ["load", "oruk", str(path)])
    assert loaded.exit_code == 0, loaded.output
    with own_engine.connect() as connection:
        licences = connection.execute(sa.text(
            "SELECT DISTINCT s.licence, s.is_share_alike, s.name FROM activities a"
            " JOIN sources s ON s.id = a.source_id"
        )).all()  # fmt: skip
    assert licences == [("ODbL 1.0", True, "OpenStreetMap")]


def test_several_at_once_and_one_that_is_none(own_engine: sa.Engine, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(MANY[0]))
    bad.write_text("<html>")
    done = CliRunner().invoke(cli, ["load", "oruk", str(bad), str(good), "--licence", "OGL v3"])
    assert done.exit_code == 1
    assert "web page" in done.output
    assert "3 new" in done.output
