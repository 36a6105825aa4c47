"""Where the nearest of each concept are: one k-d tree (SciPy's cKDTree) for each concept.

A tree is made when it is first asked: a run about a few concepts makes a few trees.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from geo.matching_arrays import Flags, Floats, Numbers, Targets

# Neighbours a call returns at most, for all its points together: 16 bytes each.
_CELLS_AT_ONCE = 4_000_000
# "Within" includes the edge; the tree's own limit does not.
_JUST_BEYOND_M = 1e-6


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest of some questions, (q, k): `target` is -1 and `distance_m` infinite for none.

    `seen_m` (q,): nothing nearer than this is missing.
    """

    questions: Numbers  # which of those asked, (q,)
    target: Numbers
    distance_m: Floats
    seen_m: Floats


class ConceptTrees:
    """The targets of one list, by concept."""

    def __init__(self, targets: Targets, chosen: Flags) -> None:
        """Take the rows of `targets` that are `chosen` (n,); rows that are nowhere are left out."""
        self._points = targets.points
        somewhere = chosen & np.isfinite(targets.points).all(axis=1)
        rows, concepts = targets.interests.rows, targets.interests.values
        kept = somewhere[rows]
        rows, concepts = rows[kept], concepts[kept]
        order = np.argsort(concepts, kind="stable")
        self._rows = rows[order]
        self._starts = np.searchsorted(
            concepts[order], np.arange(int(concepts.max(initial=-1)) + 2)
        )
        self._trees: dict[int, cKDTree] = {}
        self._lock = threading.Lock()

    def sizes(self, concepts: Numbers) -> Numbers:
        """Return how many rows each concept has."""
        known = np.minimum(concepts, len(self._starts) - 2)
        if len(self._starts) < 2:
            return np.zeros(len(concepts), dtype=np.int64)
        sizes = self._starts[known + 1] - self._starts[known]
        return np.where(known == concepts, sizes, 0)

    def nearest(
        self, points: Floats, concepts: Numbers, counts: Numbers, within_m: Floats
    ) -> Iterator[Nearest]:
        """Yield the `counts` (q,) nearest of `concepts` (q,) to `points` (q, 2), as they come.

        Questions of one concept and count are asked together, as far as the farthest of them looks.
        """
        order = np.lexsort((counts, concepts))
        both = np.stack([concepts[order], counts[order]], axis=1)
        starts = np.flatnonzero(np.r_[True, (np.diff(both, axis=0) != 0).any(axis=1)])
        for start, end in zip(starts, np.r_[starts[1:], len(order)], strict=True):
            together = order[start:end]
            count = int(counts[together[0]])
            for some in np.array_split(together, -(-len(together) * count // _CELLS_AT_ONCE)):
                yield self._ask(int(concepts[some[0]]), count, some, points, within_m)

    def _ask(
        self, concept: int, count: int, some: Numbers, points: Floats, within_m: Floats
    ) -> Nearest:
        tree, rows = self._tree(concept)
        limit_m = float(within_m[some].max()) + _JUST_BEYOND_M
        distance_m, found = tree.query(
            points[some], k=np.arange(1, count + 1), distance_upper_bound=limit_m
        )
        is_none = np.isinf(distance_m)
        target = rows[np.where(is_none, 0, found)]
        target[is_none] = -1
        seen_m = np.where(is_none[:, -1], limit_m, distance_m[:, -1])
        if count >= len(rows):
            seen_m[:] = np.inf
        return Nearest(some, target, distance_m, seen_m)

    def _tree(self, concept: int) -> tuple[cKDTree, Numbers]:
        rows = self._rows[self._starts[concept] : self._starts[concept + 1]]
        tree = self._trees.get(concept)
        if tree is None:
            with self._lock:
                tree = self._trees.get(concept)
                if tree is None:
                    tree = self._trees[concept] = cKDTree(self._points[rows])
        return tree, rows
