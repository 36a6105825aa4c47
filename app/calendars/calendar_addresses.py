"""Whether an address that somebody typed in can be a calendar everybody may read."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LONGEST = 2_000
# How programs mark the addresses that are for their owner alone.
_PRIVATE = re.compile(
    r"/private-|[?&](?:key|token|pwd|secret|auth)=|facebook\.com/ical/", re.IGNORECASE
)
_SCHEMES = {"http", "https", "webcal", "webcals"}


def what_is_wrong(url: str) -> str | None:
    """Return what is wrong with a calendar's address and what to do, or None."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if len(url) > LONGEST or "." not in host or parts.scheme not in _SCHEMES or "@" in parts.netloc:
        return "Copy the whole address, like https://example.org/calendar.ics."
    if _PRIVATE.search(url):
        return (
            "This looks like your private address: whoever has it can read everything in your"
            " calendar. In your calendar’s settings, make it public and copy the public address in"
            " iCal format."
        )
    return None
