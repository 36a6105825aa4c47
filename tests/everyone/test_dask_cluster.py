"""A Dask cluster of processes of their own: identical matches, and everything that goes wrong."""

from __future__ import annotations

import dataclasses
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import Client

from app.errors import PatchworkError
from app.everyone import dask_cluster
from app.everyone.dask_engine import DaskEngine
from app.everyone.parts import Part
from geo.errors import PieceError
from tests.everyone.dask_processes import NO_PAGES, ROOT, Processes, end, freeze
from tests.everyone.dask_towns import (
    Here,
    Rows,
    assert_same,
    in_many,
    make_answers,
    make_part,
    matches,
)  # fmt: skip

# "Within seconds": what is told from "never", on a machine that does other things too.
SOON_S = 60.0
ANSWERS = make_answers()
PARTS = in_many(make_part(askers=2_400, targets=1_500), count=12)


@contextmanager
def scheduler(folder: Path) -> Iterator[Processes]:
    """Yield one without workers; it needs Dask, and nothing of Patchwork."""
    (folder / "without" / "geo").mkdir(parents=True)
    (folder / "without" / "geo" / "__init__.py").touch()
    processes = Processes(folder)
    try:
        processes.start_scheduler(env={"PYTHONPATH": str(folder / "without")})
        yield processes
    finally:
        processes.stop()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with scheduler(tmp_path_factory.mktemp("dask")) as made:
        yield made


@pytest.fixture
def dask(standing: Processes) -> Iterator[Processes]:
    """Return a scheduler that no other test has left a worker at."""
    yield standing
    for process in standing.started[1:]:
        end(process)
    wait_for(standing, 0)


@pytest.fixture(scope="module")
def expected() -> Rows:
    return matches(Here(), PARTS, ANSWERS)


@pytest.fixture
def engine(dask: Processes) -> DaskEngine:
    return DaskEngine(dask.address, at_once=200, patience_s=30)


def wait_for(dask: Processes, count: int) -> None:
    """Return when the scheduler has so many workers."""
    with Client(dask.address, set_as_default=False) as client:
        deadline = time.monotonic() + SOON_S
        while len(client.scheduler_info(n_workers=-1)["workers"]) != count:
            assert time.monotonic() < deadline, dask.said()
            time.sleep(0.1)


def interrupted(after: int, happens: Callable[[], object]) -> Iterator[Part]:
    """Yield all parts; after some, when the first of them are done, something happens."""
    for number, part in enumerate(PARTS):
        if number == after:
            happens()
        yield part


