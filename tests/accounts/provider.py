"""A small real OpenID Connect provider, made with Authlib's server: a process of its own.

    python -m tests.accounts.provider PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI

Discovery, keys, an authorization page with a button per person, the code flow with PKCE, signed
ID tokens, userinfo. Some of its people come with a fault, to be refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any

import uvicorn
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]
from authlib.oidc.core import UserInfo  # type: ignore[import-untyped]
from authlib.oidc.core.grants import OpenIDCode  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

KEY = RSAKey.generate_key(2048, {"kid": "one"})
# Nobody published this one.
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})

# Who can sign in: the address told, and whether it is verified.
PEOPLE: dict[str, dict[str, Any]] = {
    "coordinator": {"email": "coordinator_a@homes.example", "email_verified": True},
    "invited": {"email": "new.invited@homes.example", "email_verified": True, "name": "Ina Vited"},
    "stranger": {"email": "stranger@elsewhere.example", "email_verified": True},
    "unverified": {"email": "manager_a@homes.example", "email_verified": False},
    "no-email": {},
    **{
        fault: {"email": "manager_a@homes.example", "email_verified": True}
        for fault in ("wrong-nonce", "no-nonce", "wrong-signature", "unsigned", "shared-secret",
                      "expired", "wrong-audience", "wrong-issuer", "wrong-access-token")
    },
    # Told at userinfo only; the second by a userinfo about somebody else.
    "at-userinfo": {"email": "manager_b@homes.example", "email_verified": True},
    "other-userinfo": {"email": "manager_b@homes.example", "email_verified": True},
}  # fmt: skip


@dataclass
class Client:
    """The one application that may ask."""

    client_id: str
    secret: str
    redirect_uri: str

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, self.secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    """A code handed out, to be exchanged once."""

    who: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    at: int = field(default_factory=lambda: int(time.time()))

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.at

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


CODES: dict[str, Code] = {}
TOKENS: dict[str, str] = {}


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # the library has no types
    """The authorization code flow, its codes kept in memory."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012 - the library's own name

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        data = request.payload.data
        CODES[code] = Code(
            request.user, request.payload.redirect_uri, request.payload.scope, data.get("nonce"),
            data.get("code_challenge"), data.get("code_challenge_method"),
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return CODES.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        CODES.clear()

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.who


class IdToken(OpenIDCode):  # type: ignore[misc]  # the library has no types
    """Signed ID tokens, with the fault of whoever has one."""

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return False

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        return UserInfo(sub=f"subject-{user}")

    def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
        who = request.user
        good = super().encode_id_token(token, request)
        read = jwt.decode(good, KEY)
        claims = dict(read.claims)
        if not who.endswith("userinfo"):
            claims |= PEOPLE[who]
        header = {"alg": "RS256", "kid": "one"}
        faults: dict[str, dict[str, Any]] = {
            "wrong-nonce": {"nonce": "another"},
            "expired": {"exp": int(time.time()) - 3_600, "iat": int(time.time()) - 7_200},
            "wrong-audience": {"aud": "another"},
            "wrong-issuer": {"iss": "https://another.example"},
            "wrong-access-token": {"at_hash": "another"},
        }
        claims |= faults.get(who, {})
        if who == "no-nonce":
            del claims["nonce"]
        if who == "unsigned":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if who == "shared-secret":
            return _signed_with_the_public_key(claims)
        return str(jwt.encode(header, claims, OTHER_KEY if who == "wrong-signature" else KEY))

    def get_client_algorithm(self, client: Client) -> str:
        return "RS256"

    def resolve_client_private_key(self, client: Client) -> RSAKey:
        return KEY

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": ISSUER}


def _signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """Return a token signed with what everybody can read, taken for a shared secret."""
    signed = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(claims)}"
    key = KEY.as_pem(private=False)
    return f"{signed}.{_base64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Server(AuthorizationServer):  # type: ignore[misc]  # the library has no types
    """Authlib's server, given requests that have been read already."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.register_token_generator("default", self.make_token)
        self.register_grant(CodeGrant, [CodeChallenge(required=True), IdToken(require_nonce=True)])

    def make_token(self, **given: Any) -> dict[str, Any]:
        token = secrets.token_urlsafe(16)
        TOKENS[token] = given["user"]
        return {"access_token": token, "token_type": "Bearer", "expires_in": 60,
                "scope": given["scope"]}  # fmt: skip

    def query_client(self, client_id: str) -> Client | None:
        return self.client if client_id == self.client.client_id else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing is kept."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        text = json.dumps(body) if isinstance(body, dict) else body
        return Response(text, status_code=status, headers=dict(headers))


class Asked(OAuth2Request):  # type: ignore[misc]  # the library has no types
    """A request whose form has been read."""

    @property
    def form(self) -> dict[str, Any]:
        """Everything that was sent."""
        data: dict[str, Any] = self.payload.data
        return data

    args = form


async def _read(request: Request) -> OAuth2Request:
    form = dict(await request.form()) if request.method == "POST" else {}
    # The library looks for "Authorization" with a capital.
    headers = {name.title(): value for name, value in request.headers.items()}
    made = Asked(request.method, str(request.url), headers=headers)
    made.payload = BasicOAuth2Payload(dict(request.query_params) | form)
    return made


async def authorize(request: Request) -> Response:
    """Show a button per person; pressed, send them back with a code."""
    asked = await _read(request)
    if request.method == "GET":
        buttons = "".join(
            f'<button name="who" value="{who}">{escape(who)}</button> ' for who in PEOPLE
        )
        return HTMLResponse(
            f'<!DOCTYPE html><html lang="en"><title>Northshire</title><h1>Northshire</h1>'
            f'<form method="post">{buttons}</form>'
        )
    who = str(asked.payload.data["who"])
    return await run_in_threadpool(lambda: SERVER.create_authorization_response(
        asked, grant_user=who, grant=SERVER.get_consent_grant(asked, who)
    ))  # fmt: skip


async def token(request: Request) -> Response:
    """Exchange a code."""
    asked = await _read(request)
    answer: Response = await run_in_threadpool(lambda: SERVER.create_token_response(asked))
    return answer


async def userinfo(request: Request) -> Response:
    """Tell about whoever a token is for."""
    who = TOKENS.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    if who is None:
        return JSONResponse({"error": "invalid_token"}, status_code=401)
    subject = "subject-another" if who == "other-userinfo" else f"subject-{who}"
    return JSONResponse({"sub": subject} | PEOPLE[who])


async def discovery(_: Request) -> Response:
    """Describe this provider."""
    return JSONResponse({
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "userinfo_endpoint": f"{ISSUER}/userinfo",
        "jwks_uri": f"{ISSUER}/keys",
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    })  # fmt: skip


async def keys(_: Request) -> Response:
    """Publish the keys."""
    return JSONResponse(KeySet([KEY]).as_dict(private=False))


if __name__ == "__main__":
    # On this machine, for tests.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    PORT = int(sys.argv[1])
    ISSUER = f"http://127.0.0.1:{PORT}"
    SERVER = Server(Client(*sys.argv[2:5]))
    app = Starlette(routes=[
        Route("/.well-known/openid-configuration", discovery),
        Route("/keys", keys),
        Route("/authorize", authorize, methods=["GET", "POST"]),
        Route("/token", token, methods=["POST"]),
        Route("/userinfo", userinfo),
    ])  # fmt: skip
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
