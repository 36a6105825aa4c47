"""What comes back is limited in time and size, and no answer is a traceback."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from app.errors import BadSetting, NotFetched
from app.fetching.client import Fetcher
from app.settings import Settings
from tests.fetching.conftest import Serve, answer

ROOT = Path(__file__).resolve().parents[2]
TEXT = b"BEGIN:VCALENDAR\r\n" * 50


def test_what_is_there_comes_back(serve: Serve, fetcher: Fetcher) -> None:
    server = serve(
        answer(TEXT, "content-type: Text/Calendar; charset=utf-8", 'etag: "a1"',
               "last-modified: Fri, 27 Nov 2026 01:00:00 GMT")
    )  # fmt: skip
    got = fetcher.get(server.url, media_types=["text/calendar"])
    assert (got.content, got.media_type, got.etag) == (TEXT, "text/calendar", '"a1"')
    assert got.last_modified == "Fri, 27 Nov 2026 01:00:00 GMT"
    assert got.is_unchanged is False
    asked = server.asked[0].lower()
    assert b"user-agent: patchwork/0.1 (+https://patch.example/about)" in asked
    assert b"accept: text/calendar, */*;q=0.1" in asked


def test_what_has_not_changed_is_not_sent_again(serve: Serve, fetcher: Fetcher) -> None:
    def only_if_new(to: socket.socket, asked: bytes) -> None:
        is_known = b'if-none-match: "a1"' in asked.lower()
        to.sendall(answer(b"", status="304 Not Modified") if is_known else answer(TEXT))

    server = serve(only_if_new)
    assert fetcher.get(server.url, etag='"a1"').is_unchanged
    assert not fetcher.get(server.url, etag='"b2"').is_unchanged
    fetcher.get(server.url, last_modified="Fri, 27 Nov 2026 01:00:00 GMT")
    assert b"if-modified-since: fri, 27 nov 2026" in server.asked[-1].lower()


def test_redirects_are_followed_and_counted(serve: Serve, fetcher: Fetcher) -> None:
    there = serve(answer(b"there"))
    first = serve(answer(b"", f"location: {there.url}", status="301 Moved"))
    got = fetcher.get(first.url)
    assert (got.content, got.url) == (b"there", there.url)
    loop = serve(answer(b"", "location: /again", status="307 Temporary"))
    with pytest.raises(NotFetched, match="from address to address"):
        fetcher.get(loop.url)
    assert loop.connections == 6


def _packed(kind: str) -> bytes:
    if kind == "gzip":
        return gzip.compress(TEXT)
    if kind == "members":
        return gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])
    if kind == "garbage":
        return gzip.compress(TEXT) + b"\x00garbage"
    bare = zlib.compressobj(wbits=-15)
    return bare.compress(TEXT) + bare.flush() if kind == "bare" else zlib.compress(TEXT)


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("gzip", "gzip"), ("gzip", "X-GZip"), ("members", "gzip"), ("garbage", "gzip"),
     ("zlib", "deflate"), ("bare", "deflate")],
)  # fmt: skip
def test_packed_answers_are_unpacked(
    serve: Serve, fetcher: Fetcher, kind: str, encoding: str
) -> None:
    server = serve(answer(_packed(kind), f"content-encoding: {encoding}"))
    assert fetcher.get(server.url).content == TEXT


@pytest.mark.parametrize("chunk", ["chunked", "close"])
def test_every_way_of_saying_where_it_ends(serve: Serve, fetcher: Fetcher, chunk: str) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(TEXT), TEXT) if chunk == "chunked" else TEXT
    header = ["transfer-encoding: chunked"] if chunk == "chunked" else []
    server = serve(answer(body, *header, length=False))
    assert fetcher.get(server.url).content == TEXT


@pytest.mark.parametrize(
    "sent",
    [
        answer(b"x" * 2001),
        answer(b"x" * 2001, length=False),
        answer(b"", "content-length: 99999999999999999999", length=False),
        answer(gzip.compress(b"x" * 2001), "content-encoding: gzip"),
    ],
)
def test_more_than_is_allowed_is_not_read(serve: Serve, fetcher: Fetcher, sent: bytes) -> None:
    with pytest.raises(NotFetched, match="more than 2,000 bytes"):
        fetcher.get(serve(sent).url, most_bytes=2_000)


def test_exactly_what_is_allowed_is_read(serve: Serve, fetcher: Fetcher) -> None:
    for sent in (answer(b"x" * 2000), answer(gzip.compress(b"x" * 2000), "content-encoding: gzip")):
        assert len(fetcher.get(serve(sent).url, most_bytes=2_000).content) == 2_000


ODD = {
    "nothing": b"",
    "no http": b"220 mail.example ESMTP\r\n",
    "http 0.9": b"<html>hello</html>",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "bad length": answer(b"x", "content-length: many", length=False),
    "negative length": answer(b"x", "content-length: -5", length=False),
    "two lengths": answer(b"xyz", "content-length: 1", "content-length: 3", length=False),
    "arabic length": answer(b"x", "content-length: \u00b2", length=False),
    "too short": answer(b"x", "content-length: 50", length=False),
    "bad chunk": answer(b"zz\r\nx\r\n", "transfer-encoding: chunked", length=False),
    "unknown coding": answer(b"x", "transfer-encoding: gzip", length=False),
    "folded": b"HTTP/1.1 200 OK\r\na: b\r\n c\r\nx y: z\r\n\r\n",
    "huge head": b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 300_000 + b"\r\n\r\n",
    "nul in head": b"HTTP/1.1 200 OK\r\na: \x00\r\n\r\n",
    "status 999999": b"HTTP/1.1 999999 OK\r\n\r\n",
    "no gzip": answer(b"not packed", "content-encoding: gzip"),
    "half a gzip": answer(gzip.compress(TEXT)[:-9], "content-encoding: gzip"),
    "packed twice": answer(gzip.compress(gzip.compress(TEXT)), "content-encoding: gzip, gzip"),
    "brotli": answer(b"x", "content-encoding: br"),
    "odd location": answer(b"", "location: http://\xff\xfe:x/", status="302 Found"),
    "empty location": answer(b"", "location:", status="302 Found"),
    "204": answer(b"", status="204 No Content"),
    "206": answer(b"x", status="206 Partial"),
    "300": answer(b"x", status="300 Choices"),
    "switching": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_is_a_sentence(serve: Serve, fetcher: Fetcher, name: str) -> None:
    with pytest.raises(NotFetched) as caught:
        fetcher.get(serve(ODD[name]).url)
    assert str(caught.value).endswith(".")
    assert "Error" not in str(caught.value)


def test_odd_marks_are_left_out_and_others_can_be_sent_back(serve: Serve, fetcher: Fetcher) -> None:
    assert fetcher.get(serve(answer(b"x", "etag: " + "e" * 501)).url).etag is None
    odd = fetcher.get(serve(answer(b"x", "etag: \xe9\xff")).url).etag
    again = serve(answer(b"x"))
    fetcher.get(again.url, etag=odd)
    assert odd is None or b"if-none-match: \xe9\xff" in again.asked[0].lower() or odd.isprintable()


@pytest.mark.parametrize(
    ("status", "said"),
    [("401 x", "password"), ("403 x", "does not let us"), ("404 x", "nothing at this address"),
     ("410 x", "gone for good"), ("429 x", "too often"), ("500 x", "fault on its side"),
     ("418 x", "418: check the address")],
)  # fmt: skip
def test_refusals_are_said_in_plain_words(
    serve: Serve, fetcher: Fetcher, status: str, said: str
) -> None:
    with pytest.raises(NotFetched, match=said):
        fetcher.get(serve(answer(b"", status=status)).url)


def test_another_type_is_refused(serve: Serve, fetcher: Fetcher) -> None:
    page = serve(answer(b"<html>", "content-type: text/html"))
    with pytest.raises(NotFetched, match=r"something else .*text/html, not text/calendar"):
        fetcher.get(page.url, media_types=["text/calendar"])
    for header in ("x: y", "content-type: application/octet-stream"):
        assert fetcher.get(serve(answer(b"x", header)).url, media_types=["text/calendar"]).content


@pytest.mark.parametrize("where", ["head", "body", "redirects", "informing", "silent"])
def test_a_server_that_takes_for_ever_is_left(serve: Serve, where: str) -> None:
    def drip(to: socket.socket, _: bytes) -> None:
        if where == "silent":
            server.wait(20)
            return
        if where == "redirects":
            server.wait(0.3)
            to.sendall(answer(b"", "location: /next", status="302 Found"))
            return
        if where == "informing":
            while not server.wait(0.05):
                to.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            return
        start = b"HTTP/1.1 200 OK\r\nx: " if where == "head" else answer(b"", length=False)
        to.sendall(start)
        while not server.wait(0.05):
            to.sendall(b"y")

    server = serve(drip)
    started = time.monotonic()
    hurried = Fetcher("x", Fetcher.of(Settings(fetch_allowed="127.0.0.0/8")).allowed, whole_s=0.8)
    with pytest.raises(NotFetched, match=r"took too long"):
        hurried.get(server.url)
    assert time.monotonic() - started < 3


BOMB = """
import resource, sys, time
from app.errors import NotFetched
from app.fetching.client import Fetcher
from app.settings import Settings
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.monotonic()
try:
    Fetcher.of(Settings(fetch_allowed="127.0.0.0/8")).get(sys.argv[1])
