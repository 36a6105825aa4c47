"""Which place of the map a calendar's words mean: only where it is sure, else nobody is asked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from rapidfuzz import fuzz

from app.calendars import venue_queries as queries
from app.importers.calendars.words import ONLINE
from geo.likeness import ONE_WORD, likeness

# Names as sure as these are one place's: with the same postcode, and without any.
SURE_AT_ONE_POSTCODE, SURE_BY_NAME = 75.0, 92.0
# The best has to be so much better than the second.
APART = 5.0
_POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\s*(\d[A-Z]{2})\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_MOST_PARTS = 3


def ask_venues(connection: sa.Connection, *, feed_id: int) -> int:
    """Ask the venues a feed names and that are surely meant; return how many are asked anew."""
    asked = 0
    for row in queries.list_unplaced(connection, feed_id=feed_id):
        if row.place_words == ONLINE:
            continue
        venue_id = find_venue(connection, organizer_id=row.organizer_id, words=row.place_words)
        if venue_id is not None:
            asked += queries.ask_venue(
                connection, feed_id=feed_id, words=row.place_words, venue_id=venue_id
            )
    return asked


def find_venue(
    connection: sa.Connection, *, organizer_id: uuid.UUID, words: str
) -> uuid.UUID | None:
    """Return the one place near a group that its words mean; None: none, or more than one."""
    postcode = postcode_in(words)
    rows = queries.list_candidates(
        connection, organizer_id=organizer_id, words=words, postcode=postcode
    )
    return surest(words, rows)


def postcode_in(words: str) -> str | None:
    """Return the postcode that stands in some words, with its space."""
    found = _POSTCODE.search(words)
    return f"{found.group(1)} {found.group(2)}".upper() if found else None


def surest(words: str, rows: Sequence[sa.Row[Any]]) -> uuid.UUID | None:
    """Return the id of the row (id, name, postcode) that is surely meant, or None.

    A name counts as far as the first parts of the words between commas are like it; another
    postcode than the written one speaks against a place whatever its name.
    """
    postcode = postcode_in(words)
    scored = []
    for row in rows:
        is_there = postcode is not None and row.postcode == postcode
        if postcode and row.postcode and not is_there:
            continue
        alike = _alike(words, row.name)
        is_sure = alike >= SURE_BY_NAME and _names_all_of(words, row.name)
        if is_sure or (is_there and alike >= SURE_AT_ONE_POSTCODE):
            scored.append((alike, row.id))
    scored.sort(key=lambda one: (-one[0], str(one[1])))
    if not scored or (len(scored) > 1 and scored[0][0] - scored[1][0] < APART):
        return None
    return uuid.UUID(str(scored[0][1]))


def _alike(words: str, name: str) -> float:
    """Return how like a name the words are, 0 to 100: rooms and streets stand beside it."""
    parts = [part.strip() for part in re.split(r"[,\n;(]", words) if part.strip()][:_MOST_PARTS]
    # A town by itself ("…, Ilkley") is no name, whatever library is called after it.
    tried = [text for text in (*parts, " ".join(parts[:2]), words) if " " in text or text == words]
    return max((likeness(text, name) for text in tried), default=0.0)


def _names_all_of(words: str, name: str) -> bool:
    """Return whether every word of a name is written, in some spelling: "Ilkley" is no library."""
    written = _WORD.findall(words.casefold())
    return all(
        any(fuzz.ratio(word, one) >= ONE_WORD for one in written)
        for word in _WORD.findall(name.casefold())
        if word not in {"the", "of", "at", "and"}
    )
