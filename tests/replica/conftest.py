"""Two clusters of the tests' own: a primary, and a streaming standby made from it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa

from app.database import normalise_url
from app.settings import Settings
from app.setup import debian
from app.setup.cluster import PORT, ROLE, Cluster
from tests.people import People, people_in_a_database

# Two processes that import everything, on a machine that does other things too.
START_SECONDS = 240.0
PATIENCE_S = 60.0


def wait_until(holds: Callable[[], object], *, seconds: float = PATIENCE_S) -> float:
    """Wait until something holds, and return after how many seconds it did."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it never came to that"
        time.sleep(0.05)  # another process is at work: nothing tells us when it has done
    return time.monotonic() - began


@dataclass
class Pair:
    """A primary with everybody in a database on it, and its standby."""

    primary: Cluster
    standby: Cluster
    people: People

    @property
    def database(self) -> str:
        """The name of the database, the same on both."""
        name = sa.make_url(self.people.settings.database_url).database
        assert name
        return name

    @property
    def replica_url(self) -> str:
        return self.standby.url(self.database)

    def settings(self, **values: object) -> Settings:
        return self.people.settings.model_copy(
            update={"database_replica_url": self.replica_url, **values}
        )

    def on_primary(self, statement: str) -> Any:
        return _ask(self.primary, self.database, statement)

    def on_standby(self, statement: str) -> Any:
        return _ask(self.standby, self.database, statement)

    def rename(self, name: str) -> None:
        """Call the bowls club something else, as somebody would who edits it."""
        with self.people.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE assets SET name = :name WHERE id = :id"),
                {"name": name, "id": self.people.club_id},
            )

    def pause(self) -> None:
        """Have the standby receive everything, and show nothing of it."""
        self.on_standby("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.on_standby("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def settle(self) -> None:
        """Have the standby run, and be as far as the primary."""
        self.standby.start()
        self.on_standby("SELECT pg_wal_replay_resume()")
        written = self.on_primary("SELECT pg_current_wal_lsn()")
        wait_until(lambda: self.on_standby(f"SELECT pg_last_wal_replay_lsn() >= '{written}'"))

    def kill(self) -> None:
        """End the standby as a power cut would."""
        for process in self.standby.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        wait_until(lambda: not self.standby.processes())

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have the standby say nothing any more, though its connections stay open."""
        processes = self.standby.processes()
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)


def _ask(cluster: Cluster, database: str, statement: str) -> Any:
    with psycopg.connect(
        host=str(cluster.socket_folder), port=PORT, user=ROLE, dbname=database, autocommit=True
    ) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


@pytest.fixture(scope="session")
def clusters() -> Iterator[Callable[[], Cluster]]:
    """Make clusters, where PostgreSQL's account can reach them; all are gone at the end."""
    if not any(server.has_postgis for server in debian.find_servers()):
        pytest.skip("PostgreSQL with PostGIS is not installed, only reached by DATABASE_URL")
    made: list[tuple[Path, Cluster]] = []

    def make() -> Cluster:
        folder = Path(tempfile.mkdtemp(prefix="pw-replica-", dir="/tmp"))
        folder.chmod(0o755)
        cluster = Cluster.of_checkout(folder)
        made.append((folder, cluster))
        return cluster

    yield make
    for folder, cluster in reversed(made):
        cluster.stop()
        shutil.rmtree(cluster.socket_folder, ignore_errors=True)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def standing_pair(clusters: Callable[[], Cluster]) -> Iterator[Pair]:
    """Return the two of them, made once."""
    primary, standby = clusters(), clusters()
    primary.start()
    with people_in_a_database(sa.make_url(normalise_url(primary.url("postgres")))) as people:
        answer = primary._call(
            "pg_basebackup", f"--pgdata={standby.data}", f"--host={primary.socket_folder}",
            f"--port={PORT}", f"--username={ROLE}", "--write-recovery-conf", "--checkpoint=fast",
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        standby.start()
        yield Pair(primary, standby, people)
        # The standby would hold on to the database, which is dropped now.
        standby.stop()


@pytest.fixture
def pair(standing_pair: Pair) -> Iterator[Pair]:
    """Return a primary and a standby that is as far."""
    standing_pair.settle()
    yield standing_pair
    standing_pair.settle()


@dataclass(frozen=True)
class Served:
    """What `patchwork serve` started: its address, and the process that was started."""

    base: str
    process: subprocess.Popen[bytes]

    def workers(self) -> list[int]:
        """Return the processes that answer."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [int(child) for child in children if _is_worker(child)]

    def wait_for(self, count: int) -> list[int]:
        """Return the processes when there are so many and each of them answers."""
        wait_until(lambda: len(self.workers()) == count)
        workers = self.workers()
        for worker in workers:
            wait_until(partial(self._answers, worker), seconds=START_SECONDS)
        return workers

    def _answers(self, worker: int) -> bool:
        # The others stand still for moments: who gives no sign of life for long is replaced.
        with self.only(worker) as base:
            try:
                return httpx.get(base + "/health/ready", timeout=5).status_code == 200
            except httpx.HTTPError:
                pass
        time.sleep(1)  # one of them is still starting, and needs the processor
        return False

    @contextmanager
    def only(self, worker: int) -> Iterator[str]:
        """Have one of the processes answer everything meanwhile; the others stand still."""
        others = [one for one in self.workers() if one != worker]
        for other in others:
            os.kill(other, signal.SIGSTOP)
        try:
            yield self.base
        finally:
            for other in others:
                os.kill(other, signal.SIGCONT)


def _is_worker(process: str) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return False


@contextmanager
def serving(settings: Settings, *, processes: int = 1) -> Iterator[Served]:
    """Yield `patchwork serve` with these settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "PATCHWORK_REPLICA_LAG_S": str(settings.replica_lag_s),
    }
    if settings.database_replica_url:
        given["DATABASE_REPLICA_URL"] = settings.database_replica_url
    served = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port),
         "--processes", str(processes)],
        env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(served, base)
        yield Served(base, served)
    finally:
        served.terminate()
        try:
            served.wait(timeout=PATIENCE_S)
        finally:
            # One that does not end by itself fails this test, and no other.
            served.kill()
            served.wait()


def _wait(process: subprocess.Popen[bytes], base: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(base + "/health", timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
        else:
            return
    pytest.fail("the server did not start")
