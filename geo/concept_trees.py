"""Where the nearest of each concept are: one k-d tree (SciPy's cKDTree) for each concept.

A tree is made when it is first asked: a run about a few concepts makes a few trees.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from geo.matching_arrays import Flags, Floats, Numbers, Targets, order_of

# Neighbours a call returns at most, for all its points together: 16 bytes each.
_CELLS_AT_ONCE = 4_000_000
# "Within" includes the edge; the tree's own limit does not.
_JUST_BEYOND_M = 1e-6


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest of q questions: those of question i are `starts[i]` and the `lengths[i]` next.

    `seen_m` (q,): nothing nearer than this is missing. `first_m` (q,): how far the nearest is,
    infinite for none.
    """

    starts: Numbers
    lengths: Numbers
    target: Numbers
    distance_m: Floats
    seen_m: Floats
    first_m: Floats


class ConceptTrees:
    """The targets of one list, by concept."""

    def __init__(self, targets: Targets, chosen: Flags) -> None:
        """Take the rows of `targets` that are `chosen` (n,); rows that are nowhere are left out."""
        self._points = targets.points
        somewhere = chosen & np.isfinite(targets.points).all(axis=1)
        rows, concepts = targets.interests.rows, targets.interests.values
        kept = somewhere[rows]
        rows, concepts = rows[kept], concepts[kept]
        order = order_of(concepts)
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
    ) -> Nearest:
        """Return the `counts` nearest of `concepts` to `points` (q, 2), at most `within_m` away.

        All (q,). Questions of one concept and count are asked together.
        """
        asked = len(concepts)
        starts, lengths = np.zeros(asked, dtype=np.int64), np.zeros(asked, dtype=np.int64)
        seen_m, first_m = np.zeros(asked), np.full(asked, np.inf)
        targets, distances_m = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
        so_far = 0
        for some in _together(concepts, counts):
            tree, rows = self._tree(int(concepts[some[0]]))
            count = int(counts[some[0]])
            limit_m = float(within_m[some].max()) + _JUST_BEYOND_M
            found_m, found = tree.query(
                points[some], k=np.arange(1, count + 1), distance_upper_bound=limit_m
            )
            # What is beyond what was asked for is not kept, so it does not count as seen.
            whole_m = within_m[some] + _JUST_BEYOND_M
            last_m = np.inf if count >= len(rows) else found_m[:, -1]
            seen_m[some] = np.minimum(last_m, whole_m)
            first_m[some] = found_m[:, 0]
            kept = np.flatnonzero(found_m <= within_m[some][:, None])
            many = np.bincount(kept // count, minlength=len(some))
            lengths[some] = many
            starts[some] = so_far + np.cumsum(many) - many
            targets.append(rows[found.ravel()[kept]])
            distances_m.append(found_m.ravel()[kept])
            so_far += len(kept)
        return Nearest(
            starts, lengths, np.concatenate(targets), np.concatenate(distances_m), seen_m, first_m
        )

    def _tree(self, concept: int) -> tuple[cKDTree, Numbers]:
        rows = self._rows[self._starts[concept] : self._starts[concept + 1]]
        tree = self._trees.get(concept)
        if tree is None:
            with self._lock:
                tree = self._trees.get(concept)
                if tree is None:
                    tree = self._trees[concept] = cKDTree(self._points[rows])
        return tree, rows


def _together(concepts: Numbers, counts: Numbers) -> Iterator[Numbers]:
    """Yield the questions of one concept and count, as many as may be asked at once."""
    key = concepts * (int(counts.max(initial=0)) + 1) + counts
    order = order_of(key)
    key = key[order]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]][: len(key)])
    for start, end in zip(starts, np.r_[starts[1:], len(order)], strict=True):
        at_once = max(1, _CELLS_AT_ONCE // int(counts[order[start]]))
        for first in range(start, end, at_once):
            yield order[first : min(first + at_once, end)]
