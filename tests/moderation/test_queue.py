"""The editors' queue: what waits, decisions, two editors at once, and the way back."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from app.main import create_app
from app.moderation.queries import COUNTS
from tests.moderation.conftest import (
    about_the_club,
    approve,
    change_club,
    do,
    hidden_of,
    make_photo,
    make_problem,
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


def queue(people: People, query: str = "", who: str = "editor") -> Document:
    answer = people.client(who).get(f"/queue{query}")
    assert answer.status_code == 200
    return Document(answer.text)


def post(people: People, item: str, what: str, who: str = "editor", **form: Any) -> Any:
    address = f"/queue/{item.replace(':', '/')}/{what}"
    return people.client(who).post(address, data={"sent": "yes"} | form)


def decision(people: People, suggestion: str) -> str:
    found: str = one(people, "SELECT decision::text FROM suggestions WHERE id = :id", id=suggestion)
    return found


def everything(people: People) -> dict[str, str]:
    """One of each kind, the oldest first."""
    return {
        "suggestion": f"suggestion:{suggest(people)}",
        "photo": f"photo:{make_photo(people)}",
        "gone": f"gone:{change_club(people, 'mapper', 'mapper', 'gone_at = now()')}",
        "problem": f"problem:{make_problem(people)}",
    }


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
    # Words are no place: the form for amending opens by itself.
    asked = approve(people, item)
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


@pytest.mark.parametrize("new", [True, False])
def test_undo_of_an_approval_changes_the_map_back(people: People, new: bool) -> None:
    made = suggest(people) if new else about_the_club(people, phone=PHONE, description="")
    for _ in range(2):  # and once more: undone, it can be approved again
        assert approve(people, f"suggestion:{made}").status_code == 303
        assert decision(people, made) == "approved"
        answer = post(people, f"suggestion:{made}", "undo")
        assert "said=undone" in answer.headers["location"]
        assert decision(people, made) == "waiting"
        if new:
            live = (
                "SELECT count(*) FROM assets WHERE name = 'Shipley Stitchers' AND gone_at IS NULL"
            )
            assert one(people, live) == 0
        else:
            phone = one(people, "SELECT phone FROM assets WHERE id = :id", id=people.club_id)
            assert phone == "01274 555 0101"


def test_undo_never_overwrites_what_came_after(people: People) -> None:
    made = about_the_club(people, phone=PHONE, description="")
    approve(people, f"suggestion:{made}")
    change_club(people, "mapper", "mapper", f"phone = '{OTHER}'")
    assert "said=changed" in post(people, f"suggestion:{made}", "undo").headers["location"]
    assert one(people, "SELECT phone FROM assets WHERE id = :id", id=people.club_id) == OTHER
    assert decision(people, made) == "approved"


def test_an_approval_with_nothing_to_change_takes_nothing_else_back(people: People) -> None:
    made = about_the_club(people, phone=PHONE, description="")
    change_club(people, "mapper", "mapper", f"phone = '{PHONE}'")
    assert approve(people, f"suggestion:{made}").status_code == 303
    post(people, f"suggestion:{made}", "undo")
    assert one(people, "SELECT phone FROM assets WHERE id = :id", id=people.club_id) == PHONE


@pytest.mark.parametrize("reason", ["reason", "own_reason"])
def test_turned_down_with_a_kind_reason(people: People, reason: str) -> None:
    made = suggest(people)
    item = f"suggestion:{made}"
    assert post(people, item, "reject").status_code == 422
    assert post(people, item, "reject", **{reason: "Thank you. We know it."}).status_code == 303
    (row,) = rows(people, "SELECT * FROM suggestions")
    assert (row.decision, row.reason, row.contact) == ("rejected", "Thank you. We know it.", None)
    assert "said=undone" in post(people, item, "undo").headers["location"]
    assert decision(people, made) == "waiting"


def test_a_photo_needs_words_and_is_decided(people: People) -> None:
    item = f"photo:{make_photo(people)}"
    assert post(people, item, "approve").status_code == 422
    assert post(people, item, "approve", alt="The green gate").status_code == 303
    (row,) = rows(people, "SELECT * FROM photos")
    assert (row.decision, row.alt) == ("approved", "The green gate")
    assert row.decided_by == people.accounts["editor"]
    assert "said=undone" in post(people, item, "undo").headers["location"]
    assert post(people, item, "reject", reason="Too dark.").status_code == 303
    assert one(people, "SELECT count(*) FROM public_photos") == 0


def test_a_photo_that_was_thrown_away_stays_turned_down(people: People) -> None:
    item = f"photo:{make_photo(people)}"
    post(people, item, "reject", reason="Too dark.")
    do(people, "UPDATE photos SET image = '', thumbnail = ''")
    assert "said=thrown-away" in post(people, item, "undo").headers["location"]
    said = people.client("editor").get(f"/queue?said=thrown-away&of={item}")
    assert "are thrown away after a month" in said.text
    assert post(people, item, "approve", alt="A gate").status_code == 409
    assert one(people, "SELECT decision::text FROM photos") == "rejected"


def test_found_gone_is_agreed_or_put_back(people: People) -> None:
    change = change_club(people, "mapper", "mapper", "gone_at = now()")
    item = f"gone:{change}"
    assert post(people, item, "approve").status_code == 303
    assert not queue(people).all("ol", class_="pw-queue__list")
    assert "said=undone" in post(people, item, "undo").headers["location"]
    assert post(people, item, "reject").status_code == 303
    assert people.client().get(f"/assets/{people.club_id}").status_code == 200
    (back,) = rows(people, "SELECT * FROM asset_changes WHERE action = 'back'")
    assert (back.undoes, back.acting_as) == (change, "editor")
    assert "said=undone" in post(people, item, "undo").headers["location"]
    assert people.client().get(f"/assets/{people.club_id}").status_code == 410


def test_what_an_editor_found_gone_needs_nobody_else(people: People) -> None:
    change_club(people, "editor", "editor", "gone_at = now()")
    assert not queue(people).all("ol", class_="pw-queue__list")


def test_an_import_problem_is_done_and_open_again(people: People) -> None:
    item = f"problem:{make_problem(people)}"
    text = queue(people).one("section", class_="pw-queue__open").text
    for words in ("places.csv", "row 7", "We do not know BD0.", "Look the postcode up."):
        assert words in text
    assert post(people, item, "approve").status_code == 303
    assert one(people, "SELECT resolved_at FROM import_problems") is not None
    post(people, item, "undo")
    assert one(people, "SELECT resolved_at FROM import_problems") is None


@pytest.mark.parametrize("kind", ["suggestion", "photo", "gone", "problem"])
def test_the_second_editor_is_told(people: People, kind: str) -> None:
    item = everything(people)[kind]
    hidden = hidden_of(people, item)  # both have the page open
    form = hidden | {"alt": "A gate"}
    address = f"/queue/{item.replace(':', '/')}/approve"
    assert people.client("editor").post(address, data=form).status_code == 303
    second = people.client("administrator").post(address, data=form)
    assert second.status_code == 409
    assert "Another editor was quicker" in second.text
    count = one(people, "SELECT count(*) FROM assets WHERE name = 'Shipley Stitchers'")
    assert count == (1 if kind == "suggestion" else 0)


def test_two_at_the_same_moment_make_one(people: People) -> None:
    made = suggest(people)
    form = hidden_of(people, f"suggestion:{made}")
    statuses: list[int] = []
    start = threading.Barrier(4)

    def press(who: str) -> None:
        client = people.client(who)
        start.wait()
        answer = client.post(f"/queue/suggestion/{made}/approve", data=form)
        statuses.append(answer.status_code)

    pressing = [
        threading.Thread(target=press, args=(who,)) for who in ("editor", "administrator") * 2
    ]
    for thread in pressing:
        thread.start()
    for thread in pressing:
        thread.join()
    assert sorted(statuses) == [303, 409, 409, 409]
    assert one(people, "SELECT count(*) FROM assets WHERE name = 'Shipley Stitchers'") == 1


def test_who_decides_waits_for_whoever_is_deciding(people: People) -> None:
    made = suggest(people)
    form = hidden_of(people, f"suggestion:{made}")
    answers: list[Any] = []
    address = f"/queue/suggestion/{made}/approve"
    second = threading.Thread(
        target=lambda: answers.append(people.client("editor").post(address, data=form))
    )
    with people.engine.begin() as first:
        first.execute(sa.text("UPDATE suggestions SET decision = 'rejected', decided_at = now()"))
        second.start()
        while second.is_alive() and not one(people, WAITING_FOR_A_LOCK):
            pass  # the database is asked each time; it needs no sleep between
    second.join()
    assert answers[0].status_code == 409
    assert one(people, "SELECT count(*) FROM assets WHERE name = 'Shipley Stitchers'") == 0


def test_duplicates_are_a_count_and_a_link_only_where_their_page_is(people: People) -> None:
    a, b = sorted([people.club_id, people.homes["a"]])
    do(
        people,
        "INSERT INTO duplicate_pairs (asset_id, other_id, likeness) VALUES (:a, :b, 0.9)",
        a=a, b=b,
    )  # fmt: skip
    try:
        page = people.client("editor").get("/queue").text
        has_route = people.client("editor").get("/duplicates").status_code != 404
        assert ('href="/duplicates"' in page) == has_route
        assert "likely duplicate" in page.lower()
    finally:
        do(people, "DELETE FROM duplicate_pairs")


@pytest.mark.parametrize(
    "item",
    [
        "x", "suggestion:x", f"photo:{uuid.UUID(int=1)}", "gone:0", "gone:²",
        "problem:99999999999", "toad:1", "suggestion:",
    ],
)  # fmt: skip
def test_nothing_like_that_in_the_queue(people: People, item: str) -> None:
    assert people.client("editor").get(f"/queue?item={item}").status_code == 404
    kind, _, rest = item.partition(":")
    for what in ("approve", "reject", "undo"):
        answer = people.client("editor").post(
            f"/queue/{kind}/{rest or 'x'}/{what}", data={"reason": "x", "alt": "x"}
        )
        assert answer.status_code == 404


def test_today_says_how_many_wait_to_those_who_decide(people: People) -> None:
    suggest(people)
    for who in ("editor", "administrator"):
        page = people.client(who).get("/today").text
        assert "1 thing waits" in page
    for who in ("mapper", "coordinator_a"):
        assert "/queue" not in people.client(who).get("/today").text
    assert "/posters" in people.client("mapper").get("/today").text


MOST = {"/queue": 13, "/suggest": 3, "/suggest?asset={club}": 2, "/assets/{club}/history": 3}


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    asked: list[str] = []

    def remember(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", remember)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "before_cursor_execute", remember)


@pytest.mark.parametrize("address", MOST)
def test_queries_however_much_there_is(people: People, address: str) -> None:
    for number in range(12):
        suggest(people, name=f"Club {number}")
        change_club(people, "mapper", "mapper", f"website = 'https://b{number}.example'")
    filled = address.format(club=people.club_id)
    app = create_app(people.settings)
    client = people.client("editor") if address == "/queue" else people.client()
    client = type(client)(app, headers=client.headers, cookies=client.cookies)
    client.get(filled)
    with counted(app.state.engine) as asked:
        assert client.get(filled).status_code == 200
    app.state.engine.dispose()
    assert len(asked) <= MOST[address], "\n".join(asked)


def test_no_link_fills_in_an_editors_form(people: People) -> None:
    item = f"suggestion:{suggest(people)}"
    page = queue(people, f"?item={item}&amend=1&name=Mine&amended=1&alt=x")
    assert page.one("input", id="name").get("value") == "Shipley Stitchers"
