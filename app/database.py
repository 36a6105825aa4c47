"""The engine, and what a request or a command needs of it: one session, one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from sqlalchemy.orm import Session

from app.errors import Unavailable
from app.settings import Settings

DRIVER = "postgresql+psycopg"
# The role the web application works as: it owns nothing, and row-level security binds it.
APP_ROLE = "patchwork_app"
# The role of scheduled jobs that look after every team's rows.
KEEPER_ROLE = "patchwork_keeper"
# How soon a replica's machine that says nothing any more is given up (libpq: seconds,
# `tcp_user_timeout` milliseconds; a socket's file has none of the latter).
REPLICA_PATIENCE = {
    "connect_timeout": 2, "tcp_user_timeout": 3_000,
    "keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 2,
}  # fmt: skip
REPLICA_POOL_TIMEOUT_S = 1.0


def normalise_url(url: str) -> str:
    """Return `url` for psycopg 3: `postgres://` and `postgresql://` name no driver."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return f"{DRIVER}://{url[len(prefix) :]}"
    return url


def read_url(url: str, *, name: str = "DATABASE_URL") -> sa.URL:
    """Return the address of a database; raises `Unavailable` if it is none of a PostgreSQL.

    The sentence does not repeat it: there may be a password in it. `name`: the setting it is from.
    """
    try:
        address = sa.make_url(normalise_url(url))
        if address.drivername == DRIVER:
            # What the driver does not know would be found at the first connection only.
            positional, named = address.get_dialect()().create_connect_args(address)
            make_conninfo(*positional, **named)
            return address
    except (sa.exc.ArgumentError, psycopg.ProgrammingError, ValueError):
        pass
    raise Unavailable(
        f"{name} is not the address of a PostgreSQL database: write it like"
        " postgresql://me@db.example/patchwork."
    )


def make_engine(
    settings: Settings,
    *,
    role: str | None = None,
    is_pooled: bool = True,
    is_replica: bool = False,
) -> sa.Engine:
    """Return an engine for `settings.database_url`; no connection is made yet.

    `role`: a database role every connection takes on; None stays the owner, who loads data and
    migrates. Not pooled, each connection is closed once it has been used: for work that may go on
    in a thread when everything else has been put away. `is_replica`: for the database's replica
    instead, which is given up soon, because there is somebody else to ask. Raises `Unavailable` if
    the address is none.
    """
    url = read_url(settings.database_url)
    patience: dict[str, Any] = {}
    if is_replica:
        url = read_url(settings.database_replica_url or "", name="DATABASE_REPLICA_URL")
        patience = REPLICA_PATIENCE
    pool: dict[str, Any] = {"poolclass": sa.NullPool}
    if is_pooled:
        pool = {"pool_size": settings.pool_size, "max_overflow": settings.pool_size}
        if is_replica:
            pool["pool_timeout"] = REPLICA_POOL_TIMEOUT_S
    as_role = f" -c role={role}" if role else ""
    return sa.create_engine(
        url,
        **pool,
        pool_pre_ping=False,
        # What somebody asked for a resident must not stand in an error's text or a log.
        hide_parameters=True,
        connect_args={
            "application_name": "patchwork",
            # A query that runs away must not hold its connection for ever. Planning is a large
            # part of a 0.3 ms question, hence no just-in-time compilation.
            "options": f"-c statement_timeout={settings.statement_timeout_ms} -c jit=off{as_role}",
            **patience,
        },
    )


@contextmanager
def reading(settings: Settings) -> Iterator[sa.Connection]:
    """Yield a connection of the owner's for one command; it is closed whatever happens."""
    engine = make_engine(settings)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Session]:
    """Yield a session whose work is committed at the end, or undone when anything is raised."""
    with Session(engine) as session, session.begin():
        yield session
