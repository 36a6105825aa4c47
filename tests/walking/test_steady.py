"""Nothing moves, forgets, or slows down under a thumb."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request, expect

from tests.walking.conftest import Walk, until
from tests.walking.test_adding import adding, record_of, sent
from tests.walking.thumbs import fill, go, records, save, stand

pytestmark = pytest.mark.browser

STORE = "(await import('/static/walk/store.js')).store"
OUTBOX = "(await import('/static/walk/outbox.js')).outbox"
DRAFTS = f"async () => (await {STORE}.drafts()).map(({{ facts }}) => facts.name)"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cf"
    "c0f01f0005000101ff89b5d2220000000049454e44ae426082"
)


def test_enter_where_interests_are_written_does_not_save(walk: Walk) -> None:
    page = walk("add")
    fill(page, "Knitters")
    page.locator("#walk-add summary").click()
    box = adding(page).get_by_label("What people do there")
    box.fill("Knitti")
    box.press("Enter")
    expect(page.locator("#walk-add")).to_be_visible()
    save(page)
    problems = page.locator("#walk-add [data-problems]")
    expect(problems).to_contain_text("Choose from the list what people do there")
    assert records(page) == []


def test_a_skill_has_no_address_and_is_moved_by_its_ward(walk: Walk) -> None:
    page = walk("add")
    posts: list[Request] = []
    page.on("request", lambda one: posts.append(one) if "submissions" in one.url else None)
    page.locator("#walk-add summary").click()
    adding(page).get_by_label("Street and number").fill("7 Private Street")
    fill(page, "Sock knitters", kind="Skill or network")
    expect(adding(page).get_by_label("Street and number")).to_be_hidden()
    adding(page).get_by_label("They said yes").check()
    with sent(page):
        save(page)
    assert "address" not in record_of(posts[0])["facts"]
    until(page, f"async () => (await {OUTBOX}.items()).length === 0")
    asset_id = record_of(posts[0])["asset_id"]
    # It does not say where it is: it is found by its own address, and moved to where I stand.
    go(page, f"asset/{asset_id}")
    details = page.locator("#walk-asset details")
    expect(page.locator("#edit-name")).to_have_value("Sock knitters")
    details.locator("summary").click()
    page.get_by_role("button", name="It is where I stand now").click()
    expect(page.locator("[data-moved]")).to_have_text("It will be put in the ward you stand in.")
    page.locator("#edit-description").fill("On Fridays")
    with sent(page):
        save(page, view="asset")
    place = record_of(posts[-1])["changes"].get("place", {"now": {}})["now"]
    assert "lon" not in place


def test_who_may_not_record_is_not_given_a_form_to_type_into(walk: Walk) -> None:
    page = walk("add", who=None)
    expect(page.locator("#walk-add [data-sign-in]")).to_be_visible()
    expect(page.locator("#walk-add form")).to_be_hidden()


def test_standing_still_builds_no_list_anew_and_says_nothing(walk: Walk) -> None:
    page = walk()
    rows = page.locator("#walk-list li a")
    expect(rows.first).to_be_visible()
    stand(page, 54.1149, 12)
    page.evaluate("() => { document.querySelector('#walk-list li').dataset.same = 'yes'; }")
    for step in range(1, 6):
        stand(page, 54.1149 + step * 1e-6, 12)
    expect(page.locator("#walk-list li[data-same]")).to_have_count(1)
    # A finger on a row: what comes meanwhile waits until it has left.
    box = rows.nth(1).bounding_box()
    href = rows.nth(1).get_attribute("href")
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 20)
    page.mouse.down()
    stand(page, 54.1169, 12)
    page.mouse.up()
    expect(page.locator("#walk-asset")).to_be_visible()
    assert page.url.endswith(str(href))


def test_a_long_walk_on_a_large_patch_stays_quick(walk: Walk) -> None:
    page = walk()
    page.evaluate(
        f"""async () => {{
          const store = {STORE};
          const assets = Array.from({{ length: 5000 }}, (_, i) => ({{
            id: crypto.randomUUID(), version: 1, kind: "group", name: `Asset ${{i}}`,
            lon: -2.12 + (i % 100) * 2e-4, lat: 54.10 + Math.floor(i / 100) * 3e-4,
            location_source: "given", is_contact_public: true, interests: [],
          }}));
          const box = [[-2.2, 54], [-2, 54], [-2, 54.2], [-2.2, 54.2], [-2.2, 54]];
          await store.putPatch({{
            gss_code: "E05009999", name: "Big", made_at: new Date().toISOString(), around: [],
            boundary: {{ type: "Polygon", coordinates: [box] }}, assets, interests: [],
            streets: [{{ name: "A", highway: "residential", line: [[-2.1085, 54.1149], [-2.1, 54.12]] }}],
            attribution: [],
          }});
          await store.keepTrack(Array.from({{ length: 7200 }}, (_, i) => [-2.1085 + i * 1e-6, 54.1149 + i * 1e-6]));
        }}"""  # noqa: E501 - one line of data each
    )
    page.reload()
    go(page, "still")
    walked = page.locator("[data-walked]")
    expect(walked).to_contain_text("Big: ")
    page.evaluate(
        """() => {
          window.gap = 0;
          let at = performance.now();
          setInterval(() => {
            const now = performance.now();
            window.gap = Math.max(window.gap, now - at);
            at = now;
          }, 5);
        }"""
    )
    before = walked.inner_text()
    stand(page, 54.1130, 6)
    expect(walked).not_to_have_text(before)
    assert page.evaluate("() => window.gap") < 1_000


def test_the_next_person_does_not_begin_where_the_last_one_was(walk: Walk) -> None:
    page = walk()
    stand(page, 54.1151, 12)
    until(page, f"async () => Boolean((await {STORE}.setting('last-place')).account_id)")
    last = "async () => (await (await import('/static/walk/here.js')).lastPlace())"
    assert page.evaluate(last)
    page.evaluate(
        f"""async () => {{
          const kept = await {STORE}.setting('last-place');
          await {STORE}.setSetting('last-place', {{ ...kept, account_id: crypto.randomUUID() }});
        }}"""
    )
    assert page.evaluate(last) is None


def test_one_undo_looks_after_itself(walk: Walk) -> None:
    page = walk()
    expect(page.locator("#walk-list li a").first).to_be_visible()
    page.context.set_offline(True)
    reads = page.evaluate(
        f"""async () => {{
          const around = await import('/static/walk/around.js');
          const store = {STORE};
          const outbox = {OUTBOX};
          const some = (await store.assetsNear(-2.1085, 54.1149)).slice(0, 12);
          let count = 0;
          const all = outbox.items;
          outbox.items = () => {{ count += 1; return all(); }};
          for (const asset of some) await around.check(asset);
          count = 0;
          await new Promise((told) => {{
            outbox.addEventListener("change", told);
            new BroadcastChannel("patchwork").postMessage("items");
          }});
          return count;
        }}"""
    )
    assert reads < 6


def test_the_bar_and_the_facts_fit_large_text_on_a_small_phone(walk: Walk) -> None:
    page = walk(width=320)
    expect(page.locator("#walk-list li a").first).to_be_visible()
    place = page.locator("#walk-list li a").first.get_attribute("href") or ""
    page.evaluate("() => document.documentElement.style.setProperty('font-size', '200%')")
    for view in ("list", "add", "still", "patch", "outbox", place.removeprefix("#")):
        go(page, view)
        if view.startswith("asset"):
            expect(page.locator("#walk-asset [data-hours] li").first).to_be_visible()
            page.locator("#edit-description").fill("Another")
            expect(page.locator("[data-forget-edit]")).to_be_visible()
        over = page.evaluate(
            """() => [document.documentElement.scrollWidth - innerWidth,
              document.querySelector(".walk-bar").lastElementChild.getBoundingClientRect().right
                - innerWidth,
              [...document.querySelectorAll("main [data-view]:not([hidden]) *")]
                .filter((node) => node.getBoundingClientRect().right > innerWidth)
                .map((node) => node.outerHTML.slice(0, 90))]"""
        )
        assert max(over[:2]) <= 0, (view, over[2])
