"""How answers leave: with a tag, so that who has them already is told so in a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from app.oruk.kept import Page, tag_of

JSON = "application/json"
NDJSON = "application/x-ndjson"
# Somebody's consent may be withdrawn this minute: whoever keeps an answer asks whether it stands.
CACHE = {"cache-control": "public, no-cache"}


def answer(
    request: Request, body: bytes, *, media_type: str = JSON, vary: str | None = None
) -> Response:
    """Return `body`, or 304 to whoever names its tag."""
    headers = {"vary": vary} if vary else {}
    return _answer(request, tag_of(body), lambda: body, media_type, headers)


def answer_page(request: Request, page: Page) -> Response:
    """Return a page of a list, or 304 to whoever names its tag."""
    return _answer(request, page.tag, lambda: page.body, JSON, {})


def _answer(
    request: Request,
    tag: str,
    body: Callable[[], bytes],
    media_type: str,
    more: dict[str, str],
) -> Response:
    headers = {"etag": tag, **CACHE, **more}
    known = (one.strip() for one in request.headers.get("if-none-match", "").split(","))
    if any(one in {"*", tag} for one in known):
        return Response(status_code=304, headers=headers)
    return Response(body(), media_type=media_type, headers=headers)


def streamed(request: Request, lines: Iterator[bytes]) -> Response:
    """Return lines as they come; to HEAD the headers alone."""
    if request.scope.get("is_head"):
        return Response(media_type=NDJSON, headers=CACHE)
    return StreamingResponse(lines, media_type=NDJSON, headers=CACHE)
