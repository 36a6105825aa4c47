"""The town's areas fit together, and everything is where it says."""

from __future__ import annotations

import geopandas as gpd
import pyproj
import pytest
import shapely
from shapely.geometry import Polygon

from geo.postcode import Postcode
from tests.sample.town_files import Rows, read_lines, read_rows

# OSTN15 against the transformation without a grid file.
GRID_TOLERANCE_M = 5.0


def ward_at(wards: gpd.GeoDataFrame, lon: float, lat: float) -> str | None:
    found = wards[wards.contains(shapely.Point(lon, lat))]
    return str(found.iloc[0]["WD25CD"]) if len(found) == 1 else None


@pytest.mark.parametrize("layer", ["wards", "lsoas"])
def test_areas_tile_without_gaps_or_overlaps(layer: str, request: pytest.FixtureRequest) -> None:
    frame: gpd.GeoDataFrame = request.getfixturevalue(layer)
    assert frame.is_valid.all()
    assert shapely.coverage_is_valid(frame.geometry.to_numpy())
    town = shapely.coverage_union_all(frame.geometry.to_numpy())
    assert isinstance(town, Polygon)
    assert not town.interiors


def test_there_are_six_wards_of_one_made_up_district(wards: gpd.GeoDataFrame) -> None:
    assert sorted(wards["WD25CD"]) == [f"E0599900{number}" for number in range(1, 7)]
    assert set(wards["LAD25CD"]) == {"E07999001"}
    assert wards["WD25NM"].is_unique
    assert wards.to_crs(27700).area.between(1_000_000, 5_000_000).all()


def test_small_areas_nest_in_their_wards(wards: gpd.GeoDataFrame, lsoas: gpd.GeoDataFrame) -> None:
    ward_of = {row["lsoa21_code"]: row["ward24_code"] for row in read_rows("lookup.csv")}
    assert set(ward_of) == set(lsoas["LSOA21CD"])
    joined = lsoas.assign(ward=lsoas["LSOA21CD"].map(ward_of)).dissolve("ward", method="coverage")
    for code, shape in wards.set_index("WD25CD").geometry.items():
        assert shape.equals(joined.geometry[code]), code


def test_every_small_area_has_its_figures(lsoas: gpd.GeoDataFrame) -> None:
    codes = set(lsoas["LSOA21CD"])
    people = {row["lsoacd"]: int(row["population"]) for row in read_rows("population.csv")}
    assert set(people) == codes
    assert 15_000 < sum(people.values()) < 25_000
    index = {row["lsoa21_code"]: row for row in read_rows("imd.csv")}
    assert set(index) == codes
    for row in index.values():
        assert 1 <= int(row["IMD_rank"]) <= 33_755
        assert int(row["IMD_decile"]) == 1 + (int(row["IMD_rank"]) - 1) * 10 // 33_755


def test_postcodes_lie_in_the_ward_they_name(postcodes: Rows, wards: gpd.GeoDataFrame) -> None:
    assert len(postcodes) == len({row["postcode"] for row in postcodes}) > 150
    for row in postcodes:
        ward = ward_at(wards, float(row["longitude"]), float(row["latitude"]))
        assert ward == row["admin_ward_code"], row["postcode"]


def test_postcodes_grid_and_degrees_agree(postcodes: Rows) -> None:
    to_grid = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)
    for row in postcodes:
        easting, northing = to_grid.transform(float(row["longitude"]), float(row["latitude"]))
        assert easting == pytest.approx(float(row["eastings"]), abs=GRID_TOLERANCE_M)
        assert northing == pytest.approx(float(row["northings"]), abs=GRID_TOLERANCE_M)


def test_postcodes_are_well_formed_and_nobodys(postcodes: Rows) -> None:
    for row in postcodes:
        parsed = Postcode.parse(row["postcode"])
        assert str(parsed) == row["postcode"]
        # There is no postcode area EW: see the list of areas in any postcode directory.
        assert parsed.area == "EW"


@pytest.mark.parametrize("name", ["assets.csv", "care_homes.csv"])
def test_places_are_in_the_town_and_near_their_postcode(
    name: str, postcodes: Rows, wards: gpd.GeoDataFrame
) -> None:
    points = {
        row["postcode"]: shapely.Point(float(row["eastings"]), float(row["northings"]))
        for row in postcodes
    }
    to_grid = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)
    for row in read_rows(name):
        if not row["postcode"]:
            continue
        assert row["postcode"] in points, row["name"]
        if not row["lon"]:
            continue
        lon, lat = float(row["lon"]), float(row["lat"])
        assert ward_at(wards, lon, lat), row["name"]
        here = shapely.Point(to_grid.transform(lon, lat))
        assert here.distance(points[row["postcode"]]) < 250, row["name"]


def test_all_six_wards_have_homes_or_places(
    assets: Rows, homes: Rows, wards: gpd.GeoDataFrame
) -> None:
    found = {
        ward_at(wards, float(row["lon"]), float(row["lat"]))
        for row in [*assets, *homes]
        if row["lon"]
    }
    assert found == set(wards["WD25CD"])


def test_surgeries_library_and_van_have_postcodes_of_the_town(
    postcodes: Rows,
) -> None:
    known = {row["postcode"] for row in postcodes}
    assert {row[9] for row in read_lines("surgeries.csv")} <= known
    assert {row["Postcode"] for row in read_rows("library.csv")} <= known
    assert {row["postcode"] for row in read_rows("mobile_library.csv")} <= known
