from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.importers.districts import Districts
from app.importers.options import ReadOptions
from app.importers.placing import distance_m
from app.importers.records import Report
from app.importers.run import load_file
from geo.crs import grid_of
from tests.importers.files import polygon, write_assets, write_postcodes, write_wards

# Squares of about 4.4 by 6.6 km: Bradford's lies west of Oldham's made-up one.
BRADFORD, OLDHAM = (-1.75, 53.79), (-1.60, 53.79)
BRADFORD_LAD, OLDHAM_LAD = ("E08000032", "Bradford"), ("E08000004", "Oldham")
LON_OF_DOOR, LAT_OF_DOOR = -1.7411, 53.7911
CARE_HOME = (
    "name", "type", "address", "postcode", "telephone", "website", "area_name", "area_code", "lon",
    "lat",
)  # fmt: skip


@pytest.fixture
def places(connection: sa.Connection, tmp_path: Path) -> sa.Connection:
    """Return a connection with two districts' wards and the postcodes of BD and OL."""
    for (code, place), lad in (
        (("E05001347", BRADFORD), BRADFORD_LAD),
        (("E05014646", OLDHAM), OLDHAM_LAD),
    ):
        wards = {code: polygon(*place, half_side=0.03)}
        load_file(connection, write_wards(tmp_path / f"{code}.geojson", wards, lad=lad))
    for name, place, lad in (("BD1 1AF", BRADFORD, BRADFORD_LAD), ("OL1 1AA", OLDHAM, OLDHAM_LAD)):
        easting, northing = map(round, grid_of(*place))
        rows = [(name, easting, northing, lad[0])]
        if name.startswith("BD"):
            # Nothing of Rochdale but this postcode, 40 km west, is loaded.
            rows.append(("BD99 9ZZ", easting - 40_000, northing, "E08000005"))
        load_file(connection, write_postcodes(tmp_path / f"{name[:2]}.csv", rows))
    return connection


def load(connection: sa.Connection, folder: Path, *rows: dict[str, object]) -> Report:
    return load_file(connection, write_assets(folder, rows))


def load_care_home(
    connection: sa.Connection,
    folder: Path,
    *,
    at: tuple[object, object],
    area: tuple[str, str],
    postcode: str = "HX1 1AA",
) -> Report:
    row = {"name": "The Foothills", "type": "Residential homes", "area_code": area[0],
           "area_name": area[1], "lon": at[0], "lat": at[1], "postcode": postcode}  # fmt: skip
    return load_file(connection, write_assets(folder, [row], name="homes.csv", columns=CARE_HOME))


def problem(connection: sa.Connection) -> sa.Row[Any]:
    return connection.execute(sa.text("SELECT * FROM import_problems")).one()


def asset(connection: sa.Connection) -> sa.Row[Any]:
    return connection.execute(
        sa.text("SELECT *, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM assets")
    ).one()


def test_distance_agrees_with_the_grid() -> None:
    (e1, n1), (e2, n2) = grid_of(*BRADFORD), grid_of(*OLDHAM)
    planar_m = ((e1 - e2) ** 2 + (n1 - n2) ** 2) ** 0.5
    assert distance_m(*BRADFORD, *OLDHAM) == pytest.approx(planar_m, rel=0.003)


def test_a_row_without_coordinates_stands_at_its_postcode_and_says_so(
    places: sa.Connection, tmp_path: Path
) -> None:
    load(places, tmp_path, {"name": "Hall", "postcode": "bd11af"})
    stored = asset(places)
    assert (stored.location_source, stored.postcode) == ("postcode", "BD1 1AF")
    assert distance_m(stored.lon, stored.lat, *BRADFORD) < 1


def test_coordinates_given_are_kept(places: sa.Connection, tmp_path: Path) -> None:
    load(places, tmp_path, {"name": "Hall", "postcode": "BD1 1AF", "lon": -1.751, "lat": 53.791})
    stored = asset(places)
    assert (stored.location_source, stored.lon, stored.lat) == ("given", -1.751, 53.791)


@pytest.mark.parametrize(
    ("postcode", "reason", "message"),
    [
        ("BD1 1ZZ", "unknown_postcode", "There is no postcode BD1 1ZZ."),
        ("LS1 1AA", "unknown_postcode", "The postcodes of LS are not loaded"),
        ("Bradford", "unknown_postcode", "There is no postcode Bradford."),
        ("", "no_location", "no coordinates and no postcode"),
    ],
)
def test_what_cannot_be_placed_is_said(
    places: sa.Connection, tmp_path: Path, postcode: str, reason: str, message: str
) -> None:
    report = load(places, tmp_path, {"name": "Hall", "postcode": postcode})
    assert report.new == 0
    found = problem(places)
    assert (found.reason, found.is_stored, found.row_number) == (reason, False, 2)
    assert message in found.message


