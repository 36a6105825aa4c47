"""One small reader per format: a module each, listed here and nowhere else.

A reader knows a file's format and nothing of the database. It yields one record, `Problem` or
`Skipped` for each row; the generic path in app.importers.run does the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from app.importers.files import columns_of
from app.importers.items import Item
from app.importers.options import ReadOptions
from app.importers.readers import (
    areas,
    cqc,
    deprivation,
    food_banks,
    ical,
    libraries,
    lookup,
    mapped,
    mobile_libraries,
    ods,
    openactive,
    oruk,
    osm,
    own_activities,
    own_csv,
    pharmacies,
    polling_stations,
    population,
    postcodes,
    sports_clubs,
    streets,
)
from app.importers.records import SourceInfo


class Reader(Protocol):
    """What a reader module has.

    `count_rows(path: Path) -> int` may be there too: the progress bar then knows the end. So may
    `KINDS`, the record types a file speaks for even where it has none of them.
    """

    NAME: str  # "ods": what --source names
    DESCRIPTION: str  # one line for `--help` and for "this looks like ..."
    SUFFIXES: tuple[str, ...]

    def recognises(self, path: Path, header: Sequence[str] | None) -> bool:
        """Return whether `path` is this reader's, strictly enough that only one reader says so.

        `header` is what `files.columns_of` gives: the columns of a table (its first row of data
        where there is no header), the property names of a map file, None for anything else.
        """

    def source(self, path: Path) -> SourceInfo:
        """Return who published the file, with licence and attribution."""

    def scope(self, path: Path, options: ReadOptions) -> str:
        """Return what the file covers: what a newer file of that scope lacks is marked gone."""

    def as_of(self, path: Path, options: ReadOptions) -> dt.date | None:
        """Return the date the publisher gives the data, if the file or its name tells."""

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Yield what each row says, in the file's order; raise `FileRefused` for a wrong file."""


_MODULES: tuple[Reader, ...] = (
    areas,
    lookup,
    postcodes,
    population,
    deprivation,
    cqc,
    food_banks,
    ical,
    libraries,
    mapped,
    mobile_libraries,
    ods,
    openactive,
    oruk,
    osm,
    own_activities,
    own_csv,
    pharmacies,
    polling_stations,
    sports_clubs,
    streets,
)
READERS: dict[str, Reader] = {reader.NAME: reader for reader in _MODULES}


def recognise(path: Path) -> Reader | None:
    """Return the reader that knows `path` by its columns or name, or None."""
    header = columns_of(path)
    for reader in READERS.values():
        suffixes = reader.SUFFIXES
        if path.suffix.lower() in suffixes and reader.recognises(path, header):
            return reader
    return None
