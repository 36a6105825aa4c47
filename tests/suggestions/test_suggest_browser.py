"""Suggesting, correcting and posters in a real Chromium: a phone, keys alone, without scripts."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import segno
from PIL import Image
from playwright.sync_api import Page, expect

from app.accounts.tokens import digest_of, new_token
from app.suggestions.poster_router import address_of
from tests.connections.conftest import OpenPage
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.moderation.conftest import WIDTHS, OpenPublic, do, one, rows
from tests.people import People
from tests.suggestions.test_posters import make

pytestmark = pytest.mark.browser


@pytest.fixture
def claim(people: People) -> Iterator[str]:
    """The address a link to correct the club leads to."""
    token = new_token()
    do(people, "UPDATE assets SET email = 'bowls@club.example' WHERE id = :id", id=people.club_id)
    do(
        people,
        "INSERT INTO claims (digest, asset_id, email, expires_at)"
        " VALUES (:digest, :id, 'bowls@club.example', now() + interval '1 day')",
        digest=digest_of(token), id=people.club_id,
    )  # fmt: skip
    yield f"/claims/{token}"
    do(people, "UPDATE assets SET interest_ids = interest_ids, opening_hours = NULL")


def test_pages_fit_and_axe_finds_nothing(
    people: People, open_public: OpenPublic, open_page: OpenPage, claim: str
) -> None:
    page = open_public("/suggest")
    for path in ("/suggest", "/suggest?sent=yes", f"/suggest?asset={people.club_id}", claim):
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach((d) => { d.open = true })")
        assert_fits(page)
        assert_axe_finds_nothing(page)
    page.goto("/suggest")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#problems")).to_be_focused()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    assert_axe_finds_nothing(page)
    page = open_page("mapper", "/posters")
    page.get_by_label("Where will it hang?").fill("Market hall")
    page.get_by_role("button", name="Make it").click()
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.get_by_role("link", name="All posters").click()
    assert_fits(page)
    assert_axe_finds_nothing(page)


def test_keys_alone_are_enough(people: People, open_public: OpenPublic) -> None:
    page = open_public("/suggest")
    page.get_by_label("What is it called?").focus()
    page.keyboard.type("Shipley Stitchers")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("BD1 1HY")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    (row,) = rows(people, "SELECT fields FROM suggestions")
    assert row.fields == {"name": "Shipley Stitchers", "kind": "group", "postcode": "BD1 1HY"}


def test_pressed_twice_in_impatience(people: People, open_public: OpenPublic) -> None:
    page = open_public("/suggest")
    page.get_by_label("What is it called?").fill("Shipley Stitchers")
    page.get_by_label("A group or club").check()
    page.get_by_label("Where is it?").fill("BD1 1HY")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    page.go_back()
    expect(page.get_by_label("What is it called?")).to_have_value("Shipley Stitchers")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert one(people, "SELECT count(*) FROM suggestions") == 1


def test_without_scripts(people: People, open_public: OpenPublic, claim: str) -> None:
    page = open_public(f"/suggest?asset={people.club_id}", java_script_enabled=False)
    assert not page.get_by_label("Leave this empty").is_visible()
    page.get_by_label("It has gone").check()
    page.get_by_role("button", name="Send").click()
    assert "Thank you" in page.get_by_role("heading", level=1).inner_text()
    page.goto(claim)
    page.get_by_label("Opening hours").fill("Mon-Fri 9am to 5pm\nSat 10:00-12:00")
    page.get_by_role("button", name="Save").click()
    assert "Saved" in page.get_by_role("status").inner_text()
    hours = one(people, "SELECT opening_hours FROM assets WHERE id = :id", id=people.club_id)
    assert len(hours) == 6


def test_the_code_on_the_page_is_the_one_of_the_address(
    people: People, open_page: OpenPage
) -> None:
    """No decoder is at hand: the picture's modules are read off and compared with segno's."""
    code = make(people)
    page: Page = open_page("mapper", f"/posters/{code}", width=1280)
    base = "http://" + page.url.split("/")[2]
    matrix = [[bool(cell) for cell in row] for row in
              segno.make(address_of(base, code), error="q", micro=False).matrix]  # fmt: skip
    assert _seen(page, len(matrix)) == matrix
    # And so a reader of another address would see another picture.
    other = segno.make(address_of(base, "ZZZZZZ"), error="q", micro=False).matrix
    assert [[bool(cell) for cell in row] for row in other] != matrix


def _seen(page: Page, modules: int) -> list[list[bool]]:
    """Return which modules of the code are dark, looked at in the middle of each."""
    shot = page.locator(".pw-poster__code svg").screenshot()
    picture = Image.open(io.BytesIO(shot)).convert("L")
    step, grey = picture.width / (modules + 8), picture.tobytes()

    def is_dark(row: int, column: int) -> bool:
        at = int((row + 4.5) * step) * picture.width + int((column + 4.5) * step)
        return grey[at] < 128

    return [[is_dark(row, column) for column in range(modules)] for row in range(modules)]
