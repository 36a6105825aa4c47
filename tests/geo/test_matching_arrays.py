"""Rows of different lengths, and words as bits."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import QuestionError
from geo.interests import Concept, Vocabulary
from geo.matching_arrays import Lists, answers_of, as_bits, groups_of, order_of

ROWS = [[3, 1], [], [7], [2, 2, 5], []]


def rows_of(lists: Lists) -> list[list[int]]:
    return [
        lists.values[start:end].tolist()
        for start, end in zip(lists.starts[:-1], lists.starts[1:], strict=True)
    ]


def test_rows_are_kept_and_chosen() -> None:
    lists = Lists.of(ROWS)
    assert rows_of(lists) == ROWS
    assert len(lists) == 5
    assert lists.lengths.tolist() == [2, 0, 1, 3, 0]
    assert lists.rows.tolist() == [0, 0, 2, 3, 3, 3]
    assert rows_of(lists[np.array([3, 1, 3, 0])]) == [ROWS[3], [], ROWS[3], ROWS[0]]
    assert rows_of(lists[np.array([False, True, True, False, False])]) == [[], [7]]
    assert rows_of(lists[1:4]) == ROWS[1:4]
    assert rows_of(Lists.of([])) == []


def test_words_are_bits() -> None:
    closed_list = {"a": 0, "b": 5}
    assert as_bits([], closed_list) == 0
    assert as_bits(["b", "a"], closed_list) == 33
    with pytest.raises(QuestionError, match="“c”"):
        as_bits(["c"], closed_list)


def test_answers_are_the_relations_of_every_concept() -> None:
    concepts = [
        Concept(5, "sport", "Sport", None, (), special_category=False),
        Concept(2, "bowls", "Bowls", 5, (), special_category=False),
        Concept(9, "boccia", "Boccia", 5, (), special_category=False),
    ]
    vocabulary = Vocabulary(concepts, [(2, 9, "Boccia is played sitting down.")])
    answers = answers_of(vocabulary)
    assert rows_of(answers.concepts)[2] == [2, 9, 5]
    start = answers.concepts.starts[2]
    assert answers.weights[start : start + 3].tolist() == [1.0, 0.8, 0.5]
    assert answers.is_answer[start : start + 3].tolist() == [True, True, False]
    assert rows_of(answers.concepts)[3] == []


@pytest.mark.parametrize("most", [3, 1_000, 2**61])
def test_rows_are_ordered_and_grouped(most: int) -> None:
    rng = np.random.default_rng(most)
    keys = rng.integers(0, most, 500)
    keys[::7] = keys[3]
    order = order_of(keys)
    assert order.tolist() == sorted(range(500), key=lambda row: (keys[row], row))
    once, which = groups_of(keys)
    assert once.tolist() == sorted(set(keys.tolist()))
    assert once[which].tolist() == keys.tolist()


def test_no_rows_are_in_order_too() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert len(order_of(nothing)) == 0
    once, which = groups_of(nothing)
    assert len(once) == len(which) == 0
