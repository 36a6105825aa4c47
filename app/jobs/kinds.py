"""Every kind of job there is: what it is called, when it is due, and what does it.

To add one, add it to `KINDS`; pages, the command line and the worker read this list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from app.accounts.housekeeping import JOBS, Job, LongJob, keep_one
from app.everyone.actions import Request, match_all
from app.feeds import actions as feeds
from app.feeds.refreshing import Told
from app.jobs import due
from app.jobs.queries import NOTHING
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Doing:
    """What a job is given. `owner` and `keeper` are engines, each working as that database role."""

    settings: Settings
    owner: sa.Engine
    keeper: sa.Engine
    subject: str
    told: Told
    may_shrink: bool = False  # see `refresh_feed`


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. `run` returns one sentence of what came of it, "" where that is nothing."""

    name: str  # in the queue: never to be changed while some may wait
    title: str
    run: Callable[[Doing], str]
    # When by itself, in UTC (minute, hour, day, month, weekday); None: when somebody asks.
    cron: str | None = None
    # Of kinds that share a word here only one is done at a time.
    lock: str | None = None
    # Done so often that only what it found is worth a line.
    is_quiet: bool = False
    # How often it is begun before it is given up.
    most_attempts: int = 3

    @property
    def is_for_a_button(self) -> bool:
        """Whether an administrator may ask for it by name."""
        return self.cron is not None and not self.is_quiet


REFRESH, DUE, STALLED, EXPORT = "feeds.refresh", "feeds.due", "jobs.stalled", "exports.build"
EVERYONE = "matches.everyone"
_AT_MINUTE = {
    "new likely duplicates": 37,
    "homes whose walks were due": 17,
    "wards whose figures were due": 27,
}
# Both read the network of footpaths: one after the other.
_LOCKS = {"homes whose walks were due": "network", "wards whose figures were due": "network"}


def _refresh(doing: Doing) -> str:
    return feeds.refresh_feed(
        doing.owner, doing.settings, int(doing.subject), told=doing.told,
        may_shrink=doing.may_shrink,
    ).message  # fmt: skip


def _ask_for_due(doing: Doing) -> str:
    return due.ask_for_due(doing.keeper)


def _build_export(doing: Doing) -> str:
    return due.build_export(doing.owner, doing.subject, doing.told)


def _match_everyone(doing: Doing) -> str:
    # How many live somewhere is nobody's business on a page: percent.
    outcome = match_all(
        doing.keeper,
        doing.settings,
        Request(),
        told=lambda done, total: doing.told(100 * done // max(total or 0, 1), 100),
    )
    if outcome is None:
        return NOTHING
    return "Everybody was matched. Coordinators find it with their residents."


def _tidy(job: Job | LongJob, doing: Doing) -> str:
    count = keep_one(doing.keeper, job)
    if count is None:
        return "Somebody was tidying up by hand just then, so this waits for the next time."
    return f"{count:,} {job.what}." if count else NOTHING


def _of_housekeeping() -> tuple[Kind, ...]:
    return tuple(
        Kind(
            name=f"house.{job.what.replace(' ', '-')}",
            title=job.title or f"Tidy up: {job.what}",
            run=partial(_tidy, job),
            cron=f"{_AT_MINUTE.get(job.what, 7)} * * * *",
            lock=_LOCKS.get(job.what, f"house {job.what}"),
        )
        for job in JOBS
    )


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        # Whether it will be tried again is the feed's own business.
        Kind(REFRESH, "Read a feed", _refresh),
        Kind(DUE, "Look which feeds are due", _ask_for_due, cron="*/5 * * * *", is_quiet=True),
        Kind(EXPORT, "Make a large export", _build_export),
        # At night, after the feeds: it takes the processor for a while.
        Kind(
            EVERYONE, "Match every resident", _match_everyone, cron="40 1 * * *",
            lock="matches everyone",
        ),
        *_of_housekeeping(),
    )
}  # fmt: skip
