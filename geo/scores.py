"""The score of a match: a published formula of five factors, each between 0 and 1.

    score = interest relation x distance decay x access fit x time fit x freshness

The distance is in metres as the crow flies. Where the way on foot is known it is that way divided
by 1.3, the usual detour, and never less than the straight line (`geo.distance.effective_m`): the
straight line that would take as long. For groups that drive it is always the straight line.

Nothing else goes in, and no factor is learnt: a coordinator can be told why one group stands
above another. The same numbers are used one at a time (`score`) and on arrays (`score_arrays`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

# At this distance the score is half of what it is at the door: people walk to places, and groups
# drive to homes.
HALVING_NEAR_M = 500.0
HALVING_VISIT_M = 5_000.0

ACCESS_MET, ACCESS_UNKNOWN, ACCESS_UNMET = 1.0, 0.8, 0.4
TIME_MET, TIME_UNKNOWN, TIME_UNMET = 1.0, 0.8, 0.4
CHECKED_THIS_YEAR, CHECKED_LAST_YEAR, NEVER_CHECKED, CHECKED_LONG_AGO = 1.0, 0.9, 0.85, 0.8
DAYS_THIS_YEAR, DAYS_LAST_YEAR = 365, 730

# Scores are compared in millionths, so that two ways of computing agree on ties.
SCORE_STEPS = 1e6


def decay(distance_m: float, *, halving_m: float) -> float:
    """Return the distance factor: 1 at the door, a half at `halving_m`, a third at twice that.

    Hyperbolic rather than exponential: close by every street counts, and of two places far away
    the better fit wins over the slightly nearer.
    """
    return halving_m / (halving_m + distance_m)


def access_fit(needs: Collection[str], access: Collection[str] | None) -> float:
    """Return how what is needed and what is there fit; `access` None means nobody has looked."""
    if not needs:
        return ACCESS_MET
    if access is None:
        return ACCESS_UNKNOWN
    return ACCESS_MET if all(need in access for need in needs) else ACCESS_UNMET


def time_fit(wanted: Collection[str], day_parts: Collection[str]) -> float:
    """Return how the wanted parts of the week ("tue_pm") and the schedule's fit."""
    if not wanted:
        return TIME_MET
    if not day_parts:
        return TIME_UNKNOWN
    return TIME_MET if any(part in wanted for part in day_parts) else TIME_UNMET


def freshness(assured_date: dt.date | None, today: dt.date) -> float:
    """Return how far a fact checked on `assured_date` can be relied on: stale entries sink."""
    if assured_date is None:
        return NEVER_CHECKED
    age_days = (today - assured_date).days
    if age_days <= DAYS_THIS_YEAR:
        return CHECKED_THIS_YEAR
    return CHECKED_LAST_YEAR if age_days <= DAYS_LAST_YEAR else CHECKED_LONG_AGO


def score(relation: float, distance: float, access: float, time: float, fresh: float) -> float:
    """Return the product of the five factors, rounded to millionths."""
    return round(relation * distance * access * time * fresh * SCORE_STEPS) / SCORE_STEPS


def score_arrays(
    relation: npt.NDArray[np.float64],
    distance_m: npt.NDArray[np.float64],
    other_factors: npt.NDArray[np.float64],
    *,
    halving_m: float,
) -> npt.NDArray[np.float64]:
    """Return `score` for arrays of one length; `other_factors` is access x time x freshness."""
    product = relation * (halving_m / (halving_m + distance_m)) * other_factors
    return np.rint(product * SCORE_STEPS) / SCORE_STEPS
