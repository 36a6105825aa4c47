"""A run on Dask's workers writes what a run here writes, row for row."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest
import sqlalchemy as sa

from app.errors import PatchworkError
from app.everyone.actions import DASK, Request, match_all
from tests.everyone.conftest import Run
from tests.everyone.town import current_rows
from tests.people import People


def test_rows_are_the_same_whoever_did_the_work(
    filled: People, keeper: sa.Engine, run: Run
) -> None:
    here = run()
    assert here is not None
    before = {id_: row[1:] for id_, row in current_rows(filled).items()}
    settings = filled.settings.model_copy(update={"match_workers": 1})
    outcome = match_all(keeper, settings, Request(engine=DASK, at_once=5))
    assert outcome is not None
    assert outcome.residents == here.residents
    assert {id_: row[1:] for id_, row in current_rows(filled).items()} == before
    assert sum(len(row.near_ids) + len(row.visit_ids) for row in current_rows(filled).values())
    with filled.engine.connect() as connection:
        state = "SELECT engine FROM match_runs WHERE state = 'current'"
        assert connection.execute(sa.text(state)).scalar_one() == DASK


def test_without_dask_it_says_what_to_install_and_nothing_is_begun(
    filled: People, keeper: sa.Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = builtins.__import__

    def without(name: str, *given: Any, **named: Any) -> Any:
        if name.partition(".")[0] in {"dask", "distributed"}:
            raise ModuleNotFoundError(name, name=name)
        return really(name, *given, **named)

    for name in [name for name in sys.modules if name.startswith("app.everyone.dask_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PatchworkError, match=r"pip install 'patchwork\[distributed\]'"):
        match_all(keeper, filled.settings, Request(engine=DASK))
    monkeypatch.undo()
    with filled.engine.connect() as connection:
        assert not connection.execute(sa.text("SELECT FROM match_runs")).all()
    # Who does not ask for it does not need it.
    assert run() is not None
