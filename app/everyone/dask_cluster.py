"""A Dask cluster: one of our own on this machine or another's, and whether it can still work."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import ssl
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
import psutil
from distributed import Client, LocalCluster, Security
from distributed.comm import connect

from app.errors import PatchworkError

FOLDER = "patchwork-dask-"
CONNECT_S = 8.0
ANSWER_S = 10.0
SETTINGS = {
    # Parts are sent with the tasks on purpose: to do one again nothing of ours is needed.
    "distributed.admin.large-graph-warning-threshold": "4GB",
    # Of our own workers nothing goes to a disk, however full their memory.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    # Nor do they tell anything to a browser.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
GO_ON = "What was found so far is kept: put that right and run the same command again to go on."
UNREACHABLE = (
    "No Dask scheduler answers at {address}. Check that `dask scheduler` runs there, that its port"
    " can be reached from this machine, and that both sides use tls:// or neither does."
)
NO_WORKERS = (
    "The Dask scheduler at {address} has no workers. Start some, on any machine that has this"
    " version of Patchwork: dask worker {address}"
)
WORKERS_GONE = f"All workers of the Dask scheduler at {{address}} have gone away. {GO_ON}"
SCHEDULER_GONE = f"The Dask scheduler at {{address}} has gone away. {GO_ON}"
NO_MEMORY = (
    "A part of the run does not fit into the memory of a Dask worker. Give workers more with"
    " `dask worker --memory-limit`, or make parts smaller with PATCHWORK_MATCH_MEMORY_MB. "
    + GO_ON
)  # fmt: skip


@contextmanager
def cluster(
    address: str | None, *, workers: int, memory_limit: str, patience_s: float
) -> Iterator[Cluster]:
    """Yield the cluster of a scheduler, or one of processes on this machine that ends afterwards.

    Raises PatchworkError if it cannot be reached, or has no workers within `patience_s`.
    """
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        stack.enter_context(dask.config.set(SETTINGS))
        where: str | LocalCluster
        if address is None:
            where = stack.enter_context(_local(workers or os.cpu_count() or 1, memory_limit))
        else:
            where = address
        client = _connect(where)
        stack.callback(_close, client)
        it = Cluster(client, address or client.scheduler.address, patience_s=patience_s)
        it.wait_for_workers()
        yield it


class Cluster:
    """A connected cluster; `threads` is how many tasks it does at once."""

    def __init__(self, client: Client, address: str, *, patience_s: float) -> None:
        self.client, self.address, self.threads = client, address, 1
        self._patience_s, self._well = patience_s, time.monotonic()

    def say(self, sentence: str) -> PatchworkError:
        """Return an error of a sentence about this cluster."""
        return PatchworkError(sentence.format(address=self.address))

    def wait_for_workers(self) -> None:
        """Return when there is a worker; raises PatchworkError after a while without."""
        try:
            self.client.wait_for_workers(1, timeout=self._patience_s)
        except TimeoutError as error:
            raise self.say(NO_WORKERS) from error
        self.check()

    def check(self) -> None:
        """Look whether anybody works; raises PatchworkError if nobody has for some time."""
        workers = self._workers()
        if any(_can_work(worker) for worker in workers or ()):
            self._well = time.monotonic()
        elif time.monotonic() - self._well > self._patience_s:
            if workers is None:
                raise self.say(SCHEDULER_GONE)
            raise self.say(NO_MEMORY if workers else WORKERS_GONE)
        self.threads = max(sum(worker["nthreads"] for worker in workers or ()), 1)

    def _workers(self) -> list[dict[str, Any]] | None:
        """Return what the scheduler knows of its workers; None: it does not answer."""
        if self.client.status != "running":
            raise self.say(SCHEDULER_GONE)
        try:
            known = self.client.sync(
                self.client.scheduler.identity, n_workers=-1, callback_timeout=ANSWER_S
            )
        except (OSError, TimeoutError):
            return None
        return list(known["workers"].values())


def _can_work(worker: dict[str, Any]) -> bool:
    """Tell whether a worker takes a task or is at one: too full of memory, it pauses for ever."""
    counts = worker["metrics"].get("task_counts", {})
    return bool(worker["status"] == "running" or counts.get("executing"))


def _connect(where: str | LocalCluster) -> Client:
    try:
        if isinstance(where, str):
            _greeted(where)
        return Client(where, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError, ssl.SSLError) as error:
        raise PatchworkError(UNREACHABLE.format(address=where)) from error


def _greeted(address: str) -> None:
    """Wait for `_greet` in a thread of its own: a notebook has a loop running in its thread."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(_greet(address))).result()


async def _greet(address: str) -> None:
    """Return when a scheduler has answered at an address; raises what a `Client` would.

    A client waits without end for one that is silent (a stopped scheduler, another program's port),
    and one that was made in vain keeps its thread.
    """
    as_client = Security().get_connection_args("client")
    async with asyncio.timeout(CONNECT_S):
        line = await connect(address, timeout=CONNECT_S, **as_client)
    line.abort()


def _close(client: Client) -> None:
    """Let go of a cluster: tasks of ours that still wait are taken back by its scheduler."""
    with suppress(OSError, TimeoutError, RuntimeError):
        client.close(timeout=ANSWER_S)


@contextmanager
def _local(workers: int, memory_limit: str) -> Iterator[LocalCluster]:
    """Yield processes that only this one can talk to: encrypted, with a key made for them."""
    remove_left_over()
    with (
        tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-") as folder,
        dask.config.set({"temporary-directory": folder}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            protocol="tls://",
            security=True,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
            memory_limit=memory_limit,
        ) as made,
    ):
        yield made


def remove_left_over() -> None:
    """Remove folders of our processes that were killed; there is nothing of anybody in them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        number = folder.name.removeprefix(FOLDER).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)) and not folder.is_symlink():
            # What belongs to others stays.
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own logs back: what a person has to know, we say."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
