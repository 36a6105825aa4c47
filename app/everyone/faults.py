"""What to say when the database goes away in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from app.errors import Unavailable

GO_ON = "What was found so far is kept: run the same command again to go on."
GONE = f"The database went away in the middle of the run. {GO_ON}"
STOPPED = f"The database stopped the run: {{why}}. {GO_ON}"


@contextmanager
def said_of_database() -> Iterator[None]:
    """Raise Unavailable for what the database cannot help: gone, full, or told to stop.

    Rows are copied by the driver itself, whose errors are not SQLAlchemy's.
    """
    try:
        yield
    except (sa.exc.OperationalError, psycopg.OperationalError) as error:
        cause = error.orig if isinstance(error, sa.exc.OperationalError) else error
        why = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
        is_gone = not why or isinstance(cause, psycopg.errors.AdminShutdown)
        raise Unavailable(GONE if is_gone else STOPPED.format(why=why)) from error
