"""A poor line: a small proxy between the browser and a real server, which can spoil any request.

The browser knows only its address. What is spoilt is what phones meet: no signal at all, a Wi-Fi
that answers for everybody, a full server, a line that is cut before or after the server did it.
"""

from __future__ import annotations

import http.client
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SUBMISSIONS = "/api/fieldwork/submissions"
PORTAL = b"<!DOCTYPE html><title>Caf\xc3\xa9</title><h1>Welcome to our Wi-Fi. Accept to go on.</h1>"
# What answers in the server's place.
_PAGE, _NOT_NOW = [("content-type", "text/html")], b"<h1>Not now</h1>"
FALSE_ANSWERS: dict[str, tuple[int, list[tuple[str, str]], bytes]] = {
    "portal": (200, _PAGE, PORTAL),
    "redirect": (302, [("location", "http://127.0.0.1:9/wifi")], b""),
    # A gateway's own answer, for a moment.
    "json404": (404, [("content-type", "application/json")], b'{"detail": "no upstream"}'),
    **{status: (int(status), _PAGE, _NOT_NOW) for status in ("401", "413", "500", "503")},
}
# Sent to the browser as they are; hop-by-hop headers are ours.
NOT_PASSED = {"connection", "transfer-encoding", "keep-alive"}


class PoorLine:
    """The proxy. `faults` are used up one for each request to `SUBMISSIONS`; None lets it pass."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.faults: deque[str | None] = deque()
        # What every request meets, until it is taken away: "portal", "503".
        self.weather: str | None = None
        # Answers changed on the way, by path: a new version of ours.
        self.rewrites: dict[str, Callable[[bytes], bytes]] = {}
        self.seen: Counter[str] = Counter()
        self.port = 0
        self.is_up = False
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.go_up()

    @property
    def base(self) -> str:
        """Where the browser goes."""
        return f"http://127.0.0.1:{self.port}"

    def go_up(self) -> None:
        """Have signal: listen, always at the same address."""
        if self.is_up:
            return
        line = self

        class Handler(_Handler):
            poor_line = line

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.is_up = True

    def go_down(self) -> None:
        """Have no signal: nobody listens, and what is under way is cut."""
        if self._server is None or self._thread is None or not self.is_up:
            return
        self.is_up = False
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def spoil(self, faults: Iterable[str | None]) -> None:
        """Spoil the next requests to `SUBMISSIONS`, one each."""
        self.faults.extend(faults)


class _Handler(BaseHTTPRequestHandler):
    """One request: passed on, or spoilt."""

    poor_line: PoorLine
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Pass on what is read."""
        self._go()

    def do_HEAD(self) -> None:
        """Pass on what is looked at."""
        self._go()

    def do_POST(self) -> None:
        """Pass on what is sent."""
        self._go()

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests count."""

    def _go(self) -> None:
        line = self.poor_line
        fault = line.weather
        if fault is None and self.path == SUBMISSIONS and line.faults:
            fault = line.faults.popleft()
        self.close_connection = True
        line.seen[fault or "passed"] += 1
        if fault == "cut":
            # Half of what is sent, and the line goes dead.
            self.rfile.read(int(self.headers.get("content-length", "0")) // 2)
            return
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if fault in FALSE_ANSWERS:
            self._answer(*FALSE_ANSWERS[fault])
        elif fault == "swallow":
            # The server does it all, and nobody hears of it.
            self._ask(body)
        else:
            status, headers, content = self._ask(body)
            change = line.rewrites.get(urlsplit(self.path).path)
            if change:
                content = change(content)
            if fault == "torn":
                # The answer's head and half of its body.
                self._answer(status, headers, content, sent=len(content) // 2)
            elif fault == "slow":
                self._answer(status, headers, content, pieces=20)
            else:
                self._answer(status, headers, content)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        line = self.poor_line
        upstream = http.client.HTTPConnection(
            str(line.upstream.hostname), line.upstream.port, timeout=60
        )
        try:
            headers = dict(self.headers.items())
            # What is changed on the way must be readable here.
            headers["Accept-Encoding"] = "identity"
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _answer(
        self,
        status: int,
        headers: list[tuple[str, str]],
        content: bytes,
        *,
        sent: int | None = None,
        pieces: int = 1,
    ) -> None:
        try:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in NOT_PASSED | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.send_header("connection", "close")
            self.end_headers()
            if self.command == "HEAD":
                return
            out = content[: len(content) if sent is None else sent]
            step = max(1, len(out) // pieces)
            for start in range(0, len(out), step):
                self.wfile.write(out[start : start + step])
                self.wfile.flush()
        except OSError:
            # The browser has gone: nothing is left to be told.
            self.close_connection = True
