"""Ask a server as fast as it answers, over some keep-alive connections, and count.

A process of its own: ``python -m tests.benchmarks.load PORT SECONDS CONNECTIONS`` with one path a
line on standard input. Prints requests, seconds and bytes as JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.serving import HOST, content_length


class Asking(asyncio.Protocol):
    """One connection: the next request is sent as soon as an answer is whole."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self.requests = requests
        self.until = until
        self.answers = 0
        self.bytes = 0
        self.done = asyncio.get_running_loop().create_future()
        self._head = b""
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        """Count; there is one answer at a time, so what follows a head is its body."""
        self.bytes += len(data)
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            head, _, body = self._head.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                self.done.set_exception(RuntimeError(self._head[:500].decode(errors="replace")))
                return
            self._head, self._missing = b"", content_length(head) - len(body)
        if self._missing == 0:
            self.answers += 1
            if time.perf_counter() < self.until:
                self.transport.write(next(self.requests))
            else:
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Finish."""
        if not self.done.done():
            self.done.set_result(None)


async def ask(port: int, seconds: float, connections: int, paths: list[str]) -> dict[str, float]:
    """Return how many answers came in how many seconds, and their bytes."""
    requests = itertools.cycle(
        f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode() for path in paths
    )
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    asking = [
        (await loop.create_connection(lambda: Asking(requests, started + seconds), HOST, port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(one.done for one in asking))
    return {
        "answers": sum(one.answers for one in asking),
        "seconds": time.perf_counter() - started,
        "bytes": sum(one.bytes for one in asking),
    }


if __name__ == "__main__":
    port, seconds, connections = sys.argv[1:]
    paths = sys.stdin.read().split()
    measured = asyncio.run(ask(int(port), float(seconds), int(connections), paths))
    sys.stdout.write(json.dumps(measured))
