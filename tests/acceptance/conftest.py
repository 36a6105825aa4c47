"""The real open data in a database of its own, loaded once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import sqlalchemy as sa

import tests.web.conftest  # noqa: F401 - it imports the web's test client without its warning
from app.database import make_engine, transaction
from app.importers.folder import load_folder
from app.importers.records import Report
from app.interests.actions import load_vocabulary
from app.settings import Settings
from tests.conftest import new_database

FOLDERS = ("wards", "wards_2013", "postcodes", "care_homes", "osm_bradford", "libraries", "nhs")
# What is published of all England, and how its files call a small area.
OF_ENGLAND = {
    "lookups/lookup_lsoa21_ward24_ltla24.csv": "lsoa21_code",
    "deprivation/lsoa21_population.csv": "lsoacd",
    "deprivation/imd2025_england_lsoa21.csv": "lsoa21_code",
}
LAD_CODES = ("E08000032", "E08000007")


@pytest.fixture(scope="session")
def district(
    admin_url: sa.URL, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[sa.Engine, dict[str, Report]]]:
    """Load the real files into a database of their own; give the reports by file name.

    Of the files about all England only the lines of Bradford and Stockport, as they stand there.
    """
    cut = tmp_path_factory.mktemp("real")
    lookup = pd.read_csv(real_data / next(iter(OF_ENGLAND)))
    wanted = set(lookup.loc[lookup["ltla24_code"].isin(LAD_CODES), "lsoa21_code"])
    for name in OF_ENGLAND:
        lines = (real_data / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines[1:] if any(cell in wanted for cell in _cells(line))]
        (cut / Path(name).name).write_text("".join([lines[0], *kept]), encoding="utf-8")
    with new_database(admin_url) as url:
        engine = make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]  # alias
        with transaction(engine) as session:
            load_vocabulary(session)
        reports: list[Report] = []
        for name in FOLDERS:
            reports += load_folder(engine, real_data / name)
        reports += load_folder(engine, cut)
        with engine.begin() as connection:
            # As the server does by itself within a minute.
            connection.execute(sa.text("ANALYZE"))
        yield engine, {Path(report.file_name).name: report for report in reports}
        engine.dispose()


def _cells(line: str) -> list[str]:
    return [cell.strip('"') for cell in line.split(",")[:2]]


def stored_points(connection: sa.Connection, condition: str = "true") -> gpd.GeoDataFrame:
    """Return the public places as a table of points, WGS 84."""
    rows = connection.execute(
        sa.text(
            "SELECT id::text, kind::text, name, interest_ids, ST_X(geom) AS lon,"
            f" ST_Y(geom) AS lat FROM public_assets WHERE {condition}"
        )
    )
    table = pd.DataFrame(rows.mappings().all())
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    return gpd.GeoDataFrame(table, geometry=points)
