"""When a feed is read again: regularly, and after failures ever later."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import sqlalchemy as sa

# However often it has failed, it is tried once a week: publishers come back.
LONGEST_WAIT_H = 168
# Up to a tenth later, so that feeds that were added together are not read together.
MOST_JITTER = 0.1


def next_at(feed: sa.Row[Any]) -> dt.datetime | None:
    """Return from when on a feed is read again; None while it is paused.

    The wait is `every_hours`, doubled for each failure in a row up to a week, and a little longer:
    by how much is a digest of the feed and its last try, so asking twice gives one answer.
    """
    if not feed.is_on:
        return None
    if feed.tried_at is None:
        created: dt.datetime = feed.created_at
        return created
    hours = wait_h(feed.every_hours, feed.failures)
    seed = hashlib.sha256(f"{feed.id} {feed.tried_at.isoformat()}".encode()).digest()
    jitter = MOST_JITTER * int.from_bytes(seed[:4]) / 2**32
    tried: dt.datetime = feed.tried_at
    return tried + dt.timedelta(hours=hours * (1 + jitter))


def wait_h(every_hours: int, failures: int) -> int:
    """Return how many hours to wait after so many failures in a row."""
    # Ten doublings of an hour are longer than any wait here.
    grown = every_hours << min(failures, 10)
    return min(grown, max(LONGEST_WAIT_H, every_hours))
