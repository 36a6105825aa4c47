"""Loading foot networks: whole or not at all, the same twice changes nothing, and who gave it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.folder import load_folder
from app.importers.networks import load_network
from app.importers.options import ReadOptions
from app.walking import queries
from app.walking.actions import Located, WalkingCache, walks_from
from geo.crs import grid_of
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample" / "streets.osm"
RUTLAND = "walking/rutland-2018-03.osm.pbf"


def networks(connection: sa.Connection) -> list[tuple[str, str, int, dt.date | None]]:
    rows = connection.execute(
        sa.text(
            "SELECT s.slug, n.scope, n.edges, n.as_of FROM foot_networks n"
            " JOIN sources s ON s.id = n.source_id ORDER BY 2"
        )
    )
    return [tuple(row) for row in rows]


def copy_of(path: Path, *, name: str, ways: int | None = None) -> Path:
    """The sample town's streets in a file of another name, all of them or the first few ways."""
    text = SAMPLE.read_text(encoding="utf-8")
    if ways is not None:
        head, *rest = text.split(" <way ")
        text = head + "".join(f" <way {way}" for way in rest[:ways]).rstrip()
        text = text.removesuffix("</osm>") + "\n</osm>\n"
    target = path / name
    target.write_text(text, encoding="utf-8")
    return target


def test_a_network_is_stored_with_who_gave_it(connection: sa.Connection, tmp_path: Path) -> None:
    report = load_network(connection, copy_of(tmp_path, name="town_2026-05-01.osm"))
    assert (report.status, report.new, report.read) == ("loaded", 761, 761)
    assert networks(connection) == [("osm", "town", 761, dt.date(2026, 5, 1))]
    row = connection.execute(
        sa.text(
            "SELECT s.licence, s.is_share_alike, r.reader, r.status::text, n.length_m,"
            " ST_SRID(n.bounds), ST_Contains(n.bounds, ST_SetSRID(ST_MakePoint(394830, 468510),"
            " 27700)) FROM foot_networks n JOIN sources s ON s.id = n.source_id"
            " JOIN import_runs r ON r.source_id = s.id"
        )
    ).one()
    assert row[:4] == ("ODbL 1.0", True, "network", "loaded")
    assert 20_000 < row[4] < 60_000
    assert row[5:] == (27700, True)


def test_the_same_again_changes_nothing_and_a_newer_one_replaces_it(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load_network(connection, copy_of(tmp_path, name="town_2026-05-01.osm"))
    version = queries.find_version(connection)
    again = load_network(connection, copy_of(tmp_path, name="town_2026-06-01.osm"))
    assert (again.status, again.unchanged) == ("unchanged", 761)
    assert queries.find_version(connection) == version
    fewer = copy_of(tmp_path, name="town_2026-07-01.osm", ways=70)
    changed = load_network(connection, fewer)
    assert changed.changed == changed.read < 761
    assert queries.find_version(connection) != version
    assert len(networks(connection)) == 1


def test_an_older_file_changes_nothing_unless_told(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load_network(connection, copy_of(tmp_path, name="town_2026-07-01.osm", ways=70))
    before = networks(connection)
    older = copy_of(tmp_path, name="town_2026-05-01.osm")
    report = load_network(connection, older)
    assert "older than the data of 2026-07-01" in report.message
    assert networks(connection) == before
    load_network(connection, older, options=ReadOptions(allow_older=True))
    assert networks(connection)[0][2:] == (761, dt.date(2026, 5, 1))


@pytest.mark.parametrize("what", ["cut off", "much smaller", "no ways", "a page", "not there"])
def test_bad_files_are_refused_in_a_sentence_and_nothing_is_lost(
    connection: sa.Connection, tmp_path: Path, what: str
) -> None:
    load_network(connection, copy_of(tmp_path, name="town.osm"))
    before, version = networks(connection), queries.find_version(connection)
    bad = tmp_path / "bad" / "town.osm"
    bad.parent.mkdir()
    if what == "cut off":
        bad.write_bytes(SAMPLE.read_bytes()[:-200])
    elif what == "much smaller":
        copy_of(bad.parent, name="town.osm", ways=8)
    elif what == "no ways":
        bad.write_text('<osm version="0.6"><node id="1" version="1" lat="54" lon="-2"/></osm>')
    elif what == "a page":
        bad.write_text("<!doctype html><p>Sign in to our Wi-Fi</p>")
    sentence = {
        "cut off": "cut off", "much smaller": "--allow-shrink", "no ways": "no ways to walk along",
        "a page": "not OpenStreetMap data", "not there": "town.osm",
    }[what]  # fmt: skip
    with pytest.raises(FileRefused, match=sentence):
        load_network(connection, bad)
    assert networks(connection) == before
    assert queries.find_version(connection) == version


def test_shrinking_is_done_when_said(connection: sa.Connection, tmp_path: Path) -> None:
    load_network(connection, copy_of(tmp_path, name="town.osm"))
    few = copy_of(tmp_path, name="town.osm", ways=8)
    load_network(connection, few, options=ReadOptions(allow_shrink=True))
    assert networks(connection)[0][2] < 100


def test_a_folders_streets_are_its_network_too(connection: sa.Connection, tmp_path: Path) -> None:
    copy_of(tmp_path, name="streets.osm")
    reports = load_folder(connection, tmp_path, options=ReadOptions(is_made_up=True))
    assert [(report.file_name, report.reader) for report in reports] == [
        ("streets.osm", "streets"),
        ("streets.osm (on foot)", "network"),
    ]
    assert networks(connection)[0][0] == "sample-osm"


@pytest.mark.real_data
def test_two_networks_are_searched_as_one_and_read_once(
    connection: sa.Connection, real_data: Path
) -> None:
    load_network(connection, SAMPLE)
    cache = WalkingCache()
    town = cache.get(connection)
    assert town is not None
    assert cache.get(connection) is town
    load_network(connection, real_data / RUTLAND)
    both = cache.get(connection)
    assert both is not None
    assert both is not town
    assert len(both.network.edges) > len(town.network.edges) + 25_000
    assert len(both.source_ids) == 1
    # From Oakham's library to the railway station: some 700 m as the crow flies.
    walk = walks_from(
        connection, both, lon=-0.7258676, lat=52.6693737,
        places=[Located("station", -0.7339, 52.6724), Located("sea", 0.9, 52.9)],
    )  # fmt: skip
    assert 700 < walk[0] < 1_300
    assert walk[1] != walk[1]
    assert grid_of(-0.7258676, 52.6693737)[0] > 480_000


def test_without_a_network_there_is_none(connection: sa.Connection) -> None:
    assert WalkingCache().get(connection) is None
