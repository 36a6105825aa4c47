"""Files as people have them, and the pages that take them, in a real browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from tests.connections.conftest import chromium, open_page, served
from tests.people import People

__all__ = ["chromium", "open_page", "served"]

HEADER = ("Site Name", "Category", "Address 1", "Post Code", "Eastings", "Northings",
          "Telephone No", "Web Address", "Notes")  # fmt: skip
# Around Baildon, in British National Grid metres.
ROWS = (
    ("Baildon Meeting Room", "Community centre", "1 Hallcliffe", "", "415500", "439700",
     "01274 496 0801", "https://room.example", "Tea and a chat"),
    ("St Oswald's Hall", "Church hall", "Kirk Lane", "", "415600", "439800", "", "", ""),
    ("=1+1 Bowls, Club", "Club", "", "", "415700", "439900", "", "", ""),
    ("Nowhere Hall", "Church hall", "", "", "", "", "", "", ""),
)  # fmt: skip


def as_csv(rows: Sequence[Sequence[object]] = ROWS, header: Sequence[str] = HEADER) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def form_of(**more: str) -> dict[str, str]:
    """Return what the page sends for the columns above."""
    columns = {"name": 0, "kind": 1, "address": 2, "postcode": 3, "easting": 4, "northing": 5,
               "phone": 6, "website": 7, "description": 8}  # fmt: skip
    return {
        **{f"column-{name}": str(at) for name, at in columns.items()},
        "kind-0": "venue", "kind-1": "venue", "kind-2": "group",
        "title": "Community centres", "publisher": "Baildon Town Council", "licence": "OGL v3",
    } | more  # fmt: skip


def rows(people: People, sql: str, **values: object) -> list[Any]:
    with people.engine.connect() as connection:
        return list(connection.execute(sa.text(sql), values).all())


@pytest.fixture(autouse=True)
def nothing_brought(people: People) -> Iterator[None]:
    """Each test begins without files, and only with the people's own places."""
    known = [row.id for row in rows(people, "SELECT id FROM assets")]
    yield
    with people.engine.begin() as connection:
        for sql in (
            "DELETE FROM uploads",
            "DELETE FROM column_mappings",
            "DELETE FROM import_problems",
            "DELETE FROM asset_changes",
            "DELETE FROM assets WHERE NOT id = ANY(:known)",
            "DELETE FROM import_runs",
            "DELETE FROM sources WHERE slug LIKE 'upload-%'",
        ):
            given = {"known": known} if ":known" in sql else {}
            connection.execute(sa.text(sql), given)
