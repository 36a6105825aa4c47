"""However somebody writes a private address, not one connection is made."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import NotFetched
from app.fetching.addresses import is_public
from app.fetching.client import Fetcher, checked_address
from tests.fetching.conftest import Serve, Server, answer

STRICT = Fetcher("Patchwork/0.1", whole_s=5.0)

# {port} is where our own server listens: any connection to it would be seen.
SPELLINGS = (
    Path(__file__).with_name("private_addresses.txt").read_text(encoding="utf-8").splitlines()
)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Refuse every connection of this test, and note where it would have gone."""
    tried: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    return tried


@pytest.fixture(scope="module")
def listening() -> Iterator[Server]:
    server = Server(lambda to, _: to.sendall(answer(b"reached")))
    yield server
    server.close()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_private_address_opens_a_connection(
    listening: Server, connected: list[Any], spelling: str
) -> None:
    with pytest.raises(NotFetched) as caught:
        STRICT.get(spelling.format(port=listening.port))
    assert connected == []
    assert listening.connections == 0
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "Error" not in sentence


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1\r\n:80/", "http://a.example/\tb", "http://a.example/\x00",
            "http://a.example/\ud800", "http://\u00ad/", "http://a.example/" + "x" * 3000,
            "http://" + "a" * 64 + ".example/", "http://xn--/", "http://-.example:80:80/"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_sentence(connected: list[Any], url: str) -> None:
    with pytest.raises(NotFetched):
        STRICT.get(url)
    assert connected == []


def test_the_guard_would_see_a_connection(listening: Server, connected: list[Any]) -> None:
    ours = Fetcher("x", (ipaddress.ip_network("127.0.0.0/8"),), whole_s=5.0)
    with pytest.raises(NotFetched, match="does not answer at this address"):
        ours.get(listening.url)
    assert connected == [("127.0.0.1", listening.port)]


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.2:{port}/x", "//127.0.0.2:{port}/", "http://0x7f.2:{port}/",
     "http://2130706434:{port}/", "http://[::ffff:127.0.0.2]:{port}/",
     "http://me:pw@127.0.0.2:{port}/", "http://10.1.2.3/", "http://[::1]/", "http://[",
     "http://169.254.169.254/", "file:///etc/passwd", "gopher://127.0.0.1/", "//127.0.0.1:22/",
     "\\\\127.0.0.2\\x", "javascript:alert(1)"],
)  # fmt: skip
def test_a_redirect_is_judged_as_the_first_address_was(location: str) -> None:
    # Of this machine only the one address is allowed: the way on to the other is not.
    ours = Fetcher("x", (ipaddress.ip_network("127.0.0.1/32"),), whole_s=5.0)
    secret = Server(lambda to, _: to.sendall(answer(b"secret")), "127.0.0.2")
    to_it = answer(b"", f"location: {location.format(port=secret.port)}", status="302 Found")
    first = Server(lambda to, _: to.sendall(to_it))
    try:
        with pytest.raises(NotFetched, match=r"sends on to|not on the public internet"):
            ours.get(first.url)
        assert (first.connections, secret.connections) == (1, 0)
    finally:
        first.close()
        secret.close()


class Names:
    """A resolver of our own at the socket's level, that counts how often it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host[:1].isdigit():
            # An address already: no resolver asks anybody about it.
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "",
             (one, port))
            for one in found
        ]  # fmt: skip


@pytest.mark.parametrize(
    "found", [["93.184.216.34", "10.0.0.1"], ["10.0.0.1", "93.184.216.34"],
              ["93.184.216.34", "::1"], ["93.184.216.34", "::ffff:10.0.0.1"], ["fe80::1%eth0"]],
)  # fmt: skip
def test_a_name_that_means_a_private_address_too_is_refused(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any], found: list[str]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(found))
    with pytest.raises(NotFetched, match="not on the public internet"):
        STRICT.get("http://feeds.example/")
    assert connected == []


def test_a_name_is_resolved_once_and_that_address_is_used(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    # The second time it would lead to a machine of ours.
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    with pytest.raises(NotFetched):
        STRICT.get("http://feeds.example/")
    assert names.asked == ["feeds.example"]
    assert [address[0] for address in connected] == ["93.184.216.34"]


def test_host_and_certificate_are_held_to_the_name(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, fetcher: Fetcher
) -> None:
    server = serve(answer(b"hello"))
    monkeypatch.setattr(socket, "getaddrinfo", Names(["127.0.0.1"]))
    fetcher.get(f"http://Feeds.Example:{server.port}/a?b=c")
    head = server.asked[0].split(b"\r\n")
    assert head[0] == b"GET /a?b=c HTTP/1.1"
    assert f"host: feeds.example:{server.port}".encode() in [line.lower() for line in head]
    # The first thing said over TLS names the host, not the address.
    secure = serve(b"")
    with pytest.raises(NotFetched):
        fetcher.get(f"https://feeds.example:{secure.port}/")
    assert b"feeds.example" in secure.asked[0]


def test_a_calendars_own_scheme_means_https() -> None:
    assert checked_address(" webcal://a.example/x.ics ") == "https://a.example/x.ics"
    assert checked_address("WEBCALS://a.example/x") == "https://a.example/x"


@pytest.mark.parametrize(
    ("text", "is_ours"),
    [("93.184.216.34", True), ("2606:2800:220:1::1", True), ("64:ff9b::5db8:d822", True),
     ("64:ff9b::a00:1", False), ("::ffff:93.184.216.34", True), ("::ffff:10.0.0.1", False),
     ("2002:5db8:d822::", False), ("2001:db8::1", False), ("3fff::1", False), ("4000::1", False),
     ("100::1", False), ("192.88.99.1", False), ("0.1.2.3", False)],
)  # fmt: skip
def test_what_is_public(text: str, is_ours: bool) -> None:
    assert is_public(ipaddress.ip_address(text)) is is_ours
