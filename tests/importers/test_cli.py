from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.console import Console
from typer.testing import CliRunner, Result

from app.cli import cli
from app.errors import PatchworkError
from app.importers.folder import NOT_RECOGNISED, load_folder
from app.importers.progress import print_reports, watching
from app.importers.records import Report
from app.settings import get_settings
from tests.conftest import ROOT
from tests.importers.files import polygon, write_assets, write_postcodes, write_wards


@pytest.fixture
def database(
    engine: sa.Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[sa.Engine]:
    """Point the command line at the test database; empty it again afterwards."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    get_settings.cache_clear()
    yield engine
    get_settings.cache_clear()
    with engine.begin() as connection:
        tables = "foot_networks, assets, areas, postcodes, sources, import_runs, area_figures"
        connection.execute(sa.text(f"TRUNCATE {tables}, area_lookups CASCADE"))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def count(engine: sa.Engine, table: str) -> int:
    with engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT count(*) FROM {table}"))
        return int(found.scalar_one())


def test_wards_assets_and_problems(database: sa.Engine, tmp_path: Path) -> None:
    wards = write_wards(tmp_path / "w.geojson", {"E05001347": polygon(-1.75, 53.79)})
    result = run("load", "wards", wards, "--release", "2026")
    assert result.exit_code == 0, result.output
    assert "w.geojson: 1 row read, 1 new;" in result.output
    assert count(database, "areas") == 1
    rows: list[dict[str, object]] = [
        {"name": "Town Hall"},
        {"name": "Moon base", "lon": 0, "lat": 95},
    ]
    result = run("load", "assets", write_assets(tmp_path, rows))
    assert result.exit_code == 0, result.output
    assert "outside great britain 1" in result.output
    assert re.search(r"^places\.csv +2 +1 +0 +0 +0 +0 +1 ", result.output, re.MULTILINE)
    result = run("problems", "--reason", "outside_great_britain")
    assert "places.csv row 3: Moon base: outside_great_britain." in result.output
    assert run("problems", "--reason", "duplicate").output == "There are no rows to look at.\n"


def test_a_refused_file_is_one_sentence(database: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    result = run("load", "assets", path)
    assert isinstance(result.exception, PatchworkError)  # main() prints it, without a traceback
    assert str(result.exception) == "empty.csv is empty."
    assert result.exit_code == 1
    assert count(database, "import_runs") == 0


def test_one_refused_file_of_several_lets_the_others_in(
    database: sa.Engine, tmp_path: Path
) -> None:
    good = write_assets(tmp_path, [{"name": "Town Hall"}])
    result = run("load", "assets", tmp_path / "missing.csv", good)
    assert result.exit_code == 1
    assert "missing.csv cannot be opened: there is no such file." in result.output
    assert count(database, "assets") == 1


def test_wards_are_no_assets(database: sa.Engine, tmp_path: Path) -> None:
    wards = write_wards(tmp_path / "w.geojson", {"E05001347": polygon(-1.75, 53.79)})
    result = run("load", "assets", wards)
    assert "use `patchwork load areas`" in str(result.exception)
    assert count(database, "areas") == 0


def test_a_source_of_ones_own_name(database: sa.Engine, tmp_path: Path) -> None:
    path = write_assets(tmp_path, [{"name": "Town Hall"}])
    assert run("load", "assets", "--source", "csv", "--as", "oldham-groups", path).exit_code == 0
    with database.connect() as connection:
        slugs = connection.execute(sa.text("SELECT slug FROM sources")).scalars()
        assert list(slugs) == ["oldham-groups"]


def folder_of_everything(folder: Path) -> Path:
    (folder / "a").mkdir()
    # Named so that the alphabet would load it first, before the postcode it stands at.
    write_assets(folder / "a", [{"name": "Town Hall", "postcode": "BD1 1AF"}], name="0.csv")
    write_postcodes(folder / "z.csv", [("BD1 1AF", 416546, 433216)])
    write_wards(folder / "wards.geojson", {"E05001347": polygon(-1.75, 53.79)})
    (folder / "broken.geojson").write_text('{"type": "FeatureColl')
    (folder / "notes.txt").write_text("Ask Jean about the key\n")
    (folder / ".hidden").write_text("x")
    return folder


def test_a_folder_is_loaded_in_an_order_that_works(database: sa.Engine, tmp_path: Path) -> None:
    result = run("load", "folder", folder_of_everything(tmp_path))
    assert result.exit_code == 0, result.output
    assert result.output.index("wards.geojson") < result.output.index("z.csv")
    assert count(database, "assets") == 1
    assert "notes.txt: not recognised, so not loaded" in result.output
    assert "broken.geojson: not recognised, so not loaded" in result.output
    assert ".hidden" not in result.output
    again = load_folder(database, tmp_path)
    statuses = {report.file_name: report.status for report in again}
    assert statuses == {
        "wards.geojson": "unchanged", "z.csv": "unchanged", "a/0.csv": "unchanged",
        "broken.geojson": NOT_RECOGNISED, "notes.txt": NOT_RECOGNISED,
    }  # fmt: skip


def test_a_refused_file_in_a_folder_is_said_and_the_exit_code_is_1(
    database: sa.Engine, tmp_path: Path
) -> None:
    folder_of_everything(tmp_path)
    (tmp_path / "x.csv").write_text("id,kind,name,lon,lat\n")
    result = run("load", "folder", tmp_path)
    assert result.exit_code == 1
    assert "x.csv has a header and no rows." in result.output
    assert count(database, "assets") == 1


def test_no_such_folder(database: sa.Engine, tmp_path: Path) -> None:
    assert "is not a folder" in str(run("load", "folder", tmp_path / "none").exception)
    assert count(database, "sources") == 0


def test_on_a_terminal_there_is_a_bar_and_a_table(database: sa.Engine, tmp_path: Path) -> None:
    console = Console(force_terminal=True, width=140, record=True, quiet=False, file=None)
    write_assets(tmp_path, [{"name": f"Hall {n}"} for n in range(1200)])
    with console.capture() as captured, watching(console) as watcher:
        reports = load_folder(database, tmp_path, watcher=watcher)
    shown = captured.get()
    assert "1200/1200" in shown
    assert "rows/s" in shown
    with console.capture() as captured:
        print_reports(reports, console=console)
    assert "places.csv" in captured.get()
    assert "1,200" in captured.get()


def test_a_hostile_file_name_is_no_markup(tmp_path: Path) -> None:
    console = Console(force_terminal=True, width=100)
    with console.capture() as captured:
        print_reports([Report("[red]x[/red].csv", "s", "r", read=1, seconds=1)], console=console)
    assert "[red]x[/red].csv" in captured.get()
    assert tmp_path.exists()


def test_a_network_and_the_walks_of_homes(database: sa.Engine, tmp_path: Path) -> None:
    sample = ROOT / "data" / "sample"
    assert run("load", "assets", sample / "care_homes.csv", sample / "assets.csv").exit_code == 0
    result = run("load", "network", sample / "streets.osm")
    assert result.exit_code == 0, result.output
    assert "streets.osm: 761 rows read, 761 new;" in result.output
    assert re.search(r"Walks worked out for \d homes in ", result.output)
    assert count(database, "walks") > 100
    result = run("walks", "refresh")
    assert (result.exit_code, result.output) == (0, "Nothing was due.\n")
    with pytest.raises(PatchworkError, match="not OpenStreetMap data"):
        CliRunner().invoke(
            cli, ["load", "network", str(sample / "assets.csv")], catch_exceptions=False
        )
    assert count(database, "foot_networks") == 1
