"""Many phones at once, over real connections."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.connections.conftest import _wait as wait_for
from tests.people import People
from tests.recording.conftest import PATH


def body_of(record: str, photos: Sequence[bytes] = ()) -> tuple[str, bytes]:
    """Return the type and the bytes of a form, as a browser makes it."""
    line = uuid.uuid4().hex
    parts = [f'--{line}\r\ncontent-disposition: form-data; name="record"\r\n\r\n{record}'.encode()]
    parts += [
        f'--{line}\r\ncontent-disposition: form-data; name="photo"; filename="1.jpg"\r\n'
        "content-type: image/jpeg\r\n\r\n".encode()
        + photo
        for photo in photos
    ]
    return f"multipart/form-data; boundary={line}", b"\r\n".join(
        [*parts, f"--{line}--\r\n".encode()]
    )


class Line:
    """One connection kept open, signed in as somebody."""

    def __init__(self, people: People, served: str, who: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(served).netloc, timeout=60)
        self.headers = {
            "cookie": f"{people.settings.cookie_name}={people.tokens[who]}",
            "sec-fetch-site": "same-origin",
        }

    def post(self, kind: str, body: bytes) -> tuple[int, dict[str, Any]]:
        self.connection.request("POST", PATH, body, self.headers | {"content-type": kind})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def together(count: int, work: Callable[[int, threading.Barrier], Any]) -> list[Any]:
    """Return what `work` returned in each of `count` threads; they may wait for each other."""
    barrier = threading.Barrier(count)
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda number: work(number, barrier), range(count)))


@contextmanager
def serve(people: People) -> Iterator[str]:
    """Yield the address of the application in a process, as `patchwork serve` runs it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)],
        env={**os.environ, "DATABASE_URL": people.settings.database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
