"""All SQL about jobs: what waits, what runs, and what came of what ran."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.jobs.connecting import SEARCH_PATH
from app.models import RunOutcome

# How long it is known what came of a job.
KEEP_RUNS = dt.timedelta(days=30)
# A worker is heard of every ten seconds.
HEARD_OF = dt.timedelta(seconds=45)

# What a job says that found nothing to do: most do, every hour.
NOTHING = "There was nothing to do."
# Which runs a page shows.
WHICH = {
    "": f"r.outcome <> 'running' AND r.message IS DISTINCT FROM '{NOTHING}'",
    "all": "r.outcome <> 'running'",
    "failed": "r.outcome IN ('failed', 'lost', 'again')",
}

RUN_COLUMNS = """
  r.id, r.task, r.subject, r.attempt, r.started_at, r.finished_at, r.outcome::text AS outcome,
  r.done, r.total, r.message, coalesce(r.finished_at, now()) - r.started_at AS took,
  f.name AS feed_name
"""
# Nothing but a feed's name is said of what a job is about.
WITH_FEED = """
  FROM job_runs r
  LEFT JOIN feeds f ON r.task = 'feeds.refresh' AND f.id::text = r.subject
"""


@contextmanager
def in_the_queue(connection: sa.Connection) -> Iterator[psycopg.Connection[Any]]:
    """Yield the driver's own connection, for statements of the queue's library, in a savepoint.

    They name no schema, so the search path is theirs meanwhile; it is put back afterwards.
    """
    before = connection.execute(sa.text("SELECT current_setting('search_path')")).scalar_one()
    _look_in(connection, SEARCH_PATH)
    yield cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
    # Where it failed, the savepoint puts it back.
    _look_in(connection, before)


def _look_in(connection: sa.Connection, path: str) -> None:
    connection.execute(sa.text("SELECT set_config('search_path', :path, true)"), {"path": path})


def begin_run(
    connection: sa.Connection, *, job_id: int, task: str, subject: str | None, attempt: int
) -> int:
    """Write down that a job has begun; return the row's id."""
    statement = sa.text(
        "INSERT INTO job_runs (job_id, task, subject, attempt)"
        " VALUES (:job_id, :task, :subject, :attempt) RETURNING id"
    )
    values = {"job_id": job_id, "task": task, "subject": subject, "attempt": attempt}
    return int(connection.execute(statement, values).scalar_one())


def tell_run(connection: sa.Connection, *, run_id: int, done: int, total: int | None) -> None:
    """Write down how far a job is."""
    statement = sa.text("UPDATE job_runs SET done = :done, total = :total WHERE id = :id")
    connection.execute(statement, {"id": run_id, "done": done, "total": total})


def end_run(connection: sa.Connection, *, run_id: int, outcome: RunOutcome, message: str) -> None:
    """Write down what came of a job, unless somebody did already."""
    statement = sa.text(
        "UPDATE job_runs SET finished_at = now(), outcome = CAST(:outcome AS run_outcome),"
        " message = nullif(:message, '') WHERE id = :id AND outcome = 'running'"
    )
    values = {"id": run_id, "outcome": outcome.value, "message": message}
    connection.execute(statement, values)


def close_open_runs(
    connection: sa.Connection, *, job_id: int, outcome: RunOutcome, message: str
) -> None:
    """Write down that earlier goes at a job did not come to their end."""
    statement = sa.text(
        "UPDATE job_runs SET finished_at = now(), outcome = CAST(:outcome AS run_outcome),"
        " message = :message WHERE job_id = :job_id AND outcome = 'running'"
    )
    values = {"job_id": job_id, "outcome": outcome.value, "message": message}
    connection.execute(statement, values)


def list_running(session: Session) -> Sequence[sa.Row[Any]]:
    """Return the runs of jobs that are being done now, the oldest first."""
    statement = sa.text(
        f"SELECT {RUN_COLUMNS} {WITH_FEED} JOIN jobs.procrastinate_jobs j ON j.id = r.job_id"
        " WHERE r.outcome = 'running' AND j.status = 'doing' ORDER BY r.id"
    )
    return session.execute(statement).all()


def list_waiting(session: Session, *, limit: int) -> Sequence[sa.Row[Any]]:
    """Return what is in the queue, in the order it will be done: task, subject, not before when."""
    statement = sa.text(
        "SELECT j.id, j.task_name AS task, j.args ->> 'subject' AS subject, j.scheduled_at,"
        " j.attempts, f.name AS feed_name FROM jobs.procrastinate_jobs j"
        " LEFT JOIN feeds f ON j.task_name = 'feeds.refresh' AND f.id::text = j.args ->> 'subject'"
        " WHERE j.status = 'todo' AND j.task_name NOT IN ('feeds.due', 'jobs.stalled')"
        " ORDER BY j.scheduled_at NULLS FIRST, j.priority DESC, j.id LIMIT :limit"
    )
    return session.execute(statement, {"limit": limit}).all()


def list_runs(
    session: Session, *, limit: int, offset: int, which: str = ""
) -> Sequence[sa.Row[Any]]:
    """Return what came of jobs, the newest first; `which` is a key of `WHICH`."""
    statement = sa.text(
        f"SELECT {RUN_COLUMNS} {WITH_FEED} WHERE {WHICH[which]}"
        " ORDER BY r.finished_at DESC, r.id DESC LIMIT :limit OFFSET :offset"
    )
    return session.execute(statement, {"limit": limit, "offset": offset}).all()


def last_runs(session: Session) -> dict[str, sa.Row[Any]]:
    """Return the last run that ended of each kind of job."""
    statement = sa.text(
        f"SELECT DISTINCT ON (r.task) {RUN_COLUMNS} {WITH_FEED} WHERE r.outcome <> 'running'"
        " ORDER BY r.task, r.started_at DESC"
    )
    return {row.task: row for row in session.execute(statement)}


def has_worker(session: Session) -> bool:
    """Return whether anybody does jobs just now."""
    statement = sa.text(
        "SELECT EXISTS (SELECT FROM jobs.procrastinate_workers"
        " WHERE last_heartbeat > now() - CAST(:heard AS interval))"
    )
    return bool(session.execute(statement, {"heard": HEARD_OF}).scalar_one())


def delete_old(session: Session) -> int:
    """Delete what came of jobs a while ago, and what the queue keeps of those that failed."""
    with in_the_queue(session.connection()):
        session.execute(
            sa.text(
                "DELETE FROM procrastinate_jobs j WHERE j.status NOT IN ('todo', 'doing')"
                " AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id"
                " AND e.at > now() - CAST(:kept AS interval))"
            ),
            {"kept": KEEP_RUNS},
        )
    gone = session.execute(
        sa.text(
            "WITH gone AS (DELETE FROM job_runs WHERE finished_at < now() - CAST(:kept AS interval)"
            " RETURNING 1) SELECT count(*) FROM gone"
        ),
        {"kept": KEEP_RUNS},
    )
    return int(gone.scalar_one())
