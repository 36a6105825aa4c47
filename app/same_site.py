"""Only our own pages may change anything: requests other sites make a browser send are refused.

By the headers browsers set themselves and no script can: `Sec-Fetch-Site`, else `Origin`. No
token in any form, so a page that stayed open overnight still works in the morning.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.error_answers import plain_refusal
from app.rendering import problem_answer

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
# The longest form is a screen of ticks.
LARGEST_BODY_BYTES = 1_000_000
# Where photos are taken, three of the largest a phone’s camera makes, and files are brought in.
LARGEST_WITH_FILES_BYTES = 40_000_000
_TAKES_FILES = re.compile(r"/api/fieldwork/submissions|/map/new|/assets/[^/]+/photos|/uploads")


class SameSite:
    """Refuses changes asked for by other sites, and bodies larger than any form of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not is_from_here(headers):
            refusal = plain_refusal(
                403,
                "This was not sent from our own page",
                "Nothing was changed. Open the page here and send it again.",
            )
            await refusal(scope, receive, send)
            return
        declared = headers.get("content-length", "0")
        largest = largest_body_of(scope["path"])
        if not declared.isdecimal() or int(declared) > largest:
            refusal = too_large(scope["path"])
            await refusal(scope, receive, send)
            return
        await self.app(scope, _limited(receive, largest), send)


def too_large(path: str) -> Response:
    """Return the refusal of a body that is larger than any of ours."""
    title, detail = "That is too much at once", "Nothing was changed."
    if path.startswith("/api/"):
        return problem_answer(status=413, title=title, detail=detail, code="too-large")
    return plain_refusal(413, title, detail)


def largest_body_of(path: str) -> int:
    """Return how many bytes a request to `path` may bring."""
    return LARGEST_WITH_FILES_BYTES if _TAKES_FILES.fullmatch(path) else LARGEST_BODY_BYTES


def _limited(receive: Receive, largest: int) -> Receive:
    """End the body of a request that says nothing of its length and goes on and on."""
    received = 0

    async def receive_on() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > largest:
            return {"type": "http.disconnect"}
        return message

    return receive_on


def is_from_here(headers: Headers) -> bool:
    """Return whether a request to change something comes from our own pages.

    Programs send neither header and no cookie: nobody's sign-in can be abused through them.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host")
    return "cookie" not in headers
