"""What was changed, by whom in which role, and back again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.moderation.conftest import approve, change_club, do, one, rows, suggest
from tests.people import People
from tests.recording.conftest import Phone
from tests.web.document import Document, Element

OLD, NEW = "01274 555 0101", "01274 496 0002"
CANARY = "Zyxquill"


def history(people: People, who: str | None = None) -> Document:
    answer = people.client(who).get(f"/assets/{people.club_id}/history")
    assert answer.status_code == 200
    return Document(answer.text)


def lines(page: Document) -> list[Element]:
    return page.all("li", class_="pw-item")


def press_undo(people: People, change: int, who: str = "editor", **form: str) -> Any:
    address = f"/assets/{people.club_id}/history/{change}/undo"
    return people.client(who).post(address, data={"sent": "yes"} | form)


def club(people: People) -> Any:
    return rows(people, "SELECT * FROM assets WHERE id = :id", id=people.club_id)[0]


def newest(people: People) -> int:
    made: int = one(people, "SELECT max(id) FROM asset_changes")
    return made


def test_everybody_sees_role_and_kind_of_change_and_no_name(people: People) -> None:
    change_club(people, "mapper", "mapper", "website = 'https://bowls.example'")
    change_club(people, "editor", "editor", "access = '{hearing_loop}'")
    try:
        newest_line, older = lines(history(people))
        assert newest_line.text.startswith("An editor changed it")
        assert "earing loop" in newest_line.text
        assert older.text.startswith("A mapper changed it")
    finally:
        do(people, "UPDATE assets SET access = NULL WHERE id = :id", id=people.club_id)
    for who in ("editor", "mapper"):
        text = history(people).one("main").text
        assert f"{who}@homes.example" not in text


def test_words_and_contacts_that_were_taken_out_are_for_editors_only(people: People) -> None:
    change_club(people, "mapper", "mapper", f"description = '{CANARY} lives here'")
    change_club(people, "editor", "editor", "description = 'Bowls'")
    change_club(people, "editor", "editor", f"phone = '{NEW}'")
    for who in (None, "councillor", "coordinator_a"):
        page = history(people, who).one("main").text
        assert CANARY not in page
        assert OLD not in page
        assert "What it is was changed" in page
        assert "The telephone number was changed" in page
    seen = history(people, "editor").one("main").text
    assert CANARY in seen
    assert OLD in seen


def test_what_was_taken_out_of_where_it_was_and_its_name_is_for_editors_only(
    people: People,
) -> None:
    was = rows(people, "SELECT ST_AsText(geom) AS at, ST_Y(geom) AS lat FROM assets WHERE id = :id",
               id=people.club_id)[0]  # fmt: skip
    change_club(
        people, "mapper", "mapper",
        f"name = '{CANARY}', website = 'https://zyx.example', consent_how = 'in_writing',"
        " consent_on = '2026-02-03', location_source = 'given',"
        " geom = ST_SetSRID(ST_MakePoint(-1.76543, 53.79876), 4326)",
    )  # fmt: skip
    change_club(
        people, "mapper", "mapper",
        "name = 'Riverside Bowls Club', website = NULL, consent_how = NULL, consent_on = NULL,"
        " geom = ST_GeomFromText(:at, 4326)",
        at=was.at,
    )  # fmt: skip
    taken_out = (CANARY, "zyx.example", "53.79876", "-1.76543", "In writing", "2026-02-03")
    for who in (None, "coordinator_a"):
        page = history(people, who).one("main").text
        assert [word for word in taken_out if word in page] == []
        assert "The name was changed." in page
        assert "The website was changed." in page
        assert "It was moved." in page
    seen = history(people, "editor").one("main").text
    assert [word for word in taken_out if word not in seen] == []


def test_private_contacts_and_informal_names_are_shown_to_nobody(people: People) -> None:
    change_club(people, "mapper", "mapper", "is_contact_public = false")
    change_club(people, "mapper", "mapper", f"phone = '{NEW}', email = 'zyx@home.example'")
    change_club(
        people, "mapper", "mapper",
        f"name = '{CANARY}', kind = 'informal', location_source = 'ward', ward_code = 'E05001347'",
    )  # fmt: skip
    try:
        for who in (None, "editor"):
            text = people.client(who).get(f"/assets/{people.club_id}/history").text
            assert NEW not in text
            assert "zyx@home.example" not in text
        # Its heading says what everybody may see; nothing of what it was called before.
        assert "Riverside Bowls Club" not in history(people).one("main").text
    finally:
        do(
            people,
            "UPDATE assets SET kind = 'group', is_contact_public = true, ward_code = NULL,"
            " location_source = 'given' WHERE id = :id",
            id=people.club_id,
        )


def test_undo_undo_of_undo_and_again(people: People) -> None:
    first = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    assert press_undo(people, first).headers["location"].endswith("said=undone")
    assert club(people).phone == OLD
    second = newest(people)
    assert one(people, "SELECT undoes FROM asset_changes WHERE id = :id", id=second) == first
    assert press_undo(people, first).headers["location"].endswith("said=already")
    assert newest(people) == second
    assert press_undo(people, second).headers["location"].endswith("said=undone")
    assert club(people).phone == NEW
    # The first counts again, so it can be taken back again.
    assert press_undo(people, first).headers["location"].endswith("said=undone")
    assert club(people).phone == OLD


def test_what_is_taken_back_already_takes_nothing_of_others_with_it(people: People) -> None:
    first = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    press_undo(people, first)
    change_club(people, "mapper", "mapper", f"phone = '{NEW}'")  # somebody knows better
    assert press_undo(people, first).headers["location"].endswith("said=already")
    assert club(people).phone == NEW


def test_only_the_facts_of_the_change_go_back(people: People) -> None:
    first = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    change_club(people, "mapper", "mapper", "website = 'https://bowls.example'")
    press_undo(people, first)
    assert (club(people).phone, club(people).website) == (OLD, "https://bowls.example")


def test_what_was_changed_since_is_asked_about_side_by_side(people: People) -> None:
    first = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    change_club(people, "mapper", "mapper", "phone = '01274 496 0003'")
    answer = press_undo(people, first)
    assert answer.status_code == 409
    page = Document(answer.text)
    sides = page.one("fieldset").text
    assert "01274 496 0003" in sides
    assert OLD in sides
    assert club(people).phone == "01274 496 0003"
    known = page.one("input", name="known").get("value")
    press_undo(people, first, known=known, keep_phone="theirs")
    assert club(people).phone == "01274 496 0003"
    press_undo(people, first, known=known, keep_phone="mine")
    assert club(people).phone == OLD


def test_a_third_change_while_choosing_is_not_lost(people: People) -> None:
    first = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    change_club(people, "mapper", "mapper", "phone = '01274 496 0003'")
    known = Document(press_undo(people, first).text).one("input", name="known").get("value")
    change_club(people, "mapper", "mapper", "phone = '01274 496 0004'")
    assert press_undo(people, first, known=known, keep_phone="mine").status_code == 409
    assert club(people).phone == "01274 496 0004"


def test_gone_comes_back_and_goes_again(people: People) -> None:
    gone = change_club(people, "mapper", "mapper", "gone_at = now()")
    assert people.client().get(f"/assets/{people.club_id}/history").status_code == 410
    assert "Riverside" in people.client("editor").get(f"/assets/{people.club_id}/history").text
    assert press_undo(people, gone).status_code == 303
    assert club(people).gone_at is None
    press_undo(people, newest(people))
    assert club(people).gone_at is not None


def test_added_becomes_gone_and_comes_back(people: People) -> None:
    made = suggest(people)
    approve(people, f"suggestion:{made}")
    row = rows(people, "SELECT * FROM asset_changes WHERE action = 'added'")[0]
    client = people.client("editor")
    page = Document(people.client().get(f"/assets/{row.asset_id}/history").text)
    assert lines(page)[0].text.startswith("A suggestion from the public added it")
    client.post(f"/assets/{row.asset_id}/history/{row.id}/undo", data={"sent": "yes"})
    assert people.client().get(f"/assets/{row.asset_id}").status_code == 410
    client.post(f"/assets/{row.asset_id}/history/{newest(people)}/undo", data={"sent": "yes"})
    assert people.client().get(f"/assets/{row.asset_id}").status_code == 200


def test_mappers_take_back_their_own_of_today_and_nothing_else(people: People) -> None:
    own = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    others = change_club(people, "editor", "editor", "website = 'https://bowls.example'")
    buttons = [b for b in history(people, "mapper").all("button") if "Take this back" in b.text]
    assert len(buttons) == 1
    assert press_undo(people, others, "mapper").status_code == 403
    assert press_undo(people, own, "councillor").status_code == 403
    do(people, "UPDATE asset_changes SET at = at - interval '25 hours' WHERE id = :id", id=own)
    assert press_undo(people, own, "mapper").status_code == 403
    do(people, "UPDATE asset_changes SET at = at + interval '25 hours' WHERE id = :id", id=own)
    assert press_undo(people, own, "mapper").status_code == 303
    assert club(people).phone == OLD


def test_a_mapper_puts_back_what_they_took_out_by_mistake(people: People) -> None:
    gone = change_club(people, "mapper", "mapper", "gone_at = now()")
    page = people.client("mapper").get(f"/assets/{people.club_id}/history")
    assert page.status_code == 200
    assert press_undo(people, gone, "mapper").status_code == 303
    assert club(people).gone_at is None


def test_private_values_that_are_not_kept_cannot_be_put_back(people: People) -> None:
    do(people, "UPDATE assets SET is_contact_public = false WHERE id = :id", id=people.club_id)
    change = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    try:
        assert press_undo(people, change).headers["location"].endswith("said=nothing")
        assert club(people).phone == NEW
    finally:
        do(people, "UPDATE assets SET is_contact_public = true WHERE id = :id", id=people.club_id)


@pytest.mark.parametrize("known", ["[" * 49_000, '{"phone": ' + "[" * 40_000])
def test_nonsense_about_what_was_shown_is_nothing(people: People, known: str) -> None:
    change = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    assert press_undo(people, change, known=known).status_code == 303
    assert club(people).phone == OLD


def test_gone_leads_mappers_to_putting_it_back(people: People) -> None:
    change_club(people, "editor", "editor", "gone_at = now()")
    answer = people.client("mapper").get(f"/assets/{people.club_id}/history")
    assert answer.status_code == 410
    assert f"/assets/{people.club_id}/edit" in Document(answer.text).links()


@pytest.mark.parametrize("change", ["0", "x", "9" * 30, "-1", "²"])
def test_no_such_change(people: People, change: str) -> None:
    address = f"/assets/{people.club_id}/history/{change}/undo"
    assert people.client("editor").post(address, data={"sent": "yes"}).status_code == 404


def test_a_change_of_another_entry(people: People) -> None:
    change = change_club(people, "mapper", "mapper", f"phone = '{NEW}'")
    address = f"/assets/{people.homes['a']}/history/{change}/undo"
    assert people.client("editor").post(address, data={"sent": "yes"}).status_code == 404
    assert people.client().get(f"/assets/{uuid.uuid4()}/history").status_code == 404


def test_what_was_imported_says_so_first(people: People) -> None:
    do(
        people,
        "WITH r AS (INSERT INTO import_runs (source_id, reader, scope, file_name, file_sha256,"
        " started_at, status) SELECT source_id, 'csv', '', 'a.csv', 'x', now(), 'loaded'"
        " FROM assets LIMIT 1 RETURNING id)"
        " UPDATE assets SET import_run_id = (SELECT id FROM r) WHERE id = :id",
        id=people.club_id,
    )
    try:
        text = history(people).one("main").text
        assert "Added from Source test on" in text
    finally:
        do(people, "UPDATE assets SET import_run_id = NULL WHERE id = :id", id=people.club_id)


def test_the_entry_leads_to_its_history(people: People) -> None:
    page = Document(people.client().get(f"/assets/{people.club_id}").text)
    assert f"/assets/{people.club_id}/history" in page.links()
    assert f"/suggest?asset={people.club_id}" in page.links()


def made_informal(phone: Phone) -> tuple[str, int]:
    """Add a group and make it a skill or network; return its id and the change's number."""
    contact = {"phone": "01274 496000", "is_contact_public": True}
    asset_id = str(phone.add(address="1 Mill Lane", **contact)["asset_id"])
    phone.edit(asset_id, {"kind": ("group", "informal"), "consent_how": (None, "said_yes")})
    return asset_id, newest(phone.people)


