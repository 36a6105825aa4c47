"""Open Referral UK is for programs on any site: every answer says so, and so do preflights.

Plain ASGI like `app.edge`: errors, streams and what middleware refuses carry the header too.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALLOWED = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"etag, link, location"),
    # Pictures and scripts of other sites may be kept apart from us; this is for them.
    (b"cross-origin-resource-policy", b"cross-origin"),
)
PREFLIGHT = {
    "allow": "GET, HEAD, OPTIONS",
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "*",
    "access-control-max-age": "86400",
}


class OpenToAll:
    """Lets pages of every site read `/oruk`, and nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and open its answer, or answer a preflight."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path != "/oruk" and not path.startswith("/oruk/"):
            await self.app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *ALLOWED]
            await send(message)

        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, send_on)
            return
        await self.app(scope, receive, send_on)
