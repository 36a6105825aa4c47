"""The sample town's own files of people and connections, which no importer takes."""

from __future__ import annotations

import csv
from pathlib import Path

Rows = list[dict[str, str]]

PEOPLE_FILES = (
    "accounts.csv", "residents.csv", "people_at_home.csv", "connections.csv", "diary.csv",
    "suggestions.csv",
)  # fmt: skip


def has_people_files(folder: Path) -> bool:
    """Return whether a folder has all of them: another folder of made-up data need not."""
    return all((folder / name).is_file() for name in PEOPLE_FILES)


def read_rows(folder: Path, name: str) -> Rows:
    """Return the rows of a CSV file with a header."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def listed(cell: str) -> list[str]:
    """Return the values of a cell that holds several."""
    return [word for word in cell.split(";") if word]