@pytest.mark.parametrize(
    ("lon", "lat", "said"),
    [
        ("west", "53.79", "not two numbers (longitude “west”, latitude “53.79”)"),
        ("-1.750", "", "not two numbers (longitude “-1.750”, latitude “”)"),
        ("1e999", "53.7900", "not two numbers (longitude “1e999”, latitude “53.7900”)"),
        ("53.7900", "-01.75", "Longitude 53.7900 and latitude -01.75 are the wrong way round"),
        ("0000", "95.10", "Longitude 0000, latitude 95.10 is outside Great Britain"),
    ],
)
def test_what_is_said_of_coordinates_is_what_the_file_has(
    places: sa.Connection, tmp_path: Path, lon: str, lat: str, said: str
) -> None:
    load(places, tmp_path, {"name": "Hall", "lon": lon, "lat": lat})
    found = problem(places)
    assert said in found.message
    assert "nan" not in found.message + found.suggestion
    load_care_home(places, tmp_path, at=(lon, lat), area=BRADFORD_LAD)
    messages = places.execute(sa.text("SELECT message FROM import_problems")).scalars().all()
    assert len(messages) == 2
    assert all(said in message for message in messages), "whoever publishes it"


def test_a_withdrawn_postcode_still_places_with_a_doubt(
    places: sa.Connection, tmp_path: Path
) -> None:
    places.execute(sa.text("UPDATE postcodes SET gone_at = now() WHERE postcode = 'BD1 1AF'"))
    assert load(places, tmp_path, {"name": "Hall", "postcode": "BD1 1AF"}).new == 1
    assert problem(places).is_stored


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [
        ("nan", "53.79", "unreadable_value"),
        ("-1.75", "Infinity", "unreadable_value"),
        ("-1.75", "95", "outside_great_britain"),
        ("0", "0", "outside_great_britain"),
        ("2.35", "48.86", "outside_great_britain"),
        ("416546", "433216", "outside_great_britain"),
        ("53.79", "-1.75", "swapped_axes"),
    ],
)
def test_coordinates_that_cannot_be(
    places: sa.Connection, tmp_path: Path, lon: str, lat: str, reason: str
) -> None:
    report = load(places, tmp_path, {"name": "Hall", "lon": lon, "lat": lat})
    assert report.new == 0
    assert problem(places).reason == reason


def test_grid_metres_given_as_degrees_are_recognised(places: sa.Connection, tmp_path: Path) -> None:
    load(places, tmp_path, {"name": "Hall", "lon": 416546, "lat": 433216})
    assert "National Grid" in problem(places).suggestion


@pytest.mark.parametrize(
    ("postcode", "words"),
    [
        ("BD1 1AF", "the postcode BD1 1AF confirms it."),
        ("OL1 1AA", "10 km from the postcode OL1 1AA"),
        ("", "longitude -1.75, latitude 53.79."),
    ],
)
def test_swapped_axes_come_with_the_swap_and_what_the_postcode_says(
    places: sa.Connection, tmp_path: Path, postcode: str, words: str
) -> None:
    load(places, tmp_path, {"name": "Hall", "lon": 53.79, "lat": -1.75, "postcode": postcode})
    assert words in problem(places).suggestion


def test_a_point_far_from_its_postcode_is_stored_with_a_doubt(
    places: sa.Connection, tmp_path: Path
) -> None:
    row = {"name": "Hall", "lon": BRADFORD[0], "lat": BRADFORD[1], "postcode": "OL1 1AA"}
    assert load(places, tmp_path, row).new == 1
    found = problem(places)
    assert (found.reason, found.is_stored) == ("outside_district", True)
    assert "10 km from its postcode OL1 1AA" in found.message


def test_an_informal_asset_is_never_nearer_than_its_ward(
    places: sa.Connection, tmp_path: Path
) -> None:
    columns = ("id", "kind", "name", "ward_code", "lon", "lat", "postcode")
    rows: list[dict[str, object]] = [
        {"kind": "informal", "name": "Mends clocks", "ward_code": "E05001347",
         "lon": LON_OF_DOOR, "lat": LAT_OF_DOOR, "postcode": "BD1 1AF"},
        {"kind": "informal", "name": "Bakes", "lon": "", "lat": ""},
    ]  # fmt: skip
    report = load_file(places, write_assets(tmp_path, rows, columns=columns))
    assert report.reasons["no_location"] == 1
    stored = asset(places)
    assert (stored.location_source, stored.ward_code) == ("ward", "E05001347")
    # A trigger may put it on its ward's own point, which is no door.
    assert (stored.lon, stored.lat) != (LON_OF_DOOR, LAT_OF_DOOR)
    assert stored.postcode is None


