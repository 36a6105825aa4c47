"""Bradford and Oldham with their own open data: loaded, matched, and held to geopandas."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import sqlalchemy as sa

from app.areas.actions import get_ward
from app.areas.boundaries_queries import count_kinds
from app.importers.records import Report
from app.interests.actions import read_vocabulary
from app.matches.actions import find_matches
from tests.acceptance.conftest import stored_points

pytestmark = pytest.mark.real_data

LOADED_POSTCODE_AREAS = ("BD", "DE", "OL", "SK")
EPRACCUR_COLUMNS = {"code": 0, "name": 1, "postcode": 9, "status": 12, "setting": 25}


def read_epraccur(real_data: Path) -> list[dict[str, str]]:
    with (real_data / "nhs" / "epraccur_2024.csv").open(encoding="utf-8", newline="") as file:
        return [
            {name: row[number].strip() for name, number in EPRACCUR_COLUMNS.items()}
            for row in csv.reader(file)
        ]


def area_of(postcode: str) -> str:
    found = re.match(r"[A-Z]+", postcode)
    return found.group() if found else ""


def test_every_ward_of_the_files_is_stored_once(
    district: tuple[sa.Engine, dict[str, Report]], real_data: Path
) -> None:
    engine, _ = district
    published = pd.concat(
        gpd.read_file(path)[["WD25CD", "WD25NM", "geometry"]]
        for path in sorted((real_data / "wards").glob("*.geojson"))
    )
    assert len(published) == 259
    with engine.connect() as connection:
        stored = connection.execute(
            sa.text(
                "SELECT gss_code, ST_Area(geom::geography) FROM areas"
                " WHERE area_type = 'ward' AND release = '2025'"
            )
        ).all()
        parts = connection.execute(
            sa.text(
                "SELECT max(ST_NPoints(p.geom)), max(abs(s.parts - ST_Area(a.geom)))"
                " FROM area_parts p JOIN areas a ON a.id = p.area_id JOIN (SELECT area_id,"
                " sum(ST_Area(geom)) AS parts FROM area_parts GROUP BY 1) s ON s.area_id = a.id"
            )
        ).one()
    # One feature of North Yorkshire's file stands in it twice, to the letter.
    assert len(stored) == published["WD25CD"].nunique() == 258
    assert {row[0] for row in stored} == set(published["WD25CD"])
    assert parts[0] <= 129
    assert parts[1] < 1e-9


def test_active_practices_of_the_loaded_postcodes_are_stored_once(
    district: tuple[sa.Engine, dict[str, Report]], real_data: Path
) -> None:
    engine, reports = district
    rows = read_epraccur(real_data)
    active = [r for r in rows if r["status"] == "A" and r["setting"] == "4"]
    near = {r["code"] for r in active if area_of(r["postcode"]) in LOADED_POSTCODE_AREAS}
    report = reports["epraccur_2024.csv"]
    assert report.read == len(rows) == 15_971
    assert report.skipped == len(rows) - len(active)
    with engine.connect() as connection:
        stored = set(
            connection.execute(
                sa.text(
                    "SELECT a.source_key FROM assets a JOIN sources s ON s.id = a.source_id"
                    " WHERE s.slug = 'ods'"
                )
            ).scalars()
        )
        reported = set(
            connection.execute(
                sa.text(
                    "SELECT p.source_key FROM import_problems p"
                    " JOIN import_runs r ON r.id = p.import_run_id"
                    " WHERE r.file_name LIKE '%epraccur%' AND NOT p.is_stored"
                )
            ).scalars()
        )
    assert stored <= {r["code"] for r in active}
    # Nothing is lost: every active practice is stored or reported, and never both.
    assert stored | reported == {r["code"] for r in active}
    assert not stored & reported
    # What is reported of the loaded areas is a postcode newer or older than the file's.
    assert len(near - stored) <= 0.02 * len(near)


def test_the_second_date_of_the_care_homes_is_an_update(
    district: tuple[sa.Engine, dict[str, Report]], real_data: Path
) -> None:
    _, reports = district

    def keys(name: str) -> pd.DataFrame:
        table = pd.read_csv(real_data / "care_homes" / name, dtype=str)
        table["key"] = table["name"].str.casefold() + table["postcode"]
        return table.drop_duplicates("key").set_index("key")

    before, after = keys("gm_care_homes_2018-09.csv"), keys("gm_care_homes_2019-04.csv")
    report = reports["gm_care_homes_2019-04.csv"]
    assert report.gone == pytest.approx(len(before.index.difference(after.index)), abs=3)
    assert report.new == pytest.approx(len(after.index.difference(before.index)), abs=3)
    both = after.index.intersection(before.index)
    assert report.changed + report.unchanged == pytest.approx(len(both), abs=3)
    assert report.gone > 0
    assert report.new > 0
    assert report.changed > 0


@pytest.mark.parametrize("lad_code", ["E08000032", "E08000004"])
def test_counts_in_wards_agree_with_geopandas(
    district: tuple[sa.Engine, dict[str, Report]], real_data: Path, lad_code: str
) -> None:
    engine, _ = district
    path = next((real_data / "wards").glob(f"*{lad_code}*.geojson"))
    wards = gpd.read_file(path)
    with engine.connect() as connection:
        joined = gpd.sjoin(stored_points(connection), wards)
        expected = joined.groupby(["WD25CD", "kind"]).size()
        assert len(joined) > 50
        for code in wards["WD25CD"]:
            ward = get_ward(connection, gss_code=code, release=None)
            counted = count_kinds(connection, area_ids=[ward.id])[ward.id]
            theirs = expected[code].to_dict() if code in expected else {}
            assert counted == theirs, code


@pytest.mark.parametrize("lad_code", ["E08000032", "E08000004"])
def test_matches_of_real_homes_agree_with_geopandas(
    district: tuple[sa.Engine, dict[str, Report]], lad_code: str
) -> None:
    engine, _ = district
    with engine.connect() as connection:
        homes = stored_points(
            connection,
            "kind = 'care_home' AND EXISTS (SELECT FROM areas a WHERE a.release = '2025' AND"
            f" lad_code = '{lad_code}' AND ST_Intersects(a.geom, public_assets.geom)) ORDER BY id",
        ).head(5)
        everything = stored_points(connection).to_crs(27700).set_index("id")
        vocabulary = read_vocabulary(connection)
        wanted = vocabulary.relations(vocabulary.concept(s).id for s in ("bowls", "reading"))
        assert len(homes) == 5
        for home in homes.itertuples():
            found = find_matches(
                connection,
                vocabulary,
                lon=home.geometry.x,
                lat=home.geometry.y,
                interests=("bowls", "reading"),
                today=dt.date(2026, 11, 23),
            ).near
            assert found, home.name
            origin = gpd.GeoSeries([home.geometry], crs=4326).to_crs(27700).iloc[0]
            for match in found:
                metres = everything.loc[match.id, "geometry"].distance(origin)
                assert match.distance_m == pytest.approx(metres, abs=1)
            shares = everything["interest_ids"].map(lambda ids: bool(set(ids) & set(wanted)))
            nearest = everything[shares].distance(origin).min()
            assert min(m.distance_m for m in found) == pytest.approx(nearest, abs=1)
