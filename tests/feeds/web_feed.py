"""A feed on a web server of this machine, and a refresher that reads it as the real ones do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app.errors import FileRefused
from app.feeds.refreshing import Outcome, Refreshing
from app.models import RunStatus


@dataclass
class WebFeed:
    """What the server answers with, and what it was asked."""

    body: bytes = b"one\ntwo\n"
    status: int = 200
    etag: str = '"v1"'
    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    # Called before each answer: a test waits there, or looks.
    before: Callable[[], None] = lambda: None


@contextmanager
def serving(feed: WebFeed) -> Iterator[WebFeed]:
    """Serve it; every request sees what `feed` holds at that moment."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feed.asked.append({name.lower(): value for name, value in self.headers.items()})
            feed.before()
            is_known = self.headers.get("if-none-match") == feed.etag
            self.send_response(304 if is_known and feed.status == 200 else feed.status)
            self.send_header("etag", feed.etag)
            self.send_header("connection", "close")
            self.end_headers()
            if not is_known:
                self.wfile.write(feed.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    feed.url = f"http://127.0.0.1:{server.server_port}/feed"
    try:
        yield feed
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def read_lines(reading: Refreshing) -> Outcome:
    """Read the feed; "broken" is refused, "odd" is what nobody had thought of."""
    feed = reading.feed
    got = reading.fetcher.get(feed.url, etag=None if reading.is_whole else feed.etag)
    if got.is_unchanged:
        return Outcome(RunStatus.UNCHANGED, "Nothing has changed.", etag=feed.etag)
    if got.content == b"broken":
        raise FileRefused("This feed makes no sense: ask its publisher.")
    if got.content == b"odd":
        raise LookupError("a resident's words that nobody may see")
    lines = got.content.splitlines()
    for number in range(len(lines)):
        reading.told(number + 1, len(lines))
    return Outcome(RunStatus.LOADED, f"{len(lines)} read.", etag=got.etag, cursor="c1")