@pytest.mark.parametrize("code", ["E08000032", "E0800032", ""])
def test_in_the_district_claimed(places: sa.Connection, tmp_path: Path, code: str) -> None:
    report = load_care_home(places, tmp_path, at=BRADFORD, area=(code, "Bradford"))
    assert (report.new, report.problems) == (1, 0)


@pytest.mark.parametrize(
    "area", [("E08000004", "Oldham"), ("E0800004", ""), ("", "City of Oldham Council")]
)
def test_outside_the_district_claimed(
    places: sa.Connection, tmp_path: Path, area: tuple[str, str]
) -> None:
    report = load_care_home(places, tmp_path, at=BRADFORD, area=area)
    assert report.new == 0
    found = problem(places)
    assert found.reason == "outside_district"
    assert found.message == (
        "The row says Oldham (E08000004), but its place is in Bradford (E08000032)."
    )


@pytest.mark.parametrize(("metres", "is_stored"), [(200, True), (300, False), (400, False)])
def test_just_over_the_border_is_no_lie(
    places: sa.Connection, tmp_path: Path, metres: float, is_stored: bool
) -> None:
    # East of Bradford's square: 1 degree of longitude is 65.8 km here.
    at = (BRADFORD[0] + 0.03 + metres / 65_800, BRADFORD[1])
    report = load_care_home(places, tmp_path, at=at, area=BRADFORD_LAD)
    assert report.new == int(is_stored)


def test_a_district_of_which_nothing_is_loaded_is_not_judged(
    places: sa.Connection, tmp_path: Path
) -> None:
    at = (BRADFORD[0], 54.2)
    report = load_care_home(places, tmp_path, at=at, area=("E06000001", "Hartlepool"))
    assert (report.new, report.problems) == (1, 0)


def test_without_wards_the_postcodes_district_decides(
    places: sa.Connection, tmp_path: Path
) -> None:
    rochdale = ("E08000005", "Rochdale")
    away = (BRADFORD[0], 53.9)  # in no ward that is loaded
    assert load_care_home(places, tmp_path, at=away, area=rochdale).new == 1
    places.execute(sa.text("DELETE FROM assets"))
    report = load_care_home(places, tmp_path, at=(BRADFORD[0], 53.82), area=rochdale,
                            postcode="BD1 1AF")  # fmt: skip
    assert report.new == 0
    assert "in Bradford (E08000032)" in problem(places).message


def test_the_district_said_for_the_whole_file(places: sa.Connection, tmp_path: Path) -> None:
    path = write_assets(tmp_path, [{"name": "Hall", "lon": BRADFORD[0], "lat": BRADFORD[1]}])
    assert load_file(places, path, options=ReadOptions(lad_code="E08000004")).new == 0
    assert load_file(places, path, options=ReadOptions(lad_code="E08000032")).new == 1


def test_codes_that_lost_a_digit(places: sa.Connection) -> None:
    districts = Districts(places)
    assert districts.repair("E0800004", None) == "E08000004"
    assert districts.repair("E0800003", "Bradford") == "E08000032"  # by name
    assert districts.repair("E0800099", "Nowhere") is None
    assert districts.repair(None, None) is None


def test_real_care_homes_are_checked_against_real_wards(
    connection: sa.Connection, real_data: Path, tmp_path: Path
) -> None:
    for name in ("E08000004_oldham", "E08000007_stockport", "E08000008_tameside"):
        load_file(connection, real_data / "wards" / f"ward_WD25_{name}.geojson")
    path = real_data / "care_homes" / "gm_care_homes_2018-09.csv"
    honest = load_file(connection, path)
    assert "outside_district" not in honest.reasons
    assert honest.new > 550
    # The same homes with their districts moved along by one: all of Oldham's are found out.
    text = path.read_text()
    oldham = text.count("E0800004")
    lying = tmp_path / "gm_care_homes_2018-10.csv"
    lying.write_text(text.replace("Oldham,E0800004", "Stockport,E0800007"))
    report = load_file(connection, lying)
    # One of Oldham's is in the file twice.
    assert report.reasons["outside_district"] == oldham - 1 == 43
