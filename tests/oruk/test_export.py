"""`patchwork export oruk`: the same records as the addresses give, in one file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.errors import BadSetting
from app.settings import get_settings
from tests.oruk.conftest import BASE_URL
from tests.oruk.feed import Feed


@pytest.fixture
def _this_database(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", feed.settings.database_url)
    monkeypatch.setenv("PATCHWORK_BASE_URL", BASE_URL)
    get_settings.cache_clear()
    monkeypatch.setattr("app.oruk.cli.get_settings", get_settings.__wrapped__)


@pytest.mark.usefixtures("_this_database")
def test_lines_are_what_the_addresses_give(feed: Feed, tmp_path: Path) -> None:
    file = tmp_path / "feed.ndjson"
    done = CliRunner().invoke(cli, ["export", "oruk", str(file)])
    assert done.exit_code == 0, done.output
    assert "9 services are in" in done.output
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert records == [feed.json(f"/services/{one['id']}") for one in feed.all("/services")]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.usefixtures("_this_database")
def test_one_json_file(feed: Feed, tmp_path: Path) -> None:
    file = tmp_path / "feed.json"
    assert CliRunner().invoke(cli, ["export", "oruk", str(file)]).exit_code == 0
    content = json.loads(file.read_text())
    assert content["services"] == feed.all("/services", full="true")
    assert content["organizations"] == feed.all("/organizations", full="true")


@pytest.mark.usefixtures("_this_database")
def test_another_ending_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["export", "oruk", str(tmp_path / "feed.csv")])
    assert isinstance(done.exception, BadSetting)
    assert list(tmp_path.iterdir()) == []
