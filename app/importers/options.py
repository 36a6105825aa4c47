"""What the person who loads a file may say about it; readers get it whole."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.importers.records import SourceInfo


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """How somebody matched the columns of their file to ours."""

    columns: Mapping[str, str] = field(default_factory=dict)  # ours → the file's
    constants: Mapping[str, str] = field(default_factory=dict)  # ours → what all rows say
    kinds: Mapping[str, str] = field(default_factory=dict)  # a cell's word → a kind of ours
    layer: str | None = None
    # What the file is called from year to year: the next of this name replaces this one.
    title: str = ""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What was said on the command line; None where nothing was said and the file decides."""

    source: str | None = None  # a source slug instead of the reader's own
    # Whose it is and on what terms, where the file cannot say so itself: instead of the reader's.
    info: SourceInfo | None = None
    # What terms of other people's taxonomies stand for: (taxonomy, term) → concepts of ours.
    terms: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    # How the columns of any file were matched (the reader `mapped`).
    choice: ColumnChoice | None = None
    release: str | None = None  # boundary release of areas and lookups, "2025"
    as_of: dt.date | None = None  # the date the publisher gives the data
    lad_code: str | None = None  # the district the whole file is about
    today: dt.date = field(default_factory=dt.date.today)
    # A newer file that would mark more than half of an earlier one gone is refused unless this.
    allow_shrink: bool = False
    # Where so few rows or fewer may all go: what a feed of one group has is less than a file's.
    few_rows: int = 20
    # Whose calendar it is, and what its words may mean: (word in small letters → concept of ours).
    organizer_id: uuid.UUID | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    # The file has only what has changed since the last: what it lacks is not gone.
    is_partial: bool = False
    # The source's ids are worth keeping: a row gets its own where that is free here.
    keeps_ids: bool = False
    # A file of an earlier date than the one loaded changes nothing unless this.
    allow_older: bool = False
    # The sample town: in the publishers' formats, but nothing of it is the publishers' or real.
    is_made_up: bool = False
