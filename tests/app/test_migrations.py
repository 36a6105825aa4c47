"""Migrations up, down and up again; models and tables agree; the indexes of the live question."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.database import APP_ROLE
from app.models import Base
from tests.builders import store_many
from tests.conftest import new_database

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "alembic" / "versions"

# Everything of ours in a database: relations, types and functions that no extension brought.
OURS = """
SELECT 'relation ' || c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'S')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT 'type ' || t.typname FROM pg_type t
WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'e'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
UNION ALL
SELECT 'function ' || p.proname FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def _config(connection: sa.Connection) -> Config:
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["connection"] = connection
    return config


def _ours(connection: sa.Connection) -> set[str]:
    return set(connection.execute(sa.text(OURS)).scalars()) - {"relation alembic_version"}


@pytest.fixture
def own_database(admin_url: sa.URL) -> Iterator[sa.Engine]:
    """Return an engine on a migrated database that this test may take apart."""
    with new_database(admin_url) as url:
        made = sa.create_engine(url)
        yield made
        made.dispose()


def test_down_leaves_nothing_and_up_again_the_same(own_database: sa.Engine) -> None:
    with own_database.begin() as connection:
        before = _ours(connection)
        columns = _columns(connection)
    assert {"relation assets", "relation public_assets", "function best_matches"} <= before
    with own_database.begin() as connection:
        command.downgrade(_config(connection), "base")
    with own_database.begin() as connection:
        assert _ours(connection) == set()
        command.upgrade(_config(connection), "head")
    with own_database.begin() as connection:
        assert _ours(connection) == before
        assert _columns(connection) == columns


def test_each_step_goes_down_and_up(own_database: sa.Engine) -> None:
    revisions = [
        script.revision for script in ScriptDirectory(str(ROOT / "alembic")).walk_revisions()
    ]
    for below in [*revisions[1:], "base"]:
        with own_database.begin() as connection:
            command.downgrade(_config(connection), below)
            command.upgrade(_config(connection), "+1")
            command.downgrade(_config(connection), below)


def _columns(connection: sa.Connection) -> list[tuple[Any, ...]]:
    rows = connection.execute(
        sa.text(
            "SELECT table_name, column_name, udt_name, is_nullable, coalesce(column_default, ''),"
            " coalesce(generation_expression, '') FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
    )
    return sorted(tuple(row) for row in rows)


def test_models_and_tables_agree(own_database: sa.Engine) -> None:
    with own_database.begin() as connection:
        command.check(_config(connection))
        # The check sees what is planted.
        connection.execute(sa.text("ALTER TABLE assets ADD COLUMN planted int"))
        with pytest.raises(Exception, match="New upgrade operations detected"):
            command.check(_config(connection))


def test_models_and_tables_have_the_same_check_constraints(engine: sa.Engine) -> None:
    # Alembic does not compare these.
    in_models = {
        (table.name, str(constraint.name))
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT conrelid::regclass::text, conname FROM pg_constraint"
                " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
                " AND conrelid::regclass::text <> 'spatial_ref_sys'"
            )
        )
        in_tables = {(table, name) for table, name in rows}
    assert len(in_tables) > 15
    assert in_models == in_tables


def test_there_is_one_head_and_names_are_dated() -> None:
    scripts = ScriptDirectory(str(ROOT / "alembic"))
    assert len(scripts.get_heads()) == 1
    for path in VERSIONS.glob("*.py"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}_[a-z_]+\.py", path.name)


def test_migrations_do_not_wait_long_for_a_lock(own_database: sa.Engine) -> None:
    asked: list[str] = []
    with own_database.begin() as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        command.downgrade(_config(connection), "-1")
    first_change = next(
        n for n, said in enumerate(asked) if said.lstrip().startswith(("DROP", "CREATE"))
    )
    assert "SET LOCAL lock_timeout = '5s'" in asked[:first_change]


GONE_VENUES = "2026_11_26_gone_venues"
PLACES = """
INSERT INTO assets (kind, name, geom, location_source, source_id, source_key, gone_at)
  SELECT 'venue', v.name, ST_SetSRID(ST_MakePoint(lon, 53.8), 4326), 'given', s.id, v.name, gone_at
  FROM sources s, (VALUES ('Club', -1.7, NULL), ('Hall', -1.8, now())) AS v (name, lon, gone_at)
"""
ACTIVITY = """
INSERT INTO activities (name, organizer_id, venue_id, source_id, source_key)
  SELECT 'Boccia', c.id, h.id, c.source_id, 'b' FROM assets c, assets h
  WHERE c.name = 'Club' AND h.name = 'Hall'
"""


def test_activities_of_gone_venues_are_placed_anew(own_database: sa.Engine) -> None:
    def placed() -> tuple[float, int]:
        with own_database.begin() as connection:
            found = connection.execute(sa.text("SELECT ST_X(geom), version FROM activities"))
            lon, version = found.one()
            return lon, version

    with own_database.begin() as connection:
        command.downgrade(_config(connection), f"{GONE_VENUES}-1")
    with own_database.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO sources (slug, name, publisher, licence, attribution)"
                " VALUES ('x', 'x', 'x', 'x', 'x')"
            )
        )
        connection.execute(sa.text(PLACES))
        connection.execute(sa.text(ACTIVITY))
    assert placed() == (-1.8, 1)
    with own_database.begin() as connection:
        command.upgrade(_config(connection), GONE_VENUES)
    assert placed() == (-1.7, 1)
    with own_database.begin() as connection:
        command.downgrade(_config(connection), f"{GONE_VENUES}-1")
    assert placed() == (-1.8, 1)
    # The view was made anew, and may still be read by whoever could.
    with own_database.begin() as connection:
        connection.execute(sa.text(f"SET LOCAL ROLE {APP_ROLE}"))
        connection.execute(sa.text("SELECT * FROM public_activities"))


