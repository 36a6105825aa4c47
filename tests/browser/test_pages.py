"""The pages in a real Chromium: on a phone, by keyboard, without scripts, and through axe."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect
from rich.console import Console

from app.database import make_engine
from app.demo.actions import prepare_demo
from app.settings import Settings
from tests.conftest import ROOT, new_database

pytestmark = pytest.mark.browser

AXE = ROOT / ".local" / "axe-core" / "axe.min.js"
SAMPLE = ROOT / "data" / "sample"
START_SECONDS = 60

# Ellerwick: a home, its postcode, and somewhere to stand.
HOME_NAME, POSTCODE = "Eller Court", "EW1 3DS"
STANDING_AT = {"longitude": -2.1127612, "latitude": 54.1141364}

PAGES = {
    "home": "/",
    "assets": "/assets",
    "assets near": f"/assets?near={POSTCODE}&interest=gardening&within=5000",
    "assets problem": "/assets?near=nowhere+at+all&within=-1",
    "asset": "/assets/{group}",
    "care home": "/homes/{home}",
    "care home as an asset": "/assets/{home}",
    "informal": "/assets/{informal}",
    "wards": "/wards",
    "ward": "/wards/{ward}",
    "matches form": "/matches",
    "matches": f"/matches?near={POSTCODE}&interest=bowls,knitting&needs=step_free",
    "matches unsure": f"/matches?near={POSTCODE}&interest=bolws,reading",
    "matches problem": "/matches?near=nowhere&interest=zzyzx&within=-1",
    "about": "/about",
    "api": "/api",
    "not found": "/no-such-page",
}
WIDTHS = (320, 360, 1280)


class Site:
    """A running server with the sample town, and the addresses of some of its things."""

    def __init__(self, base: str, names: dict[str, str]) -> None:
        self.base = base
        self.names = names

    def address(self, path: str) -> str:
        return self.base + path.format(**self.names)


@pytest.fixture(scope="module")
def site(admin_url: sa.URL) -> Iterator[Site]:
    """The sample town, loaded by the importers and served as `patchwork serve` does."""
    with new_database(admin_url) as url:
        settings = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
        prepare_demo(settings, folder=SAMPLE, console=Console(file=io.StringIO()))
        engine = make_engine(settings)
        with engine.connect() as connection:
            names = _names(connection)
        engine.dispose()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        start = "from app.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", start, "serve", "--port", str(port)],
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(process, base)
            yield Site(base, names)
        finally:
            process.terminate()
            process.wait()


def _names(connection: sa.Connection) -> dict[str, str]:
    def one(sql: str) -> str:
        return str(connection.execute(sa.text(sql)).scalar_one())

    return {
        "home": one(f"SELECT id FROM public_assets WHERE name = '{HOME_NAME}'"),
        "group": one("SELECT place_id FROM public_activities ORDER BY name LIMIT 1"),
        "informal": one(
            "SELECT id FROM public_assets WHERE kind = 'informal' ORDER BY name LIMIT 1"
        ),
        "ward": one("SELECT min(gss_code) FROM areas WHERE area_type = 'ward'"),
    }


def _wait(process: subprocess.Popen[bytes], base: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(base + "/health", timeout=5):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
    pytest.fail("the server did not start")


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[OpenPage]:
    """Open a path of the site; a script error, a refused policy or another host fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened(path: str, *, width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, base_url=site.base, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text)
                # A page about a problem has its status: Chromium says so on the console.
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(site.base) else wrong.append(asked.url),
        )
        page.goto(site.address(path))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(open_page: OpenPage, name: str) -> None:
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
    page = open_page(PAGES[name], width=360)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for details in page.locator("main details:not([open]) > summary").all():
            if details.is_visible():
                details.click()
        # The map's own document is held to axe with the maps.
        found = page.evaluate("() => axe.run(document, { iframes: false })")
        problems = [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        assert not problems, "\n".join(problems)


def test_axe_can_find_something(open_page: OpenPage) -> None:
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
    page = open_page("/about")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    found = page.evaluate("() => axe.run(document, { iframes: false })")
    assert {"color-contrast", "label"} <= {rule["id"] for rule in found["violations"]}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_screen(open_page: OpenPage, name: str) -> None:
    page = open_page(PAGES[name], width=WIDTHS[0])
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_a_finger_finds_what_it_aims_at(open_page: OpenPage, name: str) -> None:
    page = open_page(PAGES[name], width=360, has_touch=True)
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, summary, input, .pw-nav a,"
            + " .pw-chips a, .pw-item__name a, .pw-phone, .pw-line a, .pw-buttons a")]
          .filter((e) => e.type !== "hidden" && e.checkVisibility())
          // The label of a box is part of what one can press.
          .map((e) => [e, (["checkbox", "radio"].includes(e.type) ? e.parentElement : e)
            .getBoundingClientRect()])
          .filter(([e, box]) => box.height < 44)
          .map(([e, box]) => `${e.outerHTML.slice(0, 90)} is ${box.height} high`)"""
    )
    assert not too_small, "\n".join(too_small)


def test_maps_are_drawn_beside_their_lists(open_page: OpenPage) -> None:
    for name in ("assets near", "ward", "matches", "asset"):
        page = open_page(PAGES[name])
        frame = page.frame_locator("iframe")
        expect(frame.locator("canvas").first).to_be_visible()
        place = page.locator(".pw-map").bounding_box()
        words = page.locator(".pw-split__list").bounding_box()
        assert place
        assert words
        assert place["x"] >= words["x"] + words["width"], "beside on a desk"
        page.set_viewport_size({"width": 360, "height": 740})
        place = page.locator(".pw-map").bounding_box()
        words = page.locator(".pw-split__list").bounding_box()
        assert place
        assert words
        assert place["y"] >= words["y"] + words["height"], "below the list on a phone"


def test_a_place_on_the_map_opens_its_page(open_page: OpenPage, site: Site) -> None:
    page = open_page(PAGES["matches"])
    frame = page.frame_locator("iframe")
    frame.locator("summary", has_text="List of the matches").click()
    frame.locator("details button").first.click()
    frame.get_by_role("link", name="Open this entry").click()
    page.wait_for_url(re.compile("/assets/"))


@pytest.mark.parametrize("has_scripts", [True, False])
def test_from_home_to_a_phone_number(open_page: OpenPage, *, has_scripts: bool) -> None:
    page = open_page("/", width=360, java_script_enabled=has_scripts)
    task = page.locator("section", has=page.get_by_role("heading", name="Find something"))
    task.get_by_label("Postcode or care home").fill(HOME_NAME)
    task.get_by_label("What they enjoy").fill("used to play bowls")
    task.get_by_role("button").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Matches near {HOME_NAME}")
    assert page.locator("a[href^='tel:']").count() > 0
    first = page.locator(".pw-item").first
    expect(first.locator(".pw-reasons")).to_contain_text("walk")
    # Change the question without losing it.
    page.get_by_text("Change the question").click()
    only = page.get_by_role("group", name="Only show what is")
    only.get_by_label("Step-free").check()
    page.get_by_role("button", name="Find matches").click()
    page.get_by_text("Change the question").click()
    expect(only.get_by_label("Step-free")).to_be_checked()
    expect(page.get_by_label("What they enjoy")).to_have_value("Bowls")
    # The map's question is in no address either: it is sent into the frame.
    if not has_scripts:
        page.get_by_role("button", name="Draw the map").click()
    expect(page.frame_locator("iframe").get_by_text("List of the matches")).to_be_visible()
    # A chip takes its interest out again.
    page.get_by_role("button", name="Remove Bowls").click()
    expect(page.get_by_label("What they enjoy")).to_have_value("")
    assert page.url.endswith("/matches"), "what somebody enjoys is in no address"


@pytest.mark.parametrize("has_scripts", [True, False])
def test_filters_of_places(open_page: OpenPage, *, has_scripts: bool) -> None:
    page = open_page("/assets", width=360, java_script_enabled=has_scripts)
    page.get_by_text("More ways to choose").click()
    page.get_by_label("Groups").check()
    page.get_by_label("Words in the name").fill("club")
    page.get_by_role("button", name="Show places").click()

    assert "kind=group" in page.url
    kinds = page.locator(".pw-list .pw-kind").all_inner_texts()
    assert kinds
    assert set(kinds) == {"Group"}
    if has_scripts:
        assert "near=" not in page.url, "empty fields are left out of addresses people share"


def test_a_word_we_are_not_sure_of_is_one_press_away(open_page: OpenPage) -> None:
    page = open_page(PAGES["matches unsure"], java_script_enabled=False)
    page.get_by_role("link", name="Bowls", exact=True).click()
    expect(page.get_by_role("link", name="Remove Bowls")).to_be_visible()
    expect(page.get_by_role("link", name="Remove Reading")).to_be_visible()


def test_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("/")
    keyboard = page.keyboard
    keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to main content")
    assert page.locator(":focus").is_visible()
    keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "maincontent"
    for text in (POSTCODE, "bowls"):
        keyboard.press("Tab")
        keyboard.type(text)
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Matches near {POSTCODE}")


def test_focus_can_be_seen_everywhere(open_page: OpenPage) -> None:
    for name in ("matches", "assets", "ward"):
        page = open_page(PAGES[name])
        for _ in range(25):
            page.keyboard.press("Tab")
            unseen = page.evaluate(
                """() => {
                  const e = document.activeElement;
                  if (e === document.body || e.tagName === "IFRAME") return null;
                  const shown = (x) => {
                    const s = getComputedStyle(x);
                    return s.boxShadow !== "none" || (s.outlineStyle !== "none"
                      && s.outlineWidth !== "0px" && !s.outlineColor.endsWith(", 0)"));
                  };
                  return shown(e) ? null : e.outerHTML.slice(0, 120);
                }"""
            )
            assert unseen is None, unseen


def test_after_a_problem_the_reader_starts_there(open_page: OpenPage) -> None:
    page = open_page(PAGES["assets problem"])
    expect(page.locator("#problems")).to_be_focused()
    page.get_by_role("link", name="“within” must be").click()
    expect(page.get_by_label("How far from there")).to_be_visible()


def test_use_my_location(open_page: OpenPage) -> None:
    page = open_page("/assets", width=360, geolocation=STANDING_AT, permissions=["geolocation"])
    page.get_by_role("button", name="Use my location").click()
    page.wait_for_url(re.compile(r"lon=-2\.1128&lat=54\.1141$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Places near where you are")
    expect(page.locator(".pw-item").first).to_contain_text("walk")


def test_a_location_that_is_not_shared(open_page: OpenPage) -> None:
    page = open_page("/", width=360)
    page.get_by_role("button", name="Use my location").click()
    expect(page.get_by_role("status").first).to_contain_text("Type a postcode instead")
    assert (
        open_page("/", java_script_enabled=False)
        .get_by_role("button", name="Use my location")
        .is_hidden()
    )


def test_interests_are_suggested(open_page: OpenPage) -> None:
    page = open_page("/matches")
    page.get_by_label("What they enjoy").press_sequentially("reading, bowl")
    expect(page.locator("datalist option[value='reading, Bowls']")).to_have_count(1)


def test_on_paper_the_list_remains(open_page: OpenPage) -> None:
    for name in ("ward", "matches", "assets near"):
        page = open_page(PAGES[name])
        page.emulate_media(media="print")
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator(".pw-map")).to_be_hidden()
        expect(page.locator(".pw-nav")).to_be_hidden()
        expect(page.locator("main a[href^='/assets/']").first).to_be_visible()
        expect(page.locator("footer")).to_contain_text("Where this page")
