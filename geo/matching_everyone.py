"""The best matches of everybody at once, exactly, with one k-d tree for each concept.

The same as `geo.matching.find_matches` asked for each, twice: for what is near, and for who comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from geo import scores
from geo.distance import effective_distances
from geo.matching import VISIT_REACH_M
from geo.matching_arrays import NOT_KNOWN, Answers, Askers, Flags, Floats, Numbers, Targets

MOST = 10


class Walks(Protocol):
    """How far it is on foot."""

    def metres(self, askers: Numbers, targets: Numbers) -> Floats:
        """Return metres on foot for pairs of rows: NaN not known, infinite where there is no way.

        The ways are those of `Askers.needs_step_free`; rows are of the arrays matched.
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

    Memory beyond the trees grows with `at_once`; askers of one place next to each other save time.
    """
    table = np.zeros(int(max(targets.interests.values.max(initial=0),
                             answers.concepts.values.max(initial=0))) + 1)  # fmt: skip
    for start in range(0, len(askers), at_once):
        chunk = slice(start, min(start + at_once, len(askers)))
        yield chunk, _slowly(targets, askers, answers, chunk, table, walks, visit_within_m, limit)


def _slowly(
    targets: Targets,
    askers: Askers,
    answers: Answers,
    chunk: slice,
    table: Floats,
    walks: Walks | None,
    visit_within_m: float,
    limit: int,
) -> Found:
    of_row = targets.interests.rows
    parts: list[list[object]] = []
    answered: list[bool] = []
    for number in range(chunk.start, chunk.stop):
        one = askers[np.array([number])]
        apart = np.hypot(*(targets.points - one.points[0]).T)
        walked = np.full(len(targets), np.nan)
        near = np.flatnonzero((apart <= one.within_m[0]) & targets.has_door)
        if walks is not None and one.goes_out[0]:
            walked[near] = walks.metres(np.full(len(near), number), near)
        far = effective_distances(apart, walked)
        reach_near = (far <= one.within_m[0]) & ~targets.comes_to_homes & one.goes_out[0]
        reach_visit = (apart <= visit_within_m) & targets.comes_to_homes
        table[:] = 0
        for wanted in one.interests.values:
            row = slice(answers.concepts.starts[wanted], answers.concepts.starts[wanted + 1])
            np.maximum.at(table, answers.concepts.values[row], answers.weights[row])
            concepts = answers.concepts.values[row][answers.is_answer[row]]
            has_it = np.zeros(len(targets), dtype=bool)
            has_it[of_row[np.isin(targets.interests.values, concepts)]] = True
            answered.append(bool((has_it & (reach_near | reach_visit)).any()))
        weights = np.zeros(len(targets))
        np.maximum.at(weights, of_row, table[targets.interests.values])
        fits = targets.freshness.copy()
        if one.needs[0]:
            met = (targets.access & one.needs[0]) == one.needs[0]
            fits *= np.where(targets.access == NOT_KNOWN, scores.ACCESS_UNKNOWN,
                             np.where(met, scores.ACCESS_MET, scores.ACCESS_UNMET))  # fmt: skip
        if one.day_parts[0]:
            suits = (targets.day_parts & one.day_parts[0]) != 0
            fits *= np.where(targets.day_parts == 0, scores.TIME_UNKNOWN,
                             np.where(suits, scores.TIME_MET, scores.TIME_UNMET))  # fmt: skip
        for is_visit, reach, metres, halving in (
            (False, reach_near, far, scores.HALVING_NEAR_M),
            (True, reach_visit, apart, scores.HALVING_VISIT_M),
        ):
            rows = np.flatnonzero(reach & (weights > 0))
            value = scores.score_arrays(weights[rows], metres[rows], fits[rows], halving_m=halving)
            order = np.lexsort((targets.turn[rows], metres[rows].round(3), -value))
            places: set[int] = set()
            for at in order:
                place = int(targets.place[rows[at]])
                if place not in places and len(places) < limit:
                    places.add(place)
                    parts.append([number - chunk.start, is_visit, rows[at], value[at],
                                  apart[rows[at]], np.nan if is_visit else walked[rows[at]]])  # fmt: skip
    columns = [list(column) for column in zip(*parts, strict=True)] or [[]] * 6
    types = (np.int64, np.bool_, np.int64, np.float64, np.float64, np.float64)
    asker, is_visit, target, score, distance_m, walk_m = (
        np.array(c, dtype=t) for c, t in zip(columns, types, strict=True)
    )
    flags = np.array(answered, dtype=bool)
    return Found(asker, is_visit, target, score, distance_m, walk_m, flags)