def test_what_said_nothing_says_so(own_database: sa.Engine) -> None:
    def found() -> tuple[list[str], int]:
        with own_database.begin() as connection:
            names = connection.execute(sa.text("SELECT name FROM assets ORDER BY source_key"))
            figures = connection.execute(sa.text("SELECT count(*) FROM area_figures"))
            return list(names.scalars()), figures.scalar_one()

    with own_database.begin() as connection:
        command.downgrade(_config(connection), f"{GONE_VENUES}-1")
    with own_database.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO sources (slug, name, publisher, licence, attribution)"
                " VALUES ('x', 'x', 'x', 'x', 'x')"
            )
        )
        connection.execute(sa.text(PLACES))
        connection.execute(sa.text("UPDATE assets SET name = ' ' WHERE name = 'Hall'"))
        connection.execute(
            sa.text(
                "INSERT INTO area_figures (gss_code, measure, as_of, value, source_id)"
                " SELECT 'E01010568', m, '2022-06-30', v, s.id FROM sources s,"
                " (VALUES ('imd_score', 'NaN'::float8), ('population', 1523)) AS f (m, v)"
            )
        )
    assert found() == (["Club", " "], 2)
    with own_database.begin() as connection:
        command.upgrade(_config(connection), GONE_VENUES)
    assert found() == (["Club", "No name"], 1)


# The plan of the live question


def _best_matches() -> ModuleType:
    (path,) = VERSIONS.glob("*_best_matches.py")
    spec = importlib.util.spec_from_file_location("best_matches_migration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _settings(connection: sa.Connection) -> list[str]:
    """Return the settings that best_matches runs under, as stored with it."""
    stored = connection.execute(
        sa.text("SELECT proconfig FROM pg_proc WHERE proname = 'best_matches'")
    ).scalar_one()
    return list(stored)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _plan(connection: sa.Connection, statement: str) -> list[dict[str, Any]]:
    """Return the nodes of the plan that the function would use for one of its scans."""
    names = {"origin": "$1", "class_ids": "$2", "reach_m": "$3"}
    numbered = re.sub(r"\b(origin|class_ids|reach_m)\b", lambda name: names[name[0]], statement)
    connection.exec_driver_sql("DEALLOCATE ALL")
    connection.exec_driver_sql(f"PREPARE scan (geometry, int[], float8) AS {numbered}")
    shown = connection.exec_driver_sql(
        "EXPLAIN (FORMAT JSON) EXECUTE"
        " scan (ST_SetSRID(ST_MakePoint(416546, 433216), 27700), ARRAY[3, 17], 5000)"
    ).scalar_one()
    (tree,) = json.loads(shown) if isinstance(shown, str) else shown
    return list(_nodes(tree["Plan"]))


@pytest.mark.parametrize(
    ("table", "extra", "index"),
    [
        ("public_assets", "", "ix_assets_point_27700_interest_ids"),
        (
            "public_activities",
            "AND a.comes_to_homes",
            "ix_activities_visit_point_27700_interest_ids",
        ),
        (
            "public_activities",
            "AND NOT a.comes_to_homes",
            "ix_activities_near_point_27700_interest_ids",
        ),
    ],
)
def test_the_live_question_reads_one_index_outwards(
    connection: sa.Connection, table: str, extra: str, index: str
) -> None:
    store_many(connection, count=3000)
    for setting in _settings(connection):
        name, _, value = setting.partition("=")
        if name != "search_path":
            connection.exec_driver_sql(f"SET LOCAL {name} = {value}")
    nodes = _plan(connection, _best_matches().nearest(table, extra=extra))
    kinds = {node["Node Type"] for node in nodes}
    # Two indexes combined are 13 times slower, and a sort would have to read everything first.
    assert not {kind for kind in kinds if "Bitmap" in kind or "Sort" in kind}
    assert "Seq Scan" not in kinds
    scan = next(node for node in nodes if node.get("Index Name") == index)
    assert "<->" in scan["Order By"]
    assert "interest_ids && " in scan["Index Cond"]
    assert "point_27700 && st_expand" in scan["Index Cond"]


INDEX_METHODS = """
SELECT i.indexrelid::regclass::text AS name, m.amname AS method
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE a.attname = 'interest_ids'
"""


def _methods(connection: sa.Connection) -> dict[str, str]:
    return {row.name: row.method for row in connection.execute(sa.text(INDEX_METHODS))}


def test_no_second_index_stands_beside_the_one_on_interests(connection: sa.Connection) -> None:
    assert _methods(connection) == {
        "ix_assets_point_27700_interest_ids": "gist",
        "ix_activities_near_point_27700_interest_ids": "gist",
        "ix_activities_visit_point_27700_interest_ids": "gist",
    }
    connection.execute(sa.text("CREATE INDEX planted ON assets USING gin (interest_ids)"))
    assert _methods(connection)["planted"] == "gin"
