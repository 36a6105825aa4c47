"""The ten best by score, exactly: both engines against brute force, in thin and dense places."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.matches import left_out_queries, queries
from geo.distance import walk_minutes
from geo.filters import Filters
from geo.interests import Vocabulary
from geo.matching import COLUMNS, Question, count_left_out, find_matches
from tests.builders import CITY_HALL
from tests.matches.brute_force import (
    FILTERS,
    TO_GRID,
    TODAY,
    WANTED,
    brute_force,
    fill,
    left_out,
    targets_in,
)


@pytest.fixture(params=["dense", "sparse"])
def filled(
    request: pytest.FixtureRequest, session: Session, vocabulary: Vocabulary
) -> tuple[sa.Connection, gpd.GeoDataFrame]:
    spread = {"dense": 0.004, "sparse": 0.2}[request.param]
    fill(session, vocabulary, seed=len(request.param), count=900, spread=spread)
    session.flush()
    return session.connection(), targets_in(session)


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
    filters=FILTERS,
    visits=st.booleans(),
    within_m=st.sampled_from([300.0, 1500.0, 5000.0, 30000.0]),
    limit=st.sampled_from([1, 10, 60]),
)
def test_both_engines_return_the_best_by_score(
    filled: tuple[sa.Connection, gpd.GeoDataFrame],
    vocabulary: Vocabulary,
    interests: list[str],
    offset: tuple[float, float],
    needs: frozenset[str],
    day_parts: frozenset[str],
    filters: Filters,
    visits: bool,
    within_m: float,
    limit: int,
) -> None:
    easting, northing = TO_GRID.transform(CITY_HALL[0] + offset[0], CITY_HALL[1] + offset[1])
    question = Question(
        easting=easting,
        northing=northing,
        relations=vocabulary.relations(vocabulary.concept(slug).id for slug in interests),
        today=TODAY,
        needs=needs,
        day_parts=day_parts,
        filters=filters,
        visits=visits,
        within_m=within_m,
        limit=limit,
    )
    connection, targets = filled
    expected = brute_force(targets, question)
    both = {
        "near": dataclasses.replace(question, visits=False),
        "visits": dataclasses.replace(question, visits=True),
    }
    near, visiting = queries.find(connection, **both)
    from_sql = [(str(row.id), row.score) for row in (visiting if visits else near)]
    frame = find_matches(targets, question)
    from_frame = list(zip(frame["id"], frame["score"], strict=True))
    assert from_sql == expected
    assert from_frame == expected
    assert all(len(reasons) >= 3 for reasons in frame["reasons"])
    if filters.is_any and not filters.with_unknown:
        counted = left_out_queries.count_left_out(connection, **both)[visits]._asdict()
        assert counted == count_left_out(targets, question) == left_out(targets, question)


def test_targets_must_have_the_columns() -> None:
    frame = gpd.GeoDataFrame({"id": []}, geometry=[], crs=4326)
    question = Question(easting=0, northing=0, relations={}, today=TODAY)
    with pytest.raises(ValueError, match="no column place_id"):
        find_matches(frame, question)
    assert set(COLUMNS) > {"id"}


def test_walk_minutes_allow_for_streets() -> None:
    assert walk_minutes(0) == 1
    assert walk_minutes(641) == 10
