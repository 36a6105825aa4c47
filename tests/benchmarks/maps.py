"""Figures for maps: bytes beside folium's own markers, time to picture, pans, GeoJSON speed.

Run as ``python -m tests.benchmarks.maps``. Browser figures need /usr/bin/chromium and the vendored
files; without them those rows say so.
"""

from __future__ import annotations

import gzip
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import folium
import geopandas as gpd
import numpy as np
from rich.console import Console
from rich.table import Table

from app.everyone.maps import MOST_HOMES
from geo import maps
from geo.geojson import feature_collection, features_from_rows
from geo.map_homes import MARKS, homes_map
from geo.map_shapes import KIND_STYLES

CHROMIUM = Path("/usr/bin/chromium")
VENDOR = Path(__file__).parents[2] / "app" / "static" / "vendor"
QUIET = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
COUNT = 10_000

# Milliseconds until the frame after the map's script, then the mean of twelve pans
TIMES = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  await frame();
  const picture = performance.now();
  const start = performance.now();
  for (let i = 0; i < 12; i += 1) {
    patchworkMap.panBy([i % 2 ? -200 : 200, 40], { animate: false });
    await frame();
  }
  return [picture, (performance.now() - start) / 12];
}"""


def measure() -> list[dict[str, Any]]:
    """Return one row a figure: ``what``, ``value``, ``unit`` and ``beside`` (the comparison)."""
    return [*_bytes(), *_homes(), *_browser_times(), *_geojson()]


def places(count: int, *, is_named: bool) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(20261123)
    frame = gpd.GeoDataFrame(
        {
            "name": [f"Community place number {i}" if is_named else "" for i in range(count)],
            "kind": rng.choice(list(KIND_STYLES), count),
        },
        geometry=gpd.points_from_xy(rng.normal(-1.76, 0.06, count), rng.normal(53.8, 0.04, count)),
        crs=4326,
    )
    return frame.assign(url=[f"/assets/{i}" for i in range(count)]) if is_named else frame


def document(frame: gpd.GeoDataFrame, *, is_inline: bool = False) -> str:
    scripts = maps.MapAssets(VENDOR, inline=True) if is_inline else maps.MapAssets()
    return maps.asset_map(frame, title="Bench", scripts=scripts, attribution=["Invented"]).html


def folium_bytes(frame: gpd.GeoDataFrame, *, has_popups: bool) -> int:
    drawing = folium.Map(location=[53.8, -1.76])
    for name, point in zip(frame["name"], frame.geometry, strict=True):
        popup = name if has_popups else None
        folium.Marker([point.y, point.x], popup=popup).add_to(drawing)
    return len(drawing.get_root().render().encode())


def _bytes() -> Iterator[dict[str, Any]]:
    for is_named, markers in ((False, "plain Markers"), (True, "Markers with name popups")):
        frame = places(COUNT, is_named=is_named)
        start = time.perf_counter()
        html = document(frame).encode()
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        theirs = folium_bytes(frame, has_popups=is_named)
        their_seconds = time.perf_counter() - start
        what = f"{COUNT:,} places, " + ("names and links" if is_named else "positions and kinds")
        share = f"{len(html) / theirs:.3f} of folium's {markers}: {theirs:,} bytes"
        yield _row(f"{what}: document", len(html), "bytes", share)
        yield _row(f"{what}: document, gzipped", len(gzip.compress(html)), "bytes")
        yield _row(f"{what}: to make", round(seconds * 1000), "ms", f"folium {their_seconds:.1f} s")


def _homes() -> Iterator[dict[str, Any]]:
    """A district of 300 homes, and as many as one map takes, by how many have nobody to ring."""
    rng = np.random.default_rng(20261127)
    for count in (300, MOST_HOMES):
        said = "About 10 of about 25 residents have nobody in reach. That is about 40%."
        ids = [uuid.UUID(bytes=rng.bytes(16)) for _ in range(count)]
        frame = places(count, is_named=True).assign(
            mark=rng.choice(list(MARKS), count), detail=said, url=[f"/homes/{one}" for one in ids]
        )
        start = time.perf_counter()
        html = homes_map(
            frame, title="Bench", scripts=maps.MapAssets(), attribution=["Invented"]
        ).html.encode()
        milliseconds = round((time.perf_counter() - start) * 1000)
        what = f"{count:,} homes with nobody to ring"
        yield _row(f"{what}: document", len(html), "bytes")
        yield _row(f"{what}: document, gzipped", len(gzip.compress(html)), "bytes")
        yield _row(f"{what}: to make", milliseconds, "ms")


def _browser_times() -> Iterator[dict[str, Any]]:
    if not CHROMIUM.exists() or not VENDOR.is_dir():
        yield _row("in Chromium", "not measured", "", "Chromium or the vendored files are missing")
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- only where there is a browser

    usual = maps.CLUSTER_ABOVE
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        for count in (400, 2000, COUNT):
            for way, above in (("canvas", count), ("clusters", 0)):
                maps.CLUSTER_ABOVE = above
                path = Path(folder) / "map.html"
                path.write_text(document(places(count, is_named=True), is_inline=True), "utf-8")
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(path.as_uri())
                picture_ms, pan_ms = page.evaluate(TIMES)
                page.close()
                chosen = "chosen" if (count > usual) == (way == "clusters") else ""
                yield _row(f"{count:,} places as {way}: picture", round(picture_ms), "ms", chosen)
                yield _row(f"{count:,} places as {way}: pan", round(pan_ms), "ms", chosen)
        maps.CLUSTER_ABOVE = usual
        browser.close()


def _geojson() -> Iterator[dict[str, Any]]:
    for count, times in ((1000, 100), (200_000, 1)):
        frame = places(count, is_named=True)
        rows = [
            (i, point.x, point.y, {"name": name, "kind": kind, "url": url})
            for i, (point, name, kind, url) in enumerate(
                zip(frame.geometry, frame["name"], frame["kind"], frame["url"], strict=True)
            )
        ]
        start = time.process_time()
        for _ in range(times):
            features_from_rows(rows)
        per_s = count * times / (time.process_time() - start)
        yield _row(f"GeoJSON from {count:,} rows", round(per_s), "features/s of CPU")
    start = time.process_time()
    feature_collection(frame, properties=["name", "kind", "url"])
    per_s = count / (time.process_time() - start)
    yield _row(f"GeoJSON from a frame of {count:,}", round(per_s), "features/s of CPU")


def _row(what: str, value: float | str, unit: str, beside: str = "") -> dict[str, Any]:
    return {"what": what, "value": value, "unit": unit, "beside": beside}


def main() -> None:
    """Measure and print the table."""
    table = Table("What", "Figure", "Unit", "Beside", title="Maps")
    for row in measure():
        value = f"{row['value']:,}" if isinstance(row["value"], int) else row["value"]
        table.add_row(row["what"], value, row["unit"], row["beside"])
    Console().print(table)


if __name__ == "__main__":
    main()
