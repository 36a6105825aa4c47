"""The queue and histories in a real Chromium: keys, fingers, without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.connections.conftest import OpenPage
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.moderation.conftest import (
    HOSTILE,
    about_the_club,
    change_club,
    make_photo,
    make_problem,
    one,
    suggest,
)
from tests.people import People

pytestmark = pytest.mark.browser


def opened(page: Page) -> str:
    return page.locator("#opened bdi").inner_text()


def test_every_view_fits_and_axe_finds_nothing(people: People, open_page: OpenPage) -> None:
    club = people.club_id
    suggest(people, name=HOSTILE, note=HOSTILE)
    about_the_club(people, phone="01274 496002", description="")
    make_photo(people)
    make_problem(people, HOSTILE)
    change_club(
        people, "editor", "editor", "website = 'https://a-rather-long-name.example/of/a/page'"
    )
    page = open_page("editor", "/queue")
    for link in ("Suggestions", "Photos", "Import problems"):
        page.get_by_label("What to show").get_by_role("link", name=link).click()
        assert_fits(page)
        assert_axe_finds_nothing(page)
    page.goto("/queue")
    page.get_by_role("link", name="Amend it first").click()
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.goto("/queue?kind=suggestion")
    page.locator("summary", has_text="Turn it down").click()
    assert_fits(page)
    page.goto(f"/assets/{club}/history")
    assert_fits(page)
    assert_axe_finds_nothing(page)


def test_a_clash_fits_and_axe_finds_nothing(people: People, open_page: OpenPage) -> None:
    about_the_club(people, phone="01274 496002", description="")
    page = open_page("editor", "/queue")
    first = change_club(people, "mapper", "mapper", "phone = '01274 496003'")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#conflict")).to_be_visible()
    assert_fits(page)
    assert_axe_finds_nothing(page)
    change_club(people, "mapper", "mapper", "phone = '01274 496004'")
    page.goto(f"/assets/{people.club_id}/history")
    page.locator(f"#change-{first}").get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("changed this since")
    assert_fits(page)
    assert_axe_finds_nothing(page)


def press(page: Page, key: str) -> None:
    """Press a key once the page's script listens: it shows its keys then."""
    expect(page.locator("[data-keys]")).to_be_visible()
    page.keyboard.press(key)


def test_with_keys_alone(people: People, open_page: OpenPage) -> None:
    for name in ("Alpha Stitchers", "Beta Ramblers", "Gamma Quizzers"):
        suggest(people, name=name)
    page = open_page("editor", "/queue", width=1280)
    assert opened(page) == "Alpha Stitchers"
    press(page, "j")
    expect(page.locator("#opened bdi")).to_have_text("Beta Ramblers")
    press(page, "k")
    expect(page.locator("#opened bdi")).to_have_text("Alpha Stitchers")
    press(page, "a")
    expect(page.get_by_role("status").first).to_contain_text("Approved: Alpha Stitchers")
    expect(page.locator("#opened bdi")).to_have_text("Beta Ramblers")
    press(page, "r")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Turned down: Beta Ramblers")
    assert "could not find out enough" in one(
        people, "SELECT reason FROM suggestions WHERE decision = 'rejected'"
    )
    press(page, "m")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Gamma Quizzers")
    # Letters that are written are letters.
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_label("Name", exact=True).press_sequentially("jkamr?")
    expect(page.get_by_label("Name", exact=True)).to_have_value("jkamr?")
    assert one(people, "SELECT count(*) FROM suggestions WHERE decision = 'waiting'") == 1
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    assert one(people, "SELECT count(*) FROM assets WHERE name = 'jkamr?'") == 1


def test_keys_can_be_turned_off_and_stay_off(people: People, open_page: OpenPage) -> None:
    suggest(people)
    page = open_page("editor", "/queue")
    press(page, "?")
    expect(page.locator("[data-keys-help]")).to_be_focused()
    page.get_by_role("button", name="turn them off").click()
    page.reload()
    page.locator("h1").click()
    press(page, "a")
    expect(page.get_by_role("button", name="turn them on")).to_be_visible()
    assert one(people, "SELECT decision FROM suggestions") == "waiting"
    page.get_by_role("button", name="turn them on").click()
    page.locator("h1").click()
    press(page, "a")
    expect(page.get_by_role("status").first).to_contain_text("Approved")


def test_without_scripts(people: People, open_page: OpenPage) -> None:
    made = suggest(people)
    page = open_page("editor", "/queue", java_script_enabled=False)
    assert not page.locator("[data-keys]").is_visible()
    page.get_by_role("link", name="Amend it first").click()
    page.get_by_label("Website").fill("https://stitchers.example")
    page.get_by_role("button", name="Approve what is written here").click()
    assert "Approved" in page.get_by_role("status").inner_text()
    assert (
        one(people, "SELECT website FROM assets WHERE name = 'Shipley Stitchers'")
        == "https://stitchers.example"
    )
    page.get_by_role("button", name="Undo").click()
    assert (
        one(people, "SELECT decision::text FROM suggestions WHERE id = :id", id=made) == "waiting"
    )
    page.locator("summary", has_text="Turn it down").click()
    page.get_by_role("button", name="Turn it down").click()
    assert (
        one(people, "SELECT decision::text FROM suggestions WHERE id = :id", id=made) == "rejected"
    )


def test_two_editors_at_once(people: People, open_page: OpenPage) -> None:
    suggest(people)
    first, second = open_page("editor", "/queue"), open_page("administrator", "/queue")
    first.get_by_role("button", name="Approve").click()
    second.get_by_role("button", name="Approve").click()
    expect(second.get_by_role("alert")).to_contain_text("Another editor was quicker")
    assert one(people, "SELECT count(*) FROM assets WHERE name = 'Shipley Stitchers'") == 1
