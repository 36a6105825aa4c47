"""Today in a real Chromium: axe, a phone, the keyboard, no scripts; for every role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.browser.serving import Demo, launch, serve_demo
from tests.browser.test_pages import AXE, WIDTHS

pytestmark = pytest.mark.browser

EVERYBODY = ("Jess", "Femi", "Priya", "Iqbal", "Ruth", "Sam")
GROUP_WITH_A_NUMBER = "Sing Eller"


@dataclass
class Running:
    demo: Demo
    browser: Browser


@pytest.fixture(scope="module")
def running(admin_url: sa.URL, playwright: Playwright) -> Iterator[Running]:
    with serve_demo(admin_url) as demo, launch(playwright) as browser:
        yield Running(demo, browser)


OpenToday = Callable[..., Page]


@pytest.fixture
def open_today(running: Running) -> Iterator[OpenToday]:
    """Open a page as somebody of the sample; an error on the console fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(name: str, *, path: str = "/today", width: int = 360, **options: Any) -> Page:
        context = running.browser.new_context(
            viewport={"width": width, "height": 740}, base_url=running.demo.base, **options
        )
        context.add_cookies([running.demo.cookie_of(name)])  # type: ignore[list-item]  # a cookie
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong


@pytest.mark.parametrize("name", EVERYBODY)
def test_axe_finds_nothing(open_today: OpenToday, name: str) -> None:
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
    page = open_today(name)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate("() => axe.run(document)")
        problems = [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", EVERYBODY)
def test_nothing_is_wider_than_the_screen_or_too_small_for_a_thumb(
    open_today: OpenToday, name: str
) -> None:
    page = open_today(name)
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main input")]
          .filter((e) => e.type !== "hidden" && e.checkVisibility())
          // A link in the middle of a sentence is as high as the sentence.
          .filter((e) => !(e.parentElement.matches("main > p")))
          .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect().height])
          .filter(([, height]) => height < 44)"""
    )
    assert too_small == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_matters_most_is_above_the_fold_of_a_phone(open_today: OpenToday) -> None:
    page = open_today("Jess")
    for locator in (
        page.locator("#interest"),
        page.get_by_role("button", name="Find"),
        page.locator("#on-today"),
        page.get_by_role("link", name="A story and a poem"),
        page.get_by_role("link", name="waiting"),
        page.get_by_role("link", name="to record"),
    ):
        box = locator.first.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 740, locator


@pytest.mark.parametrize("has_scripts", [True, False])
def test_by_keyboard_to_the_first_thing(open_today: OpenToday, *, has_scripts: bool) -> None:
    page = open_today("Jess", java_script_enabled=has_scripts)
    keyboard = page.keyboard
    keyboard.press("Tab")
    keyboard.press("Enter")
    keyboard.press("Tab")
    expect(page.locator("#interest")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Find")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert page.url.endswith("#waiting")


def test_a_group_sees_how_many_share_its_interest(open_today: OpenToday, running: Running) -> None:
    engine = sa.create_engine(running.demo.url)
    with engine.connect() as connection:
        group = connection.execute(
            sa.text("SELECT id FROM public_assets WHERE name = :name"),
            {"name": GROUP_WITH_A_NUMBER},
        ).scalar_one()
    engine.dispose()
    page = open_today("Sam", path=f"/assets/{group}")
    expect(page.locator(".nhsuk-inset-text").first).to_contain_text(
        "About 20 residents of care homes within 20 minutes’ walk"
    )
