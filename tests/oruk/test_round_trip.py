"""Out and in again: another Patchwork that reads our feed says exactly what we say.

Two databases: the sample town, and one with only its wards and postcodes. Over a file, and over
HTTP as a feed that is read regularly. Only `last_modified` (when *that* database wrote it) and
`source` (a feed passes on what it has from others) may differ.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from rich.console import Console
from typer.testing import CliRunner

from app.cli import cli
from app.database import make_engine
from app.demo.actions import DEMO_FOLDER, prepare_demo
from app.feeds.actions import refresh_feed
from app.feeds.refreshing import Outcome
from app.models import RunStatus
from app.settings import Settings, get_settings
from tests.calendars.calendar_feeds import add_feed
from tests.conftest import new_database
from tests.oruk.serving import serving

# An organizer that has no place, with what happens there; and one with a single odd day.
AWKWARD = (
    """
    UPDATE assets SET geom = NULL, location_source = 'none', ward_code = NULL, address = NULL,
      postcode = NULL, access = NULL, opening_hours = NULL
    WHERE id = (SELECT organizer_id FROM activities WHERE venue_id IS NULL AND gone_at IS NULL
                AND organizer_id NOT IN (SELECT venue_id FROM activities
                                         WHERE venue_id IS NOT NULL)
                GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)
    """,
    """
    UPDATE schedules SET exdates = ARRAY[date '2026-12-22'], rrule = rrule || ';INTERVAL=2'
    WHERE id = (SELECT min(id) FROM schedules WHERE rrule = 'FREQ=WEEKLY;BYDAY=TU')
    """,
)


class Towns(NamedTuple):
    """The addresses of two databases."""

    town: str
    other: str


def _engine(url: str) -> sa.Engine:
    return make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]  # the alias is the name


@pytest.fixture(scope="module")
def towns(admin_url: sa.URL) -> Iterator[Towns]:
    """Return the sample town, and a copy of it with its wards and postcodes and no places."""
    with new_database(admin_url) as town:
        settings = Settings(DATABASE_URL=town)  # type: ignore[call-arg]  # the alias is the name
        prepare_demo(settings, folder=DEMO_FOLDER, console=Console(file=io.StringIO()))
        engine = _engine(town)
        with engine.begin() as connection:
            for statement in AWKWARD:
                assert connection.execute(sa.text(statement)).rowcount == 1
        engine.dispose()
        name = sa.make_url(town).database
        admin = sa.create_engine(admin_url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}_other TEMPLATE {name}"))
        other = sa.make_url(town).set(database=f"{name}_other")
        try:
            yield Towns(town, other.render_as_string(hide_password=False))
        finally:
            with admin.connect() as connection:
                connection.execute(sa.text(f"DROP DATABASE {name}_other WITH (FORCE)"))
            admin.dispose()


@pytest.fixture
def other(towns: Towns) -> Iterator[sa.Engine]:
    """Return an engine on the other database, with no places in it."""
    engine = _engine(towns.other)
    with engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE assets CASCADE"))
    yield engine
    engine.dispose()


def _run(monkeypatch: pytest.MonkeyPatch, url: str, *words: str) -> str:
    """Run a command on a database; return what it said."""
    monkeypatch.setenv("DATABASE_URL", url)
    for module in ("app.oruk.cli", "app.importers.oruk.cli"):
        monkeypatch.setattr(f"{module}.get_settings", get_settings.__wrapped__)
    done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def _export(monkeypatch: pytest.MonkeyPatch, url: str, file: Path) -> dict[str, Any]:
    """Return what the export has of each service, but for what may differ."""
    _run(monkeypatch, url, "export", "oruk", str(file))
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(records) > 100
    return {one["id"]: _told(one) for one in records}


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = {"last_modified", "source"}
        return {name: _told(one) for name, one in value.items() if name not in left_out}
    return [_told(one) for one in value] if isinstance(value, list) else value


def test_over_a_file(
    towns: Towns, other: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "town.ndjson"
    ours = _export(monkeypatch, towns.town, file)
    assert any("service_at_locations" not in one for one in ours.values())
    _run(monkeypatch, towns.other, "load", "oruk", str(file))
    assert _export(monkeypatch, towns.other, tmp_path / "other.ndjson") == ours
    engine = _engine(towns.town)
    try:
        # Each record is still on the terms it came under.
        theirs, mine = _terms(other), _terms(engine)
    finally:
        engine.dispose()
    assert len(theirs) > 90
    assert {key: mine[key] for key in theirs} == theirs


def _terms(engine: sa.Engine) -> dict[Any, Any]:
    statement = sa.text(
        "SELECT a.id, s.name, s.publisher, s.licence, s.attribution, s.is_share_alike"
        " FROM public_assets a JOIN sources s ON s.id = a.source_id"
    )
    with engine.connect() as connection:
        return {row.id: tuple(row) for row in connection.execute(statement)}


def test_over_http_as_a_feed(
    towns: Towns, other: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(DATABASE_URL=towns.other)  # type: ignore[call-arg]  # the alias is the name
    settings = settings.model_copy(update={"fetch_allowed": "127.0.0.0/8"})
    with serving(towns.town) as address:
        feed_id = add_feed(other, url=f"{address}/oruk", kind="oruk")

        def read(**more: bool) -> Outcome:
            return refresh_feed(other, settings, feed_id, told=lambda *_: None, **more)

        first = read()
        assert first.status is RunStatus.LOADED, first.message
        ours = _export(monkeypatch, towns.town, tmp_path / "town.ndjson")
        assert _export(monkeypatch, towns.other, tmp_path / "first.ndjson") == ours
        # Changes alone, then all of it: nothing has changed, and nothing is.
        for is_whole in (False, True, False):
            again = read(is_whole=is_whole)
            assert again.status is RunStatus.UNCHANGED, again.message
        assert _export(monkeypatch, towns.other, tmp_path / "again.ndjson") == ours
