"""Connections that go where their name was judged to lead, and that end in time."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore

from app.fetching.addresses import Network, resolve

CONNECT_S, ANSWER_S = 10.0, 30.0
# Of a name with many addresses: the first few are enough to find one that answers.
MOST_ADDRESSES = 4


@dataclass(frozen=True, slots=True)
class Deadline:
    """When all of it has to be over, by `time.monotonic`."""

    at: float

    def within(self, seconds: float | None) -> float:
        """Return how long one step may take; raises httpcore's timeout when nothing is left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if seconds is None else min(seconds, left)

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.at


@lru_cache
def trusted() -> ssl.SSLContext:
    """Return whom we believe about names: the authorities of this machine."""
    return ssl.create_default_context()


class Backend(httpcore.SyncBackend):
    """Resolves once, judges what it finds, and connects to that very address."""

    def __init__(self, allowed: Sequence[Network], deadline: Deadline) -> None:
        self._allowed = allowed
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection; raises `NotFetched` where none may be made."""
        addresses = resolve(host, port, allowed=self._allowed)[:MOST_ADDRESSES]
        for number, address in enumerate(addresses, start=1):
            try:
                stream = super().connect_tcp(
                    address, port, self._deadline.within(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
            else:
                return _Timed(stream, self._deadline)
        raise httpcore.ConnectError


class _Timed(httpcore.NetworkStream):
    """A connection each step of which is over by the deadline, however little comes at a time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        # The certificate is held to the name that was asked for, not to the address.
        inner = self._stream.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return _Timed(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the library has it
        return self._stream.get_extra_info(info)


# What lies behind an error of the connection, and what to do about it.
_CAUSES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (ssl.SSLCertVerificationError,),
        "could not show that it is who it says (its certificate is not right): ask its publisher.",
    ),
    (
        (ssl.SSLError,),
        "does not speak https as it should: check whether its address begins with http:.",
    ),
    (
        (ConnectionRefusedError, socket.gaierror),
        "does not answer at this address: check it, or try again later.",
    ),
    (
        (httpcore.ConnectTimeout, httpcore.PoolTimeout),
        "could not be reached: check the address, or try again later.",
    ),
    (
        (httpcore.ProtocolError,),
        "sent something that is no answer of a web server: check the address.",
    ),
)


def say_trouble(error: Exception, deadline: Deadline) -> str:
    """Return what went wrong with a connection, to follow the host's name."""
    if deadline.is_over or isinstance(error, httpcore.ReadTimeout | httpcore.WriteTimeout):
        return "took too long to answer: it is tried again later."
    cause: BaseException | None = error
    while cause is not None:
        for kinds, sentence in _CAUSES:
            if isinstance(cause, kinds):
                return sentence
        cause = cause.__cause__ or cause.__context__
    return "broke off while answering: it is tried again later."
