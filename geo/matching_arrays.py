"""Many questions at once, on arrays: what can be found, who asks, and what answers what.

A row of `Targets` is what `geo.matching.find_matches` has as a row of its frame; a row of `Askers`
is a `geo.matching.Question`. Words of the closed lists are bits (`as_bits`), dates are the factor
they come to. Nothing here knows a name or a reference: rows are told apart by their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import QuestionError
from geo.interests import Vocabulary
from geo.matching import VISIT_REACH_M

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

# No bit pattern: nobody has looked.
NOT_KNOWN = -1
_WHOLE_BITS = 63


def order_of(keys: Numbers) -> Numbers:
    """Return the rows in the order of `keys` (n,), none below 0; on equal keys as they come.

    Where a key and its row fit in one number, numbers are sorted instead of rows looked up: several
    times as fast.
    """
    bits = max(1, len(keys) - 1).bit_length()
    if int(keys.max(initial=0)).bit_length() + bits >= _WHOLE_BITS:
        return np.argsort(keys, kind="stable")
    both = (keys << bits) | np.arange(len(keys))
    both.sort()
    both &= (1 << bits) - 1
    return both


def groups_of(keys: Numbers) -> tuple[Numbers, Numbers]:
    """Return each of `keys` (n,), once and in order, and which of these each row has."""
    order = order_of(keys)
    in_order = keys[order]
    is_new = np.r_[True, in_order[1:] != in_order[:-1]][: len(keys)]
    which = np.empty(len(keys), dtype=np.int64)
    which[order] = np.cumsum(is_new) - 1
    return in_order[is_new], which


@dataclass(frozen=True, slots=True)
class Lists:
    """Rows of numbers of different lengths: row i is `values[starts[i]:starts[i + 1]]`."""

    starts: Numbers  # (n + 1,)
    values: Numbers

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Lists:
        """Return rows given one by one."""
        lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
        flat = np.fromiter((value for row in rows for value in row), dtype=np.int64)
        return cls(np.concatenate([[0], np.cumsum(lengths)]), flat)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Numbers:
        """How many numbers each row has, (n,)."""
        return np.diff(self.starts)

    @property
    def rows(self) -> Numbers:
        """The row of each of `values`."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def __getitem__(self, chosen: Numbers | Flags | slice) -> Lists:
        """Return some rows, in the order chosen."""
        picked = np.arange(len(self))[chosen]
        lengths = self.lengths[picked]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        offsets = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        return Lists(starts, self.values[np.repeat(self.starts[picked], lengths) + offsets])


@dataclass(frozen=True, slots=True)
class Targets:
    """What can be found: arrays of one length n.

    `points` (n, 2) are easting and northing in metres, British National Grid; a row with NaN is
    nowhere, and never found. What has ended, and what is not to be found at all, is no row.
    """

    points: Floats
    interests: Lists
    freshness: Floats  # `geo.scores.freshness` of each
    access: Bits  # bits of what is there; NOT_KNOWN
    day_parts: Bits  # bits of the parts of the week; 0 where nobody knows
    place: Numbers  # the number of the place: one match for each
    turn: Numbers  # on equal score and distance, the lowest first: activities, then by their id
    comes_to_homes: Flags
    has_door: Flags  # False: only its ward is known, and nobody can walk to that

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, chosen: Numbers | Flags | slice) -> Targets:
        """Return some rows, in the order chosen."""
        return Targets(*(getattr(self, name)[chosen] for name in Targets.__slots__))


@dataclass(frozen=True, slots=True)
class Askers:
    """Who asks: arrays of one length m; `points` as for `Targets`."""

    points: Floats
    interests: Lists  # the concepts wanted
    needs: Bits  # bits of what has to be there; 0: nothing
    day_parts: Bits  # bits of the times that suit; 0: any
    within_m: Floats  # how far they go
    goes_out: Flags  # False: only who comes to them counts
    needs_step_free: Flags  # goes along ways without steps

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, chosen: Numbers | Flags | slice) -> Askers:
        """Return some rows, in the order chosen."""
        return Askers(*(getattr(self, name)[chosen] for name in Askers.__slots__))


def in_reach(targets: Targets, askers: Askers) -> Numbers:
    """Return the rows of targets that any of the askers may reach: their rectangle and a rim."""
    if not len(askers):
        return np.array([], dtype=np.int64)
    low, high = askers.points.min(axis=0), askers.points.max(axis=0)
    rim = np.where(targets.comes_to_homes, VISIT_REACH_M, askers.within_m.max())[:, None]
    # What is nowhere compares false.
    is_in = (targets.points >= low - rim) & (targets.points <= high + rim)
    return np.flatnonzero(is_in.all(axis=1))


@dataclass(frozen=True, slots=True)
class Answers:
    """Which concepts answer a wanted one: row c of `concepts` and `weights` is for concept c.

    `is_answer` is False for what is broader: worth a call, and no answer.
    """

    concepts: Lists
    weights: Floats
    is_answer: Flags


def answers_of(vocabulary: Vocabulary) -> Answers:
    """Return `Vocabulary.relations` of every single concept."""
    highest = max((concept.id for concept in vocabulary.concepts), default=-1)
    rows: list[list[int]] = [[] for _ in range(highest + 1)]
    weights: list[float] = []
    is_answer: list[bool] = []
    for concept in sorted(vocabulary.concepts, key=lambda one: one.id):
        for relation in vocabulary.relations([concept.id]).values():
            rows[concept.id].append(relation.interest_id)
            weights.append(relation.weight)
            is_answer.append(relation.kind != "broader")
    return Answers(Lists.of(rows), np.array(weights), np.array(is_answer, dtype=bool))


def as_bits(words: Iterable[str], closed_list: Mapping[str, int]) -> int:
    """Return words of a closed list as bits; raises QuestionError for one that is not in it."""
    bits = 0
    for word in words:
        if word not in closed_list:
            raise QuestionError(f"“{word}” is not a word of the list")
        bits |= 1 << closed_list[word]
    return bits
