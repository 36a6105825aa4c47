"""Looking around, checking, the walk and the ward taken along: in Chromium, on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from tests.browser.serving import Demo
from tests.browser.test_pages import AXE
from tests.walking.conftest import STANDING, Walk, until
from tests.walking.test_adding import record_of, sent

pytestmark = pytest.mark.browser

VIEWS = ("list", "around", "add", "still", "patch", "outbox", "asset")
HOSTILE = (
    '<img src=x onerror="window.__pwned=1"><script>window.__pwned=1</script> `${1}` "O\'Neill"'
)
LARGEST_FIRST_LOAD_BYTES = 150_000
WORLD = "(await import('/static/walk/around.js')).world"
MARKS = """async () => {
  const { world } = await import('/static/walk/around.js');
  const found = [];
  world.map?.eachLayer((layer) => { if (layer.options.asset) found.push(layer.options.asset); });
  return found.map(({ name, kind, lon, lat }) => ({ name, kind, lon, lat }));
}"""
TOO_SMALL = """() => [...document.querySelectorAll(`main button, .walk-bar a, .walk-choice,
    .walk-kind, .walk-item a, main summary, main select, main textarea,
    main input:not([type=radio], [type=checkbox])`)]
  .filter((node) => node.checkVisibility())
  .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
  .filter(([, { width, height }]) => height < 44 || width < 44)
  .map(([html, { width, height }]) => `${html} ${width}x${height}`)"""
POINT_OF = """async ({ lon, lat }) => {
  const { world } = await import('/static/walk/around.js');
  const { x, y } = world.map.latLngToContainerPoint([lat, lon]);
  const box = world.map.getContainer().getBoundingClientRect();
  return [box.left + x, box.top + y];
}"""


def marks(page: Page, *, name: str | None = None) -> list[dict[str, Any]]:
    """Return what the map draws marks for, once it does."""
    until(page, f"async () => (await ({MARKS})()).length > 0")
    found: list[dict[str, Any]] = page.evaluate(MARKS)
    return [mark for mark in found if name is None or mark["name"] == name]


def tap_mark(page: Page, name: str) -> None:
    """Tap where a place is drawn, once the map lies still there."""
    [mark] = marks(page, name=name)
    page.evaluate(
        "async (mark) => { const { world } = await import('/static/walk/around.js');"
        " world.map.setView([mark.lat, mark.lon], 18, { animate: false }); }",
        mark,
    )
    x, y = page.evaluate(POINT_OF, mark)
    page.mouse.click(x, y)


def test_the_list_is_nearest_first_and_follows(walk: Walk) -> None:
    page = walk()
    first = page.locator("#walk-list li").first
    expect(first).to_contain_text("Ellerwick Town Hall")
    expect(first).to_contain_text(re.compile(r"\d m · Venue · Checked"))
    expect(page.locator("[data-where]")).to_have_text(
        "Nearest first. We know where you are to about 12 m."
    )
    page.context.set_geolocation({"latitude": 54.1183, "longitude": -2.0942, "accuracy": 30})
    expect(first).not_to_contain_text("Ellerwick Town Hall")
    expect(page.locator("[data-where]")).to_contain_text("about 30 m")
    far = [_in_metres(text) for text in page.locator("#walk-list li .pw-quiet").all_inner_texts()]
    known = [distance for distance in far if distance is not None]
    assert len(known) > 10
    assert known == sorted(known)


def _in_metres(text: str) -> float | None:
    found = re.match(r"([\d.]+) (k?m) ", text)
    return float(found[1]) * (1000 if found[2] == "km" else 1) if found else None


def test_without_leave_to_know_where_nothing_is_blocked(walk: Walk) -> None:
    page = walk(is_placed=False)
    expect(page.locator("[data-where]")).to_contain_text("until this phone may say where you are")
    expect(page.get_by_role("button", name="Show what is around me")).to_be_visible()
    page.get_by_role("link", name="Map", exact=True).click()
    until(page, "async () => (await import('/static/walk/around.js')).world.map?.getZoom() > 10")


def test_the_map_draws_each_kind_and_a_tap_opens_its_sheet(walk: Walk, demo: Demo) -> None:
    page = walk("around")
    kinds = {mark["kind"] for mark in marks(page)}
    assert kinds == {"care_home", "group", "surgery", "venue"}, "skills have no place on a map"
    tap_mark(page, "Butter Cross Café")
    sheet = page.locator("[data-sheet]")
    expect(sheet).to_be_focused()
    # Two are at this door; the one under the other is a tap further.
    expect(sheet).to_contain_text("Also here: ")
    if sheet.get_by_role("heading").inner_text() != "Butter Cross Café":
        sheet.get_by_role("button", name="Butter Cross Café").click()
    expect(sheet.get_by_role("heading")).to_have_text("Butter Cross Café")
    expect(sheet.get_by_role("link", name="Change")).to_be_visible()
    with sent(page) as answer:
        sheet.get_by_role("button", name="Still here").click()
    assert record_of(answer.value.request)["outcome"] == "confirmed"
    expect(sheet).to_be_hidden()


def test_streets_wards_and_where_i_am_are_drawn_without_a_base_map(walk: Walk) -> None:
    page = walk("around")
    marks(page)
    counted = page.evaluate(
        """async () => {
          const { world } = await import('/static/walk/around.js');
          const found = { lines: 0, outlines: 0, rings: [], names: [] };
          world.map.eachLayer((layer) => {
            if (layer instanceof L.Circle) found.rings.push(layer.getRadius());
            else if (layer instanceof L.Polygon) found.outlines += 1;
            else if (layer instanceof L.Polyline) found.lines += layer.getLatLngs().length;
            else if (layer instanceof L.Tooltip) found.names.push(layer.getElement().textContent);
          });
          return found;
        }"""
    )
    assert counted["lines"] > 80
    assert counted["outlines"] >= 3
    assert counted["rings"] == [STANDING["accuracy"]]
    assert "Market Place" in counted["names"]


def test_following_stops_when_the_map_is_dragged(walk: Walk) -> None:
    page = walk("around")
    marks(page)
    follow = page.get_by_role("button", name="Follow where I am")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    page.context.set_geolocation({"latitude": 54.1130, "longitude": -2.1085, "accuracy": 8})
    until(
        page,
        "async () => Math.abs((await import('/static/walk/around.js')).world.map.getCenter().lat"
        " - 54.113) < 1e-4",
    )
    page.mouse.move(180, 300)
    page.mouse.down()
    page.mouse.move(120, 200, steps=5)
    page.mouse.up()
    expect(follow).to_have_attribute("aria-pressed", "false")


def test_one_question_at_a_time_and_one_tap_answers(walk: Walk) -> None:
    page = walk("still")
    question = page.locator("[data-question]")
    heading = question.get_by_role("heading")
    expect(heading).to_have_text(re.compile(r"^Is .+ still here\?$"))
    first = heading.inner_text()
    with sent(page) as answer:
        question.get_by_role("button", name="Yes", exact=True).click()
    assert record_of(answer.value.request)["outcome"] == "confirmed"
    expect(heading).not_to_have_text(first)
    expect(question).to_be_focused()
    second = heading.inner_text()
    question.get_by_role("button", name="Not sure, skip").click()
    expect(heading).not_to_have_text(second)


def test_what_nobody_has_checked_for_longest_is_asked_first(walk: Walk, demo: Demo) -> None:
    page = walk("still")
    text = page.locator("[data-question] .pw-quiet").first
    expect(text).to_contain_text("Not checked yet")


def test_gone_asks_once_more_in_the_same_place_and_can_be_undone(walk: Walk, demo: Demo) -> None:
    page = walk("still")
    question = page.locator("[data-question]")
    expect(question.get_by_role("button", name="Gone")).to_be_visible()
    page.context.set_offline(True)
    question.get_by_role("button", name="Gone").click()
    name = question.get_by_role("heading").inner_text()
    expect(question).to_contain_text("Has it gone for good?")
    expect(question.get_by_role("button", name="No, go back")).to_be_focused()
    question.get_by_role("button", name="No, go back").click()
    expect(question.get_by_role("heading")).to_have_text(name)
    question.get_by_role("button", name="Gone").click()
    question.get_by_role("button", name="Yes, it has gone").click()
    expect(page.locator("[data-said]")).to_contain_text("has gone. Saved on this phone.")
    expect(page.locator("[data-outbox-count]")).to_have_text("1")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-said]")).to_contain_text("Taken back.")
    expect(page.locator("[data-outbox-count]")).to_be_hidden()


def test_one_fact_is_confirmed_by_itself(walk: Walk) -> None:
    page = walk("still")
    question = page.locator("[data-question]")
    fact = question.locator(".walk-fact", has_text="Is this number still right?")
    for _ in range(20):
        if fact.count():
            break
        asked = question.get_by_role("heading").inner_text()
        question.get_by_role("button", name="Not sure, skip").click()
        # The next one has come before it is looked at: else its fact may be skipped unseen.
        expect(question.get_by_role("heading")).not_to_have_text(asked)
    with sent(page) as answer:
        fact.get_by_role("button", name="Yes, still right").click()
    assert record_of(answer.value.request)["fact"] == "phone"
    expect(fact).to_contain_text("Thank you.")


def test_a_ward_is_taken_along_its_size_said_first(walk: Walk) -> None:
    page = walk("patch")
    ward = page.locator("[data-wards] li", has_text="You are here").first
    mine = page.locator("[data-wards] li").first
    expect(mine).to_contain_text("Ellerwick Market")
    expect(mine).to_contain_text(re.compile(r"\d+ places, \d+ streets, \d+ kB"))
    assert ward.count() <= 1
    mine.get_by_role("button", name="Take Ellerwick Market with me").click()
    taken = page.locator("[data-taken-list] li")
    expect(taken).to_contain_text(re.compile(r"\d+ places, \d+ streets, taken today"))
    expect(page.locator("[data-kept]")).to_contain_text("Saved on this phone only")
    taken.get_by_role("link", name="Show on the map").click()
    expect(page).to_have_url(re.compile("#around/E05"))
    page.get_by_role("link", name="Take a ward with me").click()
    taken.get_by_role("button", name="Refresh").click()
    expect(taken).to_contain_text("taken today")
    taken.get_by_role("button", name="Remove").click()
    expect(taken).to_have_count(0)


def test_wards_are_searched_by_name(walk: Walk) -> None:
    page = walk("patch")
    expect(page.locator("[data-wards] li").first).to_be_visible()
    page.get_by_label("Name of a ward or a town").fill("thwaites")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-wards] li")).to_have_text([re.compile("The Thwaites")])
    page.get_by_label("Name of a ward or a town").fill("zzz")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-found]")).to_contain_text("No ward or town is called that.")


def test_a_phone_that_is_full_says_so(walk: Walk) -> None:
    page = walk("patch")
    page.evaluate(
        """() => {
          const put = IDBObjectStore.prototype.put;
          IDBObjectStore.prototype.put = function (...given) {
            if (this.name === "patches") throw new DOMException("full", "QuotaExceededError");
            return put.apply(this, given);
          };
        }"""
    )
    row = page.locator("[data-wards] li").first
    row.get_by_role("button").click()
    expect(row).to_contain_text("This phone has no room left for it.")
    expect(row.get_by_role("button", name="Try again")).to_be_visible()


def test_streets_are_counted_as_they_are_walked_and_the_track_stays_here(walk: Walk) -> None:
    page = walk("patch")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Take Ellerwick Market with me").click()
    expect(page.locator("[data-taken-list] li")).to_have_count(1)
    page.get_by_role("link", name="Still there?").click()
    asked.clear()
    walked = page.locator("[data-walked]")
    for step in range(1, 7):
        page.context.set_geolocation(
            {"latitude": STANDING["latitude"] - step * 0.0004, "longitude": -2.1085, "accuracy": 8}
        )
        until(
            page,
            "async (lat) => Math.abs((await import('/static/walk/here.js')).here.position.lat"
            " - lat) < 1e-6",
            arg=STANDING["latitude"] - step * 0.0004,
        )
    expect(walked).to_contain_text(re.compile(r"Ellerwick Market: [2-9]\d0 m of \d"))
    expect(walked).to_contain_text(re.compile(r"[1-9]\d* of \d+ places passed"))
    drawn = page.evaluate(
        "async () => (await import('/static/walk/progress.js')).walked.lines().length"
    )
    assert drawn > 5
    assert all("54.11" not in address for address in asked if "near.json" not in address)
    stored = "async () => (await (await import('/static/walk/store.js')).store.track())"
    assert page.evaluate(stored) is None
    page.get_by_label("Keep my track on this phone").check()
    until(page, f"async () => (await ({stored})())?.length > 5")
    page.reload()
    expect(walked).to_contain_text(re.compile(r"Ellerwick Market: [2-9]\d0 m of \d"))
    page.get_by_role("button", name="Forget it").click()
    expect(walked).to_contain_text("Ellerwick Market: 0 m of")
    page.get_by_label("Keep my track on this phone").uncheck()
    until(page, f"async () => (await ({stored})()) === null")


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_every_view_is_sound_by_axe_large_to_touch_and_never_too_wide(
    walk: Walk, width: int
) -> None:
    page = walk(width=width)
    address = page.locator("#walk-list li a").first.get_attribute("href") or ""
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for view in VIEWS:
        page.evaluate("(to) => { location.hash = to; }", address if view == "asset" else view)
        expect(page.locator(f"#walk-{view}")).to_be_visible()
        expect(page.locator("h1:visible").first).to_be_visible()
        for closed in page.locator("details:visible:not([open]) > summary").all():
            closed.click()
        found = page.evaluate(
            "async () => (await axe.run({ resultTypes: ['violations'] })).violations"
        )
        assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found] == [], view
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{view} is {wide} px too wide"
        small = page.evaluate(TOO_SMALL)
        assert small == [], view


def test_the_list_stands_beside_the_map_on_a_wide_screen(walk: Walk) -> None:
    page = walk(width=1280)
    marks(page)
    lists = page.locator("#walk-list").bounding_box()
    maps = page.locator("[data-map]").bounding_box()
    assert lists
    assert maps
    assert lists["x"] + lists["width"] <= maps["x"]
    assert maps["height"] > 500


def test_without_scripts_the_list_and_the_plain_form_are_offered(walk: Walk) -> None:
    page = walk(java_script_enabled=False)
    expect(page.get_by_role("link", name="See every place as a list")).to_be_visible()
    form = page.get_by_role("link", name="Add a place with a plain form")
    expect(form).to_have_attribute("href", "/map/new")


def test_hostile_words_run_nothing_anywhere(walk: Walk, demo: Demo) -> None:
    page = walk("add")
    page.locator("#walk-add").get_by_role("radio", name="Group", exact=True).check()
    page.locator("#walk-add").get_by_label("What is it called?").fill(HOSTILE)
    with sent(page):
        page.get_by_role("button", name="Save").click()
    try:
        page.reload()
        item = page.locator("#walk-list li", has_text="onerror")
        expect(item.locator("strong")).to_have_text(HOSTILE)
        item.locator("a").click()
        expect(page.locator("#walk-asset h1")).to_have_text(HOSTILE)
        page.get_by_role("link", name="Map", exact=True).click()
        tap_mark(page, HOSTILE)
        expect(page.locator("[data-sheet]")).to_contain_text("onerror")
        page.get_by_role("link", name="Add", exact=True).click()
        expect(page.locator("#walk-add [data-near]")).to_contain_text("onerror")
        assert page.evaluate("() => window.__pwned === undefined")
        assert page.locator("main img").count() == 0
    finally:
        engine = sa.create_engine(demo.url)
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM submissions"))
        engine.dispose()


def test_the_first_load_is_small(walk: Walk, demo: Demo) -> None:
    page = walk()
    devtools = page.context.new_cdp_session(page)
    sizes: dict[str, float] = {}
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.on(
        "Network.loadingFinished",
        lambda said: sizes.update({said["requestId"]: said["encodedDataLength"]}),
    )
    page.reload()
    expect(page.locator("#walk-list li").nth(3)).to_be_visible()
    total = sum(sizes.values())
    assert 50_000 < total <= LARGEST_FIRST_LOAD_BYTES, f"{total / 1000:.0f} kB"
