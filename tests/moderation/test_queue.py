"""The editors' queue: what waits, decisions, two editors at once, and the way back."""

from __future__ import annotations

from urllib.parse import unquote

import sqlalchemy as sa

from app.moderation.queries import COUNTS
from tests.moderation.asking import decision, everything, post, queue
from tests.moderation.conftest import (
    about_the_club,
    approve,
    change_club,
    do,
    hidden_of,
    one,
    rows,
    suggest,
)
from tests.people import People
from tests.web.document import Document

WAITING_FOR_A_LOCK = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
PHONE, OTHER = "01274 496002", "01274 496003"


def test_one_list_of_all_that_waits_with_counts_and_a_filter(people: People) -> None:
    items = everything(people)
    page = queue(people)
    listed = [unquote(a.get("href")) for a in page.one("ol", class_="pw-queue__list").all("a")]
    assert sorted(listed) == sorted(f"/queue?item={item}" for item in items.values())
    counts = {a.text for a in page.one("ul", class_="pw-chips").all("a")}
    assert {"All 4", "Suggestions 1", "Photos 1", "Found gone 1", "Import problems 1"} <= counts
    for kind, item in items.items():
        only = queue(people, f"?kind={kind}")
        refs = [unquote(a.get("href")) for a in only.one("ol", class_="pw-queue__list").all("a")]
        assert refs == [f"/queue?item={item}&kind={kind}"]


def test_the_oldest_is_open_first_and_next_leads_on(people: People) -> None:
    first, second = suggest(people), suggest(people, name="Second")
    page = queue(people)
    assert page.one("h2", id="opened").text.endswith("Shipley Stitchers")
    (after,) = page.all("a", rel="next")
    assert unquote(after.get("href")) == f"/queue?item=suggestion:{second}"
    assert (
        queue(people, f"?item=suggestion:{second}").one("a", rel="prev").get("href").endswith(first)
    )


def test_approved_it_is_on_the_map_recorded_and_not_a_check(people: People) -> None:
    made = suggest(people)
    answer = approve(people, f"suggestion:{made}")
    assert answer.status_code == 303
    (asset,) = rows(people, "SELECT * FROM assets WHERE name = 'Shipley Stitchers'")
    assert asset.assured_date is None
    assert people.client().get(f"/assets/{asset.id}").status_code == 200
    (change,) = rows(people, "SELECT * FROM asset_changes WHERE asset_id = :id", id=asset.id)
    assert (change.acting_as, change.action) == ("suggestion", "added")
    assert change.account_id == people.accounts["editor"]
    assert one(people, "SELECT contact FROM suggestions WHERE id = :id", id=made) is None
    told = Document(people.client("editor").get(answer.headers["location"]).text)
    assert "Approved: Shipley Stitchers" in told.one("div", role="status").text


def test_what_is_like_it_is_shown_before_and_cannot_be_missed(people: People) -> None:
    made = suggest(people, name="The Riverside Bowls Club")
    page = queue(people, f"?item=suggestion:{made}")
    assert "Riverside Bowls Club" in page.one("div", id="like").text
    blind = post(people, f"suggestion:{made}", "approve")
    assert blind.status_code == 422
    assert "Look first" in blind.text
    assert decision(people, made) == "waiting"
    assert approve(people, f"suggestion:{made}").status_code == 303


def test_amended_what_the_editor_wrote_is_on_the_map(people: People) -> None:
    made = suggest(people, name="shipley stiches", where="the hall by the market")
    item = f"suggestion:{made}"
    # Words are no place: only amending is offered, and approving as it is opens that form.
    asked = people.client("editor").post(
        f"/queue/suggestion/{made}/approve", data=hidden_of(people, item, amend=True)
    )
    assert asked.status_code == 422
    assert Document(asked.text).one("input", id="postcode").get("type") == "text"
    form = {"name": "Shipley Stitchers", "kind": "group", "postcode": "bd1 1hy",
            "description": "Knitting", "opening_hours": "Mon 2pm-4pm", "interests": "Knitting",
            "pin": ""}  # fmt: skip
    hidden = hidden_of(people, item, amend=True)
    answer = people.client("editor").post(f"/queue/suggestion/{made}/approve", data=hidden | form)
    if answer.status_code == 422:  # the place is known now, and with it what stands there
        page = Document(answer.text)
        like = [e.get("value") for e in page.all("input", name="seen_like")]
        hidden["seen_like"] = [*hidden.get("seen_like", []), *like]
    (asset,) = rows(people, "SELECT * FROM assets WHERE name = 'Shipley Stitchers'")
    assert asset.postcode == "BD1 1HY"
    assert asset.opening_hours == [{"weekday": 0, "opens_at": "14:00", "closes_at": "16:00"}]
    assert len(asset.interest_ids) == 1


