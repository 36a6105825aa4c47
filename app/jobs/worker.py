"""The worker: in a process of its own (`patchwork worker`) or beside the web pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from app.jobs.connecting import connector_of
from app.jobs.queue import HEARTBEAT_S, STALLED_S, make_queue
from app.jobs.running import Tools
from app.settings import Settings

log = structlog.get_logger("patchwork")

AT_ONCE = 2
# How long the web server's end waits for a job; it is then begun again by the next worker.
PATIENCE_S = 5.0
# A worker of its own finishes what it has begun; whoever is in a hurry can kill it.
WHOLE_PATIENCE_S = 86_400.0
# Pages first; and a database that is away is asked again.
BEGIN_AFTER_S, AGAIN_AFTER_S = 2.0, 30.0


async def work(
    settings: Settings,
    *,
    patience_s: float = WHOLE_PATIENCE_S,
    has_signals: bool = False,
    is_forever: bool = True,
) -> None:
    """Do jobs until told to stop, or (not `is_forever`) until none waits.

    `patience_s`: how long the end waits for jobs that have begun.
    """
    # Its lines repeat a job's error with everything in it; ours are in app/jobs/running.py.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    tools = Tools.of(settings)
    queue = make_queue(connector_of(settings))
    try:
        async with queue.open_async():
            await queue.run_worker_async(
                name="patchwork",
                concurrency=AT_ONCE,
                wait=is_forever,
                delete_jobs="successful",
                install_signal_handlers=has_signals,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=STALLED_S,
                additional_context={"tools": tools},
                shutdown_graceful_timeout=patience_s,
            )
    finally:
        tools.close()


@asynccontextmanager
async def worker_beside(settings: Settings) -> AsyncIterator[None]:
    """Do jobs while the web process runs, if the settings say so; end without keeping it."""
    if not settings.has_worker:
        yield
        return
    working = asyncio.create_task(_keep_working(settings), name="patchwork worker")
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _keep_working(settings: Settings) -> None:
    await asyncio.sleep(BEGIN_AFTER_S)
    while True:
        try:
            await work(settings, patience_s=PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - pages go on, and the database may come back
            log.error("the worker will be started again", kind=type(error).__name__)
        await asyncio.sleep(AGAIN_AFTER_S)
