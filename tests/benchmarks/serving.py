"""Real servers on 127.0.0.1, a keep-alive client that costs little, and the CPU time of both."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 60
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Server:
    """A uvicorn process: one worker, no access log."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def cpu_s(self) -> float:
        """Return the processor seconds all its threads have used."""
        # The program's name, in brackets, may hold spaces: fields are counted behind it.
        text = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        user, system = text.split()[11:13]
        return (int(user) + int(system)) / TICKS_PER_SECOND


@contextmanager
def served(app: str, *, environment: Mapping[str, str], is_factory: bool) -> Iterator[Server]:
    """Serve `app` ("module:name") on a free port of 127.0.0.1 until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--host", HOST, "--port", str(port),
               "--workers", "1", "--no-access-log", "--log-level", "warning"]  # fmt: skip
    if is_factory:
        command.append("--factory")
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_port(process, port)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    """Return when a process listens; raises RuntimeError if it ends, or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port)).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                message = f"{process.args!r} does not answer"
                raise RuntimeError(message) from None
            time.sleep(0.05)
        else:
            return


class Client:
    """One keep-alive connection; far cheaper than a client library, so that servers are measured.

    It asks for no compression, and both sides are asked alike.
    """

    def __init__(self, port: int, *, cookie: str = "") -> None:
        self._head = f"Host: {HOST}\r\n" + (f"Cookie: {cookie}\r\n" if cookie else "")
        self._socket = socket.create_connection((HOST, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> bytes:
        """Return the body of an answer; raises RuntimeError for any status but 200."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())
        data = self._socket.recv(65_536)
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(65_536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = content_length(head)
        parts, missing = [body], length - len(body)
        while missing:
            parts.append(self._socket.recv(min(missing, 1_048_576)))
            missing -= len(parts[-1])
        body = b"".join(parts)
        if not head.startswith(b"HTTP/1.1 200"):
            message = f"{path}: {head.splitlines()[0]!r} {body[:300]!r}"
            raise RuntimeError(message)
        return body

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def content_length(head: bytes) -> int:
    """Return the length an answer's head announces."""
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def backend_cpu_s(pid: int) -> float | None:
    """Return the processor seconds of a database process, None if it is not on this machine."""
    path = Path(f"/proc/{pid}/schedstat")
    return int(path.read_text().split()[0]) / 1e9 if path.exists() else None
