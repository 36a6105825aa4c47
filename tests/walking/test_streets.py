"""Streets from OpenStreetMap data: what walkers use, replaced file by file, nothing lost."""

from __future__ import annotations

import bz2
from pathlib import Path

import osmium
import pytest
import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.cli import _refuse_other_kinds
from app.importers.readers import recognise
from app.importers.run import load_file
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample" / "streets.osm"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n'
NODES = "".join(
    f'<node id="{n}" version="1" lat="53.79{n}" lon="-1.75{n}"/>\n' for n in range(1, 10)
)
# What each way is for: its number, its tags, its points, and whether walkers use it.
WAYS = (
    (1, {"highway": "residential", "name": "Toad Lane"}, (1, 2, 3), True),
    (2, {"highway": "steps"}, (3, 4), True),
    (3, {"highway": "motorway", "name": "M606"}, (1, 9), False),
    (4, {"highway": "primary", "ref": "A641"}, (4, 5), True),
    (5, {"highway": "footway", "access": "private"}, (5, 6), False),
    (6, {"highway": "service", "access": "private", "foot": "yes"}, (5, 6), True),
    (7, {"highway": "service", "service": "driveway"}, (5, 7), False),
    (8, {"highway": "pedestrian", "area": "yes"}, (5, 6, 7, 5), False),
    (9, {"highway": "path"}, (8, 99), False),
    (10, {"building": "yes"}, (1, 2, 3, 1), False),
    (11, {"highway": "proposed"}, (1, 2), False),
)


def way(number: int, tags: dict[str, str], points: tuple[int, ...]) -> str:
    inside = "".join(f'<nd ref="{point}"/>' for point in points)
    inside += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
    return f'<way id="{number}" version="1">{inside}</way>\n'


def write(path: Path, *numbers: int) -> Path:
    chosen = [row for row in WAYS if not numbers or row[0] in numbers]
    path.write_text(HEAD + NODES + "".join(way(*row[:3]) for row in chosen) + "</osm>\n")
    return path


def stored(connection: sa.Connection) -> dict[int, tuple[str | None, str, int]]:
    rows = connection.execute(
        sa.text("SELECT osm_id, name, highway, ST_NPoints(geom) FROM streets ORDER BY 1")
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def test_only_what_walkers_use_is_stored(connection: sa.Connection, tmp_path: Path) -> None:
    report = load_file(connection, write(tmp_path / "town_2026-05.osm"))
    used = [number for number, _, _, is_used in WAYS if is_used]
    assert list(stored(connection)) == used
    assert stored(connection)[1] == ("Toad Lane", "residential", 3)
    assert stored(connection)[4] == ("A641", "primary", 2)
    assert (report.read, report.new, report.skipped) == (10, len(used), 10 - len(used))
    row = connection.execute(
        sa.text(
            "SELECT DISTINCT s.slug, s.licence, s.is_share_alike, t.scope, ST_SRID(t.geom)"
            " FROM streets t JOIN sources s ON s.id = t.source_id"
        )
    ).one()
    assert tuple(row) == ("osm", "ODbL 1.0", True, "town", 4326)


def test_points_are_longitude_then_latitude(connection: sa.Connection, tmp_path: Path) -> None:
    load_file(connection, write(tmp_path / "town.osm", 2))
    line = connection.execute(sa.text("SELECT ST_AsText(geom) FROM streets")).scalar_one()
    assert line == "LINESTRING(-1.753 53.793,-1.754 53.794)"


def test_a_file_that_comes_again_replaces_its_streets_and_no_others(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load_file(connection, write(tmp_path / "town_2026-05.osm", 1, 2, 4))
    load_file(connection, write(tmp_path / "village.osm", 6))
    again = load_file(connection, write(tmp_path / "town_2026-05.osm", 1, 2, 4))
    assert (again.status, again.unchanged) == ("unchanged", 3)
    newer = load_file(connection, write(tmp_path / "town_2026-06.osm", 1, 4))
    assert (newer.gone, newer.unchanged) == (1, 2)
    assert list(stored(connection)) == [1, 4, 6]


@pytest.mark.parametrize("what", ["cut off", "cut inside a way", "no streets", "empty", "a page"])
def test_a_broken_or_empty_file_is_refused_and_nothing_is_lost(
    connection: sa.Connection, tmp_path: Path, what: str
) -> None:
    load_file(connection, write(tmp_path / "town.osm"))
    before = stored(connection)
    whole = (tmp_path / "town.osm").read_text()
    text = {
        "cut off": whole[: len(whole) - 40],
        "cut inside a way": whole[: whole.index('<way id="4"') + 30],
        "no streets": HEAD + NODES + way(10, {"building": "yes"}, (1, 2, 3, 1)) + "</osm>",
        "empty": "",
        "a page": "<!doctype html><html><body>Sign in to our Wi-Fi</body></html>",
    }[what]
    broken = tmp_path / "town_2026-07.osm"
    broken.write_text(text)
    with pytest.raises(FileRefused) as refused:
        load_file(connection, broken, reader="streets")
    assert str(refused.value).startswith("town_2026-07.osm ")
    assert stored(connection) == before


def test_a_much_smaller_file_is_refused(connection: sa.Connection, tmp_path: Path) -> None:
    """The sample town's streets are not taken away by a file of one."""
    load_file(connection, SAMPLE)
    count = len(stored(connection))
    assert count > 80
    with pytest.raises(FileRefused, match="cut off"):
        load_file(connection, write(tmp_path / "streets.osm", 1))
    assert len(stored(connection)) == count


@pytest.mark.parametrize("ending", ["pbf", "bz2"])
def test_compressed_files_say_the_same(
    connection: sa.Connection, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"town.osm.{ending}"
    if ending == "bz2":
        path.write_bytes(bz2.compress(SAMPLE.read_bytes()))
    else:
        writer = osmium.SimpleWriter(str(path))
        for item in osmium.FileProcessor(str(SAMPLE)):
            writer.add(item)
        writer.close()
    load_file(connection, SAMPLE)
    before = stored(connection)
    report = load_file(connection, path)
    assert stored(connection) == before
    assert report.reader == "streets"


def test_streets_are_no_places(tmp_path: Path) -> None:
    reader = recognise(SAMPLE)
    assert reader is not None
    assert reader.NAME == "streets"
    with pytest.raises(FileRefused, match="patchwork load streets"):
        _refuse_other_kinds(write(tmp_path / "town.osm"))
