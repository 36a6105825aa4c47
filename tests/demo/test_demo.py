from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from rich.console import Console

from app.database import make_engine
from app.demo.actions import DEMO_FOLDER, prepare_demo
from app.settings import Settings


def rows_of(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    engine = make_engine(settings)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(sa.text(statement))]
    engine.dispose()
    return rows


def test_the_town_is_as_large_as_promised_and_has_no_problems(town: Settings) -> None:
    kinds: dict[str, int] = dict(
        rows_of(town, "SELECT kind::text, count(*) FROM public_assets GROUP BY 1")
    )
    assert kinds["care_home"] == 9
    assert kinds["surgery"] == 3
    assert kinds["group"] + kinds["venue"] + kinds["informal"] > 90
    assert rows_of(town, "SELECT count(*) FROM public_activities")[0][0] > 85
    assert rows_of(town, "SELECT count(*) FROM import_problems")[0][0] == 0
    assert rows_of(town, "SELECT count(*) FROM areas WHERE area_type = 'ward'")[0][0] == 6


def test_nothing_made_up_is_in_a_real_publishers_name(town: Settings) -> None:
    sources = rows_of(town, "SELECT slug, publisher, licence, attribution FROM sources")
    assert len(sources) > 5
    for slug, publisher, licence, attribution in sources:
        assert slug.startswith("sample-")
        assert publisher == "Patchwork's sample town"
        assert licence == "CC0 1.0"
        assert "Made up" in attribution


def test_a_second_start_loads_nothing_and_says_so(town: Settings) -> None:
    before = rows_of(town, "SELECT count(*), max(id) FROM import_runs")
    said = io.StringIO()
    assert prepare_demo(town, folder=DEMO_FOLDER, console=Console(file=said)), "all made up"
    assert rows_of(town, "SELECT count(*), max(id) FROM import_runs") == before
    assert "nothing was loaded" in said.getvalue()
