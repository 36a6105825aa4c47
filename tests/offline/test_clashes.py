"""Somebody else was quicker: both versions side by side on the phone, and two taps to settle it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from tests.browser.serving import Demo
from tests.offline.phone import MAPPER, OTHER, OUTBOX, Phone, database, notice_who_is_there, until
from tests.offline.poor_line import PoorLine
from tests.offline.test_outbox import ready

pytestmark = pytest.mark.browser

KEY = "st-oswalds"
MINE, THEIRS = "0113 496 0999", "0113 496 0111"
EDIT = f"""async ({{ id, version, was, now }}) => {{
  await {OUTBOX}.save({{ action: "edit", asset_id: id, seen_version: version,
    changes: {{ phone: {{ was, now }} }} }});
}}"""
CHECK = f"""async ({{ id, version }}) => {{
  await {OUTBOX}.save({{ action: "check", asset_id: id, outcome: "confirmed", fact: null,
    seen_version: version }});
}}"""


@pytest.fixture(autouse=True)
def _as_it_was(demo: Demo) -> Iterator[None]:
    before = church(demo)
    yield
    meanwhile(demo, f"phone = '{before.phone}', gone_at = NULL, duplicate_of = NULL")


def church(demo: Demo) -> Any:
    with database(demo.url) as connection:
        return connection.execute(
            sa.text(
                "SELECT id::text AS id, version, phone, gone_at, assured_date, duplicate_of"
                " FROM assets WHERE source_key = :key"
            ),
            {"key": KEY},
        ).one()


def meanwhile(demo: Demo, change: str) -> None:
    """Let somebody else change the church."""
    with database(demo.url) as connection:
        connection.execute(
            sa.text(f"UPDATE assets SET {change} WHERE source_key = :key"),
            {"key": KEY},
        )


def edited_late(page: Page, demo: Demo, change: str) -> Locator:
    """Change the telephone number on the phone after `change` was made; return what waits."""
    seen = church(demo)
    meanwhile(demo, change)
    given = {"id": seen.id, "version": seen.version, "was": seen.phone, "now": "0113 496 0999"}
    page.evaluate(EDIT, given)
    page.goto("/map#outbox")
    return page.locator("#walk-outbox-items > li[data-state=clash]")


@pytest.mark.parametrize(
    ("whose", "kept"), [("Mine", "0113 496 0999"), ("Theirs", "0113 496 0111")]
)
def test_two_taps_settle_a_clash(
    phone: Phone, line: PoorLine, demo: Demo, whose: str, kept: str
) -> None:
    page = ready(phone, demo)
    row = edited_late(page, demo, "phone = '0113 496 0111'")
    expect(row).to_contain_text("Somebody else changed it")
    expect(row).to_contain_text("0113 496 0111")
    expect(row).to_contain_text("0113 496 0999")
    assert church(demo).phone == "0113 496 0111"
    row.locator("label", has_text=f"{whose}:").tap()
    row.get_by_role("button", name="Save").tap()
    until(page, f"(await {OUTBOX}.items()).length === 0")
    assert church(demo).phone == kept


def test_what_nobody_else_touched_goes_through(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    seen = church(demo)
    meanwhile(demo, "description = 'A church with a bell'")
    page.evaluate(
        EDIT, {"id": seen.id, "version": seen.version, "was": seen.phone, "now": "0113 496 0222"}
    )
    until(page, f"(await {OUTBOX}.items()).length === 0")
    assert church(demo).phone == "0113 496 0222"


def test_something_gone_meanwhile_can_be_put_back(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    row = edited_late(page, demo, "gone_at = now()")
    expect(row).to_contain_text("found it gone")
    row.get_by_role("button", name="It is there: put it back").tap()
    until(page, f"(await {OUTBOX}.items()).length === 0")
    after = church(demo)
    assert after.gone_at is None
    assert after.phone == "0113 496 0999"


def test_a_confirmation_of_something_gone_asks_too(
    phone: Phone, line: PoorLine, demo: Demo
) -> None:
    page = ready(phone, demo)
    seen = church(demo)
    meanwhile(demo, "gone_at = now()")
    page.evaluate(CHECK, {"id": seen.id, "version": seen.version})
    page.goto("/map#outbox")
    row = page.locator("#walk-outbox-items > li[data-state=clash]")
    row.get_by_role("button", name="It is there: put it back").tap()
    until(page, f"(await {OUTBOX}.items()).length === 0")
    assert church(demo).gone_at is None


def test_another_person_cannot_send_mine(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo, MAPPER)
    line.go_down()
    seen = church(demo)
    page.evaluate(
        EDIT, {"id": seen.id, "version": seen.version, "was": seen.phone, "now": "0113 496 0333"}
    )
    phone.sign_in(demo, OTHER)
    line.go_up()
    notice_who_is_there(page)
    page.evaluate(f"async () => {OUTBOX}.sendNow()")
    assert church(demo).phone == seen.phone
    phone.sign_in(demo, MAPPER)
    notice_who_is_there(page)
    page.evaluate(f"async () => {OUTBOX}.sendNow()")
    until(page, f"(await {OUTBOX}.items()).length === 0")
    assert church(demo).phone == "0113 496 0333"
