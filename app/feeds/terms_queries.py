"""All SQL about what terms of other people's taxonomies stand for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

READ = sa.text(
    """
    SELECT taxonomy, term, label, interest_ids, status::text AS status FROM term_mappings
    """
)
# What people decided stays; a guess is made anew each time, because the vocabulary grows.
KEEP = sa.text(
    """
    INSERT INTO term_mappings (taxonomy, term, label, interest_ids, status, uses)
    VALUES (:taxonomy, :term, :label, CAST(:interest_ids AS int[]), 'guessed', :uses)
    ON CONFLICT (taxonomy, term) DO UPDATE SET
      label = excluded.label,
      uses = CASE WHEN :is_whole THEN excluded.uses
                  ELSE greatest(term_mappings.uses, excluded.uses) END,
      interest_ids = CASE WHEN term_mappings.status = 'guessed' THEN excluded.interest_ids
                          ELSE term_mappings.interest_ids END
    WHERE (term_mappings.label, term_mappings.uses)
        IS DISTINCT FROM (excluded.label, excluded.uses)
      OR term_mappings.status = 'guessed' AND term_mappings.interest_ids <> excluded.interest_ids
    """
)
DECIDED_AT = sa.text("SELECT max(updated_at) FROM term_mappings WHERE status <> 'guessed'")
COUNTS = sa.text(
    """
    SELECT count(*) FILTER (WHERE status = 'guessed') AS guessed,
           count(*) FILTER (WHERE status = 'agreed') AS agreed,
           count(*) FILTER (WHERE status = 'ignored') AS ignored
    FROM term_mappings
    """
)
# What stands for nothing yet comes first, then what is used most.
LISTED = sa.text(
    """
    SELECT id, taxonomy, term, label, interest_ids, status::text AS status, uses, updated_at
    FROM term_mappings
    WHERE CAST(status AS text) = :status
      AND (CAST(:taxonomy AS text) IS NULL OR taxonomy = :taxonomy)
    ORDER BY cardinality(interest_ids) > 0, uses DESC, label, id
    LIMIT :limit OFFSET :offset
    """
)
TAXONOMIES = sa.text(
    "SELECT taxonomy, count(*) AS terms FROM term_mappings GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50"
)
FIND = sa.text(
    """
    SELECT id, taxonomy, term, label, interest_ids, status::text AS status, uses, updated_at
    FROM term_mappings WHERE id = :id
    """
)
DECIDE = sa.text(
    """
    UPDATE term_mappings SET status = CAST(:status AS term_status),
      interest_ids = CAST(:interest_ids AS int[]), updated_at = clock_timestamp()
    WHERE id = :id
    """
)


def read_terms(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return every term known, with what it stands for."""
    return connection.execute(READ).all()


def keep_terms(
    connection: sa.Connection, rows: Sequence[dict[str, Any]], *, is_whole: bool
) -> None:
    """Store terms as guessed (taxonomy, term, label, interest_ids, uses); decisions stay."""
    if rows:
        connection.execute(KEEP, [row | {"is_whole": is_whole} for row in rows])


def last_decision(connection: sa.Connection) -> dt.datetime | None:
    """Return when somebody last decided about a term."""
    moment: dt.datetime | None = connection.execute(DECIDED_AT).scalar_one()
    return moment


def count_terms(connection: sa.Connection) -> sa.Row[Any]:
    """Return how many terms are guessed, agreed and ignored."""
    return connection.execute(COUNTS).one()


def list_terms(
    connection: sa.Connection, *, status: str, taxonomy: str | None, limit: int, offset: int
) -> Sequence[sa.Row[Any]]:
    """Return terms of one status, those that stand for nothing first."""
    values = {"status": status, "taxonomy": taxonomy, "limit": limit, "offset": offset}
    return connection.execute(LISTED, values).all()


def list_taxonomies(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return the taxonomies with the most terms, and how many each has."""
    return connection.execute(TAXONOMIES).all()


def find_term(connection: sa.Connection, *, term_id: int) -> sa.Row[Any] | None:
    """Return one term, or None."""
    return connection.execute(FIND, {"id": term_id}).one_or_none()


def decide(
    connection: sa.Connection, *, term_id: int, status: str, interest_ids: Sequence[int]
) -> None:
    """Write down what somebody decided."""
    values = {"id": term_id, "status": status, "interest_ids": sorted(set(interest_ids))}
    connection.execute(DECIDE, values)
