"""What was saved on a phone arrives exactly once, through everything a day out does to it."""

from __future__ import annotations

import json
from itertools import cycle, islice
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Playwright, expect

from tests.browser.serving import Demo
from tests.offline.phone import (
    HALL,
    MAPPER,
    OTHER,
    OUTBOX,
    QUEUE,
    STORE,
    Phone,
    database,
    is_kept,
    notice_who_is_there,
    phone_at,
    stored,
    until,
    waiting,
)  # fmt: skip
from tests.offline.poor_line import PoorLine

pytestmark = pytest.mark.browser

ITEMS = 200


def queue_up(page: Page, count: int, *, first: int = 1) -> None:
    given = {
        "first": first, "count": count, "lon": HALL["longitude"], "lat": HALL["latitude"],
    }  # fmt: skip
    page.evaluate(QUEUE, given)


def ready(phone: Phone, demo: Demo, who: str = MAPPER) -> Page:
    """Open the page with signal, signed in, and wait until it would open without."""
    page = phone.open("/about")
    phone.sign_in(demo, who)
    page.goto("/map")
    is_kept(page)
    until(page, f"await {STORE}.setting('me')")
    return page


def send_until_quiet(page: Page, *, left: int = 0) -> None:
    """Press "Send now" until so many are left."""
    until(page, f"await {OUTBOX}.sendNow() || (await {OUTBOX}.items()).length <= {left}")


