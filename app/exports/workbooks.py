"""Workbooks (XLSX): tables as sheets. No cell is a formula, whatever is in it."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.exports.tables import Table
from app.rendering import FORMULA_STARTS
from geo.popups import readable

# What XML cannot hold, beyond what nobody can read anyway.
_NOT_XML = re.compile("[\ufffe\uffff]")
# "_x0041_" would be read as "A".
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
WIDEST, LONGEST_CELL = 60, 32_000


def as_xlsx(tables: Sequence[Table], *, title: str, made_on: dt.date) -> bytes:
    """Return tables as a workbook, a sheet each. No cell is a formula, whatever is in it."""
    book = _book(title, made_on)
    if book.active is not None:
        book.remove(book.active)
    for table in tables:
        _add_sheet(book.create_sheet(table.name), table)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _book(title: str, made_on: dt.date, *, is_long: bool = False) -> Workbook:
    book = Workbook(write_only=is_long)
    book.properties.title, book.properties.creator = cell_text(title), None
    at = dt.datetime.combine(made_on, dt.time())
    book.properties.created = book.properties.modified = at
    return book


def write_long_xlsx(
    path: Path,
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[object]]]],
    *,
    title: str,
    made_on: dt.date,
) -> None:
    """Write sheets (name, columns, rows) row by row: however many there are, few are in memory."""
    book = _book(title, made_on, is_long=True)
    for name, columns, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for at, column in enumerate(columns, start=1):
            sheet.column_dimensions[get_column_letter(at)].width = max(12, 2 + len(column))
        sheet.append([_long_cell(sheet, name, is_heading=True) for name in columns])
        for row in rows:
            sheet.append([_long_cell(sheet, value) for value in row])
    book.save(path)


def _long_cell(sheet: Any, value: object, *, is_heading: bool = False) -> Any:  # noqa: ANN401
    """Return a cell of a long sheet: text as text, with a style only where one is needed."""
    shown = plain(value)
    if not isinstance(shown, str):
        return shown
    cell = WriteOnlyCell(sheet, shown)
    cell.data_type = "s"
    if shown.lstrip().startswith(FORMULA_STARTS):
        cell.quotePrefix = True
    if is_heading:
        cell.font = Font(bold=True)
    return cell


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
    shown = plain(value)
    cell.value = shown
    if isinstance(shown, str):
        # "=1+1" would be a formula and "#N/A" an error: both are text, and stay text when edited.
        cell.data_type = "s"
        cell.quotePrefix = shown.lstrip().startswith(FORMULA_STARTS)
        cell.alignment = Alignment(wrap_text=len(shown) > WIDEST, vertical="top")


def _shown(value: object) -> str:
    return "" if value is None else str(plain(value))


def plain(value: object) -> float | dt.date | str | None:
    """Return a number or a date as it is, everything else as text."""
    if value is None or isinstance(value, int | float | dt.date):
        return value
    if isinstance(value, list | tuple):
        value = "; ".join(str(item) for item in value)
    return cell_text(value)


def cell_text(value: object, *, is_xlsx: bool = True) -> str:
    """Return a value as text that XML can hold; only workbooks have an escape of their own."""
    text = _NOT_XML.sub("\ufffd", readable(value))
    return _ESCAPE.sub("_x005F_", text)[:LONGEST_CELL] if is_xlsx else text
