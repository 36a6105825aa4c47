"""Maps in a real Chromium: what is drawn, what a finger and a keyboard reach, what never runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from playwright.sync_api import Browser, Locator, Page, Playwright, Route

from geo.map_shapes import HOME_STYLE, KIND_STYLES, SHAPES
from geo.maps import (
    IFRAME_SANDBOX,
    MapAssets,
    MapDocument,
    asset_map,
    choropleth,
    home_map,
    ward_map,
)

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SITE = "http://patchwork.test"
STATIC = Path(__file__).parents[2] / "app" / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".png": "image/png"}

PAYLOADS = [
    "<script>window.__pwned=1</script>",
    "<img src=x onerror=window.__pwned=1>",
    "<svg/onload=window.__pwned=1>",
    '"><img src=x onerror=window.__pwned=1>',
    "' onmouseover=window.__pwned=1 x='",
    "`+(window.__pwned=1)+`",
    "${window.__pwned=1}",
    "\\`;window.__pwned=1;//",
    "</script><script>window.__pwned=1</script>",
    "</title><script>window.__pwned=1</script>",
    "<!--<script>window.__pwned=1</script>-->",
    "</script /<img src=x onerror=window.__pwned=1/",
    "&lt;img src=x onerror=window.__pwned=1&gt;",
    "&#60;img src=x onerror=window.__pwned=1&#62;",
    "{{constructor.constructor('window.__pwned=1')()}}",
    "{% raw %}<iframe srcdoc='<script>parent.__pwned=1</script>'>",
    "<a href=javascript:window.__pwned=1>x</a>\u2028window.__pwned=1",
    "\\u003cimg src=x onerror=window.__pwned=1\\u003e",
    "</style><style>*{display:none}</style><math><mtext></form><img src onerror=window.__pwned=1>",
]

# Counts each filled outline by colour and number of corners, 0 for a circle
RECORD_FILLS = """
  const corners = new WeakMap();
  const pen = CanvasRenderingContext2D.prototype;
  const wrap = (name, note) => {
    const original = pen[name];
    pen[name] = function (...given) { note(this); return original.apply(this, given); };
  };
  window.fills = {};
  wrap("beginPath", (c) => corners.set(c, 0));
  wrap("lineTo", (c) => corners.set(c, corners.get(c) + 1));
  wrap("fill", (c) => {
    const key = `${String(c.fillStyle).toUpperCase()} ${corners.get(c)}`;
    window.fills[key] = (window.fills[key] || 0) + 1;
  });
