"""The same place known from several sources: linked, shown once, never merged.

Rows are compared across sources only, near each other or with one postcode, within a family of
kinds, by name. A group holds at most one row of each source, so two branches are never taken for
one. The row of the most trusted source is shown; the others point at it and at nothing else.

What people decided stands: whom they merged stays merged, with the entry they kept shown, and
whom they told apart never comes into one group, not even by way of a third.
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
Pair = tuple[uuid.UUID, uuid.UUID]

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
    UNION SELECT other_id FROM duplicate_pairs WHERE asset_id = ANY(:ids) AND status = 'merged'
    UNION SELECT asset_id FROM duplicate_pairs WHERE other_id = ANY(:ids) AND status = 'merged'
    """
)
DECIDED = sa.text(
    """
    SELECT asset_id, other_id, kept_id, status = 'merged' AS is_merged,
           ARRAY(SELECT CAST(m AS uuid) FROM jsonb_array_elements_text(undo -> 'moved') m) AS moved
    FROM duplicate_pairs WHERE asset_id = ANY(:ids) AND status <> 'likely'
    """
)
ROWS = sa.text(
    """
    SELECT a.id, a.source_id, s.precedence, a.duplicate_of,
           -- What people found gone stays gone with all that leads to it.
           a.gone_at IS NOT NULL AND 'gone_at' = ANY(a.kept_fields) AS is_found_gone,
           a.gone_at IS NOT NULL AND NOT 'gone_at' = ANY(a.kept_fields) AS is_gone
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
    frontier = touched
    if len(others) < len(touched):
        frontier = set(others)
        for ids in batched(touched, _IDS_AT_ONCE):
            # Whom people merged may be of this very source.
            frontier |= set(connection.execute(LINKED, {"ids": ids}).scalars())
    pairs: dict[Pair, float] = {}
    for _ in range(_MOST_ROUNDS):
        if not frontier:
            break
        found: dict[Pair, float] = {}
        linked: set[uuid.UUID] = set()
        for ids in batched(frontier, _IDS_AT_ONCE):
            asked = {"ids": ids}
            found |= _like_pairs(connection.execute(PAIRS, asked | {"near_m": NEAR_M}))
            linked |= set(connection.execute(LINKED, asked).scalars())
        seen |= frontier
        pairs |= found
        frontier = ({id_ for pair in found for id_ in pair} | linked) - seen
    rows = connection.execute(ROWS, {"ids": list(seen)}).all()
    decided = Decided.of(connection.execute(DECIDED, {"ids": list(seen)}), rows)
    if not pairs and not others and not decided.held:
        return 0
    roots = _roots(rows, pairs, decided)
    values = {"ids": list(roots), "roots": list(roots.values())}
    return int(connection.execute(LINK, values).rowcount)


def batched(ids: Iterable[uuid.UUID], size: int) -> Iterator[list[uuid.UUID]]:
    """Yield `ids` in lists of at most `size`."""
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch


def _like_pairs(
    rows: Iterable[sa.Row[Any]],
) -> dict[Pair, float]:
    """Return the pairs whose names are alike, with how much, nearness breaking ties."""
    pairs = {}
    for row in rows:
        score = likeness(row.name, row.other_name)
        if score >= LEAST_LIKENESS:
            key = (min(row.id, row.other_id), max(row.id, row.other_id))
            pairs[key] = score - min(row.distance_m or 0.0, 1000.0) / 1000
    return pairs


@dataclass(slots=True)
class Decided:
    """What stands whatever names say: pairs held together, pairs told apart, entries kept."""

    held: list[Pair] = field(default_factory=list)
    # What led to an entry that was merged went along with it.
    moved: list[Pair] = field(default_factory=list)
    apart: dict[uuid.UUID, set[uuid.UUID]] = field(default_factory=dict)
    kept: set[uuid.UUID] = field(default_factory=set)
    # Merged into another by hand: their source may have another row in the group.
    lost: set[uuid.UUID] = field(default_factory=set)

    @classmethod
    def of(cls, pairs: Iterable[sa.Row[Any]], rows: Iterable[sa.Row[Any]]) -> Decided:
        """Return what people decided, and the links to what they found gone."""
        made = cls()
        for pair in pairs:
            ids = (pair.asset_id, pair.other_id)
            if pair.is_merged:
                made.held.append(ids)
                made.kept.add(pair.kept_id)
                made.lost |= {*ids, *pair.moved} - {pair.kept_id}
                made.moved += [(moved, pair.kept_id) for moved in pair.moved]
            else:
                made.apart.setdefault(ids[0], set()).add(ids[1])
                made.apart.setdefault(ids[1], set()).add(ids[0])
        by_id = {row.id: row for row in rows}
        for row in by_id.values():
            root = by_id.get(row.duplicate_of)
            if root is not None and root.is_found_gone:
                made.held.append((row.id, root.id))
        made.kept -= made.lost
        return made


@dataclass(slots=True)
class _Group:
    members: list[sa.Row[Any]] = field(default_factory=list)
    sources: set[int] = field(default_factory=set)
    ids: set[uuid.UUID] = field(default_factory=set)
    apart: set[uuid.UUID] = field(default_factory=set)

    def takes(self, other: _Group) -> bool:
        """Return whether nothing speaks against these two being one."""
        return not (self.sources & other.sources or self.apart & other.ids)

    def take(self, other: _Group) -> None:
        """Make the other's members this one's."""
        self.members += other.members
        self.sources |= other.sources
        self.ids |= other.ids
        self.apart |= other.apart


def _roots(
    rows: Iterable[sa.Row[Any]], pairs: dict[Pair, float], decided: Decided
) -> dict[uuid.UUID, uuid.UUID | None]:
    """Return, for every row, the row it is a duplicate of, or None."""
    groups = {
        row.id: _Group(
            [row],
            set() if row.id in decided.lost else {row.source_id},
            {row.id},
            decided.apart.get(row.id, set()),
        )
        for row in rows
    }
    roots: dict[uuid.UUID, uuid.UUID | None] = dict.fromkeys(groups)
    for one, two in (*decided.held, *decided.moved):
        if one in groups and two in groups and not groups[one].apart & groups[two].ids:
            _unite(groups, one, two)
    for (one, two), _ in sorted(pairs.items(), key=lambda item: (-item[1], item[0])):
        if groups[one].takes(groups[two]):
            _unite(groups, one, two)
    for group in {id(group): group for group in groups.values()}.values():
        standing = [row for row in group.members if not row.is_gone]
        if len(standing) > 1:
            root = min(standing, key=lambda row: _rank(row, decided))
            roots |= {row.id: root.id for row in standing if row.id != root.id}
    return roots


def _unite(groups: dict[uuid.UUID, _Group], one: uuid.UUID, two: uuid.UUID) -> None:
    left, right = groups[one], groups[two]
    if left is right:
        return
    left.take(right)
    for row in right.members:
        groups[row.id] = left


def _rank(row: sa.Row[Any], decided: Decided) -> tuple[bool, bool, int, int, uuid.UUID]:
    """Return what the shown row of a group is the smallest of."""
    is_kept = row.id in decided.kept
    return (not row.is_found_gone, not is_kept, row.precedence, row.source_id, row.id)
