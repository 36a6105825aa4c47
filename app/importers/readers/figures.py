"""What the readers of figures by LSOA share: the code's column, numbers, what is wrong with one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from app.importers.records import Problem
from app.models import ProblemReason

LSOA_CODE = re.compile(r"[EWS]01\d{6}")
_CODE_COLUMN = re.compile(r"lsoa[ _]?(\d\d|\d{4})?[ _]?(cd|code)")


def code_column(columns: Sequence[str]) -> str | None:
    """Return the column of LSOA codes among lower-case ones: lsoacd, lsoa21_code."""
    return next((column for column in columns if _CODE_COLUMN.fullmatch(column)), None)


def read_number(text: str) -> float:
    """Return a finite number, thousands separated or not; NaN where there is none."""
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def wrong_figure(number: int, row: dict[str, str], code: str, value: str) -> Problem:
    """Return the problem of a row whose code or figure cannot be read."""
    return Problem(
        number,
        ProblemReason.UNREADABLE_VALUE if value else ProblemReason.MISSING_FIELD,
        f"“{value[:100]}” is not an LSOA code or not a figure." if value else "A value is missing.",
        "Fetch the file again from its publisher.",
        source_key=row[code] or None,
        raw=dict(row),
    )