"""
REDRAW_AND_COUNT = """() => {
  window.fills = {};
  patchworkMap._resetView(patchworkMap.getCenter(), patchworkMap.getZoom());
  return window.fills;
}"""
SCREEN_POINT = """([lat, lon]) => {
  const box = patchworkMap.getContainer().getBoundingClientRect();
  const point = patchworkMap.latLngToContainerPoint([lat, lon]);
  return [box.left + point.x, box.top + point.y];
}"""

# Ilkley and Ben Rhydding
PLACES = [
    ("The Clarke Foley Centre", "venue", -1.8208, 53.9253),
    ("Ilkley Library", "venue", -1.8226, 53.9247),
    ("Ilkley Players", "group", -1.8262, 53.9262),
    ("Bowls at East Holmes", "group", -1.8170, 53.9290),
    ("Ilkley Moor Medical Practice", "surgery", -1.8196, 53.9225),
    ("Moor View", "care_home", -1.8300, 53.9220),
    ("Someone who mends radios", "informal", -1.8120, 53.9240),
]
SCRIPTS = MapAssets("/static/vendor")
SAID: dict[str, Any] = {
    "title": "Ilkley: what is here",
    "scripts": SCRIPTS,
    "attribution": ["\u00a9 OpenStreetMap contributors", "Office for National Statistics, OGL v3"],
}

OpenMap = Callable[..., Page]


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


def _places(
    rows: list[tuple[str, str, float, float]] | None = None, **more: Any
) -> gpd.GeoDataFrame:
    names, kinds, lons, lats = zip(*(rows or PLACES), strict=True)
    table = {"name": names, "kind": kinds, **more}
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lons, lats), crs=4326)


def _ward(name: str = "Ilkley") -> gpd.GeoDataFrame:
    shape = shapely.box(-1.84, 53.915, -1.80, 53.935)
    return gpd.GeoDataFrame({"name": [name]}, geometry=[shape], crs=4326)


def _next_ward(name: str) -> gpd.GeoDataFrame:
    shape = shapely.box(-1.80, 53.91, -1.70, 53.94)
    return gpd.GeoDataFrame({"name": [name]}, geometry=[shape], crs=4326)


def _home_map(**changes: Any) -> MapDocument:
    others = _places(PLACES[:5])
    count = len(others)
    matches = others.assign(
        rank=range(1, count + 1),
        distance_m=[640.0] * count,
        walk_minutes=[10] * count,
        reasons=[["Boccia: a gentler alternative to bowls."]] * count,
        url=[f"/assets/{i}" for i in range(count)],
    )
    home = _places([PLACES[5]])
    return home_map(home, matches.assign(**changes), **SAID)


def _choropleth(names: list[str], label: str = "Groups", unit: str = "") -> MapDocument:
    shapes = [shapely.box(-2 + i / 50, 53, -1.98 + i / 50, 53.02) for i in range(len(names))]
    table = {"name": names, "n": range(len(names))}
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=4326)
    return choropleth(frame, measure="n", label=label, unit=unit, **SAID)


def _expected_fills(places: gpd.GeoDataFrame) -> dict[str, int]:
    fills: dict[str, int] = {}
    for kind in places["kind"]:
        style = KIND_STYLES[kind]
        key = f"{style.colour.upper()} {len(SHAPES[style.shape])}"
        fills[key] = fills.get(key, 0) + 1
    return fills


def _popup(page: Page) -> str:
    return page.locator(".leaflet-popup-content").inner_text()


def test_each_kind_is_drawn_in_its_own_shape_and_colour(open_map: OpenMap) -> None:
    page = open_map(ward_map(_ward(), _places(), **SAID))
    drawn = page.evaluate(REDRAW_AND_COUNT)
    ward = drawn.pop("#FFFFFF 3", 0) + drawn.pop("#FFFFFF 4", 0)
    assert ward == 1
    assert drawn == _expected_fills(_places())


def test_the_home_is_a_star_and_matches_carry_their_numbers(open_map: OpenMap) -> None:
    page = open_map(_home_map())
    drawn = page.evaluate(REDRAW_AND_COUNT)
    assert drawn[f"{HOME_STYLE.colour.upper()} {len(SHAPES['star'])}"] == 1
    for key, count in _expected_fills(_places(PLACES[:5])).items():
        assert drawn[key] == count
    buttons = page.locator("#map-list button").all_inner_texts()
    assert buttons == [f"{i + 1}. {row[0]}" for i, row in enumerate(PLACES[:5])]
    assert page.get_by_text("about 16 minutes\u2019 walk").first.is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_key_scale_sources_and_all_places_are_in_view(open_map: OpenMap, width: int) -> None:
    page = open_map(
        ward_map(_ward(), _places(), around=_next_ward("Wharfedale"), **SAID), width=width
    )
    for text in ("Groups 2", "OpenStreetMap contributors", "National Statistics"):
        shown = page.get_by_text(text).bounding_box()
        assert shown
        assert shown["y"] + shown["height"] <= 800
    assert re.fullmatch(r"\d+ k?m", page.locator(".leaflet-control-scale-line").inner_text())
    box = page.locator("#map").bounding_box()
    assert box
    for _, _, lon, lat in PLACES:
        x, y = page.evaluate(SCREEN_POINT, [lat, lon])
        assert box["x"] < x < box["x"] + box["width"]
        assert box["y"] < y < box["y"] + box["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_sources_of_a_long_key_are_in_view_on_a_phone(open_map: OpenMap) -> None:
    page = open_map(_choropleth([f"Ward {i}" for i in range(9)]), width=360)
    sources = page.locator("footer").bounding_box()
    assert sources
    assert sources["y"] + sources["height"] <= 800
    last = page.evaluate(SCREEN_POINT, [53.0, -1.82])
    buttons = page.locator(".leaflet-control-zoom").bounding_box()
    assert buttons
    assert last[0] < buttons["x"], "the buttons cover no area"


def test_names_of_neighbours_stay_inside_the_frame(open_map: OpenMap) -> None:
    long = "Wharfedale and the villages beyond"
    page = open_map(ward_map(_ward(), _places(), around=_next_ward(long), **SAID))
    box, label = page.locator("#map").bounding_box(), page.locator(".label").bounding_box()
    assert box
    assert label
    assert box["x"] <= label["x"]
    assert label["x"] + label["width"] <= box["x"] + box["width"]


def test_a_tap_beside_a_place_opens_the_nearest(open_map: OpenMap) -> None:
    page = open_map(ward_map(_ward(), _places(), **SAID), width=360, has_touch=True)
    name, _, lon, lat = PLACES[6]
    x, y = page.evaluate(SCREEN_POINT, [lat, lon])
    page.touchscreen.tap(x + 14, y + 14)
    page.locator(".leaflet-popup-content").wait_for()
    assert _popup(page).startswith(name)


def test_a_tap_on_empty_ground_opens_nothing(open_map: OpenMap) -> None:
    page = open_map(ward_map(_ward(), _places(), **SAID))
    x, y = page.evaluate(SCREEN_POINT, [53.917, -1.836])
    page.mouse.click(x, y)
    assert page.locator(".leaflet-popup").count() == 0


def test_two_places_at_one_door_share_a_popup(open_map: OpenMap) -> None:
    rows = [*PLACES, ("The caf\u00e9 in the library", "group", PLACES[1][2], PLACES[1][3])]
    page = open_map(ward_map(_ward(), _places(rows), **SAID))
    page.mouse.click(*page.evaluate(SCREEN_POINT, [PLACES[1][3], PLACES[1][2]]))
    text = _popup(page)
    assert "2 places here" in text
    assert "Ilkley Library" in text
    assert "The caf\u00e9 in the library" in text


def test_the_name_shows_under_the_pointer(open_map: OpenMap) -> None:
    page = open_map(ward_map(_ward(), _places(), **SAID))
    name, _, lon, lat = PLACES[2]
    _hover(page, lat, lon, name)
    assert page.locator(".hint").inner_text() == name


def test_everything_is_reached_by_keyboard(open_map: OpenMap) -> None:
    page = open_map(_home_map())
    second = page.get_by_role("button", name="2. Ilkley Library")
    second.focus()
    page.keyboard.press("Enter")
    page.locator(".leaflet-popup-content").wait_for()
    assert "Boccia: a gentler alternative" in _popup(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/assets/1"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "2. Ilkley Library"
    centre = page.evaluate("patchworkMap.getCenter()")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(lng) => patchworkMap.getCenter().lng > lng", arg=centre["lng"])


def test_the_list_follows_the_view(open_map: OpenMap) -> None:
    page = open_map(ward_map(_ward(), _places(), **SAID))
    assert page.locator("#map-list button").count() == len(PLACES)
    page.evaluate("() => void patchworkMap.setView([53.924, -1.812], 18, { animate: false })")
    assert page.locator("#map-list button").all_inner_texts() == ["Someone who mends radios"]


def test_a_map_works_in_a_sandboxed_frame_and_its_links_leave_it(open_map: OpenMap) -> None:
    page = open_map(_home_map(), path="/framed")
    frame = page.frame_locator("iframe")
    assert not frame.locator("h1").is_visible(), "the page around it has the title"
    frame.locator("summary").click()
    frame.get_by_role("button", name="1. The Clarke Foley Centre").click()
    frame.get_by_role("link", name="Open this entry").click()
    page.wait_for_url(f"{SITE}/assets/0")


def test_a_self_contained_file_works_without_any_server(chromium: Browser, tmp_path: Path) -> None:
    inline = MapAssets(STATIC / "vendor", inline=True)
    path = tmp_path / "ward.html"
    ward_map(_ward(), _places(), **{**SAID, "scripts": inline}).write(path)
    context = chromium.new_context(offline=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script(RECORD_FILLS)
    page.goto(path.as_uri())
    drawn = page.evaluate(REDRAW_AND_COUNT)
    assert _expected_fills(_places()).items() <= drawn.items()
    assert said == []
    context.close()


def test_without_javascript_the_page_points_to_the_list(open_map: OpenMap) -> None:
    page = open_map(asset_map(_places(), **SAID), java_script_enabled=False)
    assert "in the list" in page.locator("noscript p").inner_text()
    assert page.get_by_text("Groups 2").is_visible(), "the key stands without scripts"


def test_no_animation_for_those_who_ask_for_none(open_map: OpenMap) -> None:
    page = open_map(asset_map(_places(), **SAID), reduced_motion="reduce")
    assert page.evaluate("patchworkMap.options.zoomAnimation") is False


def test_a_choropleth_answers_to_pointer_and_list(open_map: OpenMap) -> None:
    page = open_map(_choropleth(["Airedale", "Bingley", "Craven"], unit="sessions"))
    page.mouse.click(*page.evaluate(SCREEN_POINT, [53.01, -1.97]))
    page.locator(".leaflet-popup-content").wait_for()
    assert _popup(page) == "Bingley\n\nGroups: 1 sessions"
    assert page.locator("#map-list button").all_inner_texts() == ["Airedale", "Bingley", "Craven"]


def test_ten_thousand_places_stay_usable(open_map: OpenMap) -> None:
    rng = np.random.default_rng(7)
    count = 10_000
    frame = gpd.GeoDataFrame(
        {
            "name": [f"Place {i}" for i in range(count)],
            "kind": rng.choice(list(KIND_STYLES), count),
        },
        geometry=gpd.points_from_xy(rng.normal(-1.76, 0.06, count), rng.normal(53.8, 0.04, count)),
        crs=4326,
    )
    page = open_map(asset_map(frame, **SAID), width=360)
    clusters = page.locator(".cluster > span").all_inner_texts()
    assert len(clusters) > 5
    in_sight = sum(int(re.sub(r"\D", "", text.split()[0])) for text in clusters)
    assert in_sight > 0.95 * count
    panned_ms = page.evaluate("""() => {
      const start = performance.now();
      for (let i = 0; i < 10; i += 1) patchworkMap.panBy([40, 0], { animate: false });
      return (performance.now() - start) / 10;
    }""")
    assert panned_ms < 250, "ten times what it takes on a quiet machine"
    page.evaluate("() => void patchworkMap.setView([53.8, -1.76], 17, { animate: false })")
    assert page.locator(".cluster").count() == 0
    assert sum(page.evaluate(REDRAW_AND_COUNT).values()) > 0


ALL_PAYLOADS = " | ".join(PAYLOADS)
HOSTILE_POINTS = [(-1.838 + 0.002 * i, 53.916 + 0.001 * i) for i in range(len(PAYLOADS))]


def _hostile_map(sort: str) -> MapDocument:
    """A map whose every word is a payload: each row has its own, single places have them all."""
    said = {**SAID, "title": ALL_PAYLOADS, "attribution": PAYLOADS}
    squares = [shapely.box(lon - 0.001, 53.91, lon + 0.001, 53.94) for lon, _ in HOSTILE_POINTS]
    areas = gpd.GeoDataFrame({"name": PAYLOADS}, geometry=squares, crs=4326)
    if sort == "choropleth":
        areas["n"] = range(len(areas))
        return choropleth(areas, measure="n", label=ALL_PAYLOADS, unit=ALL_PAYLOADS, **said)
    rows = [(text, "venue", *point) for text, point in zip(PAYLOADS, HOSTILE_POINTS, strict=True)]
    places = _places(rows, detail=PAYLOADS)
    if sort == "ward":
        return ward_map(_ward(ALL_PAYLOADS), places, around=areas, **said)
    places = places.assign(rank=range(1, len(places) + 1), distance_m=500.0, walk_minutes=8)
    places["reasons"] = [[text, f"R {text}"] for text in PAYLOADS]
    home = _places([(ALL_PAYLOADS, "care_home", -1.85, 53.95)])
    return home_map(home, places, around=areas, **said)


HINT_SAYS = """(text) => [...document.querySelectorAll(".hint")]
  .some((hint) => hint.textContent.replace(/\\s+/g, " ").includes(text))"""
LOOK_AT_ALL = """() => {
  patchworkMap.closePopup().fitWorld({ animate: false });
  patchworkMap.setView([53.93, -1.82], 12, { animate: false });
}"""
POPUP_SAYS = """(text) => [...document.querySelectorAll(".leaflet-popup-content")]
  .some((popup) => popup.textContent.replace(/\\s+/g, " ").includes(text))"""


def _hover(page: Page, lat: float, lon: float, text: str) -> None:
    """Move the pointer to a place until its hint shows: Leaflet skips moves within 32 ms."""
    x, y = page.evaluate(SCREEN_POINT, [lat, lon])
    for i in range(300):
        page.mouse.move(x + i % 2, y)
        if page.evaluate(HINT_SAYS, text):
            return
    pytest.fail(f"no hint says {text!r}")


def _button(page: Page, text: str) -> Locator:
    buttons = page.locator("#map-list button").all()
    shown = [re.sub(r"^\d+\. ", "", _seen(button.inner_text())) for button in buttons]
    return buttons[shown.index(text.strip())]


def _seen(text: str) -> str:
    """Return how a browser lays out `text`: white space of any kind becomes one space."""
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("sort", ["ward", "home", "choropleth"])
def test_hostile_words_run_nothing_and_are_shown_as_they_are(open_map: OpenMap, sort: str) -> None:
    # Without the policy, so that it is our encoding that holds and not the second fence
    page = open_map(_hostile_map(sort), has_policy=False)
    for words in (page.title(), page.locator("h1").inner_text()):
        assert _seen(words) == _seen(ALL_PAYLOADS)
    sources = _seen(page.locator("footer").inner_text())
    key = _seen(page.locator("section").inner_text())
    listed = _seen(page.locator("#map-list").inner_text())
    neighbours = [_seen(text) for text in page.locator(".label.around").all_text_contents()]
    for text, (lon, lat) in zip(map(_seen, PAYLOADS), HOSTILE_POINTS, strict=True):
        _hover(page, lat, lon, text)
        assert text.rstrip(".") in sources
        assert text in listed
        assert text in key or sort != "choropleth"
        assert text in neighbours or sort == "choropleth"
    for text in map(_seen, PAYLOADS):
        # At once: an animated view refills the list when it ends, maybe under the pointer
        page.evaluate(LOOK_AT_ALL)
        _button(page, text).click()
        page.wait_for_function(POPUP_SAYS, arg=text)
    assert page.evaluate("() => window.__pwned === undefined")
    assert page.locator("img, svg[onload], iframe, math, a[href^=javascript]").count() == 0


def test_the_payloads_do_run_where_nothing_is_encoded(chromium: Browser) -> None:
    page = chromium.new_page()
    ran = 0
    for text in PAYLOADS:
        page.goto("about:blank")
        page.set_content(f"<title>x</title><p>{text}</p>")
        page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))"
        )
        ran += bool(page.evaluate("() => window.__pwned === 1"))
    page.close()
    assert ran >= 7, "else the test above proves nothing"


def test_the_policy_stops_a_script_that_got_in(chromium: Browser) -> None:
    document = asset_map(_places(), **SAID)
    planted = "<script>window.__pwned=1</script><img src=x onerror=window.__pwned=1></body>"
    context = chromium.new_context()
    page = context.new_page()
    context.route(
        "**/*",
        lambda route: route.fulfill(
            body=document.html.replace("</body>", planted),
            content_type="text/html",
            headers={"content-security-policy": document.csp},
        ),
    )
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text))
    page.goto(f"{SITE}/map")
    assert page.evaluate("() => window.__pwned === undefined")
    assert any("Content Security Policy" in text for text in refused)
    context.close()
