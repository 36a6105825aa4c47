"""From items of OpenActive (Opportunity Data 2.0) to groups, venues and activities."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.importers.calendars.words import LONGEST_TEXT, plain_text
from app.importers.normalise import clean_text
from app.importers.openactive.times import NotReadable, schedules_of
from app.importers.options import ReadOptions
from app.importers.records import ActivityRecord, AssetRecord, Problem, Skipped
from app.models import AssetKind, LocationSource, ProblemReason

ACTIVITY_LIST = "https://openactive.io/activity-list"
MOST_PENCE = 100_000
Node = Mapping[str, Any]
_GENDERS = {"femaleonly": "For women.", "maleonly": "For men."}


@dataclass(slots=True)
class Series:
    """One thing that happens: what is said of it, and its single sessions."""

    key: str
    row_number: int
    data: Node
    sessions: list[Node] = field(default_factory=list)


def read_sessions(
    items: Iterable[tuple[str, str, Node]], options: ReadOptions
) -> Iterator[AssetRecord | ActivityRecord | Problem | Skipped]:
    """Yield groups, venues and activities of the items (id, kind, data) of a whole feed."""
    assets: dict[str, AssetRecord] = {}
    for series in _together(items):
        try:
            activity = _activity(series, assets, options)
        except NotReadable as error:
            yield Problem(
                series.row_number, ProblemReason.UNREADABLE_VALUE,
                f"The session cannot be read. {error}",
                "Tell whoever publishes the feed; the others are read all the same.",
                source_key=series.key, name=clean_text(_text(series.data.get("name"))),
            )  # fmt: skip
            continue
        yield activity or Skipped(series.row_number, "over, called off or without a date")
    yield from assets.values()


def labels_of(data: Node) -> Iterator[tuple[str, str, str]]:
    """Yield the activities of an item: taxonomy, term, label."""
    for one in _list(data.get("activity")):
        label = clean_text(_text(one.get("prefLabel"))) if isinstance(one, dict) else None
        if label:
            term = _text(one.get("id") or one.get("@id")) or label
            yield _text(one.get("inScheme")) or ACTIVITY_LIST, term, label


def _together(items: Iterable[tuple[str, str, Node]]) -> list[Series]:
    """Return the series, each with its sessions, wherever a feed says them."""
    found: dict[str, Series] = {}
    sessions: list[tuple[int, str, Node]] = []
    for row, (identifier, kind, data) in enumerate(items, start=1):
        if kind.startswith("ScheduledSession"):
            sessions.append((row, identifier, data))
            continue
        key = _id(data) or identifier
        series = found[key] = Series(key, row, data)
        series.sessions += [one for one in _list(data.get("subEvent")) if isinstance(one, dict)]
    for row, identifier, data in sessions:
        above = data.get("superEvent")
        said = above if isinstance(above, dict) else {}
        key = _text(above) if isinstance(above, str) else _id(said) or identifier
        if key not in found:
            found[key] = Series(key, row, {**data, **said} if said else data)
        found[key].sessions.append(data)
    return list(found.values())


def _activity(
    series: Series, assets: dict[str, AssetRecord], options: ReadOptions
) -> ActivityRecord | None:
    data = series.data
    name = clean_text(plain_text(_text(data.get("name"))))
    if name is None:
        raise NotReadable("It has no name.")
    schedules = schedules_of(data, series.sessions, options.today)
    if not schedules:
        return None
    venue_key = _venue(series, assets)
    organizer_key = _organizer(series, assets, venue_key) or venue_key
    if organizer_key is None:
        raise NotReadable("It says neither who runs it nor where it is.")
    return ActivityRecord(
        row_number=series.row_number,
        source_key=series.key,
        name=name[:200],
        organizer_key=organizer_key,
        venue_key=venue_key if venue_key != organizer_key else None,
        description=_description(data),
        interests=tuple(dict.fromkeys(
            concept
            for taxonomy, term, _ in labels_of(data)
            for concept in options.terms.get((taxonomy, term), ())
        )),
        cost_pence=_cost(data),
        schedules=tuple(schedules),
    )  # fmt: skip


def _venue(series: Series, assets: dict[str, AssetRecord]) -> str | None:
    location = _node(series.data.get("location")) or next(
        (found for one in series.sessions if (found := _node(one.get("location")))), {}
    )
    name = clean_text(plain_text(_text(location.get("name"))))
    if name is None:
        return None
    lon, lat, address, postcode = _place(location)
    if lon is None and postcode is None:
        return None
    key = f"place:{_id(location) or _digest(name, postcode or '')}"
    assets.setdefault(
        key,
        AssetRecord(
            series.row_number, key, AssetKind.VENUE, name[:200], address=address,
            postcode=postcode, lon=lon, lat=lat, is_contact_public=False,
        ),
    )  # fmt: skip
    return key


def _organizer(series: Series, assets: dict[str, AssetRecord], venue_key: str | None) -> str | None:
    organizer = _node(series.data.get("organizer"))
    name = clean_text(plain_text(_text(organizer.get("name"))))
    # A person's name is no group's.
    if name is None or _text(organizer.get("type") or organizer.get("@type")) == "Person":
        return None
    key = f"organizer:{_id(organizer) or _digest(name)}"
    if key not in assets:
        venue = assets.get(venue_key or "")
        url = _text(organizer.get("url"))
        # Where it is known to meet is where it is, as far as anybody has said.
        assets[key] = AssetRecord(
            series.row_number, key, AssetKind.GROUP, name[:200],
            lon=venue.lon if venue else None, lat=venue.lat if venue else None,
            postcode=venue.postcode if venue else None, website=url or None,
            location_source=LocationSource.GIVEN if venue else LocationSource.NONE,
            may_have_no_place=venue is None,
        )  # fmt: skip
    return key


def _place(location: Node) -> tuple[float | None, float | None, str | None, str | None]:
    """Return longitude, latitude (degrees, WGS 84), address and postcode."""
    geo, address = _node(location.get("geo")), location.get("address")
    lon, lat = geo.get("longitude"), geo.get("latitude")
    try:
        point = (float(lon), float(lat)) if lon is not None and lat is not None else (None, None)
    except (TypeError, ValueError):
        point = (None, None)
    if isinstance(address, dict):
        lines = [_text(address.get(name)) for name in ("streetAddress", "addressLocality")]
        said = clean_text(", ".join(filter(None, lines)))
        return *point, said, clean_text(_text(address.get("postalCode")))
    return *point, clean_text(_text(address)), None


def _description(data: Node) -> str | None:
    said = [clean_text(plain_text(_text(data.get("description")))) or ""]
    gender = _text(data.get("genderRestriction")).casefold().rsplit("/", 1)[-1].rsplit("#", 1)[-1]
    said.append(_GENDERS.get(gender, ""))
    ages = _node(data.get("ageRange"))
    low, high = ages.get("minValue"), ages.get("maxValue")
    if isinstance(low, int) and isinstance(high, int):
        said.append(f"Ages {low} to {high}.")
    elif isinstance(low, int) and low > 0:
        said.append(f"From age {low}.")
    elif isinstance(high, int):
        said.append(f"Up to age {high}.")
    return " ".join(filter(None, said))[:LONGEST_TEXT] or None


def _cost(data: Node) -> int | None:
    """Return the lowest price in pence; None: nobody says, or not in pounds."""
    if data.get("isAccessibleForFree") is True:
        return 0
    prices = []
    for offer in _list(data.get("offers")):
        price = offer.get("price") if isinstance(offer, dict) else None
        is_pounds = isinstance(offer, dict) and offer.get("priceCurrency", "GBP") == "GBP"
        text = str(price)
        if is_pounds and re.fullmatch(r"\d{1,4}(\.\d{1,4})?", text):
            prices.append(round(float(text) * 100))
    return min(prices) if prices and min(prices) <= MOST_PENCE else None


def _id(node: Node) -> str:
    return _text(node.get("@id") or node.get("id"))[:300]


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _node(value: object) -> Node:
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _digest(*texts: str) -> str:
    return hashlib.blake2b("\x1f".join(texts).casefold().encode(), digest_size=10).hexdigest()
