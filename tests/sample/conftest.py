"""The files of the sample town, each read once."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas as gpd
import pytest

from tests.sample.town_files import ROOT, SAMPLE, Rows, read_rows


@pytest.fixture(scope="session")
def sample() -> Path:
    return SAMPLE


@pytest.fixture(scope="session")
def wards() -> gpd.GeoDataFrame:
    return gpd.read_file(SAMPLE / "wards.geojson")


@pytest.fixture(scope="session")
def lsoas() -> gpd.GeoDataFrame:
    return gpd.read_file(SAMPLE / "lsoas.geojson")


@pytest.fixture(scope="session")
def postcodes() -> Rows:
    return read_rows("postcodes.csv")


@pytest.fixture(scope="session")
def homes() -> Rows:
    return read_rows("care_homes.csv")


@pytest.fixture(scope="session")
def assets() -> Rows:
    return read_rows("assets.csv")


@pytest.fixture(scope="session")
def activities() -> Rows:
    return read_rows("activities.csv")


@pytest.fixture(scope="session")
def residents() -> Rows:
    return read_rows("residents.csv")


@pytest.fixture(scope="session")
def slugs() -> set[str]:
    with (ROOT / "data" / "reference" / "interests.csv").open(encoding="utf-8") as file:
        return {row["concept"] for row in csv.DictReader(file)}
