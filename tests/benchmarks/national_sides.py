"""Ways of answering everybody, each in a process of its own, so that its memory is its own.

``python -m tests.benchmarks.national_sides NAME COUNTRY WORKERS`` prints one line of JSON. Read is
the country before the clock starts; indexes are built while it runs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geo.matching import NEAR_REACH_M
from geo.matching_arrays import Answers, Askers, Floats, Lists, Numbers, Targets
from geo.matching_everyone import match_everyone
from tests.benchmarks.national_check import check
from tests.benchmarks.national_data import AT_ONCE, WANTED, Country

NEAREST = 10
# STRtree answers no "nearest ten": those in a box are asked for, and in one twice as wide for who
# has no ten in it. The plain way is all within 5 km, for so many at once that the pairs fit.
ORIGINS_AT_ONCE = 1_000
FIRST_BOX_M = 625.0
# How many residents of ours are compared with brute force.
CHECKED = 200


@dataclass(frozen=True, slots=True)
class Answered:
    """What a side took and found; sides that answer the same have to find the same."""

    seconds: float
    cpu_s: float
    peak_mb: float
    found: int
    distance_km: float
    alone: int = 0  # residents for whom there is nothing
    checked: int = 0  # residents compared with brute force


def run_side(name: str, country: Path, *, workers: int) -> Answered:
    """Run one side in a process of its own; raises CalledProcessError when it breaks."""
    command = [sys.executable, "-m", __name__, name, str(country), str(workers)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Answered(**json.loads(done.stdout))


def main() -> None:
    """Run the side that is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=sorted(SIDES))
    parser.add_argument("country", type=Path)
    parser.add_argument("workers", type=int)
    given = parser.parse_args()
    country = Country.load(given.country)
    started, cpu = time.perf_counter(), time.process_time()
    result = SIDES[given.name](country, given.workers)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    peak_mb = peak_mb_of("self")
    checked = check(country, result.kept) if result.kept else 0
    found = Answered(seconds, cpu_s, peak_mb, result.found, result.distance_m / 1_000,
                     result.alone, checked)  # fmt: skip
    sys.stdout.write(json.dumps(asdict(found)))


def peak_mb_of(process: int | str) -> float:
    """Return the most memory a process has had, in MB (10⁶ bytes).

    Not `getrusage`: that starts with what the process that started it had.
    """
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1_024 / 1e6
    return 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """How much was found; of ours, also what was found for those who are checked."""

    found: int
    distance_m: float
    alone: int = 0
    kept: dict[int, list[tuple[bool, int, float]]] | None = None


def ours(country: Country, workers: int) -> Result:
    """Answer as the product does: both lists by score, with relations, needs and times."""
    return _match(country, country.targets, country.askers, country.answers, workers, is_kept=True)


def ours_same(country: Country, workers: int) -> Result:
    """Answer with ours what the others answer: assets with a wanted interest, nothing else."""
    many = len(country.answers.concepts)
    same = Answers(Lists(np.arange(many + 1), np.arange(many)), np.ones(many),
                   np.ones(many, dtype=bool))  # fmt: skip
    nothing = np.zeros(len(country.askers), dtype=np.int32)
    askers = replace(country.askers, needs=nothing, day_parts=nothing)
    return _match(country, country.places, askers, same, workers)


def _match(
    country: Country,
    targets: Targets,
    askers: Askers,
    answers: Answers,
    workers: int,
    *,
    is_kept: bool = False,
) -> Result:
    many = min(CHECKED, len(askers)) if is_kept else 0
    sample = np.random.default_rng(1).choice(len(askers), many, replace=False)
    kept: dict[int, list[tuple[bool, int, float]]] = {int(n): [] for n in sample}
    found, distance_m, alone = 0, 0.0, 0
    for part, one in match_everyone(targets, askers, answers, workers=workers):
        found += len(one.asker)
        distance_m += float(one.distance_m.sum())
        alone += part.stop - part.start - len(np.unique(one.asker))
        if is_kept:
            for row in np.flatnonzero(np.isin(one.asker + part.start, sample)).tolist():
                kept[int(one.asker[row]) + part.start].append(
                    (bool(one.is_visit[row]), int(one.target[row]), float(one.score[row]))
                )
    return Result(found, distance_m, alone, kept if is_kept else None)


