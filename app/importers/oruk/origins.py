"""Where each record of a feed came from before, where the feed says so.

Our own export gives every organization and service its `source`. What a record was published
under stays with it: rows of another publisher are kept as a source of their own.
"""

from __future__ import annotations

import hashlib
import re

from app.importers.oruk.json_text import Json, mapping, text
from app.importers.records import SourceInfo

_SHARE_ALIKE = re.compile(
    r"\bodbl\b|open database licen[cs]e|share[\s-]?alike|\bby-sa\b", re.IGNORECASE
)


def is_share_alike(licence: str) -> bool:
    """Return whether a licence asks that what is made of the data is passed on under it."""
    return bool(_SHARE_ALIKE.search(licence))


def origin_of(record: Json, feed: SourceInfo | None) -> SourceInfo | None:
    """Return the source a record itself names, or None where it names none or the feed's own."""
    said = mapping(record.get("source"))
    name, licence = text(said.get("name"), most=200), text(said.get("licence"), most=200)
    if name is None or licence is None:
        return None
    publisher = text(said.get("publisher"), most=200) or name
    attribution = text(said.get("attribution"), most=500) or publisher
    facts = (name, publisher, licence, attribution)
    if feed is not None and facts == (feed.name, feed.publisher, feed.licence, feed.attribution):
        return None
    digest = hashlib.blake2s("\x1f".join(facts).encode("utf-8", "replace"), digest_size=3)
    return SourceInfo(
        slug=f"{plain_slug(name)}-{digest.hexdigest()}",
        name=name,
        publisher=publisher,
        licence=licence,
        attribution=attribution,
        is_share_alike=is_share_alike(licence),
    )


def plain_slug(name: str) -> str:
    """Return a name as small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40].rstrip("-") or "source"
