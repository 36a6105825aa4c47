"""Bringing a file in, in a real Chromium: the whole way, also without scripts, on any width."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.connections.conftest import OpenPage
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.people import People
from tests.uploads.conftest import as_csv, rows

pytestmark = pytest.mark.browser


def test_from_a_file_to_the_map(people: People, open_page: OpenPage) -> None:
    page = open_page("editor", "/uploads")
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a file.")
    assert_axe_finds_nothing(page)
    file = {"name": "Halls.csv", "mimeType": "text/csv", "buffer": as_csv()}
    page.set_input_files("#file", file)  # type: ignore[arg-type]  # a file that is not on the disk
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which column is which?")
    assert_fits(page)
    assert_axe_finds_nothing(page)
    for number, word in enumerate(("Venue", "Venue", "Group")):
        page.locator(f"#kind-{number}").select_option(label=word)
    page.get_by_label("Whose it is").fill("Baildon Town Council")
    page.get_by_label("On which terms it may be used").select_option("OGL v3")
    page.get_by_role("button", name="See what would come of it").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What would come of it")
    frame = page.frame_locator("iframe")
    expect(frame.locator("canvas, svg path").first).to_be_attached()
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.get_by_role("button", name="Load it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("It is on the map")
    assert_fits(page)
    assert_axe_finds_nothing(page)
    assert len(rows(people, "SELECT 1 FROM assets WHERE name = 'Baildon Meeting Room'")) == 1
