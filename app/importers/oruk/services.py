"""Services of a feed as our activities: what happens, with whom, where and when."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from app.importers.oruk.json_text import Json, first_of, objects, text
from app.importers.oruk.organizations import is_indoors, known_access, past_day
from app.importers.oruk.origins import origin_of
from app.importers.oruk.places import asset_of, is_own, is_physical
from app.importers.oruk.schedules import Times, read_times
from app.importers.oruk.taxonomies import Terms, read_terms
from app.importers.oruk.words import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    cost_in_pence,
    description_of,
)
from app.importers.records import ActivityRecord, SourceInfo

ACTIVITY, PLACE, COMES_TO_HOMES = "activity", "place", "comes_to_homes"
_COMES = "comes to care homes"


@dataclass(frozen=True, slots=True)
class Where:
    """Where a service is: at its organization's own place, at a venue, or nowhere."""

    own: Json | None = None
    venue: Json | None = None
    venue_key: str | None = None


def key_of(service: Json) -> str | None:
    """Return what a service is known by."""
    key = text(service.get("id"), most=200)
    return None if key is None else key.casefold()


def is_active(service: Json) -> bool:
    """Return whether a service is there: what says nothing of it is."""
    return (text(service.get("status")) or "active").casefold() == "active"


def is_own_service(service: Json, organization_key: str) -> bool:
    """Return whether a service only stands for its organization: our export's way of naming it."""
    if PLACE in read_terms(service).kinds:
        return True
    try:
        own = uuid.uuid5(uuid.UUID(organization_key), "service")
    except ValueError:
        return False
    return key_of(service) == str(own)


def where_it_is(service: Json, organization: Json) -> Where:
    """Return where a service is; of several places the first, and a venue before its own."""
    own = None
    for at in objects(first_of(service, "service_at_locations"))[:50]:
        location = at.get("location")
        if not isinstance(location, dict) or not is_physical(location):
            continue
        if is_own(location, organization):
            own = own or location
            continue
        key = asset_of(location) or text(location.get("id"), most=200)
        if key is not None:
            return Where(own, location, key.casefold())
    return Where(own)


@dataclass(slots=True)
class Read:
    """A service as read: the activity, and what of it was not understood."""

    activity: ActivityRecord
    doubts: list[str] = field(default_factory=list)


def read_service(
    service: Json,
    *,
    row_number: int,
    key: str,
    organizer_key: str,
    where: Where,
    interests: tuple[str, ...],
    feed: SourceInfo | None,
    today: dt.date,
) -> Read:
    """Return a service as an activity; `interests` are slugs."""
    terms = read_terms(service)
    is_ours = ACTIVITY in terms.kinds
    times = read_times(first_of(service, "schedules", "regular_schedules"))
    access = sorted(set(known_access(terms)))
    activity = ActivityRecord(
        row_number=row_number,
        source_key=key,
        name=text(first_of(service, "name", "alternate_name"), most=LONGEST_NAME) or "",
        organizer_key=organizer_key,
        venue_key=where.venue_key,
        description=_description(service, times, today, is_ours=is_ours),
        comes_to_homes=_comes_to_homes(service, terms),
        interests=interests,
        access=tuple(access) or None,
        is_indoors=is_indoors(terms),
        cost_pence=cost_in_pence(service, today),
        schedules=tuple(times.schedules),
        checked_on=past_day(service.get("assured_date"), today),
        source=origin_of(service, feed),
        raw={"id": key, "name": text(service.get("name")), "organization": organizer_key},
    )
    return Read(activity, times.doubts)


def _description(service: Json, times: Times, today: dt.date, *, is_ours: bool) -> str | None:
    if is_ours:
        return text(service.get("description"), most=LONGEST_DESCRIPTION)
    return description_of(service, times.words, today)


def _comes_to_homes(service: Json, terms: Terms) -> bool:
    areas = objects(service.get("service_areas"))[:50]
    named = {(text(area.get("name")) or "").casefold() for area in areas}
    return COMES_TO_HOMES in terms.kinds or _COMES in named
