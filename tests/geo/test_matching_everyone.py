"""Everybody's best matches on arrays, held to the question asked for each."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import scores
from geo.errors import QuestionError
from geo.interests import Concept, Vocabulary
from geo.matching import VISIT_REACH_M, Question, find_matches
from geo.matching_arrays import (
    NOT_KNOWN,
    Answers,
    Askers,
    Floats,
    Lists,
    Numbers,
    Targets,
    answers_of,
    as_bits,
)
from geo.matching_everyone import Found, match_everyone

TODAY = dt.date(2026, 11, 27)
ACCESS = ("step_free", "seating", "parking")
PARTS = ("mon_am", "tue_pm", "sat_eve")
ACCESS_BITS = {word: bit for bit, word in enumerate(ACCESS)}
PART_BITS = {word: bit for bit, word in enumerate(PARTS)}
DATES = (None, dt.date(2026, 11, 1), dt.date(2025, 6, 1), dt.date(2020, 1, 1))
ANSWERING = ("same", "narrower", "gentler")


def vocabulary(rng: np.random.Generator, count: int) -> Vocabulary:
    """Return concepts in a small forest, with gentler alternatives here and there."""
    concepts = [
        Concept(n, f"c{n}", f"C{n}", int(rng.integers(0, n)) if n and rng.random() < 0.6 else None,
                (), special_category=False)
        for n in range(count)
    ]  # fmt: skip
    gentler = {(int(a), int(b)) for a, b in rng.integers(0, count, (count // 3, 2)) if a != b}
    return Vocabulary(concepts, [(a, b, "It is gentler.") for a, b in sorted(gentler)])


@dataclasses.dataclass(frozen=True)
class World:
    """The same rows as arrays and as frames and questions."""

    vocabulary: Vocabulary
    answers: Answers
    targets: Targets
    askers: Askers
    frame: gpd.GeoDataFrame
    wishes: list[list[int]]


def make_world(seed: int, *, targets: int = 60, askers: int = 12, concepts: int = 8) -> World:
    """Return a town in which much is at one point, and much is equally good."""
    rng = np.random.default_rng(seed)
    known = vocabulary(rng, concepts)
    # A coarse raster: many stand at one door, and many are equally far.
    spread_m = float(rng.choice([300, 3_000, 30_000]))
    points = np.round(rng.normal(0, spread_m, (targets, 2)) / 100) * 100 + 400_000
    points[rng.random(targets) < 0.05] = np.nan
    interests = [
        sorted(set(rng.integers(0, concepts, rng.integers(0, 4)).tolist())) for _ in range(targets)
    ]
    access = [
        None if rng.random() < 0.4 else [w for w in ACCESS if rng.random() < 0.5]
        for _ in range(targets)
    ]
    parts = [[w for w in PARTS if rng.random() < 0.3] for _ in range(targets)]
    dates = [DATES[n] for n in rng.integers(0, len(DATES), targets)]
    is_activity = rng.random(targets) < 0.6
    comes = is_activity & (rng.random(targets) < 0.4)
    place = rng.integers(0, max(1, targets // 2), targets)
    ids = [f"{n:05d}" for n in rng.permutation(targets)]
    frame = gpd.GeoDataFrame(
        {
            "id": ids, "place_id": [str(p) for p in place], "is_activity": is_activity,
            "comes_to_homes": comes, "interest_ids": interests, "access": access,
            "day_parts": parts, "assured_date": dates, "row": range(targets),
        },
        geometry=gpd.points_from_xy(*points.T), crs=27700,
    )  # fmt: skip
    order = sorted(range(targets), key=lambda n: (not is_activity[n], ids[n]))
    turn = np.empty(targets, dtype=np.int64)
    turn[order] = np.arange(targets)
    arrays = Targets(
        points,
        Lists.of(interests),
        np.array([scores.freshness(day, TODAY) for day in dates]),
        np.array([NOT_KNOWN if a is None else as_bits(a, ACCESS_BITS) for a in access], np.int32),
        np.array([as_bits(p, PART_BITS) for p in parts], np.int32),
        place, turn, comes, rng.random(targets) < 0.8,
    )  # fmt: skip
    wishes = [
        rng.choice(concepts, rng.integers(0, 4), replace=False).tolist() for _ in range(askers)
    ]
    people = make_askers(rng, wishes, spread_m=spread_m)
    return World(known, answers_of(known), arrays, people, frame, wishes)


def make_askers(rng: np.random.Generator, wishes: list[list[int]], *, spread_m: float) -> Askers:
    """Return who has these wishes, about three at a place."""
    askers = len(wishes)
    homes = rng.normal(400_000, spread_m, (max(1, askers // 3), 2))
    needs = [[w for w in ACCESS if rng.random() < 0.3] for _ in range(askers)]
    times = [[w for w in PARTS if rng.random() < 0.2] for _ in range(askers)]
    return Askers(
        homes[rng.integers(0, len(homes), askers)],
        Lists.of(wishes),
        np.array([as_bits(words, ACCESS_BITS) for words in needs], np.int32),
        np.array([as_bits(words, PART_BITS) for words in times], np.int32),
        rng.choice([640.0, 5_000.0], askers),
        rng.random(askers) < 0.8,
        np.array(["step_free" in words for words in needs]),
    )


class MadeUpWalks:
    """Ways that are made up: some not known, some endless, some a long way round."""

    def __init__(self, world: World, seed: int) -> None:
        rng = np.random.default_rng(seed)
        shape = (len(world.askers), len(world.targets))
        apart = np.hypot(*(world.askers.points[:, None] - world.targets.points[None]).T).T
        self.walks = apart * rng.uniform(1.0, 4.0, shape)
        self.walks[rng.random(shape) < 0.1] = np.inf
        self.walks[rng.random(shape) < 0.1] = np.nan
        self.walks[:, ~world.targets.has_door] = np.nan
        self.asked: list[tuple[int, int]] = []

    def metres(self, askers: Numbers, targets: Numbers) -> Floats:
        self.asked += zip(askers.tolist(), targets.tolist(), strict=True)
        found: Floats = self.walks[askers, targets]
        return found


def expected(world: World, walks: MadeUpWalks | None) -> Iterator[tuple[object, ...]]:
    """Yield asker, list, row, score and distance, each asked for alone."""
    for number, wished in enumerate(world.wishes):
        for visits in (False, True):
            if not visits and not world.askers.goes_out[number]:
                continue
            question = question_of(world, number, wished, visits=visits)
            walk_m = None if walks is None or visits else walks.walks[number]
            found = find_matches(world.frame, question, walk_m=walk_m)
            for row in found.itertuples():
                walked = round(getattr(row, "walk_m", math.nan), 6)
                yield number, visits, row.row, row.score, round(row.distance_m, 6), repr(walked)


def question_of(world: World, number: int, wished: list[int], *, visits: bool) -> Question:
    bits, parts = int(world.askers.needs[number]), int(world.askers.day_parts[number])
    easting, northing = world.askers.points[number].tolist()
    return Question(
        easting,
        northing,
        world.vocabulary.relations(wished),
        TODAY,
        frozenset(word for word, bit in ACCESS_BITS.items() if bits & (1 << bit)),
        frozenset(word for word, bit in PART_BITS.items() if parts & (1 << bit)),
        visits=visits,
        within_m=VISIT_REACH_M if visits else world.askers.within_m[number],
    )


def expected_answered(world: World, walks: MadeUpWalks | None) -> list[bool]:
    """Return for each wish whether anything in reach is the same, narrower or gentler."""
    answered = []
    for number, wished in enumerate(world.wishes):
        for wish in wished:
            relations = world.vocabulary.relations([wish])
            kept = {i: r for i, r in relations.items() if r.kind in ANSWERING}
            found = False
            for visits in (False, True):
                if not visits and not world.askers.goes_out[number]:
                    continue
                question = dataclasses.replace(
                    question_of(world, number, [wish], visits=visits), relations=kept
                )
                walk_m = None if walks is None or visits else walks.walks[number]
                found |= len(find_matches(world.frame, question, walk_m=walk_m)) > 0
            answered.append(found)
    return answered


def told(found: Found, start: int) -> list[tuple[object, ...]]:
    return [
        (a + start, v, t, s, round(d, 6), repr(round(w, 6)))
        for a, v, t, s, d, w in zip(
            found.asker.tolist(), found.is_visit.tolist(), found.target.tolist(),
            found.score.tolist(), found.distance_m.tolist(), found.walk_m.tolist(), strict=True,
        )
    ]  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10_000), targets=st.integers(0, 150), is_walked=st.booleans(),
    at_once=st.sampled_from([3, 100]), workers=st.sampled_from([1, 2]),
)  # fmt: skip
def test_everybody_gets_what_each_would_get(
    *, seed: int, targets: int, is_walked: bool, at_once: int, workers: int
) -> None:
    world = make_world(seed, targets=targets)
    walks = MadeUpWalks(world, seed) if is_walked else None
    rows: list[tuple[object, ...]] = []
    answered: list[bool] = []
    for chunk, found in match_everyone(
        world.targets, world.askers, world.answers, walks=walks, at_once=at_once, workers=workers
    ):
        rows += told(found, chunk.start)
        answered += found.answered.tolist()
    assert rows == list(expected(world, walks))
    assert answered == expected_answered(world, walks)


def test_a_crowded_town_is_exact_too() -> None:
    """So many of each concept that several rounds are needed, and circles are cut off."""
    world = make_world(4711, targets=20_000, askers=40, concepts=6)
    rows = [
        row
        for chunk, found in match_everyone(world.targets, world.askers, world.answers)
        for row in told(found, chunk.start)
    ]
    assert len(rows) > 300
    assert rows == list(expected(world, None))


def test_only_what_may_be_among_the_best_is_walked() -> None:
    world = make_world(7, targets=20_000, askers=40, concepts=6)
    walks = MadeUpWalks(world, 7)
    list(match_everyone(world.targets, world.askers, world.answers, walks=walks))
    assert 0 < len(set(walks.asked)) < len(world.askers) * len(world.targets) / 20


def test_bad_numbers_are_refused() -> None:
    world = make_world(1)
    with pytest.raises(QuestionError, match="at_once"):
        list(match_everyone(world.targets, world.askers, world.answers, at_once=0))
    points = world.askers.points.copy()
    points[3] = np.nan
    nowhere = dataclasses.replace(world.askers, points=points)
    with pytest.raises(QuestionError, match="nowhere"):
        list(match_everyone(world.targets, nowhere, world.answers))
    odd = dataclasses.replace(
        world.askers, interests=Lists.of([[99]] + [[]] * (len(world.askers) - 1))
    )
    with pytest.raises(QuestionError, match="vocabulary"):
        list(match_everyone(world.targets, odd, world.answers))


def plain(points: Floats, interests: list[list[int]], *, place: Numbers, turn: Numbers) -> Targets:
    """Return targets that differ in nothing else."""
    count = len(points)
    no, yes = np.zeros(count, dtype=bool), np.ones(count, dtype=bool)
    nothing = np.zeros(count, dtype=np.int32)
    fresh = np.ones(count)
    return Targets(points, Lists.of(interests), fresh, nothing, nothing, place, turn, no, yes)


def one_asker(wishes: list[int]) -> Askers:
    nothing = np.zeros(1, dtype=np.int32)
    no, yes = np.zeros(1, dtype=bool), np.ones(1, dtype=bool)
    reach_m = np.array([5_000.0])
    return Askers(np.zeros((1, 2)), Lists.of([wishes]), nothing, nothing, reach_m, yes, no)


def same_only(concepts: int) -> Answers:
    return answers_of(
        Vocabulary(
            Concept(n, f"c{n}", f"C{n}", None, (), special_category=False) for n in range(concepts)
        )
    )


def test_what_is_equally_good_comes_by_its_turn() -> None:
    rng = np.random.default_rng(5)
    count = 300
    points = np.tile([300.0, 400.0], (count, 1))
    turn = rng.permutation(count)
    targets = plain(points, [[0]] * count, place=np.arange(count), turn=turn)
    [(_, found)] = match_everyone(targets, one_asker([0]), same_only(1))
    assert turn[found.target].tolist() == list(range(10))


def test_a_place_with_many_sessions_is_one_match() -> None:
    """A hundred sessions of two houses close by, and thirty other places farther away."""
    points = np.concatenate(
        [np.linspace((10, 0), (200, 0), 100), np.linspace((1_000, 0), (2_000, 0), 30)]
    )
    place = np.concatenate([np.arange(100) % 2, np.arange(2, 32)])
    targets = plain(points, [[0]] * 130, place=place, turn=np.arange(130))
    [(_, found)] = match_everyone(targets, one_asker([0]), same_only(1))
    assert found.target.tolist() == [0, 1, *range(100, 108)]


def test_what_is_not_among_the_best_is_still_an_answer() -> None:
    """Ten closer by leave no room for something narrower four kilometres away, which is there."""
    concepts = Vocabulary(
        Concept(n, f"c{n}", f"C{n}", above, (), special_category=False)
        for n, above in enumerate([None, None, 1])
    )
    points = np.concatenate([np.tile([1_000.0, 0.0], (20, 1)), [[4_000.0, 0.0]]])
    interests = [[0]] * 20 + [[2]]
    targets = plain(points, interests, place=np.arange(21), turn=np.arange(21))
    [(_, found)] = match_everyone(targets, one_asker([0, 1]), answers_of(concepts))
    assert found.target.tolist() == list(range(10))
    assert found.answered.tolist() == [True, True]
    gone = dataclasses.replace(targets, points=np.where(points > 1_000.0, 6_000.0, points))
    [(_, found)] = match_everyone(gone, one_asker([0, 1]), answers_of(concepts))
    assert found.answered.tolist() == [True, False]
