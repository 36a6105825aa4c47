"""Everybody in the country: ours beside a tree for each interest, STRtree and PostGIS; end to end.

``python -m tests.benchmarks.national [--residents N] [--assets N]``, with DATABASE_URL as for
`tests.benchmarks`; ``make bench-national`` provides one. Takes minutes at full size, and says what
it is doing. All sides answer the same residents in the same run, each in a process of its own.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from app.database import make_engine
from app.interests.actions import read_vocabulary
from app.parameters import today
from app.settings import Settings
from tests.benchmarks import national_runs
from tests.benchmarks.figures import Figure, Promise, show
from tests.benchmarks.national_data import Country, Size, make_country, say
from tests.benchmarks.national_database import make_national
from tests.benchmarks.national_runs import Run
from tests.benchmarks.national_sides import Answered, run_side

# Of `make bench`; the whole country is measured by itself.
SMALL, QUICK = Size(20_000, 50_000), Size(4_000, 10_000)
WORKERS = 2
# The best of so many rounds counts: what else the machine does makes a round longer, never shorter.
ROUNDS, ROUNDS_IF_LARGE, LARGE = 3, 2, 100_000
# Minutes at full size, and far from anybody else.
ONCE = frozenset({"strtree_plain"})
OF_EQUAL_DENSITY = (10_000, 100_000, 1_000_000)
RESIDENTS_AN_ASSET = 0.4
MOST_MB = 2_000.0
FOUR_TREES, HALF, WITHIN = Promise("at most", 4), Promise("at most", 0.5), Promise("at most", 1)

SIDES = {
    "ours": "",
    "ours_same": "",
    "kdtree": "one cKDTree an interest, nearest ten",
    "kdtree_related": "the same with all that answers an interest",
    "strtree": "one STRtree an interest, widening boxes",
    "strtree_plain": "the same, all within 5 km sorted",
    "postgis": "PostGIS KNN, two connections",
}
NOTES = (
    "Ours: the ten best places by score of each of two lists, among assets and activities with any"
    " interest that",
    "answers a wanted one, by access, times and freshness; what stands beside finds the ten nearest"
    " assets, no more.",
    "“Alike” is ours asked for that: assets that share a wanted interest. All read before the clock"
    " starts, and build",
    "their indexes while it runs (PostGIS has its index); two threads each. STRtree has no nearest"
    " ten: boxes are asked",
    "for that widen until ten are in, which is several times faster than all within 5 km.",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.national", description=__doc__
    )
    parser.add_argument("--residents", type=int, default=400_000)
    parser.add_argument("--assets", type=int, default=1_000_000)
    parser.add_argument("--needs", type=float, default=0.3, help="share who need a level way in")
    parser.add_argument("--times", type=float, default=0.2, help="share with times that suit")
    parser.add_argument(
        "--scattered", action="store_true", help="everybody at a place of their own, no homes"
    )
    given = parser.parse_args()
    measure(Size(given.residents, given.assets, given.needs, given.times, given.scattered))


def measure(size: Size = SMALL) -> None:
    """Measure one size, and print a table after the other."""
    settings, country = make_national(size, today())
    show(f"Everybody: {size}", beside(settings, country), NOTES)
    show("Everybody, end to end", *end_to_end(settings, country))
    del country
    show("Everybody, at equal density", *by_size(settings, size.assets))


def beside(settings: Settings, country: Country) -> list[Figure]:
    """Return what ours took beside the others, with the same data, in turns."""
    rounds = ROUNDS_IF_LARGE if country.size.residents >= LARGE else ROUNDS
    taken: dict[str, list[Answered]] = {name: [] for name in SIDES}
    with tempfile.TemporaryDirectory(prefix="patchwork-national-") as folder:
        path = country.save(Path(folder))
        for turn in range(rounds):
            for name, found in taken.items():
                if turn and name in ONCE:
                    continue
                one = (
                    national_runs.postgis(settings, country, connections=WORKERS)
                    if name == "postgis"
                    else run_side(name, path, workers=WORKERS)
                )
                found.append(one)
                say(f"Round {turn + 1} of {rounds}, {name}: {one.seconds:.1f} s")
    best = {name: min(found, key=lambda one: one.seconds) for name, found in taken.items()}
    _agree(best)
    return _figures(country, best)


def _agree(best: dict[str, Answered]) -> None:
    """Raise RuntimeError unless those who answer the same question found the same."""
    tree = best["kdtree"]
    for name in ("strtree", "strtree_plain", "postgis", "ours_same"):
        one = best[name]
        # Stored places are rounded otherwise than arrays, by a millimetre.
        is_alike = abs(one.found - tree.found) <= 1e-4 * tree.found and (
            name == "ours_same"
            or abs(one.distance_km - tree.distance_km) <= 1e-4 * tree.distance_km
        )
        if not is_alike:
            message = f"{name} found something else than cKDTree: {one}, {tree}"
            raise RuntimeError(message)


def _figures(country: Country, best: dict[str, Answered]) -> list[Figure]:
    ours, alike, many = best["ours"], best["ours_same"], len(country.askers)
    promised = {"kdtree": FOUR_TREES, "strtree": HALF}
    figures = [
        Figure("Everybody’s ten best, both lists", "s", ours.seconds, best[name].seconds,
               SIDES[name], promised.get(name))
        for name in ("kdtree", "kdtree_related", "strtree", "strtree_plain", "postgis")
    ]  # fmt: skip
    figures += [
        Figure("Alike: assets with a wanted interest", "s", alike.seconds, best[name].seconds,
               SIDES[name], promised.get(name))
        for name in ("kdtree", "strtree", "postgis")
    ]  # fmt: skip
    figures += [
        Figure("Processor time, all workers", "s", ours.cpu_s, best[name].cpu_s, SIDES[name])
        for name in ("kdtree", "strtree", "postgis")
    ]
    return [
        *figures,
        Figure("Everybody’s ten best, both lists", "residents/s", many / ours.seconds,
               many / best["kdtree"].seconds, SIDES["kdtree"]),
        Figure("Most memory, with what was read", "MB", ours.peak_mb, best["kdtree"].peak_mb,
               SIDES["kdtree"]),
        Figure("Residents with nobody in reach", "of all", ours.alone),
        Figure("Compared with brute force, all alike", "residents", ours.checked),
    ]  # fmt: skip


def end_to_end(settings: Settings, country: Country) -> tuple[list[Figure], list[str]]:
    """Return what the command takes, here and on Dask's workers, and what was not measured."""
    say("patchwork match-all")
    local = national_runs.match_all(settings, workers=WORKERS)
    checked = national_runs.check_stored(settings, country)
    figures = _local(local, checked)
    if not national_runs.can_distribute():
        return figures, ["Not measured: Dask is not installed (the extra “distributed”)."]
    for workers in (1, 2):
        say(f"patchwork match-all --engine dask, workers: {workers}")
        with national_runs.dask_workers(workers) as address:
            run = national_runs.match_all(
                settings, workers=WORKERS, options=("--engine", "dask", "--scheduler", address)
            )
        what = f"On Dask, workers: {workers}"
        beside = "on this machine, without Dask"
        figures += [
            Figure(f"{what}: all", "s", run.seconds, local.seconds, beside),
            Figure(f"{what}: matching", "s", run.matching_s, local.matching_s, beside),
        ]
    national_runs.check_stored(settings, country)
    return figures, [
        "Dask: a scheduler and workers of one thread each as processes of this machine, running"
        " before the clock starts."
    ]


