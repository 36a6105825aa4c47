"""Where things are: whose place a location is, and what it says of itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.importers.oruk.json_text import Json, first_of, mapping, number, objects, text
from app.importers.oruk.schedules import read_hours
from app.importers.oruk.taxonomies import access_in_words, read_terms
from app.importers.records import OpeningHours
from app.models import Access, LocationSource
from app.words import LOCATION_SOURCES

OURS = "Patchwork asset"
_ACCESS = {word.value for word in Access}
_LONGEST = 300


def own_location_id(organization_id: str) -> str | None:
    """Return the id our export gives an organization's own place, or None if its id is no uuid."""
    try:
        return str(uuid.uuid5(uuid.UUID(organization_id), "location"))
    except ValueError:
        return None


def asset_of(location: Json) -> str | None:
    """Return the id of our asset a location is the place of, where it says so."""
    if text(location.get("external_identifier_type")) != OURS:
        return None
    return text(location.get("external_identifier"), most=200)


def is_own(location: Json, organization: Json) -> bool:
    """Return whether a location is the organization's own place, not a venue it uses.

    It is where the organization lists it, where it has no name at all, or the organization's.
    """
    organization_id = text(organization.get("id"), most=200) or ""
    asset_id = asset_of(location)
    if asset_id is not None:
        return asset_id == organization_id
    location_id = text(location.get("id"), most=200)
    listed = [text(own.get("id"), most=200) for own in objects(organization.get("locations"))]
    if location_id is not None and location_id in {*listed, own_location_id(organization_id)}:
        return True
    name = text(location.get("name"), most=_LONGEST)
    own_name = text(organization.get("name"), most=_LONGEST) or ""
    return name is None or name.casefold() == own_name.casefold()


def is_physical(location: Json) -> bool:
    """Return whether people can go there."""
    return (text(location.get("location_type")) or "physical").casefold() != "virtual"


@dataclass(slots=True)
class Place:
    """What a location says: `lon` and `lat` as numbers (NaN where they are none)."""

    lon: float | None = None
    lat: float | None = None
    written: tuple[str | None, str | None] | None = None
    address: str | None = None
    postcode: str | None = None
    source: LocationSource = LocationSource.GIVEN
    access: tuple[str, ...] | None = None
    hours: tuple[OpeningHours, ...] | None = None
    doubts: tuple[str, ...] = ()


def read_place(location: Json) -> Place:
    """Return what a location says of where and how it is."""
    lon, lat = number(location.get("longitude")), number(location.get("latitude"))
    if (lon, lat) == (0, 0):
        lon = lat = None  # what some feeds write where they do not know
    place = Place(lon, lat)
    if lon is not None or lat is not None:
        place.written = (_written(location.get("longitude")), _written(location.get("latitude")))
        # Half a point is none: what is missing is said.
        place.lon, place.lat = (float("nan") if value is None else value for value in (lon, lat))
    is_ours = asset_of(location) is not None
    address = _address_of(location)
    place.postcode = text(first_of(address, "postal_code", "postcode"), most=40)
    place.address = _line_of(
        address, name=text(location.get("name"), most=_LONGEST), is_ours=is_ours
    )
    if is_ours:
        place.source = _our_source(location)
    place.access = _access_of(location)
    place.hours, doubts = read_hours(first_of(location, "schedules", "regular_schedules"))
    place.doubts = tuple(doubts)
    return place


def _written(value: object) -> str:
    return "" if value is None else str(value)[:40]


def _address_of(location: Json) -> Json:
    """Return the address people go to: a postal one only where there is no other."""
    found = objects(first_of(location, "addresses", "physical_addresses"))
    there = [a for a in found if text(a.get("address_type")) != "postal"]
    return next(iter(there or found), mapping(location.get("address")))


def _line_of(address: Json, *, name: str | None, is_ours: bool) -> str | None:
    """Return the address as one line; of ours exactly the line it was."""
    first = text(address.get("address_1"), most=_LONGEST)
    if is_ours:
        # A line every address must have: our export writes the name where there is no other.
        return None if first == name else first
    parts = [first] if first else []
    for field_name in ("address_2", "city"):
        part = text(address.get(field_name), most=100)
        if part and part.casefold() not in ", ".join(parts).casefold():
            parts.append(part)
    return ", ".join(parts) or None


def _our_source(location: Json) -> LocationSource:
    """Return how exact a place of our own export is: its description says so in our words."""
    said = text(location.get("description"), most=500)
    known = {words: LocationSource(word) for word, words in LOCATION_SOURCES.items()}
    return known.get(said or "", LocationSource.GIVEN)


def _access_of(location: Json) -> tuple[str, ...] | None:
    found = [word for word in read_terms(location).access if word in _ACCESS]
    for accessibility in objects(location.get("accessibility")):
        details = text(accessibility.get("details"))
        if details in _ACCESS:
            found.append(details)
            continue
        said = [text(accessibility.get(name), most=2_000)
                for name in ("description", "accessibility", "details")]  # fmt: skip
        found += access_in_words(". ".join(part for part in said if part))
    return tuple(sorted(set(found))) or None
