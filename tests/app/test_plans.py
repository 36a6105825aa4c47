"""Plans of questions that a page asks: none reads whole tables, however many rows there are."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from app.assets import queries
from app.photos.queries import list_public_photos
from tests.builders import store_many


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _read_whole(connection: sa.Connection, statement: str, values: Any) -> set[str]:
    """Return the tables that a statement, as the driver is given it, reads from end to end."""
    asked = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
    shown = asked.scalar_one()
    (tree,) = json.loads(shown) if isinstance(shown, str) else shown
    return {
        node["Relation Name"] for node in _nodes(tree["Plan"]) if node["Node Type"] == "Seq Scan"
    }


def _asked_by(connection: sa.Connection, ask: Callable[[], object]) -> tuple[str, Any]:
    """Return the one statement that `ask` sends, as the driver is given it."""
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
    )
    ask()
    [statement] = asked
    return statement


def test_the_photos_of_one_asset_are_looked_up(connection: sa.Connection) -> None:
    store_many(connection, count=3000)
    connection.execute(
        sa.text("INSERT INTO photos (asset_id, image, thumbnail, width_px, height_px, decision)"
                " SELECT id, 'x', 'x', 4, 3, 'approved' FROM assets")
    )  # fmt: skip
    kept, merged = connection.execute(sa.text("SELECT id FROM assets LIMIT 2")).scalars()
    connection.execute(
        sa.text("UPDATE assets SET duplicate_of = :kept WHERE id = :merged"),
        {"kept": kept, "merged": merged},
    )
    connection.execute(sa.text("ANALYZE assets, photos"))
    assert len(list_public_photos(connection, asset_id=kept)) == 2
    assert not list_public_photos(connection, asset_id=merged)
    asked = _asked_by(connection, lambda: list_public_photos(connection, asset_id=kept))
    assert not _read_whole(connection, *asked)
    # The check sees what it is about.
    view_alone = "SELECT 1 FROM public_photos WHERE asset_id = %(id)s"
    assert _read_whole(connection, view_alone, {"id": kept})


def test_the_activities_of_one_asset_are_looked_up(connection: sa.Connection) -> None:
    store_many(connection, count=3000)
    some: uuid.UUID = connection.execute(sa.text("SELECT id FROM assets LIMIT 1")).scalar_one()
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
    )
    assert len(queries.list_activities(connection, asset_id=some)) == 1
    [(statement, values)] = asked
    assert not _read_whole(connection, statement, values)
    # The check sees what it is about.
    one_condition = "SELECT 1 FROM public_activities WHERE place_id = %(id)s OR venue_id = %(id)s"
    assert _read_whole(connection, one_condition, {"id": some}) == {"activities", "assets"}
