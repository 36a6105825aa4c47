"""Trying an address out: it is fetched once and looked at, and nothing is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from app.errors import NotFetched
from app.fetching.client import Fetcher
from app.models import FeedKind

# Somebody waits for it, and only the beginning is of interest.
MOST_SECONDS, MOST_BYTES = 15.0, 5_000_000


@dataclass(frozen=True, slots=True)
class Look:
    """What an address has: whether it is what it was said to be, and a sentence."""

    is_right: bool
    sentence: str


def look(fetcher: Fetcher, kind: FeedKind, url: str) -> Look:
    """Fetch an address and say what is there."""
    address = url
    if kind is FeedKind.ORUK and "/services" not in url:
        address = url.split("?", maxsplit=1)[0].rstrip("/") + "/services"
    try:
        fetched = replace(fetcher, whole_s=MOST_SECONDS).get(address, most_bytes=MOST_BYTES)
    except NotFetched as error:
        return Look(False, str(error))
    if kind is FeedKind.ICAL:
        return _calendar(fetched.content)
    return _listing(fetched.content, kind)


def _calendar(content: bytes) -> Look:
    text = content.decode("utf-8", "replace").lstrip("\ufeff").lstrip()
    if not text.upper().startswith("BEGIN:VCALENDAR"):
        return Look(False, "This answers, but it is no calendar: look for an address with .ics.")
    count = text.upper().count("BEGIN:VEVENT")
    return Look(True, f"This is a calendar with {count:,} entries.")


def _listing(content: bytes, kind: FeedKind) -> Look:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return Look(False, "This answers, but not with JSON as such feeds do: check the address.")
    word, names = (
        ("services", ("contents", "content", "services"))
        if kind is FeedKind.ORUK
        else ("changes", ("items",))
    )
    if isinstance(found, dict):
        for name in names:
            if isinstance(found.get(name), list):
                total = found.get("total_items")
                shown = len(found[name])
                of = f" of {total:,}" if isinstance(total, int) and total > shown else ""
                return Look(True, f"This is such a feed: its first page has {shown:,}{of} {word}.")
    return Look(False, f"This answers with JSON, but there is no list of {word} in it.")
