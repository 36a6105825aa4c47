"""CSV as it is saved: commas, UTF-8, a line feed at the end of each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

Row = list[str | int | float]


def as_csv(rows: Iterable[Row]) -> str:
    """Return the rows as the text of a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
