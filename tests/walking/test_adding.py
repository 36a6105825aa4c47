"""Adding and correcting on a phone: few taps, nothing typed lost, near things offered first."""

from __future__ import annotations

import json
import re
import sys
from email.parser import BytesParser
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Request, expect

from tests.browser.serving import Demo
from tests.walking.conftest import Walk, rows, until

pytestmark = pytest.mark.browser

SAVED = "Saved on this phone. It will be sent when there is signal."
SENT = "SELECT a.*, ST_X(a.geom) AS lon, ST_Y(a.geom) AS lat FROM assets a WHERE a.name = :name"


def record_of(request: Request) -> dict[str, Any]:
    """Return the record in a request from the phone."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    body = request.post_data_buffer or b""
    for part in BytesParser().parsebytes(head + body).walk():
        if part.get_param("name", header="content-disposition") == "record":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            found: dict[str, Any] = json.loads(payload)
            return found
    raise AssertionError("no record in it")


def adding(page: Page) -> Locator:
    """Return the view in which a place is added."""
    return page.locator("#walk-add")


def sent(page: Page) -> Any:
    """Return what waits for the next record to be taken by the server."""
    return page.expect_response(
        lambda answer: "/api/fieldwork/submissions" in answer.url and answer.ok
    )


def test_a_place_is_added_in_at_most_eight_interactions(walk: Walk, demo: Demo) -> None:
    page = walk()
    count = 0

    def tap(name: str, *, role: Any = "link") -> None:
        nonlocal count
        count += 1
        page.get_by_role(role, name=name, exact=True).click()

    expect(page.locator("#walk-list li").first).to_be_visible()
    tap("Add")
    adding(page).get_by_text("Group", exact=True).click()
    adding(page).get_by_label("What is it called?").fill("Toad Lane Ukuleles")
    count += 2
    with sent(page):
        tap("Save", role="button")
    sys.stdout.write(f"\nadding a place: {count} interactions\n")
    assert count <= 8
    # First that it is safe on the phone; once it has gone it must not say that it waits.
    expect(page.locator("[data-said]")).to_contain_text("Toad Lane Ukuleles: Sent.")
    expect(page.get_by_role("heading", name="Around you")).to_be_focused()
    [stored] = rows(demo, SENT, name="Toad Lane Ukuleles")
    assert (stored.kind, stored.location_source, stored.accuracy_m) == ("group", "given", 12)
    assert (round(stored.lon, 4), round(stored.lat, 4)) == (-2.1085, 54.1149)


def test_it_is_on_the_list_before_it_is_sent(walk: Walk) -> None:
    page = walk("add")
    page.route("**/api/fieldwork/submissions", lambda route: route.abort())
    adding(page).get_by_role("radio", name="Venue").check()
    adding(page).get_by_label("What is it called?").fill("Rookery Hut")
    page.get_by_role("button", name="Save").click()
    first = page.locator("#walk-list li", has_text="Rookery Hut")
    expect(first).to_contain_text("Not sent yet")
    expect(page.get_by_role("link", name=re.compile("To send 1"))).to_be_visible()


def test_nothing_is_saved_without_a_kind_a_name_and_a_place(walk: Walk) -> None:
    page = walk("add", is_placed=False)
    page.get_by_role("button", name="Save").click()
    problems = page.locator("#walk-add [data-problems]")
    expect(problems).to_be_focused()
    expect(problems.locator("p")).to_have_count(3)
    adding(page).get_by_role("radio", name="Group", exact=True).check()
    adding(page).get_by_label("What is it called?").fill("Anglers")
    page.get_by_role("button", name="Save").click()
    expect(problems).to_have_text("Say where it is: put a pin on the map, or write a postcode.")


def test_without_a_fix_a_postcode_will_do(walk: Walk, demo: Demo) -> None:
    page = walk("add", is_placed=False)
    adding(page).get_by_role("radio", name="Group", exact=True).check()
    adding(page).get_by_label("What is it called?").fill("Anglers of the Eller")
    adding(page).get_by_role("radio", name="A postcode", exact=True).check()
    adding(page).get_by_label("Postcode of the place").fill("EW1 3DS")
    with sent(page):
        page.get_by_role("button", name="Save").click()
    [stored] = rows(demo, SENT, name="Anglers of the Eller")
    assert (stored.location_source, stored.postcode) == ("postcode", "EW1 3DS")


def test_a_pin_is_put_by_moving_the_map(walk: Walk, demo: Demo) -> None:
    page = walk("add")
    adding(page).get_by_role("radio", name="Venue").check()
    adding(page).get_by_label("What is it called?").fill("Pinned Hall")
    adding(page).get_by_label("A pin on the map").check()
    pin = page.locator("[data-pin-map]")
    expect(pin).to_be_visible()
    expect(pin).to_have_class(re.compile("leaflet-container"))
    pin.press("ArrowRight")
    until(
        page,
        """async () => {
          const { store } = await import('/static/walk/store.js');
          const [draft] = await store.drafts();
          return draft?.pin?.lon > -2.1084;
        }""",
    )
    with sent(page):
        page.get_by_role("button", name="Save").click()
    [stored] = rows(demo, SENT, name="Pinned Hall")
    assert -2.1084 < stored.lon < -2.10
    assert stored.accuracy_m is None


def test_what_is_near_is_offered_first_and_one_tap_confirms_it(walk: Walk, demo: Demo) -> None:
    page = walk("add")
    near = page.locator("#walk-add [data-near]")
    offered = near.get_by_role("button")
    expect(near.get_by_role("heading")).to_have_text("Is it one of these?")
    expect(offered.first).to_have_text(re.compile(r"Ellerwick Town Hall, \d m"))
    with sent(page) as answer:
        offered.first.click()
    record = record_of(answer.value.request)
    assert (record["action"], record["outcome"], record["fact"]) == ("check", "confirmed", None)
    expect(page.locator("[data-said]")).to_contain_text("Ellerwick Town Hall is still here.")
    [check] = rows(
        demo, "SELECT a.name FROM checks c JOIN assets a ON a.id = c.asset_id"
        " WHERE c.account_id IS NOT NULL",
    )  # fmt: skip
    assert check.name == "Ellerwick Town Hall"


def test_a_name_like_one_within_300_m_is_offered(walk: Walk) -> None:
    page = walk("add")
    name = adding(page).get_by_label("What is it called?")
    near = page.locator("#walk-add [data-near]")
    name.fill("butter cros cafe")
    expect(near.get_by_role("button")).to_have_text([re.compile("^Butter Cross Café, ")])
    name.fill("Zither orchestra")
    expect(near).to_be_hidden()


def test_a_skill_is_placed_on_its_ward_only_with_consent(walk: Walk, demo: Demo) -> None:
    page = walk("add")
    adding(page).get_by_role("radio", name="Skill or network").check()
    adding(page).get_by_label("What is it called?").fill("Somebody who knits socks")
    expect(adding(page).get_by_text("We keep the ward only, never a door")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#walk-add [data-problems]")).to_contain_text("Ask them first")
    adding(page).get_by_label("They said yes").check()
    with sent(page) as answer:
        page.get_by_role("button", name="Save").click()
    facts = record_of(answer.value.request)["facts"]
    assert set(facts["place"]) == {"ward_code"}, "no door leaves the phone"
    assert facts["is_contact_public"] is False
    [stored] = rows(demo, SENT, name="Somebody who knits socks")
    assert (stored.location_source, stored.consent_how) == ("ward", "said_yes")


def test_drafts_are_kept_at_every_keystroke_and_gone_on_with(walk: Walk) -> None:
    page = walk("add")
    adding(page).get_by_role("radio", name="Group", exact=True).check()
    adding(page).get_by_label("What is it called?").press_sequentially("Half a na")
    until(
        page,
        """async () => {
          const { store } = await import('/static/walk/store.js');
          return (await store.drafts())[0]?.facts.name === "Half a na";
        }""",
    )
    page.reload()
    draft = page.locator("[data-draft-list] a")
    expect(draft).to_have_text(re.compile("Half a na.*Group, begun today"))
    adding(page).get_by_label("What is it called?").fill("Another")
    adding(page).get_by_role("radio", name="Venue").check()
    draft.click()
    expect(adding(page).get_by_label("What is it called?")).to_have_value("Half a na")
    expect(adding(page).get_by_role("radio", name="Group", exact=True)).to_be_checked()
    expect(page.locator("[data-draft-list] a")).to_have_text(re.compile("Another"))
    page.get_by_role("button", name="Throw this away").click()
    page.get_by_role("link", name="Add", exact=True).click()
    expect(page.locator("[data-draft-list] a")).to_have_count(1)


def test_everything_else_can_be_said_too(walk: Walk, demo: Demo) -> None:
    page = walk("add")
    adding(page).get_by_role("radio", name="Group", exact=True).check()
    adding(page).get_by_label("What is it called?").fill("Whole Group")
    page.locator("#walk-add summary").click()
    form = page.locator("#walk-add form")
    form.get_by_label("What people do there").fill("Knitting")
    expect(form.locator("[data-interests] li")).to_have_text([re.compile("Knitting")])
    form.get_by_label("Telephone number", exact=True).fill("0113 496 0123")
    form.get_by_role("button", name="Add a day").click()
    form.get_by_label("Day").select_option("Wednesday")
    form.get_by_label("Step-free").check()
    form.get_by_label("Indoors", exact=True).check()
    with sent(page):
        page.get_by_role("button", name="Save").click()
    [stored] = rows(demo, SENT, name="Whole Group")
    assert stored.opening_hours == [{"weekday": 2, "opens_at": "09:00", "closes_at": "17:00"}]
    assert (stored.access, stored.is_indoors) == (["step_free"], True)
    assert stored.phone.replace(" ", "").endswith("1134960123")
    assert len(stored.interest_ids) == 1


def test_a_photo_is_shrunk_and_described(walk: Walk, demo: Demo) -> None:
    page = walk("add")
    expect(page.locator("#walk-add").get_by_text("Do not photograph people.")).to_be_visible()
    adding(page).get_by_role("radio", name="Venue").check()
    adding(page).get_by_label("What is it called?").fill("Hall with a photo")
    picture = page.evaluate(
        """async () => {
          const canvas = new OffscreenCanvas(2400, 1200);
          canvas.getContext("2d").fillRect(0, 0, 2400, 1200);
          const blob = await canvas.convertToBlob({ type: "image/png" });
          return [...new Uint8Array(await blob.arrayBuffer())];
        }"""
    )
    file = FilePayload(name="door.png", mimeType="image/png", buffer=bytes(picture))
    page.locator("#add-photos").set_input_files([file])
    adding(page).get_by_label("What does it show?").fill("A blue door")
    with sent(page):
        page.get_by_role("button", name="Save").click()
    [photo] = rows(
        demo, "SELECT p.alt, p.width_px FROM photos p JOIN assets a ON a.id = p.asset_id"
        " WHERE a.name = 'Hall with a photo'",
    )  # fmt: skip
    assert tuple(photo) == ("A blue door", 1600)


def test_only_what_was_touched_is_sent_with_what_was_shown(walk: Walk, demo: Demo) -> None:
    page = walk()
    page.get_by_role("link", name=re.compile("^V? ?Butter Cross Café")).click()
    form = page.locator("#walk-asset form")
    expect(form.get_by_label("What is it called?")).to_have_value("Butter Cross Café")
    was = form.get_by_label("Telephone number", exact=True).input_value()
    form.get_by_label("Telephone number", exact=True).fill("0113 496 0999")
    with sent(page) as answer:
        form.get_by_role("button", name="Save").click()
    record = record_of(answer.value.request)
    assert record["action"] == "edit"
    assert record["changes"] == {"phone": {"was": was or None, "now": "0113 496 0999"}}
    [stored] = rows(demo, SENT, name="Butter Cross Café")
    assert record["seen_version"] == stored.version - 1
    assert "phone" in stored.kept_fields


def test_an_unsent_place_is_changed_in_the_same_form(walk: Walk, demo: Demo) -> None:
    page = walk("add")
    page.context.set_offline(True)
    adding(page).get_by_role("radio", name="Venue").check()
    adding(page).get_by_label("What is it called?").fill("Wrong Name")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-said]")).to_contain_text("Saved on this phone")
    page.get_by_role("link", name=re.compile("To send")).click()
    page.get_by_role("link", name="Change").click()
    name = adding(page).get_by_label("What is it called?")
    expect(name).to_have_value("Wrong Name")
    name.fill("Right Name")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-said]")).to_contain_text("Right Name")
    with sent(page):
        page.context.set_offline(False)
    assert rows(demo, SENT, name="Wrong Name") == []
    assert len(rows(demo, SENT, name="Right Name")) == 1


def test_the_keyboard_alone_adds_a_place(walk: Walk, demo: Demo) -> None:
    page = walk()
    expect(page.locator("#walk-list li").first).to_be_visible()

    def tab_to(name: str, *, most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            said = page.evaluate(
                "() => { const at = document.activeElement; return at.value"
                " || at.textContent.trim().replace(/\\s+/g, ' '); }"
            )
            label = page.evaluate("() => document.activeElement.labels?.[0]?.textContent.trim()")
            if name in {said, label}:
                return
        pytest.fail(f"the Tab key does not get to {name}")

    tab_to("+ Add")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Add a place")).to_be_focused()
    tab_to("care_home")
    page.keyboard.press("ArrowDown")
    tab_to("What is it called?")
    page.keyboard.type("By Keys Alone")
    with sent(page):
        page.keyboard.press("Enter")
    [stored] = rows(demo, SENT, name="By Keys Alone")
    assert stored.kind == "group"


def test_who_is_not_signed_in_looks_and_is_told_how_to_add(walk: Walk) -> None:
    page = walk("add", who=None)
    expect(
        page.locator("#walk-add").get_by_role("link", name="sign in as a mapper")
    ).to_be_visible()
    page.get_by_role("link", name="List").click()
    expect(page.locator("#walk-list li").first).to_contain_text("Ellerwick Town Hall")
    page.locator("#walk-list li a").first.click()
    expect(page.locator("#walk-asset form")).to_be_hidden()
