"""The best so far of many askers: one row for each place, at most so many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.distance import effective_distances
from geo.matching_arrays import Flags, Floats, Numbers, order_of
from geo.scores import SCORE_STEPS

# An asker, and what a score lacks in millionths, in one number.
_SCORE_BITS = 20
# Metres are compared in millimetres.
_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows found for askers, arrays of one length."""

    asker: Numbers
    target: Numbers
    score: Floats
    distance_m: Floats  # as the crow flies
    walk_m: Floats  # NaN where not walked, see `geo.distance.effective_m`

    def __len__(self) -> int:
        return len(self.asker)

    def __getitem__(self, chosen: Numbers | Flags) -> Rows:
        """Return some rows, in the order chosen."""
        return Rows(*(getattr(self, name)[chosen] for name in Rows.__slots__))

    @classmethod
    def joined(cls, *parts: Rows) -> Rows:
        """Return the rows of all parts."""
        return cls(
            *(np.concatenate([getattr(one, name) for one in parts]) for name in cls.__slots__)
        )

    @classmethod
    def none(cls) -> Rows:
        """Return no rows."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(whole, whole, real, real, real)


class Best:
    """The best `limit` places of each of `askers`, best first.

    `place` and `turn` are those of all targets. `entry` (askers,): what a row has to score to be
    among an asker's best; 0 for who has fewer.
    """

    def __init__(self, askers: int, place: Numbers, turn: Numbers, *, limit: int) -> None:
        self._place, self._turn, self._limit = place, turn, limit
        self.rows = Rows.none()
        self.entry = np.zeros(askers)

    def add(self, rows: Rows) -> None:
        """Take in more rows; the same one again changes nothing."""
        rows = rows[(rows.score >= self.entry[rows.asker]) & (rows.score > 0)]
        if not len(rows):
            return
        rows = Rows.joined(self.rows, rows)
        rows = rows[self._order(rows)]
        rows = rows[self._first_of_places(rows)]
        rank = _ranks(rows.asker)
        self.rows = rows[rank < self._limit]
        last = self.rows[_ranks(self.rows.asker) == self._limit - 1]
        self.entry[last.asker] = last.score

    def _order(self, rows: Rows) -> Numbers:
        """Return rows in order: by asker, score, what counts of distances, and turn."""
        lacking = SCORE_STEPS - np.rint(rows.score * SCORE_STEPS)
        key = (rows.asker << _SCORE_BITS) | lacking.astype(np.int64)
        order = order_of(key)
        key = key[order]
        same = key[1:] == key[:-1]
        tied = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
        if len(tied):
            some = rows[order[tied]]
            counting_m = effective_distances(some.distance_m, some.walk_m).round(_DECIMALS)
            by_turn = np.lexsort((self._turn[some.target], counting_m, key[tied]))
            order[tied] = order[tied][by_turn]
        return order

    def _first_of_places(self, rows: Rows) -> Numbers:
        """Return which rows are the first of their place; of askers with many, those that count."""
        head = _ranks(rows.asker) < 3 * self._limit
        some = np.flatnonzero(head)
        first = some[self._is_first(rows, some)]
        places = np.bincount(rows.asker[first], minlength=len(self.entry))
        cut = np.zeros(len(self.entry), dtype=bool)
        cut[rows.asker[~head]] = True
        again = cut & (places < self._limit)
        if not again.any():
            return first
        whole = np.flatnonzero(again[rows.asker])
        first = first[~again[rows.asker[first]]]
        return np.sort(np.concatenate([first, whole[self._is_first(rows, whole)]]))

    def _is_first(self, rows: Rows, some: Numbers) -> Flags:
        """Return whether each of some rows, in order, is the first of its asker and place."""
        place = self._place[rows.target[some]]
        keys = rows.asker[some] * (int(place.max(initial=0)) + 1) + place
        order = order_of(keys)
        in_order = keys[order]
        is_first = np.zeros(len(some), dtype=bool)
        is_first[order[np.r_[True, in_order[1:] != in_order[:-1]]]] = True
        return is_first


def _ranks(asker: Numbers) -> Numbers:
    """Return the how-manieth of its asker each row is, from 0; rows are by asker."""
    if not len(asker):
        return asker
    starts = np.flatnonzero(np.r_[True, asker[1:] != asker[:-1]])
    return np.arange(len(asker)) - np.repeat(starts, np.diff(np.r_[starts, len(asker)]))
