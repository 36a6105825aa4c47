"""Holding what was found for everybody against brute force, for some: every row, every factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from geo import scores
from geo.matching import VISIT_REACH_M
from geo.matching_arrays import NOT_KNOWN, Floats
from tests.benchmarks.national_data import Country

LIMIT = 10
Kept = Mapping[int, Sequence[tuple[bool, int, float]]]


def check(country: Country, kept: Kept) -> int:
    """Return how many residents were compared; raises RuntimeError where an answer differs.

    `kept` has for a resident's number (is a visit, row of the target, score) of all found. Rows
    are compared, in order; scores by the millionth.
    """
    for number, found in kept.items():
        right = _brute(country, number)
        given = [(visit, row) for visit, row, _ in found]
        wrong = given != [(visit, row) for visit, row, _ in right] or not np.allclose(
            [score for *_, score in found], [score for *_, score in right], rtol=0, atol=5e-7
        )
        if wrong:
            message = f"resident {number}: {list(found)} found, {right} is right"
            raise RuntimeError(message)
    return len(kept)


def _brute(country: Country, number: int) -> list[tuple[bool, int, float]]:
    targets, askers, answers = country.targets, country.askers, country.answers
    weight_of = np.zeros(
        int(max(targets.interests.values.max(), answers.concepts.values.max())) + 1
    )
    for wanted in country.wanted[number].tolist():
        row = slice(answers.concepts.starts[wanted], answers.concepts.starts[wanted + 1])
        np.maximum.at(weight_of, answers.concepts.values[row], answers.weights[row])
    weights = np.zeros(len(targets))
    np.maximum.at(weights, targets.interests.rows, weight_of[targets.interests.values])
    metres = np.hypot(*(targets.points - askers.points[number]).T)
    fits = targets.freshness * _fits(country, number)
    found: list[tuple[bool, int, float]] = []
    for is_visit, reach_m, halving_m in (
        (False, askers.within_m[number], scores.HALVING_NEAR_M),
        (True, VISIT_REACH_M, scores.HALVING_VISIT_M),
    ):
        in_reach = (metres <= reach_m) & (targets.comes_to_homes == is_visit) & (weights > 0)
        rows = np.flatnonzero(in_reach)
        value = scores.score_arrays(weights[rows], metres[rows], fits[rows], halving_m=halving_m)
        order = np.lexsort((targets.turn[rows], metres[rows].round(3), -value))
        _, first = np.unique(targets.place[rows[order]], return_index=True)
        best = order[np.sort(first)[:LIMIT]]
        found += [(is_visit, int(rows[at]), float(value[at])) for at in best]
    return found


def _fits(country: Country, number: int) -> Floats:
    """Return access x time of every target for one resident."""
    targets, need = country.targets, country.askers.needs[number]
    times = country.askers.day_parts[number]
    fits = np.ones(len(targets))
    if need:
        is_met = (targets.access & need) == need
        fits *= np.where(is_met, scores.ACCESS_MET, scores.ACCESS_UNMET)
        fits[targets.access == NOT_KNOWN] *= scores.ACCESS_UNKNOWN / scores.ACCESS_MET
    if times:
        suits = (targets.day_parts & times) != 0
        fits *= np.select([targets.day_parts == 0, suits],
                          [scores.TIME_UNKNOWN, scores.TIME_MET], scores.TIME_UNMET)  # fmt: skip
    return fits
