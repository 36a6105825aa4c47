"""Comparing wards in a real Chromium: a phone, keys alone, without scripts, axe, table and map."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.serving import Demo, serve_demo
from tests.connections.test_connections_browser import assert_axe_finds_nothing

pytestmark = pytest.mark.browser

OpenWards = Callable[..., Page]
SCORE = "/wards?measure=venue_access_score"


@pytest.fixture(scope="module")
def demo(admin_url: sa.URL) -> Iterator[Demo]:
    with serve_demo(admin_url) as served:
        yield served


@pytest.fixture
def open_wards(chromium: Browser, demo: Demo) -> Iterator[OpenWards]:
    contexts = []
    wrong: list[str] = []

    def opened(path: str, *, width: int = 360, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 780}, base_url=demo.base, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on("console", lambda said: wrong.extend(errors_in(said)))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def errors_in(said: ConsoleMessage) -> list[str]:
    """Return what went wrong; that a question made no sense is an answer."""
    return [said.text] if said.type == "error" and "422" not in said.text else []


def wards_on(page: Page) -> list[str]:
    return page.locator("tbody th").all_inner_texts()


def test_it_fits_and_axe_finds_nothing(open_wards: OpenWards) -> None:
    page = open_wards("/wards")
    for path in (f"{SCORE}&sort=-venue_access_score", "/wards?sort=-nonsense"):
        page.goto(path)
        for width in (320, 360, 1280):
            page.set_viewport_size({"width": width, "height": 780})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        for link in page.locator(".pw-compare a, .pw-choose button, .pw-choose select").all():
            box = link.bounding_box()
            assert box is None or box["height"] >= 44, link.inner_text()
        assert_axe_finds_nothing(page)


def test_the_ward_stays_in_view_while_figures_are_scrolled(open_wards: OpenWards) -> None:
    page = open_wards("/wards")
    table = page.get_by_role("region", name=re.compile("Wards of Ellerdale"))
    name = page.locator("tbody th").first
    last = page.locator("tbody tr").first.locator("td").last
    expect(last).not_to_be_in_viewport()
    before = name.bounding_box()
    table.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    expect(last).to_be_in_viewport()
    after = name.bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] == before["x"]
    # What scrolls under it is covered.
    assert page.evaluate(
        "(th) => { const box = th.getBoundingClientRect();"
        " return th.contains(document.elementFromPoint(box.x + box.width / 2, box.y + 5)); }",
        name.element_handle(),
    )


def test_keys_alone_choose_and_sort(open_wards: OpenWards) -> None:
    page = open_wards("/wards", width=1280)
    choose = page.get_by_label("Compare by")
    choose.focus()
    page.keyboard.type("Checked")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Checked in the last 12 months")).to_be_visible()
    assert "measure=checked_share" in page.url
    heading = page.get_by_role("columnheader", name="Checked in the last 12 months")
    heading.get_by_role("link").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=-checked_share**")
    expect(heading).to_have_attribute("aria-sort", "descending")
    shares = [int(t.split()[0]) for t in page.locator("tbody td:nth-of-type(1)").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) > 3


def test_without_scripts(open_wards: OpenWards) -> None:
    page = open_wards("/wards", java_script_enabled=False)
    by_name = wards_on(page)
    page.get_by_label("Compare by").select_option("groups:food")
    page.get_by_label("Colours of the map").select_option("natural")
    page.get_by_role("button", name="Show", exact=True).click()
    assert page.get_by_role("heading", level=2).first.inner_text() == "Groups: Food and drink"
    heading = page.get_by_role("columnheader", name="Places", exact=True)
    heading.get_by_role("link").click()
    assert "sort=-assets" in page.url
    assert "measure=groups%3Afood" in page.url
    assert wards_on(page)[0] == "Ellerwick Market"
    assert sorted(wards_on(page)) == by_name
    page.get_by_role("link", name="Ellerwick Market").click()
    assert "Ellerwick Market" in page.get_by_role("heading", level=1).inner_text()


def test_the_map_says_what_the_table_says(open_wards: OpenWards) -> None:
    page = open_wards(f"{SCORE}&classes=natural", width=1280)
    page.locator("#map").scroll_into_view_if_needed()
    frame = page.frame_locator("iframe")
    # The map's own list says the table's figures.
    frame.locator("summary").click()
    lines = frame.locator("#map-list li p").all_inner_texts()
    figures = page.locator("tbody td:nth-of-type(1)").all_inner_texts()
    assert sorted(re.findall(r"[\d.]+", line)[0] for line in lines) == sorted(figures)
    # And its key the page's, number for number.
    key = [re.sub(r"^Class \d: | \d+ wards?$", "", one) for one in
           page.locator(".pw-key li").all_inner_texts()]  # fmt: skip
    drawn = [re.sub(r" \(\d+ areas?\)$", "", one.strip()) for one in
             frame.locator(".legend li").all_inner_texts()]  # fmt: skip
    assert key == drawn
    assert len(key) == 5
