"""Towns of numbers for tests of the engines, and the matches of two engines side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from app.everyone.parts import Engine, Part
from geo.matching_arrays import NOT_KNOWN, Answers, Askers, Lists, Targets
from geo.matching_everyone import Found, match_everyone
from geo.matching_walks import Kept, OnFoot
from geo.walking import FootNetwork

CONCEPTS = 12
WITHIN_M = 5_000.0
FOUND = ("is_visit", "target", "score", "distance_m", "walk_m")

Rows = dict[str, npt.NDArray[np.generic]]


def make_answers() -> Answers:
    """Return concepts of which each answers itself, and the one before it a little."""
    rows = [[number, number - 1] if number else [0] for number in range(CONCEPTS)]
    weights = [weight for row in rows for weight in (1.0, 0.6)[: len(row)]]
    return Answers(Lists.of(rows), np.array(weights), np.array(weights) == 1.0)


def make_targets(rng: np.random.Generator, count: int, *, spread_m: float) -> Targets:
    """Return what can be found around the middle of Bradford; one row is nowhere."""
    points = rng.normal((416_000, 433_000), spread_m, (count, 2)).round()
    points[count // 2] = np.nan
    interests = [
        sorted(set(rng.integers(0, CONCEPTS, rng.integers(0, 4)).tolist())) for _ in range(count)
    ]
    return Targets(
        points,
        Lists.of(interests),
        rng.choice([1.0, 0.9, 0.7], count),
        np.where(rng.random(count) < 0.3, NOT_KNOWN, rng.integers(0, 8, count)).astype(np.int32),
        rng.integers(0, 8, count).astype(np.int32),
        np.arange(count) // 2,
        rng.permutation(count),
        rng.random(count) < 0.2,
        rng.random(count) < 0.9,
    )


def make_askers(rng: np.random.Generator, count: int, *, spread_m: float) -> Askers:
    """Return who asks, twenty at a place."""
    homes = rng.normal((416_000, 433_000), spread_m, (count // 20 + 1, 2)).round()
    interests = [
        sorted(set(rng.integers(0, CONCEPTS, rng.integers(0, 4)).tolist())) for _ in range(count)
    ]
    return Askers(
        homes[np.arange(count) // 20],
        Lists.of(interests),
        rng.choice([0, 0, 1, 5], count).astype(np.int32),
        rng.choice([0, 0, 2], count).astype(np.int32),
        np.full(count, WITHIN_M),
        rng.random(count) < 0.9,
        rng.random(count) < 0.3,
    )


def make_part(
    *, askers: int = 3_000, targets: int = 3_000, spread_m: float = 15_000, seed: int = 7
) -> Part:
    """Return a whole town in one part."""
    rng = np.random.default_rng(seed)
    wanted, found = (
        make_askers(rng, askers, spread_m=spread_m),
        make_targets(rng, targets, spread_m=spread_m),
    )
    return Part(0, found, wanted, np.arange(targets), np.arange(askers))


def with_walks(part: Part) -> Part:
    """Return a part in which a way or two was worked out before, and wrongly so."""
    located = np.arange(len(part.targets))
    home = np.arange(len(part.askers)) // 20
    pairs = np.stack([home[::40], located[: len(home[::40])]], axis=1)
    kept = Kept(home, located, pairs, np.full(len(pairs), 777.0), np.full(len(pairs), 888.0))
    return dataclasses.replace(part, kept=kept)


def in_many(part: Part, *, count: int) -> list[Part]:
    """Return the same as several parts, of which each knows of all targets."""
    everybody = np.arange(len(part.askers))
    return [
        dataclasses.replace(
            part,
            number=number,
            askers=part.askers[rows],
            asker_rows=part.asker_rows[rows],
            kept=part.kept and dataclasses.replace(part.kept, home=part.kept.home[rows]),
        )
        for number, rows in enumerate(everybody[first::count] for first in range(count))
    ]


def matches(engine: Engine, parts: Iterable[Part], answers: Answers) -> Rows:
    """Return all matches by rows of the run, sorted: the same of every engine."""
    columns: dict[str, list[npt.NDArray[np.generic]]] = {
        name: [] for name in ("asker", "rank", *FOUND, "answered_of", "answered")
    }
    for part, chunk, found in engine.match(parts, answers):
        askers = part.asker_rows[chunk]
        columns["asker"].append(askers[found.asker])
        columns["rank"].append(np.arange(len(found.asker)))
        for name in FOUND:
            columns[name].append(getattr(found, name))
        columns["target"][-1] = part.target_rows[found.target]
        columns["answered_of"].append(askers[part.askers[chunk].interests.rows])
        columns["answered"].append(found.answered)
    whole = {name: np.concatenate(arrays) for name, arrays in columns.items()}
    # Within an asker and a list the engine's own order is the rank.
    order = np.lexsort((whole["rank"], whole["is_visit"], whole["asker"]))
    by_asker = np.argsort(whole["answered_of"], kind="stable")
    of_run = {name: whole[name][order] for name in ("asker", *FOUND)}
    return of_run | {name: whole[name][by_asker] for name in ("answered_of", "answered")}


def assert_same(one: Rows, other: Rows) -> None:
    """Both are the same to the last bit."""
    assert one.keys() == other.keys()
    for name, values in one.items():
        is_number = values.dtype.kind == "f"
        assert np.array_equal(values, other[name], equal_nan=is_number), name


@dataclasses.dataclass(frozen=True)
class Here:
    """The engine that others are held to: a part as it is, in this process."""

    network: FootNetwork | None = None
    name: str = "here"

    def match(self, parts: Iterable[Part], answers: Answers) -> Iterator[tuple[Part, slice, Found]]:
        """Yield the matches of each part at once."""
        for part in parts:
            walks = None
            if self.network is not None and part.kept is not None:
                walks = OnFoot(self.network, part.askers, part.targets, part.kept)
            for chunk, found in match_everyone(part.targets, part.askers, answers, walks=walks):
                yield part, chunk, found
