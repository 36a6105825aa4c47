"""Partitions as GeoParquet, and how a run is cut into them."""

from __future__ import annotations

import io

import geopandas as gpd
import numpy as np
import pytest

from geo.errors import PieceError, QuestionError
from geo.matching import VISIT_REACH_M
from geo.matching_arrays import Askers, Targets, in_reach
from geo.matching_files import askers_from, targets_from, to_geoparquet
from geo.matching_pieces import cut, fingerprint, kept_of, match_piece, pack
from tests.everyone.dask_towns import WITHIN_M, make_answers, make_part, with_walks

PART = make_part(askers=500, targets=400)


def assert_equal(one: Targets | Askers, other: Targets | Askers) -> None:
    assert type(one) is type(other)
    for name in type(one).__slots__:
        was, is_now = getattr(one, name), getattr(other, name)
        if name == "interests":
            assert np.array_equal(was.starts, is_now.starts)
            was, is_now = was.values, is_now.values
        assert was.dtype == is_now.dtype, name
        assert np.array_equal(was, is_now, equal_nan=was.dtype.kind == "f"), name


@pytest.mark.parametrize("rows", [slice(None), slice(0, 0), slice(0, 1)])
def test_what_comes_back_from_geoparquet_is_what_was_put_in(rows: slice) -> None:
    assert_equal(targets_from(to_geoparquet(PART.targets[rows])), PART.targets[rows])
    assert_equal(askers_from(to_geoparquet(PART.askers[rows])), PART.askers[rows])


def test_any_program_reads_a_partition_as_points_on_the_national_grid() -> None:
    frame = gpd.read_parquet(io.BytesIO(to_geoparquet(PART.targets)))
    assert frame.crs.to_epsg() == 27700
    assert np.array_equal(
        np.stack([frame.geometry.x, frame.geometry.y], axis=1), PART.targets.points, equal_nan=True
    )
    assert frame["interests"].map(len).to_list() == PART.targets.interests.lengths.tolist()
    # Numbers, and nobody's name or reference.
    assert set(frame.columns) == {
        "geometry", "interests", "freshness", "access", "day_parts", "place", "turn",
        "comes_to_homes", "has_door",
    }  # fmt: skip


def test_what_is_no_partition_is_refused() -> None:
    with pytest.raises(QuestionError, match="cut off"):
        targets_from(to_geoparquet(PART.targets)[:500])
    with pytest.raises(QuestionError, match=r"cannot be read|has no column"):
        askers_from(to_geoparquet(PART.targets))


@pytest.mark.parametrize("most", [1, 7, 499, 500, 1000])
def test_pieces_hold_everybody_once_and_are_not_too_large(most: int) -> None:
    pieces = list(cut(PART.askers, most=most))
    assert sorted(np.concatenate(pieces).tolist()) == list(range(500))
    assert max(map(len, pieces)) <= most
    assert all(np.all(np.diff(piece) > 0) for piece in pieces)


def test_people_at_one_place_are_cut_too_and_nobody_is_no_piece() -> None:
    neighbours = PART.askers[np.zeros(50, dtype=np.int64)]
    assert [len(piece) for piece in cut(neighbours, most=20)] == [12, 13, 12, 13]
    assert list(cut(PART.askers[:0], most=20)) == []


def test_a_piece_overlaps_as_wide_as_the_reach() -> None:
    for rows in cut(PART.askers, most=60):
        some = PART.askers[rows]
        kept = np.zeros(len(PART.targets), dtype=bool)
        kept[in_reach(PART.targets, some)] = True
        apart = np.hypot(*(PART.targets.points[:, None] - some.points[None]).T).T
        reach = np.where(PART.targets.comes_to_homes, VISIT_REACH_M, WITHIN_M)
        is_reached = (apart <= reach[:, None]).any(axis=1)
        assert not (is_reached & ~kept).any()
        assert kept.sum() < len(PART.targets)


def test_ways_known_before_go_with_who_and_what_they_are_between() -> None:
    kept = with_walks(PART).kept
    assert kept is not None
    askers, targets = np.arange(40, 80), np.arange(3)
    some = kept_of(kept, askers=askers, targets=targets)
    assert some.home.tolist() == kept.home[40:80].tolist()
    assert some.pairs.tolist() == [[2, 1]]
    assert some.walk_m.tolist() == [777.0]
    assert some.step_free_m.tolist() == [888.0]


def test_another_version_does_nothing() -> None:
    piece = pack(PART.targets, PART.askers, make_answers(), None)
    assert len(match_piece(piece, None, fingerprint()).asker)
    with pytest.raises(PieceError, match="install the same one on every machine"):
        match_piece(piece, None, "another")
