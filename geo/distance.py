"""Distances on the ground, and what they mean on foot.

Two distances are told apart: the straight line, which is always known, and metres along ways on
foot, which are NaN where nobody knows, and infinite where there is no way of `LONGEST_WALK_M` or
less.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geo.walking import LONGEST_WALK_M, WALKERS, Walker

# The usual allowance for streets not being straight lines.
DETOUR = 1.3
# 5 km/h.
ON_FOOT = WALKERS["walking"]
WALKING_M_PER_MINUTE = ON_FOOT.metres_per_minute


def walk_minutes(distance_m: float) -> int:
    """Return about how many minutes it takes to walk `distance_m` as the crow flies.

    At 5 km/h and with a detour of 1.3; at least 1.
    """
    return max(1, round(distance_m * DETOUR / WALKING_M_PER_MINUTE))


def minutes_along(walk_m: float, walker: Walker = ON_FOOT) -> int:
    """Return how many minutes `walker` takes for `walk_m` along ways; at least 1."""
    return max(1, round(walk_m / walker.metres_per_minute))


def effective_m(distance_m: float, walk_m: float) -> float:
    """Return the distance that counts: the straight line that would be as long a walk.

    `walk_m / 1.3`, and never less than the straight line itself; the straight line where `walk_m`
    is not known (NaN); and an hour and a half's where there is no way (infinite).
    """
    if math.isnan(walk_m):
        return distance_m
    return max(distance_m, min(walk_m, LONGEST_WALK_M) / DETOUR)


def effective_distances(
    distances_m: npt.NDArray[np.float64], walks_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return `effective_m` for arrays of one length; NaN where there is no straight line."""
    along = np.minimum(walks_m, LONGEST_WALK_M) / DETOUR
    return np.where(np.isnan(distances_m), np.nan, np.fmax(distances_m, along))


def in_words(distance_m: float) -> str:
    """Return a distance as people say it: "80 m", "650 m", "1.2 km"."""
    if distance_m < 995:
        return f"{max(10, round(distance_m / 10) * 10)} m"
    return f"{distance_m / 1000:.1f} km"
