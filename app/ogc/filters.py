"""What may stand in a CQL2 filter: columns shown, comparisons, and nothing that runs.

A function in CQL2 becomes a function of the database, whatever it is called: one could wait, read
other tables, or take another role. So every operation is on a list, and every name a column.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any

from cql2 import Expr

LONGEST, DEEPEST, MOST_PARTS = 4_000, 24, 300
# Each becomes an operator or a fixed function of PostgreSQL or PostGIS.
OPERATIONS = frozenset(
    "and or not = <> < <= > >= like between in isNull casei + - * / s_intersects s_within"
    " s_contains s_disjoint s_equals s_touches s_crosses s_overlaps t_after t_before t_equals"
    " t_during t_intersects t_disjoint".split()
)
GEOMETRIES = frozenset("Point MultiPoint LineString MultiLineString Polygon MultiPolygon".split())
MOMENTS = frozenset({"date", "timestamp", "interval"})


def check(text: str, columns: Collection[str]) -> str | None:
    """Return what is wrong with a filter, in a sentence; None if it may be asked."""
    if len(text) > LONGEST:
        return f"A filter has at most {LONGEST:,} characters."
    if _depth(text) > DEEPEST:
        return "The filter has too many brackets inside each other."
    try:
        tree = Expr(text).to_json()
        # What cannot be written as SQL is found here, too.
        Expr(tree).to_sql()
    except Exception:  # noqa: BLE001 - the library raises nothing more precise
        return "That is no filter in CQL2. Write it as in: kind = 'venue' AND name LIKE 'St%'"
    return next(_wrongs(tree, columns), None)


def _depth(text: str) -> int:
    """Return how deep brackets and NOTs stand inside each other, before anything is read."""
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest + text.lower().count("not ") + text.count("--")


def _wrongs(tree: Any, columns: Collection[str]) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield what is wrong with the parts of a filter."""
    waiting, parts = [tree], 0
    while waiting:
        part = waiting.pop()
        parts += 1
        if parts > MOST_PARTS:
            yield f"A filter has at most {MOST_PARTS} parts."
            return
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            yield from _wrong_object(part, columns)
            waiting += part.get("args", [])
        elif isinstance(part, str) and "\x00" in part:
            yield "No text has a character of number nought."
        elif isinstance(part, float) and not math.isfinite(part):
            yield "A number in the filter is none."


def _wrong_object(part: dict[str, Any], columns: Collection[str]) -> Iterator[str]:
    if "op" in part:
        if part["op"] not in OPERATIONS:
            yield "The filter uses a function that is not offered here."
    elif "property" in part:
        if part["property"] not in columns:
            yield "The filter names a column that is not there: see /queryables."
    elif part.get("type") in GEOMETRIES:
        count = str(part.get("coordinates")).count(",")
        if count > MOST_PARTS * 10:
            yield "A shape in the filter has too many points."
    elif len(part) != 1 or next(iter(part)) not in MOMENTS:
        yield "The filter has a part that is not understood here."
