"""Cutting a run into parts that fit into memory: by place, with everything in reach around."""

from __future__ import annotations

import math
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.errors import BadSetting
from app.everyone.parts import Part
from geo.matching_arrays import Askers, Numbers, Targets, in_reach
from geo.matching_walks import Kept

# What a row costs an engine, in bytes: its copy in a part, its place in the trees of its concepts,
# and what is worked out for it. Of 360,000 targets, 900,000 interests and 20,000 who ask, 125 MB
# were measured: these say 480.
PER_TARGET, PER_INTEREST = 200, 120
# Of each of those who are matched at once.
PER_ASKER = 15_000
MOST_AT_ONCE, FEWEST_AT_ONCE = 20_000, 500
MEGABYTE = 1_000_000
# What Linux says of this very process: what it has now, and the most it has had.
OF_THIS_PROCESS = Path("/proc/self/status")
HAS, HAS_HAD = "VmRSS", "VmHWM"

# Ways that are known beforehand, of some askers to some targets.
ReadKept = Callable[[Numbers, Numbers], Kept | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is matched together, by their rows, how many of them at once, and who lives nowhere."""

    groups: tuple[Numbers, ...]
    at_once: int
    nowhere: Numbers


def used_bytes() -> int:
    """Return how much memory this process has now, or, where nobody says, the most it has had.

    A worker that did something large before has given that back.
    """
    return _said(HAS)


def peak_bytes() -> int:
    """Return the most memory this process has had so far."""
    return _said(HAS_HAD)


def _said(name: str) -> int:
    try:
        lines = OF_THIS_PROCESS.read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024
    except (OSError, StopIteration):
        # On Linux this begins with what the process had that began this one, hence not at once.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def plan(targets: Targets, askers: Askers, *, memory_mb: int, used: int, workers: int = 1) -> Plan:
    """Return groups of askers whose surroundings fit beside the `used` bytes.

    `workers` are busy with as many slices of askers at the same time. Raises BadSetting where the
    surroundings of a single place do not fit.
    """
    budget = memory_mb * MEGABYTE - used
    # A third for those who are matched at once, the rest for what they may find.
    affordable = int(budget / 3 / PER_ASKER / workers)
    at_once = min(MOST_AT_ONCE, max(FEWEST_AT_ONCE, affordable))
    left = budget - min(at_once * workers, len(askers)) * PER_ASKER
    is_somewhere = ~np.isnan(askers.points).any(axis=1)
    groups: list[Numbers] = []
    # A queue, and not a function that calls itself: in order, and of any depth.
    waiting = [np.flatnonzero(is_somewhere)] if is_somewhere.any() else []
    while waiting:
        rows = waiting.pop()
        costs = cost_of(targets, in_reach(targets, askers[rows]))
        if costs <= left:
            groups.append(rows)
            continue
        halves = _halved(askers, rows)
        if halves is None:
            raise BadSetting(_too_small(memory_mb, used + costs + budget - left))
        waiting += halves[::-1]
    return Plan(tuple(groups), at_once, np.flatnonzero(~is_somewhere))


def _too_small(memory_mb: int, needed: int) -> str:
    return (
        f"What is around a single home does not fit into {memory_mb:,} MB: about"
        f" {math.ceil(needed / MEGABYTE / 100) * 100:,} MB are needed. Set"
        " PATCHWORK_MATCH_MEMORY_MB to that, or run it on a machine with more memory."
    )


def cost_of(targets: Targets, rows: Numbers) -> int:
    """Return about how many bytes an engine needs for some targets."""
    interests = int(targets.interests.lengths[rows].sum())
    return len(rows) * PER_TARGET + interests * PER_INTEREST


def _halved(askers: Askers, rows: Numbers) -> list[Numbers] | None:
    """Return the askers west and east, or south and north, of their middle; None: one place."""
    points = askers.points[rows]
    spread = np.ptp(points, axis=0)
    axis = int(spread.argmax())
    if spread[axis] == 0:
        return None
    along = points[:, axis]
    middle = np.median(along)
    is_low = along < middle if middle > along.min() else along <= middle
    return [rows[is_low], rows[~is_low]]


def make_parts(
    planned: Plan, targets: Targets, askers: Askers, *, read_kept: ReadKept
) -> Iterator[Part]:
    """Yield the parts of a plan, one at a time: each is as large as what it needs."""
    everybody = len(askers)
    for number, rows in enumerate(planned.groups):
        target_rows = in_reach(targets, askers[rows])
        is_all = len(target_rows) == len(targets)
        yield Part(
            number,
            targets if is_all else targets[target_rows],
            askers if len(rows) == everybody else askers[rows],
            target_rows,
            rows,
            read_kept(rows, target_rows),
        )
