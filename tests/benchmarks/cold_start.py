"""Without signal and from nothing: until a form can be typed in, on a processor 4 × slower.

Beside it the same phone opening the plain form with signal, which needs no script.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.figures import Figure, Promise
from tests.browser.serving import serve_demo
from tests.offline.phone import MAPPER, STORE, Phone, is_kept, phone_at, until
from tests.offline.poor_line import PoorLine

TIMES = 7
SLOWER = 4
MOST_MS = 1_000.0

# When the form is there and wired: noted by the page itself, frame by frame.
WATCH = """() => {
  const look = () => {
    const form = document.querySelector("form[data-add], form[method=post][action='/map/new']");
    const name = form?.querySelector("[name=name]");
    const isWired = form?.id === "add-form" || form?.hasAttribute("action");
    if (name?.checkVisibility() && isWired) window.usableMs = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}"""


def measure(admin_url: sa.URL, *, times: int = TIMES) -> list[Figure]:
    """Return the median times of both."""
    with (
        serve_demo(admin_url) as demo,
        tempfile.TemporaryDirectory(prefix="patchwork-phone-") as folder,
        sync_playwright() as playwright,
    ):
        line = PoorLine(demo.base)
        with phone_at(playwright, Path(folder) / "profile", line) as phone:
            page = phone.open("/about")
            phone.sign_in(demo, MAPPER)
            page.goto("/map")
            is_kept(page)
            until(page, f"await {STORE}.setting('me')")
            phone.close()
            plain_ms = [_open(phone, "/map/new") for _ in range(times)]
            line.go_down()
            ours_ms = [_open(phone, "/map#add") for _ in range(times)]
    return [
        Figure(
            "Cold offline start to a usable form, 4 × slower",
            "ms",
            statistics.median(ours_ms),
            statistics.median(plain_ms),
            "the plain form, with signal",
            Promise("at most", MOST_MS / statistics.median(plain_ms)),
        )
    ]


def _open(phone: Phone, address: str) -> float:
    """Start Chromium, open one page, and return when its form could be used, in ms."""
    phone.open("about:blank")
    assert phone.context is not None
    page: Page = phone.context.new_page()
    phone.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(f"({WATCH})()")
    page.goto(address)
    until(page, "window.usableMs")
    usable_ms: float = page.evaluate("() => window.usableMs")
    phone.close()
    return usable_ms
