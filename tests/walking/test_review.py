"""What went wrong on a walk once: each of these lost somebody's work or put it somewhere else."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Request, expect

from tests.walking.conftest import STANDING, Walk, until
from tests.walking.test_adding import adding, record_of, sent

pytestmark = pytest.mark.browser

STORE = "(await import('/static/walk/store.js')).store"
OUTBOX = "(await import('/static/walk/outbox.js')).outbox"
DRAFTS = f"async () => (await {STORE}.drafts()).map(({{ facts }}) => facts.name)"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cf"
    "c0f01f0005000101ff89b5d2220000000049454e44ae426082"
)


def fill(page: Page, name: str, *, kind: str = "Group") -> None:
    adding(page).get_by_role("radio", name=kind, exact=True).check()
    adding(page).get_by_label("What is it called?").fill(name)
    until(page, f"async (name) => (await ({DRAFTS})()).includes(name)", name)


def go(page: Page, view: str) -> None:
    page.evaluate("(to) => { location.hash = to; }", view)
    expect(page.locator(f"#walk-{view.partition('/')[0]}")).to_be_visible()


def stand(page: Page, latitude: float, accuracy: float) -> None:
    page.context.set_geolocation(
        {"latitude": latitude, "longitude": STANDING["longitude"], "accuracy": accuracy}
    )
    until(
        page,
        "async (lat) => (await import('/static/walk/here.js')).here.position?.lat === lat",
        latitude,
    )


def save(page: Page, *, view: str = "add") -> None:
    page.locator(f"#walk-{view}").get_by_role("button", name="Save", exact=True).click()


def records(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        f"async () => (await {OUTBOX}.items()).map(({{ record }}) => record)"
    )
    return found


def test_a_place_is_put_where_its_writer_stands_now(walk: Walk) -> None:
    page = walk("add")
    page.context.set_offline(True)
    stand(page, 54.1149, 5)
    fill(page, "Hall at the other end")
    go(page, "list")
    stand(page, 54.1249, 12)
    go(page, "add")
    save(page)
    expect(page.locator("#walk-list")).to_be_visible()
    [record] = records(page)
    assert record["facts"]["place"] == {"lat": 54.1249, "lon": -2.1085, "accuracy_m": 12}


def test_a_position_of_some_minutes_ago_does_not_count(walk: Walk) -> None:
    page = walk("add")
    page.context.set_offline(True)
    stand(page, 54.1149, 5)
    fill(page, "Hall without a fix")
    page.evaluate(
        """async () => {
          const { here } = await import('/static/walk/here.js');
          here.position.at -= 180_000;
          navigator.geolocation.getCurrentPosition = (_, fail) => fail({ code: 2 });
        }"""
    )
    save(page)
    expect(page.locator("#walk-add [data-problems]")).to_contain_text("Say where it is")


def test_changing_what_waits_leaves_other_drafts_alone(walk: Walk) -> None:
    page = walk("add")
    page.context.set_offline(True)
    fill(page, "Waits")
    save(page)
    expect(page.locator("#walk-list")).to_be_visible()
    go(page, "add")
    fill(page, "My long draft")
    go(page, "outbox")
    page.get_by_role("link", name="Change").click()
    name = adding(page).get_by_label("What is it called?")
    expect(name).to_have_value("Waits")
    expect(page.locator("[data-draft-list] li")).to_contain_text(["My long draft"])
    name.fill("Waits longer")
    until(page, f"async () => (await ({DRAFTS})()).includes('Waits longer')")
    # A look elsewhere, and back: what is being changed is kept too.
    go(page, "list")
    go(page, "add")
    page.locator("[data-draft-list] a", has_text="Waits longer").click()
    expect(name).to_have_value("Waits longer")
    save(page)
    expect(page.locator("#walk-list")).to_be_visible()
    assert [record["facts"]["name"] for record in records(page)] == ["Waits longer"]
    assert page.evaluate(DRAFTS) == ["My long draft"]


def test_what_arrives_while_it_is_changed_is_changed_after_it(walk: Walk) -> None:
    page = walk("add")
    page.context.set_offline(True)
    fill(page, "Goes ahead")
    save(page)
    expect(page.locator("#walk-list")).to_be_visible()
    go(page, "outbox")
    page.get_by_role("link", name="Change").click()
    name = adding(page).get_by_label("What is it called?")
    expect(name).to_have_value("Goes ahead")
    name.fill("Went ahead")
    until(page, f"async () => (await ({DRAFTS})()).includes('Went ahead')")
    with sent(page) as first:
        page.context.set_offline(False)
        page.evaluate(f"async () => {{ {OUTBOX}.sendNow(); }}")
    until(page, f"async () => (await {OUTBOX}.items()).length === 0")
    with sent(page) as then:
        save(page)
    added, edited = record_of(first.value.request), record_of(then.value.request)
    assert (edited["action"], edited["asset_id"]) == ("edit", added["asset_id"])
    assert edited["changes"] == {"name": {"was": "Goes ahead", "now": "Went ahead"}}
    expect(page.locator("#walk-list")).to_be_visible()
    assert page.evaluate(DRAFTS) == []


def test_a_refused_photo_is_taken_out(walk: Walk) -> None:
    page = walk("add")
    fill(page, "With a broken photo")
    broken = FilePayload(name="door.heic", mimeType="image/heic", buffer=b"not a picture")
    page.locator("#add-photos").set_input_files([broken])
    expect(page.locator("#walk-add [data-photos] li")).to_have_count(1)
    save(page)
    until(page, f"async () => (await {OUTBOX}.items())[0]?.state === 'refused'")
    go(page, "outbox")
    page.get_by_role("link", name="Change").click()
    expect(adding(page).get_by_label("What is it called?")).to_have_value("With a broken photo")
    page.locator("#walk-add [data-photos]").get_by_role("button", name="Remove").click()
    with sent(page) as answer:
        save(page)
    assert record_of(answer.value.request)["photos"] == []


def test_the_photo_of_an_unsent_correction_can_be_taken_out(walk: Walk) -> None:
    page = walk()
    page.locator("#walk-list li a", has_text="Butter Cross Café").click()
    page.context.set_offline(True)
    expect(page.locator("#edit-name")).to_have_value("Butter Cross Café")
    page.locator("#edit-description").fill("Quiet upstairs")
    page.locator("#edit-photos").set_input_files(
        [FilePayload(name="door.png", mimeType="image/png", buffer=PIXEL)]
    )
    expect(page.locator("#walk-asset [data-photos] li")).to_have_count(1)
    save(page, view="asset")
    expect(page.locator("#walk-list")).to_be_visible()
    go(page, "outbox")
    page.get_by_role("link", name="Change").click()
    expect(page.locator("#edit-description")).to_have_value("Quiet upstairs")
    page.locator("#walk-asset [data-photos]").get_by_role("button", name="Remove").click()
    save(page, view="asset")
    expect(page.locator("#walk-list")).to_be_visible()
    [record] = records(page)
    assert (record["action"], record["photos"]) == ("edit", [])
    assert record["changes"]["description"]["now"] == "Quiet upstairs"


def test_the_same_draft_makes_one_asset(walk: Walk) -> None:
    page = walk("add")
    page.context.set_offline(True)
    fill(page, "One of it")
    [draft] = page.evaluate(f"async () => {STORE}.drafts()")
    save(page)
    expect(page.locator("#walk-list")).to_be_visible()
    assert records(page)[0]["asset_id"] == draft["id"]


def test_a_correction_is_kept_until_it_is_saved(walk: Walk) -> None:
    page = walk()
    page.locator("#walk-list li a", has_text="Butter Cross Café").click()
    text = page.locator("#edit-description")
    was = text.input_value()
    text.fill("Ten minutes of typing")
    until(page, f"async () => (await {STORE}.drafts())[0]?.facts.description?.startsWith('Ten')")
    page.reload()
    expect(text).to_have_value("Ten minutes of typing")
    go(page, "add")
    page.locator("[data-draft-list] a", has_text="Butter Cross Café").click()
    expect(text).to_have_value("Ten minutes of typing")
    with sent(page) as answer:
        save(page, view="asset")
    changes = record_of(answer.value.request)["changes"]
    assert changes == {"description": {"was": was or None, "now": "Ten minutes of typing"}}
    expect(page.locator("#walk-list")).to_be_visible()
    assert page.evaluate(DRAFTS) == []


def test_it_is_one_of_these_throws_away_a_name_and_nothing_more(walk: Walk) -> None:
    page = walk("add")
    fill(page, "Ellerwick Town Hall")
    offered = page.locator("#walk-add [data-near-list] button").first
    page.locator("#walk-add summary").click()
    adding(page).get_by_label("What it is, and who it is for").fill("A long description")
    with sent(page) as answer:
        offered.click()
    assert record_of(answer.value.request)["action"] == "check"
    expect(page.locator("#walk-list")).to_be_visible()
    assert page.evaluate(DRAFTS) == ["Ellerwick Town Hall"]
    go(page, "add")
    fill(page, "Ellerwick Town Hal")
    with sent(page):
        offered.click()
    expect(page.locator("#walk-list")).to_be_visible()
    assert page.evaluate(DRAFTS) == ["Ellerwick Town Hall"]


def test_a_photo_stays_with_the_form_it_was_taken_for(walk: Walk) -> None:
    page = walk("add")
    page.evaluate(
        """() => {
          const make = createImageBitmap;
          window.createImageBitmap = async (...given) => {
            await new Promise((go) => { window.shrinkNow = go; });
            return make(...given);
          };
        }"""
    )
    fill(page, "With the photo")
    page.locator("#add-photos").set_input_files(
        [FilePayload(name="door.png", mimeType="image/png", buffer=PIXEL)]
    )
    until(page, "async () => Boolean(window.shrinkNow)")
    page.evaluate("() => { document.querySelector('#walk-add [data-discard]').click(); }")
    page.evaluate("() => window.shrinkNow()")
    expect(page.locator("#walk-list")).to_be_visible()
    go(page, "add")
    fill(page, "Another")
    expect(page.locator("#walk-add [data-photos] li")).to_have_count(0)


def test_four_photos_at_once_are_three(walk: Walk) -> None:
    page = walk("add")
    files = [
        FilePayload(name=f"{number}.png", mimeType="image/png", buffer=PIXEL) for number in range(2)
    ]
    # Chosen twice before the first are ready.
    page.locator("#add-photos").set_input_files(files)
    page.locator("#add-photos").set_input_files(files)
    until(page, "async () => (await document.getElementById('add-form').shrinking, true)")
    expect(page.locator("#walk-add [data-photos] li")).to_have_count(3)


def test_a_full_phone_does_not_take_the_focus_at_each_key(walk: Walk) -> None:
    page = walk("add")
    page.evaluate(
        """() => {
          const put = IDBObjectStore.prototype.put;
          IDBObjectStore.prototype.put = function (...given) {
            if (this.name === "drafts") throw new DOMException("full", "QuotaExceededError");
            return put.apply(this, given);
          };
        }"""
    )
    name = adding(page).get_by_label("What is it called?")
    name.press_sequentially("Ab")
    expect(page.locator("#walk-add [data-problems]")).to_contain_text("no room left")
    expect(name).to_be_focused()
    page.keyboard.type("c")
    expect(name).to_have_value("Abc")


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
