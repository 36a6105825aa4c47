"""Stockport's wards with their own open data: every measure held to pandas and geopandas."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from app.areas.access_actions import refresh
from app.areas.measures import ACCESS_SCORE, WITHIN_10, DistrictValues, read_district
from app.database import make_engine, transaction
from app.importers.run import load_file
from app.interests.actions import load_vocabulary
from app.parameters import today
from app.settings import Settings
from geo.access import is_community_venue
from tests.conftest import new_database

pytestmark = pytest.mark.real_data

STOCKPORT = "E08000007"
METRES_A_MINUTE = 5000 / 60
FILES = (
    "wards/ward_WD25_E08000007_stockport.geojson",
    "lsoa/lsoa_LSOA21_E08000007_stockport.geojson",
    "lookups/lookup_lsoa21_ward24_ltla24.csv",
    "postcodes/codepoint_open_2025-05_SK.csv",
    "deprivation/lsoa21_population.csv",
    "libraries/stockport_metropolitan_borough_council.csv",
    "community/gm_polling_stations.csv",
    "community/gm_food_banks.csv",
)


@pytest.fixture(scope="module")
def stockport(admin_url: sa.URL, real_data: Path) -> tuple[DistrictValues, gpd.GeoDataFrame]:
    """Load the files; give the comparison, and everything public as points in metres."""
    with new_database(admin_url) as url:
        engine = make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]  # alias
        with transaction(engine) as session:
            load_vocabulary(session)
        for name in FILES:
            load_file(engine, real_data / name)
        with engine.begin() as connection:
            (done,) = refresh(connection)
            assert done.wards == 21
            district = read_district(connection, lad_code=STOCKPORT, today=today())
            table = pd.DataFrame(
                connection.execute(
                    sa.text("SELECT id::text, kind::text, ST_X(geom) AS lon, ST_Y(geom) AS lat,"
                            " name, is_indoors, ARRAY(SELECT concept FROM interests i"
                            " WHERE i.id = ANY(interest_ids)) AS concepts"
                            " FROM public_assets WHERE geom IS NOT NULL")
                ).mappings().all()
            )  # fmt: skip
        engine.dispose()
    points = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4326
    )
    return district, points.to_crs(27700)


def test_people_and_places(
    stockport: tuple[DistrictValues, gpd.GeoDataFrame], real_data: Path
) -> None:
    district, points = stockport
    wards = gpd.read_file(real_data / FILES[0])[["WD25CD", "geometry"]]
    inside = points.to_crs(4326).sjoin(wards, predicate="intersects")
    counts = inside.groupby("WD25CD")["id"].nunique()
    people = people_by(real_data, "ward24_code")
    assert len(district.wards) == 21
    assert counts.sum() > 100
    for ward in district.wards:
        assert ward.is_by_lookup
        assert ward.population == people[ward.gss_code]
        assert ward.values["assets_per_1000"] == pytest.approx(
            counts.get(ward.gss_code, 0) / people[ward.gss_code] * 1000
        )
    assert (
        sum(ward.population or 0 for ward in district.wards)
        == people_by(real_data, "ltla24_code")[STOCKPORT]
    )


def people_by(real_data: Path, column: str) -> pd.Series:
    lookup = pd.read_csv(real_data / FILES[2], encoding="utf-8-sig")
    population = pd.read_csv(real_data / FILES[4], encoding="utf-8-sig")
    both = lookup.merge(population, left_on="lsoa21_code", right_on="lsoacd")
    return both.groupby(column)["population"].sum()


def test_access_by_straight_lines(
    stockport: tuple[DistrictValues, gpd.GeoDataFrame], real_data: Path
) -> None:
    district, points = stockport
    codes = pd.read_csv(real_data / FILES[3], encoding="utf-8-sig")
    postcodes = gpd.GeoDataFrame(
        codes, geometry=gpd.points_from_xy(codes["eastings"], codes["northings"]), crs=27700
    )
    lsoas = gpd.read_file(real_data / FILES[1])[["LSOA21CD", "geometry"]]
    placed = postcodes.to_crs(4326).sjoin(lsoas, predicate="intersects").to_crs(27700)
    population = pd.read_csv(real_data / FILES[4], encoding="utf-8-sig").set_index("lsoacd")
    assert set(placed["LSOA21CD"]) == set(lsoas["LSOA21CD"])
    share = population["population"] / placed["LSOA21CD"].value_counts()
    placed["people"] = placed["LSOA21CD"].map(share)
    lookup = pd.read_csv(real_data / FILES[2], encoding="utf-8-sig").set_index("lsoa21_code")
    venues = points[points["kind"] == "venue"]
    to_meet_in = [
        is_community_venue(row.concepts, is_indoors=row.is_indoors, name=row.name)
        for row in venues.itertuples()
    ]
    venues = venues[to_meet_in]
    assert 100 < len(venues) < len(to_meet_in)
    at = np.c_[placed.geometry.x, placed.geometry.y]
    supply = np.c_[venues.geometry.x, venues.geometry.y]
    minutes = np.hypot(*(at[:, None] - supply[None]).transpose(2, 0, 1)) * 1.3 / METRES_A_MINUTE
    who = placed["people"].to_numpy()
    near = minutes <= 15
    sharing = (who[:, None] * near).sum(axis=0)
    ratio = np.divide(1.0, sharing, out=np.zeros(len(supply)), where=sharing > 0)
    placed["score"], placed["nearest"] = near @ ratio, minutes.min(axis=1)
    placed["ward"] = placed["LSOA21CD"].map(lookup["ward24_code"])
    assert district.about == {WITHIN_10, ACCESS_SCORE}
    found = {ward.gss_code: ward.values for ward in district.wards}
    for code, part in placed.groupby("ward"):
        people = part["people"]
        within = people[part["nearest"] <= 10].sum() / people.sum() * 100
        # A postcode half a metre from the limit may fall on either side of it.
        assert found[code][WITHIN_10] == pytest.approx(within, abs=0.5)
        score = np.average(part["score"], weights=people) * 1000
        assert found[code][ACCESS_SCORE] == pytest.approx(score, rel=0.01)
    # Nobody else's people share Stockport's venues here, so all that is reached is given out.
    given_out = (placed["score"] * who).sum()
    assert given_out == pytest.approx((sharing > 0).sum())
