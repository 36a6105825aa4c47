"""What handlers are given: a way to read, and a session whose work is committed in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app.database import transaction

# Opens a connection for reading: `with connect() as connection: …`. A factory rather than a
# connection because FastAPI runs each plain generator dependency through two more threads, which
# costs as much as a whole match question; here the handler's own thread checks it out and in.
Connect = Callable[[], AbstractContextManager[sa.Connection]]


async def get_connect(request: Request) -> Connect:
    """Return how to open a connection for reading (each statement a transaction of its own)."""
    connect: Connect = request.app.state.connect
    return connect


def get_session(request: Request) -> Iterator[Session]:
    """Yield a session that is committed before the answer leaves, or undone on any error.

    Only ever use it with ``scope="function"``: FastAPI's default would answer first and commit
    later, and a failed commit would go out as a success.
    """
    with transaction(request.app.state.engine) as session:
        yield session


Reading = Annotated[Connect, Depends(get_connect)]
Writing = Annotated[Session, Depends(get_session, scope="function")]
