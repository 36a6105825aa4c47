"""A day out without signal, as somebody walks it: by thumb, from a cold start, and home again."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.serving import Demo
from tests.offline.phone import OUTBOX, Phone, database, is_kept, until, waiting
from tests.offline.poor_line import PoorLine
from tests.offline.test_outbox import ready

pytestmark = pytest.mark.browser

# Where Priya walks: one of her wards, around the town hall.
WARD = "E05999002"
THREE = (
    ("Group", "Tuesday Boccia in the Hall", "#c02020"),
    ("Venue", "The Reading Room", "#20a040"),
    ("Surgery", "Foot Clinic", "#2040c0"),
)


def take_photo(folder: Path, colour: str) -> Path:
    """Return a photo of one colour, larger than a phone sends it."""
    path = folder / f"{colour[1:]}.jpg"
    Image.new("RGB", (2400, 1800), colour).save(path, "JPEG", quality=90)
    return path


def take_ward(page: Page) -> None:
    page.goto("/map#patch")
    row = page.locator(f"#walk-patch [data-wards] [data-code={WARD}]")
    expect(row).to_contain_text(re.compile(r"\d+ places"))
    row.get_by_role("button", name=re.compile("^Take")).tap()
    expect(page.locator(f"#walk-patch [data-taken-list] [data-code={WARD}]")).to_be_visible()


def add(page: Page, kind: str, name: str, photo: Path) -> None:
    page.locator(".walk-bar a[href='#add']").tap()
    page.locator("#walk-add .walk-kind", has_text=kind).tap()
    page.locator("#add-name").fill(name)
    page.locator("#add-photos").set_input_files(photo)
    page.get_by_label("What does it show?").fill(f"The door of {name}")
    page.locator("#walk-add").get_by_role("button", name="Save", exact=True).tap()
    expect(page.locator("#walk-list")).to_be_visible()


def test_three_places_and_a_check_arrive_once(
    phone: Phone, line: PoorLine, demo: Demo, tmp_path: Path
) -> None:
    page = ready(phone, demo)
    take_ward(page)
    phone.close()

    # No signal from here on, and the phone is only opened now.
    line.go_down()
    page = phone.open()
    for kind, name, colour in THREE:
        add(page, kind, name, take_photo(tmp_path, colour))
    page.locator(".walk-bar a[href='#still']").tap()
    question = page.locator("#walk-still-question")
    asked = question.inner_text().removeprefix("Is ").removesuffix(" still here?")
    page.locator("#walk-still .walk-answers").get_by_role("button", name="Yes", exact=True).tap()
    expect(question).not_to_have_text(f"Is {asked} still here?")
    assert waiting(page) == 4
    phone.close()

    page = phone.open("/map#outbox")
    expect(page.locator("#walk-outbox-items > li")).to_have_count(4)
    row = page.locator("#walk-outbox-items > li", has_text="The Reading Room")
    row.get_by_role("link", name="Change").tap()
    page.locator("#add-name").fill("The Old Reading Room")
    page.locator("#walk-add").get_by_role("button", name="Save", exact=True).tap()
    expect(page.locator("#walk-list")).to_be_visible()
    assert waiting(page) == 4

    line.go_up()
    until(page, f"await {OUTBOX}.sendNow() || (await {OUTBOX}.items()).length === 0")
    is_kept(page)
    with database(demo.url) as connection:
        rows = connection.execute(
            sa.text(
                """
                SELECT a.name, a.kind::text AS kind, p.image, p.thumbnail, p.alt,
                       (SELECT count(*) FROM submissions s WHERE s.asset_id = a.id) AS sent
                FROM assets a JOIN sources s ON s.id = a.source_id AND s.slug = 'fieldwork'
                LEFT JOIN photos p ON p.asset_id = a.id
                """
            )
        ).all()
        checked = connection.execute(
            sa.text(
                "SELECT count(*) FROM checks c JOIN assets a ON a.id = c.asset_id"
                " WHERE a.name = :name AND c.account_id IS NOT NULL"
            ),
            {"name": asked},
        ).scalar_one()
    assert checked == 1
    found = {row.name: row for row in rows}
    assert len(rows) == 3
    assert found.keys() == {"Tuesday Boccia in the Hall", "The Old Reading Room", "Foot Clinic"}
    for kind, name, colour in THREE:
        arrived = found[name.replace("The Reading", "The Old Reading")]
        assert (arrived.kind, arrived.sent) == (kind.lower(), 1)
        assert arrived.alt == f"The door of {name}"
        photo = Image.open(io.BytesIO(arrived.image))
        assert photo.size == (1600, 1200)
        wanted = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
        middle = photo.getpixel((800, 600))
        assert isinstance(middle, tuple)
        assert isinstance(wanted, tuple)
        assert all(abs(one - other) < 8 for one, other in zip(middle, wanted, strict=True))


def test_what_is_typed_survives_an_empty_battery(phone: Phone, line: PoorLine, demo: Demo) -> None:
    page = ready(phone, demo)
    line.go_down()
    page.goto("/map#add")
    page.locator("#add-name").fill("Half a name")
    until(page, "(await (await import('/static/walk/store.js')).store.drafts()).length === 1")
    phone.kill()
    page = phone.open("/map#add")
    page.get_by_role("link", name="Half a name").tap()
    expect(page.locator("#add-name")).to_have_value("Half a name")


def test_a_hurried_thumb_saves_once_and_with_its_photo(
    phone: Phone, line: PoorLine, demo: Demo, tmp_path: Path
) -> None:
    page = ready(phone, demo)
    line.go_down()
    page.goto("/map#add")
    page.locator("#walk-add .walk-kind", has_text="Group").tap()
    page.locator("#add-name").fill("Hurried")
    page.locator("#add-photos").set_input_files(take_photo(tmp_path, "#808020"))
    # Twice at once, while the photo is still being made smaller.
    page.evaluate(
        """() => {
          const form = document.getElementById("add-form");
          form.requestSubmit();
          form.requestSubmit();
        }"""
    )
    expect(page.locator("#walk-list")).to_be_visible()
    items = page.evaluate(
        f"async () => (await {OUTBOX}.items()).map((i) => [i.name, i.photos.length])"
    )
    assert items == [["Hurried", 1]]
