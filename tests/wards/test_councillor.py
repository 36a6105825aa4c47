"""Where councillors start: their wards, and what they pass on to the editors."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.access import find_person
from app.accounts.next_page import first_page_of
from app.accounts.tokens import digest_of
from app.models import Membership, Role
from tests import builders
from tests.moderation.conftest import HOSTILE, approve, do, nothing_waits, one, rows
from tests.people import People, make_account, sign_in
from tests.web.document import Document

__all__ = ["nothing_waits"]

CITY, MANNINGHAM = "E05001347", "E05001359"
LUNCH = "A lunch club at the church hall"


@pytest.fixture(scope="module")
def two_wards(people: People) -> People:
    """The same people, with a councillor for two wards; the club is in neither."""
    with Session(people.engine) as session:
        builders.make_ward(
            session, MANNINGHAM, "Manningham", shape=builders.square(builders.LISTER_PARK)
        )
        account = make_account(session, "ward_pair")
        session.add(
            Membership(
                account_id=account.id, role=Role.COUNCILLOR, ward_codes=[MANNINGHAM, CITY]
            )
        )  # fmt: skip
        people.accounts["ward_pair"] = account.id
        people.tokens["ward_pair"] = sign_in(session, account)
        session.commit()
    return people


def pass_on(people: People, who: str = "councillor", **values: str) -> Any:
    """Press "Pass it on" on the page of somebody's wards."""
    page = Document(people.client(who).get("/my-wards").text)
    form = page.one("form", action="/my-wards")
    hidden = {field.get("name"): field.get("value") for field in form.all("input", type="hidden")}
    given = hidden | {"what": LUNCH} | values
    return people.client(who).post("/my-wards", data=given)


def mine(people: People, who: str = "councillor") -> Document:
    answer = people.client(who).get("/my-wards")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    return Document(answer.text)


def waiting_id(people: People) -> str:
    (row,) = rows(people, "SELECT id FROM suggestions WHERE decision = 'waiting'")
    return f"suggestion:{row.id}"


@pytest.mark.parametrize(
    ("who", "first"), [("councillor", "/my-wards"), ("mapper", "/map"), ("editor", "/queue")]
)
def test_a_councillor_starts_there(people: People, who: str, first: str) -> None:
    with Session(people.engine) as session:
        person = find_person(session, digest=digest_of(people.tokens[who]))
    assert person is not None
    assert first_page_of(person) == first


def test_their_ward_with_what_changed_and_what_is_missing(people: People) -> None:
    with people.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO unmet_interests (interest_id, ward_code, noticed_on)"
                " SELECT id, :code, current_date - n FROM interests, generate_series(1, 12) n"
                " WHERE concept = 'fishing'"
            ),
            {"code": CITY},
        )
    page = mine(people)
    assert page.one("h1").text == "My ward"
    (section,) = [e for e in page.all("section") if e.get("aria-labelledby") == CITY]
    assert section.one("h2").text == "City"
    assert section.one("a").get("href") == f"/wards/{CITY}"
    report = Document(people.client().get(f"/wards/{CITY}").text).one("main").text
    sentences = [item.text for item in section.all("ul")[0].all("li")]
    assert any("since" in one.lower() for one in sentences)
    assert all(one in report for one in sentences), "the ward's page says the same"
    assert "about 10" in section.text, "12 have asked: never the exact number"
    assert "12" not in section.text.partition("Asked for")[2]
    do(people, "DELETE FROM unmet_interests WHERE resident_id IS NULL")
    assert "Asked for" not in mine(people).one("main").text


def test_what_changed_is_said_of_its_own_ward(two_wards: People) -> None:
    def said(code: str) -> str:
        page = mine(two_wards, "ward_pair")
        [section] = [one for one in page.all("section") if one.get("aria-labelledby") == code]
        return section.text

    before = {code: said(code) for code in (CITY, MANNINGHAM)}
    with Session(two_wards.engine) as session:
        builders.make_asset(session, "New here", at=builders.LISTER_PARK)
        gone = builders.make_asset(session, "Not long here", at=builders.LISTER_PARK)
        session.execute(
            sa.text("UPDATE assets SET gone_at = now() WHERE id = :id"), {"id": gone.id}
        )
        session.commit()
    assert said(CITY) == before[CITY]
    assert said(MANNINGHAM) != before[MANNINGHAM]
    assert "1 place has gone" in said(MANNINGHAM)


SPEAK_FOR_CITY = ("councillor", "mapper", "ward_pair")


