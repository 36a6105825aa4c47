"""What a page says to search engines and other programs: schema.org, as JSON-LD in a data block.

A block of `application/ld+json` is never run, so the pages' Content-Security-Policy has nothing to
allow (HTML, "data block"). Only what the page shows is in it; of somebody's skill there is none.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from markupsafe import Markup

from app.activities.coming import next_start
from app.activities.rules import DAY_CODES, RuleError, check_rule, last_day, rule_parts
from app.activities.schedules import Timed, has_ended
from app.models import AssetKind, LocationSource
from app.words import web_link

LONDON = ZoneInfo("Europe/London")
CONTEXT = "https://schema.org"
TYPES = {
    AssetKind.CARE_HOME: "LocalBusiness",
    AssetKind.SURGERY: "MedicalClinic",
    AssetKind.VENUE: "CivicStructure",
    AssetKind.GROUP: "Organization",
}
# A search engine reads no more of one page.
MOST_EVENTS, MOST_LISTED = 50, 100
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = {"DAILY": "D", "WEEKLY": "W", "MONTHLY": "M", "YEARLY": "Y"}
_SAID_OF_RULES = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "COUNT", "UNTIL", "WKST"}
_NOT_IN_A_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)

Node = dict[str, Any]


def as_block(*nodes: Node | None) -> Markup:
    """Return a data block for a page's head; "" without anything to say.

    No name can end the block: what HTML could read as a tag is written as JSON's escapes.
    """
    said = [node for node in nodes if node]
    if not said:
        return Markup("")
    text = json.dumps({"@context": CONTEXT, "@graph": said}, ensure_ascii=False)
    escaped = text.translate(_NOT_IN_A_SCRIPT)
    return Markup(f'<script type="application/ld+json">{escaped}</script>')  # noqa: S704 # nosec B704 - escaped


def describe_asset(asset: sa.Row[Any], ward: sa.Row[Any] | None, *, base_url: str) -> Node | None:
    """Return a place or group as schema.org knows it; None for somebody's skill."""
    if asset.kind == AssetKind.INFORMAL:
        return None
    kind = TYPES[AssetKind(asset.kind)]
    place = _without_nothing(
        {
            "address": _address(asset, ward),
            "geo": _geo(asset),
            "openingHoursSpecification": _opening_hours(asset.opening_hours),
        }
    )
    # An organization has no opening hours; where it is, is a place.
    where = {"location": {"@type": "Place", **place}} if kind == "Organization" and place else place
    return _without_nothing(
        {
            "@type": kind,
            "@id": f"{base_url}/assets/{asset.id}#it",
            "name": asset.name,
            "description": asset.description,
            "url": web_link(asset.website) or f"{base_url}/assets/{asset.id}",
            "mainEntityOfPage": f"{base_url}/assets/{asset.id}",
            # The public views have no contact that is not public.
            "telephone": asset.phone,
            "email": asset.email,
        }
        | where
    )


def describe_events(
    asset: sa.Row[Any],
    activities: Sequence[tuple[sa.Row[Any], Sequence[Timed]]],
    *,
    base_url: str,
    now: dt.datetime,
) -> list[Node]:
    """Return the activities of an asset's page that have a date ahead, as events.

    `now`: local time, without a zone.
    """
    if asset.kind == AssetKind.INFORMAL:
        return []
    found = []
    for activity, schedules in activities[:MOST_EVENTS]:
        event = _event(asset, activity, schedules, base_url=base_url, now=now)
        found += [event] if event else []
    return found


def describe_ward(ward: sa.Row[Any], places: Sequence[Any], *, base_url: str) -> list[Node]:
    """Return a ward, and the list of what is in it; nobody's skill is on it."""
    page = f"{base_url}/wards/{ward.gss_code}"
    listed = [place for place in places if place.kind != AssetKind.INFORMAL]
    area = _without_nothing(
        {
            "@type": "AdministrativeArea",
            "@id": f"{page}#it",
            "name": f"{ward.name} ward",
            "url": page,
            "identifier": ward.gss_code,
            "containedInPlace": {"@type": "AdministrativeArea", "name": ward.lad_name}
            if ward.lad_name
            else None,
        }
    )
    items = [
        {"@type": "ListItem", "position": number, "name": place.name,
         "url": f"{base_url}/assets/{place.id}"}
        for number, place in enumerate(listed[:MOST_LISTED], start=1)
    ]  # fmt: skip
    if not items:
        return [area]
    return [area, {"@type": "ItemList", "name": f"What is in {ward.name} ward",
                   "numberOfItems": len(listed), "itemListElement": items}]  # fmt: skip


