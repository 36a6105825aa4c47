"""A real server on 127.0.0.1 that publishes a feed, well or badly, and remembers what was asked."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
SHORT = {"id", "name", "description", "status", "last_modified", "organization"}


@dataclass
class Published:
    """What is published, and how badly."""

    services: list[Json] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)  # path → file, instead of services
    knows_full: bool = True
    knows_changes: bool = True
    knows_pages: bool = True
    refuses_full: bool = False
    words: str = "new"
    total_added: int = 0  # what it says beyond what it has
    # (status, headers) answered first, one after the other, before anything good.
    first_answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    cut_at: int | None = None  # the body breaks off after so many characters
    body: bytes | None = None  # instead of any page
    is_zipped: bool = False
    slow_s: float = 0.0
    # Called before each answer with its number: to change things while somebody reads.
    before: Any = None
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    url: str = ""


@contextmanager
def publishing(published: Published) -> Iterator[Published]:
    """Serve it while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.asked.append(self.path)
            published.agents.add(self.headers.get("user-agent", ""))
            if published.before is not None:
                published.before(len(published.asked))
            if published.slow_s:
                time.sleep(published.slow_s)
            if published.first_answers:
                status, headers = published.first_answers.pop(0)
                self._send(status, b"{}", headers)
                return
            status, content = _answer(published, self.path)
            self._send(status, content, {})

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            if published.is_zipped:
                content, headers = gzip.compress(content), headers | {"content-encoding": "gzip"}
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-type", "application/json; charset=utf-8")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    published.url = f"http://127.0.0.1:{server.server_port}/o"
    try:
        yield published
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(published: Published, address: str) -> tuple[int, bytes]:
    parts = urlsplit(address)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    path = parts.path.removeprefix("/o")
    if path in published.files:
        return 200, published.files[path].read_bytes()
    if published.body is not None:
        return 200, published.body
    if path == "/services":
        if published.refuses_full and "full" in asked:
            return 422, b"{}"
        if not published.knows_changes and "modified_after" in asked:
            return 400, b"{}"
        content = json.dumps(_page(published, asked))
    else:
        service_id = path.rpartition("/")[2]
        found = [s for s in published.services if s["id"] == service_id]
        if not found or service_id in published.missing:
            return 404, b"{}"
        content = json.dumps(found[0])
    return 200, content.encode()[: published.cut_at]


def _page(published: Published, asked: dict[str, str]) -> Json:
    listed = published.services
    after = asked.get("modified_after")
    if after is not None:
        listed = [s for s in listed if s.get("last_modified", "") >= after]
    per_page = int(asked.get("per_page", "10"))
    number = int(asked.get("page", "1")) if published.knows_pages else 1
    shown = listed[(number - 1) * per_page : number * per_page]
    if not (published.knows_full and asked.get("full") == "true"):
        shown = [{k: v for k, v in s.items() if k in SHORT} for s in shown]
    total = len(listed) + published.total_added
    pages = max(1, -(-total // per_page))
    is_last = number >= pages
    if published.words == "old":
        return {"totalElements": total, "totalPages": pages, "number": number, "size": per_page,
                "first": number == 1, "last": is_last, "content": shown}  # fmt: skip
    return {"total_items": total, "total_pages": pages, "page_number": number,
            "size": len(shown), "first_page": number == 1, "last_page": is_last,
            "empty": not shown, "contents": shown}  # fmt: skip
