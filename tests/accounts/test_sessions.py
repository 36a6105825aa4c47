"""Sessions: how they begin, change, run out, and end at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.accounts.tokens import digest_of
from app.models import Account
from tests.accounts.conftest import browser, do, value
from tests.people import People, sign_in
from tests.web.document import Document

EMAIL = "coordinator_a@homes.example"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile/15E148 Safari/604.1"


def come_in(people: People, email: str = EMAIL, client: TestClient | None = None) -> TestClient:
    """Sign in by a link, shown on this machine."""
    client = client or browser(people.app)
    shown = Document(client.post("/sign-in/link", data={"email": email}).text)
    (link,) = [path for path in shown.links() if "/sign-in/link/" in path]
    assert client.post(link).status_code == 303
    return client


def token_of(client: TestClient) -> str:
    (cookie,) = [one for one in client.cookies.jar if one.name == "patchwork"]
    return str(cookie.value)


def is_in(client: TestClient) -> bool:
    status = client.get("/account").status_code
    assert status in {200, 303}
    return bool(status == 200)


def with_token(people: People, token: str) -> TestClient:
    client = browser(people.app)
    client.cookies.set("patchwork", token)
    return client


@pytest.fixture(autouse=True)
def _only_these_sessions(people: People) -> Iterator[None]:
    yield
    do(people, "DELETE FROM sign_in_sessions WHERE way <> ''")


def test_each_sign_in_has_a_token_of_its_own_and_ends_the_last(people: People) -> None:
    client = come_in(people)
    first = token_of(client)
    come_in(people, client=client)
    second = token_of(client)
    assert first != second
    assert not is_in(with_token(people, first)), "the token before is worth nothing"
    assert is_in(client)
    kept = value(people, "SELECT count(*) FROM sign_in_sessions WHERE digest = :digest",
                 digest=digest_of(second))  # fmt: skip
    assert kept == 1
    assert value(people, "SELECT count(*) FROM sign_in_sessions WHERE digest = :token",
                 token=second.encode()) == 0  # fmt: skip


def test_a_token_brought_along_is_not_taken_over(people: People) -> None:
    """Somebody who plants a cookie before the sign-in knows nothing afterwards."""
    client = browser(people.app)
    client.cookies.set("patchwork", "planted-planted-planted", domain="127.0.0.1")
    come_in(people, client=client)
    assert not is_in(with_token(people, "planted-planted-planted"))


def test_twelve_idle_hours_and_fourteen_days_are_the_ends(people: People) -> None:
    client = come_in(people)
    mine = "WHERE way = 'link'"
    assert value(people, f"SELECT expires_at - created_at FROM sign_in_sessions {mine}").days == 14
    do(people, f"UPDATE sign_in_sessions SET last_seen_at = now() - interval '11:59' {mine}")
    assert is_in(client)
    age = value(people, f"SELECT now() - last_seen_at FROM sign_in_sessions {mine}")
    assert age.total_seconds() < 60, "being used starts the hours anew"
    do(people, f"UPDATE sign_in_sessions SET last_seen_at = now() - interval '12:01' {mine}")
    assert not is_in(client)
    do(people, f"UPDATE sign_in_sessions SET last_seen_at = now() {mine}")
    assert is_in(client)
    do(people, f"UPDATE sign_in_sessions SET expires_at = now() {mine}")
    assert not is_in(client)


@pytest.mark.parametrize("token", ["x", "x" * 64, "x" * 65, "é" * 10, '"', "a; b"])
def test_cookies_of_no_session(people: People, token: str) -> None:
    headers = {"cookie": f"patchwork={token}".encode()}
    answer = browser(people.app).get("/account", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Faccount")


def test_signing_out(people: People) -> None:
    client = come_in(people)
    token = token_of(client)
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?signed_out=yes")
    assert 'patchwork=""' in answer.headers["set-cookie"]
    assert "You are signed out" in client.get("/sign-in?signed_out=yes").text
    assert not is_in(with_token(people, token))
    # Once more, from a page that stayed open.
    assert client.post("/sign-out").status_code == 303


def test_one_device_signs_out_another(people: People) -> None:
    laptop = come_in(people)
    phone = come_in(people, client=browser(people.app, agent=PHONE))
    page = Document(laptop.get("/account").text)
    rows = [row.text for row in page.all("li", class_="pw-item")]
    here = [row for row in rows if row.startswith("Firefox on Android: this device")]
    there = [row for row in rows if row.startswith("Safari on an iPhone Signed in today at")]
    assert len(here) == len(there) == 1
    assert "by a link" in there[0]
    number = value(people, "SELECT id FROM sign_in_sessions WHERE device LIKE '%iPhone'")
    assert laptop.post(f"/account/sessions/{number}/end").status_code == 303
    assert is_in(laptop)
    assert not is_in(phone)
    assert laptop.post(f"/account/sessions/{number}/end").status_code == 404


def test_nobody_ends_the_session_of_somebody_else(people: People) -> None:
    come_in(people)
    number = value(people, "SELECT id FROM sign_in_sessions WHERE way = 'link'")
    answers = [
        people.client("coordinator_b").post(f"/account/sessions/{one}/end")
        for one in (number, "00000000-0000-4000-8000-000000000000")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert value(people, "SELECT count(*) FROM sign_in_sessions WHERE way = 'link'") == 1


def test_signing_out_everywhere(people: People) -> None:
    here, there = come_in(people), come_in(people)
    page = browser(people.app).post("/sign-in/link", data={"email": EMAIL})
    (link,) = [path for path in Document(page.text).links() if "/sign-in/link/" in path]
    answer = here.post("/account/sessions/end")
    assert answer.headers["location"] == "/sign-in?signed_out=yes"
    assert not is_in(here)
    assert not is_in(there)
    assert browser(people.app).post(link).status_code == 410, "links on their way end too"
    # The module's own session of that person went with them.
    with Session(people.engine) as session:
        account = session.get_one(Account, people.accounts["coordinator_a"])
        people.tokens["coordinator_a"] = sign_in(session, account)
        session.commit()


def test_disabling_an_account_ends_access_at_once(people: People) -> None:
    client = come_in(people)
    do(people, "UPDATE accounts SET disabled_at = now() WHERE email = :email", email=EMAIL)
    try:
        assert not is_in(client)
        assert client.post("/account/name", data={"name": "X", "version": "1"}).status_code == 401
        assert value(people, "SELECT name FROM accounts WHERE email = :email", email=EMAIL) != "X"
    finally:
        do(people, "UPDATE accounts SET disabled_at = NULL")


@pytest.fixture
def in_both_homes(people: People) -> Iterator[dict[str, object]]:
    """The coordinator of home A works in home B too."""
    both: dict[str, object] = {
        "account": people.accounts["coordinator_a"], "team": people.teams["b"],
    }  # fmt: skip
    do(
        people,
        "INSERT INTO memberships (account_id, role, team_id)"
        " VALUES (:account, 'coordinator', :team)",
        **both,
    )
    yield both
    do(people, "DELETE FROM memberships WHERE team_id = :team AND account_id = :account", **both)


def test_switching_between_teams_is_one_tap(
    people: People, in_both_homes: dict[str, object]
) -> None:
    client = come_in(people)
    page = Document(client.get("/account").text)
    assert "for Bowmont House Change" in page.one(class_="pw-whose").text
    (form,) = page.all("form", action="/account/team")
    chosen = form.children[0].get("value")
    assert chosen == str(people.teams["b"])
    answer = client.post("/account/team", data={"team": chosen})
    assert (answer.status_code, answer.headers["location"]) == (303, "/today")
    assert "for <strong><bdi>Lister Lodge" in client.get("/account").text
    # This device alone: elsewhere they still work in the other.
    assert "for <strong><bdi>Bowmont House" in come_in(people).get("/account").text
    # A membership that has ended is left at once.
    ended = (
        "UPDATE memberships SET ended_at = now() WHERE team_id = :team AND account_id = :account"
    )
    do(people, ended, **in_both_homes)
    assert "Lister Lodge" not in client.get("/account").text


@pytest.mark.parametrize("team", ["b", "x", ""])
def test_no_team_but_ones_own(people: People, team: str) -> None:
    wanted = {"b": str(people.teams["b"])}.get(team, team)
    answer, missing = (
        people.client("coordinator_a").post("/account/team", data={"team": one})
        for one in (wanted, "00000000-0000-4000-8000-000000000000")
    )
    assert (answer.status_code, answer.text) == (404, missing.text)


# Name and password


def test_changing_ones_name(people: People) -> None:
    client = come_in(people, "mapper@homes.example")
    page = Document(client.get("/account").text)
    version = page.one("input", name="version").get("value")
    assert client.post("/account/name", data={"name": " ", "version": version}).status_code == 422
    answer = client.post("/account/name", data={"name": "Mo  Appleby", "version": version})
    assert answer.headers["location"] == "/account?done=name"
    assert "Your name is changed" in client.get("/account?done=name").text
    assert value(people, "SELECT name FROM accounts WHERE email LIKE 'mapper@%'") == "Mo Appleby"
    late = client.post("/account/name", data={"name": "Somebody else", "version": version})
    assert late.status_code == 409
    assert value(people, "SELECT name FROM accounts WHERE email LIKE 'mapper@%'") == "Mo Appleby"


def test_setting_and_changing_a_password(people: People) -> None:
    email = "editor@homes.example"
    client, other = come_in(people, email), come_in(people, email)
    weak = client.post("/account/password", data={"new_password": "editor editor"})
    assert weak.status_code == 422
    assert "Leave your name" in Document(weak.text).one(id="new_password-error").text
    first, second = "eleven quiet herons", "twelve noisy geese"
    answer = client.post("/account/password", data={"new_password": first})
    assert answer.headers["location"] == "/account?done=password"
    assert is_in(client)
    assert not is_in(other), "whoever knew the way in is out"
    # An hour later the old one is asked for.
    do(people, "UPDATE sign_in_sessions SET created_at = now() - interval '1 hour'")
    page = Document(client.get("/account").text)
    assert page.one("input", id="password").get("autocomplete") == "current-password"
    assert page.one("input", id="new_password").get("autocomplete") == "new-password"
    wrong = client.post("/account/password", data={"password": second, "new_password": second})
    assert "That is not your password now" in Document(wrong.text).one(id="password-error").text
    right = client.post("/account/password", data={"password": first, "new_password": second})
    assert right.status_code == 303
    signed_in = browser(people.app).post("/sign-in", data={"email": email, "password": second})
    assert signed_in.status_code == 303
    # Forgotten: a link, and then without the old one.
    fresh = come_in(people, email)
    assert not Document(fresh.get("/account").text).all("input", id="password")
    assert fresh.post("/account/password", data={"new_password": first}).status_code == 303
    do(people, "UPDATE accounts SET password_hash = NULL")


def test_an_open_page_is_no_place_to_guess_a_password(people: People) -> None:
    do(people, "UPDATE accounts SET password_hash = 'x' WHERE email = :email", email=EMAIL)
    client = people.client("coordinator_a")
    fields = {"password": "wrong", "new_password": "eleven quiet herons"}
    codes = [client.post("/account/password", data=fields).status_code for _ in range(6)]
    do(people, "UPDATE accounts SET password_hash = NULL")
    assert codes == [422] * 5 + [429]


# What is written down


def test_signing_in_and_out_is_in_the_audit_log(people: People) -> None:
    last = value(people, "SELECT coalesce(max(id), 0) FROM audit_log")
    client = come_in(people)
    client.post("/sign-out")
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT action, account_id, subject, database_role FROM audit_log"
                    " WHERE id > :last ORDER BY id"), {"last": last},
        ).all()  # fmt: skip
    mine = people.accounts["coordinator_a"]
    assert [tuple(row) for row in rows] == [
        ("sign_in", mine, "accounts", "patchwork_app"),
        ("sign_out", mine, "accounts", "patchwork_app"),
    ]


def test_roles_are_said_in_plain_words(people: People) -> None:
    for who, words in (
        ("coordinator_a", "activity coordinator of Bowmont House."),
        ("connector", "community connector of City connectors."),
        ("councillor", "councillor for"),
        ("administrator", "administrator."),
    ):
        assert words in Document(people.client(who).get("/account").text).one("main").text
