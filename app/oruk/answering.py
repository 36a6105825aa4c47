"""How answers leave: with a tag, so that who has them already is told so in a line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from fastapi import Request, Response
from starlette.responses import StreamingResponse

JSON = "application/json"
NDJSON = "application/x-ndjson"
# Somebody's consent may be withdrawn this minute: whoever keeps an answer asks whether it stands.
CACHE = {"cache-control": "public, no-cache"}


def answer(
    request: Request, body: bytes, *, media_type: str = JSON, vary: str | None = None
) -> Response:
    """Return `body`, or 304 to whoever names its tag."""
    # Weak: what is compressed on the way is the same answer in other bytes.
    tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": tag, **CACHE} | ({"vary": vary} if vary else {})
    known = (one.strip() for one in request.headers.get("if-none-match", "").split(","))
    if any(one in {"*", tag} for one in known):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def streamed(request: Request, lines: Iterator[bytes]) -> Response:
    """Return lines as they come; to HEAD the headers alone."""
    if request.scope.get("is_head"):
        return Response(media_type=NDJSON, headers=CACHE)
    return StreamingResponse(lines, media_type=NDJSON, headers=CACHE)