def kdtree(country: Country, workers: int) -> Result:
    """Answer with one cKDTree for each interest: the nearest ten of each, merged by distance."""
    return _nearest_ten(country, _rows_of_interest(country.places), workers)


def kdtree_related(country: Country, workers: int) -> Result:
    """Answer with one cKDTree for each wanted interest and all that answers it."""
    alone, related = _rows_of_interest(country.places), country.answers.concepts
    rows = {
        wanted: np.unique(
            np.concatenate([alone.get(int(one), _NONE) for one in related[_row(wanted)].values])
        )
        for wanted in np.unique(country.wanted).tolist()
    }
    return _nearest_ten(country, rows, workers)


_NONE = np.empty(0, dtype=np.int64)


def _row(number: int) -> slice:
    return slice(number, number + 1)


def _rows_of_interest(targets: Targets) -> dict[int, Numbers]:
    order = np.argsort(targets.interests.values, kind="stable")
    values, starts = np.unique(targets.interests.values[order], return_index=True)
    rows = np.split(targets.interests.rows[order], starts[1:])
    return dict(zip(values.tolist(), rows, strict=True))


def _nearest_ten(country: Country, rows: dict[int, Numbers], workers: int) -> Result:
    points = country.places.points

    def answer(origins: Floats, mine: Numbers) -> tuple[Floats, Numbers]:
        # Where fewer are in reach, SciPy's number is one too high, and the distance infinite.
        return cKDTree(points[mine]).query(origins, k=NEAREST, distance_upper_bound=NEAR_REACH_M)  # type: ignore[no-any-return]

    return _of_each_concept(country, rows, answer, workers)


def _of_each_concept(
    country: Country,
    rows: dict[int, Numbers],
    answer: Callable[[Floats, Numbers], tuple[Floats, Numbers]],
    workers: int,
) -> Result:
    """Answer concept by concept and merge; the libraries let two threads work at once.

    `answer` returns for each origin the nearest ten of some rows: metres, infinite where there is
    none, and the positions among these rows.
    """
    shape = (len(country.wanted), WANTED, NEAREST)
    distances, targets = np.empty(shape), np.empty(shape, dtype=np.int64)

    def of_one(concept: int, askers: Numbers, slots: Numbers) -> None:
        mine = rows.get(concept, _NONE)
        # Those of one home ask for one interest alike: asked once.
        origins, again = _each_once(country.askers.points[askers])
        apart, found = answer(origins, mine)
        distances[askers, slots] = apart[again]
        targets[askers, slots] = np.append(mine, -1)[found][again]

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(lambda one: of_one(*one), _who_wants(country.wanted)))
        chunks = [slice(start, start + AT_ONCE) for start in range(0, len(distances), AT_ONCE)]
        merged = list(threads.map(lambda at: _merged(distances[at], targets[at]), chunks))
    return Result(
        sum(one.found for one in merged),
        sum(one.distance_m for one in merged),
        sum(one.alone for one in merged),
    )


def _each_once(points: Floats) -> tuple[Floats, Numbers]:
    """Return points without those that are as the one before, and where each of all is then."""
    is_new = np.ones(len(points), dtype=bool)
    is_new[1:] = (points[1:] != points[:-1]).any(axis=1)
    return points[is_new], np.cumsum(is_new) - 1


def _who_wants(wanted: Numbers) -> Iterator[tuple[int, Numbers, Numbers]]:
    """Yield each concept with the rows and columns of `wanted` it stands in, by row."""
    flat = wanted.ravel()
    order = np.argsort(flat, kind="stable")
    concepts, starts = np.unique(flat[order], return_index=True)
    for concept, where in zip(concepts.tolist(), np.split(order, starts[1:]), strict=True):
        yield concept, where // WANTED, where % WANTED


