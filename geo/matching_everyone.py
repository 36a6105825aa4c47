"""The best matches of everybody at once, exactly, with one k-d tree for each concept.

The same as `geo.matching.find_matches` asked for each, twice: for what is near, and for who comes;
to somebody who does not go out, what is near is nothing.

What is in reach is looked at outwards, concept by concept, a few at a time. Nothing farther away
than what was seen of a concept can score more than its weight × the decay of that distance: once
this is less than everybody's tenth best, they are the ten best. So long as it is not, more of that
concept are asked for. On foot nothing is nearer than by the straight line, so the same holds there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from geo import scores
from geo.concept_trees import ConceptTrees, Nearest
from geo.distance import effective_distances
from geo.errors import QuestionError
from geo.matching import VISIT_REACH_M
from geo.matching_arrays import (
    NOT_KNOWN,
    Answers,
    Askers,
    Flags,
    Floats,
    Numbers,
    Targets,
    groups_of,
)
from geo.matching_best import Best, Rows
from geo.matching_wanted import Wanted, find_wanted
from geo.scores import HALVING_NEAR_M, HALVING_VISIT_M, score_arrays

MOST = 10
# The best of so many at once fit in one number to sort by, see `geo.matching_best`.
MOST_AT_ONCE = 100_000
# Of each concept wanted so many are asked for at first: what is best is mostly among them.
_FIRST = 20
# Later so many times as many; what was seen says how many there are.
_TO_SPARE, _MOST_MORE = 1.2, 64.0
_TIMES_AS_MANY = 8
_SAME = 1.0
# A point as one number to sort by.
_AS_COMPLEX = np.array([1, 1j])
# Rows looked at together: some 100 bytes each.
_ROWS_AT_ONCE = 1_000_000
# Scores are rounded to millionths.
_MARGIN = 1e-6
_NOBODY_LOOKED, _NO, _YES = -1, 0, 1


class Walks(Protocol):
    """How far it is on foot."""

    def metres(self, askers: Numbers, targets: Numbers) -> Floats:
        """Return metres on foot for pairs of rows: NaN not known, infinite where there is no way.

        The ways are those of `Askers.needs_step_free`; rows are of the arrays matched. Asked by
        several threads at once.
        """


@dataclass(frozen=True, slots=True)
class Found:
    """Matches of everybody in `askers`, by asker, list and rank; arrays of one length.

    `answered` has one entry for each of `Askers.interests.values`: whether anything in reach, near
    or coming, is an answer to it.
    """

    asker: Numbers
    is_visit: Flags
    target: Numbers
    score: Floats
    distance_m: Floats  # as the crow flies
    walk_m: Floats  # NaN where not walked
    answered: Flags


def match_everyone(
    targets: Targets,
    askers: Askers,
    answers: Answers,
    *,
    walks: Walks | None = None,
    visit_within_m: float = VISIT_REACH_M,
    limit: int = MOST,
    workers: int = 1,
    at_once: int = 20_000,
) -> Iterator[tuple[slice, Found]]:
    """Yield the matches of `at_once` askers after the other, numbered within their slice.

    `workers` threads work on as many slices; memory beyond the trees grows with both. Askers of one
    place next to each other save time. Raises QuestionError if a number makes no sense.
    """
    if not 1 <= at_once <= MOST_AT_ONCE:
        raise QuestionError(f"at_once must be between 1 and {MOST_AT_ONCE:,}")
    if len(askers) and not np.isfinite(askers.points).all():
        raise QuestionError("somebody who asks is nowhere")
    going = _Going(targets, answers, walks, visit_within_m, limit)
    slices = deque(
        slice(start, min(start + at_once, len(askers))) for start in range(0, len(askers), at_once)
    )
    if workers == 1:
        for chunk in slices:
            yield chunk, going.match(askers, chunk)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[tuple[slice, Future[Found]]] = deque()
        while slices or waiting:
            while slices and len(waiting) < workers:
                chunk = slices.popleft()
                waiting.append((chunk, pool.submit(going.match, askers, chunk)))
            chunk, future = waiting.popleft()
            yield chunk, future.result()


class _Going:
    """What is the same for everybody."""

    def __init__(
        self,
        targets: Targets,
        answers: Answers,
        walks: Walks | None,
        visit_within_m: float,
        limit: int,
    ) -> None:
        self.targets, self.answers, self.walks, self.limit = targets, answers, walks, limit
        self.visit_within_m = visit_within_m
        self.near = ConceptTrees(targets, ~targets.comes_to_homes)
        self.visits = ConceptTrees(targets, targets.comes_to_homes)

    def match(self, askers: Askers, chunk: slice) -> Found:
        """Return the matches of some."""
        some = askers[chunk]
        wanted = find_wanted(some.interests, self.answers)
        near = _Finding(
            self, some, wanted, self.near, within_m=np.where(some.goes_out, some.within_m, 0.0),
            halving_m=HALVING_NEAR_M, walks=self.walks, first=chunk.start,
        )  # fmt: skip
        visits = _Finding(
            self, some, wanted, self.visits, within_m=np.full(len(some), self.visit_within_m),
            halving_m=HALVING_VISIT_M, walks=None, first=chunk.start,
        )  # fmt: skip
        near.find()
        visits.find()
        return _as_found(near.best.rows, visits.best.rows, _answered(wanted, some, near, visits))


def _answered(wanted: Wanted, askers: Askers, near: _Finding, visits: _Finding) -> Flags:
    """Return for each wish whether anything in reach answers it."""
    wishes = len(askers.interests.values)
    answered = np.zeros(wishes, dtype=bool)
    for one in (near, visits):
        answered |= wanted.answered(one.has_any == _YES, wishes=wishes)
    for one in (near, visits):
        open_pairs = np.zeros(len(wanted), dtype=bool)
        open_pairs[wanted.pair[~answered[wanted.of_wish]]] = True
        one.look(np.flatnonzero(open_pairs & (one.has_any == _NOBODY_LOOKED)))
        answered |= wanted.answered(one.has_any == _YES, wishes=wishes)
    return answered


class _Finding:
    """Finding one list for some askers: what was seen of each concept for each of them."""

    def __init__(
        self,
        going: _Going,
        askers: Askers,
        wanted: Wanted,
        trees: ConceptTrees,
        *,
        within_m: Floats,
        halving_m: float,
        walks: Walks | None,
        first: int,
    ) -> None:
        self._targets, self._trees, self._walks, self._first = going.targets, trees, walks, first
        self._askers, self._wanted, self._halving_m = askers, wanted, halving_m
        _, self._point_of = np.unique(askers.points @ _AS_COMPLEX, return_inverse=True)
        self._reach_m = within_m[wanted.asker]
        self._sizes = trees.sizes(wanted.concept)
        is_nothing = (self._sizes == 0) | (self._reach_m <= 0)
        # Everything nearer than this was seen, of each pair of asker and concept.
        self._seen_m = np.where(is_nothing, np.inf, 0.0)
        self._counts = np.zeros(len(wanted), dtype=np.int64)
        self.has_any = np.where(is_nothing, _NO, _NOBODY_LOOKED).astype(np.int8)
        self.best = Best(len(askers), going.targets.place, going.targets.turn, limit=going.limit)

    def find(self) -> None:
        """Look outwards until nothing that was not seen could be among anybody's best."""
        # What is wanted itself first: it is mostly among the best, and says what is not.
        self._look_as_far(np.where(self._wanted.weight == _SAME, self._reach_m, 0.0))
        while self._look_as_far(self._needed_m()):
            pass

    def _look_as_far(self, need_m: Floats) -> bool:
        """Look so far for each pair, or at some more of them; return False if all that was seen."""
        pairs = np.flatnonzero((need_m > 0) & (need_m >= self._seen_m))
        if not len(pairs):
            return False
        self._counts[pairs] = self._how_many(pairs, need_m)
        self.best.add(self._rows(pairs, need_m))
        return True

    def look(self, pairs: Numbers) -> None:
        """Find out of some pairs whether there is anything in reach."""
        count = 1
        while len(pairs):
            self._counts[pairs] = np.minimum(count, self._sizes[pairs])
            self._rows(pairs, self._reach_m, is_to_know=True)
            done = self._seen_m[pairs] > self._reach_m[pairs]
            self.has_any[pairs[done & (self.has_any[pairs] != _YES)]] = _NO
            pairs = pairs[self.has_any[pairs] == _NOBODY_LOOKED]
            count *= _TIMES_AS_MANY

    def _needed_m(self) -> Floats:
        """Return how far something that was not seen could be, and yet be among the best."""
        entry = self.best.entry[self._wanted.asker]
        with np.errstate(divide="ignore"):
            most_m = self._halving_m * (self._wanted.weight / (entry - _MARGIN) - 1.0)
        return np.where(entry > _MARGIN, np.minimum(most_m, self._reach_m), self._reach_m)

    def _how_many(self, pairs: Numbers, need_m: Floats) -> Numbers:
        """Return how many of each concept to ask for: in powers of 2, all at the most."""
        before, seen_m = self._counts[pairs], self._seen_m[pairs]
        # There are so many more in a larger circle, and some to spare.
        more = np.divide(need_m[pairs], seen_m, out=np.ones(len(pairs)), where=seen_m > 0)
        more = np.clip(more**2 * _TO_SPARE, 2.0, _MOST_MORE)
        wished = np.where(
            before == 0, _FIRST, np.exp2(np.ceil(np.log2(np.maximum(before, 1) * more)))
        )
        return np.minimum(wished.astype(np.int64), self._sizes[pairs])

    def _rows(self, pairs: Numbers, need_m: Floats, *, is_to_know: bool = False) -> Rows:
        """Ask for the nearest of `pairs`; return those that may be among the best.

        `is_to_know`: all in reach, whether good or not, to know whether there is any.
        """
        wanted = self._wanted
        # Who lives at one place asks once.
        many = int(wanted.concept.max(initial=0)) + 1
        keys, which = groups_of(self._point_of[wanted.asker[pairs]] * many + wanted.concept[pairs])
        counts, within_m = np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys))
        np.maximum.at(counts, which, self._counts[pairs])
        np.maximum.at(within_m, which, need_m[pairs])
        someone = np.zeros(len(keys), dtype=np.int64)
        someone[which] = wanted.asker[pairs]
        near = self._trees.nearest(self._askers.points[someone], keys % many, counts, within_m)
        self._note(near, pairs, which)
        lengths = near.lengths[which]
        ends = np.cumsum(lengths)
        found = [Rows.none()]
        for some in _runs(lengths, _ROWS_AT_ONCE):
            flat = np.repeat(near.starts[which[some]] - ends[some] + lengths[some], lengths[some])
            flat += np.arange(len(flat)) + (ends[some.start] - lengths[some.start])
            pair = np.repeat(pairs[some], lengths[some])
            straight_m = near.distance_m[flat]
            kept = straight_m <= need_m[pair]
            if not kept.all():
                pair, flat, straight_m = pair[kept], flat[kept], straight_m[kept]
            found.append(self._scored(pair, near.target[flat], straight_m, is_to_know=is_to_know))
        return found[-1] if len(found) == 2 else Rows.joined(*found)

    def _note(self, near: Nearest, pairs: Numbers, which: Numbers) -> None:
        """Note what was seen, and whether there is anything."""
        reach_m = self._reach_m[pairs]
        self._seen_m[pairs] = np.maximum(self._seen_m[pairs], near.seen_m[which])
        is_any = near.first_m[which] <= reach_m
        self.has_any[pairs[~is_any & (self._seen_m[pairs] > reach_m)]] = _NO
        if self._walks is None:
            self.has_any[pairs[is_any]] = _YES

    def _scored(
        self, pair: Numbers, target: Numbers, straight_m: Floats, *, is_to_know: bool
    ) -> Rows:
        """Return what may be among the best of who asks."""
        asker, weight = self._wanted.asker[pair], self._wanted.weight[pair]
        fits = self._fits(asker, target)
        score = score_arrays(weight, straight_m, fits, halving_m=self._halving_m)
        # No score is higher on foot.
        kept = ((score >= self.best.entry[asker]) & (score > 0)) | is_to_know
        if not kept.all():
            pair, asker, target, straight_m = (
                pair[kept],
                asker[kept],
                target[kept],
                straight_m[kept],
            )
            weight, fits, score = weight[kept], fits[kept], score[kept]
        if self._walks is None:
            return Rows(asker, target, score, straight_m, np.full(len(score), np.nan))
        walk_m = self._walks.metres(asker + self._first, target)
        effective_m = effective_distances(straight_m, walk_m)
        score = score_arrays(weight, effective_m, fits, halving_m=self._halving_m)
        in_reach = effective_m <= self._reach_m[pair]
        self.has_any[pair[in_reach]] = _YES
        return Rows(asker, target, score, straight_m, walk_m)[in_reach & (score > 0)]

    def _fits(self, asker: Numbers, target: Numbers) -> Floats:
        """Return access × time × freshness."""
        targets, askers = self._targets, self._askers
        fits = targets.freshness[target]
        needs = askers.needs[asker]
        some = np.flatnonzero(needs)
        there, needs = targets.access[target[some]], needs[some]
        fits[some] *= np.where(
            there == NOT_KNOWN, scores.ACCESS_UNKNOWN,
            np.where((there & needs) == needs, scores.ACCESS_MET, scores.ACCESS_UNMET),
        )  # fmt: skip
        times = askers.day_parts[asker]
        some = np.flatnonzero(times)
        parts = targets.day_parts[target[some]]
        fits[some] *= np.where(
            parts == 0, scores.TIME_UNKNOWN,
            np.where((parts & times[some]) != 0, scores.TIME_MET, scores.TIME_UNMET),
        )  # fmt: skip
        return fits


def _runs(lengths: Numbers, most: int) -> Iterator[slice]:
    """Yield slices of rows with these lengths, of about `most` altogether."""
    ends = np.cumsum(lengths)
    start = 0
    while start < len(lengths):
        before = int(ends[start] - lengths[start])
        end = max(start + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield slice(start, end)
        start = end


def _as_found(near: Rows, visits: Rows, answered: Flags) -> Found:
    rows = Rows.joined(near, visits)
    is_visit = np.arange(len(rows)) >= len(near)
    order = np.lexsort((is_visit, rows.asker))
    rows = rows[order]
    return Found(
        rows.asker, is_visit[order], rows.target, rows.score, rows.distance_m, rows.walk_m, answered
    )
