"""Connections in a real Chromium: on a phone, by keyboard, without scripts, two at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app.words import shown_reference
from tests.conftest import ROOT
from tests.connections.conftest import Opened, OpenPage
from tests.connections.test_editing import send
from tests.people import REFERENCE_A, People, make_resident

pytestmark = pytest.mark.browser

AXE = ROOT / ".local" / "axe-core" / "axe.min.js"
WIDTHS = (320, 360, 1280)
OTHER_REFERENCE = "BCDFGH62"


@pytest.fixture
def lived_in(people: People, opened: Opened) -> Opened:
    """A connection with a bit of everything."""
    with Session(people.engine) as session:
        known = session.scalar(
            sa.text("SELECT count(*) FROM residents WHERE reference = :one"),
            {"one": OTHER_REFERENCE},
        )
        if not known:
            make_resident(session, people.teams["a"], OTHER_REFERENCE, {})
            session.commit()
    for number, face in enumerate(("well", "so_so", "badly")):
        visit = {"visited_on": f"2026-01-0{number + 1}", "how_it_went": face}
        send(opened, "coordinator_a", visit | {"reference": [REFERENCE_A]}, "/visits")
    send(opened, "coordinator_a", {"note": "The van needs the back gate."}, "/notes")
    send(
        opened,
        "coordinator_a",
        {"version": 1, "next_step": "Ring", "next_step_on": "2026-01-02", "promised": "Mats"},
    )
    return opened


def pages_of(opened: Opened) -> dict[str, str]:
    visit = opened.ask("SELECT id FROM visits WHERE connection_id = :id LIMIT 1")[0][0]
    return {
        "connection": f"{opened.path}?said=saved",
        "list": "/connections",
        "visit": f"{opened.path}/visits/{visit}",
    }


def open_all(page: Page) -> None:
    """Open every folded part."""
    page.evaluate("document.querySelectorAll('main details').forEach((d) => { d.open = true })")


def clash(open_page: OpenPage, opened: Opened, **options: Any) -> tuple[Page, Page]:
    """Return the pages of two who have changed the same field: saved, and asked."""
    first = open_page("coordinator_a", opened.path, **options)
    second = open_page("manager_a", opened.path, **options)
    for page, words in ((first, "They bring mats"), (second, "We make tea")):
        page.get_by_text("Write down what you know").click()
        page.get_by_label("What was promised").fill(words)
        page.locator("#facts").get_by_role("button", name="Save", exact=True).click()
    return first, second


def assert_axe_finds_nothing(page: Page) -> None:
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
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


def assert_fits(page: Page) -> None:
    """Nothing wider than the screen, nothing too small for a finger."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    page.set_viewport_size({"width": 360, "height": 780})
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("main button, main select, main summary,"
            + " main input, main textarea, main a, .nhsuk-back-link")]
          .filter((e) => e.type !== "hidden" && e.checkVisibility())
          // The label of a box is part of what one can press.
          .map((e) => [e, (["checkbox", "radio"].includes(e.type) ? e.parentElement : e)
            .getBoundingClientRect()])
          .filter(([e, box]) => box.height < 44)
          .map(([e, box]) => `${e.outerHTML.slice(0, 90)} is ${box.height} high`)"""
    )
    assert not too_small, "\n".join(too_small)


@pytest.mark.parametrize("name", ["connection", "list", "visit"])
def test_pages_fit_and_axe_finds_nothing(open_page: OpenPage, lived_in: Opened, name: str) -> None:
    page = open_page("manager_a", pages_of(lived_in)[name])
    assert_fits(page)
    open_all(page)
    assert_fits(page)
    assert_axe_finds_nothing(page)


def test_the_choice_between_two_versions_fits(open_page: OpenPage, lived_in: Opened) -> None:
    _, page = clash(open_page, lived_in)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Somebody else has changed this")
    assert_fits(page)
    assert_axe_finds_nothing(page)


def test_a_page_with_problems(open_page: OpenPage, lived_in: Opened) -> None:
    page = open_page("coordinator_a", lived_in.path)
    page.get_by_text("Write down what you know").click()
    page.get_by_label("The number they gave us").fill("ask Mary")
    page.locator("#facts").get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#problems")).to_be_focused()
    page.get_by_role("link", name="write it in digits").click()
    expect(page.get_by_label("The number they gave us")).to_have_value("ask Mary")
    assert_axe_finds_nothing(page)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_two_browsers_change_the_same_field(
    open_page: OpenPage, opened: Opened, *, has_scripts: bool
) -> None:
    first, second = clash(open_page, opened, java_script_enabled=has_scripts)
    expect(first.get_by_role("status")).to_have_text("Saved.")
    # Both versions are there, and two taps decide.
    expect(second.get_by_text("They bring mats")).to_be_visible()
    expect(second.get_by_text("We make tea")).to_be_visible()
    assert opened.row().promised == "They bring mats"
    second.get_by_text("Keep both").click()
    second.get_by_role("button", name="Save").click()
    expect(second.locator("#facts dd").first).to_contain_text("They bring mats")
    assert opened.row().promised == "They bring mats\nWe make tea"


@pytest.mark.parametrize("has_scripts", [True, False])
def test_from_the_first_call_to_the_first_visit(
    open_page: OpenPage, opened: Opened, *, has_scripts: bool
) -> None:
    page = open_page("coordinator_a", opened.path, java_script_enabled=has_scripts)
    ring = page.locator(".pw-ring")
    expect(ring).to_have_attribute("href", "tel:012745550101")
    box = ring.bounding_box()
    assert box
    assert box["y"] + box["height"] < 780, "on the first screen"
    expect(page.get_by_text("Hello, this is coordinator_a from Bowmont House")).to_be_visible()

    page.get_by_role("button", name="I have rung them").click()
    page.get_by_role("button", name="Next week").click()
    expect(page.locator("#next-step .pw-due")).to_be_visible()
    page.get_by_role("button", name="It is happening").click()
    page.get_by_label("So-so").check()
    expect(page.get_by_label(shown_reference(REFERENCE_A)).first).to_be_checked()
    page.get_by_role("button", name="Save the visit").click()
    expect(page.get_by_role("status")).to_have_text("The visit is saved. Thank you.")
    assert opened.row().status == "happening"
    visits = opened.ask("SELECT how_it_went FROM visits WHERE connection_id = :id")
    assert [visit.how_it_went for visit in visits] == ["so_so"]


def test_by_keyboard_alone(open_page: OpenPage, opened: Opened) -> None:
    page = open_page("coordinator_a", opened.path)

    def tab_to(said: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            words = page.evaluate(
                "(document.activeElement.labels?.[0] ?? document.activeElement).innerText"
            )
            if re.search(said, words or ""):
                shown = page.evaluate(
                    """() => [document.activeElement, document.activeElement.parentElement]
                      .map((e) => getComputedStyle(e))
                      .some((s) => s.boxShadow !== "none" || s.outlineStyle !== "none")"""
                )
                assert shown, f"the focus on {said} can be seen"
                return
        pytest.fail(f"no way to {said}")

    tab_to("01274 555 0101")
    tab_to("I have rung them")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    tab_to("Record a visit")
    page.keyboard.press("Enter")
    tab_to("Well")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("So-so")).to_be_checked()
    tab_to("Save the visit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The visit is saved. Thank you.")


def test_enter_in_the_next_step_does_not_choose_a_day(open_page: OpenPage, opened: Opened) -> None:
    page = open_page("coordinator_a", opened.path)
    page.get_by_label("What you will do").press("Enter")
    expect(page.locator("#next-step strong")).to_have_text("Ring them")
    assert opened.row().next_step_on is None


def test_the_e_mail_is_copied(open_page: OpenPage, opened: Opened) -> None:
    page = open_page(
        "coordinator_a", opened.path, permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_text("Write an e-mail instead").click()
    page.get_by_role("button", name="Copy the text").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Hello,\n\nI am coordinator_a from Bowmont House")
    assert REFERENCE_A not in copied


def test_without_scripts_there_is_no_button_that_does_nothing(
    open_page: OpenPage, opened: Opened
) -> None:
    page = open_page("coordinator_a", opened.path, java_script_enabled=False)
    page.get_by_text("Write an e-mail instead").click()
    expect(page.locator("#email-body")).to_be_visible()
    expect(page.locator("button[data-copy]").first).to_be_hidden()


def test_the_list_leads_to_what_is_due(open_page: OpenPage, lived_in: Opened) -> None:
    page = open_page("coordinator_a", "/connections", java_script_enabled=False)
    first = page.locator(".pw-item").first
    expect(first.locator(".pw-due--late")).to_be_visible()
    first.get_by_role("link", name="Boccia for beginners").click()
    page.get_by_role("button", name="It is done").click()
    expect(page.locator(".pw-notes")).to_contain_text("Done: Ring")


def test_on_paper_nothing_is_wider_than_the_sheet(open_page: OpenPage, lived_in: Opened) -> None:
    page = open_page("coordinator_a", lived_in.path, width=720)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    expect(page.locator(".pw-ring")).to_be_visible()
