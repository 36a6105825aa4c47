"""The SQL about the collections that tipg does not write itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.ogc.collections import COLUMNS, DATE, SCHEMA

# A question of a stranger's may read, and not for long; both end with the transaction.
BEGIN = ("BEGIN READ ONLY", "SET LOCAL statement_timeout = {milliseconds}")
END = "ROLLBACK"


def find_extent(connection: sa.Connection, name: str) -> sa.Row[Any]:
    """Return west, south, east, north (degrees), first and last (days) of a collection."""
    day = next((column for column, kind in COLUMNS[name].items() if kind == DATE), None)
    days = f"min({day})::text, max({day})::text" if day else "NULL::text, NULL::text"
    return connection.execute(
        sa.text(
            "SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box), first, last"  # noqa: S608
            f" FROM (SELECT ST_Extent(geom), {days} FROM {SCHEMA}.{name}) AS e (box, first, last)"
        )
    ).one()


def list_credits(connection: sa.Connection, name: str) -> list[str]:
    """Return everybody who has to be named for a collection, with their licences."""
    return list(
        connection.execute(
            sa.text(
                "SELECT DISTINCT attribution || ' (' || licence || ')' AS credit"  # noqa: S608
                f" FROM {SCHEMA}.{name} WHERE attribution IS NOT NULL ORDER BY 1"
            )
        ).scalars()
    )