except NotFetched as error:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{time.monotonic() - started:.2f} {used // 1024} {error}")
"""


def test_a_bomb_is_small_and_quick(serve: Serve) -> None:
    # 10 GB of nothing, packed to 10 MB: ten thousand members of a million zeros.
    member = gzip.compress(bytes(1_000_000), compresslevel=9)

    def bomb(to: socket.socket, _: bytes) -> None:
        to.sendall(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n")
        for _n in range(10_000):
            to.sendall(member)

    server = serve(bomb)
    done = subprocess.run(
        [sys.executable, "-c", BOMB, server.url], capture_output=True, text=True, check=True,
        cwd=ROOT,
    )  # fmt: skip
    seconds, megabytes, sentence = done.stdout.split(" ", 2)
    assert "more than 50 MB" in sentence
    assert float(seconds) < 5
    assert int(megabytes) < 150


def test_nobody_there_is_a_sentence(fetcher: Fetcher) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(NotFetched, match="does not answer at this address"):
        fetcher.get(f"http://127.0.0.1:{port}/")


def test_no_tls_is_a_sentence(serve: Serve, fetcher: Fetcher) -> None:
    server = serve(answer(b"plain"))
    with pytest.raises(NotFetched, match=r"https|broke off"):
        fetcher.get(server.url.replace("http:", "https:"))


def test_a_setting_that_is_no_network_is_said() -> None:
    with pytest.raises(BadSetting, match="PATCHWORK_FETCH_ALLOWED"):
        Fetcher.of(Settings(fetch_allowed="10.0.0.0/8, home"))
    named = Fetcher.of(Settings(name="Ünser Viertel\r\n", base_url="https://v.example/"))
    assert named.user_agent == "nser-Viertel/0.1 (+https://v.example/about)"
