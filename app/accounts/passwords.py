"""Passwords: argon2id, and what makes one too easy to guess."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache
from itertools import pairwise

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

SHORTEST = 12
# Shorter parts of a name are in too many words to be refused.
SHORTEST_PART = 4
FEWEST_DIFFERENT = 5
# Beside a common word: "password12345" is no better than "password".
FEWEST_BESIDE = 6
COMMON = ("password", "passw0rd", "qwerty", "letmein", "welcome", "iloveyou", "1234567890")
# Each check takes 64 MiB for a tenth of a second: a crowd at the door must not take all memory.
_AT_A_TIME = threading.BoundedSemaphore(4)
_HASHES = PasswordHash.recommended()


def hash_password(password: str) -> str:
    """Return what the database keeps of a password."""
    with _AT_A_TIME:
        return _HASHES.hash(_as_bytes(password))


def check_password(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Return whether a password is right, and a newer hash to keep if there should be one.

    Without a hash (an address nobody has, an account without a password) one made up is checked:
    the answer is no, and takes as long as any other.
    """
    made_up = _hash_of_nothing()
    try:
        with _AT_A_TIME:
            is_right, newer = _HASHES.verify_and_update(
                _as_bytes(password), password_hash or made_up
            )
    except UnknownHashError:
        # Something else was put there by hand: no password fits it.
        return False, None
    return is_right and password_hash is not None, newer


def what_is_wrong_with(password: str, *, name: str, email: str, service: str) -> str | None:
    """Return in a sentence why a password will not do; None: it will."""
    if len(password) < SHORTEST:
        return f"Use {SHORTEST} characters or more. Three or four words are easy to remember."
    plain = unicodedata.normalize("NFKC", password).casefold()
    parts = re.split(r"[^\w]+", f"{name} {email} {service}".casefold())
    if any(len(part) >= SHORTEST_PART and part in plain for part in parts):
        return "Leave your name, your e-mail address and our name out of it."
    rest = plain
    for word in COMMON:
        rest = rest.replace(word, "")
    if len(set(plain)) < FEWEST_DIFFERENT or len(rest) < FEWEST_BESIDE or _is_a_run(plain):
        return "That is one of the first that others would try. Use three or four words."
    return None


def _is_a_run(text: str) -> bool:
    """Return whether every character follows the one before it, up or down: abcdef, 987654."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


def _as_bytes(password: str) -> bytes:
    # One letter may be written in two ways, and keyboards differ in which.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


@cache
def _hash_of_nothing() -> str:
    return _HASHES.hash("nobody has this password")
