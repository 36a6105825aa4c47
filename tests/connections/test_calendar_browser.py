"""Week, times, dates and hand-over in a real Chromium: phone, keyboard, no scripts, axe, paper."""

from __future__ import annotations

import datetime as dt
import io
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from sqlalchemy.orm import Session

from app.models import CalendarFeed, ConnectionStatus, HowItWent
from tests.conftest import ROOT
from tests.connections.calendar_builders import (
    add_resident,
    make_change,
    make_connection,
    make_time,
    make_visit,
)
from tests.people import People

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
AXE = ROOT / ".local" / "axe-core" / "axe.min.js"
START_SECONDS = 60
TODAY = dt.date.today()  # noqa: DTZ011 - the server's today
MONDAY = TODAY - dt.timedelta(days=TODAY.weekday())
NEXT_TUESDAY = MONDAY + dt.timedelta(days=8)
PAGES = {
    "week": "/week",
    "next week": f"/week?from={NEXT_TUESDAY}",
    "christmas": "/week?from=2026-12-25",
    "week problem": "/week?from=9999-99-99",
    "times": "/connections/{boccia}/times",
    "change a time": "/connections/{boccia}/times?edit={time}",
    "no times": "/connections/{idea}/times",
    "one date": f"/connections/{{boccia}}/dates?on={NEXT_TUESDAY}&at=14:00",
    "a moved date": f"/connections/{{boccia}}/dates?on={NEXT_TUESDAY + dt.timedelta(7)}&at=14:00",
    "which date": "/connections/{boccia}/dates",
    "no such date": "/connections/{boccia}/dates?on=2026-02-31&at=14:00",
    "hand over": "/handover",
}
WIDTHS = (320, 360, 1280)


class Site:
    """A running server on the people's database."""

    def __init__(self, base: str, people: People, names: dict[str, str]) -> None:
        self.base = base
        self.people = people
        self.names = names


@pytest.fixture(scope="module")
def site(people: People) -> Iterator[Site]:
    with Session(people.engine) as session:
        names = _store(session, people)
        session.commit()
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
        _wait(process, f"http://127.0.0.1:{port}")
        yield Site(f"http://127.0.0.1:{port}", people, names)
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], base: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(base + "/health", timeout=5):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
    pytest.fail("the server did not start")


def _store(session: Session, people: People) -> dict[str, str]:
    """A busy week: something on every day, twice; and one of everything."""
    begun = MONDAY - dt.timedelta(days=70)
    boccia = make_connection(
        session, people, "Boccia for beginners", next_step="Ask about the ramp",
        next_step_on=TODAY, promised="They bring the set.", what_worked="Short games.",
    )  # fmt: skip
    its_time = make_time(session, boccia, starts_on=begun + dt.timedelta(days=1))
    make_change(
        session, boccia, NEXT_TUESDAY + dt.timedelta(7),
        moved_to=NEXT_TUESDAY + dt.timedelta(9), opens_at=dt.time(10, 30), closes_at=dt.time(12),
    )  # fmt: skip
    add_resident(session, boccia, people.residents["a"])
    for number, how in enumerate(HowItWent):
        make_visit(session, boccia, people, begun + dt.timedelta(7 * number), how, "A sentence.")
    for weekday in range(7):
        for hour in (10, 15):
            one = make_connection(
                session, people, f"Singing with the choir of St Wilfrid’s at {hour}",
                is_visit=hour == 10, welcomed_by="Sam",
            )  # fmt: skip
            make_time(
                session, one, starts_on=begun + dt.timedelta(days=weekday), rrule="FREQ=WEEKLY",
                opens_at=dt.time(hour), closes_at=dt.time(hour + 1),
                skips_bank_holidays=True,
            )  # fmt: skip
    asked = make_connection(session, people, "A dance class", status=ConnectionStatus.CONTACTED)
    make_time(session, asked, starts_on=begun, rrule="FREQ=WEEKLY")
    idea = make_connection(session, people, "Fishing", status=ConnectionStatus.SUGGESTED)
    make_connection(session, people, "Baking", status=ConnectionStatus.PAUSED)
    session.add(CalendarFeed(team_id=people.teams["a"], token="A" * 43))
    return {"boccia": str(boccia.id), "time": str(its_time.id), "idea": str(idea.id)}


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
    yield browser
    browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[OpenPage]:
    """Open a path, signed in; a script error, a refused policy or another host fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened(path: str, *, width: int = 1280, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, base_url=site.base, **options
        )
        contexts.append(context)
        people = site.people
        context.add_cookies([
            {"name": people.settings.cookie_name, "value": people.tokens["coordinator_a"],
             "url": site.base},
        ])  # fmt: skip
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
        page.goto(path.format(**site.names))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong


def hold_to_axe(page: Page) -> None:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("document.querySelectorAll('main details').forEach((d) => { d.open = true })")
        found = page.evaluate("() => axe.run(document)")
        problems = [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        assert not problems, "\n".join(problems)


@pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core: make test fetches it")
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(open_page: OpenPage, name: str) -> None:
    hold_to_axe(open_page(PAGES[name], width=360))


@pytest.mark.parametrize("name", PAGES)
def test_it_fits_a_phone_and_a_finger(open_page: OpenPage, name: str) -> None:
    page = open_page(PAGES[name], width=WIDTHS[0], has_touch=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 360, "height": 800})
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("main button, main summary, main input,"
            + " main select, main .pw-phone, main .pw-buttons a, main h3 a, main .pw-date__change")]
          .filter((e) => e.type !== "hidden" && e.checkVisibility())
          .map((e) => [e, (e.type === "checkbox" ? e.parentElement : e).getBoundingClientRect()])
          .filter(([e, box]) => box.height < 44)
          .map(([e, box]) => `${e.outerHTML.slice(0, 90)} is ${box.height} high`)"""
    )
    assert not too_small, "\n".join(too_small)


