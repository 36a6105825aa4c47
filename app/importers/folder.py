"""A whole folder of files: each recognised by its own columns, loaded in an order that works."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.networks import load_network
from app.importers.options import ReadOptions
from app.importers.readers import READERS, Reader, recognise, streets
from app.importers.records import Report
from app.importers.run import Progress, load_file

# Areas and postcodes first, because assets are placed and checked by them; activities last,
# because their organizers must be there. Everything else is assets.
FIRST = ("areas", "lookup", "postcodes", "population", "deprivation", "streets")
LAST = ("csv_activities",)
NOT_RECOGNISED = "not recognised"
# The parts of a shapefile that its .shp brings with it.
_COMPANIONS = {".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix"}


class Watcher(Protocol):
    """Told when a file begins and ends, to show it to somebody."""

    def begin(self, name: str) -> Progress:
        """Return what is told how far the file has come."""

    def end(self, report: Report) -> None:
        """Show what became of the file."""


def load_folder(
    bind: sa.Engine | sa.Connection,
    folder: Path,
    *,
    options: ReadOptions | None = None,
    watcher: Watcher | None = None,
) -> list[Report]:
    """Load every file in `folder` and below, each in its own transaction; return their reports.

    A refused file has status "refused" and the sentence as its message, one nobody recognises
    "not recognised"; the others are loaded all the same.

    Raises
    ------
    FileRefused
        If there is no such folder.
    """
    if not folder.is_dir():
        raise FileRefused(f"{folder} is not a folder.")
    files = sorted(path for path in folder.rglob("*") if _is_candidate(path, folder))
    known = [(path, recognise(path)) for path in files]
    loadable = [(path, reader) for path, reader in known if reader is not None]
    loadable.sort(key=_turn)
    reports = []
    for path, reader in loadable:
        name = str(path.relative_to(folder))
        progress = watcher.begin(name) if watcher else None
        try:
            report = load_file(bind, path, reader=reader.NAME, options=options, progress=progress)
        except FileRefused as error:
            report = Report(name, "", reader.NAME, status="refused", message=str(error))
        report.file_name = name
        if watcher:
            watcher.end(report)
        reports.append(report)
        if reader is streets and report.status != "refused":
            reports.append(_load_network(bind, path, name, options, watcher))
    unknown = [path for path, reader in known if reader is None]
    return reports + [
        Report(str(path.relative_to(folder)), "", "", status=NOT_RECOGNISED) for path in unknown
    ]


def _load_network(
    bind: sa.Engine | sa.Connection,
    path: Path,
    name: str,
    options: ReadOptions | None,
    watcher: Watcher | None,
) -> Report:
    """Load the ways of a file of streets too: a person would load both."""
    called = f"{name} (on foot)"
    progress = watcher.begin(called) if watcher else None
    try:
        report = load_network(bind, path, options=options, progress=progress)
    except FileRefused as error:
        report = Report(called, "", "network", status="refused", message=str(error))
    report.file_name = called
    if watcher:
        watcher.end(report)
    return report


def _is_candidate(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    is_hidden = any(part.startswith(".") for part in parts)
    return path.is_file() and not is_hidden and path.suffix.lower() not in _COMPANIONS


def _turn(item: tuple[Path, Reader]) -> tuple[int, dt.date, str]:
    """Return the sort key: kind, then the data's own date, so that newer files update older."""
    path, reader = item
    if reader.NAME in FIRST:
        kind = FIRST.index(reader.NAME)
    else:
        kind = len(READERS) if reader.NAME in LAST else len(FIRST)
    try:
        date = reader.as_of(path, ReadOptions())
    except FileRefused:
        date = None  # loading it will say why
    return kind, date or dt.date.min, str(path)
