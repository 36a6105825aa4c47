"""What anybody may tell us: the form, its limits, and that nothing of it is public."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.database import APP_ROLE
from app.main import create_app
from tests.moderation.conftest import HOSTILE, about_the_club, approve, do, one, rows, suggest
from tests.people import People
from tests.web.document import Document

CANARY = "Zyxquill"


def test_a_suggestion_waits_with_what_was_said(people: People) -> None:
    form = Document(people.client().get("/suggest").text)
    assert form.one("h1").text == "What’s near here that we should know about?"
    made = suggest(people)
    (row,) = rows(people, "SELECT * FROM suggestions")
    assert str(row.id) == made
    assert row.fields == {
        "name": "Shipley Stitchers", "kind": "group", "postcode": "BD1 1HY",
        "description": "Knitting on Mondays at 2pm",
    }  # fmt: skip
    assert (row.kind, row.decision) == ("new", "waiting")
    assert (row.note, row.contact) == ("Ask for the back door", "ring 01274 496 0001")
    thanks = Document(people.client().get("/suggest?sent=yes").text)
    assert "What happens next" in thanks.one("main").text


def test_words_for_a_place_are_taken_as_words(people: People) -> None:
    suggest(people, where="The hall behind the library")
    assert one(people, "SELECT fields FROM suggestions")["address"] == "The hall behind the library"


def test_pressed_twice_it_is_kept_once_and_something_else_is_something_else(people: People) -> None:
    form_id = str(uuid.uuid4())
    suggest(people, id=form_id)
    sent = {"id": form_id, "name": "Shipley Stitchers", "kind": "group", "where": "BD1 1HY",
            "description": "Knitting on Mondays at 2pm", "note": "Ask for the back door",
            "contact": "ring 01274 496 0001"}  # fmt: skip
    assert people.client().post("/suggest", data=sent).status_code == 303
    assert one(people, "SELECT count(*) FROM suggestions") == 1
    assert people.client().post("/suggest", data=sent | {"note": "Another"}).status_code == 303
    assert one(people, "SELECT count(*) FROM suggestions") == 2


def test_what_is_missing_is_named_and_nothing_is_lost(people: People) -> None:
    answer = people.client().post("/suggest", data={"description": "Darts", "note": HOSTILE})
    page = Document(answer.text)
    assert answer.status_code == 422
    problems = page.one("div", id="problems")
    assert {a.get("href") for a in problems.all("a")} == {"#name", "#kind", "#where"}
    assert page.one("textarea", id="description").text == "Darts"
    assert page.one("textarea", id="note").text == " ".join(HOSTILE.split())
    assert one(people, "SELECT count(*) FROM suggestions") == 0


def test_programs_that_fill_in_everything_are_thanked_and_not_kept(people: People) -> None:
    page = Document(people.client().get("/suggest").text)
    trap = page.one("input", name="company")
    assert trap.parent is not None
    assert "hidden" in trap.parent.attributes
    data = {"name": "X", "kind": "group", "where": "BD1 1HY", "company": "Cheap Pills"}
    assert people.client().post("/suggest", data=data).status_code == 303
    assert one(people, "SELECT count(*) FROM suggestions") == 0


def test_one_client_cannot_flood_the_editors(people: People) -> None:
    do(
        people,
        "INSERT INTO sign_in_attempts (counted_under, attempted_at)"
        " SELECT sha256('suggestion testclient'), now() FROM generate_series(1, 29)",
    )
    suggest(people)
    data = {"name": "One more", "kind": "group", "where": "BD1 1HY", "note": "my long words"}
    answer = people.client().post("/suggest", data=data)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    page = Document(answer.text)
    assert page.one("textarea", id="note").text == "my long words"
    assert "still here" in page.one("div", id="problems").text
    assert one(people, "SELECT count(*) FROM suggestions") == 1


def test_only_a_digest_of_the_client_is_kept(people: People) -> None:
    suggest(people)
    (row,) = rows(people, "SELECT counted_under FROM sign_in_attempts")
    assert len(row.counted_under) == 32
    assert b"testclient" not in bytes(row.counted_under)


def test_a_wrong_fact_is_kept_with_what_was_shown(people: People) -> None:
    about_the_club(people, phone="01274 496 000")  # no number
    page = people.client().get(f"/suggest?asset={people.club_id}")
    assert "01274 555 0101" in page.text


NESTED = "[" * 900 + "]" * 900
HOSTILE_WAS = {
    "too deep to read": "[" * 49_000,
    "deep": f'{{"name": {NESTED}, "opening_hours": {NESTED}, "interests": {NESTED}}}',
    "deep in a place": f'{{"place": {{"ward_code": "E05001347", "x": {NESTED}}}}}',
    "no number": '{"name": NaN, "beds": Infinity}',
    "no text": r'{"name": "\u0000", "description": "\ud800", "address": "\udfff\u0000"}',
    "of other sorts": '{"name": 5, "phone": ["x"], "email": true, "website": {"hidden": 1}}',
    "hours": '{"opening_hours": 5, "interests": 5, "access": 5, "place": 5}',
    "lists": '{"opening_hours": [1], "interests": [[]], "access": [[]], "place": []}',
    "a weekday": '{"opening_hours": [{"weekday": 9, "opens_at": 1, "closes_at": 2}]}',
    "hidden things": '{"opening_hours": {"hidden": true}, "interests": {"hidden": true}}',
    "a long number": f'{{"name": 1{"0" * 400}, "place": {{"lon": 1{"0" * 400}, "lat": 5}}}}',
}


@pytest.mark.parametrize("was", HOSTILE_WAS.values(), ids=HOSTILE_WAS)
def test_nonsense_about_what_was_shown_is_nothing(people: People, was: str) -> None:
    made = about_the_club(
        people, was=was, name="Another name", description="Ours", address="1 Mill Lane",
        phone="01274 496000", email="a@club.example", website="https://club.example",
        opening_hours="Mon 9am to 5pm",
    )  # fmt: skip
    (row,) = rows(people, "SELECT * FROM suggestions")
    assert set(row.fields) == {
        "name", "description", "address", "phone", "email", "website", "opening_hours",
    }  # fmt: skip
    assert {fact["was"] for fact in row.fields.values()} == {None}
    assert people.client("editor").get(f"/queue?item=suggestion:{made}").status_code == 200


def test_words_our_rules_would_refuse_are_kept_as_they_were_shown(people: People) -> None:
    long_name = "Riverside " * 20
    do(people, "UPDATE assets SET name = :name WHERE id = :id", name=long_name, id=people.club_id)
    about_the_club(people, name=long_name, description="Bowls on Fridays")
    assert set(one(people, "SELECT fields FROM suggestions")) == {"description"}


@pytest.mark.parametrize("shown", [{"hidden": True}, None])
def test_nobody_without_an_account_replaces_a_contact_that_is_not_shown(
    people: People, shown: Any
) -> None:
    do(people, "UPDATE assets SET is_contact_public = false WHERE id = :id", id=people.club_id)
    try:
        made = about_the_club(people, phone="01274 496099", was=json.dumps({"phone": shown}))
        fields = one(people, "SELECT fields FROM suggestions")
        assert fields["phone"] == {"was": None, "now": "01274 496099"}
        # As it could be sent before.
        do(
            people,
            "UPDATE suggestions SET fields = jsonb_set(fields, '{phone,was}', CAST(:was AS jsonb))",
            was=json.dumps(shown),
        )
        answer = approve(people, f"suggestion:{made}")
        assert answer.status_code == 409
        assert "A contact that is not shown" in answer.text
        assert one(people, "SELECT phone FROM assets WHERE id = :id", id=people.club_id) == (
            "01274 555 0101"
        )
    finally:
        do(people, "UPDATE assets SET is_contact_public = true WHERE id = :id", id=people.club_id)


@pytest.mark.parametrize("charset", ["undefined", "punycode", "unicode_escape", "no-such"])
def test_a_charset_no_browser_sends_is_refused_or_read(people: People, charset: str) -> None:
    parts = {
        "asset": str(people.club_id), "name": "\\ud800", "was": "\\ud800", "contact": "caf\xe9",
    }  # fmt: skip
    body = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    answer = people.client().post(
        "/suggest",
        content=f"{body}--b--\r\n".encode("latin-1"),
        headers={"content-type": f"multipart/form-data; charset={charset}; boundary=b"},
    )
    assert answer.status_code == 422
    assert one(people, "SELECT count(*) FROM suggestions") == 0


def test_nobody_holds_one_connection_while_waiting_for_another(people: People) -> None:
    app = create_app(people.settings)
    app.state.engine.dispose()
    app.state.engine = sa.create_engine(
        app.state.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.1,
        connect_args={"options": f"-c role={APP_ROLE}"},
    )  # fmt: skip
    data = {"name": "Shipley Stitchers", "kind": "group", "where": "BD1 1HY"}
    try:
        client = type(people.client())(app, follow_redirects=False)
        assert client.post("/suggest", data=data).status_code == 303
    finally:
        app.state.engine.dispose()
    assert one(people, "SELECT count(*) FROM suggestions") == 1


@pytest.mark.parametrize("what", ["wrong", "gone"])
def test_about_an_entry(people: People, what: str) -> None:
    about_the_club(people, what=what, note="New number")
    (row,) = rows(people, "SELECT * FROM suggestions")
    assert row.asset_id == people.club_id
    assert row.kind == {"wrong": "change", "gone": "gone"}[what]
    assert row.fields == ({"description": {"was": None, "now": "Knitting on Mondays at 2pm"}}
                          if what == "wrong" else {})  # fmt: skip
    assert row.seen_version == one(
        people, "SELECT version FROM assets WHERE id = :id", id=people.club_id
    )


def test_about_what_is_not_on_the_map(people: People) -> None:
    assert people.client().get(f"/suggest?asset={uuid.uuid4()}").status_code == 404
    assert people.client().get("/suggest?asset=nonsense").status_code == 404


def public_addresses(people: People) -> list[str]:
    return [
        "/", "/assets", "/assets.csv", "/assets.geojson", "/api/assets", "/assets/map",
        f"/assets/{people.club_id}", f"/assets/{people.club_id}/history",
        f"/api/assets/{people.club_id}", "/wards/E05001347", "/wards/E05001347.csv",
        "/wards/E05001347/map", "/suggest", f"/suggest?asset={people.club_id}",
        "/matches?near=BD1+1HY&interest=bowls", "/about",
    ]  # fmt: skip


def public_text(people: People) -> str:
    client = people.client()
    answers: list[Any] = [client.get(address) for address in public_addresses(people)]
    assert {answer.status_code for answer in answers} == {200}
    return "\n".join(answer.text for answer in answers)


def test_nothing_is_public_before_a_decision_nor_contact_and_note_after(people: People) -> None:
    new = suggest(
        people, name=f"{CANARY} Club", description=f"{CANARY} on Mondays", note=f"{CANARY} note",
        contact=f"{CANARY}@home.example",
    )  # fmt: skip
    about_the_club(people, description=f"{CANARY} described", note=f"{CANARY} too")
    assert CANARY not in public_text(people)
    assert approve(people, f"suggestion:{new}").status_code == 303
    text = public_text(people)
    assert f"{CANARY} Club" in text
    assert f"{CANARY} note" not in text
    assert f"{CANARY}@home.example" not in text
    assert one(people, "SELECT contact FROM suggestions WHERE id = :id", id=new) is None


def test_words_of_a_refuge_are_taken_for_the_editor_and_stay_off_the_map(people: People) -> None:
    made = suggest(people, name="Women's refuge", description="A safe house")
    queue = people.client("editor").get(f"/queue?item=suggestion:{made}")
    assert "may be a refuge" in queue.text
    answer = people.client("editor").post(f"/queue/suggestion/{made}/approve")
    assert answer.status_code == 422
    assert one(people, "SELECT count(*) FROM assets WHERE name ILIKE '%refuge%'") == 0


@pytest.mark.parametrize("name", [HOSTILE, "\N{ZERO WIDTH JOINER}a", "=cmd|x"])
def test_hostile_words_are_words(people: People, name: str) -> None:
    made = suggest(people, name=name, where=name, note=name, description=name, contact=name)
    editor = people.client("editor")
    for amend in ("", "&amend=1"):
        page = editor.get(f"/queue?item=suggestion:{made}{amend}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        Document(page.text)
    # Without a postcode it needs amending; the form keeps every word.
    answer = editor.post(f"/queue/suggestion/{made}/approve")
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "field", ["name", "where", "note", "contact", "kind", "id", "poster", "was"]
)
@pytest.mark.parametrize("value", ["\x00", "\ud800", "x" * 5_000, "%00", "{"])
def test_no_value_is_a_server_error(people: People, field: str, value: str) -> None:
    data = {"name": "X", "kind": "group", "where": "BD1 1HY", field: value}
    if field == "was":
        data |= {"asset": str(people.club_id), "what": "wrong"}
    body = "&".join(f"{k}={_quoted(v)}" for k, v in data.items())
    answer = people.client().post(
        "/suggest", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code in {303, 422}


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
