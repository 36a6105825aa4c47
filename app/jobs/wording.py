"""Jobs in plain words: what one is about, how long it took, what came of it, when it is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from croniter import croniter

from app.jobs.kinds import KINDS, Kind

OUTCOMES = {
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "again": "Will be tried again",
    "lost": "Lost, begun again",
}
FAILED = frozenset({"failed", "again", "lost"})
_SECONDS_A_MINUTE, _MINUTES_AN_HOUR = 60, 60


def about(row: sa.Row[Any]) -> str:
    """Return what a job is about; of a feed its name, of nothing anything personal."""
    kind = KINDS.get(row.task)
    title = kind.title if kind else "A job this version does not know"
    if row.feed_name:
        return f"{title}: {row.feed_name}"
    return f"{title} (deleted since)" if row.task == "feeds.refresh" else title


def lasted(took: dt.timedelta) -> str:
    """Return how long a job took: "under a second", "12 seconds", "3 minutes", "2 hours"."""
    seconds = int(took.total_seconds())
    if seconds < 1:
        return "under a second"
    if seconds < _SECONDS_A_MINUTE:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = seconds // _SECONDS_A_MINUTE
    if minutes < _MINUTES_AN_HOUR:
        return f"{minutes} minute{'s' if minutes != 1 else ''}"
    hours, rest = divmod(minutes, _MINUTES_AN_HOUR)
    return f"{hours} hour{'s' if hours != 1 else ''}" + (f" {rest} minutes" if rest else "")


def came_of_it(row: sa.Row[Any]) -> str:
    """Return what came of a run, or how far it is, in a sentence."""
    if row.outcome != "running":
        return row.message or OUTCOMES[row.outcome] + "."
    if row.total:
        return f"{row.done:,} of {row.total:,} done."
    return f"{row.done:,} done so far." if row.done else "Has begun."


def next_run(kind: Kind, now: dt.datetime) -> dt.datetime | None:
    """Return when a kind of job is due by itself, after `now` (with its zone)."""
    if kind.cron is None:
        return None
    found: dt.datetime = croniter(kind.cron, now).get_next(dt.datetime)
    return found
