"""A run that takes its time, for tests that end it: python -m tests.everyone.slow_run FOLDER."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.database import KEEPER_ROLE, make_engine
from app.everyone.actions import Request, match_all
from app.settings import get_settings

FOLDER, SECONDS = Path(sys.argv[1]), float(sys.argv[2])


def _told(done: int, total: int | None) -> None:
    """Say how far it is, and wait: the test may look, and end it."""
    (FOLDER / f"done-{done}-{total}").touch()
    time.sleep(SECONDS)


match_all(
    make_engine(get_settings(), role=KEEPER_ROLE, is_pooled=False),
    get_settings(),
    Request(at_once=5),
    told=_told,
)
