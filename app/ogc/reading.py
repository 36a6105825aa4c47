"""How tipg reads: through the application's own connections, a few at a time, never for long.

tipg would open a pool of another driver. Ours already is the application's role, with its time
limit and whatever address DATABASE_URL has, opens nothing before it is needed, and is closed with
everything else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from starlette.concurrency import run_in_threadpool
from tipg.collections import Collection

from app.dependencies import Connect
from app.errors import Unavailable
from app.ogc import queries
from app.ogc.collections import COLUMNS, make_collection

# So many questions of OGC API at once; more wait, and some so long that they are sent away.
AT_ONCE, WAIT_S = 4, 10.0
TIME_LIMIT_MS = 5_000
EXTENTS_KEPT_S = 300.0


class Reader:
    """What tipg takes for a connection: it asks, in a thread, and waits for the rows."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def fetch(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows of a statement with its values as $1, $2 and so on."""
        return await run_in_threadpool(self._ask, sql, values)

    async def fetchval(self, sql: str, *values: object) -> Any:  # noqa: ANN401
        """Return the one value of a statement."""
        [row] = await self.fetch(sql, *values)
        return next(iter(row.values()))

    def _ask(self, sql: str, values: tuple[object, ...]) -> list[dict[str, Any]]:
        with self._connect() as connection:
            driver: Any = connection.connection.driver_connection
            try:
                # All at once, in one journey there and back, and each a statement by itself: what
                # is written into one cannot be two.
                with driver.pipeline(), psycopg.RawCursor(driver, row_factory=dict_row) as cursor:
                    # Geometries are written as they come: nobody looks into their JSON.
                    set_json_loads(orjson.Fragment, cursor)
                    for statement in queries.BEGIN:
                        driver.execute(statement.format(milliseconds=TIME_LIMIT_MS))
                    cursor.execute(sql.encode(), values)
                    driver.execute(queries.END)
                    return cursor.fetchall()
            finally:
                _leave_clean(connection, driver)


def _leave_clean(connection: sa.Connection, driver: Any) -> None:  # noqa: ANN401
    """End what an error left open; give up a connection that is broken."""
    if driver.closed:
        connection.invalidate()
    elif driver.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        driver.rollback()


class Pool:
    """What tipg takes for a pool of connections."""

    def __init__(self, connect: Connect) -> None:
        self._reader = Reader(connect)
        self._places = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Reader]:
        """Wait for a place, and yield what reads; raises `Unavailable` after a while."""
        try:
            async with asyncio.timeout(WAIT_S):
                await self._places.acquire()
        except TimeoutError:
            raise Unavailable("Too many are asking for maps just now. Try again soon.") from None
        try:
            yield self._reader
        finally:
            self._places.release()


class Catalogue:
    """The collections with how far they reach, looked up every few minutes."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._looked_at = float("-inf")
        self._collections: dict[str, Collection] = {}
        # Who has to be named where a whole collection is shown.
        self.credits: dict[str, list[str]] = {}

    async def get(self) -> dict[str, Collection]:
        """Return the collections by name; raises the database's error where it cannot be read."""
        if time.monotonic() - self._looked_at > EXTENTS_KEPT_S:
            self._collections = await run_in_threadpool(self._read)
            self._looked_at = time.monotonic()
        return self._collections

    def _read(self) -> dict[str, Collection]:
        found: dict[str, Collection] = {}
        with self._connect() as connection:
            for name in COLUMNS:
                self.credits[name] = queries.list_credits(connection, name)
                extent = tuple(queries.find_extent(connection, name))
                box, (first, last) = extent[:4], extent[4:]
                bounds = None if box[0] is None else [float(side) for side in box]
                found[name] = make_collection(name, bounds=bounds, days=(first, last))
        return found
