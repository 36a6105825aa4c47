"""Matching everybody on Dask with workers of our own: the same as here, to the last bit."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from app.everyone.dask_engine import DaskEngine
from geo.network_files import from_bytes, to_bytes
from tests.everyone.dask_towns import (
    Here, assert_same, in_many, make_answers, make_part, matches, with_walks,
)  # fmt: skip
from tests.foot_networks import maze


def test_workers_on_this_machine_find_the_same_with_walks_in_many_pieces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network = from_bytes(to_bytes(maze(size=40)))
    part = with_walks(make_part(spread_m=1_500, askers=1_200, targets=800))
    expected = matches(Here(network), [part], make_answers())
    # Some were walked, to some there is no way, and some were known before.
    walks = expected["walk_m"]
    assert {777.0, 888.0} & set(walks.tolist())
    assert len(np.unique(walks[np.isfinite(walks)])) > 50
    engine = DaskEngine(network=network, at_once=200, workers=2)
    in_two = in_many(part, count=2)
    assert_same(matches(engine, in_two, make_answers()), expected)
    assert list(tmp_path.iterdir()) == []
    assert logging.getLogger("distributed").isEnabledFor(logging.ERROR)
