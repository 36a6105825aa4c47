"""All SQL of the front door: what is in the map, and whether the database is as we expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def count_kinds(connection: sa.Connection) -> dict[str, int]:
    """Return how many public assets of each kind there are, and "activity"."""
    rows = connection.execute(
        sa.text(
            "SELECT kind::text AS kind, count(*) AS assets FROM public_assets GROUP BY 1"
            " UNION ALL SELECT 'activity', count(*) FROM public_activities"
        )
    )
    return {row.kind: row.assets for row in rows}


def list_loaded_sources(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return each source with the dates of its newest data and how many assets are from it.

    `as_of` is the publisher's date, if one is known; `loaded_on` is when we read it.
    """
    return connection.execute(
        sa.text(
            """
            SELECT s.id, s.name, s.publisher, s.licence, s.attribution, s.is_share_alike,
                   (SELECT max(r.as_of) FROM import_runs r
                    WHERE r.source_id = s.id AND r.status = 'loaded') AS as_of,
                   (SELECT max(r.finished_at)::date FROM import_runs r
                    WHERE r.source_id = s.id AND r.status = 'loaded') AS loaded_on,
                   (SELECT count(*) FROM public_assets a WHERE a.source_id = s.id) AS assets
            FROM sources s ORDER BY s.publisher, s.name
            """
        )
    ).all()


def list_applied_migrations(connection: sa.Connection) -> set[str]:
    """Return the revisions the database is at; empty when it was never migrated."""
    has_table = connection.execute(
        sa.text("SELECT to_regclass('alembic_version') IS NOT NULL")
    ).scalar_one()
    if not has_table:
        return set()
    return set(
        connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    )
