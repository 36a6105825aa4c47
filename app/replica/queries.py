"""All SQL about how far the database has written, and a replica has followed.

Positions in the write-ahead log (LSN) are bytes since its beginning, as whole numbers.
"""

from __future__ import annotations

from typing import Any, LiteralString, NamedTuple

import psycopg
import sqlalchemy as sa

# What has not reached the disk yet counts too: a commit may be told before it has.
_INSERTED = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
_WRITTEN: LiteralString = (
    "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint,"
    " (SELECT system_identifier FROM pg_control_system())"
)
_REPLAYED: LiteralString = (
    "SELECT pg_is_in_recovery(),"
    " coalesce((pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint, 0),"
    " (SELECT system_identifier FROM pg_control_system())"
)


class Written(NamedTuple):
    """How far the primary has written, and the number its cluster was born with."""

    position: int
    cluster: int


class Replayed(NamedTuple):
    """How far a replica has followed; a server that is no replica says so."""

    is_replica: bool
    position: int
    cluster: int


def find_position(connection: sa.Connection) -> int:
    """Return the position of the primary after everything that was committed until now."""
    return int(connection.execute(sa.text(_INSERTED)).scalar_one())


async def read_written(connection: psycopg.AsyncConnection[Any]) -> Written:
    """Return how far the primary has written; an error when it is a replica."""
    [row] = await (await connection.execute(_WRITTEN)).fetchall()
    return Written(*row)


async def read_replayed(connection: psycopg.AsyncConnection[Any]) -> Replayed:
    """Return how far the replica has followed."""
    [row] = await (await connection.execute(_REPLAYED)).fetchall()
    return Replayed(*row)
