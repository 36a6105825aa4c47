"""A councillor's first page in a real Chromium: phone, keys alone, without scripts, where I am."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.connections.conftest import OpenPage
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.moderation.conftest import HOSTILE, OpenPublic, nothing_waits, one
from tests.people import People

__all__ = ["nothing_waits"]

pytestmark = pytest.mark.browser

CITY = "E05001347"
HERE = {"longitude": -1.753412345, "latitude": 53.792412345, "accuracy": 5}
SHOW = "Show the ward I am in"


def pass_on(page: Page, words: str) -> None:
    page.get_by_label("there is also").fill(words)
    page.get_by_role("button", name="Pass it on").click()


def test_the_page_fits_and_axe_finds_nothing(people: People, open_page: OpenPage) -> None:
    page = open_page("councillor", "/my-wards")
    assert_fits(page)
    assert_axe_finds_nothing(page)
    pass_on(page, HOSTILE + " " + "x" * 60)
    expect(page.get_by_role("status")).to_contain_text("It waits for an editor")
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(f"/wards/{CITY}")
    page.locator("summary", has_text="Is something missing?").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert_axe_finds_nothing(page)
    page.get_by_role("button", name="Pass it on").click()
    expect(page.locator("#problems")).to_be_focused()
    page.set_viewport_size({"width": 320, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert_axe_finds_nothing(page)


def test_keys_alone_are_enough(people: People, open_page: OpenPage) -> None:
    page = open_page("councillor", "/my-wards")
    page.get_by_role("link", name="Open the ward’s page").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("there is also")).to_be_focused()
    page.keyboard.type("a choir in the old chapel")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pass it on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It waits for an editor")
    assert one(people, "SELECT fields ->> 'name' FROM suggestions") == "a choir in the old chapel"


def test_pressed_twice_in_impatience(people: People, open_page: OpenPage) -> None:
    page = open_page("councillor", "/my-wards")
    page.get_by_label("there is also").fill("a choir")
    page.get_by_role("button", name="Pass it on").dblclick()
    expect(page.get_by_role("status")).to_contain_text("It waits for an editor")
    page.go_back()
    page.get_by_role("button", name="Pass it on").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert one(people, "SELECT count(*) FROM suggestions") == 1


def test_without_scripts(people: People, open_page: OpenPage) -> None:
    page = open_page("councillor", "/my-wards", java_script_enabled=False)
    pass_on(page, "a choir")
    assert "waits for an editor" in page.get_by_role("status").inner_text()
    assert one(people, "SELECT count(*) FROM suggestions") == 1
    for path in ("/", "/wards"):
        page.goto(path)
        assert not page.get_by_role("button", name=SHOW).is_visible(), path


@pytest.mark.parametrize("path", ["/", "/wards"])
def test_where_i_am_leads_to_the_ward(people: People, open_public: OpenPublic, path: str) -> None:
    page = open_public(path, geolocation=HERE, permissions=["geolocation"])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("?")[2]))
    page.get_by_role("button", name=SHOW).click()
    page.wait_for_url(f"**/wards/{CITY}")
    assert "lon=-1.7534&lat=53.7924" in asked, "to about ten metres, whatever the phone knows"
    assert not any("53.79241" in query for query in asked)
    assert "53.79" not in page.url, "what is shared or kept as a bookmark says no place"


@pytest.mark.parametrize("path", ["/", "/wards"])
def test_whoever_does_not_share_it_is_told_what_to_do(
    people: People, open_public: OpenPublic, path: str
) -> None:
    page = open_public(path)
    form = page.locator("form[data-locate]", has=page.get_by_role("button", name=SHOW))
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_have_text(
        "Your browser is set not to share where you are. Type a postcode instead."
    )


def test_a_place_outside_every_ward_is_said_in_words(
    people: People, open_public: OpenPublic
) -> None:
    away = {"longitude": -3.19, "latitude": 55.95}
    page = open_public("/wards", geolocation=away, permissions=["geolocation"])
    page.get_by_role("button", name=SHOW).click()
    expect(page.locator("#problems")).to_contain_text("in none of the wards")