@contextmanager
def only_worker(
    dask: Processes, *options: str, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the one worker there is, of a scheduler without."""
    worker = dask.start_worker(*options, env=env)
    wait_for(dask, 1)
    try:
        yield worker
    finally:
        end(worker)
        wait_for(dask, 0)


def test_a_scheduler_without_workers_is_said_and_how_to_start_some(dask: Processes) -> None:
    with pytest.raises(PatchworkError, match=f"has no workers.*dask worker {dask.address}"):
        matches(DaskEngine(dask.address, patience_s=0.5), PARTS, ANSWERS)


def test_who_follows_readme_opens_no_pages_to_the_network() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    started = [line for line in lines if re.match(r"\S+\$ +dask (scheduler|worker)", line)]
    assert len(started) == 2
    assert all(line.endswith(" ".join(NO_PAGES)) for line in started)


def test_a_killed_workers_parts_are_done_again(
    dask: Processes, engine: DaskEngine, expected: Rows
) -> None:
    dask.start_worker()
    wait_for(dask, 1)
    # What it is given it keeps, and never does.
    lost = dask.start_worker()
    wait_for(dask, 2)
    freeze(lost)
    held: list[int] = []

    def kill() -> None:
        with Client(dask.address, set_as_default=False) as client:
            held.extend(len(keys) for keys in client.processing().values())
        end(lost)

    assert_same(matches(engine, interrupted(4, kill), ANSWERS), expected)
    # Both had something when one of them died.
    assert len(held) == 2
    assert all(held)


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:1", "127.0.0.1:1", "carrier-pigeon://loft:1", "tcp://no-such-host.invalid:1"],
)
def test_an_address_where_nobody_answers_is_said_within_seconds(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dask_cluster.CONNECT_S < 10
    monkeypatch.setattr(dask_cluster, "CONNECT_S", 0.5)
    begun = time.monotonic()
    with pytest.raises(PatchworkError, match="No Dask scheduler answers at") as refused:
        matches(DaskEngine(address), PARTS, ANSWERS)
    assert address in str(refused.value)
    assert time.monotonic() - begun < SOON_S


@pytest.mark.parametrize("scheme", ["", "tcp://", "tls://"])
def test_a_port_where_somebody_listens_and_says_nothing_is_said_within_seconds(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another program's port, or a scheduler that has stopped.
    monkeypatch.setattr(dask_cluster, "CONNECT_S", 0.5)
    threads, begun = threading.active_count(), time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{scheme}127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(PatchworkError, match=f"No Dask scheduler answers at {address}"):
            matches(DaskEngine(address), PARTS, ANSWERS)
    assert time.monotonic() - begun < SOON_S
    # A client made in vain would keep its thread, and its end could hang the next one's beginning.
    assert threading.active_count() <= threads


def test_a_worker_with_another_version_is_said_and_its_log_holds_nobodys_numbers(
    dask: Processes, tmp_path: Path
) -> None:
    other = tmp_path / "geo"
    shutil.copytree(ROOT / "geo", other)
    with (other / "scores.py").open("a", encoding="utf-8") as file:
        file.write("\n# Newer.\n")
    env = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    with (
        only_worker(dask, env=env),
        pytest.raises(PieceError, match="another version of Patchwork"),
    ):
        matches(DaskEngine(dask.address), PARTS, ANSWERS)
    # Not removed: an editable installation would find that of the checkout it was made from.
    (other / "matching_pieces.py").write_text("", encoding="utf-8")
    with (
        only_worker(dask, env=env),
        pytest.raises(PatchworkError, match="cannot run this version of Patchwork"),
    ):
        matches(DaskEngine(dask.address), PARTS, ANSWERS)
    assert "match_piece" in dask.said()
    assert "PAR1" not in dask.said()
    assert "array(" not in dask.said()


def test_a_part_that_does_not_fit_into_a_workers_memory_names_the_settings(
    dask: Processes,
) -> None:
    with (
        only_worker(dask, "--nanny", "--memory-limit", "90MB"),
        pytest.raises(PatchworkError, match=r"--memory-limit.*PATCHWORK_MATCH_MEMORY_MB"),
    ):
        matches(DaskEngine(dask.address, patience_s=8), PARTS, ANSWERS)


def test_when_all_workers_have_gone_it_says_so(dask: Processes) -> None:
    with only_worker(dask) as worker:
        parts = interrupted(4, lambda: end(worker))
        with pytest.raises(PatchworkError, match=r"All workers .* have gone away.*to go on"):
            matches(DaskEngine(dask.address, patience_s=2), parts, ANSWERS)


def test_a_worker_that_fails_is_said_by_the_kind_of_its_error_alone(dask: Processes) -> None:
    broken = dataclasses.replace(ANSWERS, weights=ANSWERS.weights[:1])
    with (
        only_worker(dask),
        pytest.raises(PatchworkError, match=r"could not match a part \(IndexError\)") as refused,
    ):
        matches(DaskEngine(dask.address), PARTS, broken)
    # "Index 1 is out of bounds …": what such a sentence is about may be somebody's place.
    assert "bounds" not in str(refused.value)


def test_when_the_scheduler_goes_away_it_says_so(tmp_path: Path) -> None:
    with scheduler(tmp_path) as dask:
        dask.start_worker()
        wait_for(dask, 1)
        parts = interrupted(4, lambda: end(dask.started[0]))
        begun = time.monotonic()
        with pytest.raises(PatchworkError, match=f"scheduler at {dask.address} has gone away"):
            matches(DaskEngine(dask.address, patience_s=2), parts, ANSWERS)
    assert time.monotonic() - begun < SOON_S
