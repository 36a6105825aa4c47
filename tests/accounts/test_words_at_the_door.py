"""Rules without a database: where to go on to, who is at the door, what a good password is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pwdlib import PasswordHash
from starlette.requests import Request

from app.accounts import passwords
from app.accounts.browsers import client_of, device_of, is_at_this_machine, read_networks
from app.accounts.mail import mail_server_of, read_email
from app.accounts.next_page import own_path
from app.errors import BadSetting
from app.main import create_app
from app.settings import Settings


@pytest.fixture(autouse=True)
def people() -> None:
    """No database for these: in place of the folder's."""


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    """Nothing to forget."""


# Where to go on to


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/today",
        "/residents/BCDFGHJK?from=1&to=2",
        "/wards#list",
        "/a//b",
        "/caf%C3%A9",
        "/café",
    ],
)
def test_paths_of_ours_are_gone_on_to(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "today", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r\n/x", "/ /evil.example",
        " //evil.example", "https://evil.example", "https:evil.example", "HTTPS:/evil.example",
        "javascript:alert(1)", "data:text/html,x", "//[", "/\x00", "/\x7f", "/\x85x", "/\ud800",
        "/sign-in", "/sign-in?next=/sign-in", "/sign-out", "/" + "a" * 500, ".//x", "?x", "#x",
    ],
)  # fmt: skip
def test_other_places_are_not(path: str) -> None:
    assert own_path(path) == ""


@given(st.text(max_size=60))
def test_whatever_is_gone_on_to_stays_here(text: str) -> None:
    path = own_path("/" + text)
    assert path == "" or (path[1:2] not in {"/", "\\"} and "\\" not in path)


# Who is at the door


def request(peer: str, forwarded: str | None = None, host: str = "127.0.0.1:8000") -> Request:
    headers = [(b"host", host.encode())]
    if forwarded is not None:
        headers.append((b"x-forwarded-for", forwarded.encode()))
    return Request(
        {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers,
         "client": (peer, 1), "server": ("127.0.0.1", 8000), "scheme": "http"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("203.0.113.9", None, "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "", "203.0.113.9"),  # anybody can write that
        ("10.0.0.1", "198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", "rubbish", "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, rubbish", "10.0.0.0/8", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "10.0.0.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", None, "", "2001:db8:1:2::/64"),
        ("testclient", None, "", "testclient"),
    ],
)
def test_whose_tries_are_counted(
    peer: str, forwarded: str | None, trusted: str, client: str
) -> None:
    assert client_of(request(peer, forwarded), trusted=read_networks(trusted)) == client


def test_this_machine_is_known_by_its_name_and_by_no_proxy() -> None:
    assert is_at_this_machine(request("127.0.0.1"))
    assert is_at_this_machine(request("127.0.0.1", host="localhost:8000"))
    assert not is_at_this_machine(request("127.0.0.1", host="patchwork.example"))
    assert not is_at_this_machine(request("127.0.0.1", forwarded="203.0.113.9"))


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
         "Firefox on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
         " Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on an iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.0", "A browser we do not know"),
        ("", "A browser we do not know"),
        ("<script>" * 2_000, "A browser we do not know"),
    ],
)  # fmt: skip
def test_devices_in_plain_words(agent: str, words: str) -> None:
    assert device_of(agent) == words


# Passwords


@pytest.mark.parametrize(
    "password",
    [
        "eleven quiet herons",
        "Zugspitze 2962 m",
        "correct horse!",
        "наш тихий сад 7",
        "p@5$w-Rd_x9!Q",
    ],
)
def test_good_passwords(password: str) -> None:
    assert _wrong(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "12 characters"), ("short", "12 characters"), ("x" * 11, "12 characters"),
        ("shah is my name", "Leave your name"), ("PRIYA-forever-99", "Leave your name"),
        ("the patchwork one", "Leave your name"), ("p.shah@homes.example", "Leave your name"),
        ("aaaaaaaaaaaa", "one of the first"), ("abababababab", "one of the first"),
        ("abcdefghijklmnop", "one of the first"), ("password1234", "one of the first"),
        ("qwertyqwerty", "one of the first"), ("123456789012", "one of the first"),
        ("zyxwvutsrqponm", "one of the first"), ("Password12345", "one of the first"),
    ],
)  # fmt: skip
def test_passwords_too_easy_to_guess(password: str, why: str) -> None:
    assert why in str(_wrong(password))


def _wrong(password: str) -> str | None:
    return passwords.what_is_wrong_with(
        password, name="Priya Shah", email="p.shah@homes.example", service="Patchwork"
    )


def test_two_ways_to_write_a_letter_are_one_password() -> None:
    kept = passwords.hash_password("crème brûlée and tea")
    assert kept.startswith("$argon2id$")
    assert passwords.check_password("cre\u0300me bru\u0302le\u0301e and tea", kept) == (True, None)
    assert passwords.check_password("creme brulee and tea", kept) == (False, None)


def test_an_older_hash_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = passwords.hash_password("eleven quiet herons")
    monkeypatch.setattr(passwords, "_HASHES", PasswordHash.recommended())
    is_right, newer = passwords.check_password("eleven quiet herons", kept)
    assert is_right
    assert newer is not None
    assert newer.split("$")[3] == "m=65536,t=3,p=4"


# Settings


@pytest.mark.parametrize(
    ("email", "read"),
    [
        ("A.B+c@Homes.Example", "a.b+c@homes.example"), (" a@b.example ", "a@b.example"),
        ("a@b", None), ("@b.example", None), ("a@@b.example", None), ("a b@c.example", None),
        ("a@b.example\nx", None), ("a@" + "b" * 64 + ".example", None), ("ä@b.example", None),
        ("a" * 65 + "@b.example", None), ("a@" + "b.example." * 30, None),
    ],
)  # fmt: skip
def test_addresses(email: str, read: str | None) -> None:
    assert read_email(email) == read


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"smtp_url": "mail.example:587", "mail_from": "a@b.example"}, "PATCHWORK_SMTP_URL must"),
        ({"smtp_url": "smtp://x:y@z:port", "mail_from": "a@b.example"}, "PATCHWORK_SMTP_URL must"),
        ({"smtp_url": "smtp://mail.example"}, "PATCHWORK_MAIL_FROM must"),
        (
            {"oidc_issuer": "http://sso.example", "oidc_client_id": "x"},
            "PATCHWORK_OIDC_ISSUER must",
        ),
        ({"oidc_issuer": "https://sso.example"}, "needs PATCHWORK_OIDC_CLIENT_ID"),
        ({"trusted_proxies": "the proxy"}, "PATCHWORK_TRUSTED_PROXIES must"),
    ],
)
def test_a_setting_that_makes_no_sense_is_said_at_the_start(
    values: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadSetting, match=sentence):
        create_app(Settings().model_copy(update=values))


def test_what_a_mail_server_setting_says() -> None:
    settings = Settings().model_copy(
        update={"smtp_url": "smtps://me:p%40ss@mail.example", "mail_from": "X <x@y.example>"}
    )
    server = mail_server_of(settings)
    assert server is not None
    assert (server.host, server.port, server.user) == ("mail.example", 465, "me")
    assert server.password == "p@ss"  # noqa: S105 - made up
