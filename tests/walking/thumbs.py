"""What a thumb does on the walker's page, for tests of it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.walking.conftest import STANDING, until
from tests.walking.test_adding import adding

STORE = "(await import('/static/walk/store.js')).store"
OUTBOX = "(await import('/static/walk/outbox.js')).outbox"
DRAFTS = f"async () => (await {STORE}.drafts()).map(({{ facts }}) => facts.name)"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cf"
    "c0f01f0005000101ff89b5d2220000000049454e44ae426082"
)


def fill(page: Page, name: str, *, kind: str = "Group") -> None:
    adding(page).get_by_role("radio", name=kind, exact=True).check()
    adding(page).get_by_label("What is it called?").fill(name)
    until(page, f"async (name) => (await ({DRAFTS})()).includes(name)", name)


def go(page: Page, view: str) -> None:
    page.evaluate("(to) => { location.hash = to; }", view)
    expect(page.locator(f"#walk-{view.partition('/')[0]}")).to_be_visible()


def stand(page: Page, latitude: float, accuracy: float) -> None:
    page.context.set_geolocation(
        {"latitude": latitude, "longitude": STANDING["longitude"], "accuracy": accuracy}
    )
    until(
        page,
        "async (lat) => (await import('/static/walk/here.js')).here.position?.lat === lat",
        latitude,
    )


def save(page: Page, *, view: str = "add") -> None:
    page.locator(f"#walk-{view}").get_by_role("button", name="Save", exact=True).click()


def records(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        f"async () => (await {OUTBOX}.items()).map(({{ record }}) => record)"
    )
    return found
