"""Reading a feed of Open Referral UK once."""

from __future__ import annotations

from app.errors import NotFetched
from app.feeds.refreshing import Outcome, Refreshing


def refresh(reading: Refreshing) -> Outcome:
    """Read everything, or what has changed since the last time, and store it."""
    raise NotFetched(f"{reading.feed.name} cannot be read yet.")
