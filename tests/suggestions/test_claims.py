"""A group corrects its own entry: by a link to the address that is public, and to no other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import FastAPI

from app.accounts.tokens import digest_of
from tests.accounts.conftest import Mailbox, browser, link_in, mail_server, mailbox, mailing, serve
from tests.moderation.conftest import HOSTILE, change_club, do, one, rows
from tests.people import People
from tests.web.document import Document

__all__ = ["mail_server", "mailbox", "mailing", "serve"]

EMAIL = "bowls@club.example"


@pytest.fixture
def claimable(people: People, nothing_waits: None) -> str:
    """The club with a public address; returns where a claim is asked for."""
    do(people, "UPDATE assets SET email = :email WHERE id = :id", email=EMAIL, id=people.club_id)
    return f"/assets/{people.club_id}/claim"


def link_of(mailing: FastAPI, mailbox: Mailbox, claimable: str) -> str:
    assert (
        browser(mailing, host="patchwork.example").post(claimable, data={"sent": "yes"}).status_code
        == 200
    )
    return link_in(mailbox.take())


def filled(page: Document, **values: str) -> dict[str, Any]:
    """Return the form as it stands, with some fields typed over."""
    form = next(f for f in page.all("form", method="post") if f.all("input", name="was"))
    found: dict[str, Any] = {
        e.get("name"): e.get("value")
        for e in form.all("input")
        if e.get("type") not in {"checkbox", "radio"}
    }
    found |= {e.get("name"): "".join(e.texts).strip() for e in form.all("textarea")}
    return found | values


def test_the_entry_says_where_the_link_goes_half_hidden(people: People, claimable: str) -> None:
    page = Document(people.client().get(f"/assets/{people.club_id}").text)
    form = page.one("form", action=claimable)
    assert "b…@club.example" in form.text
    assert [e.get("type") for e in form.all("input")] == []


def test_the_link_goes_to_the_public_address_and_never_to_a_typed_one(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    answer = browser(mailing, host="patchwork.example").post(
        claimable, data={"email": "thief@home.example", "to": "thief@home.example"}
    )
    letter = mailbox.take()
    assert letter["to"] == EMAIL
    assert "Riverside Bowls Club" in letter.get_content()
    assert "b…@club.example" in answer.text
    token = link_in(letter).removeprefix("/claims/")
    assert token not in answer.text
    (claim,) = rows(people, "SELECT * FROM claims")
    assert bytes(claim.digest) == digest_of(token)


def test_the_same_answer_when_there_is_no_address(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    do(people, "UPDATE assets SET email = NULL WHERE id = :id", id=people.club_id)
    answer = browser(mailing, host="patchwork.example").post(claimable, data={"sent": "yes"})
    assert answer.status_code == 200
    assert f"/suggest?asset={people.club_id}" in Document(answer.text).links()
    assert mailbox.letters == []
    assert one(people, "SELECT count(*) FROM claims") == 0


def test_a_private_address_gets_no_link(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    do(people, "UPDATE assets SET is_contact_public = false WHERE id = :id", id=people.club_id)
    try:
        answer = browser(mailing, host="patchwork.example").post(claimable, data={"sent": "yes"})
        assert mailbox.letters == []
        assert "club.example" not in answer.text
    finally:
        do(people, "UPDATE assets SET is_contact_public = true WHERE id = :id", id=people.club_id)


def test_nobody_can_fill_the_mailbox(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    client = browser(mailing, host="patchwork.example")
    for _ in range(3):
        assert client.post(claimable, data={"sent": "yes"}).status_code == 200
    answer = client.post(claimable, data={"sent": "yes"})
    assert answer.status_code == 429
    assert len(mailbox.letters) == 3


def test_looking_changes_nothing_and_the_link_works_until_it_ends(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    link = link_of(mailing, mailbox, claimable)
    client = browser(mailing)
    before = rows(people, "SELECT * FROM claims"), rows(people, "SELECT * FROM assets ORDER BY id")
    for _ in range(3):
        answer = client.get(link)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["cache-control"]
    assert before == (
        rows(people, "SELECT * FROM claims"), rows(people, "SELECT * FROM assets ORDER BY id"),
    )  # fmt: skip
    for website in ("https://one.example", "https://two.example"):
        form = filled(Document(client.get(link).text), website=website)
        assert client.post(link, data=form).status_code == 303
        assert (
            one(people, "SELECT website FROM assets WHERE id = :id", id=people.club_id) == website
        )
    changes = rows(people, "SELECT * FROM asset_changes WHERE acting_as = 'claimant'")
    assert [c.columns for c in changes] == [["website"], ["website"]]
    assert {c.account_id for c in changes} == {None}
    do(people, "UPDATE claims SET expires_at = now()")
    assert client.get(link).status_code == 410
    assert client.post(link, data=form).status_code == 410
    history = people.client().get(f"/assets/{people.club_id}/history").text
    assert "The group itself" in history


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 500])
def test_a_made_up_link(people: People, token: str) -> None:
    for answer in (people.client().get(f"/claims/{token}"),
                   people.client().post(f"/claims/{token}", data={"name": "X"})):  # fmt: skip
        assert answer.status_code == 410


def test_the_link_is_in_no_log(
    people: People, serve: Any, mail_server: Any, mailbox: Mailbox, claimable: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    # Its log goes to where standard error is now.
    app = serve(smtp_url=mail_server[1], mail_from="Patchwork <patchwork@homes.example>")
    link = link_of(app, mailbox, claimable)
    browser(app).get(link)
    said = capfd.readouterr()
    assert "/claims/…" in said.err
    assert link.removeprefix("/claims/") not in said.err + said.out


def test_what_somebody_else_changed_is_asked_about_and_nothing_is_overwritten(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    link = link_of(mailing, mailbox, claimable)
    client = browser(mailing)
    form = filled(
        Document(client.get(link).text), website="https://mine.example", phone="01274 496002"
    )
    change_club(people, "mapper", "mapper", "website = 'https://theirs.example'")
    answer = client.post(link, data=form)
    assert answer.status_code == 409
    page = Document(answer.text)
    assert "https://theirs.example" in page.one("div", class_="pw-task").text
    (row,) = rows(people, "SELECT website, phone FROM assets WHERE id = :id", id=people.club_id)
    assert tuple(row) == ("https://theirs.example", "01274 555 0101")
    again = filled(page)
    assert (again["website"], again["phone"]) == ("https://mine.example", "01274 496002")
    assert client.post(link, data=again | {"keep_website": "theirs"}).status_code == 303
    (row,) = rows(people, "SELECT website, phone FROM assets WHERE id = :id", id=people.club_id)
    assert row.website == "https://theirs.example"
    assert row.phone == "01274 496002"


@pytest.mark.parametrize(
    "since",
    ["email = 'others@club.example'", "email = NULL", "is_contact_public = false",
     "kind = 'informal', location_source = 'ward', ward_code = 'E05001347'"],
)  # fmt: skip
def test_a_link_ends_with_the_address_it_was_sent_to(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str, since: str
) -> None:
    link = link_of(mailing, mailbox, claimable)
    client = browser(mailing)
    form = filled(Document(client.get(link).text), website="https://old.example")
    at = one(people, "SELECT ST_AsText(geom) FROM assets WHERE id = :id", id=people.club_id)
    change_club(people, "mapper", "mapper", since)
    try:
        assert client.get(link).status_code == 410
        assert client.post(link, data=form).status_code == 410
        assert one(people, "SELECT website FROM assets WHERE id = :id", id=people.club_id) is None
    finally:
        do(
            people,
            "UPDATE assets SET kind = 'group', is_contact_public = true, ward_code = NULL,"
            " location_source = 'given', geom = ST_GeomFromText(:at, 4326) WHERE id = :id",
            at=at,
            id=people.club_id,
        )


def test_whoever_corrects_the_address_goes_on_with_their_own_link_only(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    other, link = link_of(mailing, mailbox, claimable), link_of(mailing, mailbox, claimable)
    client = browser(mailing)
    form = filled(Document(client.get(link).text), email="new@club.example")
    saved = client.post(link, data=form).headers["location"]
    assert client.get(saved).status_code == 200
    assert client.get(other).status_code == 410
    form = filled(Document(client.get(link).text), email="")
    assert client.post(link, data=form).headers["location"] == f"/assets/{people.club_id}"
    assert client.get(link).status_code == 410


def test_hostile_and_wrong_words(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    link = link_of(mailing, mailbox, claimable)
    client = browser(mailing)
    form = filled(
        Document(client.get(link).text), name=HOSTILE, phone="ring me", opening_hours="sometimes",
        email="nobody", website="javascript:alert(1)", postcode="BD0",
    )  # fmt: skip
    answer = client.post(link, data=form)
    assert answer.status_code == 422
    page = Document(answer.text)
    assert {a.get("href") for a in page.one("div", id="problems").all("a")} >= {
        "#phone", "#opening_hours", "#email", "#postcode",
    }  # fmt: skip
    assert page.one("input", id="name").get("value") == HOSTILE
    assert "<script>alert" not in answer.text
    assert (
        one(people, "SELECT name FROM assets WHERE id = :id", id=people.club_id)
        == "Riverside Bowls Club"
    )
    form = filled(Document(client.get(link).text), description="A women's refuge")
    assert client.post(link, data=form).status_code == 422


def test_another_postcode_moves_it(
    people: People, mailing: FastAPI, mailbox: Mailbox, claimable: str
) -> None:
    link = link_of(mailing, mailbox, claimable)
    client = browser(mailing)
    at = "SELECT ST_AsText(geom) AS at, postcode FROM assets WHERE id = :id"
    (before,) = rows(people, at, id=people.club_id)
    form = filled(Document(client.get(link).text), postcode="bd1 1hy")
    client.post(link, data=form)
    (first,) = rows(people, at, id=people.club_id)
    assert (first.postcode, first.at) == ("BD1 1HY", before.at), "a first postcode moves no pin"
    do(people, "UPDATE assets SET postcode = 'BD1 1AF' WHERE id = :id", id=people.club_id)
    client.post(link, data=filled(Document(client.get(link).text), postcode="BD1 1HY"))
    (moved,) = rows(people, at, id=people.club_id)
    assert moved.postcode == "BD1 1HY"
    assert moved.at != before.at
    do(
        people,
        "UPDATE assets SET postcode = NULL, location_source = 'given',"
        " geom = ST_GeomFromText(:at, 4326) WHERE id = :id",
        at=before.at, id=people.club_id,
    )  # fmt: skip


def test_without_a_mail_server_on_this_machine_the_link_is_on_the_page(
    people: People, claimable: str, serve: Any
) -> None:
    app = serve()
    here = browser(app).post(claimable, data={"sent": "yes"})
    assert re.search(r"/claims/[\w-]{43}", here.text)
    elsewhere = browser(app, host="patchwork.example").post(claimable, data={"sent": "yes"})
    assert "/claims/" not in elsewhere.text
