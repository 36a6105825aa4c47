"""Storing a made-up country: by COPY, without the slow indexes, and looked over afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg
import sqlalchemy as sa

SLOW_INDEXES = (
    "ix_assets_point_27700_interest_ids",
    "ix_assets_geom",
    "ix_assets_name_trigrams",
    "ix_activities_near_point_27700_interest_ids",
    "ix_activities_visit_point_27700_interest_ids",
)


@contextmanager
def refilling(
    engine: sa.Engine, tables: Sequence[str], *, slug: str
) -> Iterator[tuple[sa.Connection, int]]:
    """Yield a connection and the number of the one source there is; `tables` are empty.

    At the end all is committed, indexed, and known to the planner.
    """
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text("SET LOCAL maintenance_work_mem = '256MB'"))
        connection.execute(sa.text(f"TRUNCATE sources, {', '.join(tables)} CASCADE"))
        source_id = connection.execute(
            sa.text(
                "INSERT INTO sources (slug, name, publisher, licence, attribution)"
                " VALUES (:slug, 'Benchmark', 'Nobody', 'CC0', 'Made up') RETURNING id"
            ),
            {"slug": slug},
        ).scalar_one()
        definitions = [
            connection.execute(
                sa.text("SELECT pg_get_indexdef(CAST(:n AS regclass))"), {"n": name}
            ).scalar_one()
            for name in SLOW_INDEXES
        ]
        for name in SLOW_INDEXES:
            connection.execute(sa.text(f"DROP INDEX {name}"))
        yield connection, source_id
        for definition in definitions:
            connection.execute(sa.text(definition))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text(f"VACUUM ANALYZE sources, {', '.join(tables)}"))
        connection.execute(sa.text("RESET statement_timeout"))
        # Or the first figures would be taken while all this is still being written.
        with suppress(sa.exc.ProgrammingError):  # not allowed to everybody
            connection.execute(sa.text("CHECKPOINT"))


def copy(connection: sa.Connection, table: str, columns: str, lines: Iterable[str]) -> int:
    """Store lines in COPY's text format; return how many."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    count = 0
    with raw.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as stored:
        for line in lines:
            stored.write(line)
            count += 1
    if table == "assets":
        # The point of an activity is looked up row by row: with statistics, by the key.
        connection.execute(sa.text("ANALYZE assets"))
    return count
