from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import sqlalchemy as sa
from shapely import Polygon

from app.errors import FileRefused
from app.importers.options import ReadOptions
from app.importers.readers.areas import as_multipolygon, find_columns
from app.importers.run import load_file
from geo.crs import grid_of
from tests.importers.files import feature, polygon, write_features, write_wards

CITY, HEATON = "E05001347", "E05001352"
BRADFORD = (-1.7534, 53.7924)


def areas(connection: sa.Connection) -> list[sa.Row[Any]]:
    return list(connection.execute(sa.text("SELECT * FROM areas ORDER BY gss_code")).all())


def problems(connection: sa.Connection) -> list[sa.Row[Any]]:
    return list(connection.execute(sa.text("SELECT * FROM import_problems ORDER BY id")).all())


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["WD25CD", "WD25NM", "LAD25CD", "LAD25NM"], ("ward", "2025", "WD25CD", "LAD25CD")),
        (["FID", "wd13cd", "wd13nm"], ("ward", "2013", "wd13cd", None)),
        (["LSOA21CD", "LSOA21NM", "LADCD_ACTIVE"], ("lsoa", "2021", "LSOA21CD", "LADCD_ACTIVE")),
        (["LAD24CD", "LAD24NM"], ("lad", "2024", "LAD24CD", "LAD24CD")),
        (["WD11CD", "WD24CD", "WD24NM"], ("ward", "2024", "WD24CD", None)),
    ],
)
def test_any_vintage_is_known_by_its_columns(
    header: list[str], found: tuple[str | None, ...]
) -> None:
    columns = find_columns(header)
    assert columns is not None
    assert (columns.area_type, columns.release, columns.code, columns.lad_code) == found


def test_no_code_column_is_no_areas_file() -> None:
    assert find_columns(["name", "WDCD", "WD25NM"]) is None


def test_wards_are_stored_and_cut_into_parts(connection: sa.Connection, tmp_path: Path) -> None:
    path = write_wards(tmp_path / "w.geojson", {CITY: polygon(*BRADFORD)})
    report = load_file(connection, path)
    assert (report.new, report.problems) == (1, 0)
    [ward] = areas(connection)
    assert (ward.area_type, ward.release, ward.gss_code) == ("ward", "2025", CITY)
    assert (ward.lad_code, ward.lad_name) == ("E08000032", "Bradford")
    assert connection.execute(sa.text("SELECT count(*) FROM area_parts")).scalar_one() == 1
    assert load_file(connection, path).status == "unchanged"
    assert areas(connection) == [ward]


def test_releases_live_side_by_side(connection: sa.Connection, tmp_path: Path) -> None:
    for year in ("13", "25"):
        load_file(connection, write_wards(tmp_path / f"{year}.json", {CITY: polygon(*BRADFORD)},
                                          year=year))  # fmt: skip
    assert {ward.release for ward in areas(connection)} == {"2013", "2025"}
    path = write_wards(tmp_path / "13.json", {CITY: polygon(*BRADFORD)}, year="13")
    load_file(connection, path, options=ReadOptions(release="2014"))
    assert {ward.release for ward in areas(connection)} == {"2013", "2014", "2025"}


def test_one_district_says_nothing_of_another(connection: sa.Connection, tmp_path: Path) -> None:
    oldham = ("E08000004", "Oldham")
    bradford = {CITY: polygon(*BRADFORD), HEATON: polygon(-1.8, 53.81)}
    load_file(connection, write_wards(tmp_path / "b.json", bradford))
    load_file(connection, write_wards(tmp_path / "o.json", {"E05014646": polygon(-2.1, 53.5)},
                                      lad=oldham))  # fmt: skip
    assert not any(ward.gone_at for ward in areas(connection))
    report = load_file(connection, write_wards(tmp_path / "b2.json", {CITY: polygon(*BRADFORD)}))
    assert (report.unchanged, report.gone) == (1, 1)
    assert [ward.gss_code for ward in areas(connection) if ward.gone_at] == [HEATON]


