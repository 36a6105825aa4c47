"""The engine, and what a request or a command needs of it: one session, one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.settings import Settings


def normalise_url(url: str) -> str:
    """Return `url` for psycopg 3: `postgres://` and `postgresql://` name no driver."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


# The role the web application works as: it owns nothing, and row-level security binds it.
APP_ROLE = "patchwork_app"
# The role of scheduled jobs that look after every team's rows.
KEEPER_ROLE = "patchwork_keeper"


def make_engine(settings: Settings, *, role: str | None = None) -> sa.Engine:
    """Return an engine for `settings.database_url`; no connection is made yet.

    `role`: a database role every connection takes on; None stays the owner, who loads data and
    migrates.
    """
    as_role = f" -c role={role}" if role else ""
    return sa.create_engine(
        normalise_url(settings.database_url),
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_pre_ping=False,
        # What somebody asked for a resident must not stand in an error's text or a log.
        hide_parameters=True,
        connect_args={
            "application_name": "patchwork",
            # A query that runs away must not hold its connection for ever. Planning is a large
            # part of a 0.3 ms question, hence no just-in-time compilation.
            "options": f"-c statement_timeout={settings.statement_timeout_ms} -c jit=off{as_role}",
        },
    )


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Session]:
    """Yield a session whose work is committed at the end, or undone when anything is raised."""
    with Session(engine) as session, session.begin():
        yield session
