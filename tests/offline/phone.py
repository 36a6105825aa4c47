"""A phone: Chromium with a profile that outlives it, to be closed, killed and opened again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Geolocation, Page, Playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.serving import Demo
from tests.offline.poor_line import PoorLine

HALL: Geolocation = {"latitude": 54.1149, "longitude": -2.1085}
MAPPER, OTHER = "Priya", "Ruth"

# The modules of the page itself: the very ones it runs, not a second copy.
OUTBOX = "(await import('/static/walk/outbox.js')).outbox"
STORE = "(await import('/static/walk/store.js')).store"

# Makes `count` items; every tenth has a photo, a small picture of a colour of its own.
QUEUE = f"""async ({{ first, count, lon, lat }}) => {{
  const outbox = {OUTBOX};
  const colour = async (number) => {{
    const canvas = document.createElement("canvas");
    canvas.width = 64; canvas.height = 48;
    const draw = canvas.getContext("2d");
    draw.fillStyle = `rgb(${{(number * 37) % 256}} ${{(number * 91) % 256}} 60)`;
    draw.fillRect(0, 0, 64, 48);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
  }};
  for (let number = first; number < first + count; number += 1) {{
    const blob = number % 10 === 0 ? await colour(number) : null;
    const photos = blob ? [{{ blob, alt: `Photo ${{number}}` }}] : [];
    await outbox.save({{
      action: "add", asset_id: crypto.randomUUID(),
      facts: {{ kind: "group", name: `Queued ${{number}}`,
               place: {{ lon: lon + number * 1e-5, lat, accuracy_m: 8 }} }},
    }}, photos);
  }}
}}"""


@dataclass
class Phone:
    """A profile on disk, and Chromium while it is open."""

    playwright: Playwright
    profile: Path
    base: str
    context: BrowserContext | None = None

    def open(self, address: str = "/map", **options: Any) -> Page:
        """Start Chromium on this profile and open a page."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile), executable_path=str(CHROMIUM), args=QUIET, base_url=self.base,
            viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True,
            geolocation=HALL, permissions=["geolocation"], accept_downloads=True,
            **options,
        )  # fmt: skip
        page = self.context.pages[0]
        page.goto(address)
        return page

    def tab(self, address: str = "/map") -> Page:
        """Open another tab."""
        assert self.context is not None
        page = self.context.new_page()
        page.goto(address)
        return page

    def close(self) -> None:
        """Close it as a person does."""
        if self.context is not None:
            self.context.close()
            self.context = None

    def kill(self) -> None:
        """End it as an empty battery does: our own Chromium, at once, by its process's number."""
        for process in Path("/proc").iterdir():
            if not process.name.isdecimal():
                continue
            try:
                said = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            is_ours = f"--user-data-dir={self.profile}".encode() in said
            if is_ours and not any(word.startswith(b"--type=") for word in said):
                os.kill(int(process.name), signal.SIGKILL)
        try:
            self.close()
        except PlaywrightError:
            self.context = None

    def sign_in(self, demo: Demo, name: str) -> None:
        """Sign in as one of the sample's people; a sign-in that outlives the browser."""
        assert self.context is not None
        cookie = demo.cookie_of(name)
        self.context.add_cookies(
            [
                {
                    "name": cookie["name"], "value": cookie["value"], "url": self.base,
                    "expires": time.time() + 86_400,
                }
            ]
        )  # fmt: skip

    def sign_out(self) -> None:
        """Lose the sign-in, as when it expires."""
        assert self.context is not None
        self.context.clear_cookies()


@contextmanager
def phone_at(playwright: Playwright, profile: Path, line: PoorLine) -> Iterator[Phone]:
    """Yield a phone that goes through `line`."""
    phone = Phone(playwright, profile, line.base)
    try:
        yield phone
    finally:
        phone.close()


def is_kept(page: Page) -> None:
    """Wait until the page's shell is on the phone and serves it."""
    page.evaluate(
        """async () => {
          await navigator.serviceWorker.ready;
          if (!navigator.serviceWorker.controller) {
            await new Promise((done) => {
              navigator.serviceWorker.addEventListener("controllerchange", done, { once: true });
            });
          }
        }"""
    )


def until(page: Page, condition: str, *, seconds: int = 60) -> None:
    """Wait until an expression (which may await) is true in the page."""
    page.evaluate(
        f"""async (seconds) => {{
          const end = Date.now() + seconds * 1000;
          while (!({condition})) {{
            if (Date.now() > end) throw new Error("not in time");
            await new Promise((again) => {{ setTimeout(again, 50); }});
          }}
        }}""",
        seconds,
    )


def notice_who_is_there(page: Page) -> None:
    """Let the page hear from the server that somebody else is signed in: it starts anew."""
    with page.expect_navigation():
        page.evaluate("() => { import('/static/walk/outbox.js').then((m) => m.outbox.sendNow()); }")


def waiting(page: Page) -> int:
    """Return how many items wait on the phone."""
    found: int = page.evaluate(f"async () => (await {OUTBOX}.items()).length")
    return found


@contextmanager
def database(url: str) -> Iterator[sa.Connection]:
    """Yield a connection to the server's database; what is done is committed."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def stored(url: str, like: str = "Queued %") -> list[sa.Row[Any]]:
    """Return name, photos and submissions of what the server has of the items, by name."""
    with database(url) as connection:
        rows = connection.execute(
            sa.text(
                """
                SELECT a.name, (SELECT count(*) FROM photos p WHERE p.asset_id = a.id) AS photos,
                       (SELECT count(*) FROM submissions s WHERE s.asset_id = a.id) AS submissions
                FROM assets a WHERE a.name LIKE :like ORDER BY a.name
                """
            ),
            {"like": like},
        )
        return list(rows)
