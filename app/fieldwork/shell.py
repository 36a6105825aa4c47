"""The walker's page as a phone keeps it: every file it is made of, under one version.

The version is a digest of all of them, so that a phone never holds halves of two.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import orjson
from PIL import Image, ImageDraw

from app.fieldwork.base_map import BaseMap
from app.rendering import STATIC, Pages

PAGE, TEMPLATE = "/map", "walk.html"
# Files the page names with a digest, and modules, which name each other without one.
NAMED = (
    "icon.svg", "vendor/nhsuk-frontend/nhsuk-frontend.min.css", "patchwork.css", "walk.css",
    "vendor/leaflet/leaflet.css", "vendor/leaflet/leaflet.js", "walk/main.js",
)  # fmt: skip
PLAIN = ("vendor/idb/idb.js",)
# Signs the style sheets name.
SIGNS = "vendor/nhsuk-frontend/images"
# Only fetched where a map in one file is set; kept too, so that it draws without signal.
FOR_BASE_MAP = (
    "vendor/pmtiles/pmtiles.js", "vendor/protomaps-leaflet/protomaps-leaflet.js",
)  # fmt: skip
ICON_SIZES_PX = (192, 512)
# The squares of icon.svg after the service's own colour.
SQUARES = ("#b84a00", "#a03a82", "#0069a8")


@dataclass(frozen=True, slots=True)
class Shell:
    """What a phone keeps: the addresses of the files, and the version they are together."""

    version: str
    files: tuple[str, ...]


def page_of(pages: Pages, base_map: BaseMap) -> bytes:
    """Return the walker's page: the same for everybody, because phones keep it."""
    return pages.render(TEMPLATE, base_map=base_map, modules=[*PLAIN, *modules()])


def modules() -> list[str]:
    """Return the page's own modules but the first, which names them, below `static/`."""
    found = sorted(path.name for path in (STATIC / "walk").glob("*.js"))
    return [f"walk/{name}" for name in found if name != "main.js"]


def shell_of(pages: Pages, page: bytes, *, has_base_map: bool) -> Shell:
    """Return the shell whose page is `page`, as it is served at `PAGE`."""
    static: Callable[[str], str] = pages.env.globals["static"]  # type: ignore[assignment]  # ours
    named = [name for name in NAMED if (STATIC / name).is_file()]
    signs = sorted(path.name for path in (STATIC / SIGNS).glob("*.svg"))
    plain = [
        *PLAIN,
        *modules(),
        *(f"{SIGNS}/{name}" for name in signs),
    ]
    more = FOR_BASE_MAP if has_base_map else ()
    files = (
        PAGE, "/manifest.webmanifest", "/theme.css",
        *(static(name) for name in (*named, *more)),
        *(f"/static/{name}" for name in plain),
    )  # fmt: skip
    digest = hashlib.sha256(page)
    for name in (*named, *plain, *more, "sw.js"):
        digest.update((STATIC / name).read_bytes())
    digest.update(orjson.dumps(files))
    return Shell(digest.hexdigest()[:12], files)


def worker_of(shell: Shell) -> bytes:
    """Return the service worker's script for `shell`."""
    head = (
        f"const VERSION = {orjson.dumps(shell.version).decode()};\n"
        f"const FILES = {orjson.dumps(shell.files).decode()};\n"
    )
    return head.encode() + (STATIC / "sw.js").read_bytes()


def manifest_of(*, name: str, colour: str) -> dict[str, object]:
    """Return the web app manifest: what a phone's home screen shows and opens."""
    return {
        "name": f"{name}: walk the patch",
        "short_name": name[:12],
        "id": PAGE,
        "start_url": PAGE,
        "scope": "/",
        "display": "standalone",
        "lang": "en-GB",
        "background_color": "#ffffff",
        "theme_color": colour,
        "icons": [
            {
                "src": f"{PAGE}/icon-{size}.png",
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in ICON_SIZES_PX
            for purpose in ("any", "maskable")
        ],
    }


@cache
def icon(size_px: int, colour: str) -> bytes:
    """Return the icon as a PNG file: four patches, inside the part every shape of icon shows."""
    picture = Image.new("RGB", (size_px, size_px), "#ffffff")
    draw = ImageDraw.Draw(picture)
    # A launcher may cut an icon to a circle: what matters stays within its middle four fifths.
    edge, gap = round(size_px * 0.2), max(2, size_px // 32)
    side = (size_px - 2 * edge - gap) // 2
    for number, fill in enumerate((colour, *SQUARES)):
        left = edge + (number % 2) * (side + gap)
        top = edge + (number // 2) * (side + gap)
        draw.rectangle((left, top, left + side - 1, top + side - 1), fill=fill)
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()