def _merged(distances: Floats, targets: Numbers) -> Result:
    """Return the nearest ten of all lists of each resident, each target once."""
    near: Floats = distances.reshape(-1, WANTED * NEAREST)
    rows: Numbers = targets.reshape(near.shape)
    order = np.argsort(rows, axis=1)
    rows, near = np.take_along_axis(rows, order, 1), np.take_along_axis(near, order, 1)
    near[:, 1:][rows[:, 1:] == rows[:, :-1]] = np.inf
    # As whoever shows the list needs them: which ten, nearest first.
    order = np.argsort(near, axis=1)[:, :NEAREST]
    best, rows = np.take_along_axis(near, order, 1), np.take_along_axis(rows, order, 1)
    is_found = np.isfinite(best)
    return Result(int(is_found.sum()), float(best[is_found].sum()), int((~is_found[:, 0]).sum()))


def strtree(country: Country, workers: int) -> Result:
    """Answer with one STRtree for each interest, asking for boxes that widen until ten are in."""
    points = country.places.points

    def answer(origins: Floats, mine: Numbers) -> tuple[Floats, Numbers]:
        tree, among = shapely.STRtree(np.asarray(shapely.points(points[mine]))), points[mine]
        apart, found = _nobody(len(origins), len(mine))
        open_ones, reach_m = np.arange(len(origins)), FIRST_BOX_M
        while len(open_ones):
            at = origins[open_ones]
            asker, target = tree.query(shapely.box(*(at - reach_m).T, *(at + reach_m).T))
            metres = np.hypot(*(at[asker] - among[target]).T)
            is_done = np.bincount(asker[metres <= reach_m], minlength=len(at)) >= NEAREST
            is_done |= reach_m >= NEAR_REACH_M
            kept = (metres <= reach_m) & is_done[asker]
            _keep_ten(open_ones[asker[kept]], target[kept], metres[kept], apart, found)
            open_ones, reach_m = open_ones[~is_done], min(reach_m * 2, NEAR_REACH_M)
        return apart, found

    return _of_each_concept(country, _rows_of_interest(country.places), answer, workers)


def strtree_plain(country: Country, workers: int) -> Result:
    """Answer with one STRtree for each interest, asking for all within 5 km, sorted."""
    points = country.places.points

    def answer(origins: Floats, mine: Numbers) -> tuple[Floats, Numbers]:
        tree, among = shapely.STRtree(np.asarray(shapely.points(points[mine]))), points[mine]
        apart, found = _nobody(len(origins), len(mine))
        for start in range(0, len(origins), ORIGINS_AT_ONCE):
            at = origins[start : start + ORIGINS_AT_ONCE]
            asker, target = tree.query(
                np.asarray(shapely.points(at)), predicate="dwithin", distance=NEAR_REACH_M
            )
            metres = np.hypot(*(at[asker] - among[target]).T)
            _keep_ten(asker + start, target, metres, apart, found)
        return apart, found

    return _of_each_concept(country, _rows_of_interest(country.places), answer, workers)


def _nobody(askers: int, among: int) -> tuple[Floats, Numbers]:
    return np.full((askers, NEAREST), np.inf), np.full((askers, NEAREST), among)


def _keep_ten(
    asker: Numbers, target: Numbers, metres: Floats, apart: Floats, found: Numbers
) -> None:
    """Write the nearest ten of each asker's pairs into their rows of `apart` and `found`."""
    order = np.lexsort((metres, asker))
    asker, target, metres = asker[order], target[order], metres[order]
    many = np.bincount(asker)
    rank = np.arange(len(asker)) - np.repeat(np.cumsum(many) - many, many)
    kept = rank < NEAREST
    apart[asker[kept], rank[kept]] = metres[kept]
    found[asker[kept], rank[kept]] = target[kept]


SIDES: dict[str, Callable[[Country, int], Result]] = {
    "ours": ours,
    "ours_same": ours_same,
    "kdtree": kdtree,
    "kdtree_related": kdtree_related,
    "strtree": strtree,
    "strtree_plain": strtree_plain,
}

if __name__ == "__main__":
    main()
