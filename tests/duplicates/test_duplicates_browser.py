"""Pairs in a real Chromium: on a phone, by keyboard, without scripts, hostile names on the map."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.connections.conftest import OpenPage
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.duplicates.conftest import Store, Stored
from tests.duplicates.pairs import HOSTILE

pytestmark = pytest.mark.browser


def test_the_pages_fit_and_axe_finds_nothing(open_page: OpenPage, stored: Stored) -> None:
    assert_axe_finds_nothing(open_page("editor", "/duplicates?ward=Nowhere"))
    for path in ("/duplicates", stored.path):
        page = open_page("editor", path)
        assert_fits(page)
        assert_axe_finds_nothing(page)
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("status")).to_contain_text("Merged")
    assert_fits(page)
    assert_axe_finds_nothing(page)


def test_both_are_on_the_map_with_their_letters(open_page: OpenPage, store: Store) -> None:
    stored = store(name=HOSTILE)
    page = open_page("editor", stored.path, width=1280)
    page.locator("iframe").scroll_into_view_if_needed()
    frame = page.frame_locator("iframe[title='Map of both']")
    frame.get_by_text("List of the places in view").click()
    for side in (f"A: {stored.name('A')}", f"B: {stored.name('B')}"):
        expect(frame.locator("body")).to_contain_text(side)
    assert stored.name("A") != stored.name("B")


def test_a_keyboard_is_enough(open_page: OpenPage, stored: Stored) -> None:
    page = open_page("editor", "/duplicates")
    page.get_by_role("link", name="Look at both").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{stored.path}")
    other, council = stored.letter(stored.other), stored.letter(stored.council)
    page.locator(f"input[name=keep][value={council}]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"input[name=keep][value={other}]")).to_be_checked()
    for _ in range(40):
        if page.evaluate("document.activeElement.textContent.trim()") == "Merge":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Merged")
    assert stored.value("SELECT duplicate_of FROM assets WHERE id = :council") == stored.other


def test_without_scripts_all_of_it_works(open_page: OpenPage, stored: Stored) -> None:
    page = open_page("editor", stored.path, java_script_enabled=False)
    page.get_by_role("button", name="Not the same place").click()
    expect(page.get_by_role("status")).to_contain_text("these are two places")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("open again")
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("status")).to_contain_text("Merged")
    page.get_by_role("link", name="Shipley Library").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shipley Library")


def test_two_editors_at_once_the_second_is_told(open_page: OpenPage, stored: Stored) -> None:
    first = open_page("editor", stored.path)
    second = open_page("administrator", stored.path)
    first.get_by_role("button", name="Not the same place").click()
    second.get_by_role("button", name="Merge").click()
    expect(second.get_by_role("alert")).to_contain_text("said meanwhile that these are two places")
    assert stored.value("SELECT count(*) FROM assets WHERE duplicate_of IS NOT NULL") == 0
