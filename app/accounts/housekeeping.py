"""What is thrown away by itself: old sessions, links, tries, and people's data that is due.

Each is a job of the queue, hourly (app/jobs/kinds.py), and all run by `patchwork housekeeping`, as
the database role that sees every team's rows (`patchwork_keeper`).
"""

from __future__ import annotations

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
from app.jobs.queries import delete_old
from app.photos.queries import empty_rejected
from app.settings import Settings
from app.walking.refresh import refresh_due

log = structlog.get_logger("patchwork")


class Job(NamedTuple):
    """Something to throw away, or to look for: `run` returns how many rows went or were found.

    It is one transaction, and its statements have the pages' time limit.
    """

    what: str
    run: Callable[[Session], int]
    title: str = ""  # what the page of jobs calls it, where `what` does not say enough

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
    title: str = ""

    def do(self, engine: sa.Engine) -> int:
        """Run it, with as many transactions as it has parts."""
        return self.run(engine)


def erase_residents(session: Session) -> int:
    """Erase the residents whose time has come, if that feature is there."""
    if importlib.util.find_spec("app.residents.erasure") is None:
        return 0
    erased: int = importlib.import_module("app.residents.erasure").erase_due(session)
    return erased


# The list of jobs. One that fails leaves the others alone. `what` is its name in the queue.
JOBS: tuple[Job | LongJob, ...] = (
    Job("sessions", queries.delete_sessions, "Throw away old sessions"),
    Job("sign-in links", queries.delete_links, "Throw away old sign-in links"),
    Job("tries to sign in", queries.delete_tries, "Forget old tries to sign in"),
    Job(
        "sign-ins begun elsewhere", queries.delete_organisation_sign_ins,
        "Forget sign-ins that were begun elsewhere and never ended",
    ),
    Job("invitations", queries.delete_invitations, "Throw away old invitations"),
    Job(
        "suggestions that were decided", queries.delete_suggestions,
        "Throw away suggestions that were decided",
    ),
    Job("links to correct an entry", queries.delete_claims, "Throw away old links to correct"),
    # app/residents/erasure.py: erase_due(session) -> int
    Job("residents that were due", erase_residents, "Erase residents whose time has come"),
    Job("photos that were rejected", empty_rejected, "Throw away photos that were rejected"),
    Job("files brought in", queries.delete_uploads, "Throw away files that were brought in"),
    Job("reports of jobs", delete_old, "Throw away old reports of jobs"),
    Job("new likely duplicates", find_changed, "Look for likely duplicates"),
    LongJob("homes whose walks were due", refresh_due, "Work out walks from homes"),
    # After the walks: both read the network, one after the other.
    LongJob(
        "wards whose figures were due", access_actions.refresh_due, "Work out figures of wards"
    ),
)  # fmt: skip


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


def keep_one(engine: sa.Engine, job: Job | LongJob) -> int | None:
    """Run one job and return how many rows it threw away.

    None while somebody does all of them by hand.

    `engine` works as the role of scheduled jobs.
    """
    with engine.connect() as watch:
        return job.do(engine) if queries.share_the_broom(watch) else None


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
