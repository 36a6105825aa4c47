"""A web server that answers as it is told, byte by byte, and counts who comes."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from app.fetching.client import Fetcher

# What is done with one connection: given it and what was asked.
Answer = Callable[[socket.socket, bytes], None]
OURS = (ipaddress.ip_network("127.0.0.0/8"),)


class Server:
    """A listening socket of this machine; `asked` holds what each connection sent."""

    def __init__(self, answer: Answer, host: str = "127.0.0.1") -> None:
        self.asked: list[bytes] = []
        self.connections = 0
        self._answer = answer
        self._socket = socket.create_server((host, 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}/feed"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                taken, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.connections += 1
            taken.settimeout(5)
            with taken:
                try:
                    asked = b""
                    # 0x16: somebody begins to speak TLS, and waits for us.
                    while (
                        b"\r\n\r\n" not in asked
                        and asked[:1] != b"\x16"
                        and (piece := taken.recv(65_536))
                    ):
                        asked += piece
                    self.asked.append(asked)
                    self._answer(taken, asked)
                except OSError:
                    continue  # whoever asked has gone

    def wait(self, seconds: float) -> bool:
        """Wait, but not longer than the server lives; return whether it has ended."""
        return self._stop.wait(seconds)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()


Serve = Callable[[Answer | bytes], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that starts a server; all are closed after the test."""
    made: list[Server] = []

    def start(answer: Answer | bytes) -> Server:
        server = Server(answer if callable(answer) else lambda to, _: to.sendall(answer))
        made.append(server)
        return server

    yield start
    for server in made:
        server.close()


@pytest.fixture
def fetcher() -> Fetcher:
    """Return one that may reach this machine, and is in a hurry."""
    return Fetcher("Patchwork/0.1 (+https://patch.example/about)", OURS, whole_s=3.0)


def answer(body: bytes = b"", *headers: str, status: str = "200 OK", length: bool = True) -> bytes:
    """Return an HTTP/1.1 answer."""
    lines = [f"HTTP/1.1 {status}", *headers, "connection: close"]
    if length:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
