"""Signing in with an organisation's own account: OpenID Connect, the authorization code flow.

With PKCE (RFC 7636), `state` and `nonce`; ID tokens are checked as OpenID Connect Core 1.0,
3.1.3.7, asks. No database here: `app.accounts.organisation_router` keeps what has to be kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import structlog
from authlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from authlib.oidc.discovery import get_well_known_url  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from app.accounts.mail import read_email
from app.accounts.tokens import new_token
from app.errors import BadSetting, NotAllowed, Unavailable
from app.settings import Settings

log = structlog.get_logger("patchwork")

# Signatures made with a key nobody but the organisation has: never "none", never a shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SCOPE = "openid email profile"
SECONDS_TO_WAIT = 10
SECONDS_TO_REMEMBER = 3_600
# Clocks differ.
LEEWAY_S = 60
LONGEST_SUBJECT, LONGEST_NAME = 255, 200
# What an answer that is not as it should be leads to, here or in the libraries.
UNTRUSTED = (
    JoseError, OAuth2Error, httpx.InvalidURL, AttributeError, KeyError, TypeError, ValueError,
)  # fmt: skip


class Started(NamedTuple):
    """A sign-in begun: where to send the browser, and what to keep until it is back."""

    address: str
    state: str
    nonce: str
    code_verifier: str


class Claims(NamedTuple):
    """Who the organisation says has signed in. `email` is None unless it is verified."""

    issuer: str
    subject: str
    email: str | None
    name: str


class Organisation:
    """The sign-in service of the settings; what it publishes is read when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.oidc_issuer or ""
        self.name = settings.oidc_name
        self.redirect_uri = f"{settings.base_url.rstrip('/')}/sign-in/oidc/callback"
        self._client_id, self._secret = settings.oidc_client_id, settings.oidc_client_secret
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._published: dict[str, Any] = {}
        self._keys = KeySet([])

    @classmethod
    def of(cls, settings: Settings) -> Organisation | None:
        """Return the service of the settings, None if there is none. Raises BadSetting."""
        if not settings.oidc_issuer:
            return None
        if not _is_safe(settings.oidc_issuer):
            raise BadSetting(
                "PATCHWORK_OIDC_ISSUER must be an address that starts with https://, as the"
                " service itself writes it."
            )
        if not settings.oidc_client_id:
            raise BadSetting("PATCHWORK_OIDC_ISSUER needs PATCHWORK_OIDC_CLIENT_ID beside it.")
        return cls(settings)

    def start(self) -> Started:
        """Return where to send somebody to sign in. Raises Unavailable."""
        with self._talking() as client:
            published = self._read(client)
            nonce, verifier = new_token(), new_token()
            address, state = self._protocol(client).create_authorization_url(
                published["authorization_endpoint"],
                state=new_token(),
                nonce=nonce,
                code_verifier=verifier,
            )
        return Started(address, state, nonce, verifier)

    def finish(self, *, code: str, nonce: str, code_verifier: str) -> Claims:
        """Return who came back with `code`; raises NotAllowed, or Unavailable."""
        with self._talking() as client:
            published = self._read(client)
            token = self._fetch_token(client, published, code=code, code_verifier=code_verifier)
            claims = self._check(client, published, token, nonce=nonce)
            # The address may be told at another place: only if it is about the same person.
            told: Mapping[str, Any] = claims
            if "email" not in told and "userinfo_endpoint" in published:
                answer = client.get(
                    published["userinfo_endpoint"],
                    headers={"authorization": f"Bearer {token['access_token']}"},
                )
                answer.raise_for_status()
                told = answer.json()
                if told.get("sub") != claims["sub"]:
                    raise _refusal("userinfo is about somebody else")
            is_verified = told.get("email_verified") in {True, "true"}
            email = read_email(str(told.get("email", ""))) if is_verified else None
            name = " ".join(str(told.get("name") or claims.get("name") or "").split())
            return Claims(self.issuer, claims["sub"], email, name[:LONGEST_NAME])

    def _fetch_token(
        self, client: httpx.Client, published: Mapping[str, Any], *, code: str, code_verifier: str
    ) -> dict[str, Any]:
        methods = published.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        given: dict[str, Any] = {"auth": httpx.Auth(), "client_id": self._client_id}
        if self._secret and "client_secret_basic" in methods:
            given = {"auth": httpx.BasicAuth(self._client_id, self._secret)}
        elif self._secret:
            given["client_secret"] = self._secret
        token: dict[str, Any] = self._protocol(client).fetch_token(
            published["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=code_verifier,
            **given,
        )
        return token

    def _check(
        self,
        client: httpx.Client,
        published: Mapping[str, Any],
        token: Mapping[str, Any],
        *,
        nonce: str,
    ) -> dict[str, Any]:
        """Return the claims of an ID token: signed by the issuer, for us, now, for this nonce."""
        known = published.get("id_token_signing_alg_values_supported", ["RS256"])
        registry = JWSRegistry(
            algorithms=[name for name in ALGORITHMS if name in known], strict_check_header=False
        )
        try:
            read = jwt.decode(token["id_token"], self._keys, registry=registry)
        except InvalidKeyIdError:
            # They have changed their keys since we looked.
            self._read(client, is_again=True)
            read = jwt.decode(token["id_token"], self._keys, registry=registry)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self._client_id},
            },
            {
                "nonce": nonce,
                "client_id": self._client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(leeway=LEEWAY_S)
        if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
            raise _refusal("no subject")
        return dict(claims)

    def _protocol(self, client: httpx.Client) -> OAuth2Client:
        return OAuth2Client(
            client,
            client_id=self._client_id,
            redirect_uri=self.redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
        )

    def _read(self, client: httpx.Client, *, is_again: bool = False) -> dict[str, Any]:
        """Return what the service publishes about itself, at most an hour old."""
        with self._lock:
            if is_again or time.monotonic() - self._read_at > SECONDS_TO_REMEMBER:
                answer = client.get(get_well_known_url(self.issuer, external=True))
                answer.raise_for_status()
                published = answer.json()
                if published["issuer"] != self.issuer:
                    raise _refusal("the service calls itself something else")
                places = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                if not all(_is_safe(published[place]) for place in places):
                    raise _refusal("the service is not reached by https")
                keys = client.get(published["jwks_uri"])
                keys.raise_for_status()
                self._keys = KeySet.import_key_set(keys.json())
                self._published, self._read_at = published, time.monotonic()
            return self._published

    @contextmanager
    def _talking(self) -> Iterator[httpx.Client]:
        """Yield a client; what goes wrong becomes one of our errors, its details go to the log."""
        try:
            with httpx.Client(timeout=SECONDS_TO_WAIT, follow_redirects=False) as client:
                yield client
        except httpx.HTTPError as error:
            log.error("organisation sign-in unavailable", kind=type(error).__name__)
            raise Unavailable(f"The sign-in of {self.name} cannot be reached just now.") from error
        except UNTRUSTED as error:
            # The kind only: a token's content is about a person.
            raise _refusal(getattr(error, "error", "") or type(error).__name__) from error


def _refusal(why: str) -> NotAllowed:
    log.warning("organisation sign-in refused", why=why)
    return NotAllowed("The answer of that sign-in could not be trusted, so nobody was signed in.")


def _is_safe(address: str) -> bool:
    """Return whether an address is https, or of this machine (for trying things out)."""
    parts = urlsplit(address)
    return (parts.scheme == "https" and bool(parts.hostname)) or (
        parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
    )
