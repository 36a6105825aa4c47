"""The queue: procrastinate's, with our kinds of jobs in it, and how each is done and watched."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job, Status

from app.jobs.kinds import KINDS, STALLED, Kind
from app.jobs.running import Asked, Tools, perform

log = structlog.get_logger("patchwork")

# A worker that has not been heard of for so long has died; it is heard of every ten seconds.
STALLED_S, HEARTBEAT_S = 45.0, 10.0
# What was due while nobody worked is done late, but not if it was due longer ago than this.
LATEST_S = 3_600
# The first wait before a job is tried again; each is four times as long.
FIRST_WAIT_S = 60
MOST_LOST = 3


class Waits(BaseRetryStrategy):
    """When a job that failed is begun again: after 1, 4, 16 … minutes, up to its kind's limit."""

    def __init__(self, most_attempts: int) -> None:
        self.most_attempts = most_attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when, or None; what was stopped with its process is begun again at once."""
        if isinstance(exception, asyncio.CancelledError | JobAborted):
            return RetryDecision(retry_in={"seconds": 0})
        if job.attempts + 1 >= self.most_attempts:
            return None
        return RetryDecision(retry_in={"seconds": FIRST_WAIT_S * 4**job.attempts})


def make_queue(connector: BaseConnector) -> App:
    """Return the queue on a connector, with every kind of job and when it is due."""
    queue = App(connector=connector, periodic_defaults={"max_delay": LATEST_S})
    for kind in KINDS.values():
        task = queue.task(
            name=kind.name,
            pass_context=True,
            retry=Waits(kind.most_attempts),
            lock=kind.lock,
            queueing_lock=f"{kind.name} ",
        )(_doing(kind))
        if kind.cron:
            queue.periodic(cron=kind.cron)(task)
    stalled = queue.task(name=STALLED, pass_context=True, queueing_lock=f"{STALLED} ")(
        _find_stalled
    )
    queue.periodic(cron="* * * * *")(stalled)
    return queue


def _doing(kind: Kind) -> Callable[..., Coroutine[Any, Any, str]]:
    async def do(
        context: JobContext,
        subject: str = "",
        timestamp: int | None = None,  # noqa: ARG001 - the clock's, for what is periodic
        *,
        may_shrink: bool = False,
    ) -> str:
        tools: Tools = context.additional_context["tools"]
        stop = threading.Event()
        # What was fetched from the queue has a number.
        asked = Asked(context.job.id or 0, context.job.attempts + 1, subject, may_shrink)
        try:
            return await _in_a_thread(lambda: perform(tools, kind, asked, stop.is_set))
        finally:
            # Whoever stopped waiting for it: the thread learns of it when it next tells something.
            stop.set()

    return do


async def _in_a_thread(work: Callable[[], str]) -> str:
    """Do something that blocks in a thread that cannot keep the process from ending.

    A pool's threads are waited for when Python ends, however long a job takes: a web server could
    not be stopped. A job that is cut off has its transaction undone, and is begun again.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()

    def settle(result: str | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result or "")

    def body() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as caught:  # noqa: BLE001 - it is raised where it is waited for
            error = caught
        with suppress(RuntimeError):  # the loop has gone: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=body, name="patchwork job", daemon=True).start()
    return await done


async def _find_stalled(
    context: JobContext,
    timestamp: int = 0,  # noqa: ARG001 - the clock's
    subject: str = "",  # noqa: ARG001 - as every job has one
) -> None:
    """Begin again what a worker that died had begun; give up what has died too often."""
    manager = context.app.job_manager
    tools: Tools = context.additional_context["tools"]
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
        if job.id is None or job.id == context.job.id:
            continue
        is_last = job.attempts + 1 >= MOST_LOST
        if is_last:
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
        else:
            await manager.retry_job(job, retry_at=dt.datetime.now(tz=dt.UTC))
        log.warning("a job was lost", task=job.task_name, is_given_up=is_last)
        await asyncio.to_thread(tools.record_lost, job.id, is_given_up=is_last)
