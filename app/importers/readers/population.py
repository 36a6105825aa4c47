"""Population by LSOA: a code and a number.

The file names no date. Its total over England and Wales, 60,238,038, is the ONS's mid-2022
estimate (57,106,398 and 3,131,640), so mid-2022 is assumed unless a date is given.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.importers.files import open_table, require_columns
from app.importers.items import FiguresRecord
from app.importers.options import ReadOptions
from app.importers.readers.figures import LSOA_CODE, code_column, read_number, wrong_figure
from app.importers.records import Problem, SourceInfo

NAME = "population"
DESCRIPTION = "population by LSOA"
SUFFIXES: tuple[str, ...] = (".csv",)
DEFAULT_AS_OF = dt.date(2022, 6, 30)


def recognises(path: Path, header: Sequence[str] | None) -> bool:  # noqa: ARG001
    """Return whether the table has an LSOA code and a population."""
    columns = [column.casefold() for column in header or ()]
    return "population" in columns and code_column(columns) is not None


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the Office for National Statistics."""
    return SourceInfo(
        slug="ons-population",
        name="Population estimates by LSOA",
        publisher="Office for National Statistics",
        licence="OGL v3",
        attribution=(
            "Source: Office for National Statistics licensed under the Open Government Licence"
            " v.3.0"
        ),
    )


def scope(path: Path, options: ReadOptions) -> str:
    """Return the measure and its date."""
    return f"population {as_of(path, options)}"


def as_of(path: Path, options: ReadOptions) -> dt.date | None:  # noqa: ARG001
    """Return the date given, or mid-2022."""
    return options.as_of or DEFAULT_AS_OF


def read(path: Path, options: ReadOptions) -> Iterator[FiguresRecord | Problem]:
    """Yield the population of each row's LSOA."""
    table = open_table(path)
    table.header[:] = [column.casefold() for column in table.header]
    code = code_column(table.header) or "lsoacd"
    require_columns(table, [code, "population"])
    date = options.as_of or DEFAULT_AS_OF
    for number, row in table.rows():
        people = read_number(row["population"])
        if not LSOA_CODE.fullmatch(row[code]):
            yield wrong_figure(number, row, code, row[code])
        elif math.isnan(people) or people < 0:
            yield wrong_figure(number, row, code, row["population"])
        else:
            yield FiguresRecord(number, row[code], date, {"population": people})
