"""Matching everybody on Dask with workers of our own: the same as here, to the last bit."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.everyone import dask_cluster
from app.everyone.dask_engine import DaskEngine
from geo.network_files import from_bytes, to_bytes
from tests.everyone.dask_processes import ROOT, here
from tests.everyone.dask_towns import (
    Here,
    assert_same,
    in_many,
    make_answers,
    make_part,
    matches,
    with_walks,
)  # fmt: skip
from tests.foot_networks import maze


def test_workers_on_this_machine_find_the_same_with_walks_in_many_pieces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network = from_bytes(to_bytes(maze(size=40)))
    part = with_walks(make_part(spread_m=1_500, askers=400, targets=300))
    expected = matches(Here(network), [part], make_answers())
    # Some were walked, to some there is no way, and some were known before.
    walks = expected["walk_m"]
    assert {777.0, 888.0} & set(walks.tolist())
    assert len(np.unique(walks[np.isfinite(walks)])) > 50
    engine = DaskEngine(network=network, at_once=100, workers=2)
    in_two = in_many(part, count=2)
    assert_same(matches(engine, in_two, make_answers()), expected)
    assert list(tmp_path.iterdir()) == []
    assert logging.getLogger("distributed").isEnabledFor(logging.ERROR)


def test_a_run_that_is_killed_leaves_no_process_and_the_next_one_removes_its_folder(
    tmp_path: Path,
) -> None:
    script = [sys.executable, "-m", "tests.everyone.dask_killed", str(tmp_path / "workers")]
    killed = subprocess.run(
        script, cwd=ROOT, env=here() | {"TMPDIR": str(tmp_path)}, check=False, timeout=300
    )
    assert killed.returncode == -signal.SIGKILL
    workers = [int(number) for number in (tmp_path / "workers").read_text("utf-8").split()]
    assert len(workers) >= 2
    _, alive = psutil.wait_procs(
        [one for one in psutil.process_iter() if one.pid in workers], timeout=60
    )
    assert alive == []
    (left,) = tmp_path.glob("patchwork-dask-*")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path))
        (tmp_path / f"patchwork-dask-{os.getpid()}-mine").mkdir()
        dask_cluster.remove_left_over()
    assert [path.name for path in tmp_path.glob("patchwork-dask-*")] == [
        f"patchwork-dask-{os.getpid()}-mine"
    ]
    assert not left.exists()
