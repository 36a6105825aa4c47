"""Signing in by a link: sent, shown, used once, in time, by whoever it is for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from tests.accounts.conftest import Mailbox, Serve, browser, do, heading, link_in, value
from tests.people import People
from tests.web.document import Document

EMAIL = "coordinator_a@homes.example"


def ask(app: FastAPI, email: str = EMAIL, **fields: str) -> str:
    answer = browser(app).post("/sign-in/link", data={"email": email, **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_a_link_signs_in_once(people: People, mailing: FastAPI, mailbox: Mailbox) -> None:
    ask(mailing, next="/residents/BCDFGHJK?x=1")
    letter = mailbox.take()
    assert letter["to"] == EMAIL
    assert letter["from"] == "Patchwork <patchwork@homes.example>"
    assert "BCDFGHJK" not in letter.as_string(), "whoever reads along learns of no resident"
    path = link_in(letter)

    client = browser(mailing)
    # What a mail scanner does, any number of times.
    for _ in range(2):
        shown = client.get(path)
        assert heading(shown) == "Sign in as coordinator_a"
        assert shown.headers["cache-control"] == "no-store"
        assert client.head(path).status_code == 200
    used = client.post(path)
    assert (used.status_code, used.headers["location"]) == (303, "/residents/BCDFGHJK?x=1")
    assert client.get("/account").status_code == 200

    for answer in (browser(mailing).post(path), browser(mailing).get(path)):
        assert answer.status_code == 410
        assert heading(answer) == "This link has been used"
        form = Document(answer.text).one("form", action="/sign-in/link")
        assert "Send me a new link" in form.text
        assert "set-cookie" not in answer.headers


def test_of_two_presses_at_once_one_succeeds(
    people: People, mailing: FastAPI, mailbox: Mailbox
) -> None:
    ask(mailing)
    path = link_in(mailbox.take())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: browser(mailing).post(path).status_code, range(4)))
    assert sorted(answers) == [303, 410, 410, 410]


def test_a_late_link_says_so(people: People, mailing: FastAPI, mailbox: Mailbox) -> None:
    ask(mailing)
    path = link_in(mailbox.take())
    limit = value(people, "SELECT max(expires_at - created_at) FROM sign_in_links")
    assert limit.total_seconds() == 15 * 60
    do(people, "UPDATE sign_in_links SET expires_at = now() - interval '1 second'")
    for answer in (browser(mailing).get(path), browser(mailing).post(path)):
        assert answer.status_code == 410
        assert heading(answer) == "This link is too old"


@pytest.mark.parametrize("token", ["x", "x" * 64, "x" * 65, "x" * 5000, "%00", "%ff"])
def test_a_link_that_never_was(people: People, token: str) -> None:
    for answer in (
        browser(people.app).get(f"/sign-in/link/{token}"),
        browser(people.app).post(f"/sign-in/link/{token}"),
    ):
        assert answer.status_code in {404, 410}
        assert "set-cookie" not in answer.headers


def test_using_one_link_ends_the_others(people: People, mailing: FastAPI, mailbox: Mailbox) -> None:
    ask(mailing)
    first = link_in(mailbox.take())
    ask(mailing)
    second = link_in(mailbox.take())
    assert browser(mailing).post(second).status_code == 303
    assert heading(browser(mailing).get(first)) == "This link has been used"


def test_the_answer_is_the_same_for_nobody(
    people: People, mailing: FastAPI, mailbox: Mailbox
) -> None:
    do(people, "UPDATE accounts SET disabled_at = now() WHERE email = 'editor@homes.example'")
    try:
        said = {
            ask(mailing, email).replace(email, "…")
            for email in (EMAIL, "nobody@homes.example", "editor@homes.example")
        }
        assert len(said) == 1
        assert mailbox.take()["to"] == EMAIL, "the others got no letter"
    finally:
        do(people, "UPDATE accounts SET disabled_at = NULL")


def test_nothing_is_looked_up_before_the_answer(
    people: People, mailing: FastAPI, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time tells nothing, because what differs is done after the answer has left."""
    asked: list[str] = []
    sa.event.listen(
        mailing.state.engine, "before_cursor_execute", lambda *given: asked.append(given[2])
    )
    # What comes after the answer is left out here.
    monkeypatch.setattr("app.accounts.actions.send_link", lambda *_, **__: asked.append("letter"))
    steps = []
    for email in (EMAIL, "nobody@homes.example"):
        asked.clear()
        ask(mailing, email)
        steps.append(list(asked))
    assert steps[0] == steps[1]
    assert steps[0][-1] == "letter"
    assert not any("FROM accounts" in statement for statement in steps[0])


