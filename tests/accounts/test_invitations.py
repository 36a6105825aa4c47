"""Invitations: who may invite whom, what a link gives, once, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.accounts.conftest import Mailbox, Serve, browser, do, heading, link_in, value
from tests.people import People
from tests.web.document import Document

NEW = "new.person@homes.example"


@pytest.fixture(autouse=True)
def _nobody_new(people: People) -> Iterator[None]:
    yield
    strangers = "(SELECT id FROM accounts WHERE email LIKE 'new.%')"
    do(people, "DELETE FROM invitations")
    for table in ("sign_in_sessions", "memberships"):
        do(people, f"DELETE FROM {table} WHERE account_id IN {strangers}")
    do(people, "DELETE FROM accounts WHERE email LIKE 'new.%'")


def invite(client: TestClient, email: str = NEW, **fields: str) -> httpx.Response:
    fields = {"email": email, "role": "coordinator"} | fields
    answer: httpx.Response = client.post("/people/invitations", data=fields)
    return answer


def link_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return Document(answer.text).one("input", id="link").get("value")


def held(people: People, email: str = NEW) -> list[tuple[object, ...]]:
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT m.role::text, m.team_id, m.ward_codes FROM memberships m"
                    " JOIN accounts a ON a.id = m.account_id WHERE a.email = :email"
                    " AND m.ended_at IS NULL ORDER BY m.role"), {"email": email},
        ).all()  # fmt: skip
    return [tuple(row) for row in rows]


def test_a_manager_invites_a_coordinator_who_starts_at_once(people: People) -> None:
    link = link_of(invite(people.client("manager_a")))
    client = browser(people.app)
    page = client.get(link)
    assert page.headers["cache-control"] == "no-store"
    said = Document(page.text).one("main").text
    assert f"manager_a invites {NEW} as activity coordinator of Bowmont House" in said
    nameless = client.post(link, data={"name": " ", "password": ""})
    assert nameless.status_code == 422
    weak = client.post(link, data={"name": "Nia New", "password": "short"})
    assert "12 characters" in Document(weak.text).one(id="password-error").text
    assert Document(weak.text).one("input", id="name").get("value") == "Nia New"
    answer = client.post(link, data={"name": "Nia New", "password": "eleven quiet herons"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/today")
    assert held(people) == [("coordinator", people.teams["a"], [])]
    assert client.get("/account").status_code == 200
    signed_in = browser(people.app).post(
        "/sign-in", data={"email": NEW, "password": "eleven quiet herons"}
    )
    assert signed_in.status_code == 303
    for again in (client.get(link), browser(people.app).post(link, data={"name": "Second"})):
        assert (again.status_code, heading(again)) == (410, "This invitation cannot be used")


def test_with_a_mail_server_the_link_goes_to_the_mailbox_alone(
    people: People, mailing: FastAPI, mailbox: Mailbox
) -> None:
    manager = browser(mailing)
    manager.cookies.set("patchwork", people.tokens["manager_a"])
    answer = invite(manager)
    assert not Document(answer.text).all("input", id="link")
    letter = mailbox.take()
    assert letter["to"] == NEW
    assert "as activity coordinator of Bowmont House" in letter.get_content()
    assert browser(mailing).post(link_in(letter), data={"name": "Nia"}).status_code == 303


def test_what_cannot_be_sent_was_not_made(people: People, serve: Serve) -> None:
    away = serve(smtp_url="smtp://127.0.0.1:9", mail_from="patchwork@homes.example")
    manager = browser(away)
    manager.cookies.set("patchwork", people.tokens["manager_a"])
    answer = invite(manager)
    assert answer.status_code == 422
    page = Document(answer.text)
    assert "Nobody was invited" in page.one(id="email-error").text
    assert page.one("input", id="email").get("value") == NEW
    assert value(people, "SELECT count(*) FROM invitations") == 0


def test_of_two_who_press_at_once_one_comes_in(people: People) -> None:
    link = link_of(invite(people.client("manager_a")))
    with ThreadPoolExecutor(3) as pool:
        codes = list(
            pool.map(
                lambda n: browser(people.app).post(link, data={"name": f"N{n}"}).status_code,
                range(3),
            )
        )
    assert sorted(codes) == [303, 410, 410]


def test_seven_days(people: People) -> None:
    link = link_of(invite(people.client("manager_a")))
    limit = value(people, "SELECT expires_at - created_at FROM invitations")
    assert limit.days == 7
    do(people, "UPDATE invitations SET expires_at = now()")
    assert browser(people.app).get(link).status_code == 410
    assert browser(people.app).post(link, data={"name": "Nia"}).status_code == 410


def test_withdrawing(people: People) -> None:
    manager = people.client("manager_a")
    link = link_of(invite(manager))
    page = Document(manager.get("/people").text)
    (form,) = [f for f in page.all("form") if f.get("action").endswith("/withdraw")]
    other, missing = (
        people.client("manager_b").post(path)
        for path in (form.get("action"),
                     "/people/invitations/00000000-0000-4000-8000-000000000000/withdraw")
    )  # fmt: skip
    assert (other.status_code, other.text) == (404, missing.text)
    assert browser(people.app).get(link).status_code == 200
    assert manager.post(form.get("action")).status_code == 303
    assert browser(people.app).post(link, data={"name": "Nia"}).status_code == 410
    assert manager.post(form.get("action")).status_code == 404


def test_inviting_again_replaces_the_first(people: People) -> None:
    first = link_of(invite(people.client("manager_a")))
    second = link_of(invite(people.client("manager_a")))
    assert browser(people.app).get(first).status_code == 410
    assert browser(people.app).get(second).status_code == 200


# Whoever has an account


def test_an_account_that_is_there_accepts_it_itself(people: People) -> None:
    """The inviter sees the link: it must not let them in as somebody else."""
    link = link_of(invite(people.client("manager_a"), "manager_b@homes.example"))
    for client in (browser(people.app), people.client("manager_a")):
        page = client.get(link)
        assert "There is an account for this address already" in page.text
        (button,) = [a for a in Document(page.text).links() if a.startswith("/sign-in?next=")]
        assert button == "/sign-in?next=/invitations/" + link.rpartition("/")[2]
        refused = client.post(link, data={"name": "Not me", "password": "eleven quiet herons"})
        assert "set-cookie" not in refused.headers
        assert refused.status_code == 200
    assert len(held(people, "manager_b@homes.example")) == 1

    theirs = people.client("manager_b")
    assert "Accept" in Document(theirs.get(link).text).one("main").text
    answer = theirs.post(link, headers={"content-type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/today")
    assert {row[1] for row in held(people, "manager_b@homes.example")} == {
        people.teams["a"], people.teams["b"],
    }  # fmt: skip
    assert "for <strong><bdi>Bowmont House" in theirs.get("/account").text
    do(people, "DELETE FROM memberships WHERE account_id = :account AND team_id = :team",
       account=people.accounts["manager_b"], team=people.teams["a"])  # fmt: skip


def test_what_somebody_is_already(people: People) -> None:
    answer = invite(people.client("manager_a"), "coordinator_a@homes.example")
    assert answer.status_code == 422
    said = Document(answer.text).one(id="email-error").text
    assert "They are activity coordinator of Bowmont House already." in said


# Who may invite whom


@pytest.mark.parametrize("role", ["administrator", "editor", "connector", "councillor", "king", ""])
def test_a_manager_gives_nothing_but_the_home_they_manage(people: People, role: str) -> None:
    fields = {"role": role, "team": "Lister Lodge", "team_id": str(people.teams["b"])}
    answer = invite(people.client("manager_a"), NEW, **fields)
    assert answer.status_code == 422
    assert "role" in Document(answer.text).one(id="role-error").get("id")
    assert value(people, "SELECT count(*) FROM invitations") == 0


def test_a_manager_cannot_name_another_home(people: People) -> None:
    invite(people.client("manager_a"), NEW, role="manager", team="Lister Lodge")
    assert value(people, "SELECT team_id FROM invitations") == people.teams["a"]


@pytest.mark.parametrize(
    "who", ["coordinator_a", "connector", "mapper", "councillor", "editor", None]
)
def test_others_invite_nobody(people: People, who: str | None) -> None:
    assert invite(people.client(who)).status_code == (403 if who else 401)
    assert people.client(who).get("/people").status_code == (403 if who else 303)
    assert value(people, "SELECT count(*) FROM invitations") == 0


@pytest.mark.parametrize(
    ("fields", "gives"),
    [
        ({"role": "administrator"}, ("administrator", None, [])),
        ({"role": "editor", "team": "Lister Lodge"}, ("editor", None, [])),
        ({"role": "manager", "team": "lister lodge"}, ("manager", "b", [])),
        ({"role": "coordinator", "team": "Bowmont"}, ("coordinator", "a", [])),
        ({"role": "connector", "team": "City connectors"}, ("connector", "connectors", [])),
        ({"role": "councillor", "wards": "e05001347"}, ("councillor", None, ["E05001347"])),
        ({"role": "mapper", "wards": "City, E05001347,"}, ("mapper", None, ["E05001347"])),
    ],
)
def test_an_administrator_invites_anybody(
    people: People, fields: dict[str, str], gives: tuple[str, str | None, list[str]]
) -> None:
    link = link_of(invite(people.client("administrator"), NEW, **fields))
    assert browser(people.app).post(link, data={"name": "Nia"}).status_code == 303
    role, team, wards = gives
    assert held(people) == [(role, people.teams[team] if team else None, wards)]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"role": "manager"}, "team", "Write the name of the care home."),
        ({"role": "manager", "team": "Nowhere Hall"}, "team", "no care home called “Nowhere Hall”"),
        ({"role": "manager", "team": "City connectors"}, "team", "no care home called"),
        ({"role": "connector", "team": "Lister Lodge"}, "team", "no team of connectors called"),
        ({"role": "connector"}, "team", "Write the name of the team of connectors."),
        ({"role": "councillor"}, "wards", "Write the name or the code of a ward."),
        ({"role": "mapper", "wards": "Atlantis"}, "wards", "no ward called “Atlantis”"),
        ({"role": "mapper", "wards": "x" * 201}, "wards", "too long"),
    ],
)
def test_what_an_administrator_gets_wrong_is_said_beside_the_field(
    people: People, fields: dict[str, str], field: str, sentence: str
) -> None:
    answer = invite(people.client("administrator"), NEW, **fields)
    assert answer.status_code == 422
    page = Document(answer.text)
    assert sentence in page.one(id=f"{field}-error").text
    assert page.one("input", id="email").get("value") == NEW


def test_invitations_are_written_down(people: People) -> None:
    last = value(people, "SELECT coalesce(max(id), 0) FROM audit_log")
    manager = people.client("manager_a")
    link = link_of(invite(manager))
    browser(people.app).post(link, data={"name": "Nia"})
    invite(manager, "new.other@homes.example")
    number = value(people, "SELECT id FROM invitations WHERE used_at IS NULL")
    manager.post(f"/people/invitations/{number}/withdraw")
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT action, account_id, team_id FROM audit_log"
                    " WHERE id > :last AND subject = 'invitations' ORDER BY id"), {"last": last},
        ).all()  # fmt: skip
    mine, team = people.accounts["manager_a"], people.teams["a"]
    new = value(people, "SELECT id FROM accounts WHERE email = :email", email=NEW)
    assert [tuple(row) for row in rows] == [
        ("invite", mine, team),
        ("invitation_accepted", new, team),
        ("invite", mine, team),
        ("invitation_withdrawn", mine, team),
    ]
    assert value(people, "SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%@%'") == 0
