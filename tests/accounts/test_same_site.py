"""Only our own pages change anything; a form kept after a sign-out is sent again unharmed."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.accounts.conftest import browser, do, heading, value
from tests.accounts.test_sessions import come_in
from tests.people import People
from tests.web.document import Document

OWN = "http://127.0.0.1:8000"


def rename(
    people: People, headers: dict[str, str], *, who: str | None = "mapper", version: str = "0"
) -> int:
    """Send the form of /account/name with these headers alone; 409 means that it was let in."""
    client = TestClient(people.app, base_url=OWN, follow_redirects=False)
    if who is not None:
        client.cookies.set("patchwork", people.tokens[who])
    fields = {"name": "Changed", "version": version}
    status: int = client.post("/account/name", data=fields, headers=headers).status_code
    return status


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": OWN},
        # Browsers set the first themselves; the second may be missing or made private.
        {"sec-fetch-site": "same-origin", "origin": "null"},
    ],
)
def test_our_own_pages_are_let_in(people: People, headers: dict[str, str]) -> None:
    assert rename(people, headers) in {409, 422}


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # a neighbour's subdomain
        {"sec-fetch-site": "cross-site", "origin": OWN},
        {"sec-fetch-site": ""},
        {"sec-fetch-site": "Same-Origin "},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8001"},
        {"origin": "http://127.0.0.1"},
        {"origin": "http://127.0.0.1:8000.evil.example"},
        {"origin": "http://127.0.0.1:8000@evil.example"},
        {"origin": "http://evil.example/127.0.0.1:8000"},
        {"origin": ""},
        {"referer": OWN + "/account"},
        {},  # a cookie and no word about where it comes from
    ],
)
def test_others_are_not(people: People, headers: dict[str, str]) -> None:
    assert rename(people, headers) == 403
    assert value(people, "SELECT count(*) FROM accounts WHERE name = 'Changed'") == 0


def test_programs_without_a_cookie_are_let_in_and_are_nobody(people: People) -> None:
    assert rename(people, {}, who=None) == 401
    assert rename(people, {"origin": "https://evil.example"}, who=None) == 403


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-in/link", "/sign-in/link/x", "/sign-in/sample", "/sign-out",
             "/invitations/x", "/account/sessions/end"],
)  # fmt: skip
def test_nobody_is_signed_in_or_out_by_another_site(people: People, path: str) -> None:
    client = TestClient(people.app, base_url=OWN, follow_redirects=False)
    answer = client.post(path, data={"email": "a@b.example"},
                         headers={"sec-fetch-site": "cross-site"})  # fmt: skip
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_reading_needs_no_such_headers(people: People) -> None:
    client = TestClient(people.app, base_url=OWN, follow_redirects=False)
    client.cookies.set("patchwork", people.tokens["mapper"])
    for headers in ({}, {"sec-fetch-site": "cross-site"}):
        assert client.get("/account", headers=headers).status_code == 200


# A form page that outlived the session


def fields_of(page: Document, action: str) -> dict[str, str]:
    form = page.one("form", action=action, method="post")
    inputs = [one for one in page.all("input") if _is_inside(one, form)]
    return {one.get("name"): one.get("value") for one in inputs if one.get("name")}


def _is_inside(element: Any, form: Any) -> bool:
    while element is not None and element is not form:
        element = element.parent
    return element is form


def test_what_was_typed_survives_a_sign_out(people: People) -> None:
    client = come_in(people, "mapper@homes.example")
    page = Document(client.get("/account").text)
    typed = fields_of(page, "/account/name") | {"name": "Mo <b>Appleby</b> & Söhne"}
    # Signed out in another tab; the form is sent from the first.
    client.post("/sign-out")
    kept = client.post("/account/name", data=typed)
    assert (kept.status_code, heading(kept)) == (401, "You have been signed out")
    assert "Mo &lt;b&gt;" in kept.text
    assert value(people, "SELECT count(*) FROM accounts WHERE name LIKE 'Mo%'") == 0
    replayed = fields_of(Document(kept.text), "/account/name")
    assert replayed == typed
    # Signed in again in the other tab, then "Save what I typed".
    come_in(people, "mapper@homes.example", client=client)
    assert client.post("/account/name", data=replayed).status_code == 303
    assert value(people, "SELECT name FROM accounts WHERE email LIKE 'mapper@%'") == typed["name"]
    do(people, "UPDATE accounts SET name = 'mapper' WHERE email LIKE 'mapper@%'")


def test_passwords_are_not_kept_on_that_page(people: People) -> None:
    answer = browser(people.app).post(
        "/account/password", data={"password": "old secret", "new_password": "new secret"}
    )
    assert answer.status_code == 401
    assert "secret" not in answer.text


def test_two_people_on_one_browser(people: People) -> None:
    """The second one's session replaces the first's; nothing of the first is theirs."""
    client = come_in(people, "coordinator_a@homes.example")
    (first,) = [one.value for one in client.cookies.jar if one.name == "patchwork"]
    shown = Document(client.get("/sign-in").text)
    assert "You are signed in as coordinator_a" in shown.one("main").text
    come_in(people, "coordinator_b@homes.example", client=client)
    page = client.get("/account")
    assert "coordinator_b" in page.text
    assert "coordinator_a" not in page.text
    assert page.headers["cache-control"] == "private, no-store", "the back button shows nothing"
    # The first one's page, still open in another tab, with the session it came from.
    old = browser(people.app)
    old.cookies.set("patchwork", str(first))
    assert old.get("/account").status_code == 303
    # Sent from there now, it is the second one's doing, and says so: their own account alone.
    version = value(people, "SELECT version FROM accounts WHERE email LIKE 'coordinator_a@%'")
    client.post("/account/name", data={"name": "Typed by the first", "version": str(version + 7)})
    names = "SELECT name FROM accounts WHERE email LIKE 'coordinator_a@%'"
    assert value(people, names) == "coordinator_a"
