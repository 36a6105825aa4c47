"""Organizations and their own places, made of an asset's row."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import orjson
import sqlalchemy as sa

from app import words
from app.oruk.addresses import absolute_uri, email
from app.oruk.ids import child_id, location_id
from app.oruk.naming import NOWHERE_NEARER, Naming
from app.oruk.schedules import opening_hours_of
from app.oruk.terms import INDOORS, OUTDOORS, Term, attributes_of

Json = dict[str, Any]
NO_PLACE = "none"
# Sources whose points want a word of warning (app/words.py has it).
ROUGHLY_PLACED = ("postcode", "ward")


def without_nothing(record: Json) -> Json:
    """Return a record without what is not there: Open Referral has no nulls and no empty lists."""
    # A longitude of 0 is something.
    return {name: value for name, value in record.items() if value or value == 0}


def moment(at: dt.datetime) -> str:
    """Return a moment in UTC, to the microsecond: what is asked with it is found again."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Organization:
    """One asset as others read it; each form of it is made once, when it is first asked for."""

    def __init__(self, row: sa.Row[Any], naming: Naming) -> None:
        self.row = row
        self.naming = naming
        self.id: str = row.id
        self.has_location = row.location_source != NO_PLACE
        self._simple: Json | None = None
        self._basic: orjson.Fragment | None = None
        self._full: orjson.Fragment | None = None
        self._location: orjson.Fragment | None = None

    @cached_property
    def location_id(self) -> str:
        """The identifier of its place."""
        return location_id(self.id)

    @cached_property
    def description(self) -> str:
        """What it says of itself, or what it is and about where."""
        if self.row.description:
            said: str = self.row.description
            return said
        row, kind = self.row, words.kind_word(self.row.kind)
        nearby = self.naming.area(row.ward_code) or self.naming.area(row.lad_code)
        where = nearby or (row.postcode or "").partition(" ")[0]
        return f"{kind} in {where}." if where else f"{kind}."

    @property
    def email(self) -> str | None:
        """Its public e-mail address."""
        return email(self.row.email)

    @property
    def website(self) -> str | None:
        """Its address on the web."""
        return absolute_uri(self.row.website)

    def phones(self, parent_id: str) -> list[Json]:
        """Return its public telephone number, as a part of `parent_id`."""
        number = self.row.phone
        return [{"id": child_id(parent_id, "phone"), "number": number}] if number else []

    def indoors(self) -> list[Term]:
        """Return the term for whether it is indoors, where somebody knows."""
        return indoors_terms(self.naming, self.row.is_indoors)

    def simple(self) -> Json:
        """Return what is one of it: the fields of lists."""
        if self._simple is None:
            row = self.row
            self._simple = without_nothing(
                {
                    "id": self.id,
                    "name": row.name,
                    "description": self.description,
                    "email": self.email,
                    "website": self.website,
                    "source": self.naming.source(row.source_id, row.as_of),
                }
            )
        return self._simple

    @property
    def basic(self) -> orjson.Fragment:
        """The fields of lists, written."""
        if self._basic is None:
            self._basic = orjson.Fragment(orjson.dumps(self.simple()))
        return self._basic

    def nested(self) -> Json:
        """Return all of it but its services."""
        row, terms = self.row, self.naming.terms
        attributes = [
            *terms.of("kinds", [row.kind]),
            *self.indoors(),
            *terms.of_interests(row.interest_ids),
        ]
        return self.simple() | without_nothing(
            {
                "organization_identifiers": self._identifiers(),
                "phones": self.phones(self.id),
                "locations": [self.location] if self.has_location else [],
                "attributes": attributes_of(self.id, "organization", attributes),
            }
        )

    @property
    def full(self) -> orjson.Fragment:
        """All of it but its services, written."""
        if self._full is None:
            self._full = orjson.Fragment(orjson.dumps(self.nested()))
        return self._full

    def _identifiers(self) -> list[Json]:
        number = self.row.charity_number
        if not number:
            return []
        return [
            {
                "id": child_id(self.id, "organization_identifier:GB-CHC"),
                "organization_id": self.id,
                "identifier_scheme": "GB-CHC",
                "identifier_type": "Charity number",
                "identifier": number,
            }
        ]

    def simple_location(self) -> Json:
        """Return what is one of its place: the fields of lists."""
        row = self.row
        is_rough = row.location_source in ROUGHLY_PLACED
        return without_nothing(
            {
                "id": self.location_id,
                "location_type": "physical",
                "name": row.name,
                "description": words.LOCATION_SOURCES[row.location_source] if is_rough else None,
                "latitude": None if row.lat is None else round(row.lat, 6),
                "longitude": None if row.lon is None else round(row.lon, 6),
                "external_identifier": self.id,
                "external_identifier_type": "Patchwork asset",
            }
        )

    @property
    def location(self) -> orjson.Fragment:
        """Its place with all there is to it, written; only where it has one."""
        if self._location is None:
            row = self.row
            nested = self.simple_location() | without_nothing(
                {
                    "addresses": self._addresses(),
                    "accessibility": [self._accessibility(w) for w in sorted(row.access or ())],
                    "schedules": opening_hours_of(self.location_id, row.opening_hours),
                }
            )
            self._location = orjson.Fragment(orjson.dumps(nested))
        return self._location

    def _addresses(self) -> list[Json]:
        row = self.row
        if not row.postcode:
            return []
        district = self.naming.area(row.lad_code) or NOWHERE_NEARER
        return [
            {
                "id": child_id(self.location_id, "address"),
                "location_id": self.location_id,
                "address_1": row.address or row.name,
                "city": district,
                "state_province": district,
                "postal_code": row.postcode,
                "country": "GB",
                "address_type": "physical",
            }
        ]

    def _accessibility(self, word: str) -> Json:
        return {
            "id": child_id(self.location_id, f"accessibility:{word}"),
            "location_id": self.location_id,
            "description": words.access_word(word),
            "details": word,
        }


def indoors_terms(naming: Naming, is_indoors: bool | None) -> list[Term]:
    """Return the term for indoors or outdoors; none where nobody knows."""
    if is_indoors is None:
        return []
    return naming.terms.of("kinds", [INDOORS if is_indoors else OUTDOORS])
