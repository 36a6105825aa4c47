"""The committed files are what the committed generator writes, and small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GENERATED = (
    "wards.geojson", "lsoas.geojson", "lookup.csv", "population.csv", "imd.csv", "postcodes.csv",
    "care_homes.csv", "surgeries.csv", "library.csv", "mobile_library.csv", "assets.csv",
    "activities.csv", "residents.csv", "places.geojson", "streets.osm",
    "accounts.csv", "people_at_home.csv", "connections.csv", "diary.csv", "suggestions.csv",
)  # fmt: skip


@pytest.fixture(scope="module")
def made_again(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ellerwick")
    # -B: no compiled files are left in the data folder.
    command = [sys.executable, "-B", str(sample / "generate.py"), "--into", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder


@pytest.mark.parametrize("name", GENERATED)
def test_the_generator_writes_the_committed_bytes(
    sample: Path, made_again: Path, name: str
) -> None:
    assert (made_again / name).read_bytes() == (sample / name).read_bytes()


def test_it_writes_these_files_and_no_others(sample: Path, made_again: Path) -> None:
    assert {path.name for path in made_again.iterdir()} == set(GENERATED)
    by_hand = {"README.md", "generate.py"}
    assert {path.name for path in sample.iterdir() if path.is_file()} == {*GENERATED, *by_hand}


def test_the_town_is_small(sample: Path) -> None:
    files = [path for path in sample.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    too_long = [
        path.name
        for path in files
        if path.suffix in {".py", ".toml"} and len(path.read_text("utf-8").splitlines()) > 400
    ]
    assert not too_long
