"""Which server a request reads from: the replica for public reads, else the primary.

What anybody may read (GET and HEAD, through the connections of `app.state.connect`) comes from the
replica while that follows closely. Sessions, and so everything about residents and every change,
are the primary's. An answer that fails because of the replica is made again from the primary,
before any of it has left.

What somebody has just written they can read: a browser that changed something is given a cookie
with the primary's position in its log, and the replica answers that browser once it has come so
far. It is in the cookie, so any web process knows it. Nobody gains by writing one of their own:
all it can do is to have the primary asked.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from contextvars import ContextVar

import psycopg
import sqlalchemy as sa
import structlog
from psycopg import errors
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.dependencies import Connect
from app.edge import loggable
from app.replica import queries
from app.replica.watching import Replica
from app.settings import Settings

log = structlog.get_logger("patchwork")

SAFE = {"GET", "HEAD"}
# Whether the service works is asked of the primary.
NOT_FROM_REPLICA = ("/health",)
# Further than any log: read from the primary, whatever the replica says.
FURTHEST = 2**63 - 1
# The replica is not asked at all when it is later than the setting; its lateness is seen every
# second, and clocks of browsers are not needed for this.
COOKIE_MARGIN_S = 60
# What the question itself is to blame for: it would fail on the primary just so, after as long.
OWN_FAULT = (
    errors.QueryCanceled, errors.DataError, errors.SyntaxError, errors.ProgramLimitExceeded,
)  # fmt: skip


class Asking:
    """Where one request reads, and what became of it."""

    __slots__ = ("has_failed", "has_written", "is_from_replica", "is_settled", "not_before")

    def __init__(self, not_before: int) -> None:
        # The position that must have been replayed.
        self.not_before = not_before
        # Once it has read from the primary it goes on there: what it knows must not go back.
        self.is_settled = False
        self.is_from_replica = False
        self.has_failed = False
        self.has_written = False


# Handlers run in threads, which take a copy of the context with the same object in it.
ASKING: ContextVar[Asking | None] = ContextVar("patchwork_asking", default=None)


def routed(primary: Connect, replica: Replica) -> Connect:
    """Return how to open a connection for reading: where, is decided by the request it is for."""

    def connect() -> AbstractContextManager[sa.Connection]:
        asking = ASKING.get()
        if asking is None or asking.is_settled:
            return primary()
        if replica.may_answer(asking.not_before):
            try:
                connection = replica.connect()
            except PoolTimeoutError:
                # Every connection is in use: it is busy, not away.
                pass
            except DBAPIError as error:
                replica.leave_alone(error)
            else:
                asking.is_from_replica = True
                return connection
        asking.is_settled = True
        return primary()

    return connect


def note_failure(error: BaseException | None) -> None:
    """Have the request under way answered from the primary, if `error` is the replica's doing."""
    asking = ASKING.get()
    is_of_database = isinstance(error, psycopg.Error) and not isinstance(error, OWN_FAULT)
    if is_of_database and asking is not None and asking.is_from_replica:
        asking.has_failed = True


def is_asked_again() -> bool:
    """Return whether the answer under way will be made again from the primary."""
    asking = ASKING.get()
    return asking is not None and asking.has_failed


def listen(primary: sa.Engine, replica: Replica) -> None:
    """Have errors of the replica and changes of the primary noted with the request they are of."""

    def on_error(context: sa.engine.ExceptionContext) -> None:
        note_failure(context.original_exception)
        if context.is_disconnect:
            replica.leave_alone(context.original_exception)

    def on_commit(_: sa.Connection) -> None:
        asking = ASKING.get()
        if asking is not None:
            asking.has_written = True

    sa.event.listen(replica.engine, "handle_error", on_error)
    sa.event.listen(primary, "commit", on_commit)


class Routing:
    """Decides for each request where it reads, and tells browsers how far they have written."""

    def __init__(self, app: ASGIApp, *, settings: Settings, primary: sa.Engine) -> None:
        self.app = app
        self._primary = primary
        self._cookie = written_cookie(settings)
        self._position = position_in(self._cookie)
        self._is_https = settings.is_https
        self._keep_s = int(settings.replica_lag_s) + COOKIE_MARGIN_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"].startswith(NOT_FROM_REPLICA):
            await self.app(scope, receive, send)
            return
        asking = Asking(position_of(scope, self._position))
        asking.is_settled = scope["method"] not in SAFE
        token = ASKING.set(asking)
        try:
            if asking.is_settled:
                await self._write(asking, scope, receive, send)
            else:
                await self._read(asking, scope, receive, send)
        finally:
            ASKING.reset(token)

    async def _read(self, asking: Asking, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False
        start: Message | None = None

        async def send_on(message: Message) -> None:
            nonlocal has_begun, start
            # Nothing of it has left yet: it can still be another answer. So the beginning waits
            # for the first piece: a stream may fail on the way to that.
            if asking.has_failed and not has_begun:
                return
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                has_begun = True
                await send(start)
                start = None
            await send(message)

        try:
            # Of a copy: on the way to a handler it is written into.
            await self.app({**scope, "state": dict(scope.get("state", ()))}, receive, send_on)
        except Exception:
            # Whatever a failing replica made of it: the primary is asked below. All else is raised.
            if has_begun or not asking.has_failed:
                raise
        if asking.has_failed and not has_begun:
            log.warning("read again from the primary", path=loggable(scope["path"]))
            asking.is_from_replica, asking.is_settled, asking.has_failed = False, True, False
            await self.app(scope, receive, send)

    async def _write(self, asking: Asking, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start" and asking.has_written:
                message.setdefault("headers", [])
                position = await run_in_threadpool(self._find_position)
                MutableHeaders(scope=message).append("set-cookie", self._write_cookie(position))
            await send(message)

        await self.app(scope, receive, send_on)

    def _find_position(self) -> int:
        try:
            with self._primary.connect() as connection:
                return queries.find_position(connection)
        except (DBAPIError, PoolTimeoutError):
            return FURTHEST

    def _write_cookie(self, position: int) -> str:
        secure = "; Secure" if self._is_https else ""
        return (
            f"{self._cookie}={position:x}; Path=/; Max-Age={self._keep_s}; HttpOnly; SameSite=lax"
            + secure
        )


def written_cookie(settings: Settings) -> str:
    """Return the name of the cookie that says how far a browser has written."""
    return f"{settings.cookie_name}-written"


def position_in(cookie: str) -> re.Pattern[bytes]:
    """Return the pattern that finds the position in a header of cookies."""
    return re.compile(rb"(?:^|;)\s*" + re.escape(cookie.encode()) + rb"=([0-9a-f]{1,16})\s*(?:;|$)")


def position_of(scope: Scope, pattern: re.Pattern[bytes]) -> int:
    """Return the position in a request's cookie; 0 without one, or when it is none.

    Looked for in the header as it came: every public page pays for this.
    """
    for name, value in scope["headers"]:
        if name == b"cookie" and (found := pattern.search(value)):
            return min(int(found[1], 16), FURTHEST)
    return 0
