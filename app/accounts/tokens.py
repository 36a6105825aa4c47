"""Secrets that stand for somebody: made at random, handed out once, kept only as a digest."""

from __future__ import annotations

import hashlib
import secrets

# 32 bytes: 43 characters of base64 without padding.
TOKEN_BYTES = 32
LONGEST_TOKEN = 64


def new_token() -> str:
    """Return a token nobody can guess, fit for a cookie or an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> bytes:
    """Return what the database keeps of a token (SHA-256; no salt: the token is random)."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
