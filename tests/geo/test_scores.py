"""The published formula: its factors, and the rules that hold whatever the numbers are."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import scores
from geo.interests import RELATION_WEIGHTS
from geo.scores import access_fit, decay, freshness, score, score_arrays, time_fit

TODAY = dt.date(2026, 11, 23)
metres = st.floats(0, 50_000)
factor = st.floats(0.01, 1)
halving = st.sampled_from([scores.HALVING_NEAR_M, scores.HALVING_VISIT_M])
NEEDS = ["step_free", "hearing_loop", "parking"]
access_words = st.frozensets(st.sampled_from(NEEDS))


def test_decay_is_what_is_published() -> None:
    assert decay(0, halving_m=500) == 1
    assert decay(500, halving_m=500) == pytest.approx(1 / 2)
    assert decay(1000, halving_m=500) == pytest.approx(1 / 3)


@given(metres, metres, factor, factor, factor, factor, halving)
def test_farther_never_scores_higher(
    one: float, other: float, relation: float, access: float, time: float, fresh: float, half: float
) -> None:
    near, far = sorted((one, other))

    def at(distance_m: float) -> float:
        return score(relation, decay(distance_m, halving_m=half), access, time, fresh)

    assert 0 <= at(far) <= at(near) <= 1


@given(metres, factor, factor, halving)
def test_a_better_fit_at_the_same_place_never_scores_lower(
    distance_m: float, one: float, other: float, half: float
) -> None:
    worse, better = sorted((one, other))
    near = decay(distance_m, halving_m=half)
    assert score(worse, near, 1, 1, 1) <= score(better, near, 1, 1, 1)
    assert score(1, near, worse, 1, 1) <= score(1, near, better, 1, 1)


@given(st.lists(st.tuples(factor, metres, factor), max_size=30), halving)
def test_arrays_score_as_single_rows_do(
    rows: list[tuple[float, float, float]], half: float
) -> None:
    columns = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    together = score_arrays(*columns, halving_m=half)
    singly = [score(r, decay(m, halving_m=half), rest, 1, 1) for r, m, rest in rows]
    assert together.tolist() == pytest.approx(singly, abs=1.01e-6)
    assert together.shape == (len(rows),)


@given(access_words, access_words, access_words)
def test_asking_for_more_never_fits_better(
    needs: frozenset[str], more: frozenset[str], access: frozenset[str]
) -> None:
    assert access_fit(needs | more, access) <= access_fit(needs, access)
    assert access_fit(needs, access | more) >= access_fit(needs, access)


def test_access_met_unknown_and_unmet() -> None:
    assert access_fit([], None) == 1.0
    assert access_fit(["parking"], ["parking", "seating"]) == 1.0
    assert access_fit(["parking"], None) == 0.8
    # Somebody looked and found nothing: that is known, and does not fit.
    assert access_fit(["parking"], []) == 0.4
    assert access_fit(["parking", "seating"], ["parking"]) == 0.4


def test_time_met_unknown_and_unmet() -> None:
    assert time_fit([], ["tue_pm"]) == 1.0
    assert time_fit(["tue_pm"], ["mon_am", "tue_pm"]) == 1.0
    assert time_fit(["tue_pm"], []) == 0.8
    assert time_fit(["tue_pm"], ["mon_am"]) == 0.4


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, 1.0), (0, 1.0), (365, 1.0), (366, 0.9), (730, 0.9), (731, 0.8), (9000, 0.8)],
)
def test_stale_entries_sink(days: int, expected: float) -> None:
    assert freshness(TODAY - dt.timedelta(days=days), TODAY) == expected


def test_never_checked_is_better_than_long_ago_and_worse_than_last_year() -> None:
    assert freshness(None, TODAY) == 0.85


def test_scores_are_millionths() -> None:
    value = score(0.9, decay(333.3, halving_m=500), 0.8, 0.8, 0.85)
    assert value * 1e6 == pytest.approx(round(value * 1e6), abs=1e-6)
    assert value == 0.293772


def test_every_relation_counts_and_none_more_than_the_thing_itself() -> None:
    assert RELATION_WEIGHTS == {"same": 1.0, "narrower": 0.9, "gentler": 0.8, "broader": 0.5}
