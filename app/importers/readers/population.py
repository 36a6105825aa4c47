"""Population by LSOA: a code and a number, and how many people are 65 or older where it says so.

Three shapes of header are taken, in any case; each has a column of LSOA codes (LSOACD, lsoa21_code,
"LSOA 2021 Code"):

- `population`;
- `population` and `population_65_plus`;
- as ONS publishes single years of age: `Total`, `F0` to `F90` and `M0` to `M90` (the oldest may be
  written `F90+` and `M90+`). `population` is the total, `population_65_plus` the sum of the columns
  of 65 to 90.

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

OLDER_COLUMN = "population_65_plus"
_EVERY_AGE = tuple(f"{sex}{age}" for sex in "fm" for age in range(91))
_OLDER = tuple(f"{sex}{age}" for sex in "fm" for age in range(65, 91))


def recognises(path: Path, header: Sequence[str] | None) -> bool:  # noqa: ARG001
    """Return whether the table has an LSOA code and people."""
    columns = [column.strip().casefold() for column in header or ()]
    has_people = "population" in columns or set(_ages(columns)) >= {*_EVERY_AGE, "total"}
    return has_people and code_column(columns) is not None


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
    # The oldest are one column, with or without a plus.
    table.header[:] = _ages([column.strip().casefold() for column in table.header])
    code = code_column(table.header) or "lsoacd"
    has_ages = "population" not in table.header and "total" in table.header
    whole = "total" if has_ages else "population"
    older = [*_OLDER] if has_ages else [OLDER_COLUMN] if OLDER_COLUMN in table.header else []
    require_columns(table, [code, whole, *(_EVERY_AGE if has_ages else ())])
    date = options.as_of or DEFAULT_AS_OF
    for number, row in table.rows():
        people = read_number(row[whole])
        ages = [read_number(row[column]) for column in older]
        wrong = next((c for c, n in zip(older, ages, strict=True) if not n >= 0), None)
        if not LSOA_CODE.fullmatch(row[code]):
            yield wrong_figure(number, row, code, row[code])
        elif math.isnan(people) or people < 0:
            yield wrong_figure(number, row, code, row[whole])
        elif wrong is not None or sum(ages) > people:
            yield wrong_figure(number, row, code, row[wrong or older[0]])
        else:
            values = {"population": people}
            if older:
                values[OLDER_COLUMN] = sum(ages)
            yield FiguresRecord(number, row[code], date, values)


def _ages(columns: Sequence[str]) -> list[str]:
    return [column[:-1] if column in {"f90+", "m90+"} else column for column in columns]
