"""Editors say what other people's words stand for: agreed, chosen, ignored, and chosen again."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from app.feeds.terms_actions import find_meanings
from app.feeds.terms_queries import keep_terms
from tests.connections.conftest import OpenPage, chromium, open_page, served
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.people import People

__all__ = ["chromium", "open_page", "served"]

OF = "Council activities"
HOSTILE = '<script>alert(1)</script> & "others" `${x}`'
FOUND = {
    (OF, "c1"): ("Singing", 12), (OF, "c2"): ("Bowls", 3),
    (OF, "c3"): ("Zorbing", 1), ("", "c4"): (HOSTILE, 2),
}  # fmt: skip


@pytest.fixture
def terms(people: People) -> Iterator[dict[str, int]]:
    """Store terms as a feed brings them; return their ids by code."""
    with people.engine.begin() as connection:
        meanings = find_meanings(connection, FOUND)
        keep_terms(connection, meanings.guesses, is_whole=True)
        rows = connection.execute(sa.text("SELECT term, id FROM term_mappings")).all()
    yield {row.term: row.id for row in rows}
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM term_mappings"))


def meaning(people: People, code: str) -> tuple[str, list[str]]:
    """Return the status and concepts of a term."""
    with people.engine.connect() as connection:
        row = connection.execute(
            sa.text("SELECT status::text, ARRAY(SELECT concept FROM interests"
                    " WHERE id = ANY(interest_ids) ORDER BY 1) AS concepts"
                    " FROM term_mappings WHERE term = :code"), {"code": code},
        ).one()  # fmt: skip
    return row.status, row.concepts


def test_the_list_says_what_is_guessed_and_how_often_it_is_used(
    people: People, terms: dict[str, int]
) -> None:
    answer = people.client("editor").get("/feeds/terms")
    assert answer.status_code == 200
    assert "used 12 times" in answer.text
    assert "We guess: <strong>Singing</strong>" in answer.text
    assert "We found no interest that fits." in answer.text
    # What stands for nothing comes first.
    assert answer.text.index("Zorbing") < answer.text.index("used 12 times")
    assert "<script>alert" not in answer.text
    assert "next time it is read" in answer.text


def test_agreeing_choosing_and_ignoring_are_kept_and_can_be_undone(
    people: People, terms: dict[str, int]
) -> None:
    client = people.client("editor")
    answer = client.post(f"/feeds/terms/{terms['c1']}/agree", data={"show": "guessed"})
    assert answer.status_code == 303
    assert meaning(people, "c1") == ("agreed", ["singing"])
    said = client.get(answer.headers["location"]).text
    assert "stands for Singing" in said
    assert "the next time each feed is read" in said

    client.post(f"/feeds/terms/{terms['c1']}/ignore", data={"show": "guessed"})
    assert meaning(people, "c1") == ("ignored", [])
    client.post(f"/feeds/terms/{terms['c1']}/choose", data={"interest": "bowls, singing"})
    assert meaning(people, "c1") == ("agreed", ["bowls", "singing"])


def test_a_decision_stays_when_the_feed_is_read_again(
    people: People, terms: dict[str, int]
) -> None:
    people.client("editor").post(f"/feeds/terms/{terms['c2']}/ignore", data={"show": "guessed"})
    with people.engine.begin() as connection:
        meanings = find_meanings(connection, FOUND)
        keep_terms(connection, meanings.guesses, is_whole=True)
    assert meaning(people, "c2") == ("ignored", [])
    assert meanings.by_term[(OF, "c2")] == ()
    assert (OF, "c3") not in meanings.by_term  # nobody said, and nothing fits


def test_words_nobody_knows_and_words_that_mean_two_things_are_asked_about(
    people: People, terms: dict[str, int]
) -> None:
    client, path = people.client("editor"), f"/feeds/terms/{terms['c3']}/choose"
    for typed, sentence in (
        ("", "Write at least one interest"), ("qqqqq zzzzz", "do not know"),
        ("x" * 300, "too long"), ("\x00", "nobody can type"),
    ):  # fmt: skip
        answer = client.post(path, data={"interest": typed})
        assert answer.status_code == 422, typed
        assert sentence in answer.text, typed
    assert meaning(people, "c3") == ("guessed", [])
    answer = client.post(path, data={"interest": "gardn"})
    assert answer.status_code == 422
    assert "Tick what “gardn” means" in answer.text
    answer = client.post(path, data={"interest": "gardn", "meant": "gardening"})
    assert answer.status_code == 303
    assert meaning(people, "c3") == ("agreed", ["gardening"])


def test_agreeing_to_nothing_and_odd_ids_are_refused(people: People, terms: dict[str, int]) -> None:
    client = people.client("editor")
    answer = client.post(f"/feeds/terms/{terms['c3']}/agree", data={"show": "guessed"})
    assert answer.status_code == 422
    assert "choose interests" in answer.text
    for wrong in ("0", "-1", "x", "99999999999999999999", "1e3", "%00"):
        for what in ("agree", "choose", "ignore"):
            assert (
                client.post(f"/feeds/terms/{wrong}/{what}", data={"show": "guessed"}).status_code
                == 404
            )
    for odd in ("?show=x", "?done=x", "?done=999", "?page=0", "?taxonomy=%00", "?page=9999"):
        assert client.get(f"/feeds/terms{odd}").status_code in (200, 422), odd


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_fits_works_without_scripts_and_axe_finds_nothing(
    people: People, terms: dict[str, int], open_page: OpenPage, width: int
) -> None:
    page = open_page("editor", "/feeds/terms", width=width)
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page = open_page("editor", "/feeds/terms", width=width, java_script_enabled=False)
    page.get_by_role("button", name="Agree that Singing").click()
    assert urlsplit(page.url).path == "/feeds/terms"
    assert meaning(people, "c1") == ("agreed", ["singing"])
