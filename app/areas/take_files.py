"""Tables of a ward as files other programs open: XLSX and GeoPackage."""

from __future__ import annotations

import datetime as dt
import io
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.areas.report import WardReport
from app.areas.take import Ground, points_of
from app.areas.take_tables import Table, title_of
from app.assets import schemas as asset_schemas
from app.assets.schemas import Names
from app.rendering import FORMULA_STARTS
from geo.popups import readable

# What XML cannot hold, beyond what nobody can read anyway.
_NOT_XML = re.compile("[\ufffe\uffff]")
# "_x0041_" would be read as "A".
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
WIDEST, LONGEST_CELL = 60, 32_000


def as_xlsx(tables: Sequence[Table], *, title: str, made_on: dt.date) -> bytes:
    """Return tables as a workbook, a sheet each. No cell is a formula, whatever is in it."""
    book = Workbook()
    book.properties.title, book.properties.creator = _cell_text(title), "Patchwork"
    at = dt.datetime.combine(made_on, dt.time())
    book.properties.created = book.properties.modified = at
    if book.active is not None:
        book.remove(book.active)
    for table in tables:
        _add_sheet(book.create_sheet(table.name), table)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _add_sheet(sheet: Worksheet, table: Table) -> None:
    for at, name in enumerate(table.columns, start=1):
        longest = max(len(_shown(row[at - 1])) for row in [table.columns, *table.rows])
        sheet.column_dimensions[get_column_letter(at)].width = min(WIDEST, 2 + longest)
        _write(sheet.cell(1, at), name)
        sheet.cell(1, at).font = Font(bold=True)
    for number, row in enumerate(table.rows, start=2):
        for at, value in enumerate(row, start=1):
            _write(sheet.cell(number, at), value)
    sheet.freeze_panes = "A2"


def _write(cell: Cell | MergedCell, value: object) -> None:
    plain = _plain(value)
    cell.value = plain
    if isinstance(plain, str):
        # "=1+1" would be a formula and "#N/A" an error: both are text, and stay text when edited.
        cell.data_type = "s"
        cell.quotePrefix = plain.lstrip().startswith(FORMULA_STARTS)
        cell.alignment = Alignment(wrap_text=len(plain) > WIDEST, vertical="top")


def _shown(value: object) -> str:
    return "" if value is None else str(_plain(value))


def _plain(value: object) -> float | dt.date | str | None:
    """Return a number or a date as it is, everything else as text."""
    if value is None or isinstance(value, int | float | dt.date):
        return value
    if isinstance(value, list | tuple):
        value = "; ".join(str(item) for item in value)
    return _cell_text(value)


def _cell_text(value: object) -> str:
    return _ESCAPE.sub("_x005F_", _NOT_XML.sub("\ufffd", readable(value)))[:LONGEST_CELL]


def as_gpkg(report: WardReport, ground: Ground, names: Names, tables: Iterable[Table]) -> bytes:
    """Return a ward as a GeoPackage: its outline, its places and its tables, WGS 84.

    What is under a share-alike licence (OpenStreetMap's ODbL) is a layer of its own. Licence,
    attribution and date are in the table `sources`, in every row and in the metadata.
    """
    said = {"title": title_of(report), "made_on": report.made_on.isoformat()}
    outline = ground.shape.assign(
        gss_code=report.ward.gss_code, release=report.ward.release, **_credit(report, names)
    )
    free, shared = _places(report, names)
    layers = {"ward": outline, "places": free, "places_osm": shared}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ward.gpkg"
        for name, frame in layers.items():
            kind = "MultiPolygon" if name == "ward" else "Point"
            licences = "; ".join(sorted(set(frame["attribution"].dropna())))
            pyogrio.write_dataframe(
                frame, path, layer=name, driver="GPKG", append=path.exists(), geometry_type=kind,
                promote_to_multi=name == "ward",
                dataset_metadata=said | {"attribution": "; ".join(ground.attribution)},
                layer_metadata=said | {"attribution": licences},
            )  # fmt: skip
        for table in tables:
            if table.name != "Places":
                _add_table(path, table)
        return path.read_bytes()


def _credit(report: WardReport, names: Names) -> dict[str, Any]:
    source = names.sources.get(report.ward.source_id)
    return {
        "licence": source.licence if source else None,
        "attribution": source.attribution if source else None,
        "taken_on": report.made_on,
    }


def _places(report: WardReport, names: Names) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the places that may be mixed with others, and those that may not."""
    columns = [name.replace(" ", "_") for name in asset_schemas.CSV_COLUMNS]
    rows = [[_plain(cell) for cell in row] for row in asset_schemas.as_csv(report.places, names)]
    frame = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=columns).astype({"beds": "Int64"}),
        geometry=points_of(report.places),
        crs=4326,
    ).drop(columns="distance_in_metres")
    frame["taken_on"] = report.made_on
    alike = {one.id for one in names.sources.values() if one.is_share_alike}
    is_alike = pd.Series([row.source_id in alike for row in report.places], dtype=bool)
    return frame[~is_alike.to_numpy()], frame[is_alike.to_numpy()]


def _add_table(path: Path, table: Table) -> None:
    columns = [name.replace(" ", "_").replace("'", "").replace(",", "") for name in table.columns]
    rows = [[_plain(cell) for cell in row] for row in table.rows]
    frame = pd.DataFrame(rows, columns=columns)
    mixed = [name for name in columns if {type(v) for v in frame[name]} - {str, type(None)}
             and not pd.api.types.is_numeric_dtype(frame[name])]  # fmt: skip
    for name in mixed:
        frame[name] = [None if value is None else str(value) for value in frame[name]]
    pyogrio.write_dataframe(frame, path, layer=table.name.lower(), driver="GPKG", append=True)
