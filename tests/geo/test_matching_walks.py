"""Metres on foot for many pairs: what is kept first, else along the network, each way once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from geo import matching_walks
from geo.crs import grid_of
from geo.matching_arrays import Askers, Floats, Lists, Numbers, Targets
from geo.matching_walks import Kept, OnFoot
from geo.walking import FootNetwork, walks_m
from tests.builders import CITY_HALL
from tests.foot_networks import maze

PLACES, ASKERS = 30, 8


@pytest.fixture(scope="module")
def network() -> FootNetwork:
    return maze(size=30)


def make(network: FootNetwork) -> OnFoot:
    rng = np.random.default_rng(3)
    middle = np.array(grid_of(*CITY_HALL))
    points = middle + rng.uniform(-1_200, 1_200, (PLACES, 2))
    homes = middle + rng.uniform(-1_200, 1_200, (3, 2))
    no = np.zeros(PLACES, dtype=bool)
    nothing = np.zeros(PLACES, dtype=np.int32)
    numbers = np.arange(PLACES)
    door = np.ones(PLACES, dtype=bool)
    door[5] = False
    targets = Targets(points, Lists.of([[0]] * PLACES), np.ones(PLACES), nothing, nothing,
                      numbers, numbers, no, door)  # fmt: skip
    step_free = np.arange(ASKERS) % 2 == 1
    bits = np.zeros(ASKERS, dtype=np.int32)
    askers = Askers(homes[np.arange(ASKERS) % 3], Lists.of([[0]] * ASKERS), bits, bits,
                    np.full(ASKERS, 5_000.0), np.ones(ASKERS, dtype=bool), step_free)  # fmt: skip
    return OnFoot(network, askers, targets, Kept.nothing(askers=ASKERS, located=numbers))


def all_pairs() -> tuple[Numbers, Numbers]:
    return np.repeat(np.arange(ASKERS), PLACES), np.tile(np.arange(PLACES), ASKERS)


def along(network: FootNetwork, ways: OnFoot, asker: int) -> Floats:
    """Return the metres from one asker to every place, asked alone."""
    step_free = bool(ways.askers.needs_step_free[asker])
    origin = network.snap(ways.askers.points[[asker]], needs_step_free=step_free)
    there = network.snap(ways.targets.points, needs_step_free=step_free)
    found: Floats = walks_m(network, origin, there, needs_step_free=step_free)[0]
    return found


def test_metres_are_those_of_the_network(network: FootNetwork) -> None:
    ways = make(network)
    found = ways.metres(*all_pairs()).reshape(ASKERS, PLACES)
    for asker in range(ASKERS):
        expected = along(network, ways, asker)
        expected[5] = np.nan  # has no door
        np.testing.assert_array_equal(found[asker], expected)
    assert np.isfinite(found).sum() > 50
    assert (found[0] != found[3]).any(), "without steps it is another way"


def test_what_is_kept_for_a_home_is_not_walked_again(
    network: FootNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = make(network)
    home = np.array([7, -1, 2, 7, -1, 2, 7, -1])  # one and four live by themselves
    pairs = np.array([[7, place] for place in range(PLACES)] + [[2, 0]])
    ways.kept = dataclasses.replace(
        ways.kept, home=home, pairs=pairs,
        walk_m=np.r_[np.full(PLACES - 1, 123.0), np.inf, 77.0],
        step_free_m=np.r_[np.full(PLACES, 456.0), np.nan],
    )  # fmt: skip
    walked = []

    def counted(*given: object, **named: object) -> Floats:
        walked.append(given)
        return walks_m(*given, **named)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(matching_walks, "walks_m", counted)
    found = ways.metres(*all_pairs()).reshape(ASKERS, PLACES)
    assert found[0, 0] == found[6, 1] == 123.0
    assert np.isinf(found[0, -1])
    assert found[3, 0] == 456.0
    assert found[2, 0] == 77.0
    assert np.isnan(found[5, 0])
    expected = along(network, ways, 1)
    np.testing.assert_array_equal(found[1, 6:], expected[6:])
    assert np.isnan(found[0, 5]), "nobody walks to what has no door"
    # Of home 2 twice (with steps and without), of the other point twice.
    assert len(walked) == 4
    np.testing.assert_array_equal(ways.metres(*all_pairs()).reshape(ASKERS, PLACES), found)
    assert len(walked) == 4, "each way is worked out once"
