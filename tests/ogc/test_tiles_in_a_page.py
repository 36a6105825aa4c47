"""The page of tiles in Chromium: every place is drawn, and nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.ogc.conftest import Served

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
# Each dot is filled and then outlined a little further out, each time with an arc. A tile's picture
# may be a quarter of the tile's data, drawn with the rest moved out of it; what lies beyond its
# edge belongs to the picture next door.
COUNT_DOTS = """
window.dots = 0;
const arc = CanvasRenderingContext2D.prototype.arc;
CanvasRenderingContext2D.prototype.arc = function (x, y, radius, ...rest) {
  const { a: scale, e, f } = this.getTransform();
  const [across, down] = [x + e / scale, y + f / scale];
  const side = this.canvas.width / scale;
  if (radius === 4 && across >= 0 && across < side && down >= 0 && down < side) window.dots += 1;
  return arc.call(this, x, y, radius, ...rest);
};
"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
    yield browser
    browser.close()


@pytest.mark.browser
def test_every_place_is_drawn(served: Served, chromium: Browser) -> None:
    [(located,)] = served.rows("SELECT count(*) FROM public_assets WHERE geom IS NOT NULL")
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.extend([said.text] if said.type == "error" else []))
    page.on("request", lambda asked: wrong.extend(
        [] if asked.url.startswith((served.address, "data:", "blob:")) else [asked.url]
    ))  # fmt: skip
    page.add_init_script(COUNT_DOTS)
    page.goto(f"{served.ogc}/collections/assets/tiles/WebMercatorQuad/map.html")
    page.wait_for_function(f"() => window.dots >= {located}", timeout=60_000)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("() => window.dots") == located
    assert wrong == []
    context.close()
