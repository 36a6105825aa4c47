"""A worker with a job that takes its time, for tests that end it: python -m tests.jobs.long_job."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.cli import main
from app.jobs import kinds
from app.jobs.kinds import Doing, Kind

FOLDER, SECONDS = Path(sys.argv[1]), float(sys.argv[2])


def _take_time(doing: Doing) -> str:
    """Tell the folder that it has begun, and wait; nothing may be written twice at once."""
    (FOLDER / f"begun-{time.time_ns()}").touch()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        doing.told(1, 4)
        time.sleep(0.05)
    (FOLDER / f"done-{time.time_ns()}").touch()
    return "It took its time."


# Only this one, so that nothing else is due.
kinds.KINDS.clear()
kinds.KINDS["test.long"] = Kind("test.long", "Take time", _take_time)
sys.argv = ["patchwork", "worker"]
main()
