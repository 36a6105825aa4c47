"""The walker's page on a phone: it opens without signal, and a new version breaks no open form."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.serving import Demo
from tests.offline.phone import OUTBOX, Phone, is_kept, stored, until, waiting
from tests.offline.poor_line import PoorLine
from tests.offline.test_outbox import queue_up, ready, send_until_quiet

pytestmark = pytest.mark.browser


def test_it_opens_cold_without_signal(phone: Phone, line: PoorLine, demo: Demo) -> None:
    ready(phone, demo)
    phone.close()
    line.go_down()
    page = phone.open()
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    # Every file it asks for is there: nothing is missing or half.
    wrong: list[str] = []
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.reload()
    for view in ("list", "around", "add", "still", "patch", "outbox"):
        page.goto(f"/map#{view}")
        expect(page.locator(f"[data-view={view}]")).to_be_visible()
    ours = [url for url in wrong if "/static/" in url or url.endswith(("/map", ".css"))]
    assert ours == []


def test_the_page_is_the_same_for_everybody(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = phone.open("/about")
    before = page.request.get("/map").text()
    phone.sign_in(demo, "Priya")
    assert page.request.get("/map").text() == before
    assert "Priya" not in before


def test_a_new_version_waits_until_it_is_asked_for(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    page.goto("/map#add")
    queue_up(page, 1)
    send_until_quiet(page)

    def newer(script: bytes) -> bytes:
        return re.sub(rb'VERSION = "\w+"', b'VERSION = "ffffffffffff"', script)

    line.rewrites["/sw.js"] = newer
    line.rewrites["/map"] = lambda content: content.replace(b"<title>", b"<title>New: ")
    page.evaluate(
        "async () => { const r = await navigator.serviceWorker.ready; await r.update(); }"
    )
    offer = page.locator("#walk-update")
    expect(offer).to_be_visible()
    # The open page goes on with the files it was opened with, also when it is reloaded.
    queue_up(page, 1, first=2)
    send_until_quiet(page)
    page.reload()
    assert not page.title().startswith("New: ")
    expect(page.locator("#walk-update")).to_be_visible()
    page.locator("#walk-update button").click()
    page.wait_for_function("() => document.title.startsWith('New: ')")
    is_kept(page)
    names = page.evaluate("async () => (await caches.keys()).filter((n) => n.startsWith('walk-'))")
    assert names == ["walk-ffffffffffff"]
    assert len(stored(demo.url)) == 2


def test_two_tabs_send_once(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, 5)
    other = phone.tab()
    assert waiting(other) == 5
    line.go_up()
    line.seen.clear()
    for tab in (page, other):
        tab.evaluate(f"async () => {{ const outbox = {OUTBOX}; outbox.sendNow(); }}")
    send_until_quiet(page)
    assert len(stored(demo.url)) == 5
    # The other tab is told.
    until(other, f"(await {OUTBOX}.items()).length === 0")


def test_the_worker_keeps_to_the_walkers_page(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    page.goto("/about")
    assert page.evaluate("() => navigator.serviceWorker.controller") is None
    manifest = page.request.get("/manifest.webmanifest").json()
    assert manifest["start_url"] == "/map"
    for icon in manifest["icons"]:
        answer = page.request.get(icon["src"])
        assert answer.ok
        assert answer.body()[:8] == b"\x89PNG\r\n\x1a\n"
