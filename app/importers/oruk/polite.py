"""Asking somebody's server again and again without being a nuisance."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from app.errors import NotFetched
from app.fetching.client import Fetched, Fetcher

MEDIA_TYPES = ("application/json", "application/x-ndjson", "application/ndjson",
               "application/jsonl", "text/json", "text/plain")  # fmt: skip
MOST_TRIES = 4
# Before the second, third and fourth try, where the server does not say how long.
WAITS_S = (2.0, 8.0, 30.0)
# Longer than this nobody holds a job open: the feed is read another time.
LONGEST_WAIT_S = 120.0
PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Manners:
    """How long we wait: between questions, and before asking again what failed."""

    pause_s: float = PAUSE_S
    waits_s: tuple[float, ...] = WAITS_S
    sleep: Callable[[float], None] = time.sleep


@dataclass(slots=True)
class PoliteReader:
    """Fetches one address after the other, with a pause between them and patience with each."""

    fetcher: Fetcher
    manners: Manners
    questions: int = 0

    def get(self, url: str) -> Fetched:
        """Return what `url` answers, asking at most four times.

        Raises
        ------
        NotFetched
            If it does not answer well in the end, asks for a longer wait than we have, or is not
            to be fetched at all.
        """
        if self.questions:
            self.manners.sleep(self.manners.pause_s)
        for number in range(MOST_TRIES):
            self.questions += 1
            try:
                return self.fetcher.get(url, media_types=MEDIA_TYPES)
            except NotFetched as error:
                wait_s = self._wait_before_next(error, number)
                if wait_s is None:
                    raise
            self.manners.sleep(wait_s)
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _wait_before_next(self, error: NotFetched, number: int) -> float | None:
        """Return how many seconds to wait before asking again, or None to give up."""
        if not error.is_passing or number == MOST_TRIES - 1:
            return None
        asked_s = seconds_asked(error.retry_after, now=dt.datetime.now(dt.UTC))
        if asked_s is not None and asked_s > LONGEST_WAIT_S:
            return None
        own_s = self.manners.waits_s[min(number, len(self.manners.waits_s) - 1)]
        return own_s if asked_s is None else asked_s


def seconds_asked(retry_after: str | None, *, now: dt.datetime) -> float | None:
    """Return the seconds a Retry-After header asks for (a number or a date), or None."""
    text = (retry_after or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - now).total_seconds())
