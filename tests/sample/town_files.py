"""The sample town's files, read without the importers: what is checked is the files."""

from __future__ import annotations

import csv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"

Rows = list[dict[str, str]]


def read_rows(name: str) -> Rows:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_lines(name: str) -> list[list[str]]:
    """Return the rows of a file without a header."""
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
