"""How well people reach places: properties that have to hold, and both ways beside brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.access import (
    FOOD_DRINK_AND_SHOPS,
    Reached,
    is_community_venue,
    reach_on_foot,
    share_within,
    spread_population,
    two_step_scores,
)
from geo.errors import GeoError
from geo.interests import Vocabulary
from geo.walking import FootNetwork, walks_m
from tests.conftest import ROOT

WALK_M = 5000 / 60  # a minute's walk
PLACES = st.tuples(st.integers(0, 4_000), st.integers(0, 4_000))
POINTS = st.lists(PLACES, min_size=1, max_size=25)


def as_points(places: list[tuple[int, int]]) -> np.ndarray:
    return np.array(places, dtype=float).reshape(-1, 2)


@pytest.mark.parametrize(
    ("concepts", "is_indoors", "counts"),
    [
        (["libraries", "reading"], True, True),
        (["community-centres"], None, True),
        (["pubs"], True, False),
        (["pubs", "dominoes"], True, True),
        (["eating-out", "south-asian-food"], True, False),
        (["parks"], False, False),
        (["bowls"], False, False),
        ([], True, False),
    ],
)
def test_what_a_community_venue_is(
    concepts: list[str], is_indoors: bool | None, counts: bool
) -> None:
    assert is_community_venue(concepts, is_indoors=is_indoors) is counts


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("St Mark's Church Hall", True),
        ("COMMUNITY CENTRE", True),
        ("Marshall's Pharmacy", False),
        ("Clubhouse Tailors", False),
        ("", False),
    ],
)
def test_where_no_interest_is_known_the_name_decides(name: str, counts: bool) -> None:
    assert is_community_venue([], is_indoors=None, name=name) is counts
    assert not is_community_venue([], is_indoors=False, name="Parish Hall")


def test_food_drink_and_shops_are_in_the_vocabulary() -> None:
    vocabulary = Vocabulary.from_csv(ROOT / "data/reference/interests.csv")
    assert {one for one in FOOD_DRINK_AND_SHOPS if one not in vocabulary} == set()


@st.composite
def towns(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return demand, people, supply and how much each supplies."""
    demand, supply = draw(POINTS), draw(POINTS)
    people = draw(st.lists(st.integers(0, 500), min_size=len(demand), max_size=len(demand)))
    offered = draw(st.lists(st.integers(0, 9), min_size=len(supply), max_size=len(supply)))
    return as_points(demand), np.array(people, float), as_points(supply), np.array(offered, float)


def grid_network() -> FootNetwork:
    """Return a square of streets 100 m apart, 3 km wide, cut by a river without a bridge."""
    side = np.arange(31)
    points = np.array([(100.0 * x, 100.0 * y) for x in side for y in side])
    number = {(int(x), int(y)): x * 31 + y for x in side for y in side}
    east = [(number[x, y], number[x + 1, y]) for x in range(30) for y in range(31) if x != 15]
    north = [(number[x, y], number[x, y + 1]) for x in range(31) for y in range(30)]
    edges = np.array(east + north, dtype=np.int32)
    return FootNetwork(np.arange(961), points, edges, np.ones(len(edges), dtype=bool))


@given(towns(), st.integers(0, 9))
def test_spread_people_are_neither_lost_nor_made(
    town: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], areas_with_none: int
) -> None:
    points, _, _, population = town
    population = np.concatenate([population, np.full(areas_with_none, 7.0)])
    homes = np.full((len(population), 2), 5_000.0)
    of_point = np.arange(len(points)) % len(town[3])
    demand = spread_population(population, homes, of_point, points)
    assert demand.people.sum() == pytest.approx(population.sum())
    of_area = np.bincount(demand.of_area, weights=demand.people, minlength=len(population))
    assert of_area == pytest.approx(population)
    # Whoever's area has a postcode lives at one; the others in the middle of their area.
    alone = set(range(len(population))) - set(of_point.tolist())
    at_home = (demand.points == 5_000.0).all(axis=1)
    assert set(demand.of_area[at_home].tolist()) == alone


def test_each_postcode_of_an_area_has_the_same_share() -> None:
    demand = spread_population(
        np.array([90.0, 10.0, np.nan]),
        np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]),
        np.array([0, 0, 0]),
        np.array([[10.0, 0.0], [20.0, 0.0], [30.0, 0.0]]),
    )
    assert demand.people.tolist() == [30, 30, 30, 10, 0]
    assert demand.points.tolist() == [[10, 0], [20, 0], [30, 0], [2, 2], [3, 3]]
    assert demand.of_area.tolist() == [0, 0, 0, 1, 2]


@given(towns(), st.floats(1, 30))
def test_what_is_reached_is_given_out_whole(
    town: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], catchment: float
) -> None:
    demand, people, supply, offered = town
    reached = reach_on_foot(demand, supply, within_minutes=catchment)
    scores = two_step_scores(people, offered, reached, catchment_minutes=catchment)
    shared = np.zeros(len(supply))
    np.add.at(shared, reached.of_supply, people[reached.of_demand])
    assert (people * scores).sum() == pytest.approx(offered[shared > 0].sum())
    assert (scores >= 0).all()


