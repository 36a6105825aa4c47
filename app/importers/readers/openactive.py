"""OpenActive sessions, as `app.feeds.refresh_openactive` writes down what a feed says as a whole.

A first line that names the format, then one JSON array a line: id, kind, data.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.errors import FileRefused
from app.importers.items import Item
from app.importers.openactive.sessions import read_sessions
from app.importers.options import ReadOptions
from app.importers.records import SourceInfo

NAME = "openactive"
DESCRIPTION = "sessions of an OpenActive feed"
SUFFIXES: tuple[str, ...] = (".rpde",)
FIRST_LINE = "patchwork openactive items 1"


def write(path: Path, items: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
    """Write what a feed says as a whole, for this reader."""
    with path.open("w", encoding="utf-8") as file:
        file.write(FIRST_LINE + "\n")
        for item in items:
            file.write(json.dumps(list(item)) + "\n")


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether `path` begins as such a file does."""
    del header
    with path.open("rb") as file:
        return file.readline(100).strip() == FIRST_LINE.encode()


def source(path: Path) -> SourceInfo:
    """Return what can be said of a feed nobody has said anything of."""
    return SourceInfo("openactive", path.stem, "Not known", "Not known", "From an OpenActive feed")


def scope(path: Path, options: ReadOptions) -> str:
    """Return "": it is whole each time."""
    del path, options
    return ""


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return None: feeds are of now."""
    del path, options
    return None


def read(path: Path, options: ReadOptions) -> Iterator[Item]:
    """Yield the groups, venues and activities of the feed."""
    yield from read_sessions(_items(path), options)


def _items(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if not recognises(path, None):
        raise FileRefused(f"{path.name} is not what was written down of an OpenActive feed.")
    try:
        with path.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                identifier, kind, data = json.loads(line)
                yield identifier, kind, data
    except ValueError as error:
        raise FileRefused(f"{path.name} breaks off or is damaged: read the feed again.") from error
