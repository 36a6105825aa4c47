"""The feed that the standard's own people publish to try readers with, served as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.importers.options import ReadOptions
from app.importers.oruk.loading import load_oruk
from app.importers.readers import recognise
from tests.importers.oruk.conftest import INFO, Load
from tests.importers.oruk.feed_server import Published, publishing

ROOT = Path(__file__).resolve().parents[3]
SERVICE = "ac148810-d857-441c-9679-408f346de14b"
ORGANIZATION = "d9d5e0f5-d3ce-4f73-9a2f-4dd0ecc6c610"


@pytest.fixture(scope="module")
def folder() -> Path:
    found = ROOT.parent / "shared" / "contracts" / "oruk" / "mock_feed"
    if not found.is_dir():
        pytest.skip(f"no mock feed at {found}")
    return found


@pytest.fixture
def mock_feed(folder: Path) -> Iterator[Published]:
    files = {
        "/": folder / "api_details.json",
        "/services": folder / "service_list.json",
        f"/services/{SERVICE}": folder / "service_full.json",
    }
    with publishing(Published(files=files)) as published:
        yield published


def test_it_is_stored_without_a_place_and_says_which_fields_are_wrong(
    connection: sa.Connection, load_feed: Load, mock_feed: Published, vocabulary: object
) -> None:
    report = load_feed(mock_feed)
    assert (report.status, report.new, report.gone) == ("loaded", 3, 0)
    rows = connection.execute(
        sa.text("SELECT id::text, name, kind::text, location_source::text, geom IS NULL AS is_out,"
                " postcode, website FROM assets ORDER BY kind")
    ).all()  # fmt: skip
    assert [(r.id, r.name, r.kind, r.location_source, r.is_out) for r in rows] == [
        (ORGANIZATION, "Example Organization Inc.", "group", "none", True),
        ("3a19ff88-4620-4d17-9830-ac1d859eb5d5", "MyCity Civic Center", "venue", "none", True),
    ]
    assert {row.postcode for row in rows} == {None}
    service = connection.execute(sa.text("SELECT * FROM activities")).one()
    assert (str(service.id), service.name) == (SERVICE, "Community Counselling")
    assert str(service.assured_date) == "2005-01-01"
    assert "For ages 12 to 100." in service.description
    said = connection.execute(sa.text("SELECT message, is_stored FROM import_problems")).all()
    assert all(row.is_stored for row in said)
    words = " ".join(row.message for row in said)
    assert "Longitude 101, latitude 100 is outside Great Britain" in words
    assert "schedule" in words


def test_twice_changes_nothing(
    connection: sa.Connection, load_feed: Load, mock_feed: Published, vocabulary: object
) -> None:
    load_feed(mock_feed)
    kept = "SELECT a.*, x.* FROM assets a CROSS JOIN activities x ORDER BY a.id"
    before = connection.execute(sa.text(kept)).all()
    said = "SELECT row_number, reason, message FROM import_problems WHERE resolved_at IS NULL"
    problems = connection.execute(sa.text(said)).all()
    report = load_feed(mock_feed)
    assert (report.status, report.new, report.changed, report.gone) == ("unchanged", 0, 0, 0)
    assert connection.execute(sa.text(kept)).all() == before
    assert connection.execute(sa.text(said)).all() == problems


@pytest.mark.parametrize(
    "name", ["organization", "organization_list", "service_at_location_full",
             "service_at_location_list", "service_full", "service_list"],
)  # fmt: skip
def test_every_file_of_it_is_recognised_and_loaded(
    connection: sa.Connection, folder: Path, name: str
) -> None:
    path = folder / f"{name}.json"
    found = recognise(path)
    assert found is not None
    assert found.NAME == "oruk"
    report = load_oruk(connection, path, options=ReadOptions(info=INFO))
    assert report.new == {"organization_list": 10, "service_list": 2}.get(name, 3)
    for other in ("api_details", "taxonomy", "taxonomy_list", "taxonomy_term_list"):
        assert recognise(folder / f"{other}.json") is None, other