def test_the_district_may_be_in_the_name_of_the_file(
    connection: sa.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "ward_WD13_E07000163_craven.geojson"
    load_file(connection, write_wards(path, {CITY: polygon(*BRADFORD)}, lad=None, year="13"))
    assert areas(connection)[0].lad_code == "E07000163"


def test_grid_metres_in_a_shapefile_without_a_prj(
    connection: sa.Connection, tmp_path: Path
) -> None:
    easting, northing = grid_of(*BRADFORD)
    corners = [(-500, -500), (500, -500), (500, 500), (-500, 500)]
    square = Polygon([(easting + dx, northing + dy) for dx, dy in corners])
    frame = gpd.GeoDataFrame(
        {"WD25CD": [CITY], "WD25NM": ["City"]}, geometry=[square], crs="EPSG:27700"
    )
    frame.to_file(tmp_path / "w.shp", engine="pyogrio")
    (tmp_path / "w.prj").unlink()
    assert load_file(connection, tmp_path / "w.shp").new == 1
    area_m2 = connection.execute(
        sa.text("SELECT ST_Area(ST_Transform(geom, 27700)) FROM areas")
    ).scalar_one()
    assert area_m2 == pytest.approx(1_000_000, rel=0.001)


def test_a_bow_tie_is_repaired_and_said(connection: sa.Connection, tmp_path: Path) -> None:
    ring = [[-1.8, 53.7], [-1.7, 53.8], [-1.7, 53.7], [-1.8, 53.8], [-1.8, 53.7]]
    bow_tie = {"type": "Polygon", "coordinates": [ring]}
    report = load_file(connection, write_wards(tmp_path / "w.geojson", {CITY: bow_tie}))
    assert (report.new, report.reasons) == (1, {"invalid_geometry, stored": 1})
    valid = connection.execute(sa.text("SELECT ST_IsValid(geom) FROM areas")).scalar_one()
    assert valid


def test_lines_left_by_a_repair_are_dropped_and_nan_is_no_shape() -> None:
    spike = Polygon([(0, 0), (2, 0), (2, 2), (1, 2), (1, 5), (1, 2), (0, 2)])
    repaired, was_repaired = as_multipolygon(spike)
    assert was_repaired
    assert repaired is not None
    assert repaired.geom_type == "MultiPolygon"
    assert repaired.area == pytest.approx(4)
    with np.errstate(invalid="ignore"):
        no_number = Polygon([(0, 0), (np.nan, 1), (1, 1), (0, 0)])
    assert as_multipolygon(no_number) == (None, False)
    assert as_multipolygon(None) == (None, False)


def test_what_cannot_be_an_area_is_said_row_by_row(
    connection: sa.Connection, tmp_path: Path
) -> None:
    square = polygon(*BRADFORD)
    swapped = {"type": "Polygon", "coordinates": [[p[::-1] for p in square["coordinates"][0]]]}
    features = [
        feature({"WD25CD": CITY, "WD25NM": "City"}, square),
        feature({"WD25CD": CITY, "WD25NM": "City"}, square),
        feature({"WD25CD": "E05000001", "WD25NM": "Swapped"}, swapped),
        feature({"WD25CD": "E05000002", "WD25NM": "Paris"}, polygon(2.35, 48.86)),
        feature({"WD25CD": "E05000003", "WD25NM": "None"}, None),
        feature({"WD25CD": "City", "WD25NM": "City"}, square),
        feature({"WD25CD": None, "WD25NM": "City"}, square),
    ]
    report = load_file(connection, write_features(tmp_path / "w.geojson", features))
    assert report.new == 1
    found = {(p.row_number, p.reason) for p in problems(connection)}
    assert found == {
        (2, "duplicate"), (3, "swapped_axes"), (4, "outside_great_britain"),
        (5, "invalid_geometry"), (6, "unreadable_value"), (7, "missing_field"),
    }  # fmt: skip


def test_points_with_ward_codes_are_not_wards(connection: sa.Connection, tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": list(BRADFORD)}
    with pytest.raises(FileRefused, match="no polygons"):
        load_file(connection, write_wards(tmp_path / "w.geojson", {CITY: point}))


def test_all_real_wards_are_stored(connection: sa.Connection, real_data: Path) -> None:
    read = new = 0
    repeats = []
    for path in sorted((real_data / "wards").glob("*.geojson")):
        report = load_file(connection, path)
        read, new = read + report.read, new + report.new
        repeats += [report.problems] if report.problems else []
    assert read == 259
    # One ward of North Yorkshire is in its file twice, shape and all.
    assert (new, repeats) == (258, [1])
    [problem] = problems(connection)
    assert (problem.source_key, problem.suggestion) == (
        "E05014284", "Nothing to do: the two features are the same.",
    )  # fmt: skip
    by_lad = connection.execute(
        sa.text("SELECT lad_code, count(*) FROM areas GROUP BY 1 ORDER BY 1")
    ).all()
    assert dict(tuple(row) for row in by_lad) == {
        "E06000064": 33, "E06000065": 89, "E07000036": 19, "E07000121": 27, "E08000004": 20,
        "E08000007": 21, "E08000008": 19, "E08000032": 30,
    }  # fmt: skip


def test_real_wards_of_2013_take_their_district_from_the_name(
    connection: sa.Connection, real_data: Path
) -> None:
    report = load_file(connection, real_data / "wards_2013" / "ward_WD13_E07000163_craven.geojson")
    assert (report.new, report.problems) == (19, 0)
    assert {(a.release, a.lad_code) for a in areas(connection)} == {("2013", "E07000163")}
