"""Adding a feed and changing one: what has to be said about it, and what makes no sense."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.errors import BadQuestion, NotFetched
from app.feeds import queries
from app.feeds.words import LICENCES
from app.fetching.client import checked_address
from app.models import MOST_HOURS, FeedKind


@dataclass(frozen=True, slots=True)
class Draft:
    """A feed as somebody describes it. `licence`: a key of `LICENCES`, or its name."""

    kind: FeedKind
    url: str
    publisher: str
    licence: str
    name: str | None = None
    attribution: str | None = None
    organizer_id: uuid.UUID | None = None
    every_hours: int = 24


def add(session: Session, draft: Draft) -> int:
    """Store a feed and return its number; raises `BadQuestion` naming the field."""
    values = _values(session, draft, but=None)
    values["kind"] = draft.kind.value
    if draft.kind is FeedKind.ICAL:
        organizer = draft.organizer_id and queries.find_organizer(
            session, asset_id=draft.organizer_id
        )
        if not organizer:
            raise BadQuestion("Say whose calendar it is: a group on the map.", field="organizer")
    values["organizer_id"] = draft.organizer_id
    return queries.add_feed(session, values=values)


def change(session: Session, feed_id: int, draft: Draft) -> None:
    """Change a feed; raises `BadQuestion` naming the field."""
    queries.change_feed(session, feed_id=feed_id, values=_values(session, draft, but=feed_id))


def _values(session: Session, draft: Draft, *, but: int | None) -> dict[str, Any]:
    try:
        url = checked_address(draft.url)
    except NotFetched as error:
        raise BadQuestion(str(error), field="url") from error
    if not 1 <= draft.every_hours <= MOST_HOURS:
        raise BadQuestion("Choose how often it is read.", field="every_hours")
    if queries.is_taken(session, kind=draft.kind.value, url=url, but=but):
        raise BadQuestion("This address is read already: it is in the list.", field="url")
    publisher = draft.publisher.strip()
    if not publisher:
        raise BadQuestion("Write whose it is: they are named with its facts.", field="publisher")
    known = LICENCES.get(draft.licence)
    licence = known.name if known else draft.licence.strip()
    attribution = (draft.attribution or "").strip() or (
        known.attribution.format(publisher=publisher) if known else ""
    )
    if not licence:
        raise BadQuestion("Choose its licence.", field="licence")
    if not attribution:
        raise BadQuestion("Write whom to name, as its licence asks.", field="attribution")
    return {
        "url": url,
        "publisher": publisher,
        "licence": licence,
        "attribution": attribution,
        "every_hours": draft.every_hours,
        "name": (draft.name or "").strip() or f"{publisher} ({urlsplit(url).hostname})",
    }
