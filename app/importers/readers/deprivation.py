"""English Indices of Deprivation 2025 by LSOA 2021, published on 30 October 2025.

Stored are the index itself (`imd_score`, `imd_rank`, `imd_decile`; rank 1 and decile 1 are the most
deprived) and the decile of each of its domains (`income_decile`, `health_decile`, …).
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

NAME = "deprivation"
DESCRIPTION = "English Indices of Deprivation by LSOA"
SUFFIXES: tuple[str, ...] = (".csv",)
DEFAULT_AS_OF = dt.date(2025, 10, 30)

DOMAINS = ("income", "employment", "education", "health", "crime", "housing_and_services",
           "environment")  # fmt: skip
MEASURES = ("imd_score", "imd_rank", "imd_decile", *(f"{domain}_decile" for domain in DOMAINS))


def recognises(path: Path, header: Sequence[str] | None) -> bool:  # noqa: ARG001
    """Return whether the table has an LSOA code and the index."""
    columns = [column.casefold() for column in header or ()]
    needed = {"imd_score", "imd_rank", "imd_decile"}
    return needed <= set(columns) and code_column(columns) is not None


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the ministry."""
    return SourceInfo(
        slug="english-indices-of-deprivation",
        name="English Indices of Deprivation 2025",
        publisher="Ministry of Housing, Communities and Local Government",
        licence="OGL v3",
        attribution=(
            "Contains public sector information licensed under the Open Government Licence v3.0"
        ),
    )


def scope(path: Path, options: ReadOptions) -> str:
    """Return the index and its date."""
    return f"deprivation {as_of(path, options)}"


def as_of(path: Path, options: ReadOptions) -> dt.date | None:  # noqa: ARG001
    """Return the date given, or that of the publication."""
    return options.as_of or DEFAULT_AS_OF


def read(path: Path, options: ReadOptions) -> Iterator[FiguresRecord | Problem]:
    """Yield the figures of each row's LSOA."""
    table = open_table(path)
    table.header[:] = [column.casefold() for column in table.header]
    code = code_column(table.header) or "lsoa21_code"
    require_columns(table, [code, "imd_score", "imd_rank", "imd_decile"])
    measures = [measure for measure in MEASURES if measure in table.header]
    date = options.as_of or DEFAULT_AS_OF
    for number, row in table.rows():
        values = {measure: read_number(row[measure]) for measure in measures}
        missing = next((m for m, value in values.items() if math.isnan(value)), None)
        if not LSOA_CODE.fullmatch(row[code]):
            yield wrong_figure(number, row, code, row[code])
        elif missing:
            yield wrong_figure(number, row, code, row[missing])
        else:
            yield FiguresRecord(number, row[code], date, values)
