"""Matching everybody on Dask: the same as here, to the last bit."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from app.everyone import dask_engine
from app.everyone.dask_engine import DaskEngine
from geo.network_files import from_bytes, to_bytes
from tests.everyone.dask_towns import (
    Here, assert_same, in_two, make_answers, make_part, matches, with_walks,
)  # fmt: skip
from tests.foot_networks import maze


def test_workers_on_this_machine_find_the_same_with_walks_in_many_pieces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network = from_bytes(to_bytes(maze(size=40)))
    part = with_walks(make_part(spread_m=4_000))
    expected = matches(Here(network), [part], make_answers())
    # Some were walked, to some there is no way, and some were kept from before.
    assert {777.0, 888.0} & set(expected["walk_m"].tolist())
    assert len(np.unique(expected["walk_m"][np.isfinite(expected["walk_m"])])) > 50
    engine = DaskEngine(network=network, at_once=400, workers=2)
    pieces = []
    found = matches(Watched(engine, pieces), in_two(part), make_answers())
    assert_same(found, expected)
    assert len(pieces) >= 8
    assert list(tmp_path.iterdir()) == []
    assert logging.getLogger("distributed").level != logging.CRITICAL + 1
