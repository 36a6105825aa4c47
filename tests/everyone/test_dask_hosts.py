"""Dask on hosts of their own: who asks, the scheduler, and workers, with only a wire between."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.everyone.dask_client import town
from tests.everyone.dask_hosts import Host, hosts, why_not
from tests.everyone.dask_processes import ROOT, Processes, here
from tests.everyone.dask_towns import Here, Rows, assert_same, make_answers, matches

# Who has been cut off is missed after so long: the least Dask takes; as a rule half a minute.
QUICK = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "11s"}


@pytest.fixture(scope="module")
def machines() -> Iterator[list[Host]]:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    with hosts(4) as made:
        yield made


@pytest.fixture
def dask(machines: list[Host], tmp_path: Path) -> Iterator[Processes]:
    """A scheduler on the second host, a worker on the third and one on the fourth."""
    _, second, *others = machines
    processes = Processes(tmp_path, host=second.address, prefix=second.prefix, env=QUICK)
    try:
        processes.start_scheduler()
        for host in others:
            processes.start_worker(host=host.address, prefix=host.prefix)
        yield processes
    finally:
        processes.stop()


def ask(dask: Processes, first: Host, tmp_path: Path, *more: str) -> subprocess.Popen[str]:
    """Start a run on the first host; only there is anything known of who asks."""
    arguments = [dask.address, str(tmp_path / "found.npz"), *more]
    return subprocess.Popen(
        [*first.prefix, sys.executable, "-m", "tests.everyone.dask_client", *arguments],
        cwd=ROOT, env=here() | QUICK, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def found_by(run: subprocess.Popen[str], tmp_path: Path) -> Rows:
    """Return what a run found, when it has ended."""
    said = run.communicate(timeout=120)[1]
    assert run.returncode == 0, said
    with np.load(tmp_path / "found.npz") as kept:
        return dict(kept)


def expected() -> Rows:
    return matches(Here(), town(), make_answers())


def test_hosts_without_a_shared_folder_find_the_same_and_one_that_is_cut_off_is_not_missed(
    dask: Processes, machines: list[Host], tmp_path: Path
) -> None:
    first, second, _, fourth = machines
    assert dask.address.startswith(f"tcp://{second.address}:")
    waits = tmp_path / "waits"
    run = ask(dask, first, tmp_path, str(waits))
    deadline = time.monotonic() + 60
    while not waits.exists():
        assert run.poll() is None, run.communicate()[1]
        assert time.monotonic() < deadline, dask.said()
        time.sleep(0.05)
    # Nobody listens anywhere but at a host's own address.
    for host in machines:
        answer = subprocess.run(
            [*host.prefix, "ss", "-Hltn"], check=True, capture_output=True, text=True
        )
        at = {line.split()[3].rpartition(":")[0] for line in answer.stdout.splitlines()}
        assert at <= {host.address, "127.0.0.1"}
        assert bool(at) == (host is not first)
    fourth.unplug()
    waits.unlink()
    assert_same(found_by(run, tmp_path), expected())
