"""Chromium, and a way to open a map in it as the site would serve it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route

from geo.maps import IFRAME_SANDBOX, MapDocument
from tests.browser.map_pages import RECORD_FILLS, SITE, STATIC, OpenMap

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
TYPES = {".js": "text/javascript", ".css": "text/css", ".png": "image/png"}


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def open_map(chromium: Browser) -> Iterator[OpenMap]:
    """Open a document as the site would serve it; any other request or error fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened(
        document: MapDocument, *, width: int = 1280, has_policy: bool = True, **options: Any
    ) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.on("console", lambda said: wrong.extend([said.text] if said.type == "error" else []))
        page.add_init_script(RECORD_FILLS)

        def answer(route: Route) -> None:
            path = route.request.url.removeprefix(SITE)
            headers = {"content-security-policy": document.csp} if has_policy else {}
            if path == "/map":
                route.fulfill(body=document.html, headers=headers, content_type="text/html")
            elif path == "/framed":
                frame = f'<iframe src="/map" title="Map" sandbox="{IFRAME_SANDBOX}"'
                body = f'<h1>Ward</h1>{frame} width="600" height="416"></iframe>'
                route.fulfill(body=body, content_type="text/html")
            elif path.startswith("/static/vendor/"):
                file = STATIC / path.removeprefix("/static/")
                route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix])
            elif path.startswith("/assets/"):
                route.fulfill(body="<h1>An entry</h1>", content_type="text/html")
            else:
                wrong.append(f"asked for {route.request.url}")
                route.abort()

        context.route("**/*", answer)
        return page

    def go(document: MapDocument, path: str = "/map", **options: Any) -> Page:
        page = opened(document, **options)
        page.goto(SITE + path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert wrong == []
