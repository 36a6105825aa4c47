"""What happens with a feed: it is read, and what came of that is kept whatever happens."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from procrastinate.exceptions import JobAborted

from app.errors import BadSetting, FileRefused, NotFetched
from app.feeds import kinds, queries
from app.feeds.refreshing import Outcome, Refreshing, Told
from app.fetching.client import Fetcher
from app.importers.oruk.origins import is_share_alike
from app.importers.records import SourceInfo
from app.models import FeedKind, RunStatus
from app.settings import Settings

UNFORESEEN = (
    "Something went wrong here that nobody had thought of, and nothing was stored. It is tried"
    " again by itself; if it stays, tell whoever looks after this installation."
)
BUSY = "It is being read just now."
GONE = "This feed is not there any more."


def refresh_feed(
    engine: sa.Engine,
    settings: Settings,
    feed_id: int,
    *,
    told: Told,
    is_whole: bool = False,
    may_shrink: bool = False,
) -> Outcome:
    """Read a feed once, store what it has, and keep what came of it in a transaction of its own.

    Parameters
    ----------
    engine
        Works as the owner, as `patchwork load` does.
    told
        Called with how much is done, and of how much.
    is_whole
        Read everything again, not only what the feed says has changed.
    may_shrink
        Believe it this once if more than half of what is stored is no longer in it: reads it whole.

    Raises
    ------
    JobAborted
        If `told` raises it, because the process is to end: nothing is stored, nor is it a failure.
    Exception
        Only what nobody had thought of. An address that does not answer, or sends what cannot be
        stored, is an outcome (`refused`, with the sentence); so is a feed that is read already.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watch:
        if not queries.take_reading(watch, feed_id=feed_id):
            return Outcome(RunStatus.UNCHANGED, BUSY)
        try:
            feed = queries.find_feed(watch, feed_id=feed_id)
            if feed is None:
                return Outcome(RunStatus.REFUSED, GONE)
            reading = Refreshing(
                engine=engine,
                feed=feed,
                fetcher=Fetcher.of(settings),
                source=source_of(feed),
                today=dt.date.today(),  # noqa: DTZ011 - "gone since" is about local days
                told=told,
                is_whole=is_whole or may_shrink,
                may_shrink=may_shrink,
            )
            return _read(reading)
        finally:
            queries.give_back_reading(watch, feed_id=feed_id)


def _read(reading: Refreshing) -> Outcome:
    engine, feed = reading.engine, reading.feed
    try:
        outcome = kinds.REFRESHERS[FeedKind(feed.kind)](reading)
    except (NotFetched, FileRefused, BadSetting) as error:
        outcome = Outcome(RunStatus.REFUSED, str(error))
    except JobAborted:
        raise  # it is begun again by the next worker
    except Exception:
        # Whatever it was, the feed's page has to say that this reading failed; the job says what.
        _keep_failure(engine, feed.id, UNFORESEEN)
        raise
    if outcome.status is RunStatus.REFUSED:
        _keep_failure(engine, feed.id, outcome.message)
    else:
        with engine.begin() as connection:
            queries.store_success(connection, feed=feed, outcome=outcome)
    return outcome


def _keep_failure(engine: sa.Engine, feed_id: int, message: str) -> None:
    with engine.begin() as connection:
        queries.store_failure(connection, feed_id=feed_id, message=message)


def source_of(feed: sa.Row[Any]) -> SourceInfo:
    """Return on whose terms a feed's rows are kept."""
    return SourceInfo(
        slug=queries.slug_of(feed.id),
        name=feed.name,
        publisher=feed.publisher,
        licence=feed.licence,
        attribution=feed.attribution,
        is_share_alike=is_share_alike(feed.licence),
    )
