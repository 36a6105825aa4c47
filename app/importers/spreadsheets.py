"""Rows of .xlsx files, read without trusting what they say about themselves."""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl

from app.errors import FileRefused

# A few kilobytes of zip can unpack to gigabytes: what the zip directory declares is checked first.
MAX_UNPACKED_BYTES = 200_000_000
MAX_ROWS = 500_000
MAX_COLUMNS = 300
MAX_BLANK_ROWS = 1000

# A low line before what would be read as a character's number (ECMA-376, 22.9.2.19).
_ESCAPED = re.compile("_x005[Ff]_(?=x[0-9A-Fa-f]{4}_)")


def spreadsheet_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of the first sheet as text, from row 1; blank rows are empty lists.

    Raises
    ------
    FileRefused
        If the file is damaged, or would unpack to more than we hold.
    """
    _check_declared_sizes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles it leaves out
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                yield from _rows(path, book.worksheets[0])
            finally:
                book.close()
    except FileRefused:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise FileRefused(
            f"{path.name} is not a spreadsheet we can read: save it again as .xlsx or CSV."
        ) from error


def _check_declared_sizes(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise FileRefused(f"{path.name} is a damaged spreadsheet.") from error
    if not any(member.filename == "xl/workbook.xml" for member in members):
        raise FileRefused(f"{path.name} is a zip file, not a spreadsheet.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES:
        raise FileRefused(
            f"{path.name} would unpack to {unpacked / 1e6:,.0f} MB; save it as CSV instead."
        )


def _rows(path: Path, sheet: Any) -> Iterator[list[str]]:  # noqa: ANN401 - untyped in openpyxl
    blank_rows = 0
    limits = {"max_row": MAX_ROWS + 1, "max_col": MAX_COLUMNS}
    for number, cells in enumerate(sheet.iter_rows(values_only=True, **limits), start=1):
        if number > MAX_ROWS:
            raise FileRefused(
                f"{path.name} has more than {MAX_ROWS:,} rows: save it as CSV instead."
            )
        fields = [_text(cell) for cell in cells]
        while fields and not fields[-1]:
            fields.pop()
        # One stray cell far below makes a million blank rows.
        blank_rows = 0 if fields else blank_rows + 1
        if blank_rows > MAX_BLANK_ROWS:
            return
        yield fields


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))  # a telephone number kept as a number
    # What stands in the cell itself, and not in the list of texts, openpyxl leaves escaped.
    return _ESCAPED.sub("_", str(cell))
