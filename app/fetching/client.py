"""One GET of an address somebody typed in: checked at every hop, and limited in every way."""

from __future__ import annotations

import ipaddress
import re
import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from app.errors import BadSetting, NotFetched
from app.fetching.addresses import Network, resolve
from app.settings import Settings

MOST_REDIRECTS = 5
MOST_BYTES = 50_000_000
CONNECT_S, ANSWER_S, WHOLE_S = 10.0, 30.0, 120.0
LONGEST_URL = 2_000
# Below 1024 other ports are those of mail, databases and the like: not to be talked to.
WEB_PORTS, FIRST_FREE_PORT = frozenset({80, 443}), 1024
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Answers that asking again in a while may change.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
# Calendars' own word for https, which is what their servers really speak.
_AS_HTTPS = ("webcal://", "webcals://")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered with, after its redirects."""

    url: str  # where it came from in the end
    is_unchanged: bool  # 304: what we have is still right; `content` is empty
    content: bytes
    media_type: str  # without parameters, in small letters; "" if none was said
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Who we say we are, and which networks are ours to reach though they are not public."""

    user_agent: str
    allowed: tuple[Network, ...] = ()
    # How long one address may take in all.
    whole_s: float = WHOLE_S

    @classmethod
    def of(cls, settings: Settings) -> Fetcher:
        """Return the one of an installation; raises `BadSetting` if its networks are none."""
        try:
            texts = [text.strip() for text in settings.fetch_allowed.split(",")]
            allowed = tuple(ipaddress.ip_network(text) for text in texts if text)
        except ValueError as error:
            raise BadSetting(
                "PATCHWORK_FETCH_ALLOWED must be networks with commas, like 10.0.0.0/8,"
                f" not {settings.fetch_allowed!r}."
            ) from error
        return cls(f"{settings.name}/0.1 (+{settings.base_url}/about)", allowed)

    def get(
        self,
        url: str,
        *,
        media_types: Sequence[str] = (),
        most_bytes: int = MOST_BYTES,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Fetched:
        """Fetch an address.

        Parameters
        ----------
        url
            http, https or webcal. A private or odd address is refused, at every redirect again.
        media_types
            What may come back, such as ``application/json``; () is anything. What calls itself
            nothing, or ``application/octet-stream``, may always.
        most_bytes
            How much may come back, counted after unpacking.
        etag, last_modified
            What the last answer had: it is then only sent again if it has changed.

        Raises
        ------
        NotFetched
            In one sentence: what was wrong, and what to do.
        """
        until = time.monotonic() + self.whole_s
        headers = {"user-agent": self.user_agent, "accept-encoding": "gzip, deflate"}
        headers["accept"] = ", ".join([*media_types, "*/*;q=0.1"])
        if etag:
            headers["if-none-match"] = etag
        if last_modified:
            headers["if-modified-since"] = last_modified
        address = _checked(url)
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._hop(address, headers, media_types, most_bytes, until)
            if isinstance(answer, Fetched):
                return answer
            address = _checked(urljoin(address, answer))
        raise NotFetched(f"{_host(url)} sends from address to address without end.")

    def _hop(
        self,
        url: str,
        headers: dict[str, str],
        media_types: Sequence[str],
        most_bytes: int,
        until: float,
    ) -> Fetched | str:
        """Return what one address answers: something, or where to go instead."""
        host = _host(url)
        try:
            with (
                httpx.Client(transport=_Transport(self.allowed), trust_env=False) as client,
                client.stream(
                    "GET",
                    url,
                    headers=headers,
                    timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
                ) as answer,
            ):
                if answer.status_code in _REDIRECTS and "location" in answer.headers:
                    return answer.headers["location"]
                return _read(answer, url, media_types, most_bytes, until)
        except (httpx.HTTPError, httpx.InvalidURL, httpcore.ConnectError) as error:
            raise NotFetched(
                f"{host} did not answer as it should ({type(error).__name__}): try again later.",
                is_passing=True,
            ) from error


def _read(
    answer: httpx.Response, url: str, media_types: Sequence[str], most_bytes: int, until: float
) -> Fetched:
    host = _host(url)
    etag, changed = answer.headers.get("etag"), answer.headers.get("last-modified")
    if answer.status_code == HTTPStatus.NOT_MODIFIED:
        return Fetched(url, True, b"", "", etag, changed)
    if answer.status_code != HTTPStatus.OK:
        raise NotFetched(
            f"{host} answered {answer.status_code}: check the address, or try later.",
            answered=answer.status_code,
            retry_after=answer.headers.get("retry-after"),
            is_passing=answer.status_code in _BUSY,
        )
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_known = media_type in ("", "application/octet-stream", *media_types)
    if media_types and not is_known:
        raise NotFetched(f"{host} sent {media_type} where {' or '.join(media_types)} was expected.")
    too_much = f"{host} sent more than {most_bytes // 1_000_000:,} MB: it was not read."
    if int(answer.headers.get("content-length") or 0) > most_bytes:
        raise NotFetched(too_much)
    content = bytearray()
    for piece in answer.iter_bytes(65_536):
        content += piece
        if len(content) > most_bytes:
            raise NotFetched(too_much)
        if time.monotonic() > until:
            raise NotFetched(f"{host} took too long to answer: try again later.")
    return Fetched(url, False, bytes(content), media_type, etag, changed)


def _checked(url: str) -> str:
    """Return an address that may be asked, by its form; raises `NotFetched` if it may not."""
    wrong = "Write the address like https://example.org/feed, without a name or password in it."
    text = url.strip()
    for start in _AS_HTTPS:
        if text.lower().startswith(start):
            text = "https://" + text[len(start) :]
    if len(text) > LONGEST_URL or _NOT_IN_A_URL.search(text):
        raise NotFetched(wrong)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise NotFetched(wrong) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise NotFetched(wrong)
    if port is not None and port not in WEB_PORTS and port < FIRST_FREE_PORT:
        raise NotFetched(f"Port {port} is none where feeds are published.")
    return text


def _host(url: str) -> str:
    return urlsplit(url).hostname or "The address"


class _Backend(httpcore.SyncBackend):
    """Resolves once, judges what it finds, and connects to that very address."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = resolve(host, port, allowed=self._allowed)
        for number, address in enumerate(addresses, start=1):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore.ConnectError


class _Stream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Transport(httpx.BaseTransport):
    """One connection, made by `_Backend`; the certificate is held to the name, not the address."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=1,
            network_backend=_Backend(allowed),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            extensions=request.extensions,
        )
        try:
            answer = self._pool.handle_request(asked)
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
        ) as error:
            raise httpx.TransportError(type(error).__name__) from error
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Stream(answer),
            extensions=answer.extensions,
        )  # fmt: skip

    def close(self) -> None:
        self._pool.close()
