"""Whether the replica may be asked: looked at every second, so that no request has to.

How late it is, is measured without comparing clocks: how long ago was the primary seen to write
something that the replica has not replayed yet? A primary at which nobody writes makes nobody late.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import psycopg
import sqlalchemy as sa
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.database import APP_ROLE, make_engine, read_url
from app.errors import BadSetting
from app.replica import queries
from app.settings import Settings

log = structlog.get_logger("patchwork")

Answer = TypeVar("Answer")

EVERY_S = 1.0
# As long as one look may take; a server that says nothing for so long is away.
PATIENCE_S = 2.0
# What was seen holds as long as this: if nobody looks any more, nobody asks the replica.
HOLDS_S = 4.0
# After a request came back with nothing the replica is left alone as long as this.
REST_S = 5.0
# libpq waits no less than two seconds.
CONNECT_S = 2


class Standing(StrEnum):
    """How a replica is doing."""

    UNKNOWN = "not looked at yet"
    FOLLOWING = "following"
    LATE = "late"
    AWAY = "away"
    STRANGER = "not a replica of this database"


class Seen(NamedTuple):
    """What the last look saw: how far it had replayed, and until when (monotonic) that counts."""

    standing: Standing
    position: int = 0
    until: float = float("-inf")
    late_s: float = 0.0


class Lateness:
    """How late a replica is, by positions of the primary and when each was first seen."""

    def __init__(self) -> None:
        # An hour of seconds: a replica may be away for days.
        self._written: deque[tuple[float, int]] = deque(maxlen=3_600)

    def note(self, position: int, *, now: float) -> None:
        """Remember that the primary had written up to `position` at `now`."""
        if self._written and position < self._written[-1][1]:
            # It lost what had not reached its disk, or was brought back from a backup: nothing will
            # ever replay so far as was seen.
            self._written.clear()
        if not self._written or position > self._written[-1][1]:
            self._written.append((now, position))

    def of(self, replayed: int, *, now: float) -> float:
        """Return seconds since the primary wrote the first thing that is not replayed yet."""
        # The newest stays: it is what the next is compared with.
        while len(self._written) > 1 and self._written[0][1] <= replayed:
            self._written.popleft()
        if not self._written or self._written[0][1] <= replayed:
            return 0.0
        return now - self._written[0][0]


class Replica:
    """The replica of the settings: its connections, and whether they may be used just now."""

    def __init__(self, settings: Settings) -> None:
        self.engine = make_engine(settings, role=APP_ROLE, is_replica=True)
        self.connect = self.engine.execution_options(isolation_level="AUTOCOMMIT").connect
        self._addresses = _address(settings, is_replica=False), _address(settings, is_replica=True)
        self._most_late_s = settings.replica_lag_s
        self._seen = Seen(Standing.UNKNOWN)
        self._rests_until = float("-inf")
        self._lateness = Lateness()
        self._cluster: int | None = None
        self._open: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lock = threading.Lock()
        sa.event.listen(self.engine, "connect", self._keep_sight_of)

    @classmethod
    def of(cls, settings: Settings) -> Replica | None:
        """Return the replica of the settings, None if there is none.

        Raises Unavailable or BadSetting if its address is none, or names several servers.
        """
        return cls(settings) if settings.database_replica_url else None

    @property
    def seen(self) -> Seen:
        """What is known of it now."""
        now = time.monotonic()
        is_known = self._seen.until > now or self._seen.standing is Standing.UNKNOWN
        if is_known and self._rests_until <= now:
            return self._seen
        return Seen(Standing.AWAY)

    def may_answer(self, not_before: int) -> bool:
        """Return whether it may be asked by somebody who has written up to `not_before`."""
        seen, now = self._seen, time.monotonic()
        return (
            seen.standing is Standing.FOLLOWING
            and seen.until > now
            and seen.position >= not_before
            and self._rests_until <= now
        )

    def leave_alone(self, error: BaseException) -> None:
        """Ask it nothing for some seconds: it did not answer."""
        now = time.monotonic()
        is_news = self._rests_until <= now
        self._rests_until = now + REST_S
        if is_news:
            log.warning("the replica is left alone", kind=type(error).__name__, seconds=REST_S)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Keep looking at it."""
        watch = asyncio.create_task(self._watch(), name="patchwork replica")
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            self._seen = Seen(Standing.UNKNOWN)
            self.engine.dispose()

    async def _watch(self) -> None:
        primary, replica = (_Line(address) for address in self._addresses)
        failed: type[Exception] | None = None
        try:
            while True:
                try:
                    written, replayed = await asyncio.gather(
                        primary.ask(queries.read_written), replica.ask(queries.read_replayed)
                    )
                    await self._learn(written, replayed)
                except Exception as error:  # noqa: BLE001
                    # Whatever it is: if nobody looked any more, the replica would stand idle until
                    # the next start, and nobody would know why. Said once, and not every second.
                    if type(error) is not failed:
                        log.error("cannot look at the replica", kind=type(error).__name__)
                    failed = type(error)
                await asyncio.sleep(EVERY_S)
        finally:
            await primary.close()
            await replica.close()

    async def _learn(
        self, written: queries.Written | None, replayed: queries.Replayed | None
    ) -> None:
        now, was = time.monotonic(), self._seen.standing
        if written is not None:
            self._cluster = written.cluster
            self._lateness.note(written.position, now=now)
        self._seen = seen = self._judge(replayed, now=now)
        if seen.standing is was:
            return
        if seen.standing is Standing.AWAY:
            # Whoever waits for an answer of it would wait for ever.
            await asyncio.to_thread(self._hang_up)
        say = log.info if seen.standing is Standing.FOLLOWING else log.warning
        say("the replica", standing=str(seen.standing), late_s=round(seen.late_s, 1))

    def _judge(self, replayed: queries.Replayed | None, *, now: float) -> Seen:
        if replayed is None:
            return Seen(Standing.AWAY, until=now + HOLDS_S)
        # A primary that has not been seen yet could be another one.
        if not replayed.is_replica or self._cluster not in {None, replayed.cluster}:
            return Seen(Standing.STRANGER, until=now + HOLDS_S)
        late_s = self._lateness.of(replayed.position, now=now)
        standing = Standing.FOLLOWING if late_s <= self._most_late_s else Standing.LATE
        if self._cluster is None:
            standing = Standing.UNKNOWN
        return Seen(standing, replayed.position, now + HOLDS_S, late_s)

    def _keep_sight_of(self, driver: Any, _: object) -> None:  # noqa: ANN401 - SQLAlchemy's event
        with self._lock:
            self._open.add(driver)

    def _hang_up(self) -> None:
        """End every connection from this side: threads that wait for an answer get an error."""
        with self._lock:
            drivers = list(self._open)
        for driver in drivers:
            hang_up(driver)
        self.engine.dispose()


