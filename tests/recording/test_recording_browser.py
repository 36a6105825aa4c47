"""Recording in a real Chromium: on a phone, by keyboard, without scripts."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy.orm import Session

from tests import builders
from tests.connections.conftest import OpenPage
from tests.connections.test_connections_browser import (
    assert_axe_finds_nothing,
    assert_fits,
    open_all,
)
from tests.people import People
from tests.recording.conftest import Phone

pytestmark = pytest.mark.browser
# Set to look at the pages: a picture of each is put there.
PICTURES = os.environ.get("PATCHWORK_PICTURES")


def look_at(page: Page, name: str) -> None:
    if PICTURES:
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 780})
            shot = page.screenshot(full_page=True)
            (Path(PICTURES) / f"{name}-{width}.png").write_bytes(shot)


def assert_good(page: Page, name: str) -> None:
    look_at(page, name)
    assert_fits(page)
    open_all(page)
    assert_fits(page)
    assert_axe_finds_nothing(page)


@pytest.fixture
def photo(jpeg: bytes) -> FilePayload:
    # From memory: Playwright reads files in a thread that stays.
    return {"name": "door.jpg", "mimeType": "image/jpeg", "buffer": jpeg}


@pytest.fixture
def shop(people: People) -> Iterator[uuid.UUID]:
    """Something that is already where the new thing is put."""
    with Session(people.engine) as session:
        made = builders.make_asset(session, "Corner shop", at=(-1.7100, 53.7800))
        session.commit()
        made_id = made.id
    yield made_id
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM assets WHERE id = :id"), {"id": made_id})


def fill_new(page: Page, name: str) -> None:
    page.get_by_label("Group").check()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_text("Or a point on the map").click()
    page.get_by_label("Latitude").fill("53.7801")
    page.get_by_label("Longitude").fill("-1.7101")


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])
def test_adding_something_with_a_photo(
    open_page: OpenPage, phone: Phone, shop: uuid.UUID, photo: FilePayload, *, has_scripts: bool
) -> None:
    page = open_page("mapper", "/map/new", java_script_enabled=has_scripts)
    if has_scripts:
        assert_good(page, "new")
        page.goto("/map/new")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    if has_scripts:
        look_at(page, "new-problem")
        assert_axe_finds_nothing(page)
        page.goto("/map/new")
    name = f"Canal anglers {uuid.uuid4().hex[:6]}"
    fill_new(page, name)
    page.locator("#photo").set_input_files(photo)
    page.get_by_label("What the photo shows").fill("A green door")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it one of these?")
    expect(page.get_by_role("link", name="Corner shop")).to_be_visible()
    if has_scripts:
        assert_good(page, "near")
    page.locator("#photo").set_input_files(photo)
    expect(page.get_by_label("What the photo shows")).to_have_value("A green door")
    page.get_by_role("button", name="No, add mine").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.get_by_text("It is on the map. Thank you.")).to_be_visible()
    expect(page.get_by_role("img", name="A green door")).to_be_visible()
    expect(page.get_by_text("Your photo waits for an editor")).to_be_visible()
    stored = phone.ask("SELECT id FROM assets WHERE name = :name", name=name)
    assert len(stored) == 1
    if has_scripts:
        look_at(page, "asset")
        open_all(page)
        look_at(page, "asset-open")
        assert_axe_finds_nothing(page)


def test_it_is_one_of_these(open_page: OpenPage, phone: Phone, shop: uuid.UUID) -> None:
    page = open_page("mapper", "/map/new", java_script_enabled=False)
    fill_new(page, "A shop")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("button", name="Yes, it is this one (Corner shop)").click()
    expect(page.get_by_text("Thank you: you checked this today.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Corner shop")
    assert [check.outcome for check in phone.checks(str(shop))] == ["confirmed"]


def test_adding_by_keyboard_alone(open_page: OpenPage, phone: Phone) -> None:
    page = open_page("mapper", "/map/new")
    name = f"Typed {uuid.uuid4().hex[:6]}"

    def tab_to(wanted: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if (
                page.evaluate(
                    "() => document.activeElement.name || document.activeElement.innerText"
                )
                == wanted
            ):
                return
        pytest.fail(f"the keyboard does not reach {wanted}")

    tab_to("kind")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    tab_to("name")
    page.keyboard.type(name)
    tab_to("at_postcode")
    page.keyboard.type("BD1 1HY")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).not_to_have_text("Add something to the map")
    if "one of these" in heading.inner_text():
        tab_to("No, add mine")
        page.keyboard.press("Enter")
    expect(page.get_by_text("It is on the map. Thank you.")).to_be_visible()
    [stored] = phone.ask("SELECT kind::text AS kind FROM assets WHERE name = :name", name=name)
    assert stored.kind == "group"


def test_two_versions_in_two_taps(open_page: OpenPage, phone: Phone) -> None:
    """One fact, two people: side by side, and the second of two taps saves."""
    added = phone.add(name="Before")
    path = f"/assets/{added['asset_id']}/edit"
    page = open_page("mapper", path)
    assert_good(page, "edit")
    page.goto(path)
    page.get_by_label("Name", exact=True).fill("Mine")
    page.get_by_label("Telephone number", exact=True).fill("01274 496001")
    theirs = {"name": ("Before", "Theirs"), "phone": (None, "01274 496002")}
    assert Phone(phone.people, "editor").edit(added["asset_id"], theirs).status_code == 201
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Somebody else has changed this")
    assert_good(page, "clash")
    left, right = (
        page.get_by_role("button", name=words).bounding_box()
        for words in ("Keep theirs for Name", "Keep yours for Name")
    )
    assert left
    assert right
    assert left["y"] == right["y"]
    page.get_by_role("button", name="Keep yours for Name").click()
    page.get_by_role("button", name="Keep theirs for Telephone number").click()
    expect(page.get_by_text("Your change is saved. Thank you.")).to_be_visible()
    row = phone.asset(added["asset_id"])
    assert (row.name, row.phone) == ("Mine", "01274 496002")


def test_gone_and_back(open_page: OpenPage, phone: Phone) -> None:
    added = phone.add(name="Here today")
    asset_id = added["asset_id"]
    page = open_page("mapper", f"/assets/{asset_id}", java_script_enabled=False)
    page.get_by_role("button", name="It has gone").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("It is off the map now")
    page.get_by_role("link", name="Put it back").click()
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Here today")
    assert phone.asset(asset_id).gone_at is None


def test_pages_about_what_has_gone_and_was_merged(open_page: OpenPage, phone: Phone) -> None:
    one, other = (phone.add(name=name)["asset_id"] for name in ("One", "Other"))
    page = open_page("mapper", f"/assets/{one}/edit")
    page.get_by_label("Website").fill("https://example.org")
    phone.check(one, "gone")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Put it back with my changes")).to_be_visible()
    assert_good(page, "gone")
    page = open_page("mapper", f"/assets/{other}/edit")
    page.get_by_label("Website").fill("https://example.org")
    with phone.people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE assets SET duplicate_of = :club WHERE id = CAST(:id AS uuid)"),
            {"club": phone.people.club_id, "id": other},
        )
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Open the other entry")).to_be_visible()
    assert_good(page, "merged")
