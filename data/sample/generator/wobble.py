"""Lines as the ground makes them: straight ones bent by halving, the same way every time."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise

from generator.grid import XY


def wobble(points: Sequence[XY], *, share: float, shortest_m: float, name: str) -> list[XY]:
    """Return a line through `points` whose straight pieces are bent, in metres.

    Each piece longer than `shortest_m` gets a middle, moved sideways by up to `share` of its
    length, and so on with its halves. The given points stay where they are; `name` seeds the bends.
    """
    chance = random.Random(f"ellerwick {name}")  # noqa: S311 - scenery, not secrets
    line = [points[0]]
    for start, end in pairwise(points):
        line += _halve(start, end, share, shortest_m, chance)
    return line


def _halve(start: XY, end: XY, share: float, shortest_m: float, chance: random.Random) -> list[XY]:
    length = math.dist(start, end)
    if length < shortest_m:
        return [end]
    sideways = chance.uniform(-share, share)
    middle = (
        round((start[0] + end[0]) / 2 - (end[1] - start[1]) * sideways, 1),
        round((start[1] + end[1]) / 2 + (end[0] - start[0]) * sideways, 1),
    )
    first = _halve(start, middle, share, shortest_m, chance)
    return first + _halve(middle, end, share, shortest_m, chance)
