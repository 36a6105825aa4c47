"""What everybody looks for: each concept that answers a wish, once for each asker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.errors import QuestionError
from geo.matching_arrays import Answers, Flags, Floats, Lists, Numbers, groups_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """Askers and the concepts that answer them, (p,), with the strongest weight of each.

    A wish is one of `Askers.interests.values`. `of_wish` and `pair` (w,) say which of these pairs
    are an answer to which wish: something broader is none.
    """

    asker: Numbers
    concept: Numbers
    weight: Floats
    of_wish: Numbers
    pair: Numbers

    def __len__(self) -> int:
        return len(self.asker)

    def answered(self, has_any: Flags, *, wishes: int) -> Flags:
        """Return for each wish whether any of its answers is there; `has_any` (p,)."""
        found = np.zeros(wishes, dtype=bool)
        found[self.of_wish[has_any[self.pair]]] = True
        return found


def find_wanted(interests: Lists, answers: Answers) -> Wanted:
    """Return what is looked for, by asker.

    Raises QuestionError for a wish that is no concept of the vocabulary.
    """
    wished = interests.values
    if len(wished) and not 0 <= wished.min() <= wished.max() < len(answers.concepts):
        raise QuestionError("somebody wants a concept that the vocabulary does not have")
    lengths = answers.concepts.lengths[wished]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    within = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
    flat = np.repeat(answers.concepts.starts[wished], lengths) + within
    wish = np.repeat(np.arange(len(wished)), lengths)
    many = int(answers.concepts.values.max(initial=0)) + 1
    keys, pair = groups_of(interests.rows[wish] * many + answers.concepts.values[flat])
    weight = np.zeros(len(keys))
    np.maximum.at(weight, pair, answers.weights[flat])
    is_answer = answers.is_answer[flat]
    return Wanted(keys // many, keys % many, weight, wish[is_answer], pair[is_answer])
