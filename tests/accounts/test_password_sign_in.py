"""Signing in with a password, and how often one may be wrong."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from app.accounts import passwords
from tests.accounts.conftest import Serve, browser, do, value
from tests.people import People
from tests.web.document import Document

EMAIL, PASSWORD = "manager_a@homes.example", "eleven quiet herons"
WRONG = "wrong wrong wrong"


@pytest.fixture(autouse=True, scope="module")
def _a_password(people: People) -> None:
    kept = passwords.hash_password(PASSWORD)
    do(people, "UPDATE accounts SET password_hash = :kept WHERE email = :to", kept=kept, to=EMAIL)


def attempt(app: Any, email: str = EMAIL, password: str = PASSWORD, **more: Any) -> httpx.Response:
    fields = {"email": email, "password": password} | more.pop("data", {})
    answer: httpx.Response = browser(app).post("/sign-in", data=fields, **more)
    return answer


def test_a_password_signs_in(people: People) -> None:
    client = browser(people.app)
    answer = client.post(
        "/sign-in", data={"email": " Manager_A@Homes.example ", "password": PASSWORD}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/today")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("patchwork=")
    for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=1209600"):
        assert part in cookie
    assert "Secure" not in cookie
    assert client.get("/account").status_code == 200


def test_over_https_the_cookie_is_held_to_this_host(people: People, serve: Serve) -> None:
    answer = attempt(serve(base_url="https://patchwork.example"))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-patchwork=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "eleven quiet heron"),
        ("nobody@homes.example", PASSWORD),
        ("editor@homes.example", PASSWORD),  # has no password
    ],
)
def test_what_does_not_fit_has_one_answer(people: People, email: str, password: str) -> None:
    before = value(people, "SELECT count(*) FROM audit_log WHERE action = 'sign_in_failed'")
    answer = attempt(people.app, email, password, data={"next": "/wards"})
    assert answer.status_code == 422
    page = Document(answer.text)
    assert page.one(id="password-error").text.endswith(
        "The address or the password is not right. Try again, or ask for a link instead."
    )
    assert page.one("input", id="email").get("value") == email
    assert page.one("input", id="password").get("value") == ""
    assert page.all("input", name="next")[0].get("value") == "/wards"
    assert "set-cookie" not in answer.headers
    entries = "SELECT count(*) FROM audit_log WHERE action = 'sign_in_failed'"
    assert value(people, entries) == before + 1
    assert value(people, "SELECT count(*) FROM audit_log WHERE audit_log::text LIKE '%@%'") == 0


def test_known_and_unknown_take_the_same_steps(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sa.event.listen(
        people.app.state.engine, "before_cursor_execute", lambda *given: steps.append(given[2])
    )
    check = passwords.check_password

    def counted(*given: Any) -> Any:
        steps.append("argon2")
        return check(*given)

    monkeypatch.setattr("app.accounts.passwords.check_password", counted)
    taken = []
    for email in (EMAIL, "nobody@homes.example", "editor@homes.example"):
        steps.clear()
        attempt(people.app, email, "not the password at all")
        taken.append(list(steps))
    assert taken[0] == taken[1] == taken[2]
    assert "argon2" in taken[0]


def test_a_hash_is_checked_even_when_there_is_none() -> None:
    asked: list[str] = []
    kept = passwords.hash_password(PASSWORD)

    class Watching:
        def verify_and_update(self, password: bytes, password_hash: str) -> tuple[bool, None]:
            asked.append(password_hash)
            return True, None

        def hash(self, password: bytes) -> str:
            return kept

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHES", Watching())
        assert passwords.check_password("anything", None) == (False, None)
    assert asked[0].startswith("$argon2id$")


def test_somebody_switched_off_is_nobody(people: People) -> None:
    do(people, "UPDATE accounts SET disabled_at = now() WHERE email = :email", email=EMAIL)
    try:
        assert attempt(people.app).status_code == 422
    finally:
        do(people, "UPDATE accounts SET disabled_at = NULL")


@pytest.mark.parametrize("password", ["\x00" * 20, "\ud800" * 20, "p" * 100_000, "ﬁ" * 400])
def test_strange_passwords_are_wrong_passwords(people: People, password: str) -> None:
    sent = password.encode("utf-8", "surrogatepass")
    answer = attempt(people.app, data={"password": sent})
    assert answer.status_code == 422


# Too many tries


def test_after_five_tries_one_waits_and_is_shown_the_way_out(people: People) -> None:
    for _ in range(5):
        assert attempt(people.app, password=WRONG).status_code == 422
    answer = attempt(people.app)
    assert answer.status_code == 429
    assert 14 * 60 < int(answer.headers["retry-after"]) <= 15 * 60
    page = Document(answer.text)
    assert "Wait 15 minutes. Or use a link" in page.one(id="password-error").text
    assert page.one("input", id="link-email").get("value") == EMAIL
    # The way out is open, and so is the door for everybody else.
    assert browser(people.app).post("/sign-in/link", data={"email": EMAIL}).status_code == 200
    assert attempt(people.app, "manager_b@homes.example", "wrong wrong").status_code == 422


def test_the_wait_ends(people: People) -> None:
    for _ in range(5):
        attempt(people.app, password=WRONG)
    do(people, "UPDATE sign_in_attempts SET attempted_at = attempted_at - interval '14 minutes'")
    refused = attempt(people.app)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) <= 60
    do(people, "UPDATE sign_in_attempts SET attempted_at = attempted_at - interval '1 minute'")
    assert attempt(people.app).status_code == 303


def test_addresses_nobody_has_are_counted_the_same(people: People) -> None:
    codes = [attempt(people.app, "nobody@homes.example").status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_a_success_takes_back_its_own_try_alone(people: People) -> None:
    for _ in range(4):
        attempt(people.app, password=WRONG)
    for _ in range(3):
        assert attempt(people.app).status_code == 303
    # The four wrong ones still count, for the address and for the client.
    assert value(people, "SELECT count(*) FROM sign_in_attempts") == 8
    assert attempt(people.app, password=WRONG).status_code == 422
    assert attempt(people.app).status_code == 429


def test_one_client_may_not_try_everybody(people: People) -> None:
    under = "sha256(convert_to('password client testclient', 'UTF8'))"
    do(
        people,
        f"INSERT INTO sign_in_attempts (counted_under) SELECT {under} FROM generate_series(1, 49)",
    )
    assert attempt(people.app, "one@homes.example").status_code == 422
    assert attempt(people.app, "two@homes.example").status_code == 429
    # A refused try is not counted: the wait does not grow by knocking.
    counted = f"SELECT count(*) FROM sign_in_attempts WHERE counted_under = {under}"
    assert value(people, counted) == 50


def test_tries_of_several_processes_are_counted_together(people: People, serve: Serve) -> None:
    others = [serve(), serve()]
    codes = [attempt(others[n % 2], password=WRONG).status_code for n in range(6)]
    assert codes == [422] * 5 + [429]


def test_links_are_limited_too(people: People) -> None:
    def ask() -> httpx.Response:
        answer: httpx.Response = browser(people.app).post("/sign-in/link", data={"email": EMAIL})
        return answer

    assert [ask().status_code for _ in range(5)] == [200] * 5
    answer = ask()
    assert answer.status_code == 429
    assert "still work" in Document(answer.text).one(id="link-email-error").text