class _Line:
    """A connection of the watch's own, opened again when it is lost."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def ask(
        self, question: Callable[[psycopg.AsyncConnection[Any]], Awaitable[Answer]]
    ) -> Answer | None:
        """Return the answer to a question, None when there is none in time."""
        try:
            if self._connection is None:
                async with asyncio.timeout(PATIENCE_S):
                    self._connection = await psycopg.AsyncConnection.connect(
                        self._address, autocommit=True
                    )
            # Not a timeout: when it is cancelled the driver asks the server to stop, and waits.
            end = asyncio.get_running_loop().call_later(PATIENCE_S, hang_up, self._connection)
            try:
                return await question(self._connection)
            finally:
                end.cancel()
        # No name of a host is too strange to be asked for: "a..b" is a UnicodeError.
        except (psycopg.Error, TimeoutError, OSError, UnicodeError):
            await self.close()
            return None

    async def close(self) -> None:
        """Close it, if it is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def hang_up(driver: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """End a connection from this side: whoever waits for an answer on it gets an error.

    The driver is not asked to close it: somebody else is in the middle of using it.
    """
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(driver.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _address(settings: Settings, *, is_replica: bool) -> str:
    url = read_url(settings.database_url)
    if is_replica:
        url = read_url(settings.database_replica_url or "", name="DATABASE_REPLICA_URL")
    positional, named = url.get_dialect()().create_connect_args(url)
    # The address may say some of these itself.
    ours = {
        "connect_timeout": CONNECT_S, "application_name": "patchwork watch",
        "options": f"-c role={APP_ROLE}",
    }  # fmt: skip
    address = make_conninfo(*positional, **{**named, **ours})
    known = conninfo_to_dict(address)
    if is_replica and any("," in str(known.get(name, "")) for name in ("host", "hostaddr")):
        raise BadSetting(
            "DATABASE_REPLICA_URL must name one server: what is known of one replica is not true"
            " of another. Give each web machine the address of the replica nearest to it."
        )
    return address
