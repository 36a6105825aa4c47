"""How far it is on foot, for many pairs at once: what is kept, else along a network."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from geo.matching_arrays import Askers, Floats, Numbers, Targets
from geo.walking import FootNetwork, Snapped, walks_m


@dataclass(frozen=True, slots=True)
class Kept:
    """Ways worked out before, by the numbers of a home and of where a target is.

    `home` (m,) is the home's number of each asker, -1 for who lives elsewhere; `located` (n,) is
    the number of the place whose point each target has. `pairs` (k, 2) are such numbers, each pair
    once, and the metres are of these: NaN not known, infinite where there is no way.
    """

    home: Numbers
    located: Numbers
    pairs: Numbers
    walk_m: Floats
    step_free_m: Floats

    @classmethod
    def nothing(cls, *, askers: int, located: Numbers) -> Kept:
        """Return that no way was worked out; `located` as above."""
        none = np.zeros(0)
        return cls(np.full(askers, -1), located, np.zeros((0, 2), dtype=np.int64), none, none)


@dataclass(eq=False)
class OnFoot:
    """`geo.matching_everyone.Walks` on a network; what was worked out once is remembered.

    `askers` and `targets` are those matched. Targets with one number in `kept.located` have one
    point; a target without a door is walked to from nowhere.
    """

    network: FootNetwork
    askers: Askers
    targets: Targets
    kept: Kept
    # By the number of the point and whether without steps: metres of every place asked for so far.
    _known: dict[tuple[int, bool], dict[int, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def metres(self, askers: Numbers, targets: Numbers) -> Floats:
        """Return metres on foot for pairs of rows, see `Walks`."""
        found = np.full(len(askers), np.nan)
        step_free = self.askers.needs_step_free[askers]
        walked = np.flatnonzero(self.targets.has_door[targets])
        keys = np.stack(
            [self._origins[0][askers[walked]], step_free[walked].astype(np.int64)], axis=1
        )
        origins, which = np.unique(keys, axis=0, return_inverse=True)
        order = np.argsort(which, kind="stable")
        starts = np.searchsorted(which[order], np.arange(len(origins) + 1))
        for number, (origin, is_step_free) in enumerate(origins.tolist()):
            mine = walked[order[starts[number] : starts[number + 1]]]
            # One at a time: the memory of a search is that of the network.
            with self._lock:
                found[mine] = self._from(origin, targets[mine], needs_step_free=bool(is_step_free))
        return found

    def _from(self, origin: int, targets: Numbers, *, needs_step_free: bool) -> Floats:
        known = self._known.get((origin, needs_step_free))
        if known is None:
            known = self._known[origin, needs_step_free] = self._kept_of(origin, needs_step_free)
        located = self.kept.located[targets]
        places, first = np.unique(located, return_index=True)
        missing = np.array([place not in known for place in places.tolist()], dtype=bool)
        if missing.any():
            ways = walks_m(
                self.network,
                self._snapped(self.askers.points[self._origins[1][origin]][None], needs_step_free),
                self._snapped(self.targets.points[targets[first[missing]]], needs_step_free),
                needs_step_free=needs_step_free,
            )[0]
            known |= dict(zip(places[missing].tolist(), ways.tolist(), strict=True))
        return np.array([known[place] for place in located.tolist()])

    def _snapped(self, points: Floats, needs_step_free: bool) -> Snapped:
        return self.network.snap(points, needs_step_free=needs_step_free)

    def _kept_of(self, origin: int, needs_step_free: bool) -> dict[int, float]:
        home = int(self.kept.home[self._origins[1][origin]])
        if home < 0:
            return {}
        starts, order = self._kept_by_home
        if home + 1 >= len(starts):
            return {}
        rows = order[starts[home] : starts[home + 1]]
        metres = (self.kept.step_free_m if needs_step_free else self.kept.walk_m)[rows]
        return dict(zip(self.kept.pairs[rows, 1].tolist(), metres.tolist(), strict=True))

    @cached_property
    def _origins(self) -> tuple[Numbers, Numbers]:
        """The number of the home or point each asker starts at, and an asker of each number."""
        keys = np.column_stack([self.kept.home, self.askers.points])
        _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        return which.astype(np.int64), first.astype(np.int64)

    @cached_property
    def _kept_by_home(self) -> tuple[Numbers, Numbers]:
        order = np.argsort(self.kept.pairs[:, 0], kind="stable")
        homes = self.kept.pairs[order, 0]
        return np.searchsorted(homes, np.arange(int(homes.max(initial=-1)) + 2)), order