def describe_schedule(schedule: Timed) -> Node | None:
    """Return a schedule that repeats; None: schema.org has no words for its rule."""
    if schedule.rrule is None:
        return None
    parts = rule_parts(check_rule(schedule.rrule))
    if parts.keys() - _SAID_OF_RULES:
        return None
    until = last_day(check_rule(schedule.rrule))
    return _without_nothing(
        {
            "@type": "Schedule",
            "startDate": schedule.starts_on.isoformat(),
            "endDate": until.isoformat() if until else None,
            "startTime": schedule.opens_at.isoformat(),
            "endTime": schedule.closes_at.isoformat() if schedule.closes_at else None,
            "repeatFrequency": f"P{parts.get('INTERVAL', '1')}{_UNITS[parts['FREQ']]}",
            "repeatCount": int(parts["COUNT"]) if "COUNT" in parts else None,
            "byDay": _by_day(parts.get("BYDAY")),
            "byMonthDay": _numbers(parts.get("BYMONTHDAY")),
            "byMonth": _numbers(parts.get("BYMONTH")),
            "exceptDate": [day.isoformat() for day in schedule.exdates],
            "scheduleTimezone": LONDON.key,
        }
    )


def _event(
    asset: sa.Row[Any],
    activity: sa.Row[Any],
    schedules: Sequence[Timed],
    *,
    base_url: str,
    now: dt.datetime,
) -> Node | None:
    start = next_start(schedules, now)
    if start is None:
        return None
    cost = activity.cost_pence
    price = {"@type": "Offer", "price": f"{(cost or 0) / 100:.2f}", "priceCurrency": "GBP"}
    try:
        going_on = [one for one in schedules if not has_ended(one, now.date())]
        said = [node for one in going_on if (node := describe_schedule(one)) is not None]
    except RuleError:
        said = []
    return _without_nothing(
        {
            "@type": "Event",
            "@id": f"{base_url}/assets/{asset.id}#activity-{activity.id}",
            "name": activity.name,
            "description": activity.description,
            "startDate": start.replace(tzinfo=LONDON).isoformat(),
            "eventStatus": "https://schema.org/EventScheduled",
            "eventSchedule": said,
            "isAccessibleForFree": None if cost is None else cost == 0,
            "offers": None if cost is None else price,
            "organizer": {"@type": "Organization", "name": activity.organizer_name,
                          "url": f"{base_url}/assets/{activity.place_id}"},
            "location": _where(activity, base_url),
        }
    )  # fmt: skip


def _where(activity: sa.Row[Any], base_url: str) -> Node:
    place_id = activity.venue_place_id or activity.place_id
    at_a_venue = activity.venue_place_id is not None
    name = activity.venue_name if at_a_venue else activity.place_words or activity.organizer_name
    return {"@type": "Place", "name": name, "url": f"{base_url}/assets/{place_id}"}


def _address(asset: sa.Row[Any], ward: sa.Row[Any] | None) -> Node | None:
    if not (asset.address or asset.postcode):
        return None
    return _without_nothing(
        {
            "@type": "PostalAddress",
            "streetAddress": asset.address,
            "addressLocality": ward.lad_name if ward is not None else None,
            "postalCode": asset.postcode,
            "addressCountry": "GB",
        }
    )


def _geo(asset: sa.Row[Any]) -> Node | None:
    # The point of what is only known by its ward stands for the ward.
    if asset.lon is None or asset.location_source == LocationSource.WARD:
        return None
    return {"@type": "GeoCoordinates", "latitude": round(asset.lat, 6),
            "longitude": round(asset.lon, 6)}  # fmt: skip


def _opening_hours(spans: object) -> list[Node]:
    if not isinstance(spans, list):
        return []
    try:
        return [
            {"@type": "OpeningHoursSpecification", "dayOfWeek": _day(int(span["weekday"])),
             "opens": span["opens_at"], "closes": span["closes_at"].replace("24:00", "23:59")}
            for span in spans
        ]  # fmt: skip
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return []


def _by_day(codes: str | None) -> list[str]:
    """Return weekdays as schema.org names them; a numbered one ("1MO") as iCalendar does."""
    listed = codes.split(",") if codes else []
    return [_day(DAY_CODES.index(code)) if code in DAY_CODES else code for code in listed]


def _numbers(listed: str | None) -> list[int]:
    return [int(number) for number in listed.split(",")] if listed else []


def _day(weekday: int) -> str:
    return f"https://schema.org/{_DAYS[weekday]}"


def _without_nothing(node: Mapping[str, Any]) -> Node:
    return {name: value for name, value in node.items() if value not in (None, "", [])}
