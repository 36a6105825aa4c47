"""What is taken away, in a real browser: from a memory stick, in another site's page, on paper."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from playwright.sync_api import Browser, Dialog, Page

from geo.map_shapes import KIND_STYLES, SHAPES
from tests.browser.map_pages import RECORD_FILLS, REDRAW_AND_COUNT
from tests.browser.test_pages import AXE
from tests.wards.take.conftest import BASE, CODE, HOSTILE, Taken

pytestmark = pytest.mark.browser


@pytest.fixture
def stick(chromium: Browser, tmp_path: Path) -> Iterator[Any]:
    """Open a file in a browser without a network; whatever it asks for but itself is noted."""
    asked: list[str] = []
    wrong: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, offline=True)

    def refuse(dialog: Dialog) -> None:
        wrong.append("a dialog")
        dialog.dismiss()

    def opened(content: bytes) -> tuple[Page, list[str], list[str]]:
        file = tmp_path / "map.html"
        file.write_bytes(content)
        page = context.new_page()
        page.add_init_script(RECORD_FILLS)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", refuse)
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(file.as_uri())
        return page, asked, wrong

    yield opened
    context.close()


def test_the_map_works_from_a_memory_stick(taken: Taken, stick: Any) -> None:
    content = taken.get("/map.html")
    page, asked, wrong = stick(content)
    report = taken.report()
    drawn = page.evaluate(REDRAW_AND_COUNT)
    located = Counter(row.kind for row in report.places if row.lon is not None)
    for kind, count in located.items():
        style = KIND_STYLES[kind]
        key = f"{style.colour.upper()} {len(SHAPES[style.shape])}"
        assert drawn[key] == count, kind
    text = page.locator("body").inner_text()
    assert "Ellerwick Market ward, Ellerdale" in text
    assert "© OpenStreetMap contributors (ODbL 1.0)" in text
    assert f"As it was on {report.made_on.day} {report.made_on:%B %Y}" in text
    # The list opens what it names; a link leads to where people reach the service.
    page.get_by_role("button", name="Butter Cross Café").click()
    link = page.get_by_role("link", name="Open this entry")
    assert str(link.get_attribute("href")).startswith(f"{BASE}/assets/")
    assert asked == [page.url]
    assert wrong == []
    assert len(content) < 1_500_000


def test_hostile_words_do_nothing_from_a_memory_stick(hostile: Taken, stick: Any) -> None:
    page, asked, wrong = stick(hostile.get("/map.html"))
    assert HOSTILE in page.title()
    assert page.evaluate(REDRAW_AND_COUNT)
    assert asked == [page.url]
    assert wrong == []


class Council(BaseHTTPRequestHandler):
    """A page of another site, on another host name and port, with whatever frame it is given."""

    frame = ""

    def do_GET(self) -> None:
        body = f"<!DOCTYPE html><title>Council</title><h1>Council</h1>{self.frame}".encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def council(chromium: Browser) -> Iterator[Any]:
    """Open a page of another site with a frame in it; what the browser refuses is noted."""
    refused: list[str] = []
    context = chromium.new_context(viewport={"width": 800, "height": 900})
    with ThreadingHTTPServer(("127.0.0.1", 0), Council) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()

        def framing(frame: str) -> tuple[Page, list[str]]:
            Council.frame = frame
            page = context.new_page()
            page.on(
                "console",
                lambda said: refused.append(said.text) if said.type == "error" else None,
            )
            page.goto(f"http://localhost:{server.server_port}/page")
            page.wait_for_load_state("networkidle")
            return page, [line for line in refused if "favicon" not in line]

        yield framing
        context.close()
        server.shutdown()
        thread.join()


def test_another_site_may_frame_the_small_page(
    council: Any, served: str, chromium: Browser
) -> None:
    ours = chromium.new_page()
    ours.goto(f"{served}/wards/{CODE}")
    ours.locator(".pw-take summary").click()
    snippet = ours.locator("#embed-code").input_value()
    ours.close()
    page, refused = council(snippet)
    frame = page.frame_locator("iframe")
    assert frame.locator("h1").inner_text() == "Ellerwick Market ward: what is here"
    assert "22 groups" in str(frame.locator("img").get_attribute("alt"))
    height = frame.locator("html").evaluate("(e) => [e.scrollHeight, innerHeight]")
    assert height[0] <= height[1], "nothing is cut off, and nothing scrolls"
    size = frame.locator("img").evaluate("(i) => [i.naturalWidth, i.complete]")
    assert size == [900, True]
    assert not refused
    # A link in it leads out of the frame.
    frame.locator("h1 a").click()
    page.wait_for_url(f"{served}/wards/{CODE}")


@pytest.mark.parametrize(
    "path", [f"/wards/{CODE}", f"/wards/{CODE}/map", "/wards", "/", "/sign-in", "/assets"]
)
def test_nothing_else_may_be_framed(council: Any, served: str, path: str) -> None:
    _, refused = council(f'<iframe title="Ours" src="{served}{path}"></iframe>')
    assert any("frame-ancestors" in line for line in refused), refused


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_links_fit_and_can_be_pressed(chromium: Browser, served: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    for path in (f"/wards/{CODE}", f"/wards/{CODE}/embed"):
        page.goto(served + path)
        if path.endswith(CODE):
            page.locator(".pw-take summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for link in page.locator(".pw-take a, .pw-embed a").all():
            box = link.bounding_box()
            assert box is not None
            assert box["height"] >= 44, link.inner_text()
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(
            "() => axe.run(document.querySelector('.pw-take') || document)"
            ".then((r) => r.violations.map((v) => v.id))"
        )
        assert found == []
    page.close()


def test_the_snippet_is_copied_by_a_button(chromium: Browser, served: str) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{served}/wards/{CODE}")
    page.locator(".pw-take summary").press("Enter")
    page.get_by_role("button", name="Copy").press("Enter")
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("<iframe title=")
    context.close()


def test_without_scripts_everything_is_there(chromium: Browser, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}/wards/{CODE}")
    page.locator(".pw-take summary").click()
    assert page.locator("#embed-code").is_visible()
    assert not page.get_by_role("button", name="Copy").is_visible()
    assert page.get_by_role("link", name="One page (PDF)").is_visible()
    context.close()


def test_the_page_prints_its_map_as_a_picture(chromium: Browser, served: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}/wards/{CODE}")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if ".png" in url], "nobody who only looks waits for it"
    page.emulate_media(media="print")
    # Between what is said in short and what people asked for.
    tops = [page.locator(one).bounding_box() for one in ("#short", "img.pw-on-paper", "#unmet")]
    assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
    # What is here stands under its own heading, and what was asked for below it, not beside.
    heading, table, asked_for, themes = page.evaluate(
        """() => ["#kinds", ".pw-kinds tbody", "#unmet", "#themes table"]
          .map((one) => document.querySelector(one).getBoundingClientRect().toJSON())"""
    )
    assert heading["y"] < table["y"]
    assert asked_for["y"] >= max(box["y"] + box["height"] for box in (table, themes))
    for gone in (".pw-header", ".pw-map", ".pw-take", ".pw-contents"):
        assert not page.locator(gone).is_visible(), gone
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    said = " ".join(" ".join(one.extract_text().split()) for one in printed.pages)
    for words in ("Ellerwick Market", "Figures, and how they compare", "Friends' Meeting House",
                  "Film and theatre", "Where this page’s facts come from",
                  "OpenStreetMap contributors"):  # fmt: skip
        assert words in said, words
    assert "Take it with you" not in said
    (image,) = [one for sheet in printed.pages for one in sheet.images]
    pixels = np.asarray(image.image)[:, :, :3] if image.image else np.empty((0, 0, 3))
    assert pixels.shape[:2] == (1060, 1800)
    page.close()
