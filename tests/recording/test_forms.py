"""Recording by plain forms, as a browser without scripts sends them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from httpx import Response
from sqlalchemy.orm import Session

from app.assets.facts import FACTS
from tests import builders
from tests.people import People
from tests.recording.conftest import Phone
from tests.web.document import Document, Element

FAR_AWAY = {"lon": "-1.7500", "lat": "53.7850"}


def form_of(answer: Response, action: str) -> Element:
    document = Document(answer.text)
    [form] = [form for form in document.all("form", method="post") if form.get("action") == action]
    return form


def fields_of(form: Element) -> dict[str, Any]:
    """Return what a browser would send if nothing were touched."""
    sent: dict[str, list[str]] = {}
    for one in form.within():
        name = one.get("name")
        if not name or one.tag == "button" or one.get("type") == "file":
            continue
        if one.tag == "select":
            chosen = [o for o in one.all("option") if "selected" in o.attributes]
            sent.setdefault(name, []).append((chosen or one.all("option"))[0].get("value"))
        elif one.tag == "textarea":
            sent.setdefault(name, []).append("".join(one.texts))
        elif one.get("type") not in {"radio", "checkbox"} or "checked" in one.attributes:
            sent.setdefault(name, []).append(one.get("value"))
    return dict(sent)


def blank(on: Phone, /, **values: Any) -> dict[str, Any]:
    """Return the fields of the form of something new, filled in."""
    form = form_of(on.client.get("/map/new"), "/map/new")
    return fields_of(form) | {"kind": "group", "name": "Canal anglers", **FAR_AWAY} | values


def opened(phone: Phone, asset_id: str) -> dict[str, Any]:
    path = f"/assets/{asset_id}/edit"
    answer = phone.client.get(path)
    assert answer.status_code == 200, answer.text
    return fields_of(form_of(answer, path))


def save(phone: Phone, asset_id: str, fields: dict[str, Any]) -> Response:
    answer: Response = phone.client.post(f"/assets/{asset_id}/edit", data=fields)
    return answer


def added(on: Phone, /, **values: Any) -> str:
    """Add something by the form and return its id."""
    answer = on.client.post("/map/new", data=blank(on, **values) | {"is_new": "yes"})
    assert answer.status_code == 303, answer.text
    where = answer.headers["location"]
    assert where.endswith("?said=added")
    return str(where.removeprefix("/assets/")[:36])


WHOLE = {
    "description": "On Tuesdays\r\nby the lock", "interest": "Bowls", "phone": "01274 496000",
    "email": "hello@example.org", "website": "https://example.org", "address": "1 Canal Road",
    "postcode": "BD1 1HY", "access": ["step_free", "seating"], "access_looked": "yes",
    "is_indoors": "no", "hours_1": "9am to 12.30pm, 14:00-24:00", "hours_6": "closed", "beds": "0",
    "charity_number": "1234567", "is_contact_public": "yes",
}  # fmt: skip


def test_everything_can_be_said_and_nothing_touched_changes_nothing(phone: Phone) -> None:
    asset_id = added(phone, **WHOLE)
    row = phone.asset(asset_id)
    assert (row.description, row.phone, row.beds) == ("On Tuesdays\nby the lock", "01274 496000", 0)
    assert (row.access, row.is_indoors) == (["seating", "step_free"], False)
    assert row.opening_hours == [
        {"weekday": 1, "opens_at": "09:00", "closes_at": "12:30"},
        {"weekday": 1, "opens_at": "14:00", "closes_at": "24:00"},
    ]
    assert len(row.interest_ids) == 1
    assert phone.client.get(f"/assets/{asset_id}").status_code == 200
    fields = opened(phone, asset_id)
    assert {f"was_{name}" for name in FACTS} <= fields.keys()
    answer = save(phone, asset_id, fields)
    assert answer.headers["location"] == f"/assets/{asset_id}?said=changed"
    assert phone.asset(asset_id).version == 1
    assert [check.outcome for check in phone.checks(asset_id)] == ["confirmed", "changed"]


CHANGES = {
    "name": ("Canal rods", "Canal rods"), "kind": ("venue", "venue"),
    "description": ("x\r\ny", "x\ny"), "phone": ("", None), "access_looked": ("", None),
    "is_indoors": ("", None), "beds": ("", None), "website": ("example.com", "https://example.com"),
    "is_contact_public": ("", False), "interest": ("Bowls, Reading", 2), "hours_1": ("", None),
}  # fmt: skip
COLUMN = {"interest": "interest_ids", "hours_1": "opening_hours", "access_looked": "access"}


@pytest.mark.parametrize("field", CHANGES)
def test_each_fact_can_be_changed_by_itself(phone: Phone, field: str) -> None:
    asset_id = added(phone, **WHOLE)
    before = phone.asset(asset_id)._asdict()
    typed, stored = CHANGES[field]
    fields = opened(phone, asset_id) | {field: typed}
    if field == "access_looked":
        fields["access"] = []
    assert save(phone, asset_id, fields).status_code == 303
    after = phone.asset(asset_id)._asdict()
    column = COLUMN.get(field, field)
    value = len(after[column]) if isinstance(stored, int) and field == "interest" else after[column]
    assert value == stored
    ignored = {column, "version", "updated_at", "kept_fields", "assured_date"}
    assert {k: v for k, v in after.items() if k not in ignored} == {
        k: v for k, v in before.items() if k not in ignored
    }


def test_a_place_can_be_moved(phone: Phone) -> None:
    asset_id = added(phone)
    save(phone, asset_id, opened(phone, asset_id) | {"at_postcode": "bd11hy"})
    row = phone.asset(asset_id)
    assert (row.location_source, row.postcode) == ("postcode", "BD1 1HY")
    save(phone, asset_id, opened(phone, asset_id) | {"lat": "53.8"})
    assert phone.asset(asset_id).location_source == "given"


def test_a_second_press_adds_nothing(phone: Phone) -> None:
    fields = blank(phone, name="Pressed twice") | {"is_new": "yes"}
    before = phone.counts()
    first, second = (phone.client.post("/map/new", data=fields) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    after = phone.counts()
    assert (after["assets"], after["checks"]) == (before["assets"] + 1, before["checks"] + 1)


def test_a_second_press_with_other_words_tells_of_the_first(phone: Phone) -> None:
    fields = blank(phone, name="First words") | {"is_new": "yes"}
    phone.client.post("/map/new", data=fields)
    answer = phone.client.post("/map/new", data=fields | {"name": "Second words"})
    assert answer.status_code == 200
    assert "You saved this before" in answer.text
    assert 'value="Second words"' in answer.text
    assert f"/assets/{fields['asset_id'][0]}/edit" in answer.text
    assert phone.asset(fields["asset_id"][0]).name == "First words"


@pytest.fixture
def near(people: People) -> Any:
    """The bowls club is in the way; and a shop next door of another name."""
    with Session(people.engine) as session:
        shop = builders.make_asset(session, "Corner shop", at=(-1.7601, 53.7951))
        session.commit()
        yield shop.id
        session.execute(sa.text("DELETE FROM assets WHERE id = :id"), {"id": shop.id})
        session.commit()


def test_what_is_near_is_offered_first(phone: Phone, near: uuid.UUID) -> None:
    fields = blank(phone, name="Riverside bowls", lon="-1.7602", lat="53.7951")
    before = phone.counts()
    answer = phone.client.post("/map/new", data=fields)
    assert answer.status_code == 200
    assert phone.counts() == before
    document = Document(answer.text)
    names = [heading.text for heading in document.all("h2", class_="pw-item__name")]
    assert names == ["Riverside Bowls Club", "Corner shop"]
    club = str(phone.people.club_id)
    confirm = fields_of(form_of(answer, f"/assets/{club}/check"))
    yes = phone.client.post(f"/assets/{club}/check", data=confirm)
    assert yes.headers["location"] == f"/assets/{club}?said=checked"
    assert phone.checks(club)[-1].outcome == "confirmed"
    mine = fields_of(form_of(answer, "/map/new"))
    no = phone.client.post("/map/new", data=mine)
    assert no.headers["location"] == f"/assets/{fields['asset_id'][0]}?said=added"
    assert phone.asset(fields["asset_id"][0]).name == "Riverside bowls"


def test_nothing_typed_is_lost_where_something_is_wrong(phone: Phone) -> None:
    typed = blank(
        phone, name="", phone="not a number", hours_0="now and then", interest="zzzzqqqq",
        description="Kept", beds="many",
    )  # fmt: skip
    answer = phone.client.post("/map/new", data=typed)
    assert answer.status_code == 422
    document = Document(answer.text)
    summary = document.one("div", id="problems")
    wrong = {link.get("href") for link in summary.all("a")}
    assert wrong == {"#name", "#phone", "#hours_0", "#interest", "#beds"}
    for one in wrong:
        assert document.all(id=one[1:]), one
    again = fields_of(form_of(answer, "/map/new"))
    assert {name: again[name] for name in ("id", "asset_id")} == {
        name: typed[name] for name in ("id", "asset_id")
    }
    for name in ("phone", "hours_0", "interest", "beds"):
        assert again[name] == [typed[name]]
    assert again["description"] == ["Kept"]


def test_clashes_are_shown_side_by_side_and_take_a_tap_each(phone: Phone) -> None:
    """Two clashes, two taps; and the third fact, which nobody else changed, goes along."""
    asset_id = added(phone, **WHOLE)
    mine = opened(phone, asset_id) | {
        "phone": "01274 496001", "name": "My name", "website": "https://mine.example",
    }  # fmt: skip
    save(phone, asset_id, opened(phone, asset_id) | {"phone": "01274 496002", "name": "Their name"})
    path = f"/assets/{asset_id}/edit"
    answer = save(phone, asset_id, mine)
    assert answer.status_code == 409
    for words in ("Their name", "My name", "01274 496001", "01274 496002"):
        assert words in answer.text
    assert phone.asset(asset_id).name == "Their name"
    first = save(phone, asset_id, fields_of(form_of(answer, path)) | {"keep_name": "theirs"})
    assert first.status_code == 409
    assert "My name" not in first.text
    second = save(phone, asset_id, fields_of(form_of(first, path)) | {"keep_phone": "mine"})
    assert second.status_code == 303, second.text
    row = phone.asset(asset_id)
    assert (row.name, row.phone, row.website) == (
        "Their name", "01274 496001", "https://mine.example",
    )  # fmt: skip


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_all_clashes_at_once(phone: Phone, keep: str) -> None:
    asset_id = added(phone)
    mine = opened(phone, asset_id) | {"phone": "01274 496001", "name": "My name"}
    save(phone, asset_id, opened(phone, asset_id) | {"phone": "01274 496002", "name": "Their name"})
    answer = save(phone, asset_id, mine)
    kept = fields_of(form_of(answer, f"/assets/{asset_id}/edit")) | {"keep_all": keep}
    assert save(phone, asset_id, kept).status_code == 303
    row = phone.asset(asset_id)
    assert (row.name, row.phone) == {
        "mine": ("My name", "01274 496001"), "theirs": ("Their name", "01274 496002"),
    }[keep]  # fmt: skip


def test_a_private_number_is_not_replaced_unasked(phone: Phone) -> None:
    asset_id = added(phone, phone="01274 496000", is_contact_public="")
    answer = save(phone, asset_id, opened(phone, asset_id) | {"phone": "01274 496001"})
    assert answer.status_code == 409
    assert "01274 496000" not in answer.text
    assert "A private one, which only editors see" in answer.text
    assert phone.asset(asset_id).phone == "01274 496000"
    kept = fields_of(form_of(answer, f"/assets/{asset_id}/edit")) | {"keep_phone": "mine"}
    assert save(phone, asset_id, kept).status_code == 303
    assert phone.asset(asset_id).phone == "01274 496001"


def test_a_private_number_is_not_shown_by_somebody_who_cannot_see_it(phone: Phone) -> None:
    asset_id = added(phone, phone="01274 496000", is_contact_public="")
    answer = save(phone, asset_id, opened(phone, asset_id) | {"is_contact_public": "yes"})
    assert answer.status_code == 422
    assert "Ask an editor" in answer.text
    editor = Phone(phone.people, "editor")
    shown = opened(editor, asset_id) | {"is_contact_public": "yes"}
    assert save(editor, asset_id, shown).status_code == 303
    assert phone.asset(asset_id).is_contact_public


def test_what_has_gone_is_put_back_with_my_changes(phone: Phone) -> None:
    asset_id = added(phone)
    mine = opened(phone, asset_id) | {"phone": "01274 496001"}
    gone = phone.client.post(f"/assets/{asset_id}/check", data={"outcome": "gone"})
    assert gone.status_code == 200
    assert "It is off the map now" in gone.text
    assert phone.people.client().get(f"/assets/{asset_id}").status_code == 410
    answer = save(phone, asset_id, mine)
    assert answer.status_code == 409
    assert "01274 496001" in answer.text
    assert phone.asset(asset_id).gone_at is not None
    back = save(phone, asset_id, fields_of(form_of(answer, f"/assets/{asset_id}/edit")))
    assert back.status_code == 303
    row = phone.asset(asset_id)
    assert (row.gone_at, row.phone) == (None, "01274 496001")


def test_what_has_gone_is_put_back_from_its_own_page(phone: Phone) -> None:
    asset_id = added(phone)
    phone.client.post(f"/assets/{asset_id}/check", data={"outcome": "gone"})
    page = phone.client.get(f"/assets/{asset_id}")
    assert f"/assets/{asset_id}/edit" in Document(page.text).links()
    assert "/edit" not in phone.people.client().get(f"/assets/{asset_id}").text
    confirm = phone.client.post(f"/assets/{asset_id}/check", data={"outcome": "confirmed"})
    assert confirm.status_code == 409
    back = save(phone, asset_id, fields_of(form_of(confirm, f"/assets/{asset_id}/edit")))
    assert back.status_code == 303
    assert phone.asset(asset_id).gone_at is None


def test_what_was_merged_leads_to_the_other(phone: Phone) -> None:
    one, other = added(phone), added(phone, name="The other")
    mine = opened(phone, one) | {"phone": "01274 496001"}
    with phone.people.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE assets SET duplicate_of = CAST(:o AS uuid) WHERE id = CAST(:i AS uuid)"
            ),
            {"o": other, "i": one},
        )
    answer = save(phone, one, mine)
    assert answer.status_code == 409
    assert f"/assets/{other}/edit" in Document(answer.text).links()
    assert "01274 496001" in answer.text
    opened_again = phone.client.get(f"/assets/{one}/edit")
    assert opened_again.headers["location"] == f"/assets/{other}/edit"
    checked = phone.client.post(f"/assets/{one}/check", data={"outcome": "confirmed"})
    assert checked.headers["location"] == f"/assets/{other}?said=checked"


def test_one_fact_is_still_right(phone: Phone) -> None:
    asset_id = added(phone, **WHOLE)
    page = phone.client.get(f"/assets/{asset_id}")
    buttons = {b.get("value"): b.text for b in Document(page.text).all("button", name="fact")}
    assert set(buttons) == {"opening_hours", "phone"}
    data = {"outcome": "confirmed", "fact": "phone", "id": str(uuid.uuid4())}
    phone.client.post(f"/assets/{asset_id}/check", data=data)
    phone.client.post(f"/assets/{asset_id}/check", data=data)
    assert [check.fact for check in phone.checks(asset_id)] == [None, "phone"]


@pytest.mark.parametrize("who", [None, "coordinator_a", "councillor"])
def test_nobody_else_sees_any_of_it(phone: Phone, who: str | None) -> None:
    asset_id = phone.add()["asset_id"]
    page = phone.people.client(who).get(f"/assets/{asset_id}").text
    for words in ("/edit", "/check", "still here", 'type="file"'):
        assert words not in page
    assert "still here" in phone.client.get(f"/assets/{asset_id}").text


def test_nothing_typed_is_lost_to_a_sign_in_that_ended(phone: Phone, jpeg: bytes) -> None:
    fields = blank(phone, name="Typed while signed in", phone="01274 496000") | {"is_new": "yes"}
    signed_out = phone.people.client()
    headers = {"accept": "text/html"}
    photo = {"photo": ("a.jpg", jpeg, "image/jpeg")}
    answer = signed_out.post("/map/new", data=fields, files=photo, headers=headers)
    assert answer.status_code == 401
    assert "choose it again" in answer.text
    kept = fields_of(form_of(answer, "/map/new"))
    assert phone.client.post("/map/new", data=kept).status_code == 303
    row = phone.asset(fields["asset_id"][0])
    assert (row.name, row.phone) == ("Typed while signed in", "01274 496000")
    without = signed_out.post("/map/new", data=fields, headers=headers)
    assert "choose it again" not in without.text
    assert "Nothing is lost" in without.text


@pytest.mark.parametrize("name", ["was_phone", "version", "was_place", "theirs_phone"])
@pytest.mark.parametrize(
    "value",
    ["", "x", "[" * 5_000, "NaN", '{"lon": 1}', "\u0000", "9" * 40,
     '{"lon": 1' + "0" * 400 + ', "lat": 5}'],
)  # fmt: skip
def test_tampered_forms_break_nothing(phone: Phone, name: str, value: str) -> None:
    asset_id = phone.add(phone="01274 496000")["asset_id"]
    fields = opened(phone, asset_id) | {"phone": "01274 496009", name: value, "keep_phone": "mine"}
    answer = save(phone, asset_id, fields)
    assert answer.status_code in {303, 409, 422}
    if name in {"was_phone", "theirs_phone"}:
        assert phone.asset(asset_id).phone == "01274 496000"