@pytest.mark.parametrize("who", [*SPEAK_FOR_CITY, "editor", "coordinator_a", None])
def test_the_wards_own_page_has_the_form_for_those_who_speak_for_it(
    two_wards: People, who: str | None
) -> None:
    is_there = who in SPEAK_FOR_CITY
    answer = two_wards.client(who).get(f"/wards/{CITY}")
    page = Document(answer.text)
    assert bool(page.all("form", action="/my-wards")) is is_there
    if is_there:
        assert answer.headers["cache-control"] == "private, no-store"
        hidden = {field.get("name"): field.get("value") for field in
                  page.one("form", action="/my-wards").all("input", type="hidden")}  # fmt: skip
        answer = two_wards.client(who).post("/my-wards", data=hidden | {"what": LUNCH})
        assert (answer.status_code, hidden["ward"]) == (303, CITY)
        assert one(two_wards, "SELECT count(*) FROM suggestions") == 1


def test_of_another_ward_there_is_no_form(two_wards: People) -> None:
    page = Document(two_wards.client("councillor").get(f"/wards/{MANNINGHAM}").text)
    assert not page.all("form", action="/my-wards")


def test_passed_on_it_waits_in_the_queue_and_is_kept_once(people: People) -> None:
    sent = {"id": str(uuid.uuid4()), "contact": "ask Jean at the hall"}
    for _ in range(2):
        answer = pass_on(people, **sent)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/my-wards?said=passed-on&ward={CITY}#said"
    # Opened anew and typed again, the form has another number: still the same.
    pass_on(people, contact=sent["contact"])
    (row,) = rows(people, "SELECT * FROM suggestions")
    assert (row.kind, row.decision, row.asset_id) == ("new", "waiting", None)
    assert row.fields == {"name": LUNCH, "place": {"ward_code": CITY}}
    assert (row.note, row.contact) == ("Passed on by a councillor for City.", sent["contact"])
    text = mine(people).one("main").text
    assert f"{LUNCH}, today" in text
    assert "waiting" in text
    assert "Fewer than 8 things wait" in text
    assert sent["contact"] not in text, "for the editors alone"
    queue = Document(people.client("editor").get("/queue").text).one("main").text
    for words in (LUNCH, "City ward", "Passed on by a councillor for City", "ask Jean"):
        assert words in queue
    assert "councillor@" not in queue, "who exactly is not the queue's business"


def test_nothing_says_which_councillor_it_was(people: People) -> None:
    pass_on(people)
    (stored,) = rows(people, "SELECT s::text AS said FROM suggestions s")
    assert str(people.accounts["councillor"]) not in stored.said


def test_put_on_the_map_it_is_linked(people: People) -> None:
    pass_on(people, contact="ask Jean")
    item = waiting_id(people)
    card = Document(people.client("editor").get(f"/queue?item={item}").text)
    assert not [b for b in card.all("button") if b.text == "Approve"], "it says no kind, no place"
    (amend,) = [a for a in card.all("a") if a.text == "Amend it first"]
    assert "amend=1" in str(amend.get("href"))
    address = f"/queue/{item.replace(':', '/')}/approve"
    as_it_is = people.client("editor").post(address, data={})
    assert as_it_is.status_code == 422, "an editor says first what kind it is and where"
    answer = approve(
        people, item, amend=True, name="Church hall lunch club", kind="group", postcode="BD1 1HY"
    )
    assert answer.status_code == 303
    page = mine(people)
    (link,) = [a for a in page.all("a") if (a.get("href") or "").startswith("/assets/")]
    assert link.text == "Church hall lunch club"
    assert "on the map as" in page.one("main").text
    assert one(people, "SELECT contact FROM suggestions") is None
    do(people, "UPDATE assets SET gone_at = now() WHERE name = 'Church hall lunch club'")
    assert "not there any more" in mine(people).one("main").text


def test_a_neighbours_skill_is_put_on_its_ward(people: People) -> None:
    pass_on(people, what="Somebody who mends radios")
    answer = approve(
        people, waiting_id(people), amend=True, kind="informal", consent_how="said_yes",
        name="Somebody who mends radios",
    )  # fmt: skip
    assert answer.status_code == 303
    row = rows(people, "SELECT * FROM assets WHERE kind = 'informal'")[0]
    assert (row.ward_code, row.address, row.postcode) == (CITY, None, None)


def test_turned_down_with_the_kind_reason(people: People) -> None:
    pass_on(people)
    item = waiting_id(people).replace(":", "/")
    reason = "Thank you. We have this on the map already."
    people.client("editor").post(f"/queue/{item}/reject", data={"reason": reason})
    text = mine(people).one("main").text
    assert f"not put on the map. {reason}" in text
    assert "waiting" not in text


def test_a_mapper_of_the_ward_may_too(people: People) -> None:
    assert pass_on(people, "mapper").status_code == 303
    assert one(people, "SELECT note FROM suggestions") == "Passed on by a mapper for City."


