"""A run with workers of its own that is killed in the middle: `python -m … FILE` for their pids."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from app.everyone.dask_engine import DaskEngine
from app.everyone.parts import Part
from tests.everyone.dask_towns import make_answers, make_part, matches


def parts() -> Iterator[Part]:
    """Yield a part, and end this process without a word."""
    yield make_part(askers=100, targets=100)
    started = psutil.Process().children(recursive=True)
    Path(sys.argv[1]).write_text(" ".join(str(one.pid) for one in started), encoding="utf-8")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    matches(DaskEngine(workers=1), parts(), make_answers())
