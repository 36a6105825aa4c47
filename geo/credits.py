"""Whom to name for data: each sentence once, however many files of one publisher there are."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LEADING = re.compile(r"^\s*sources?:\s*", re.IGNORECASE)
# "(OGL v3)", as the licence stands after an attribution.
_LICENCE = re.compile(r"\s*(\([^()]*\))\s*$")
# Between sentences, not after a short word: "St. Helens" is one name.
_BETWEEN = re.compile(r"(?:(?<=\w{3})|(?<=\.\d)|(?<=\)))\.\s+(?=[A-Z©])")


def merged_credits(lines: Iterable[str]) -> list[str]:
    """Return lines of attribution without what another line has said under the same licence.

    The word "Source:" before a line goes: it stands once before them all. Order is kept, and
    every publisher, sentence and licence is still there.
    """
    said: set[tuple[str, str]] = set()
    kept: list[str] = []
    for line in lines:
        words = _LEADING.sub("", line).strip().rstrip(".")
        found = _LICENCE.search(words)
        licence = found[1] if found else ""
        body = words[: found.start()].rstrip(".") if found else words
        sentences = [one for one in _BETWEEN.split(body) if (one.casefold(), licence) not in said]
        if sentences and (body or licence):
            said |= {(one.casefold(), licence) for one in sentences}
            kept.append(f"{'. '.join(sentences)} {licence}".strip())
    return [line for line in kept if line]
