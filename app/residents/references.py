"""References: how a resident is called here, at random and without a name."""

from __future__ import annotations

import hashlib
import re
import secrets

from app.errors import NotFound
from app.models.residents import REFERENCE_ALPHABET, REFERENCE_LENGTH

_REFERENCE = re.compile(f"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}", re.ASCII)
# Where people put a gap, and how long a reference with gaps may be.
_GAPS = re.compile(r"[\s.\-]+")
LONGEST_TYPED = 40

# The one answer for what is missing, another team's, and withdrawn.
NOTHING_HERE = "There is nothing at this address."


def new_reference() -> str:
    """Return a reference made at random: it says nothing about whom it stands for."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


def read_reference(typed: str) -> str:
    """Return the reference in what somebody typed, in lower case or with gaps as it may be.

    Raises NotFound for anything else: the same as for a reference nobody has.
    """
    reference = _GAPS.sub("", typed[:LONGEST_TYPED]).upper()
    if not _REFERENCE.fullmatch(reference):
        raise NotFound(NOTHING_HERE)
    return reference


def digest_of(reference: str) -> bytes:
    """Return what a receipt keeps of a reference (SHA-256)."""
    return hashlib.sha256(reference.encode("ascii")).digest()