def test_a_week_is_seven_columns_on_a_desk_and_a_list_on_a_phone(open_page: OpenPage) -> None:
    page = open_page("/week")
    boxes = [day.bounding_box() for day in page.locator(".pw-day").all()]
    assert len({box["y"] for box in boxes if box}) == 1
    assert len({box["x"] for box in boxes if box}) == 7
    page.set_viewport_size({"width": 360, "height": 800})
    boxes = [day.bounding_box() for day in page.locator(".pw-day").all()]
    assert len({box["x"] for box in boxes if box}) == 1
    assert len({box["y"] for box in boxes if box}) == 7


def test_a_date_is_cancelled_and_put_back_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page(f"/week?from={NEXT_TUESDAY}")
    day = page.locator(f"#day-{NEXT_TUESDAY}")
    link = day.locator("a", has_text="Cancel or move Boccia for beginners")
    _tab_to(page, link)
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Cancel Tuesday")
    _tab_to(page, button)
    page.keyboard.press("Enter")
    expect(day.locator(".pw-date--off")).to_have_count(1)
    _tab_to(page, day.get_by_role("button", name="Put it back"))
    page.keyboard.press("Enter")
    expect(day.locator(".pw-date--off")).to_have_count(0)


def _tab_to(page: Page, wanted: Any) -> None:
    expect(wanted).to_be_visible()
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.evaluate("(e) => e === document.activeElement"):
            return
    pytest.fail("no number of tabs leads there")


def test_a_time_is_added_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/connections/{idea}/times", width=360, java_script_enabled=False)
    page.get_by_label("First day").fill(str(MONDAY + dt.timedelta(days=7)))
    page.get_by_label("From").fill("14:00")
    page.get_by_label("How it repeats").fill("every fortnight-ish")
    page.get_by_role("button", name="Look at the dates").click()
    expect(page.locator("#problems")).to_contain_text("'every fortnight-ish' is not understood")
    expect(page.get_by_label("From")).to_have_value("14:00")
    page.get_by_label("How it repeats").fill("every two weeks")
    page.get_by_role("button", name="Look at the dates").click()
    expect(page.locator("#understood")).to_contain_text("Every other Monday, 2pm.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".pw-item")).to_contain_text("Every other Monday, 2pm.")
    page.locator("summary", has_text="End it").click()
    page.get_by_label("Last day").fill(str(TODAY))
    page.get_by_role("button", name="End it").click()
    expect(page.locator(".pw-item")).to_have_count(0)


def test_axe_likes_what_was_understood_and_a_conflict(open_page: OpenPage) -> None:
    page = open_page("/connections/{boccia}/times?edit={time}", width=360)
    page.get_by_role("button", name="Look at the dates").click()
    expect(page.locator("#understood")).to_be_visible()
    hold_to_axe(page)
    page.locator("form:has(#repeats) input[name=version]").evaluate("(e) => { e.value = '99' }")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this time")
    hold_to_axe(page)


def test_a_busy_week_prints_as_one_sheet_fit_for_the_notice_board(open_page: OpenPage) -> None:
    page = open_page("/week")
    made = page.pdf(prefer_css_page_size=True)
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    assert len(pages) == 1
    assert (round(pages[0].mediabox.width), round(pages[0].mediabox.height)) == (595, 842)
    said = " ".join(pages[0].extract_text().split())
    assert "What is on at Bowmont House" in said
    assert said.count("Singing with the choir") == 14
    assert "Boccia for beginners" in said
    for private in ("01274", "Pat Hargreaves", "dance", "ramp", "calendar/", "Cancel", "Signed in"):
        assert private not in said, private


def test_the_hand_over_prints_from_the_browser_too(open_page: OpenPage) -> None:
    made = open_page("/handover").pdf(prefer_css_page_size=True)
    said = " ".join(
        " ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(made)).pages
    )
    for sentence in ("What to do first on Monday", "Pat Hargreaves, 01274 555 0199", "Page 1 of"):
        assert sentence in said
    assert "Signed in" not in said
    assert "As a PDF" not in said


def test_the_address_can_be_copied_and_made_anew(site: Site, open_page: OpenPage) -> None:
    page = open_page("/week", width=360)
    field = page.get_by_label("The secret address")
    was = f"{site.base}/calendar/{'A' * 43}.ics"
    expect(field).to_have_value(was)
    device = page.get_by_role("link", name="Add it on this device")
    assert device.get_attribute("href") == was.replace("http:", "webcal:")
    page.locator("summary", has_text="Somebody has left").click()
    page.get_by_role("button", name="Make a new address").click()
    expect(page.get_by_label("The secret address")).not_to_have_value(was)
