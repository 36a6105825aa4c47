"""How far it is on foot, for many pairs at once: what is kept, else along a network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from geo.matching_arrays import Askers, Floats, Numbers, Targets
from geo.walking import FootNetwork, walks_m


@dataclass(frozen=True, slots=True)
class Kept:
    """Ways worked out before, by the numbers of a home and of where a target is.

    `home` (m,) is the home's number of each asker, -1 for who lives elsewhere; `located` (n,) is
    the number of the place whose point each target has. `pairs` (k, 2) are such numbers, sorted,
    each once, and the metres are of these: NaN not known, infinite where there is no way.
    """

    home: Numbers
    located: Numbers
    pairs: Numbers
    walk_m: Floats
    step_free_m: Floats


@dataclass(slots=True)
class OnFoot:
    """`geo.matching_everyone.Walks` on a network; what was worked out once is remembered."""

    network: FootNetwork
    askers: Askers
    targets: Targets
    kept: Kept
    _known: dict[tuple[int, int, bool], float] = field(default_factory=dict)

    def metres(self, askers: Numbers, targets: Numbers) -> Floats:
        """Return metres on foot for pairs of rows, see `Walks`."""
        raise NotImplementedError