def _local(run: Run, checked: int) -> list[Figure]:
    return [
        Figure("patchwork match-all: all", "s", run.seconds),
        Figure("reading", "s", run.reading_s, run.seconds, "all"),
        Figure("matching", "s", run.matching_s, run.seconds, "all"),
        Figure("writing", "s", run.writing_s, run.seconds, "all"),
        Figure("patchwork match-all", "residents/s", run.residents / run.seconds),
        Figure("Most memory", "MB", run.peak_mb, MOST_MB, "promised", WITHIN),
        Figure("Stored rows compared with brute force", "residents", checked),
    ]


def by_size(settings: Settings, most_assets: int) -> tuple[list[Figure], list[str]]:
    """Return residents/s of ours in windows of the same country, small to large."""
    engine = make_engine(settings)
    with engine.connect() as connection:
        vocabulary = read_vocabulary(connection)
    engine.dispose()
    figures, notes = [], []
    for assets in (one for one in OF_EQUAL_DENSITY if one <= most_assets):
        size = Size(int(assets * RESIDENTS_AN_ASSET), assets)
        say(f"At equal density: {size}")
        country = make_country(size, vocabulary, today())
        notes.append(f"{assets:,} assets: {_density(country)}")
        with tempfile.TemporaryDirectory(prefix="patchwork-national-") as folder:
            path = country.save(Path(folder))
            ours, tree = (_best(name, path) for name in ("ours", "kdtree"))
        figures.append(
            Figure(f"{size.residents:,} residents, {assets:,} assets", "residents/s",
                   size.residents / ours.seconds, size.residents / tree.seconds, SIDES["kdtree"])
        )  # fmt: skip
    return figures, notes


def _best(name: str, path: Path, rounds: int = 2) -> Answered:
    answered = [run_side(name, path, workers=WORKERS) for _ in range(rounds)]
    return min(answered, key=lambda one: one.seconds)


def _density(country: Country) -> str:
    """Return how many assets residents have around them, in words."""
    tree = cKDTree(country.places.points)
    counts: Sequence[int] = tree.query_ball_point(
        np.unique(country.askers.points, axis=0), 1_000.0, return_length=True
    )
    middle, mean = np.median(counts), np.mean(counts)
    return f"{middle:,.0f} within 1 km of the middle home, {mean:,.0f} on average"


if __name__ == "__main__":
    main()
