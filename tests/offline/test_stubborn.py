"""What gets in the way of one item stands in the way of no other; and a phone is lent to others."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.serving import Demo
from tests.offline.phone import (
    MAPPER,
    OTHER,
    OUTBOX,
    STORE,
    Phone,
    database,
    notice_who_is_there,
    stored,
    until,
)
from tests.offline.poor_line import PoorLine
from tests.offline.test_clashes import CHECK, church, meanwhile
from tests.offline.test_outbox import queue_up, ready, send_until_quiet

pytestmark = pytest.mark.browser

NUMBER = "0113 496 0777"


def test_one_that_never_gets_through_blocks_no_other(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    line.go_down()
    queue_up(page, 4)
    line.go_up()
    # Whatever is first meets a full server, each time.
    line.spoil(["500"])
    page.evaluate(f"async () => {OUTBOX}.sendNow()")
    line.spoil(["500"])
    page.evaluate(f"async () => {OUTBOX}.sendNow()")
    until(page, f"(await {OUTBOX}.items()).length <= 1", seconds=20)
    assert len(stored(demo.url)) >= 3


def test_too_large_waits_for_a_person_and_can_be_tried_again(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    line.spoil(["413"])
    queue_up(page, 2)
    page.goto("/map#outbox")
    row = page.locator("#walk-outbox-items > li[data-state=refused]")
    expect(row).to_contain_text("too large")
    row.get_by_role("button", name="Try again").tap()
    until(page, f"(await {OUTBOX}.items()).length === 0")
    assert len(stored(demo.url)) == 2


def test_somebody_elses_refusal_is_not_ours(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    line.spoil(["json404"])
    queue_up(page, 1)
    until(page, f"(await {OUTBOX}.items()).every(({{ state }}) => state === 'waiting')")
    send_until_quiet(page)
    assert len(stored(demo.url)) == 1


def test_the_list_lives_on_after_a_check_of_what_is_not_taken_along(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    seen = church(demo)
    page.evaluate(
        f"""async () => {{
          const store = {STORE};
          for (const patch of await store.patches()) await store.deletePatch(patch.gss_code);
        }}"""
    )
    page.evaluate(CHECK, {"id": seen.id, "version": seen.version})
    until(page, f"(await {OUTBOX}.items()).length === 0")
    page.reload()
    expect(page.locator("#walk-list [data-places] > li").first).to_be_visible()
    assert page.evaluate(f"async () => (await {STORE}.assets()).every(({{ name }}) => name)")


def test_the_next_person_sees_no_private_number(phone: Phone, line: PoorLine, demo: Demo) -> None:
    meanwhile(demo, "phone = NULL, is_contact_public = false")
    try:
        page = ready(phone, demo, MAPPER)
        seen = church(demo)
        page.goto(f"/map#asset/{seen.id}")
        page.evaluate(
            f"""async ({{ id, version, now }}) => {OUTBOX}.save({{ action: "edit", asset_id: id,
              seen_version: version, changes: {{ phone: {{ was: null, now }} }} }})""",
            {"id": seen.id, "version": seen.version, "now": NUMBER},
        )
        until(page, f"(await {OUTBOX}.items()).length === 0")
        assert church(demo).phone == NUMBER
        phone.sign_in(demo, OTHER)
        notice_who_is_there(page)
        kept = page.evaluate(f"async () => JSON.stringify(await {STORE}.assets())")
        assert NUMBER not in kept
    finally:
        with database(demo.url) as connection:
            connection.exec_driver_sql(
                "UPDATE assets SET is_contact_public = true, phone = '0113 496 0206'"
                " WHERE source_key = 'st-oswalds'"
            )


def test_what_stands_in_the_form_stays_with_whoever_wrote_it(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo, MAPPER)
    page.goto("/map#add")
    page.locator("#add-name").fill("Only mine to see")
    until(page, f"(await {STORE}.drafts()).length === 1")
    phone.sign_in(demo, OTHER)
    notice_who_is_there(page)
    expect(page.locator("#add-name")).to_have_value("")
    assert page.evaluate(f"async () => (await {STORE}.drafts()).length") == 0
    phone.sign_in(demo, MAPPER)
    notice_who_is_there(page)
    expect(page.get_by_role("link", name="Only mine to see")).to_be_visible()
