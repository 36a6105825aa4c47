"""Addresses on the web and of e-mail, written as the formats of JSON Schema want them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

from app.words import web_link

# As RFC 3986 has them; what else people write is written in percent.
_RESERVED = ":/?#[]@!$&'()*+,;="
_HOST = re.compile(
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE
)
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# Less than RFC 5321 allows and all that people have.
_EMAIL = re.compile(
    r"[A-Za-z0-9_+'-]+(\.[A-Za-z0-9_+'-]+)*@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)
LONGEST_EMAIL, LONGEST_NAME = 254, 64


@lru_cache(maxsize=4_096)
def absolute_uri(text: str | None) -> str | None:
    """Return an absolute http or https URI (RFC 3986), or None if `text` cannot be one."""
    link = web_link(text)
    if link is None:
        return None
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not _HOST.fullmatch(host) or parts.username is not None:
        return None
    place = host if port is None else f"{host}:{port}"
    rest = link.partition("://")[2][len(parts.netloc) :]
    # Brackets are for addresses of machines only.
    written = quote(_STRAY_PERCENT.sub("%25", rest), safe=_RESERVED + "%")
    written = written.replace("[", "%5B").replace("]", "%5D")
    head, sign, tail = written.partition("#")
    return f"{parts.scheme.lower()}://{place}{head}{sign}{tail.replace('#', '%23')}"


@lru_cache(maxsize=4_096)
def email(text: str | None) -> str | None:
    """Return an e-mail address, or None if `text` is none."""
    if not text or len(text) > LONGEST_EMAIL or not _EMAIL.fullmatch(text):
        return None
    return text if len(text.partition("@")[0]) <= LONGEST_NAME else None