def test_an_account_switched_off_after_the_letter(
    people: People, mailing: FastAPI, mailbox: Mailbox
) -> None:
    ask(mailing)
    path = link_in(mailbox.take())
    do(people, "UPDATE accounts SET disabled_at = now() WHERE email = :email", email=EMAIL)
    try:
        for answer in (browser(mailing).get(path), browser(mailing).post(path)):
            assert (answer.status_code, heading(answer)) == (410, "This link cannot be used")
    finally:
        do(people, "UPDATE accounts SET disabled_at = NULL")


def test_a_mail_server_that_is_away_changes_nothing_on_the_page(
    people: People, serve: Serve, mailing: FastAPI, capfd: pytest.CaptureFixture[str]
) -> None:
    away = serve(smtp_url="smtp://127.0.0.1:9", mail_from="patchwork@homes.example")
    assert ask(away) == ask(mailing)
    logged = capfd.readouterr()
    assert "e-mail not sent" in logged.out + logged.err
    assert EMAIL not in logged.out + logged.err


@pytest.mark.parametrize(
    "email", ["", "x", "a@b", "a b@c.example", "a@c.example\nBcc: d@e.example"]
)
def test_what_is_no_address_is_said_beside_the_field(people: People, email: str) -> None:
    answer = browser(people.app).post("/sign-in/link", data={"email": email, "next": "/wards"})
    assert answer.status_code == 422
    page = Document(answer.text)
    assert "Write your e-mail address" in page.one(id="link-email-error").text
    assert page.all("input", name="next")[0].get("value") == "/wards"


# Without a mail server


def links_on(text: str) -> list[str]:
    return [link for link in Document(text).links() if "/sign-in/link/" in link]


def test_on_this_machine_the_link_is_shown(people: People) -> None:
    (link,) = links_on(ask(people.app))
    assert browser(people.app).post(link).status_code == 303
    assert not links_on(ask(people.app, "nobody@homes.example"))


def test_elsewhere_it_is_in_the_log_alone(
    people: People, serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    public = serve(base_url="https://patchwork.example")
    assert not links_on(ask(public))
    assert "https://patchwork.example/sign-in/link/" in capfd.readouterr().out
    # The settings forgotten, behind a proxy: not this machine either.
    for host, headers in (
        ("patchwork.example", {}),
        ("127.0.0.1:8000", {"x-forwarded-for": "203.0.113.9"}),
    ):
        asked = browser(people.app, host=host).post(
            "/sign-in/link", data={"email": EMAIL}, headers=headers
        )
        assert not links_on(asked.text)


def test_in_a_demonstration_it_is_shown_for_those_made_up(people: People, serve: Serve) -> None:
    demo = serve(base_url="https://demo.example", is_demo=True)
    assert not links_on(ask(demo))
    do(people, "UPDATE accounts SET is_sample = true WHERE email = :email", email=EMAIL)
    try:
        assert links_on(ask(demo))
    finally:
        do(people, "UPDATE accounts SET is_sample = false")


def test_secrets_in_addresses_are_not_logged(
    people: People, serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    own = serve()  # its log goes to where standard error is now
    browser(own).get("/sign-in/link/SECRETSECRET")
    browser(own).get("/invitations/SECRETSECRET")
    logged = capfd.readouterr().err
    assert '"path":"/sign-in/link/…"' in logged
    assert '"path":"/invitations/…"' in logged
    assert "SECRET" not in logged
