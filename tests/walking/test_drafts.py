"""What is typed and photographed stays: where it was seen, whose it is, with its own form."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, expect

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
    expect(text).to_be_visible()
    was = text.input_value()
    assert was.startswith("Teacakes")
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
