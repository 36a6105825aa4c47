from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.readers.postcodes import spaced
from app.importers.run import load_file
from tests.importers.files import write_postcodes

ROWS = [(f"BD1 {n % 10}{letters}", 416000 + n, 433000) for n in range(10) for letters in
        ("AB", "AD", "AE")]  # fmt: skip


def postcodes(connection: sa.Connection) -> dict[str, sa.Row[Any]]:
    return {r.postcode: r for r in connection.execute(sa.text("SELECT * FROM postcodes")).all()}


@pytest.mark.parametrize(
    ("written", "read"),
    [("BD1 1AF", "BD1 1AF"), ("BD111AA", "BD11 1AA"), ("B1  1AA", "B1 1AA"), ("ol12ab", "OL1 2AB")],
)
def test_postcodes_are_spaced(written: str, read: str) -> None:
    assert spaced(written) == read


def test_no_postcode() -> None:
    with pytest.raises(ValueError, match="is not a postcode"):
        spaced("BRADFORD")


@pytest.mark.parametrize("cell", ["north", "4e5", "4" * 400, "-40000", "\N{SUPERSCRIPT TWO}"])
@pytest.mark.parametrize("column", [1, 2, 3])
def test_a_number_that_is_none_is_said_as_it_stands(
    connection: sa.Connection, tmp_path: Path, cell: str, column: int
) -> None:
    path = write_postcodes(tmp_path / "bd.csv", [*ROWS, ("BD9 9AA", 416000, 433000)])
    lines = path.read_text(encoding="utf-8").splitlines()
    fields = lines[-1].split(",")
    fields[column] = cell
    path.write_text("\n".join([*lines[:-1], ",".join(fields)]), encoding="utf-8")
    assert load_file(connection, path).new == len(ROWS)
    found = connection.execute(sa.text("SELECT row_number, message FROM import_problems")).one()
    assert found.row_number == len(ROWS) + 1
    assert f"“{cell[:20]}”" in found.message


def test_points_are_where_the_grid_says(connection: sa.Connection, tmp_path: Path) -> None:
    path = write_postcodes(tmp_path / "bd.csv", [("BD1 1AF", 416546, 433216)])
    assert load_file(connection, path).new == 1
    moved_m = connection.execute(
        sa.text(
            "SELECT ST_Distance(point_27700, ST_SetSRID(ST_MakePoint(416546, 433216), 27700))"
            " FROM postcodes"
        )
    ).scalar_one()
    assert moved_m < 0.1
    row = postcodes(connection)["BD1 1AF"]
    assert (row.lad_code, row.ward_code, row.positional_quality) == ("E08000032", "E05001347", 10)


def test_withdrawn_postcodes_are_gone_and_other_areas_untouched(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load_file(connection, write_postcodes(tmp_path / "bd.csv", ROWS))
    load_file(connection, write_postcodes(tmp_path / "ol.csv", [("OL1 1AA", 393482, 404988)]))
    report = load_file(connection, write_postcodes(tmp_path / "bd2.csv", ROWS[:-1]))
    assert (report.new, report.unchanged, report.gone) == (0, 29, 1)
    gone = {code for code, row in postcodes(connection).items() if row.gone_at}
    assert gone == {ROWS[-1][0]}
    again = load_file(connection, write_postcodes(tmp_path / "bd.csv", ROWS))
    assert (again.changed, again.unchanged) == (1, 29)
    with pytest.raises(FileRefused, match="would mark 25 of 30 postcodes as gone"):
        load_file(connection, write_postcodes(tmp_path / "bd3.csv", ROWS[:5]))


def test_a_postcode_without_a_position_is_a_problem(
    connection: sa.Connection, tmp_path: Path
) -> None:
    path = write_postcodes(
        tmp_path / "bd.csv",
        [("BD1 1AF", 416546, 433216), ("BD98 1GA", 0, 0), ("BD1 1AF", 416546, 433216),
         ("BD1 1AX", 4165460, 433216)],
    )  # fmt: skip
    report = load_file(connection, path)
    assert report.new == 1
    assert report.reasons == {"no_location": 1, "duplicate": 1, "outside_great_britain": 1}


def test_ordnance_surveys_header_rows_are_no_data(
    connection: sa.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "headers.csv"
    path.write_text(
        "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\n"
        "Postcode,Positional_quality_indicator,Eastings,Northings,Country_code,a,b,c,d,e\n"
        "BD1 1AF,10,416546,433216,E92000001,,,,E08000032,E05001347\n"
        "BD1 1AG,10,here,433216,E92000001,,,,E08000032,E05001347\n"
    )
    report = load_file(connection, path)
    assert (report.new, report.skipped) == (1, 1)
    assert report.reasons == {"unreadable_value": 1}
    assert postcodes(connection)["BD1 1AF"].lad_code == "E08000032"


def test_both_real_forms_of_bradford_say_the_same(
    connection: sa.Connection, real_data: Path
) -> None:
    folder = real_data / "postcodes"
    first = load_file(connection, folder / "codepoint_open_2025-05_BD.csv")
    assert (first.read, first.new, first.reasons) == (17280, 17268, {"no_location": 12})
    as_of = connection.execute(sa.text("SELECT as_of FROM import_runs")).scalar_one()
    assert as_of == dt.date(2025, 5, 1)
    raw = load_file(connection, folder / "raw_codepoint_bd_no_header.csv")
    assert (raw.status, raw.unchanged) == ("unchanged", 17268)
