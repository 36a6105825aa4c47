"""Signing in with an organisation's own account, against a real provider in another process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.accounts.conftest import Serve, browser, do, free_port, heading, value
from tests.conftest import ROOT
from tests.people import People
from tests.web.document import Document

CLIENT_ID, SECRET = "patchwork", "a secret of theirs and ours"
BACK = "http://127.0.0.1:8000/sign-in/oidc/callback"
START_SECONDS = 60


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that is running."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.accounts.provider", str(port), CLIENT_ID, SECRET, BACK],
        cwd=ROOT,
    )
    try:
        yield _when_started(process, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


def _when_started(process: subprocess.Popen[bytes], address: str) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{address}/keys").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
        else:
            return address
    pytest.fail("the provider did not start")


@pytest.fixture
def app(serve: Serve, issuer: str) -> FastAPI:
    return serve(
        oidc_issuer=issuer, oidc_client_id=CLIENT_ID, oidc_client_secret=SECRET,
        oidc_name="Northshire Council",
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _nobody_linked(people: People) -> Iterator[None]:
    yield
    new = "(SELECT id FROM accounts WHERE email LIKE 'new.%')"
    for table in ("identities", "invitations"):
        do(people, f"DELETE FROM {table}")
    for table in ("sign_in_sessions", "memberships"):
        do(people, f"DELETE FROM {table} WHERE account_id IN {new}")
    do(people, "DELETE FROM accounts WHERE email LIKE 'new.%'")
    do(people, "UPDATE accounts SET disabled_at = NULL")


def go(client: TestClient, who: str, next_path: str = "") -> str:
    """Leave for the provider, sign in there as `who`, and return the path one comes back to."""
    left = client.get("/sign-in/oidc", params={"next": next_path})
    assert left.status_code == 303, left.text
    shown = httpx.post(left.headers["location"], data={"who": who})
    assert shown.status_code == 302, shown.text
    assert shown.headers["location"].startswith(BACK)
    return str(shown.headers["location"].removeprefix("http://127.0.0.1:8000"))


def come_back(client: TestClient, who: str, next_path: str = "") -> httpx.Response:
    answer: httpx.Response = client.get(
        go(client, who, next_path), headers={"sec-fetch-site": "cross-site"}
    )
    return answer


def is_in(client: TestClient) -> bool:
    return bool(client.get("/account").status_code == 200)


def test_the_way_there_says_what_it_must(people: People, app: FastAPI, issuer: str) -> None:
    client = browser(app)
    page = Document(client.get("/sign-in?next=/wards").text)
    (button,) = [a for a in page.all("a") if a.text == "Sign in with Northshire Council"]
    left = client.get(button.get("href"))
    place = urlsplit(left.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"{issuer}/authorize"
    assert (asked["response_type"], asked["scope"]) == ("code", "openid email profile")
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", BACK)
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    again = parse_qs(urlsplit(client.get("/sign-in/oidc").headers["location"]).query)
    assert again["state"] != [asked["state"]]
    assert again["nonce"] != [asked["nonce"]]
    cookie = left.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "wards" not in left.headers["location"], "where they go on to is ours to know"


def test_by_a_verified_address_and_then_by_who_they_are(people: People, app: FastAPI) -> None:
    client = browser(app)
    answer = come_back(client, "coordinator", "/wards")
    assert (answer.status_code, answer.headers["location"]) == (303, "/wards")
    assert "coordinator_a" in client.get("/account").text
    assert "with your organisation’s account" in client.get("/account").text
    # A new address changes nothing: the organisation knows them by their subject.
    do(
        people,
        "UPDATE accounts SET email = 'new.name@homes.example' WHERE email ~ '^coordinator_a'",
    )
    try:
        other = browser(app)
        assert come_back(other, "coordinator").headers["location"] == "/today"
        assert "new.name@homes.example" in other.get("/account").text
    finally:
        do(
            people,
            "UPDATE accounts SET email = 'coordinator_a@homes.example' WHERE email ~ '^new.n'",
        )
    # Nor does an account switched off come in through the other door.
    do(people, "UPDATE accounts SET disabled_at = now() WHERE email ~ '^coordinator_a'")
    off = browser(app)
    assert come_back(off, "coordinator").status_code == 403
    assert not is_in(off)


def test_an_open_invitation_makes_an_account(people: People, app: FastAPI) -> None:
    client = browser(app)
    assert come_back(client, "invited").status_code == 403, "not without an invitation"
    assert value(people, "SELECT count(*) FROM accounts WHERE email LIKE 'new.%'") == 0
    people.client("manager_a").post(
        "/people/invitations", data={"email": "new.invited@homes.example", "role": "coordinator"}
    )
    answer = come_back(client, "invited")
    assert (answer.status_code, answer.headers["location"]) == (303, "/today")
    page = client.get("/account").text
    assert "Ina Vited" in page
    assert "activity coordinator of Bowmont House" in page
    assert value(people, "SELECT used_at IS NOT NULL FROM invitations") is True


@pytest.mark.parametrize("who", ["stranger", "unverified", "no-email"])
def test_unknown_people_get_a_page_and_no_account(people: People, app: FastAPI, who: str) -> None:
    before = value(people, "SELECT count(*) FROM accounts")
    client = browser(app)
    answer = come_back(client, who)
    assert (answer.status_code, heading(answer)) == (403, "We do not know you yet")
    assert not is_in(client)
    assert "@" not in answer.text
    assert value(people, "SELECT count(*) FROM accounts") == before
    assert value(people, "SELECT count(*) FROM identities") == 0


@pytest.mark.parametrize(
    "fault",
    ["wrong-nonce", "no-nonce", "wrong-signature", "unsigned", "shared-secret", "expired",
     "wrong-audience", "wrong-issuer", "wrong-access-token", "other-userinfo"],
)  # fmt: skip
def test_tokens_that_cannot_be_trusted(people: People, app: FastAPI, fault: str) -> None:
    client = browser(app)
    answer = come_back(client, fault)
    assert (answer.status_code, heading(answer)) == (403, "You are not signed in")
    assert "could not be trusted" in answer.text
    assert not is_in(client)
    assert value(people, "SELECT count(*) FROM identities") == 0


def test_the_address_may_be_told_at_userinfo(people: People, app: FastAPI) -> None:
    client = browser(app)
    assert come_back(client, "at-userinfo").status_code == 303
    assert "manager_b" in client.get("/account").text


def test_each_answer_is_good_once_in_the_browser_that_asked(people: People, app: FastAPI) -> None:
    client = browser(app)
    path = go(client, "coordinator")
    # Somebody else's browser, led to this address: nobody is signed in as the sender.
    assert browser(app).get(path).status_code == 400
    stranger = browser(app)
    go(stranger, "coordinator")
    assert stranger.get(path).status_code == 400
    assert not is_in(stranger)
    assert client.get(path).status_code == 303
    again = client.get(path)
    assert (again.status_code, heading(again)) == (400, "You are not signed in")


def test_an_answer_that_comes_too_late(people: People, app: FastAPI) -> None:
    client = browser(app)
    path = go(client, "coordinator")
    do(people, "UPDATE organisation_sign_ins SET created_at = now() - interval '10 minutes'")
    assert client.get(path).status_code == 400
    assert not is_in(client)


def test_a_code_does_not_work_for_another_sign_in(people: People, app: FastAPI) -> None:
    """A stolen code is worth nothing: the verifier (PKCE) and the nonce are of this sign-in."""
    thief = browser(app)
    code = parse_qs(urlsplit(go(browser(app), "coordinator")).query)["code"][0]
    own = parse_qs(urlsplit(go(thief, "stranger")).query)["state"][0]
    answer = thief.get("/sign-in/oidc/callback", params={"code": code, "state": own})
    assert answer.status_code == 403
    assert not is_in(thief)


@pytest.mark.parametrize(
    "query", ["", "?state=x", "?code=x", "?state=x&code=x", "?error=access_denied&state=x",
              "?state=" + "x" * 9_000 + "&code=x", "?state=%00&code=%ff"],
)  # fmt: skip
def test_what_was_never_begun(people: People, app: FastAPI, query: str) -> None:
    answer = browser(app).get("/sign-in/oidc/callback" + query)
    assert (answer.status_code, heading(answer)) == (400, "You are not signed in")
    assert "access_denied" not in answer.text


def test_a_provider_that_is_away(people: People, serve: Serve) -> None:
    away = serve(oidc_issuer="http://127.0.0.1:9", oidc_client_id=CLIENT_ID)
    answer = browser(away).get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "cannot be reached just now" in answer.text
    assert "/sign-in" in Document(answer.text).links()


def test_a_provider_that_calls_itself_something_else(
    people: People, serve: Serve, issuer: str
) -> None:
    other = serve(oidc_issuer=issuer + "/", oidc_client_id=CLIENT_ID)
    assert browser(other).get("/sign-in/oidc").status_code == 403


def test_not_offered_unless_set(people: People) -> None:
    client = browser(people.app)
    assert "With your work account" not in client.get("/sign-in").text
    for path in ("/sign-in/oidc", "/sign-in/oidc/callback"):
        assert client.get(path).status_code == 404
