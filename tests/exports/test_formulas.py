"""Nothing in a file runs, and what was protected for that comes back as it was."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.database import make_engine
from app.exports.workbooks import write_long_xlsx
from app.importers.files import open_table
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.own_columns import unprotected
from app.importers.run import load_file
from app.interests.actions import load_vocabulary
from app.rendering import FORMULA_STARTS, csv_cell, csv_text
from app.settings import Settings
from tests import builders
from tests.conftest import new_database
from tests.exports.conftest import HOSTILE, Taken

STARTS = (
    "=1+1",
    "+44",
    "@x",
    "-",
    "'",
    "''",
    "'=",
    " =1",
    "\t=1",
    "\n=1",
    "\r",
    "_x0041_",
    "=",
    "",
)
CELLS = st.builds("".join, st.tuples(st.sampled_from(STARTS), st.text(max_size=12)))
ASKED = (
    "kind", "name", "description", "address", "postcode", "website", "beds", "interest_ids",
    "access", "opening_hours", "assured_date",
)  # fmt: skip


def read_back(path: Path) -> list[str]:
    table = open_table(path)
    return [unprotected(path, row)["name"] for _, row in table.rows()]


@given(CELLS)
def test_what_is_protected_comes_back(text: str) -> None:
    cell = csv_cell(text)
    assert isinstance(cell, str)
    assert not cell.lstrip(" \n").startswith(FORMULA_STARTS)
    assert csv_text(cell) == text


@given(st.lists(CELLS.map(clean_text), min_size=1, max_size=5))
@settings(max_examples=25)
def test_names_come_back_from_a_file(
    tmp_path_factory: pytest.TempPathFactory, names: list[str | None]
) -> None:
    # openpyxl takes "x005F_" out of whatever it reads, also where nobody put it in.
    texts = [f"{name}" for name in names if name and "x005f_" not in name.lower()]
    folder = tmp_path_factory.mktemp("names")
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerows([["id", "name"], *([n, csv_cell(t)] for n, t in enumerate(texts))])
    (folder / "names.csv").write_bytes(written.getvalue().encode("utf-8-sig"))
    rows = [(n, text) for n, text in enumerate(texts)]
    write_long_xlsx(
        folder / "names.xlsx", [("names", ("id", "name"), rows)], title="", made_on=dt.date.today()  # noqa: DTZ011
    )  # fmt: skip
    for ending in ("csv", "xlsx"):
        assert [clean_text(n) for n in read_back(folder / f"names.{ending}")] == texts


def test_no_cell_of_a_workbook_is_a_formula(taken: Taken) -> None:
    book = openpyxl.load_workbook(io.BytesIO(taken.get("/assets.xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    # Texts, numbers, dates, yes and no: no formula ("f") and no error ("e").
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "b"}
    # openpyxl leaves the escape of "_x0041_" in, which programs for people take out.
    texts = {
        str(cell.value).replace("_x005F_", "_"): cell for cell in cells if cell.data_type == "s"
    }
    assert set(HOSTILE) <= set(texts)
    assert all(texts[name].quotePrefix for name in HOSTILE if name.startswith(FORMULA_STARTS))


@pytest.mark.skipif(not shutil.which("soffice"), reason="there is no LibreOffice")
def test_libreoffice_evaluates_nothing(taken: Taken, tmp_path: Path) -> None:
    taken.file("/assets.xlsx").rename(tmp_path / "book.xlsx")
    with zipfile.ZipFile(io.BytesIO(taken.get("/assets.zip"))) as packed:
        (tmp_path / "list.csv").write_bytes(packed.read(packed.namelist()[0]))
    (tmp_path / "out").mkdir()
    for name in ("book.xlsx", "list.csv"):
        # Formulas are shown as formulas: a cell that became one would differ from its text.
        subprocess.run(
            ["soffice", *(["--infilter=CSV:44,34,76,1"] if name == "list.csv" else []),
             f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
             "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false",
             "--outdir", "out", name],
            cwd=tmp_path, check=True, capture_output=True, timeout=90,
        )  # fmt: skip
    for name in ("book.csv", "list.csv"):
        shown = list(csv.DictReader(io.StringIO((tmp_path / "out" / name).read_text("utf-8-sig"))))
        names = {row["name"] for row in shown}
        expected = {csv_cell(one) if name == "list.csv" else one for one in HOSTILE}
        # LibreOffice takes these for numbers in a CSV, as any spreadsheet does.
        assert expected - names <= {"007", "1e5"}
        assert not names & {"2", "1", "Err:509", "#NAME?", "#REF!"}


def stored(engine: sa.Engine, source: str = "true") -> dict[str, dict[str, Any]]:
    """Return what identity is asked of, by the id the file has for it."""
    columns = ", ".join(f"a.{column}" for column in ASKED)
    statement = (
        f"SELECT CASE WHEN s.slug = 'own' THEN a.source_key ELSE a.id::text END AS key, {columns},"
        " round(ST_X(a.geom)::numeric, 6) AS lon, round(ST_Y(a.geom)::numeric, 6) AS lat"
        " FROM public_assets v JOIN assets a ON a.id = v.id JOIN sources s ON s.id = a.source_id"
        f" WHERE {source}"
    )
    with engine.connect() as connection:
        rows = connection.execute(sa.text(statement)).mappings()
        return {row["key"]: {k: v for k, v in row.items() if k != "key"} for row in rows}


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_export_then_import_is_the_identity(
    taken: Taken, admin_url: sa.URL, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"assets.{ending}"
    if ending == "xlsx":
        path.write_bytes(taken.get("/assets.xlsx"))
    else:
        with zipfile.ZipFile(io.BytesIO(taken.get("/assets.zip"))) as packed:
            path.write_bytes(packed.read(packed.namelist()[0]))
    with new_database(admin_url) as url:
        engine = make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]  # the alias
        with Session(engine) as session:
            load_vocabulary(session)
            builders.make_ward(session)
            session.commit()
        load_file(engine, path, reader="csv", options=ReadOptions())
        found = stored(engine)
        engine.dispose()
    expected = stored(taken.engine, "NOT s.is_share_alike")
    missing = {expected[key]["name"] for key in expected.keys() - found.keys()}
    # Importers read "#N/A" as nothing, so it is no name; and who has no place cannot be placed.
    assert missing <= {"#N/A", "By telephone"}
    assert found.keys() <= expected.keys()
    for key, row in found.items():
        wanted = {**expected[key], "description": clean_text(expected[key]["description"])}
        if f"{wanted['website']}".startswith("javascript:"):
            wanted["website"] = None  # what is no address of a page is not let in
        assert row == wanted
