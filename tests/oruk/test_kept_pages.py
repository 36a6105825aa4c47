"""A page that is kept is as fresh as one that is made: whatever it is made of may change."""

from __future__ import annotations

from typing import Any

import pytest

from app.oruk import actions
from app.oruk.kept import Kept, Page
from tests.oruk.feed import Feed
from tests.oruk.place import Place

FULL = {"full": "true"}


@pytest.fixture
def framed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of the pages that are made, as they are."""
    made: list[int] = []
    frame = actions.framed

    def note(*given: Any, **named: Any) -> Page:
        made.append(named["page"])
        return frame(*given, **named)

    monkeypatch.setattr(actions, "framed", note)
    return made


@pytest.mark.parametrize("path", ["/services", "/service_at_locations"])
@pytest.mark.parametrize("form", [{}, FULL])
def test_a_page_is_made_once(
    feed: Feed, framed: list[int], path: str, form: dict[str, str]
) -> None:
    first = feed.get(path, per_page=7, **form)
    del framed[:]
    again = feed.get(path, per_page=7, **form)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert framed == []
    feed.get(path, per_page=6, **form)
    assert framed == [1]


# What is changed, of which row of the place, and what it was.
CHANGES = (
    ("UPDATE assets SET name = :to WHERE id = :id", "club", "name"),
    ("UPDATE assets SET website = 'https://new.example' WHERE id = :id", "club", "website"),
    ("UPDATE assets SET charity_number = '1234567' WHERE id = :id", "club", "charity_number"),
    ("UPDATE assets SET is_contact_public = NOT is_contact_public WHERE id = :id", "club",
     "is_contact_public"),
    ("UPDATE assets SET access = '{step_free}' WHERE id = :id", "library", "access"),
    ("UPDATE activities SET cost_pence = 1234 WHERE id = :id", "boccia", "cost_pence"),
    ("UPDATE schedules SET closes_at = '23:45' WHERE activity_id = :id", "boccia", "closes_at"),
)  # fmt: skip


@pytest.mark.parametrize(("sql", "name", "column"), CHANGES)
def test_a_kept_page_sees_every_change(
    feed: Feed, place: Place, sql: str, name: str, column: str
) -> None:
    table = sql.split()[1]
    key = "activity_id" if table == "schedules" else "id"
    identifier = getattr(place, name).id
    # Without the trigger the time of the change stays: the digest has to see the fact itself.
    kept = f"SELECT {column} FROM {table} WHERE {key} = :id"
    before = feed.get("/services", **FULL)
    assert feed.get("/services", **FULL).headers["etag"] == before.headers["etag"]
    [[was]] = feed.rows(kept, id=identifier)
    feed.change(sql, id=identifier, **({"to": "Another name"} if ":to" in sql else {}))
    try:
        assert feed.get("/services", **FULL).headers["etag"] != before.headers["etag"]
    finally:
        feed.change(f"UPDATE {table} SET {column} = :was WHERE {key} = :id", id=identifier, was=was)


def test_who_is_hidden_leaves_a_kept_page_at_once(feed: Feed, place: Place) -> None:
    name = "Bowmont House"
    assert name in feed.get("/services").text
    feed.change("UPDATE assets SET gone_at = now() WHERE id = :id", id=place.home.id)
    try:
        assert name not in feed.get("/services").text
    finally:
        feed.change("UPDATE assets SET gone_at = NULL WHERE id = :id", id=place.home.id)
    assert name in feed.get("/services").text


def test_kept_pages_have_a_bound() -> None:
    kept: Kept[Page] = Kept(1_000, largest=500)
    small, large = Page(b"{}", [b"x" * 300]), Page(b"{}", [b"x" * 600])
    made = []

    def make(page: Page) -> Page:
        made.append(page)
        return page

    for _ in range(2):
        kept.get("large", 1, lambda: make(large))
    assert made == [large, large]
    for key in range(5):
        kept.get(key, 1, lambda: make(small))
    del made[:]
    kept.get(4, 1, lambda: make(small))
    assert made == []
    kept.get(0, 1, lambda: make(small))
    assert made == [small]
