"""Decisions: turned down, taken back, two editors at once, and what else waits."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from app.main import create_app
from tests.moderation.asking import decision, everything, post, queue
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

WAITING_FOR_A_LOCK = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
PHONE, OTHER = "01274 496002", "01274 496003"


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
