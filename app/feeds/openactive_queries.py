"""All SQL about items of feeds that tell only what has changed, and about their terms."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from app.importers.openactive.pages import Item

# A page may come twice, and an older one after a newer: what was modified last counts.
KEEP = sa.text(
    """
    INSERT INTO feed_items (feed_id, item_id, kind, modified, data)
    VALUES (:feed_id, :item_id, :kind, :modified, CAST(:data AS jsonb))
    ON CONFLICT (feed_id, item_id) DO UPDATE SET kind = excluded.kind,
      modified = excluded.modified, data = excluded.data
    WHERE feed_items.modified <= excluded.modified
    """
)
KEEP_ONLY = sa.text(
    "DELETE FROM feed_items WHERE feed_id = :feed_id AND NOT item_id = ANY(:item_ids)"
)
ALL = sa.text(
    "SELECT item_id, kind, data FROM feed_items WHERE feed_id = :feed_id"
    " AND data IS NOT NULL ORDER BY item_id"
)
# What somebody has looked at keeps its meaning; a guess is guessed again.
GUESS = sa.text(
    """
    INSERT INTO term_mappings (taxonomy, term, label, interest_ids, status, uses)
    VALUES (:taxonomy, :term, :label, ARRAY(
      SELECT id FROM interests WHERE concept = ANY(CAST(:concepts AS text[])) ORDER BY id
    ), 'guessed', :uses)
    ON CONFLICT (taxonomy, term) DO UPDATE SET label = excluded.label, uses = excluded.uses,
      interest_ids = CASE WHEN term_mappings.status = 'guessed' THEN excluded.interest_ids
                          ELSE term_mappings.interest_ids END
    WHERE (term_mappings.label, term_mappings.uses) IS DISTINCT FROM (excluded.label, excluded.uses)
       OR term_mappings.status = 'guessed'
          AND term_mappings.interest_ids IS DISTINCT FROM excluded.interest_ids
    """
)
TERMS = sa.text(
    """
    SELECT m.taxonomy, m.term, ARRAY(
      SELECT i.concept FROM interests i WHERE i.id = ANY(m.interest_ids) ORDER BY i.concept
    ) AS concepts
    FROM term_mappings m WHERE m.status <> 'ignored' AND m.taxonomy = ANY(:taxonomies)
    """
)


def keep_items(connection: sa.Connection, *, feed_id: int, items: Sequence[Item]) -> None:
    """Store what items say now; of those that are deleted, only that they are."""
    values = [
        {
            "feed_id": feed_id, "item_id": item.id, "modified": item.modified, "kind": item.kind,
            "data": None if item.data is None else json.dumps(item.data),
        }
        for item in items
    ]  # fmt: skip
    if values:
        connection.execute(KEEP, values)


def keep_only(connection: sa.Connection, *, feed_id: int, item_ids: Collection[str]) -> int:
    """Forget what a whole reading did not name; return how many."""
    values = {"feed_id": feed_id, "item_ids": list(item_ids)}
    return connection.execute(KEEP_ONLY, values).rowcount


def list_items(
    connection: sa.Connection, *, feed_id: int
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield id, kind and data of everything a feed says, by id."""
    for row in connection.execute(ALL, {"feed_id": feed_id}):
        yield row.item_id, row.kind, row.data


def guess_term(
    connection: sa.Connection,
    *,
    taxonomy: str,
    term: str,
    label: str,
    concepts: Sequence[str],
    uses: int,
) -> None:
    """Keep what a term may mean, for an editor to look at; what was decided stays."""
    connection.execute(
        GUESS,
        {"taxonomy": taxonomy, "term": term, "label": label, "concepts": list(concepts),
         "uses": uses},
    )  # fmt: skip


def read_terms(
    connection: sa.Connection, *, taxonomies: Collection[str]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return what terms stand for: (taxonomy, term) → concepts, guessed or agreed."""
    rows = connection.execute(TERMS, {"taxonomies": list(taxonomies)})
    return {(row.taxonomy, row.term): tuple(row.concepts) for row in rows}
