"""Doing one job, and writing down how far it is and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from procrastinate.exceptions import JobAborted

from app.database import KEEPER_ROLE, make_engine
from app.errors import PatchworkError
from app.jobs import queries
from app.jobs.kinds import Doing, Kind
from app.models import RunOutcome
from app.settings import Settings

log = structlog.get_logger("patchwork")

# Often enough for a bar that moves, seldom enough to cost nothing.
NEWS_EVERY_S = 1.0
STOPPED = "It was stopped with its process, and is begun again."
LOST = "Its process ended without a word, so it is begun again."
GIVEN_UP = (
    "Its process ended without a word each time it was begun. Look whether the machine has enough"
    " memory, then run it again."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A job as the queue has it; `attempt` 1 is the first."""

    job_id: int
    attempt: int
    subject: str = ""
    may_shrink: bool = False


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker does its jobs with.

    Feeds are stored as the owner, as `patchwork load` does; what looks after every team's rows
    works as the role of scheduled jobs.
    """

    settings: Settings
    owner: sa.Engine
    keeper: sa.Engine

    @classmethod
    def of(cls, settings: Settings) -> Tools:
        """Return the tools of one worker, not yet connected: close them."""
        # Unpooled: a job that was cut off goes on in its thread, with nobody left to close a pool.
        return cls(
            settings,
            make_engine(settings, is_pooled=False),
            make_engine(settings, role=KEEPER_ROLE, is_pooled=False),
        )

    def close(self) -> None:
        """Give back the connections."""
        self.owner.dispose()
        self.keeper.dispose()

    def record_lost(self, job_id: int, *, is_given_up: bool) -> None:
        """Write down that a job's process died."""
        with self.keeper.begin() as connection:
            queries.close_open_runs(
                connection,
                job_id=job_id,
                outcome=RunOutcome.FAILED if is_given_up else RunOutcome.LOST,
                message=GIVEN_UP if is_given_up else LOST,
            )


def perform(tools: Tools, kind: Kind, asked: Asked, is_stopping: Callable[[], bool]) -> str:
    """Do a job, with a row about it for the page; return what came of it.

    Raises what the job raises, once that is written down: the queue decides about another try.
    """
    watch = _Watch(tools.keeper, is_stopping)
    if not kind.is_quiet:
        watch.begin(kind.name, asked)
    try:
        sentence = kind.run(
            Doing(
                tools.settings,
                tools.owner,
                tools.keeper,
                asked.subject,
                watch.told,
                asked.may_shrink,
            )
        )
    except JobAborted:
        watch.end(RunOutcome.AGAIN, STOPPED)
        raise
    except Exception as error:
        is_last = asked.attempt >= kind.most_attempts
        log.error("a job failed", task=kind.name, kind=type(error).__name__, is_given_up=is_last)
        watch.end(
            RunOutcome.FAILED if is_last else RunOutcome.AGAIN, say_failure(error, is_last=is_last)
        )
        raise
    watch.end(RunOutcome.DONE, sentence)
    return sentence


def say_failure(error: Exception, *, is_last: bool) -> str:
    """Return what went wrong, for the page: only our own errors are sentences fit to be shown."""
    next_step = (
        "It is given up: put right what is said here, then run it again."
        if is_last
        else "It will be tried again by itself."
    )
    if isinstance(error, PatchworkError):
        return f"{error} {next_step}"
    if isinstance(error, sa.exc.OperationalError):
        return f"The database could not be reached, or took too long to answer. {next_step}"
    return (
        f"Something went wrong that nobody had thought of ({type(error).__name__}). {next_step}"
        " If it stays, tell whoever looks after this installation."
    )


class _Watch:
    """The row about one run."""

    def __init__(self, engine: sa.Engine, is_stopping: Callable[[], bool]) -> None:
        self._engine = engine
        self._is_stopping = is_stopping
        self._run_id: int | None = None
        self._told_at = 0.0

    def begin(self, task: str, asked: Asked) -> None:
        with self._engine.begin() as connection:
            # Of a process that was stopped in the middle.
            queries.close_open_runs(
                connection, job_id=asked.job_id, outcome=RunOutcome.AGAIN, message=STOPPED
            )
            self._run_id = queries.begin_run(
                connection,
                job_id=asked.job_id,
                task=task,
                subject=asked.subject or None,
                attempt=asked.attempt,
            )

    def told(self, done: int, total: int | None) -> None:
        """Take the news of how far it is; raises `JobAborted` when it has to stop."""
        if self._is_stopping():
            raise JobAborted
        now = time.monotonic()
        if self._run_id is None or now - self._told_at < NEWS_EVERY_S:
            return
        self._told_at = now
        with self._engine.begin() as connection:
            queries.tell_run(connection, run_id=self._run_id, done=done, total=total)

    def end(self, outcome: RunOutcome, message: str) -> None:
        if self._run_id is None:
            return
        with self._engine.begin() as connection:
            queries.end_run(connection, run_id=self._run_id, outcome=outcome, message=message)
