"""Feeds in a real Chromium: on a phone, by keyboard, without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.connections.conftest import OpenPage
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.feeds.conftest import StoreFeed
from tests.feeds.web_feed import WebFeed

pytestmark = pytest.mark.browser


def test_the_pages_fit_and_axe_finds_nothing(open_page: OpenPage, store_feed: StoreFeed) -> None:
    long_name = "A directory with a very long name indeed: " + "Llanfairpwllgwyngyll" * 4
    feed_id = store_feed(
        "https://a.example/" + "x" * 300,
        name=long_name,
        failures=3,
        message="It did not answer. " * 5,
        tried_at="2026-11-01T10:00:00Z",
    )
    for path in ("/feeds", "/feeds/new", f"/feeds/{feed_id}"):
        page = open_page("editor", path)
        assert_fits(page)
        assert_axe_finds_nothing(page)
    page.get_by_role("button", name="Delete the feed").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick the box if you mean it.")
    assert_axe_finds_nothing(page)


def test_a_keyboard_is_enough_to_try_and_add_one(
    open_page: OpenPage, web_feed: WebFeed, store_feed: StoreFeed
) -> None:
    store_feed("https://other.example/")
    web_feed.body = b'{"contents": [{}]}'
    page = open_page("editor", "/feeds")
    page.get_by_role("button", name="Add a feed").or_(
        page.get_by_role("link", name="Add a feed")
    ).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/feeds/new")
    page.get_by_label("Open Referral UK").focus()
    page.keyboard.press("Space")
    page.get_by_label("Its address").focus()
    page.keyboard.type(web_feed.url)
    page.get_by_role("button", name="Try the address").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("This looks right.")
    page.get_by_label("Whose it is").focus()
    page.keyboard.type("Town council")
    page.get_by_label("CC BY 4.0").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Add the feed").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The feed is added.")


def test_without_scripts_all_of_it_works(
    open_page: OpenPage, web_feed: WebFeed, store_feed: StoreFeed
) -> None:
    feed_id = store_feed(web_feed.url)
    page = open_page("administrator", f"/feeds/{feed_id}", java_script_enabled=False)
    page.get_by_role("button", name="Read it now").click()
    expect(page.get_by_role("status")).to_contain_text("It will be read in a moment.")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Paused.")
    page.get_by_label("Yes, take 0 places").check()
    page.get_by_role("button", name="Delete the feed").click()
    expect(page.get_by_role("status")).to_contain_text("The feed is deleted")


def test_editors_find_feeds_and_files_and_administrators_jobs(
    open_page: OpenPage, store_feed: StoreFeed
) -> None:
    store_feed("https://other.example/")
    for who, names in (
        ("editor", ("Feeds we read", "Bring a file in")),
        ("administrator", ("Feeds we read", "Bring a file in", "Jobs")),
    ):
        page = open_page(who, "/queue")
        for name in names:
            expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
        page.goto("/today")
        expect(page.get_by_role("link", name="Feeds we read: other people")).to_be_visible()
        page.goto("/account")
        for name in names:
            expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
        page.goto("/today")
    page.get_by_role("link", name="Jobs: what runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
