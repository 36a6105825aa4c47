"""What happens to every answer on its way out: headers, HEAD, and one line in the log.

Plain ASGI, one wrapper: BaseHTTPMiddleware would cost more than most of our answers.
"""

from __future__ import annotations

import re
import sys
import time

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)

# Left alone where an answer brings its own: maps have a policy of their own.
DEFAULT_HEADERS = (
    (b"content-security-policy", PAGE_CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    # An address can hold a postcode and what somebody enjoys: no other site learns it.
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(self), camera=(), microphone=()"),
    (b"cache-control", b"no-cache"),
)

# Segments of a path that stand for somebody, or let in whoever knows them: no log keeps them.
_HIDDEN = re.compile(
    r"^(/residents|/invitations|/sign-in/link|/calendar|/claims)/"
    r"(?!(?:new|sheet|withdrawn|receipts)(?:/|$))[^/]+",
    re.IGNORECASE,
)
_SLASHES = re.compile("/+")


def loggable(path: str) -> str:
    """Return a path as a log may show it: without a resident's reference or a secret."""
    # Doubled slashes and capitals lead nowhere here, but what follows may be a secret all the same.
    return _HIDDEN.sub(r"\1/…", _SLASHES.sub("/", path))


def _as_bytes(event: object, **_: object) -> bytes:
    return orjson.dumps(event, default=str)


def make_log() -> structlog.typing.FilteringBoundLogger:
    """Return the log of requests: JSON lines on standard error."""
    log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.BytesLogger(sys.stderr.buffer),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_as_bytes),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        cache_logger_on_first_use=True,
    )
    return log


class Edge:
    """Adds the headers every answer needs, answers HEAD as GET without a body, and logs."""

    def __init__(self, app: ASGIApp, *, log: structlog.typing.FilteringBoundLogger) -> None:
        self.app = app
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and watch its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        method = scope["method"]
        is_head = method == "HEAD"
        if is_head:
            scope["method"] = "GET"
            # What streams need not begin to.
            scope["is_head"] = True
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                add_headers(message)
            elif is_head:
                message["body"] = b""
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        finally:
            # No query: it may say where somebody lives and what they enjoy.
            self.log.info(
                "request",
                method=method,
                path=loggable(scope["path"]),
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )


def add_headers(message: Message) -> None:
    """Add the default headers to the start of an answer, unless it has its own."""
    headers = message["headers"] = list(message.get("headers", ()))
    present = {name.lower() for name, _ in headers}
    headers.extend(header for header in DEFAULT_HEADERS if header[0] not in present)
