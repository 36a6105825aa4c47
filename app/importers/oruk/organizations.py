"""Organizations and venues of a feed, as our assets."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from app.importers.oruk.contacts import Phone, find_phone
from app.importers.oruk.json_text import Json, first_of, objects, text
from app.importers.oruk.origins import origin_of
from app.importers.oruk.places import Place, asset_of, is_own, is_physical, read_place
from app.importers.oruk.taxonomies import Terms, read_terms
from app.importers.oruk.words import LONGEST_DESCRIPTION, LONGEST_NAME, plain_words
from app.importers.records import AssetRecord, SourceInfo
from app.models import Access, AssetKind

_CHARITY = re.compile(r"\d{6,7}(?:-\d{1,3})?")
_CHARITY_SCHEMES = {"gb-chc", "uk-chty", "charity number"}
_ACCESS = {word.value for word in Access}
_KINDS = {kind.value for kind in AssetKind if kind is not AssetKind.INFORMAL}


@dataclass(slots=True)
class Gathered:
    """What all rows of a file say of one organization."""

    key: str
    row_number: int  # the first that names it
    record: Json = field(default_factory=dict)
    # Its own place, where a service is at one.
    place: Json | None = None
    # The services that lend it what it does not say itself: a telephone, a web address.
    lenders: list[Json] = field(default_factory=list)
    own_service: Json | None = None

    def learn(self, organization: Json) -> None:
        """Take what is new; what was said first stays."""
        for name, value in organization.items():
            if value not in (None, "", [], {}):
                self.record.setdefault(name, value)

    def learn_from(self, service: Json) -> None:
        """Keep a service that may say what the organization does not."""
        if len(self.lenders) < 3:
            names = ("phones", "contacts", "url", "email")
            self.lenders.append({name: service[name] for name in names if name in service})

    def own_location(self) -> Json | None:
        """Return its own place: the one it lists, else the one its services are at."""
        listed = [place for place in objects(self.record.get("locations")) if is_physical(place)]
        own = [place for place in listed if is_own(place, self.record)]
        exact = [place for place in own if asset_of(place) == self.key]
        return next(iter(exact or own), self.place)


def key_of(organization: Json) -> str | None:
    """Return what an organization is known by: its id, else its name."""
    key = text(organization.get("id"), most=200)
    if key is not None:
        return key.casefold()
    name = text(organization.get("name"), most=200)
    return None if name is None else f"named {name.casefold()}"


def organization_record(
    gathered: Gathered, feed: SourceInfo | None, interests: tuple[str, ...], today: dt.date
) -> tuple[AssetRecord, list[str]]:
    """Return an organization as an asset, and what was left out; `interests` are slugs."""
    record, terms = gathered.record, read_terms(gathered.record)
    own_terms = read_terms(gathered.own_service or {})
    location = gathered.own_location()
    place = read_place(location) if location else Place()
    made = _asset(gathered.key, gathered.row_number, record, place, is_exact=terms.is_ours)
    made.kind = next((AssetKind(word) for word in _KINDS if word in terms.kinds), AssetKind.GROUP)
    made.interests = interests
    made.is_indoors = is_indoors(terms, own_terms)
    access = {*(place.access or ()), *known_access(terms), *known_access(own_terms)}
    made.access = tuple(sorted(access)) or None
    assured = first_of(gathered.own_service or {}, "assured_date") or record.get("assured_date")
    made.checked_on = past_day(assured, today)
    made.source = origin_of(record, feed)
    made.is_lent_to = not terms.is_ours
    made.charity_number = _charity_number(record)
    lenders = [record, *gathered.lenders]
    made.website = _first_text(lenders, "website", "url", "uri")
    made.email = _first_text(lenders, "email")
    _set_phone(made, find_phone(record, location or {}, *gathered.lenders))
    return made, list(place.doubts)


def venue_record(
    key: str, row_number: int, location: Json, feed: SourceInfo | None, interests: tuple[str, ...]
) -> tuple[AssetRecord, list[str]]:
    """Return a named place that is nobody's own as an asset, and what was left out."""
    place = read_place(location)
    made = _asset(key, row_number, location, place, is_exact=asset_of(location) is not None)
    made.kind = AssetKind.VENUE
    made.is_in_passing = True
    made.interests = interests
    made.access = place.access
    made.source = origin_of(location, feed)
    _set_phone(made, find_phone(location))
    return made, list(place.doubts)


def _asset(key: str, row_number: int, record: Json, place: Place, *, is_exact: bool) -> AssetRecord:
    words = text if is_exact else plain_words
    made = AssetRecord(
        row_number=row_number,
        source_key=key,
        kind=AssetKind.GROUP,
        name=text(first_of(record, "name", "alternate_name"), most=LONGEST_NAME) or "",
        description=words(record.get("description"), most=LONGEST_DESCRIPTION),
        address=place.address,
        postcode=place.postcode,
        lon=place.lon,
        lat=place.lat,
        lon_lat_written=place.written,
        location_source=place.source,
        opening_hours=place.hours,
        may_have_no_place=True,
        is_exact=is_exact,
    )
    made.raw = {"id": key, "name": made.name, "address": place.address,
                "postal_code": place.postcode, "latitude": (place.written or ("", ""))[1],
                "longitude": (place.written or ("", ""))[0]}  # fmt: skip
    return made


def known_access(terms: Terms) -> list[str]:
    """Return the words of the closed list among some terms."""
    return [word for word in terms.access if word in _ACCESS]


def is_indoors(*several: Terms) -> bool | None:
    """Return whether terms of ours say indoors or outdoors, or None where they say neither."""
    kinds = set().union(*(terms.kinds for terms in several))
    return True if "indoors" in kinds else (False if "outdoors" in kinds else None)


def past_day(value: object, today: dt.date) -> dt.date | None:
    """Return a day that has been; what is no day, or to come, is nobody's check."""
    written = text(value, most=40)
    if written is None:
        return None
    try:
        found = dt.date.fromisoformat(written[:10])
    except ValueError:
        return None
    return found if found <= today else None


def _charity_number(record: Json) -> str | None:
    for identifier in objects(record.get("organization_identifiers")):
        said = {(text(identifier.get(name)) or "").casefold()
                for name in ("identifier_scheme", "identifier_type")}  # fmt: skip
        number = text(identifier.get("identifier"), most=40)
        if said & _CHARITY_SCHEMES and number and _CHARITY.fullmatch(number):
            return number
    return None


def _first_text(records: list[Json], *names: str) -> str | None:
    found = (text(record.get(name), most=500) for record in records for name in names)
    return next((value for value in found if value), None)


def _set_phone(made: AssetRecord, phone: Phone | None) -> None:
    if phone is None:
        return
    if phone.is_public:
        made.phone = phone.number
    elif made.email is None:
        # Somebody's own mobile: for those who arrange visits, not for everybody.
        made.phone, made.is_contact_public = phone.number, False