def test_two_hundred_items_arrive_exactly_once(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, ITEMS)
    assert waiting(page) == ITEMS

    page.reload()
    assert waiting(page) == ITEMS
    phone.kill()
    page = phone.open()
    assert waiting(page) == ITEMS
    assert stored(demo.url) == []

    # A Wi-Fi that answers for everybody, a server that is full, a sign-in that has gone.
    line.go_up()
    for weather in ("portal", "redirect", "503"):
        line.weather = weather
        page.evaluate(f"async () => {OUTBOX}.sendNow()")
        assert waiting(page) == ITEMS
    line.weather = None
    phone.sign_out()
    page.evaluate(f"async () => {OUTBOX}.sendNow()")
    assert waiting(page) == ITEMS
    assert page.evaluate(f"async () => {OUTBOX}.status().state") == "signed-out"
    assert stored(demo.url) == []

    # And every way a line can fail in the middle, with two tabs that both want to send.
    phone.sign_in(demo, MAPPER)
    faults = (
        "swallow",
        None,
        "cut",
        None,
        "torn",
        "503",
        None,
        "slow",
        "portal",
        "401",
        None,
        "500",
    )
    line.spoil(islice(cycle(faults), 120))
    other = phone.tab()
    page.evaluate(f"async () => {{ const o = {OUTBOX}; o.sendNow(); }}")
    other.evaluate(f"async () => {{ const o = {OUTBOX}; o.sendNow(); }}")
    send_until_quiet(page, left=ITEMS // 3)
    phone.kill()
    page = phone.open()
    # A browser writes its cookies late: whoever was signed out by the kill signs in and goes on.
    phone.sign_in(demo, MAPPER)
    send_until_quiet(page)

    rows = stored(demo.url)
    assert [row.name for row in rows] == sorted(f"Queued {n}" for n in range(1, ITEMS + 1))
    assert all(row.submissions == 1 for row in rows)
    assert {row.name: row.photos for row in rows if row.photos} == {
        f"Queued {n}": 1 for n in range(10, ITEMS + 1, 10)
    }
    assert line.seen["swallow"] >= 5
    assert line.seen["cut"] >= 5
    assert line.seen["torn"] >= 5


def test_photos_arrive_as_they_were(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    queue_up(page, 1, first=10)
    send_until_quiet(page)
    with database(demo.url) as connection:
        photo = connection.execute(
            sa.text("SELECT width_px, height_px, alt, decision::text AS decision FROM photos")
        ).one()
    assert tuple(photo) == (64, 48, "Photo 10", "waiting")


FILL = f"""async () => {{
  const store = {STORE};
  for (let number = 0; number < 40; number += 1) {{
    try {{
      const blob = new Blob([new Uint8Array(2_000_000)]);
      await store.putPatch({{ gss_code: `full-${{number}}`, assets: [], streets: [], blob }});
    }} catch (error) {{ return [number, error.message]; }}
  }}
  return [40, "never full"];
}}"""
SAVE_LARGE = f"""async () => {{
  const blob = new Blob([new Uint8Array(3_000_000)], {{ type: "image/jpeg" }});
  try {{
    await {OUTBOX}.save({{ action: "add", asset_id: crypto.randomUUID(),
      facts: {{ kind: "group", name: "Too much" }} }}, [{{ blob, alt: "" }}]);
    return "saved";
  }} catch (error) {{ return error.message; }}
}}"""
MAKE_ROOM = f"""async (count) => {{
  for (let number = 0; number < count; number += 1) await {STORE}.deletePatch(`full-${{number}}`);
}}"""


def test_a_full_phone_says_so_and_loses_nothing(
    playwright: Playwright, small_disk: Path, line: PoorLine, demo: Demo
) -> None:
    with phone_at(playwright, small_disk / "profile", line) as phone:
        page = ready(phone, demo)
        line.go_down()
        queue_up(page, 3)
        filled, said = page.evaluate(FILL)
        assert said.startswith("This phone has no room left")
        assert page.evaluate(SAVE_LARGE).startswith("This phone has no room left")
        assert waiting(page) == 3
        page.evaluate(MAKE_ROOM, filled)
        line.go_up()
        send_until_quiet(page)
        assert len(stored(demo.url)) == 3


def test_signed_out_items_wait_and_nobody_else_sees_them(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, 2)
    phone.sign_out()
    line.go_up()
    page.goto("/map#outbox")
    page.evaluate(f"async () => {OUTBOX}.sendNow()")
    expect(page.locator("#walk-outbox-status")).to_contain_text("You have been signed out")
    expect(page.locator("#walk-outbox-items > li")).to_have_count(2)

    # The page is told by the server who is there, and shows nothing of the first person's.
    phone.sign_in(demo, OTHER)
    notice_who_is_there(page)
    expect(page.locator("#walk-outbox-items > li")).to_have_count(0)
    expect(page.locator("#walk-outbox-others")).to_be_visible()
    assert page.evaluate(f"async () => (await {STORE}.drafts()).length") == 0
    assert "Queued" not in page.locator("main").inner_text()
    assert stored(demo.url) == []

    phone.sign_in(demo, MAPPER)
    notice_who_is_there(page)
    send_until_quiet(page)
    assert len(stored(demo.url)) == 2


def test_signing_out_leaves_nothing_of_mine_to_see(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, 2)
    # They still wait when somebody signs out: the server is full just now.
    line.spoil(["503"] * 50)
    line.go_up()
    page.goto("/account")
    with page.expect_navigation(url="**/sign-in**"):
        page.get_by_role("button", name="Sign out", exact=True).tap()
    page.goto("/map#outbox")
    expect(page.locator("#walk-outbox-others")).to_be_visible()
    expect(page.locator("#walk-outbox-items > li")).to_have_count(0)


OLD_DATABASE = """async ({ items }) => {
  const opening = indexedDB.open("patchwork", 1);
  opening.onupgradeneeded = () => {
    const db = opening.result;
    db.createObjectStore("items", { keyPath: "id" });
    db.createObjectStore("drafts", { keyPath: "id" });
    db.createObjectStore("patches", { keyPath: "gss_code" });
    db.createObjectStore("settings");
  };
  const db = await new Promise((done, fail) => {
    opening.onsuccess = () => done(opening.result); opening.onerror = () => fail(opening.error);
  });
  const work = db.transaction("items", "readwrite");
  for (const item of items) work.objectStore("items").put(item);
  await new Promise((done) => { work.oncomplete = done; });
  db.close();
}"""


def test_an_older_database_on_the_phone_keeps_what_waits(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, 3)
    items = page.evaluate(
        f"""async () => (await {OUTBOX}.items())
          .map(({{ photos, ...item }}) => ({{ ...item, photos: [] }}))"""
    )
    line.go_up()
    page.goto("/about")
    page.evaluate(
        """() => new Promise((done, fail) => {
          const gone = indexedDB.deleteDatabase("patchwork");
          gone.onsuccess = done; gone.onerror = () => fail(gone.error);
        })"""
    )
    page.evaluate(OLD_DATABASE, {"items": items})
    page.goto("/map")
    # That database knew nobody yet: whose it is comes from the server.
    until(page, f"await {STORE}.setting('me')")
    send_until_quiet(page)
    assert len(stored(demo.url)) == 3
    assert page.evaluate(f"async () => (await {STORE}.receipts()).length") == 3


def test_what_is_unsent_can_be_saved_to_a_file(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, 2, first=9)
    page.goto("/map#outbox")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Save what is unsent to a file").tap()
    kept = json.loads(downloading.value.path().read_text(encoding="utf-8"))
    assert [item["record"]["facts"]["name"] for item in kept["items"]] == ["Queued 9", "Queued 10"]
    assert kept["items"][1]["photos"][0]["base64"].startswith("/9j/")


def test_unsent_items_can_be_deleted_one_by_one(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, 2)
    page.goto("/map#outbox")
    row = page.locator("#walk-outbox-items > li").first
    row.get_by_role("button", name="Delete").tap()
    row.get_by_role("button", name="Keep").tap()
    expect(page.locator("#walk-outbox-items > li")).to_have_count(2)
    row.get_by_role("button", name="Delete").tap()
    row.get_by_role("button", name="Yes, delete").tap()
    expect(page.locator("#walk-outbox-items > li")).to_have_count(1)
    line.go_up()
    page.get_by_role("button", name="Send now").tap()
    expect(page.locator("#walk-outbox-items > li")).to_have_count(0)
    assert [row.name for row in stored(demo.url)] == ["Queued 2"]
    expect(page.locator("#walk-outbox-receipts > li")).to_have_count(1)


def test_what_is_refused_stays_with_the_reason(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    page.evaluate(
        f"""async () => {OUTBOX}.save({{ action: "add", asset_id: crypto.randomUUID(),
          facts: {{ kind: "group", name: "Queued at sea", place: {{ lon: -20, lat: 54 }} }} }})"""
    )
    queue_up(page, 1)
    page.goto("/map#outbox")
    expect(page.locator("#walk-outbox-items > li")).to_have_count(1)
    row = page.locator("#walk-outbox-items > li")
    expect(row).to_have_attribute("data-state", "refused")
    expect(row).to_contain_text("outside Great Britain")
    assert [row.name for row in stored(demo.url)] == ["Queued 1"]


def test_a_change_of_what_never_left_goes_into_it(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, 1)
    page.evaluate(
        f"""async () => {{
          const outbox = {OUTBOX};
          const [item] = await outbox.items();
          await outbox.save({{ action: "edit", asset_id: item.record.asset_id, seen_version: 1,
            changes: {{ name: {{ was: "Queued 1", now: "Queued again" }} }} }});
        }}"""
    )
    assert waiting(page) == 1
    line.go_up()
    send_until_quiet(page)
    assert [(row.name, row.submissions) for row in stored(demo.url)] == [("Queued again", 1)]


def test_a_change_of_what_may_have_arrived_follows_it(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    line.spoil(["swallow"])
    queue_up(page, 1)
    until(page, f"await {OUTBOX}.items().then(([i]) => i.attempts === 1 && i.state === 'waiting')")
    page.evaluate(
        f"""async () => {{
          const outbox = {OUTBOX};
          const [item] = await outbox.items();
          await outbox.save({{ action: "edit", asset_id: item.record.asset_id, seen_version: 1,
            changes: {{ name: {{ was: "Queued 1", now: "Queued again" }} }} }});
        }}"""
    )
    send_until_quiet(page)
    assert [(row.name, row.submissions) for row in stored(demo.url)] == [("Queued again", 2)]
