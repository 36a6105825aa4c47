"""A ward's pages in a real Chromium: on a phone, by keyboard, without scripts, and through axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import Demo, serve_demo
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

AXE = ROOT / ".local" / "axe-core" / "axe.min.js"
WARD, OLD, POSTCODE = "E05999002", "E05999902", "EW1 3DS"
PAGES = {
    "ward": f"/wards/{WARD}",
    "old ward": f"/wards/{OLD}?release=2013",
    "abolished ward": f"/wards/{OLD}",
    "boundaries": f"/wards/boundaries?near={POSTCODE}",
    "boundaries problem": "/wards/boundaries?near=nowhere",
}
HOSTILE = "`${window.__pwned=1}`<img src=x onerror=window.__pwned=1>"


@pytest.fixture(scope="module")
def site(admin_url: sa.URL) -> Iterator[Demo]:
    """The sample town with gaps, a hostile name, and a ward that is no more."""
    with serve_demo(admin_url) as demo:
        engine = sa.create_engine(demo.url)
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO areas (area_type, release, gss_code, name, geom, source_id,"
                    " content_hash) SELECT area_type, '2013', :old, 'Old Market',"
                    " ST_Translate(geom, -0.002, 0), source_id, 'x' FROM areas"
                    " WHERE gss_code = :code"
                ),
                {"old": OLD, "code": WARD},
            )
            connection.execute(
                sa.text(
                    "INSERT INTO unmet_interests (interest_id, ward_code, noticed_on)"
                    " SELECT id, :code, CURRENT_DATE - n FROM interests, generate_series(1, 9) n"
                    " WHERE concept IN ('stargazing', 'bowls', 'classic-cars', 'winter-sports')"
                ),
                {"code": WARD},
            )
            connection.execute(
                sa.text(
                    "UPDATE assets SET name = :name WHERE id = (SELECT id FROM public_assets"
                    " WHERE kind = 'group' AND geom IS NOT NULL ORDER BY name LIMIT 1)"
                ),
                {"name": HOSTILE},
            )
        engine.dispose()
        yield demo


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, site: Demo) -> Iterator[OpenPage]:
    """Open a path; a script error, a refused policy or another host fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened(path: str, *, width: int = 1280, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, base_url=site.base, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on("dialog", lambda said: wrong.append(f"a dialog: {said.message}"))
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text)
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(site.base) else wrong.append(asked.url),
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_all_fits(open_page: OpenPage, name: str) -> None:
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
    page = open_page(PAGES[name], width=320)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for width in (320, 360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        closed = page.locator("main details:not([open]) > summary")
        while closed.count():
            closed.first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = page.evaluate("() => axe.run(document, { iframes: false })")
        problems = [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        assert not problems, "\n".join(problems)


def test_text_twice_as_large_fits_a_phone(open_page: OpenPage) -> None:
    page = open_page(PAGES["ward"], width=360)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(
        """() => [...document.querySelectorAll(".pw-broad")]
          .some((e) => e.scrollWidth > e.clientWidth)"""
    )


def test_links_in_the_gaps_leave_the_lines_alone(open_page: OpenPage) -> None:
    page = open_page(PAGES["ward"])
    lines = page.evaluate(
        """() => [...document.querySelectorAll(".pw-asked > li")].filter((e) => e.checkVisibility())
          .map((e) => [e.getBoundingClientRect().height, parseFloat(getComputedStyle(e).lineHeight),
                       e.querySelectorAll("a").length])"""
    )
    assert any(links for _, _, links in lines)
    # Whole lines each: the smaller words below may be a little lower, and nothing is higher.
    assert all(height % line < 1 or height % line > line - 4 for height, line, _ in lines), lines


@pytest.mark.parametrize("name", PAGES)
def test_a_finger_finds_what_it_aims_at(open_page: OpenPage, name: str) -> None:
    page = open_page(PAGES[name], width=360, has_touch=True)
    too_small = page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main input,"
            + " main summary")]
          .filter((e) => e.type !== "hidden" && e.checkVisibility())
          .filter((e) => e.getBoundingClientRect().height < 44)
          .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert not too_small, "\n".join(too_small)


def test_on_a_phone_figures_have_room_and_files_are_one_tap_away(open_page: OpenPage) -> None:
    """Words beside their numbers were a word wide; the PDF was below every place of the ward."""
    page = open_page(PAGES["ward"], width=360)
    row = page.locator(".pw-figures tbody tr").first
    words, number = (row.locator(one).first.bounding_box() for one in ("th", "td"))
    assert words
    assert number
    assert words["width"] > 300
    assert number["y"] >= words["y"] + words["height"] - 1
    page.get_by_role("link", name="Take it with you").click()
    expect(page.get_by_role("link", name="One page (PDF)")).to_be_in_viewport()


def test_by_keyboard_from_the_contents_to_a_neighbour(open_page: OpenPage) -> None:
    page = open_page(PAGES["ward"])
    contents = page.get_by_role("navigation", name="On this page")
    names = [link.inner_text() for link in contents.get_by_role("link").all()]
    assert names == [
        "What is here",
        "Asked for",
        "Figures",
        "Care homes",
        "What changed",
        "All places",
        "Take it with you",
    ]
    for name in names:
        contents.get_by_role("link", name=name).focus()
        page.keyboard.press("Enter")
        target = page.evaluate("decodeURIComponent(location.hash.slice(1))")
        expect(page.locator(f"#{target}")).to_be_focused()
    contents.get_by_role("link", name="Figures").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Bridge End")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bridge End")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_from_an_old_ward_to_todays(open_page: OpenPage, *, has_scripts: bool) -> None:
    page = open_page(PAGES["abolished ward"], width=360, java_script_enabled=has_scripts)
    expect(page.get_by_role("heading", level=1)).to_have_text("Old Market is no longer a ward")
    page.get_by_role("link", name="See Old Market in its old boundaries").click()
    then = page.get_by_role("table", name="Then and now")
    then.get_by_role("link", name="Ellerwick Market").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ellerwick Market")
    expect(page.locator("#unmet")).to_be_visible()
    page.get_by_role("link", name="ask an address in every release").click()
    page.get_by_label("A postcode").fill(POSTCODE)
    page.get_by_role("button", name="Show its wards").click()
    releases = page.get_by_role("table", name=f"{POSTCODE} in every release")
    expect(releases.get_by_role("columnheader")).to_have_text(
        ["Boundaries of 2025", "Boundaries of 2013"]
    )


def test_list_and_map_tell_the_same_and_run_nothing(open_page: OpenPage) -> None:
    page = open_page(PAGES["ward"])
    words, place = page.locator(".pw-split__list").bounding_box(), page.locator(".pw-map")
    assert words
    box = place.bounding_box()
    assert box
    assert box["x"] >= words["x"] + words["width"], "beside the list on a desk"
    frame = page.frame_locator("iframe")
    frame.get_by_text("List of the places in view").click()
    counts = {
        row.get_by_role("rowheader").inner_text(): int(row.get_by_role("cell").first.inner_text())
        for row in page.locator("[aria-labelledby=kinds] tbody tr").all()
    }
    legend = frame.locator("body").inner_text()
    assert f"Groups\n{counts['Groups']}" in legend.replace("Groups ", "Groups\n")
    assert f"Venues\n{counts['Venues']}" in legend.replace("Venues ", "Venues\n")
    assert page.evaluate("window.__pwned") is None
    assert page.frames[1].evaluate("window.__pwned") is None