def take_back(people: People, asset_id: str, change: int, who: str) -> Document:
    client, address = people.client(who), f"/assets/{asset_id}/history"
    answer = client.post(f"{address}/{change}/undo", data={"sent": "yes"})
    assert answer.status_code == 303
    return Document(client.get(answer.headers["location"]).text)


def test_an_editor_takes_back_that_something_is_informal(people: People) -> None:
    phone = Phone(people)
    asset_id, change = made_informal(phone)
    page = take_back(people, asset_id, change, "editor")
    assert "address and postcode" in page.one("p", role="status").text
    row = phone.asset(asset_id)
    assert (row.kind, row.is_contact_public, row.address) == ("group", True, None)
    # A file may bring back the door, which nobody kept.
    assert {"address", "postcode"}.isdisjoint(row.kept_fields)


def test_a_mapper_takes_it_back_and_shows_nothing(people: People) -> None:
    phone = Phone(people)
    asset_id, change = made_informal(phone)
    page = take_back(people, asset_id, change, "mapper")
    assert page.one("p", role="status").text.startswith("Taken back.")
    row = phone.asset(asset_id)
    assert (row.kind, row.is_contact_public) == ("group", False)


def test_a_number_told_meanwhile_is_not_shown_by_taking_back(people: People) -> None:
    phone = Phone(people)
    asset_id, change = made_informal(phone)
    changed = phone.edit(asset_id, {"phone": ({"hidden": True}, "01274 496111")})
    assert changed.status_code == 201, changed.text
    take_back(people, asset_id, change, "editor")
    row = phone.asset(asset_id)
    assert (row.kind, row.phone, row.is_contact_public) == ("group", "01274 496111", False)


def test_the_kind_of_a_care_home_is_not_a_mappers_to_take_back(people: People) -> None:
    phone = Phone(people)
    asset_id = str(phone.add()["asset_id"])
    phone.edit(asset_id, {"kind": ("group", "care_home")})
    change = newest(people)
    page = take_back(people, asset_id, change, "mapper")
    assert "Only editors" in page.one("p", role="status").text
    assert phone.asset(asset_id).kind == "care_home"
    take_back(people, asset_id, change, "editor")
    assert phone.asset(asset_id).kind == "group"