def test_of_two_wards_one_is_chosen_and_others_see_nothing_of_it(two_wards: People) -> None:
    answer = pass_on(two_wards, "ward_pair")
    page = Document(answer.text)
    assert answer.status_code == 422
    assert page.one("div", id="problems").one("a").get("href") == "#ward"
    assert page.one("input", id="what").get("value") == LUNCH, "nothing typed is lost"
    assert pass_on(two_wards, "ward_pair", ward=MANNINGHAM).status_code == 303
    assert LUNCH in mine(two_wards, "ward_pair").one("main").text
    assert LUNCH not in mine(two_wards).one("main").text


@pytest.mark.parametrize("ward", ["E05999999", "E05001359", "x", "' OR 1=1", "\u0000"])
def test_nobody_passes_on_for_a_ward_that_is_not_theirs(two_wards: People, ward: str) -> None:
    answer = pass_on(two_wards, ward=ward)
    assert answer.status_code == 422
    assert one(two_wards, "SELECT count(*) FROM suggestions") == 0


@pytest.mark.parametrize(
    ("field", "words"), [("what", ""), ("what", "x" * 121), ("what", "x" * 300),
                         ("what", "\u202e\u0007"), ("contact", "x" * 201)],
)  # fmt: skip
def test_what_makes_no_sense_is_said_beside_its_field(
    people: People, field: str, words: str
) -> None:
    answer = pass_on(people, **{field: words})
    assert answer.status_code == 422
    links = Document(answer.text).one("div", id="problems").all("a")
    assert [link.get("href") for link in links] == [f"#{field}"]
    assert one(people, "SELECT count(*) FROM suggestions") == 0


def test_words_of_a_refuge_reach_the_editors_and_hostile_ones_run_nothing(people: People) -> None:
    for words in ("Women's refuge on Mill Lane", HOSTILE):
        assert pass_on(people, what=words).status_code == 303
    answer = people.client("councillor").get("/my-wards")
    assert "<script>alert" not in answer.text
    assert HOSTILE.replace("  ", " ") in Document(answer.text).one("main").text
    queue = people.client("editor").get("/queue").text
    assert "this may be a refuge" in queue


def test_another_site_cannot_press_the_button(people: People) -> None:
    client = people.client("councillor")
    answer = client.post(
        "/my-wards", data={"what": LUNCH, "ward": CITY}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    assert one(people, "SELECT count(*) FROM suggestions") == 0


@pytest.fixture
def in_an_old_ward(people: People) -> Iterator[str]:
    """Somebody whose wards are not in the newest boundaries."""
    with Session(people.engine) as session:
        account = make_account(session, "old_ward")
        held = Membership(account_id=account.id, role=Role.COUNCILLOR, ward_codes=["E05000001"])
        session.add(held)
        people.tokens["old_ward"] = sign_in(session, account)
        session.commit()
    yield "old_ward"
    do(people, "DELETE FROM memberships WHERE ward_codes = '{E05000001}'")


def test_wards_that_are_no_more_are_said_so(people: People, in_an_old_ward: str) -> None:
    text = mine(people, in_an_old_ward).one("main").text
    assert "None of your wards is on this map" in text
    assert people.client(in_an_old_ward).post("/my-wards", data={"what": "x"}).status_code == 422


@pytest.mark.parametrize(
    ("asked", "to"),
    [
        ("postcode=BD1+1HY", f"/wards/{CITY}"),
        ("postcode=bd11hy", f"/wards/{CITY}"),
        ("near=BD1+1HY&postcode=nonsense", f"/wards/{CITY}"),
        ("lon=-1.7534&lat=53.7924", f"/wards/{CITY}"),
    ],
)
def test_a_postcode_or_a_place_leads_to_its_ward(people: People, asked: str, to: str) -> None:
    answer = people.client().get(f"/wards?{asked}")
    assert (answer.status_code, answer.headers["location"]) == (303, to)


@pytest.mark.parametrize(
    "asked",
    ["postcode=ZZ1+1ZZ", "postcode=11", "postcode=a&postcode=b", "lon=-1.7&lat=x", "lon=5&lat=53.8",
     "lon=-1.0&lat=52.0", "near=a&near=b"],
)  # fmt: skip
def test_a_place_in_no_ward_is_said_beside_the_field(people: People, asked: str) -> None:
    answer = people.client().get(f"/wards?{asked}")
    assert answer.status_code == 422
    links = Document(answer.text).one("div", id="problems").all("a")
    assert [link.get("href") for link in links] == ["#near"]


def test_the_number_of_questions_does_not_grow_with_what_was_passed_on(people: People) -> None:
    def count() -> int:
        asked: list[str] = []

        def remember(_: Any, __: Any, statement: str, *___: Any) -> None:
            asked.append(statement)

        engine = people.app.state.engine
        sa.event.listen(engine, "before_cursor_execute", remember)
        try:
            mine(people)
        finally:
            sa.event.remove(engine, "before_cursor_execute", remember)
        return len(asked)

    mine(people)
    before = count()
    for number in range(12):
        pass_on(people, what=f"Thing {number}")
    assert "About 10 things wait" in mine(people).one("main").text
    assert count() == before
