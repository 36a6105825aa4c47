"""Hostile words on maps in a real Chromium: shown as they are, and never run."""

from __future__ import annotations

import re

import geopandas as gpd
import pytest
import shapely
from playwright.sync_api import Browser, ElementHandle, Page

from geo.map_homes import homes_map
from geo.maps import MapDocument, asset_map, choropleth, home_map, ward_map
from tests.browser.map_pages import SAID, SITE, OpenMap, a_ward, hover, some_places

pytestmark = pytest.mark.browser

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
    places = some_places(rows, detail=PAYLOADS)
    if sort == "homes":
        marked = places.assign(mark=["all", *["few"] * (len(places) - 1)])
        return homes_map(marked, around=areas, notes=PAYLOADS, **said)
    if sort == "ward":
        return ward_map(a_ward(ALL_PAYLOADS), places, around=areas, **said)
    places = places.assign(rank=range(1, len(places) + 1), distance_m=500.0, walk_minutes=8)
    places["reasons"] = [[text, f"R {text}"] for text in PAYLOADS]
    home = some_places([(ALL_PAYLOADS, "care_home", -1.85, 53.95)])
    return home_map(home, places, around=areas, **said)


LOOK_AT_ALL = """() => {
  patchworkMap.closePopup().fitWorld({ animate: false });
  patchworkMap.setView([53.93, -1.82], 12, { animate: false });
}"""
POPUP_SAYS = """(text) => [...document.querySelectorAll(".leaflet-popup-content")]
  .some((popup) => popup.textContent.replace(/\\s+/g, " ").includes(text))"""


# The button itself and not its place in the list, which is filled anew whenever the map has moved.
BUTTON_OF = """(text) => [...document.querySelectorAll("#map-list button")].find((button) =>
  button.innerText.replace(/^\\d+\\. /, "").replace(/\\s+/g, " ").trim() === text)"""


def _button(page: Page, text: str) -> ElementHandle:
    found = page.evaluate_handle(BUTTON_OF, text.strip()).as_element()
    assert found is not None, text
    return found


def _seen(text: str) -> str:
    """Return how a browser lays out `text`: white space of any kind becomes one space."""
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("sort", ["ward", "home", "homes", "choropleth"])
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
        hover(page, lat, lon, text)
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
    document = asset_map(some_places(), **SAID)
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
