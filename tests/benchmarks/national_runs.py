"""Everybody answered by PostGIS alone, and the whole command: reading, matching and writing."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
import sqlalchemy as sa

from app.database import make_engine
from app.settings import Settings
from tests.benchmarks.national_check import Kept, check
from tests.benchmarks.national_data import Country
from tests.benchmarks.national_database import resident_id
from tests.benchmarks.national_sides import CHECKED, Answered, peak_mb_of
from tests.benchmarks.nearest import MAKE_QUESTIONS, all_at_once
from tests.benchmarks.serving import (
    HOST,
    START_SECONDS,
    backend_cpu_s,
    free_port,
    wait_for_port,
)

START = "from app.cli import main; main()"
LOOK_EVERY_S = 0.1


def postgis(settings: Settings, country: Country, *, connections: int) -> Answered:
    """Answer with the nearest ten assets of each resident, by statement; what is timed is that.

    Residents are split between the connections, and their questions stored before the clock starts.
    """
    engine = make_engine(settings)
    with ExitStack() as stack, ThreadPoolExecutor(connections) as threads:
        opened = [stack.enter_context(engine.connect()) for _ in range(connections)]
        rows = np.array_split(np.arange(len(country.wanted)), connections)
        pids = list(threads.map(_ask_later, opened, [country] * connections, rows))
        cpu = [backend_cpu_s(pid) for pid in pids]
        started = time.perf_counter()
        answers = list(threads.map(_answer, opened))
        seconds = time.perf_counter() - started
        spent = [backend_cpu_s(pid) for pid in pids]
    engine.dispose()
    return Answered(
        seconds,
        sum((now or 0.0) - (then or 0.0) for now, then in zip(spent, cpu, strict=True)),
        0.0,
        sum(found for found, _ in answers),
        sum(metres for _, metres in answers) / 1_000,
    )


def _ask_later(connection: sa.Connection, country: Country, rows: np.ndarray) -> int:
    connection.execute(sa.text("SET statement_timeout = 0"))
    connection.execute(sa.text(MAKE_QUESTIONS))
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    points, wanted = country.askers.points[rows].tolist(), country.wanted[rows].tolist()
    with raw.cursor().copy("COPY bench_questions FROM STDIN") as copy:
        for (east, north), ids in zip(points, wanted, strict=True):
            copy.write(f"SRID=27700;POINT({east} {north})\t{{{','.join(map(str, ids))}}}\n")
    connection.execute(sa.text("ANALYZE bench_questions"))
    return int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


def _answer(connection: sa.Connection) -> tuple[int, float]:
    found, metres = connection.execute(all_at_once("public_assets")).one()
    return found, metres


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the command took: seconds, and the most memory of all its processes."""

    seconds: float
    reading_s: float
    matching_s: float
    writing_s: float
    peak_mb: float
    residents: int


def can_distribute() -> bool:
    """Tell whether Dask is there."""
    return importlib.util.find_spec("distributed") is not None


def match_all(settings: Settings, *, workers: int, options: tuple[str, ...] = ()) -> Run:
    """Run ``patchwork match-all`` in a process of its own; raises RuntimeError if it does not."""
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "PATCHWORK_MATCH_WORKERS": str(workers),
    }
    command = [sys.executable, "-c", START, "match-all", "--json", *options]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=environment, stdout=output)
        peaks: dict[int, float] = {}
        while process.poll() is None:
            for pid, peak_mb in _peaks(process.pid):
                # One that has just ended says nothing any more.
                peaks[pid] = max(peaks.get(pid, 0.0), peak_mb)
            time.sleep(LOOK_EVERY_S)
        seconds = time.perf_counter() - started
        output.seek(0)
        printed = output.read()
    if process.returncode:
        message = f"patchwork match-all ended with {process.returncode}"
        raise RuntimeError(message)
    if not any(peaks.values()):
        message = "the memory of patchwork match-all could not be seen in /proc"
        raise RuntimeError(message)
    said = json.loads(printed)
    return Run(
        seconds, said["reading_s"], said["matching_s"], said["writing_s"],
        sum(peaks.values()), said["residents"],
    )  # fmt: skip


def _peaks(pid: int) -> Iterator[tuple[int, float]]:
    """Yield a process and all it has started with the most memory each has had, in MB."""
    try:
        yield pid, peak_mb_of(pid)
        threads = Path(f"/proc/{pid}/task").iterdir()
        started = [one for at in threads for one in (at / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return
    for child in started:
        yield from _peaks(int(child))


@contextmanager
def dask_workers(count: int) -> Iterator[str]:
    """Yield the address of a scheduler with `count` workers of one thread, as processes here."""
    port = free_port()
    address = f"tcp://{HOST}:{port}"
    with tempfile.TemporaryDirectory(prefix="patchwork-dask-") as folder, ExitStack() as stack:
        scheduler = _dask("scheduler", "--host", HOST, "--port", str(port), folder=folder)
        wait_for_port(stack.enter_context(scheduler), port)
        stack.enter_context(_dask("worker", address, "--host", HOST, "--nworkers", str(count),
                                  "--nthreads", "1", folder=folder))  # fmt: skip
        # Not everybody has it installed: imported by whoever uses it.
        with importlib.import_module("distributed").Client(address) as client:
            client.wait_for_workers(count, timeout=START_SECONDS)
        yield address


@contextmanager
def _dask(*arguments: str, folder: str) -> Iterator[subprocess.Popen[bytes]]:
    # Without a dashboard there are pages all the same: for this machine alone.
    no_pages = ("--no-dashboard", "--dashboard-address", f"{HOST}:0")
    command = [sys.executable, "-m", "dask", *arguments, *no_pages]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


# What readers see of some residents: the current run's row, list by list.
STORED = sa.text(
    "SELECT m.resident_id, m.near_ids, m.near_scores, m.visit_ids, m.visit_scores"
    " FROM resident_matches m JOIN match_runs r ON r.id = m.run_id AND r.state = 'current'"
    " WHERE m.resident_id = ANY(:ids)"
)


def check_stored(settings: Settings, country: Country) -> int:
    """Return how many residents' stored matches were compared with brute force; see `check`."""
    many = min(CHECKED, len(country.askers))
    numbers = np.random.default_rng(2).choice(len(country.askers), many, replace=False).tolist()
    asked = {uuid.UUID(resident_id(number)): number for number in numbers}
    row_of = {uuid.UUID(bytes=id_.tobytes()): row for row, id_ in enumerate(country.uuids)}
    engine = make_engine(settings)
    with engine.connect() as connection:
        rows = connection.execute(STORED, {"ids": list(asked)}).all()
    engine.dispose()
    kept: Kept = {
        asked[id_]: [
            (is_visit, row_of[target], score / 1e6)
            for is_visit, targets, scores in ((False, near, near_scores), (True, visit, scores_))
            for target, score in zip(targets, scores, strict=True)
        ]
        for id_, near, near_scores, visit, scores_ in rows
    }
    if len(kept) != many:
        message = f"of {many} residents only {len(kept)} have a row"
        raise RuntimeError(message)
    return check(country, kept)
