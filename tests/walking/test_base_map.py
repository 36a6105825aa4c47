"""A map in one file: drawn in ranges from the server, and from the phone without signal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Route, expect

from tests.browser.serving import Demo, serve_demo
from tests.walking.conftest import Walk, until
from tests.walking.small_pmtiles import small_pmtiles

pytestmark = pytest.mark.browser

WORLD = "(await import('/static/walk/around.js')).world"
# Where half of a tile of land and half of none are on screen together.
LOOK_FROM_AFAR = f"async () => {{ ({WORLD}).map.setView([54, -2], 5, {{ animate: false }}); }}"
DRAWN = """async () => [...document.querySelectorAll("[data-map] img.leaflet-tile-loaded")]
  .some((tile) => tile.naturalWidth === 256)"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("maps") / "base.pmtiles"
    path.write_bytes(small_pmtiles())
    return path


@pytest.fixture(scope="module")
def demo(admin_url: sa.URL, file: Path) -> Iterator[Demo]:
    """The town with a map file set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATCHWORK_BASE_PMTILES", str(file))
        with serve_demo(admin_url) as made:
            yield made


def test_a_raster_map_is_drawn_from_ranges_and_then_from_the_phone(walk: Walk) -> None:
    page = walk("around")
    until(page, f"async () => Boolean(({WORLD}).map)")
    with page.expect_response("**/map/base.pmtiles") as answer:
        page.reload()
    assert answer.value.status == 206
    until(page, f"async () => Boolean(({WORLD}).map)")
    until(page, DRAWN)
    page.goto("/map#patch")
    page.get_by_role("button", name="Take Ellerwick Market with me").click()
    expect(page.locator("[data-taken-list] li")).to_have_count(1)
    until(page, "async () => Boolean(await (await import('/static/walk/base.js')).keptFile())")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/map#around")
    page.reload()
    until(page, f"async () => Boolean(({WORLD}).map)")
    until(page, DRAWN)
    assert [address for address in asked if address.endswith(".pmtiles")] == []
    page.goto("/map#patch")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("[data-taken-list] li")).to_have_count(0)
    until(page, "async () => !(await (await import('/static/walk/base.js')).keptFile())")


def answer_ranges(route: Route) -> None:
    whole = small_pmtiles(is_vector=True)
    first, last = map(int, route.request.headers["range"].removeprefix("bytes=").split("-"))
    route.fulfill(status=206, body=whole[first : last + 1])


def test_a_vector_map_is_drawn_as_shapes(walk: Walk, demo: Demo) -> None:
    page = walk(is_placed=False)
    page.route(
        f"{demo.base}/map",
        lambda route: route.fulfill(
            response=(got := route.fetch()),
            body=got.text().replace('data-base-is-raster="true"', 'data-base-is-raster="false"'),
        ),
    )
    page.route("**/map/base.pmtiles", answer_ranges)
    page.reload()
    page.get_by_role("link", name="Map", exact=True).click()
    until(page, f"async () => Boolean(({WORLD}).map)")
    page.evaluate(LOOK_FROM_AFAR)
    until(
        page,
        """async () => {
          const colours = new Set();
          for (const tile of document.querySelectorAll("[data-map] canvas.leaflet-tile")) {
            const pen = tile.getContext("2d");
            for (const x of [5, tile.width - 5]) {
              colours.add(pen.getImageData(x, tile.height / 2, 1, 1).data.join());
            }
          }
          return colours.size >= 2;
        }""",
    )
