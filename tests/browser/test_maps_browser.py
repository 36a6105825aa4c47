"""Maps in a real Chromium: what is drawn, and what a finger and a keyboard reach."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from playwright.sync_api import Browser

from geo.map_shapes import HOME_STYLE, KIND_STYLES, SHAPES
from geo.maps import MapAssets, asset_map, ward_map
from tests.browser.map_pages import (
    PLACES,
    RECORD_FILLS,
    REDRAW_AND_COUNT,
    SAID,
    SCREEN_POINT,
    SITE,
    STATIC,
    OpenMap,
    a_choropleth,
    a_home_map,
    a_ward,
    expected_fills,
    hover,
    next_ward,
    popup_text,
    some_places,
)

pytestmark = pytest.mark.browser


def test_each_kind_is_drawn_in_its_own_shape_and_colour(open_map: OpenMap) -> None:
    page = open_map(ward_map(a_ward(), some_places(), **SAID))
    drawn = page.evaluate(REDRAW_AND_COUNT)
    ward = drawn.pop("#FFFFFF 3", 0) + drawn.pop("#FFFFFF 4", 0)
    assert ward == 1
    assert drawn == expected_fills(some_places())


def test_the_home_is_a_star_and_matches_carry_their_numbers(open_map: OpenMap) -> None:
    page = open_map(a_home_map())
    drawn = page.evaluate(REDRAW_AND_COUNT)
    assert drawn[f"{HOME_STYLE.colour.upper()} {len(SHAPES['star'])}"] == 1
    for key, count in expected_fills(some_places(PLACES[:5])).items():
        assert drawn[key] == count
    buttons = page.locator("#map-list button").all_inner_texts()
    assert buttons == [f"{i + 1}. {row[0]}" for i, row in enumerate(PLACES[:5])]
    assert page.get_by_text("about 16 minutes\u2019 walk").first.is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_key_scale_sources_and_all_places_are_in_view(open_map: OpenMap, width: int) -> None:
    page = open_map(
        ward_map(a_ward(), some_places(), around=next_ward("Wharfedale"), **SAID), width=width
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
    page = open_map(a_choropleth([f"Ward {i}" for i in range(9)]), width=360)
    sources = page.locator("footer").bounding_box()
    assert sources
    assert sources["y"] + sources["height"] <= 800
    last = page.evaluate(SCREEN_POINT, [53.0, -1.82])
    buttons = page.locator(".leaflet-control-zoom").bounding_box()
    assert buttons
    assert last[0] < buttons["x"], "the buttons cover no area"


def test_names_of_neighbours_stay_inside_the_frame(open_map: OpenMap) -> None:
    long = "Wharfedale and the villages beyond"
    page = open_map(ward_map(a_ward(), some_places(), around=next_ward(long), **SAID))
    box, label = page.locator("#map").bounding_box(), page.locator(".label").bounding_box()
    assert box
    assert label
    assert box["x"] <= label["x"]
    assert label["x"] + label["width"] <= box["x"] + box["width"]


def test_a_tap_beside_a_place_opens_the_nearest(open_map: OpenMap) -> None:
    page = open_map(ward_map(a_ward(), some_places(), **SAID), width=360, has_touch=True)
    name, _, lon, lat = PLACES[6]
    x, y = page.evaluate(SCREEN_POINT, [lat, lon])
    page.touchscreen.tap(x + 14, y + 14)
    page.locator(".leaflet-popup-content").wait_for()
    assert popup_text(page).startswith(name)


def test_a_tap_on_empty_ground_opens_nothing(open_map: OpenMap) -> None:
    page = open_map(ward_map(a_ward(), some_places(), **SAID))
    x, y = page.evaluate(SCREEN_POINT, [53.917, -1.836])
    page.mouse.click(x, y)
    assert page.locator(".leaflet-popup").count() == 0


def test_two_places_at_one_door_share_a_popup(open_map: OpenMap) -> None:
    rows = [*PLACES, ("The caf\u00e9 in the library", "group", PLACES[1][2], PLACES[1][3])]
    page = open_map(ward_map(a_ward(), some_places(rows), **SAID))
    page.mouse.click(*page.evaluate(SCREEN_POINT, [PLACES[1][3], PLACES[1][2]]))
    text = popup_text(page)
    assert "2 places here" in text
    assert "Ilkley Library" in text
    assert "The caf\u00e9 in the library" in text


def test_the_name_shows_under_the_pointer(open_map: OpenMap) -> None:
    page = open_map(ward_map(a_ward(), some_places(), **SAID))
    name, _, lon, lat = PLACES[2]
    hover(page, lat, lon, name)
    assert page.locator(".hint").inner_text() == name


def test_everything_is_reached_by_keyboard(open_map: OpenMap) -> None:
    page = open_map(a_home_map())
    second = page.get_by_role("button", name="2. Ilkley Library")
    second.focus()
    page.keyboard.press("Enter")
    page.locator(".leaflet-popup-content").wait_for()
    assert "Boccia: a gentler alternative" in popup_text(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/assets/1"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "2. Ilkley Library"
    centre = page.evaluate("patchworkMap.getCenter()")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(lng) => patchworkMap.getCenter().lng > lng", arg=centre["lng"])


def test_the_list_follows_the_view(open_map: OpenMap) -> None:
    page = open_map(ward_map(a_ward(), some_places(), **SAID))
    assert page.locator("#map-list button").count() == len(PLACES)
    page.evaluate("() => void patchworkMap.setView([53.924, -1.812], 18, { animate: false })")
    assert page.locator("#map-list button").all_inner_texts() == ["Someone who mends radios"]


def test_a_map_works_in_a_sandboxed_frame_and_its_links_leave_it(open_map: OpenMap) -> None:
    page = open_map(a_home_map(), path="/framed")
    frame = page.frame_locator("iframe")
    assert not frame.locator("h1").is_visible(), "the page around it has the title"
    frame.locator("summary").click()
    frame.get_by_role("button", name="1. The Clarke Foley Centre").click()
    frame.get_by_role("link", name="Open this entry").click()
    page.wait_for_url(f"{SITE}/assets/0")


def test_a_self_contained_file_works_without_any_server(chromium: Browser, tmp_path: Path) -> None:
    inline = MapAssets(STATIC / "vendor", inline=True)
    path = tmp_path / "ward.html"
    ward_map(a_ward(), some_places(), **{**SAID, "scripts": inline}).write(path)
    context = chromium.new_context(offline=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script(RECORD_FILLS)
    page.goto(path.as_uri())
    drawn = page.evaluate(REDRAW_AND_COUNT)
    assert expected_fills(some_places()).items() <= drawn.items()
    assert said == []
    context.close()


def test_without_javascript_the_page_points_to_the_list(open_map: OpenMap) -> None:
    page = open_map(asset_map(some_places(), **SAID), java_script_enabled=False)
    assert "in the list" in page.locator("noscript p").inner_text()
    assert page.get_by_text("Groups 2").is_visible(), "the key stands without scripts"


def test_no_animation_for_those_who_ask_for_none(open_map: OpenMap) -> None:
    page = open_map(asset_map(some_places(), **SAID), reduced_motion="reduce")
    assert page.evaluate("patchworkMap.options.zoomAnimation") is False


def test_a_choropleth_answers_to_pointer_and_list(open_map: OpenMap) -> None:
    page = open_map(a_choropleth(["Airedale", "Bingley", "Craven"], unit="sessions"))
    page.mouse.click(*page.evaluate(SCREEN_POINT, [53.01, -1.97]))
    page.locator(".leaflet-popup-content").wait_for()
    assert popup_text(page) == "Bingley\n\nGroups: 1 sessions"
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
