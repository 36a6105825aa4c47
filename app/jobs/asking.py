"""Asking for a job: in the transaction of whoever asks, so that it is there if and only if that is.

Nothing personal goes into a job: it is asked for by name, and by the number of what it is about.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from procrastinate import App, SyncPsycopgConnector, exceptions
from sqlalchemy.orm import Session

from app.jobs import queries

# Somebody waits for these; the others are asked for by the clock.
FIRST = 10


def ask(
    session: Session,
    name: str,
    subject: str = "",
    *,
    lock: str | None = None,
    priority: int = 0,
    may_shrink: bool = False,
) -> bool:
    """Put a job into the queue; return False if it waits there already.

    `lock`: of jobs with the same one, one is done at a time. `name` is one of `app.jobs.kinds`.
    `may_shrink`: of a feed, see `refresh_feed`.
    """
    connection = session.connection()
    given: dict[str, Any] = {"lock": lock} if lock else {}
    said = {"subject": subject} | ({"may_shrink": True} if may_shrink else {})
    try:
        # The connection's own savepoint: a session's is made only once the session says something,
        # and what is refused here would undo everything that was done before.
        with connection.begin_nested(), queries.in_the_queue(connection) as driver:
            _queue().configure_task(
                name,
                # What somebody has said is done also where it waits already without it.
                queueing_lock=f"{name} {subject}" + (" may shrink" if may_shrink else ""),
                priority=priority,
                task_kwargs=said,
                connection=driver,
                **given,
            ).defer()
    except exceptions.AlreadyEnqueued:
        return False
    return True


def ask_for_feed(
    session: Session, feed_id: int, *, priority: int = 0, may_shrink: bool = False
) -> bool:
    """Ask for a feed to be read; never twice at once."""
    return ask(
        session, "feeds.refresh", str(feed_id), lock=f"feed-{feed_id}", priority=priority,
        may_shrink=may_shrink,
    )  # fmt: skip


@lru_cache
def _queue() -> App:
    """Return a queue on connections it is given: it never opens one, and knows no kind of job."""
    return App(connector=SyncPsycopgConnector())
