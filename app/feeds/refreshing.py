"""What reading a feed once is, whatever its kind: what is given, and what comes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.fetching.client import Fetcher
from app.importers.records import SourceInfo
from app.models import RunStatus

# Told how far it has come: what is done, and of how many (None while nobody knows).
Told = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Refreshing:
    """One reading of one feed.

    `feed` is a row of the table as it was when the reading began. A refresher opens transactions
    of its own on `engine` (which works as the owner, as `patchwork load` does).
    """

    engine: sa.Engine
    feed: sa.Row[Any]
    fetcher: Fetcher
    source: SourceInfo  # on whose terms its rows are kept; its slug is the feed's own
    today: dt.date
    told: Told
    # Look at everything again, not only at what the feed says has changed.
    is_whole: bool = False
    # Somebody has said that more than half of what is stored may go, this once.
    may_shrink: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: a sentence for people, and what the next reading starts from."""

    status: RunStatus
    message: str
    etag: str | None = None
    last_modified: str | None = None
    cursor: str | None = None


# Raises `NotFetched` (it did not answer as it should) or `FileRefused` (what it sent is not to be
# stored): the feed then keeps what it had, and the sentence is kept with it.
Refresher = Callable[[Refreshing], Outcome]
