"""One GET of an address somebody typed in: checked at every hop, and limited in every way."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from app.errors import BadSetting, NotFetched
from app.fetching.addresses import Network
from app.fetching.connecting import ANSWER_S, CONNECT_S, Backend, Deadline, say_trouble, trusted
from app.fetching.unpacking import unpack
from app.settings import Settings

MOST_REDIRECTS = 5
MOST_BYTES = 50_000_000
WHOLE_S = 120.0
LONGEST_URL = 2_000
# What servers say so that the next question can be short; longer is no such thing.
LONGEST_MARK = 500
# Below 1024 other ports are those of mail, databases and the like: not to be talked to.
WEB_PORTS, FIRST_FREE_PORT = frozenset({80, 443}), 1024
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff]")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Answers that asking again in a while may change.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
# Calendars' own word for https, which is what their servers really speak.
_AS_HTTPS = ("webcal://", "webcals://")
_WRONG = "Write the address like https://example.org/feed, without a name or password in it."
# What the commonest refusals mean for whoever typed the address in.
_STATUS_WORDS = {
    401: "wants a password, and feeds are read without one: ask for an open address",
    403: "does not let us read this address: ask its publisher",
    404: "has nothing at this address: check it",
    410: "says this address has gone for good: ask its publisher for the new one",
    429: "says we ask too often: it is tried again later",
}


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
class _Asked:
    """What is asked of every address on the way."""

    headers: dict[str, str]
    media_types: Sequence[str]
    most_bytes: int
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Who we say we are, and which networks are ours to reach though they are not public."""

    user_agent: str
    allowed: tuple[Network, ...] = ()
    # How long one address may take in all.
    whole_s: float = WHOLE_S

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the one of an installation; raises `BadSetting` if its networks are none."""
        try:
            texts = [text.strip() for text in settings.fetch_allowed.split(",")]
            allowed = tuple(ipaddress.ip_network(text) for text in texts if text)
        except ValueError as error:
            raise BadSetting(
                "PATCHWORK_FETCH_ALLOWED must be networks with commas, like 10.0.0.0/8,"
                f" not {settings.fetch_allowed!r}."
            ) from error
        # A service may be called anything; a header is plain letters.
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", settings.name).strip("-") or "Patchwork"
        return cls(f"{name}/0.1 (+{settings.base_url.rstrip('/')}/about)", allowed)

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
        headers = {"user-agent": self.user_agent, "accept-encoding": "gzip, deflate"}
        headers["accept"] = ", ".join([*media_types, "*/*;q=0.1"])
        if etag:
            headers["if-none-match"] = etag
        if last_modified:
            headers["if-modified-since"] = last_modified
        asked = _Asked(headers, media_types, most_bytes, Deadline(time.monotonic() + self.whole_s))
        address = checked_address(url)
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._hop(address, asked)
            if isinstance(answer, Fetched):
                return answer
            address = _next_address(address, answer)
        raise NotFetched(f"{_host(url)} sends from address to address without end.")

    def _hop(self, url: str, asked: _Asked) -> Fetched | str:
        """Return what one address answers: something, or where to go instead."""
        host = _host(url)
        try:
            # The other library's parser writes names in other scripts as the network wants them.
            parsed = httpx.URL(url)
            target = httpcore.URL(
                scheme=parsed.raw_scheme,
                host=parsed.raw_host,
                port=parsed.port,
                target=parsed.raw_path,
            )
            with (
                httpcore.ConnectionPool(
                    ssl_context=trusted(),
                    max_connections=1,
                    network_backend=Backend(self.allowed, asked.deadline),
                ) as pool,
                pool.stream(
                    "GET",
                    target,
                    headers=[
                        (b"host", parsed.netloc),
                        *((name.encode(), value.encode("latin-1")) for name, value in
                          asked.headers.items()),
                    ],
                    extensions={"timeout": {
                        "connect": CONNECT_S, "read": ANSWER_S, "write": ANSWER_S,
                        "pool": ANSWER_S,
                    }},
                ) as answer,
            ):  # fmt: skip
                return _read(answer, url, asked)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise NotFetched(_WRONG) from error
        except (
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
        ) as error:
            words = say_trouble(error, asked.deadline)
            raise NotFetched(f"{host} {words}", is_passing=True) from error


def _read(answer: httpcore.Response, url: str, asked: _Asked) -> Fetched | str:
    host = _host(url)
    headers = httpx.Headers(answer.headers)
    if answer.status in _REDIRECTS and "location" in headers:
        return headers["location"]
    etag, changed = _mark(headers.get("etag")), _mark(headers.get("last-modified"))
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return Fetched(url, True, b"", "", etag, changed)
    if answer.status != HTTPStatus.OK:
        words = _STATUS_WORDS.get(
            answer.status,
            f"answered {answer.status}, which is a fault on its side: it is tried again later"
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else f"answered {answer.status}: check the address",
        )
        raise NotFetched(
            f"{host} {words}.",
            answered=answer.status,
            retry_after=headers.get("retry-after"),
            is_passing=answer.status in _BUSY,
        )
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_known = media_type in ("", "application/octet-stream", *asked.media_types)
    if asked.media_types and not is_known:
        raise NotFetched(
            f"{host} sent something else than what is read there ({media_type[:100]}, not"
            f" {asked.media_types[0]}): check the address."
        )
    content = unpack(
        answer.iter_stream(),
        encoding=headers.get("content-encoding", ""),
        declared=headers.get("content-length", ""),
        most_bytes=asked.most_bytes,
        host=host,
    )
    return Fetched(url, False, content, media_type, etag, changed)


def _mark(value: str | None) -> str | None:
    """Return what a server says of its version, if we could send it back."""
    if value is None or len(value) > LONGEST_MARK:
        return None
    try:
        value.encode("latin-1")
    except UnicodeError:
        return None
    return value if value.isprintable() else None


def _next_address(url: str, location: str) -> str:
    """Return where a redirect leads, if one may go there."""
    try:
        return checked_address(urljoin(url, location))
    except (NotFetched, ValueError) as error:
        raise NotFetched(
            f"{_host(url)} sends on to an address that is not read: give the address of the feed"
            " itself."
        ) from error


def checked_address(url: str) -> str:
    """Return an address that may be asked, by its form; raises `NotFetched` if it may not."""
    text = url.strip()
    for start in _AS_HTTPS:
        if text.lower().startswith(start):
            text = "https://" + text[len(start) :]
    if len(text) > LONGEST_URL or _NOT_IN_A_URL.search(text):
        raise NotFetched(_WRONG)
    try:
        parts = urlsplit(text)
        port = parts.port
        host = httpx.URL(text).host
    except (ValueError, httpx.InvalidURL) as error:
        raise NotFetched(_WRONG) from error
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        raise NotFetched(_WRONG)
    # A name is letters, digits and dots; what else somebody puts there is a trick.
    if "%" in parts.netloc or "%" in host:
        raise NotFetched(_WRONG)
    if port is not None and port not in WEB_PORTS and port < FIRST_FREE_PORT:
        raise NotFetched(f"Port {port} is none where feeds are published.")
    return text


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "The address"
    except ValueError:
        return "The address"
