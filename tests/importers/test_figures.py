from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.options import ReadOptions
from app.importers.run import load_file

POPULATION = "\ufefflsoacd,population\nE01011949,1866\nE01011950,1094\n"
LOOKUP = (
    '"lsoa21_name","lsoa21_code","ward24_name","ward24_code","ltla24_name","ltla24_code"\n'
    '"Middlesbrough 014A","E01012049","Ladgate","E05009861","Middlesbrough","E06000002"\n'
    '"Middlesbrough 009A","E01012053","Linthorpe","E05009862","Middlesbrough","E06000002"\n'
)


def figures(connection: sa.Connection) -> dict[tuple[str, str, dt.date], float]:
    rows = connection.execute(sa.text("SELECT gss_code, measure, as_of, value FROM area_figures"))
    return {(row.gss_code, row.measure, row.as_of): row.value for row in rows}


def test_population_with_a_byte_order_mark(connection: sa.Connection, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(POPULATION)
    assert load_file(connection, path).new == 2
    mid_2022 = dt.date(2022, 6, 30)
    assert figures(connection)["E01011949", "population", mid_2022] == 1866
    assert load_file(connection, path).status == "unchanged"
    path.write_text(POPULATION.replace("1094", "1,100").replace("1,100", '"1,100"'))
    assert load_file(connection, path).changed == 1
    load_file(connection, path, options=ReadOptions(as_of=dt.date(2024, 6, 30)))
    assert len(figures(connection)) == 4


def test_figures_that_are_none(connection: sa.Connection, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(POPULATION + "E01011951,lots\nE01011952,nan\nBradford,5\nE01011949,7\n")
    report = load_file(connection, path)
    assert (report.new, report.reasons) == (2, {"unreadable_value": 3, "duplicate": 1})


def ages(*, total: int, each: int, oldest: str = "") -> str:
    """Return a file as ONS publishes single years of age, with as many people of every age."""
    columns = [f"{sex}{age}" for sex in "FM" for age in range(90)]
    columns = [*columns[:90], f"F90{oldest}", *columns[90:], f"M90{oldest}"]
    head = ",".join(["LAD 2021 Name", "LSOA 2021 Code", "Total", *columns])
    return f"{head}\nMiddlesbrough,E01012049,{total},{','.join([str(each)] * 182)}\n"


@pytest.mark.parametrize(
    ("text", "people", "older"),
    [
        ("lsoacd,population\nE01012049,900\n", 900, None),
        ("lsoa21_code,Population,Population_65_plus\nE01012049,900,210\n", 900, 210),
        (ages(total=364, each=2), 364, 2 * 2 * 26),
        (ages(total=364, each=2, oldest="+"), 364, 2 * 2 * 26),
    ],
    ids=["people", "people and older people", "single years", "single years, 90+"],
)
def test_shapes_of_population(
    connection: sa.Connection, tmp_path: Path, text: str, people: int, older: int | None
) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text)
    report = load_file(connection, path)
    assert (report.reader, report.new) == ("population", 1)
    found = {measure: value for (_, measure, _), value in figures(connection).items()}
    assert found.pop("population") == people
    assert found == ({} if older is None else {"population_65_plus": older})


def test_ages_that_cannot_be_are_not_stored(connection: sa.Connection, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "lsoacd,population,population_65_plus\n"
        "E01012049,900,901\nE01012050,900,-1\nE01012051,900,\nE01012053,900,900\n"
    )
    report = load_file(connection, path)
    assert (report.new, report.problems) == (1, 3)
    # A file of ages that lacks one is no file of ages.
    path.write_text(ages(total=364, each=2).replace("F77", "F177"))
    with pytest.raises(FileRefused):
        load_file(connection, path)


def test_a_measure_dropped_from_a_newer_file_is_deleted(
    connection: sa.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "p.csv"
    path.write_text(POPULATION)
    load_file(connection, path)
    path.write_text(POPULATION.rsplit("\n", 2)[0] + "\n")
    report = load_file(connection, path)
    assert (report.unchanged, report.gone) == (1, 1)
    assert len(figures(connection)) == 1


def test_the_lookup(connection: sa.Connection, tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text(LOOKUP)
    assert load_file(connection, path).new == 2
    row = connection.execute(
        sa.text("SELECT * FROM area_lookups WHERE lsoa_code = 'E01012049'")
    ).one()
    assert (row.ward_code, row.ward_name, row.lad_name) == ("E05009861", "Ladgate", "Middlesbrough")
    assert row.release == "2024"
    assert load_file(connection, path).status == "unchanged"


def test_the_lookup_as_ons_writes_it_and_without_a_column(
    connection: sa.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "l.csv"
    path.write_text(
        "LSOA21CD,LSOA21NM,WD25CD,WD25NM,LAD25CD,LAD25NM\nE01012049,a,E05009861,b,E06000002,c\n"
    )
    load_file(connection, path)
    release = connection.execute(sa.text("SELECT release FROM area_lookups")).scalar_one()
    assert release == "2025"
    path.write_text("LSOA21CD,WD25CD,LAD25CD\nE01012049,E05009861,E06000002\n")
    with pytest.raises(FileRefused, match="no column for ward name, lad name"):
        load_file(connection, path, reader="lookup")


def test_deprivation_keeps_the_index_and_the_domains_deciles(
    connection: sa.Connection, tmp_path: Path, real_data: Path
) -> None:
    whole = (real_data / "deprivation" / "imd2025_england_lsoa21.csv").read_text().splitlines()
    path = tmp_path / "imd.csv"
    path.write_text("\n".join(whole[:200]) + "\n")
    assert load_file(connection, path).new == 199
    found = figures(connection)
    published = dt.date(2025, 10, 30)
    assert found["E01000001", "imd_rank", published] == 26525
    assert found["E01000001", "imd_decile", published] == 8
    assert found["E01000001", "imd_score", published] == pytest.approx(8.742)
    assert found["E01000001", "environment_decile", published] == 1
    assert len(found) == 199 * 10


def test_the_real_population_is_that_of_mid_2022(real_data: Path) -> None:
    text = (real_data / "deprivation" / "lsoa21_population.csv").read_text(encoding="utf-8-sig")
    assert sum(int(line.split(",")[1]) for line in text.splitlines()[1:]) == 60_238_038
