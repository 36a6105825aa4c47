"""The ten best by the way on foot, exactly: in a maze, where every way is a detour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.matches import actions, walked
from app.walking.actions import Walking
from geo.crs import grid_of
from geo.filters import NO_FILTERS, Filters
from geo.interests import Vocabulary
from geo.matching import Question, count_left_out, find_matches
from geo.walking import walks_m
from tests import foot_networks
from tests.builders import CITY_HALL
from tests.matches.brute_force import (
    FILTERS,
    TODAY,
    WANTED,
    brute_force,
    fill,
    left_out,
    targets_in,
)


@dataclass
class Filled:
    """A town in a maze."""

    connection: sa.Connection
    targets: gpd.GeoDataFrame
    walking: Walking

    def walks(self, at: tuple[float, float], *, needs_step_free: bool) -> list[float]:
        """Return metres on foot from a point to every row, worked out all at once."""
        network = self.walking.network
        origin, there = (
            network.snap(points, needs_step_free=needs_step_free)
            for points in (np.array([grid_of(*at)]), shapely.get_coordinates(self.targets.geometry))
        )
        found: list[float] = walks_m(network, origin, there, needs_step_free=needs_step_free)[
            0
        ].tolist()
        return found

    def by_id(self, walks: list[float]) -> Mapping[str, float]:
        """Return the same by the rows' ids."""
        return dict(zip(self.targets["id"], walks, strict=True))


@pytest.fixture(params=["dense", "sparse"])
def filled(request: pytest.FixtureRequest, session: Session, vocabulary: Vocabulary) -> Filled:
    spread = {"dense": 0.008, "sparse": 0.05}[request.param]
    fill(session, vocabulary, seed=len(request.param), count=900, spread=spread)
    walking = foot_networks.keep(session, foot_networks.maze())
    session.flush()
    return Filled(session.connection(), targets_in(session), walking)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    interests=st.lists(st.sampled_from(WANTED), min_size=1, max_size=3, unique=True),
    offset=st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)),
    needs=st.sampled_from([frozenset[str](), frozenset({"step_free"})]),
    day_parts=st.sampled_from([frozenset[str](), frozenset({"tue_pm"})]),
    filters=FILTERS | st.just(NO_FILTERS),
    within_m=st.sampled_from([640.0, 1500.0, 5000.0, 30000.0]),
    limit=st.sampled_from([1, 3, 10, 60]),
)
def test_both_engines_return_the_best_by_the_way_there(
    filled: Filled,
    vocabulary: Vocabulary,
    interests: list[str],
    offset: tuple[float, float],
    needs: frozenset[str],
    day_parts: frozenset[str],
    filters: Filters,
    within_m: float,
    limit: int,
) -> None:
    lon, lat = CITY_HALL[0] + offset[0], CITY_HALL[1] + offset[1]
    easting, northing = grid_of(lon, lat)
    walker = walked.walker_for(needs, filters)
    question = Question(
        easting=easting,
        northing=northing,
        relations=vocabulary.relations(vocabulary.concept(slug).id for slug in interests),
        today=TODAY,
        needs=needs,
        day_parts=day_parts,
        filters=filters,
        within_m=within_m,
        limit=limit,
        walker=walker,
    )
    walks = filled.walks((lon, lat), needs_step_free=walker.needs_step_free)
    by_id = filled.by_id(walks)
    expected = brute_force(filled.targets, question, by_id)
    lists = actions.find_matches(
        filled.connection,
        vocabulary,
        lon=lon,
        lat=lat,
        interests=interests,
        needs=needs,
        day_parts=day_parts,
        within_m=within_m,
        limit=limit,
        filters=filters,
        today=TODAY,
        walking=filled.walking,
    )
    frame = find_matches(filled.targets, question, walk_m=walks)
    assert [(match.id, match.score) for match in lists.near] == expected
    assert list(zip(frame["id"], frame["score"], strict=True)) == expected
    assert [match.reasons for match in lists.near] == frame["reasons"].tolist()
    for match in lists.near:
        assert match.walk_m == pytest.approx(by_id[match.id], nan_ok=True)
        assert match.effective_m <= within_m + 0.1
    if filters.is_any and not filters.with_unknown:
        counted = lists.near_left_out._asdict()
        assert counted == count_left_out(filled.targets, question, walk_m=walks)
        assert counted == left_out(filled.targets, question, by_id)


def test_the_maze_is_one(filled: Filled) -> None:
    walks = np.array(filled.walks(CITY_HALL, needs_step_free=False))
    straight = filled.targets.distance(shapely.Point(grid_of(*CITY_HALL))).to_numpy()
    is_way = np.isfinite(walks) & (straight > 200)
    assert (walks[is_way] / straight[is_way]).max() > 5
    assert np.isinf(filled.walks(CITY_HALL, needs_step_free=True)).sum() > 50
