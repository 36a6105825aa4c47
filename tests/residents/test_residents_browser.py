"""The residents' pages in a real Chromium: a phone, a keyboard, no scripts, axe, and paper."""

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
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect
from pypdf import PdfReader

from app.models import Stance
from tests.conftest import ROOT
from tests.people import REFERENCE_A, REFERENCE_AT_HOME, People
from tests.residents.conftest import Keep, stances_of
from tests.residents.test_leaving import _with_everything

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
AXE = ROOT / ".local" / "axe-core" / "axe.min.js"
START_SECONDS = 60
WIDTHS = (320, 360, 1280)

# Who looks, and at what; `{whole}` is a resident with a row in every table.
PAGES = {
    "list": ("manager_a", "/residents"),
    "new": ("coordinator_a", "/residents/new"),
    "sheet": ("coordinator_a", "/residents/sheet"),
    "one": ("manager_a", "/residents/{whole}"),
    "interests": ("coordinator_a", "/residents/{whole}/interests"),
    "details": ("coordinator_a", "/residents/{whole}/details"),
    "basis": ("coordinator_a", "/residents/{whole}/basis"),
    "withdraw": ("coordinator_a", "/residents/{whole}/withdraw"),
    "erase": ("manager_a", "/residents/{whole}/erase"),
    "export": ("coordinator_a", "/residents/{whole}/export"),
    "withdrawn": ("manager_a", "/residents/withdrawn"),
    "withdrawn for staff": ("coordinator_a", "/residents/withdrawn"),
    "receipts": ("coordinator_a", "/residents/receipts"),
    "offers": ("coordinator_a", "/offers"),
    "people": ("connector", "/residents"),
    "new person": ("connector", "/residents/new"),
    "details of a person": ("connector", f"/residents/{REFERENCE_AT_HOME}/details"),
    "offers of connectors": ("connector", "/offers"),
    "group with an offer": (None, "/assets/{club}"),
}


@pytest.fixture(scope="module")
def base(people: People) -> Iterator[str]:
    """The module's database, served as `patchwork serve` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)],
        env={**os.environ, "DATABASE_URL": people.settings.database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, address)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address + "/health", timeout=5):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
    pytest.fail("the server did not start")


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
    yield browser
    browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, base: str, people: People) -> Iterator[OpenPage]:
    """Open a path for somebody; a script error, a refused policy or another host fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened(who: str | None, path: str, *, width: int = 360, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 740}, base_url=base, **options
        )
        contexts.append(context)
        if who is not None:
            cookie = {"name": people.settings.cookie_name, "value": people.tokens[who], "url": base}
            context.add_cookies([cookie])  # type: ignore[list-item]  # a typed dict of theirs
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
            lambda asked: None if asked.url.startswith(base) else wrong.append(asked.url),
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong


@pytest.fixture
def look(people: People, keep: Keep, open_page: OpenPage) -> Callable[[str], Page]:
    """Open one of `PAGES` with something on it."""
    whole = _with_everything(people, keep)

    def looked(name: str) -> Page:
        if name.startswith("withdrawn"):
            people.client("coordinator_a").post(f"/residents/{keep()}/withdraw")
        who, path = PAGES[name]
        return open_page(who, path.format(whole=whole, club=people.club_id), has_touch=True)

    return looked


