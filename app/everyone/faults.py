"""What to say when the database goes away, or refuses something, in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from app.errors import PatchworkError, Unavailable

GO_ON = "What was found so far is kept: run the same command again to go on."
GONE = f"The database went away in the middle of the run. {GO_ON}"
STOPPED = f"The database stopped the run: {{why}}. {GO_ON}"
REFUSED = (
    "The database refused what the run did ({kind}). Its own log says more. Check that it is up to"
    f" date with: patchwork migrate. {GO_ON}"
)


@contextmanager
def said_of_database() -> Iterator[None]:
    """Raise Unavailable for what the database cannot help: gone, full, or told to stop.

    PatchworkError for all else that it raises, by its kind alone: the text may hold the row that
    was refused. Rows are copied by the driver itself, whose errors are not SQLAlchemy's.
    """
    try:
        yield
    except (sa.exc.DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            raise PatchworkError(REFUSED.format(kind=type(cause).__name__)) from error
        why = cause.diag.message_primary
        is_gone = not why or isinstance(cause, psycopg.errors.AdminShutdown)
        raise Unavailable(GONE if is_gone else STOPPED.format(why=why)) from error