@given(towns(), st.floats(1, 15), st.floats(0, 15))
def test_a_wider_catchment_reaches_no_less(
    town: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], near: float, more: float
) -> None:
    demand, people, supply, offered = town
    reached = reach_on_foot(demand, supply, within_minutes=near + more)
    minutes = reached.nearest_minutes(len(demand))
    if people.sum():
        small = share_within(people, minutes, within_minutes=near)
        assert small <= share_within(people, minutes, within_minutes=near + more) <= 1
    given_out = [
        (people * two_step_scores(people, offered, reached, catchment_minutes=m)).sum()
        for m in (near, near + more)
    ]
    assert given_out[0] <= given_out[1] + 1e-9
    of_near = set(zip(*_pairs(reached.within(near)), strict=True))
    assert of_near <= set(zip(*_pairs(reached), strict=True))


def _pairs(reached: Reached) -> tuple[list[int], list[int]]:
    return reached.of_demand.tolist(), reached.of_supply.tolist()


@given(towns(), st.floats(1, 20))
def test_straight_lines_are_those_of_brute_force(
    town: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], minutes: float
) -> None:
    demand, _, supply, _ = town
    reached = reach_on_foot(demand, supply, within_minutes=minutes)
    apart = np.hypot(*(demand[:, None] - supply[None]).transpose(2, 0, 1)) * 1.3 / WALK_M
    expected = np.argwhere(apart <= minutes)
    assert list(zip(*_pairs(reached), strict=True)) == [tuple(pair) for pair in expected.tolist()]
    assert reached.minutes == pytest.approx(apart[apart <= minutes])
    assert reached.is_about.all()
    nearest = np.where(apart <= minutes, apart, np.inf).min(axis=1)
    assert reached.nearest_minutes(len(demand)) == pytest.approx(nearest)


@given(towns())
def test_along_streets_are_those_of_one_search_for_all(
    town: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    demand, _, supply, _ = town
    network = grid_network()
    reached = reach_on_foot(demand, supply, within_minutes=15, network=network)
    people, places = network.snap(demand), network.snap(supply)
    expected = walks_m(network, people, places) / WALK_M
    straight = np.hypot(*(demand[:, None] - supply[None]).transpose(2, 0, 1)) * 1.3 / WALK_M
    is_about = ~(people.is_on[:, None] & places.is_on)
    expected = np.where(is_about, straight, expected)
    pairs = np.argwhere(expected <= 15)
    assert list(zip(*_pairs(reached), strict=True)) == [tuple(pair) for pair in pairs.tolist()]
    assert reached.minutes == pytest.approx(expected[expected <= 15])
    assert reached.is_about.tolist() == is_about[expected <= 15].tolist()


def test_a_river_is_in_the_way() -> None:
    # 100 m apart, one on each side; 600 m along the same side.
    demand, supply = np.array([[1500.0, 1000.0]]), np.array([[1600.0, 1000.0], [1500.0, 1600.0]])
    network = grid_network()
    along = reach_on_foot(demand, supply, within_minutes=15, network=network)
    assert along.of_supply.tolist() == [1]
    assert along.minutes[0] == pytest.approx(600 / WALK_M)
    assert reach_on_foot(demand, supply, within_minutes=15).of_supply.tolist() == [0, 1]


def test_whoever_lives_at_the_door_reaches_it() -> None:
    here = np.array([[400.0, 400.0]])
    for network in (None, grid_network()):
        reached = reach_on_foot(here, here, within_minutes=10, network=network)
        assert reached.minutes.tolist() == [0]


def test_the_published_formula_by_hand() -> None:
    # Two venues; A reaches both, B the first only, C none.
    reached = Reached(
        np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([5.0, 14.0, 15.0]), np.ones(3, bool)
    )
    people, supply = np.array([100.0, 300.0, 50.0]), np.array([1.0, 1.0])
    scores = two_step_scores(people, supply, reached, catchment_minutes=15)
    assert scores == pytest.approx([1 / 400 + 1 / 100, 1 / 400, 0])
    nearer = two_step_scores(people, supply, reached, catchment_minutes=14.9)
    assert nearer == pytest.approx([2 / 100, 0, 0])


def test_shares_by_hand() -> None:
    people, minutes = np.array([100.0, 300.0, 50.0, 50.0]), np.array([10.0, 10.1, np.inf, np.nan])
    assert share_within(people, minutes, within_minutes=10) == pytest.approx(0.2)
    assert np.isnan(share_within(np.zeros(4), minutes, within_minutes=10))


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf], ids=["negative", "nan", "infinite"])
@pytest.mark.parametrize("which", ["population", "supply"])
def test_figures_that_are_none_are_refused(which: str, wrong: float) -> None:
    one, two = (np.array([wrong]), np.ones(1)) if which == "population" else (
        np.ones(1), np.array([wrong]),
    )  # fmt: skip
    nothing = reach_on_foot(np.zeros((0, 2)), np.zeros((0, 2)), within_minutes=1)
    with pytest.raises(GeoError, match=which):
        two_step_scores(one, two, nothing, catchment_minutes=15)
