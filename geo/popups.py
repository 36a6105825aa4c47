"""Turn other people's words into harmless text: the only place where text becomes HTML for maps.

Two ways in, two rules. Words that stand in the markup go through `popup_text`; words that travel
as data to the map's own script go through `script_json`, and that script only ever sets
`textContent`. The list of characters is longer than `html.escape` knows because folium pastes
popups and tooltips into JavaScript template literals, where a back-tick, ``${`` or a backslash
is code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from geo.errors import UnsafeLinkError

_AS_ENTITIES = str.maketrans({c: f"&#{ord(c)};" for c in "&<>\"'`$\\{}"})

# Control characters no reader can see, and halves of surrogate pairs no encoder can write.
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

# Inside <script> an HTML parser looks for "</script" and "<!--"; old JavaScript parsers took the
# two Unicode line separators as line ends. All are written as JSON escapes instead.
_JSON_ESCAPES = (
    (b"&", rb"\u0026"),
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
)


def readable(text: object) -> str:
    """Return `text` as a string that every encoder and every reader can take.

    Parameters
    ----------
    text
        Anything; ``None`` becomes the empty string. NUL, other invisible control characters and
        lone surrogates become U+FFFD, the replacement character.
    """
    return "" if text is None else _UNREADABLE.sub("\ufffd", str(text))


def popup_text(text: object) -> str:
    r"""Encode `text` so that it is only ever text, in HTML and in folium's template literals.

    Parameters
    ----------
    text
        Anything; ``None`` becomes the empty string.

    Returns
    -------
    str
        `text` with ``& < > " ' ` $ \ { }`` as numeric entities: safe in element content, in
        quoted attributes, and in a JavaScript template literal that ends up as HTML. Encoding
        twice shows the entities to the reader, so encode once, last.
    """
    return readable(text).translate(_AS_ENTITIES)


def script_json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return `value` as JSON that may stand inside ``<script type="application/json">``.

    Parameters
    ----------
    value
        Mappings, sequences, text, numbers (NumPy's too), dates. Strings must have gone through
        `readable`; NaN and infinities become ``null``.

    Raises
    ------
    TypeError
        When something in `value` has no JSON form.
    """
    raw = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    for character, escape in _JSON_ESCAPES:
        raw = raw.replace(character, escape)
    return raw.decode()


def safe_link(url: object) -> str | None:
    """Return `url` if following it can only open a page, and ``None`` for an empty one.

    Parameters
    ----------
    url
        A path on this site (``/assets/7``) or an http(s) address.

    Raises
    ------
    UnsafeLinkError
        For anything else: ``javascript:``, ``data:``, ``//other.host``, back-slashes, spaces.
    """
    text = "" if url is None else str(url)
    if not text:
        return None
    parts = urlsplit(text)
    is_path = text.startswith("/") and not text.startswith("//")
    is_web_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
    if not (is_path or is_web_address) or re.search(r"[\\\s\x00-\x1f\x7f-\x9f\ud800-\udfff]", text):
        message = (
            f"A map cannot link to {text!r}: give a path such as /assets/7, or an http(s) address."
        )
        raise UnsafeLinkError(message)
    return text
