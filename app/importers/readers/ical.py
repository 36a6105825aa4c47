"""Calendars (iCalendar, RFC 5545), as Google, Outlook, iCloud, WordPress and others publish them.

Only with an organizer: a feed knows whose calendar it is, a file by itself does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.errors import FileRefused
from app.importers.calendars.document import looks_like_a_calendar, read_document
from app.importers.calendars.series import read_activities
from app.importers.items import Item
from app.importers.options import ReadOptions
from app.importers.records import SourceInfo

NAME = "ical"
DESCRIPTION = "a group's calendar (iCalendar)"
SUFFIXES: tuple[str, ...] = (".ics",)


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether `path` begins as a calendar does."""
    del header
    return looks_like_a_calendar(path)


def source(path: Path) -> SourceInfo:
    """Return what can be said of a calendar nobody has said anything of."""
    return SourceInfo(
        slug="ical",
        name=path.stem,
        publisher="Not known",
        licence="Not known",
        attribution="From a calendar",
    )


def scope(path: Path, options: ReadOptions) -> str:
    """Return "": a calendar is whole each time."""
    del path, options
    return ""


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return None: calendars are of now."""
    del path, options
    return None


def read(path: Path, options: ReadOptions) -> Iterator[Item]:
    """Yield what each event says; raises `FileRefused` for what is no whole calendar."""
    if options.organizer_id is None:
        raise FileRefused(
            f"{path.name} is a calendar, and nobody said whose: add its address under Feeds"
            " instead, where its group is chosen."
        )
    yield from read_activities(read_document(path), options)
