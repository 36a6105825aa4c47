"""`patchwork`, as people run it: a process with arguments, output and an exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyproj
import pytest

from app.settings import Settings

TO_GRID = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)


def patchwork(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("patchwork")
    return subprocess.run(
        [program, *arguments],
        env=os.environ | {"DATABASE_URL": settings.database_url, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_match_answers_for_a_home(town: Settings) -> None:
    asked = ("--home", "Beck House", "--interest", "used to play bowls", "--interest", "reading")
    table = patchwork(town, "match", *asked)
    assert table.returncode == 0, table.stderr
    assert "a gentler alternative to bowls" in table.stdout
    assert "used to play bowls: taken as Bowls" in table.stderr

    found = json.loads(patchwork(town, "match", *asked, "--format", "geojson").stdout)
    near = [f for f in found["features"] if f["properties"]["list"] == "near"]
    visits = [f for f in found["features"] if f["properties"]["list"] == "comes_to_you"]
    assert len(near) >= 5
    assert len(visits) >= 2
    assert any("Boccia" in f["properties"]["name"] for f in visits)
    scores = [f["properties"]["score"] for f in near]
    assert scores == sorted(scores, reverse=True)

    text = patchwork(town, "match", *asked, "--format", "csv").stdout.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == [f["properties"]["name"] for f in found["features"]], (
        "both renderings list the same"
    )


def test_match_at_a_point_measures_in_metres(town: Settings) -> None:
    lon, lat = -2.1, 54.1
    asked = ("--at", f"{lon},{lat}", "--interest", "bowls", "--within", "50000")
    found = json.loads(patchwork(town, "match", *asked, "--format", "geojson").stdout)["features"]
    assert found
    east, north = TO_GRID.transform(lon, lat)
    for feature in found:
        x, y = TO_GRID.transform(*feature["geometry"]["coordinates"])
        metres = ((x - east) ** 2 + (y - north) ** 2) ** 0.5
        assert feature["properties"]["distance_m"] == pytest.approx(metres, abs=1)


def test_maps_are_single_files(town: Settings, tmp_path: Path) -> None:
    ward, home = tmp_path / "ward.html", tmp_path / "home.html"
    assert patchwork(town, "map", "ward", "E05999001", "-o", str(ward)).returncode == 0
    asked = ("map", "home", "Beck House", "--interest", "bowls", "-o", str(home))
    assert patchwork(town, *asked).returncode == 0
    for path in (ward, home):
        text = path.read_text(encoding="utf-8")
        assert "<script src" not in text
        assert "http-equiv" in text
        assert path.stat().st_size < 400_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("match", "--interest", "bowls"), "Name one place"),
        (("match", "--home", "Nowhere Grange", "--interest", "bowls"), "No care home is called"),
        (("match", "--at", "here", "--interest", "bowls"), "LON,LAT"),
        (("match", "--at", "54.1,-2.1", "--interest", "bowls"), "longitude first"),
        (("match", "--at", "nan,nan", "--interest", "bowls"), "Great Britain"),
        (("match", "--postcode", "EW99", "--interest", "bowls"), "not a full postcode"),
        (("match", "--postcode", "ZZ1 1ZZ", "--interest", "bowls"), "not loaded"),
        (("match", "--postcode", "EW1 1AT", "--interest", "qzxvkw"), "Nothing in the vocabulary"),
        (("map", "ward", "E05000000"), "No ward"),
        (("load", "wards", "no-such-file.geojson"), "no-such-file.geojson"),
    ],
)
def test_mistakes_are_one_sentence(town: Settings, arguments: tuple[str, ...], said: str) -> None:
    answer = patchwork(town, *arguments)
    assert answer.returncode == 1
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_map_that_cannot_be_written_is_said_so(town: Settings, tmp_path: Path) -> None:
    nowhere = tmp_path / "none" / "x.html"
    for arguments in (
        ("map", "ward", "E05999001", "-o", str(nowhere)),
        ("map", "home", "Beck House", "--interest", "bowls", "-o", str(tmp_path)),
    ):
        answer = patchwork(town, *arguments)
        assert answer.returncode == 1
        assert answer.stderr.startswith(f"Error: The map cannot be written to {arguments[-1]} (")
        assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "here",
        "mysql://me:secret@db.example/x",
        "postgresql://me:secret@db.example:port/x",
        "postgresql+psycopg2://me:secret@db.example/x",
        "postgresql://me:secret@db.example/x?colour=green",
    ],
)
def test_a_database_url_that_is_no_address_is_said_so(address: str) -> None:
    answer = patchwork(Settings(DATABASE_URL=address), "match", "--home", "x", "--interest", "y")  # type: ignore[call-arg]  # the alias is the name
    assert answer.returncode == 1
    assert answer.stderr == (
        "Error: DATABASE_URL is not the address of a PostgreSQL database: write it like"
        " postgresql://me@db.example/patchwork.\n"
    )


def test_a_database_that_is_away_is_said_so() -> None:
    away = Settings(DATABASE_URL="postgresql+psycopg://x@/x?host=/nonexistent")  # type: ignore[call-arg]
    answer = patchwork(away, "migrate")
    assert answer.returncode == 1
    assert "cannot be reached" in answer.stderr
    assert "Traceback" not in answer.stderr
    answer = patchwork(away, "match", "--home", "x", "--interest", "bowls")
    assert answer.returncode == 1
    assert "cannot be reached" in answer.stderr
    assert "Traceback" not in answer.stderr
