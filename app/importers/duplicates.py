"""The same place known from several sources: linked, shown once, never merged.

Rows are compared across sources only, near each other or with one postcode, within a family of
kinds, by name. A group holds at most one row of each source, so two branches are never taken for
one. The row of the most trusted source is shown; the others point at it and at nothing else.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import sqlalchemy as sa

from geo.likeness import likeness

NEAR_M = 150.0
LEAST_LIKENESS = 86.0
_MOST_ROUNDS = 20
_IDS_AT_ONCE = 5000

TOUCHED = sa.text("SELECT id FROM assets WHERE import_run_id = :run AND kind <> 'informal'")
# A first load of a large file: going from the fewer rows of all other sources finds the same pairs.
OTHERS = sa.text(
    """
    SELECT id FROM assets WHERE kind <> 'informal' AND gone_at IS NULL
      AND source_id <> (SELECT source_id FROM import_runs WHERE id = :run) LIMIT :most
    """
)
# Two halves, because an OR would keep either index from being used. 150 m is at most 0.0014
# degrees of latitude and 0.0028 of longitude in Great Britain.
PAIRS = sa.text(
    """
    WITH asked AS (
      SELECT id, source_id, name, kind, postcode, geom, point_27700,
             CASE WHEN kind IN ('venue', 'group') THEN 'place' ELSE CAST(kind AS text) END AS family
      FROM assets WHERE id = ANY(:ids) AND gone_at IS NULL AND kind <> 'informal'
    ), found AS (
      SELECT t.id AS id, t.name AS name, o.id AS other_id, o.name AS other_name,
             ST_Distance(t.point_27700, o.point_27700) AS distance_m, t.family, o.kind AS other_kind
      FROM asked t JOIN assets o
        ON o.geom && ST_MakeEnvelope(ST_X(t.geom) - 0.0028, ST_Y(t.geom) - 0.0014,
                                     ST_X(t.geom) + 0.0028, ST_Y(t.geom) + 0.0014, 4326)
        AND o.source_id <> t.source_id AND o.gone_at IS NULL
        AND ST_Distance(t.point_27700, o.point_27700) <= :near_m
      UNION
      SELECT t.id, t.name, o.id, o.name, ST_Distance(t.point_27700, o.point_27700), t.family, o.kind
      FROM asked t JOIN assets o
        ON o.postcode = t.postcode AND o.source_id <> t.source_id AND o.gone_at IS NULL
    )
    SELECT id, name, other_id, other_name, distance_m FROM found
    WHERE family = CASE WHEN other_kind IN ('venue', 'group') THEN 'place'
                        ELSE CAST(other_kind AS text) END
    """
)
LINKED = sa.text(
    """
    SELECT o.id FROM assets t JOIN assets o ON o.duplicate_of = t.id WHERE t.id = ANY(:ids)
    UNION SELECT duplicate_of FROM assets WHERE id = ANY(:ids) AND duplicate_of IS NOT NULL
    """
)
ROWS = sa.text(
    """
    SELECT a.id, a.source_id, s.precedence, a.gone_at IS NOT NULL AS is_gone
    FROM assets a JOIN sources s ON s.id = a.source_id WHERE a.id = ANY(:ids)
    """
)
# A place that is now shown must come first: nothing may point at a row that points on.
LINK = sa.text(
    """
    UPDATE assets SET duplicate_of = given.root
    FROM unnest(CAST(:ids AS uuid[]), CAST(:roots AS uuid[])) AS given (id, root)
    WHERE assets.id = given.id AND assets.duplicate_of IS DISTINCT FROM given.root
    """
)


def link_duplicates(connection: sa.Connection, *, run_id: int) -> int:
    """Link the assets that run `run_id` wrote or marked gone with their likes; return changes.

    Everything connected to them is grouped anew, so a link whose root has gone is undone.
    """
    touched = set(connection.execute(TOUCHED, {"run": run_id}).scalars())
    others = connection.execute(OTHERS, {"run": run_id, "most": len(touched)}).scalars().all()
    seen = set(touched)
    frontier = set(others) if len(others) < len(touched) else touched
    pairs: dict[tuple[uuid.UUID, uuid.UUID], float] = {}
    for _ in range(_MOST_ROUNDS):
        if not frontier:
            break
        found: dict[tuple[uuid.UUID, uuid.UUID], float] = {}
        linked: set[uuid.UUID] = set()
        for ids in batched(frontier, _IDS_AT_ONCE):
            asked = {"ids": ids}
            found |= _like_pairs(connection.execute(PAIRS, asked | {"near_m": NEAR_M}))
            linked |= set(connection.execute(LINKED, asked).scalars())
        seen |= frontier
        pairs |= found
        frontier = ({id_ for pair in found for id_ in pair} | linked) - seen
    if not pairs and not others:
        return 0
    rows = connection.execute(ROWS, {"ids": list(seen)}).all()
    roots = _roots(rows, pairs)
    values = {"ids": list(roots), "roots": list(roots.values())}
    return int(connection.execute(LINK, values).rowcount)


def batched(ids: Iterable[uuid.UUID], size: int) -> Iterator[list[uuid.UUID]]:
    """Yield `ids` in lists of at most `size`."""
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch


def _like_pairs(
    rows: Iterable[sa.Row[Any]],
) -> dict[tuple[uuid.UUID, uuid.UUID], float]:
    """Return the pairs whose names are alike, with how much, nearness breaking ties."""
    pairs = {}
    for row in rows:
        score = likeness(row.name, row.other_name)
        if score >= LEAST_LIKENESS:
            key = (min(row.id, row.other_id), max(row.id, row.other_id))
            pairs[key] = score - min(row.distance_m or 0.0, 1000.0) / 1000
    return pairs


@dataclass(slots=True)
class _Group:
    members: list[sa.Row[Any]] = field(default_factory=list)
    sources: set[int] = field(default_factory=set)


def _roots(
    rows: Iterable[sa.Row[Any]], pairs: dict[tuple[uuid.UUID, uuid.UUID], float]
) -> dict[uuid.UUID, uuid.UUID | None]:
    """Return, for every row, the row it is a duplicate of, or None."""
    groups = {row.id: _Group([row], {row.source_id}) for row in rows}
    roots: dict[uuid.UUID, uuid.UUID | None] = dict.fromkeys(groups)
    for (one, two), _ in sorted(pairs.items(), key=lambda item: (-item[1], item[0])):
        left, right = groups[one], groups[two]
        if left is right or left.sources & right.sources:
            continue
        left.members += right.members
        left.sources |= right.sources
        for row in right.members:
            groups[row.id] = left
    for group in {id(group): group for group in groups.values()}.values():
        standing = [row for row in group.members if not row.is_gone]
        if len(standing) > 1:
            root = min(standing, key=lambda row: (row.precedence, row.source_id, row.id))
            roots |= {row.id: root.id for row in standing if row.id != root.id}
    return roots
