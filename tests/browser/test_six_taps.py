"""From the dashboard to whom to ring and what to say: on a phone, by thumb, against the clock."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests.authorisation.table import NOT_YET
from tests.browser.serving import launch, serve_demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        bool(NOT_YET), reason=f"pages on the way are not there yet: {len(NOT_YET)} addresses"
    ),
]

MOST_TAPS = 6
SAID = "used to play bowls"


@pytest.fixture(scope="module")
def phone(admin_url: sa.URL, playwright: Playwright) -> Iterator[BrowserContext]:
    with serve_demo(admin_url) as demo, launch(playwright) as browser:
        yield browser.new_context(
            base_url=demo.base, viewport={"width": 360, "height": 740}, has_touch=True,
            is_mobile=True,
        )  # fmt: skip


@dataclass
class Thumb:
    """Taps, and counts them; typing is one interest and nothing more."""

    page: Page
    taps: int = 0
    typed: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def tap(self, what: Locator) -> None:
        what.tap()
        self.taps += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.typed.append(text)

    def told(self) -> str:
        seconds = time.monotonic() - self.began
        return f"{self.taps} taps, typed {self.typed}, {seconds:.1f} seconds"


def sign_in(page: Page, role: str, name: str) -> None:
    """Sign in as one of the sample's people, as the sign-in page offers them."""
    page.goto("/sign-in")
    button = page.locator("form[action='/sign-in/sample'] button")
    button.filter(has_text=re.compile(role, re.IGNORECASE)).filter(has_text=name).tap()
    page.wait_for_url(re.compile(r"/today$"))


def test_from_today_to_a_phone_number_and_what_to_say(
    phone: BrowserContext, capsys: pytest.CaptureFixture[str]
) -> None:
    page = phone.new_page()
    sign_in(page, "coordinator", "Beck House")

    thumb = Thumb(page)
    thumb.tap(page.locator("#interest"))
    thumb.type(SAID)
    thumb.tap(page.get_by_role("button", name="Find"))

    # "Used to play bowls" leads to boccia with its sentence, and to a group that comes here.
    visits = page.locator("#comes-to-you ~ ol").first.locator(".pw-item")
    boccia = visits.filter(has_text="Boccia comes to you")
    expect(boccia.locator(".pw-reasons")).to_contain_text("a gentler alternative to bowls")
    expect(boccia.locator(".pw-reasons")).to_contain_text("They come to you")
    thumb.tap(boccia.get_by_role("button", name="Connect"))

    page.wait_for_url(re.compile(r"/connections/[0-9a-f-]{36}"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Boccia comes to you")
    ring = page.locator("section[aria-labelledby='ring-heading']")
    expect(ring.locator("a[href='tel:01134960339']").first).to_be_visible()
    expect(ring).to_contain_text("Beck House")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    with capsys.disabled():
        print(f"\nFrom today to a number and a script: {thumb.told()}")  # noqa: T201
    assert thumb.taps <= MOST_TAPS
    assert thumb.typed == [SAID]


def test_a_resident_without_a_match_is_as_near(phone: BrowserContext) -> None:
    """Whoever has had nothing lately is one tap from matches, with nothing to type at all."""
    page = phone.new_page()
    sign_in(page, "coordinator", "Beck House")
    thumb = Thumb(page)
    without = page.locator("section[aria-labelledby='without']")
    thumb.tap(without.get_by_role("link", name="Find something").first)
    page.wait_for_url(re.compile(r"/residents/[2-9B-Z]{8}/matches$"))
    thumb.tap(page.get_by_role("button", name="Connect").first)
    page.wait_for_url(re.compile(r"/connections/[0-9a-f-]{36}"))
    expect(page.locator("a[href^='tel:']").first).to_be_visible()
    assert thumb.taps <= MOST_TAPS
    assert thumb.typed == []