def _axe(page: Page) -> list[str]:
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, { iframes: false })")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_fit_for_everybody(look: Callable[[str], Page], name: str) -> None:
    page = look(name)
    for details in page.locator("main details:not([open]) > summary").all():
        details.click()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width > WIDTHS[0]:
            problems = _axe(page)
            assert not problems, "\n".join(problems)
    page.set_viewport_size({"width": 360, "height": 740})
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, summary, input, .pw-item__name a,"
            + " .pw-phone, .pw-buttons a, .rs-action, .rs-steps a, .rs-links a, .rs-due")]
          .filter((e) => e.type !== "hidden" && e.checkVisibility())
          .map((e) => [e, (["checkbox", "radio"].includes(e.type) ? e.parentElement : e)
            .getBoundingClientRect()])
          .filter(([e, box]) => box.height < 44 || box.width < 44)
          .map(([e, box]) => `${e.outerHTML.slice(0, 90)}: ${box.width} by ${box.height}`)"""
    )
    assert not too_small, "\n".join(too_small)


def test_pages_about_a_problem_are_fit_too(people: People, keep: Keep, open_page: OpenPage) -> None:
    page = open_page("coordinator_a", "/residents/new")
    page.get_by_label("Consent", exact=True).check()
    page.get_by_label("Best interests").check()
    page.get_by_role("button", name="Save and tick").click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody can consent for somebody else")
    expect(page.locator("#problems")).to_be_focused()
    expect(page.get_by_label("Best interests")).to_be_checked()
    assert not _axe(page)

    reference = keep({"bowls": Stance.ENJOYS})
    page = open_page("coordinator_a", f"/residents/{reference}/interests")
    people.client("manager_a").post(
        f"/residents/{reference}/interests", data={"version": "1", "stance_bowls": "used_to"}
    )
    page.get_by_label("In your own words").fill("darts")
    page.get_by_role("button", name="Save what is ticked").click()
    expect(page.locator("#conflict")).to_contain_text("Nothing of theirs is overwritten")
    expect(page.get_by_label("In your own words")).to_have_value("darts")
    assert not _axe(page)


def _press(page: Page, label: str, stance: str) -> None:
    """Press one of the four of an interest, as a finger does."""
    row = page.get_by_role("group", name=label, exact=True)
    row.locator("label").filter(has_text=re.compile(f"^{stance}$")).tap()


# A long visit's worth: ten interests and one in own words.
TICKED = {
    "Singing": "Enjoys", "Bingo": "Would try", "Knitting": "Could share", "Baking": "Used to",
    "Gardening": "Used to", "Walking": "Enjoys", "Bowls": "Used to", "Reading": "Enjoys",
    "Steam railways and engines": "Enjoys", "Coffee mornings": "Would try",
}  # fmt: skip


@pytest.mark.parametrize("has_scripts", [True, False])
def test_from_the_sheet_to_the_screen(
    people: People,
    keep: Keep,
    open_page: OpenPage,
    *,
    has_scripts: bool,
) -> None:
    reference = keep()
    page = open_page("coordinator_a", "/residents", has_touch=True, java_script_enabled=has_scripts)
    taps = 0
    item = page.locator(".rs-item", has_text=f"{reference[:4]} {reference[4:]}")
    item.get_by_role("link", name="Tick interests").tap()
    taps += 1
    for label, stance in TICKED.items():
        _press(page, label, stance)
        taps += 1
    field = page.get_by_label("In your own words")
    field.tap()
    field.fill("darts")
    page.get_by_role("button", name="Save what is ticked").tap()
    taps += 2
    expect(page.get_by_role("heading", level=1)).to_contain_text(reference[:4])
    assert taps == len(TICKED) + 3
    stored = stances_of(people, reference)
    assert stored["darts"] == "enjoys"
    assert stored["steam-railways"] == "enjoys"
    assert stored["knitting"] == "could_share"
    assert len(stored) == len(TICKED) + 1


def test_what_was_ticked_by_mistake_is_taken_back(
    people: People, keep: Keep, open_page: OpenPage
) -> None:
    reference = keep({"bowls": Stance.ENJOYS})
    page = open_page(
        "coordinator_a", f"/residents/{reference}/interests", java_script_enabled=False,
        has_touch=True,
    )  # fmt: skip
    _press(page, "Bowls", "–Nothing")
    page.get_by_role("button", name="Save what is ticked").tap()
    expect(page.locator("main")).to_contain_text("Nothing is ticked yet.")
    assert stances_of(people, reference) == {}


def test_did_you_mean_without_scripts(people: People, keep: Keep, open_page: OpenPage) -> None:
    reference = keep()
    page = open_page(
        "coordinator_a", f"/residents/{reference}/interests", java_script_enabled=False
    )
    _choose(page.get_by_role("group", name="Knitting", exact=True), "Enjoys")
    page.get_by_label("In your own words").fill("bolws")
    page.get_by_role("button", name="Save what is ticked").click()
    asked = page.get_by_role("group", name="What does “bolws” mean?")
    asked.get_by_label("Bowls", exact=True).check()
    page.get_by_role("button", name="Save what is ticked").click()
    expect(page.locator("main")).to_contain_text("Bowls and Knitting")
    assert stances_of(people, reference) == {"bowls": "enjoys", "knitting": "enjoys"}


def _choose(row: Locator, stance: str) -> None:
    row.get_by_role("radio", name=stance, exact=True).check()


def test_keeping_and_withdrawing_without_scripts(people: People, open_page: OpenPage) -> None:
    page = open_page("coordinator_a", "/residents/new", java_script_enabled=False)
    for choice in ("Legitimate interests", "They decided themselves", "A short walk"):
        page.get_by_label(choice, exact=True).check()
    page.get_by_label("Tuesday afternoon").check()
    page.get_by_role("button", name="Save and tick interests").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tick what")
    _choose(page.get_by_role("group", name="Singing", exact=True), "Enjoys")
    page.get_by_role("button", name="Save what is ticked").click()
    expect(page.locator("main")).to_contain_text("Tuesday afternoon")
    page.get_by_role("link", name="Stop keeping this").click()
    page.get_by_role("button", name="Yes, stop keeping this").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Withdrawn")


def test_by_keyboard_alone_and_never_under_the_save_bar(
    people: People, keep: Keep, open_page: OpenPage
) -> None:
    reference = keep()
    page = open_page("coordinator_a", f"/residents/{reference}/interests")
    keyboard = page.keyboard
    for _ in range(90):
        keyboard.press("Tab")
        hidden = page.evaluate(
            """() => {
              const e = document.activeElement, bar = document.querySelector(".rs-save");
              if (bar.contains(e) || !document.querySelector("main").contains(e)) return null;
              const seen = (e.type === "radio" ? e.parentElement : e);
              const style = getComputedStyle(seen);
              if (style.boxShadow === "none" && style.outlineStyle === "none") return "no focus";
              const box = seen.getBoundingClientRect();
              return box.bottom > bar.getBoundingClientRect().top + 1 ? "under the bar" : null;
            }"""
        )
        assert hidden is None, page.evaluate("document.activeElement.outerHTML")
        name = page.evaluate("document.activeElement.name")
        if name == "stance_bowls":
            # "Nothing" is chosen: the arrow goes round to the first of the four, then on.
            keyboard.press("ArrowRight")
            keyboard.press("ArrowRight")
        if page.evaluate("document.activeElement.matches('.rs-save button')"):
            keyboard.press("Enter")
            break
    expect(page.get_by_role("heading", level=1)).to_contain_text(reference[:4])
    assert stances_of(people, reference) == {"bowls": "used_to"}


def test_the_sheet_on_paper(open_page: OpenPage) -> None:
    page = open_page("coordinator_a", "/residents/sheet", width=1280)
    paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    a4_points = (595, 842)
    assert len(paper.pages) == 4
    for sheet in paper.pages:
        assert [round(float(side)) for side in sheet.mediabox[2:]] == list(a4_points)
        # Each page says what its columns are.
        text = sheet.extract_text()
        for word in ("Enjoys", "Used", "Would", "Could"):
            assert word in text
        assert "Patchwork" not in text
        assert "coordinator_a" not in text
    assert "What do you enjoy?" in paper.pages[0].extract_text()
    assert "Music" in paper.pages[0].extract_text()

    page.emulate_media(media="print")
    points = page.evaluate(
        """() => [...document.querySelectorAll(".rs-sheet th, .rs-sheet p")]
          .map((e) => parseFloat(getComputedStyle(e).fontSize) * 0.75)"""
    )
    assert min(points) >= 18
    expect(page.locator(".rs-screen")).to_be_hidden()
    colours = page.evaluate(
        """() => [...document.querySelectorAll(".rs-sheet, .rs-sheet *")]
          .flatMap((e) => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor])"""
    )
    for colour in set(colours):
        red, green, blue, *_ = re.findall(r"\d+", colour)
        assert red == green == blue, "black and white only"


def test_what_is_kept_on_paper(open_page: OpenPage) -> None:
    page = open_page("coordinator_a", f"/residents/{REFERENCE_A}/export", width=1280)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".pw-nav")).to_be_hidden()
    expect(page.locator(".pw-downloads")).to_be_hidden()