def test_a_pin_is_taken_in_either_order(people: People) -> None:
    for number, pin in enumerate(("53.8335, -1.7776", "-1.7776, 53.8335")):
        made = suggest(people, name=f"Place {number}", where="words")
        hidden = hidden_of(people, f"suggestion:{made}", amend=True)
        form = {"name": f"Place {number}", "kind": "venue", "pin": pin}
        answer = people.client("editor").post(
            f"/queue/suggestion/{made}/approve", data=hidden | form
        )
        while answer.status_code == 422:
            page = Document(answer.text)
            assert page.one("div", id="problems").text.count("Look first") == 1
            hidden["seen_like"] = [e.get("value") for e in page.all("input", name="seen_like")]
            answer = people.client("editor").post(
                f"/queue/suggestion/{made}/approve", data=hidden | form
            )
        (row,) = rows(
            people, "SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM assets WHERE name = :name",
            name=f"Place {number}",
        )  # fmt: skip
        assert (row.lon, row.lat) == (-1.7776, 53.8335)


def test_a_skill_needs_that_they_agreed(people: People) -> None:
    made = suggest(people, name="Clocks mended", kind="informal")
    assert approve(people, f"suggestion:{made}").status_code == 422
    answer = approve(
        people, f"suggestion:{made}", amend=True, name="Clocks mended", kind="informal",
        postcode="BD1 1HY", consent_how="said_yes",
    )  # fmt: skip
    assert answer.status_code == 303, Document(answer.text).one("div", id="problems").text
    (row,) = rows(people, "SELECT * FROM assets WHERE name = 'Clocks mended'")
    assert (row.location_source, row.is_contact_public) == ("ward", False)


def test_a_change_is_shown_beside_what_is_there_and_made(people: People) -> None:
    made = about_the_club(people, phone=PHONE, description="")
    table = queue(people, f"?item=suggestion:{made}").one("table", class_="pw-facts").text
    assert "01274 555 0101" in table
    assert PHONE in table
    assert approve(people, f"suggestion:{made}").status_code == 303
    (row,) = rows(people, "SELECT * FROM assets WHERE id = :id", id=people.club_id)
    assert (row.phone, row.name) == (PHONE, "Riverside Bowls Club")


def test_what_was_changed_since_is_a_clash_the_editor_settles(people: People) -> None:
    made = about_the_club(people, phone=PHONE, description="")
    change_club(people, "mapper", "mapper", f"phone = '{OTHER}'")
    item = f"suggestion:{made}"
    assert "changed since they saw it" in queue(people, f"?item={item}").one("main").text
    answer = approve(people, item)
    assert answer.status_code == 409
    page = Document(answer.text)
    form = page.one("form", action=f"/queue/suggestion/{made}/approve")
    hidden = {e.get("name"): e.get("value") for e in form.all("input", type="hidden")}
    assert page.one("input", id="phone").get("value") == PHONE
    assert OTHER in form.text
    assert one(people, "SELECT phone FROM assets WHERE id = :id", id=people.club_id) == OTHER
    answer = people.client("editor").post(
        f"/queue/suggestion/{made}/approve", data=hidden | {"phone": PHONE, "keep_phone": "mine"}
    )
    assert answer.status_code == 303
    assert one(people, "SELECT phone FROM assets WHERE id = :id", id=people.club_id) == PHONE


def test_only_words_have_to_be_made_facts(people: People) -> None:
    made = about_the_club(people, note=f"Ring {PHONE}", description="")
    answer = approve(people, f"suggestion:{made}")
    assert answer.status_code == 422
    assert "only words" in answer.text
    answer = approve(people, f"suggestion:{made}", amend=True, phone=PHONE)
    assert answer.status_code == 303
    assert one(people, "SELECT phone FROM assets WHERE id = :id", id=people.club_id) == PHONE


def test_gone_by_suggestion_and_undone(people: People) -> None:
    made = about_the_club(people, what="gone")
    assert approve(people, f"suggestion:{made}").status_code == 303
    assert people.client().get(f"/assets/{people.club_id}").status_code == 410
    assert post(people, f"suggestion:{made}", "undo").status_code == 303
    assert people.client().get(f"/assets/{people.club_id}").status_code == 200
    assert decision(people, made) == "waiting"


def test_gone_of_what_was_joined_with_another_since_waits_and_takes_nothing_out(
    people: People,
) -> None:
    item = f"suggestion:{about_the_club(people, what='gone')}"
    other = people.homes["a"]
    do(people, "UPDATE assets SET duplicate_of = :a WHERE id = :id", a=other, id=people.club_id)
    do(people, "DELETE FROM checks WHERE outcome = 'gone'")
    try:
        answer = approve(people, item)
        assert answer.status_code == 422
        assert "not on the map any more" in Document(answer.text).one("main").text
        assert decision(people, item.partition(":")[2]) == "waiting"
        gone = "SELECT count(*) FROM assets WHERE gone_at IS NOT NULL"
        assert one(people, gone) == 0
        assert one(people, "SELECT count(*) FROM checks WHERE outcome = 'gone'") == 0
    finally:
        do(people, "UPDATE assets SET duplicate_of = NULL WHERE id = :id", id=people.club_id)


def test_what_was_found_gone_is_counted_by_its_own_index(people: People) -> None:
    with people.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(connection.execute(sa.text(f"EXPLAIN {COUNTS}")).scalars())
    assert "ix_asset_changes_found_gone" in plan
