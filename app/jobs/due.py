"""What jobs do that is nobody else's: asking for feeds that are due, and making large exports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from app.database import transaction
from app.errors import NotFound
from app.feeds import queries as feeds
from app.feeds.refreshing import Told
from app.feeds.schedule import next_at
from app.jobs import asking

# Who makes which export, once one is too large for a request: given its name, an engine of the
# owner's and whom to tell, it returns a sentence.
EXPORTS: dict[str, Callable[[sa.Engine, Told], str]] = {}


def ask_for_due(engine: sa.Engine) -> str:
    """Put every feed whose time has come into the queue, once; say how many, or nothing."""
    now = dt.datetime.now(tz=dt.UTC)
    asked = 0
    with transaction(engine) as session:
        for feed in feeds.list_on(session):
            at = next_at(feed)
            if at is not None and at <= now:
                asked += asking.ask_for_feed(session, feed.id)
    return f"{asked:,} feeds were due." if asked else ""


def build_export(engine: sa.Engine, name: str, told: Told) -> str:
    """Make an export that takes longer than somebody waits; raises `NotFound` for no such."""
    if name not in EXPORTS:
        raise NotFound("There is no such export any more.")
    return EXPORTS[name](engine, told)
