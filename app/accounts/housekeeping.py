"""What is thrown away by itself: old sessions, links, tries, and people's data that is due.

Runs hourly in the web process and by `patchwork housekeeping`, as the database role that sees
every team's rows (`patchwork_keeper`).
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.accounts import housekeeping_queries as queries
from app.areas import access_actions
from app.database import KEEPER_ROLE, make_engine, transaction
from app.duplicates.actions import find_changed
from app.photos.queries import empty_rejected
from app.settings import Settings
from app.walking.refresh import refresh_due

log = structlog.get_logger("patchwork")

EVERY_S = 3_600.0
# Not at once: a process that keeps being restarted would do nothing else.
FIRST_AFTER_S = 60.0


class Job(NamedTuple):
    """Something to throw away, or to look for: `run` returns how many rows went or were found.

    It is one transaction, and its statements have the pages' time limit.
    """

    what: str
    run: Callable[[Session], int]

    def do(self, engine: sa.Engine) -> int:
        """Run it in a transaction of its own."""
        with transaction(engine) as session:
            return self.run(session)


class LongJob(NamedTuple):
    """A job in many parts, such as districts: `run` commits each, and lifts the time limit itself.

    A part that fails is logged and leaves the others alone; `run` raises the first error after all
    of them had their turn.
    """

    what: str
    run: Callable[[sa.Engine], int]

    def do(self, engine: sa.Engine) -> int:
        """Run it, with as many transactions as it has parts."""
        return self.run(engine)


def erase_residents(session: Session) -> int:
    """Erase the residents whose time has come, if that feature is there."""
    if importlib.util.find_spec("app.residents.erasure") is None:
        return 0
    erased: int = importlib.import_module("app.residents.erasure").erase_due(session)
    return erased


# The list of jobs. One that fails leaves the others alone.
JOBS: tuple[Job | LongJob, ...] = (
    Job("sessions", queries.delete_sessions),
    Job("sign-in links", queries.delete_links),
    Job("tries to sign in", queries.delete_tries),
    Job("sign-ins begun elsewhere", queries.delete_organisation_sign_ins),
    Job("invitations", queries.delete_invitations),
    Job("suggestions that were decided", queries.delete_suggestions),
    Job("links to correct an entry", queries.delete_claims),
    # app/residents/erasure.py: erase_due(session) -> int
    Job("residents that were due", erase_residents),
    Job("photos that were rejected", empty_rejected),
    Job("new likely duplicates", find_changed),
    LongJob("homes whose walks were due", refresh_due),
    # After the walks: both read the network, one after the other.
    LongJob("wards whose figures were due", access_actions.refresh_due),
)


def keep_house(settings: Settings) -> dict[str, int]:
    """Run every job once and return how many rows each threw away.

    Nothing (an empty dictionary) while another process is at it. Raises the first error after
    all jobs had their turn.
    """
    engine = make_engine(settings, role=KEEPER_ROLE)
    try:
        with engine.connect() as watch:
            if not queries.take_the_broom(watch):
                return {}
            return _run_all(engine)
    finally:
        engine.dispose()


def _run_all(engine: sa.Engine) -> dict[str, int]:
    done: dict[str, int] = {}
    failed: Exception | None = None
    for job in JOBS:
        try:
            done[job.what] = job.do(engine)
        except Exception as error:  # noqa: BLE001 - the other jobs have to run; it is raised below
            log.error("housekeeping failed", job=job.what, kind=type(error).__name__)
            failed = failed or error
    if failed is not None:
        raise failed
    return done


async def keep_house_hourly(
    settings: Settings,
    stop: asyncio.Event,
    *,
    first_after_s: float = FIRST_AFTER_S,
    every_s: float = EVERY_S,
) -> None:
    """Keep house until `stop` is set; a run that has begun is waited for."""
    wait_s = first_after_s
    while not await _is_set_within(stop, wait_s):
        try:
            done = await asyncio.to_thread(keep_house, settings)
            log.info("housekeeping", rows=sum(done.values()))
        except Exception as error:  # noqa: BLE001 - the pages go on, and in an hour it may work
            log.error("housekeeping will be tried again", kind=type(error).__name__)
        wait_s = every_s


async def _is_set_within(stop: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
