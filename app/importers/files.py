"""Tables from files as people save them: encodings, delimiters, quotes, spreadsheets.

Map files are read by `read_features` (in app.importers.features, also to be had from here).
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from app.errors import FileRefused
from app.importers.features import property_names, read_features
from app.importers.signatures import kind_of, looks_like_utf_16, refuse_unless
from app.importers.spreadsheets import spreadsheet_rows

__all__ = [
    "EXTRA_FIELDS",
    "MissingColumns",
    "Table",
    "columns_of",
    "open_table",
    "read_features",
    "refuse_unreadable",
    "require_columns",
]

# The key under which a row keeps the fields it has beyond its header. The generic path makes a
# problem of such a row: an unquoted comma has shifted its columns.
EXTRA_FIELDS = ""
MAP_KINDS = {"json", "geopackage", "shapefile"}
SPREADSHEET_SUFFIXES = {".xlsx", ".xlsm"}
DELIMITERS = ",;\t|"
MAX_FIELD_CHARACTERS = 100_000
MAX_LINE_CHARACTERS = 1_000_000
_HALF = re.compile("[\ud800-\udfff]")
_SAMPLE_CHARACTERS = 65_536
_CHUNK_BYTES = 1 << 20


class MissingColumns(FileRefused):
    """A table without columns its reader needs; `header` is what it has instead."""

    def __init__(self, message: str, *, header: Sequence[str]) -> None:
        super().__init__(message)
        self.header = list(header)


@dataclass(slots=True)
class Table:
    """A table in a file: its columns, and its rows each time they are asked for."""

    path: Path
    header: list[str]
    encoding: str
    delimiter: str
    first_row_number: int  # as a person counts: 2 after a header, 1 without one
    # Bytes consumed so far, for a progress bar.
    _records: Callable[[], Iterator[list[str]]] = field(repr=False)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row's number and its fields as they stand; blank rows are left out."""
        for number, fields in enumerate(self._records(), start=self.first_row_number):
            if any(fields):
                yield number, fields

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row's number (the header is row 1) and its fields by column.

        Missing fields at the end are "". Fields beyond the header are joined under `EXTRA_FIELDS`.
        Blank rows are left out and still counted.
        """
        header, width = self.header, len(self.header)
        for number, fields in self.records():
            if len(fields) == width:
                yield number, dict(zip(header, fields, strict=True))
                continue
            padded = fields + [""] * (width - len(fields))
            row = dict(zip(header, padded, strict=False))
            extra = [text for text in fields[width:] if text.strip()]
            if extra:
                row[EXTRA_FIELDS] = ", ".join(extra)
            yield number, row


def open_table(
    path: Path, *, encoding: str | None = None, header: Sequence[str] | None = None
) -> Table:
    """Open the table in `path`: CSV in any usual encoding and delimiter, or .xlsx.

    Parameters
    ----------
    path
        The file. UTF-8 with or without a byte order mark, UTF-16 and Windows-1252 are told apart,
        so are commas, semicolons, tabs and bars.
    encoding
        Where the caller knows better.
    header
        Column names of a file that has no header row; its first row is then row 1.

    Raises
    ------
    FileRefused
        In one sentence: empty, too large, not text, a line too long, no rows under the header.
    """
    kind = kind_of(path)
    if kind == "zip" and path.suffix.lower() in SPREADSHEET_SUFFIXES:
        return _table(path, lambda: spreadsheet_rows(path), "xlsx", "", header)
    refuse_unless(path, kind, "text", "a table, such as a CSV file")
    chosen = encoding or _encoding_of(path)
    with _open_text(path, chosen) as file:
        sample = _read(path, file, _SAMPLE_CHARACTERS)
    if not sample.strip():
        raise FileRefused(f"{path.name} is empty.")
    delimiter = _delimiter_of(sample)
    return _table(path, lambda: _csv_records(path, chosen, delimiter), chosen, delimiter, header)


def require_columns(table: Table, columns: Iterable[str]) -> None:
    """Refuse `table` unless it has all `columns`, naming every one it lacks.

    Raises
    ------
    MissingColumns
        The generic path adds what the file looks like instead.
    """
    missing = [column for column in columns if column not in table.header]
    if missing:
        has = ", ".join(table.header[:12]) + (" …" if len(table.header) > 12 else "")
        word = "column" if len(missing) == 1 else "columns"
        raise MissingColumns(
            f"{table.path.name} has no {word} {', '.join(missing)} (it has: {has}).",
            header=table.header,
        )


def columns_of(path: Path) -> list[str] | None:
    """Return what readers recognise a file by: its columns, or None where it has none.

    For a table, the first row (a header, or the first row of data where there is no header). For a
    map file, the names of its features' properties. None for anything that cannot be read.
    """
    try:
        kind = kind_of(path)
        if kind in MAP_KINDS:
            return property_names(path)
        if kind == "text" or path.suffix.lower() == ".xlsx":
            return open_table(path).header
    except FileRefused:
        return None
    return None


def refuse_unreadable(path: Path) -> None:
    """Say why `path` cannot be read, if it cannot; what nobody recognises may be readable.

    Raises
    ------
    FileRefused
        As `open_table` and `read_features`.
    """
    kind = kind_of(path)
    if kind in MAP_KINDS:
        read_features(path)
    elif path.suffix.lower() in SPREADSHEET_SUFFIXES:
        open_table(path)
    else:
        refuse_unless(path, kind, "text", "a table or a map file")
        open_table(path)


def _table(
    path: Path,
    records: Callable[[], Iterator[list[str]]],
    encoding: str,
    delimiter: str,
    header: Sequence[str] | None,
) -> Table:
    if header is not None:
        return Table(path, list(header), encoding, delimiter, 1, records)
    found = [" ".join(name.split()) for name in next(records(), [])]
    while found and not found[-1]:  # spreadsheets save empty columns on the right
        found.pop()
    if not found:
        raise FileRefused(f"{path.name} has no header in its first row.")

    def after_header() -> Iterator[list[str]]:
        return islice(records(), 1, None)

    return Table(path, found, encoding, delimiter, 2, after_header)


def _encoding_of(path: Path) -> str:
    """Return the encoding the whole of `path` can be read in."""
    with path.open("rb") as file:
        head = file.read(8192)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if looks_like_utf_16(head):
            return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for chunk in chain([head], iter(lambda: file.read(_CHUNK_BYTES), b"")):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            _refuse_half_characters(path)
            return "cp1252"
    return "utf-8-sig"


def _refuse_half_characters(path: Path) -> None:
    """Refuse UTF-8 whose only fault are halves of characters: as cp1252 they would be words."""
    with path.open(encoding="utf-8-sig", errors="surrogatepass", newline="") as file:
        try:
            sample = file.read(_SAMPLE_CHARACTERS)
            while file.read(_CHUNK_BYTES):
                pass
        except UnicodeDecodeError:
            return  # another encoding
        file.seek(0)
        records = csv.reader(_lines(path, file), delimiter=_delimiter_of(sample))
        try:
            halves = (n for n, row in enumerate(records, start=1) if _HALF.search("".join(row)))
            number = next(halves)
        except csv.Error as error:
            raise _unreadable(path) from error
    raise FileRefused(
        f"{path.name} has half a character (a lone surrogate) in row {number}, which no program can"
        " show: write that cell again, save the file as UTF-8 and load it again."
    )


def _open_text(path: Path, encoding: str) -> IO[str]:
    return path.open(encoding=encoding, newline="")


def _read(path: Path, file: IO[str], characters: int) -> str:
    try:
        return file.read(characters)
    except UnicodeError as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> FileRefused:
    return FileRefused(
        f"{path.name} is not readable text: save it as CSV in UTF-8 and load it again."
    )


def _delimiter_of(sample: str) -> str:
    """Return the delimiter that cuts the first rows of `sample` most evenly into most columns."""

    def evenness(delimiter: str) -> tuple[float, int]:
        rows = csv.reader(io.StringIO(sample), delimiter=delimiter)
        try:
            widths = [len(row) for row in islice(rows, 30) if row]
        except csv.Error:
            return (0.0, 0)
        if len(widths) > 2 and len(sample) == _SAMPLE_CHARACTERS:
            widths.pop()  # the sample may end within a row
        first = widths[0] if widths else 1
        if first < 2:
            return (0.0, 0)
        return (widths.count(first) / len(widths), first)

    return max(DELIMITERS, key=evenness)


def _csv_records(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    with _open_text(path, encoding) as file:
        reader = csv.reader(_lines(path, file), delimiter=delimiter)
        while True:
            try:
                yield next(reader)
            except StopIteration:
                return
            except UnicodeError as error:
                raise _unreadable(path) from error
            except csv.Error as error:
                raise FileRefused(
                    f"{path.name} has a field longer than {MAX_FIELD_CHARACTERS:,} characters near"
                    f" line {reader.line_num + 1}: a quotation mark may be missing there."
                ) from error


def _lines(path: Path, file: IO[str]) -> Iterator[str]:
    """Yield lines; refuse one that never ends instead of holding it in memory."""
    readline: Callable[[int], Any] = file.readline
    number = 0
    while line := readline(MAX_LINE_CHARACTERS):
        number += 1
        if len(line) == MAX_LINE_CHARACTERS:
            raise FileRefused(
                f"{path.name} has a line {number} of more than {MAX_LINE_CHARACTERS:,} characters,"
                " so it is not a table."
            )
        yield line
