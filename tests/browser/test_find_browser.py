"""Finding for residents in a real Chromium: on a phone, by keyboard, without scripts, by axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.browser.serving import Demo, launch, serve_demo
from tests.browser.test_pages import AXE, WIDTHS

pytestmark = pytest.mark.browser

COORDINATOR = "Jess"
# Opened by their addresses; `{reference}` is a resident who used to play bowls.
PAGES = {
    "resident": "/residents/{reference}/matches",
    "everyone": "/matches/everyone",
    "typed": "/matches",
}


@dataclass
class Running:
    demo: Demo
    browser: Browser
    reference: str


@pytest.fixture(scope="module")
def running(admin_url: sa.URL, playwright: Playwright) -> Iterator[Running]:
    with serve_demo(admin_url) as demo, launch(playwright) as browser:
        engine = sa.create_engine(demo.url)
        with engine.connect() as connection:
            reference = connection.execute(
                sa.text(
                    "SELECT r.reference FROM residents r JOIN memberships m USING (team_id)"
                    " JOIN accounts a ON a.id = m.account_id AND a.name = :name"
                    " JOIN resident_interests n ON n.resident_id = r.id"
                    " WHERE r.withdrawn_at IS NULL GROUP BY r.reference"
                    " ORDER BY count(*) DESC, r.reference LIMIT 1"
                ),
                {"name": COORDINATOR},
            ).scalar_one()
        engine.dispose()
        yield Running(demo, browser, reference)


OpenAs = Callable[..., Page]


@pytest.fixture
def open_as(running: Running) -> Iterator[OpenAs]:
    """Open a page as somebody of the sample; an error on the console fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(path: str, *, width: int = 360, **options: Any) -> Page:
        context = running.browser.new_context(
            viewport={"width": width, "height": 740}, base_url=running.demo.base, **options
        )
        context.add_cookies([running.demo.cookie_of(COORDINATOR)])  # type: ignore[list-item]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text)
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        page.goto(path.format(reference=running.reference))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_before_and_after_a_form(open_as: OpenAs, name: str) -> None:
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
    page = open_as(PAGES[name])
    for turn in range(2):
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for details in page.locator("main details:not([open]) > summary").all():
            if details.is_visible():
                details.click()
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            found = page.evaluate("() => axe.run(document, { iframes: false })")
            problems = [
                f"{rule['id']}: {node['target']} {node['failureSummary']}"
                for rule in found["violations"]
                for node in rule["nodes"]
            ]
            assert not problems, "\n".join(problems)
        if turn == 0:
            if name == "typed":
                page.get_by_label("What they enjoy").fill("bowls, bolws, pottery")
            page.get_by_label("Free of charge").check()
            page.get_by_role("button", name=re.compile("^(Show these|Find matches)$")).click()


@pytest.mark.parametrize("name", PAGES)
def test_it_fits_a_phone_and_a_thumb(open_as: OpenAs, name: str) -> None:
    page = open_as(PAGES[name], width=WIDTHS[0], has_touch=True)
    if name == "typed":
        page.get_by_label("What they enjoy").fill("bowls, bolws")
        page.get_by_role("button", name="Find matches").click()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for details in page.locator("main details:not([open]) > summary").all():
        if details.is_visible():
            details.click()
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("main button, main select, main summary,"
            + " main input, .pw-item__name a, .pw-phone, .pw-line a, .pw-left-out a")]
          .filter((e) => e.type !== "hidden" && e.checkVisibility())
          .map((e) => [e, (["checkbox", "radio"].includes(e.type) ? e.parentElement : e)
            .getBoundingClientRect()])
          .filter(([e, box]) => box.height < 44)
          .map(([e, box]) => `${e.outerHTML.slice(0, 90)} is ${box.height} high`)"""
    )
    assert not too_small, "\n".join(too_small)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_from_a_resident_to_filters_and_a_map(open_as: OpenAs, *, has_scripts: bool) -> None:
    page = open_as(PAGES["resident"], java_script_enabled=has_scripts)
    address = page.url
    assert page.locator("a[href^='tel:']").count() > 0
    page.get_by_text("Choose by day, time or distance").click()
    page.get_by_text("Days and times").click()
    page.get_by_label("Tuesday").check()
    page.get_by_label("Starts after").fill("10:00")
    page.get_by_role("button", name="Show these").click()
    assert page.url == address, "what was chosen is in no address"
    found = page.locator(".pw-item .pw-reasons").all_text_contents()
    assert found
    for when in found:
        assert re.search("Tuesday|[Ee]very day|weekday|Day [0-9]", when), when
    if not has_scripts:
        page.get_by_role("button", name="Draw the map").click()
    expect(page.frame_locator("iframe").get_by_text("List of the matches")).to_be_visible()
    page.get_by_text("Choose by day, time or distance").click()
    expect(page.get_by_label("Tuesday")).to_be_checked()
    page.get_by_role("link", name="Show all").click()
    assert page.url == address


def test_the_way_back_from_a_match_is_no_error(open_as: OpenAs) -> None:
    page = open_as(PAGES["typed"])
    page.get_by_label("What they enjoy").fill("bowls")
    page.get_by_role("button", name="Find matches").click()
    title = page.locator("h1").inner_text()
    page.locator(".pw-item__name a").first.click()
    page.wait_for_url(re.compile("/assets/"))
    page.go_back()
    expect(page.locator("h1")).to_have_text(title)


def test_enter_asks_again_and_takes_nothing_out(open_as: OpenAs) -> None:
    page = open_as(PAGES["typed"], java_script_enabled=False)
    interest = page.get_by_label("What they enjoy")
    interest.fill("bowls")
    interest.press("Enter")
    expect(page.get_by_role("button", name="Remove Bowls")).to_be_visible()
    page.get_by_text("Change the question").click()
    interest.fill("bowls, knitting")
    interest.press("Enter")
    expect(page.get_by_role("button", name="Remove Bowls")).to_be_visible()
    expect(page.get_by_role("button", name="Remove Knitting")).to_be_visible()


def test_by_keyboard_to_one_tap_connect(open_as: OpenAs) -> None:
    page = open_as(PAGES["everyone"], width=1280)
    button = page.get_by_role("button", name=re.compile("^Connect with ")).first
    button.focus()
    assert button.evaluate("e => getComputedStyle(e).outlineStyle !== 'none' ||"
                           " getComputedStyle(e).boxShadow !== 'none'")  # fmt: skip
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/connections/[0-9a-f-]{36}"))
