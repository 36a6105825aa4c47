"""Services: activities, and places that stand for themselves; and each of them at its place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from app import words
from app.oruk.ids import child_id, own_service_id, service_at_location_id
from app.oruk.organizations import Organization, indoors_terms, moment, without_nothing
from app.oruk.schedules import schedules_of
from app.oruk.terms import ACTIVITY, COMES_TO_HOMES, PLACE, Term, attributes_of

Json = dict[str, Any]


class Service:
    """A service as others read it: of an activity's row, or of an organization alone."""

    def __init__(
        self,
        organization: Organization,
        *,
        place: Organization | None,
        activity: sa.Row[Any] | None = None,
        schedules: Sequence[sa.Row[Any]] = (),
    ) -> None:
        self.organization = organization
        self.place = place if place is not None and place.has_location else None
        self.activity = activity
        self._schedules = schedules
        # Of an organization by itself everything is said by its own row.
        self.row = organization.row if activity is None else activity

    @cached_property
    def id(self) -> str:
        """Its identifier."""
        if self.activity is None:
            return own_service_id(self.organization.id)
        found: str = self.activity.id
        return found

    @property
    def key(self) -> tuple[str, bool]:
        """What tells it from every other, without its identifier having to be made."""
        return self.row.id, self.activity is None

    @property
    def rows(self) -> tuple[object, ...]:
        """All it is made of."""
        place = None if self.place is None else self.place.row
        organization = self.organization
        return organization.naming, self.activity, organization.row, place, self._schedules

    def simple(self) -> Json:
        """Return what is one of it: the fields of lists, with a short organization."""
        row, organization = self.row, self.organization
        is_place = self.activity is None
        cost = None if self.activity is None else self.activity.cost_pence
        return without_nothing(
            {
                "id": self.id,
                "organization_id": organization.id,
                "name": row.name,
                "description": organization.description if is_place else row.description,
                "url": organization.website,
                "email": organization.email,
                "status": "active",
                "fees": None if cost is None else words.money(cost),
                "assured_date": row.assured_date and row.assured_date.isoformat(),
                "last_modified": moment(row.last_modified),
                "source": organization.naming.source(row.source_id, row.as_of),
                "organization": organization.basic,
            }
        )

    def nested(self, *, with_organization: bool = True) -> Json:
        """Return all of it, its organization too."""
        found = self.simple() | without_nothing(
            {
                "schedules": schedules_of(self.id, self._schedules),
                "service_areas": self._areas(),
                "service_at_locations": self._at_locations(),
                "cost_options": self._costs(),
                "phones": self.organization.phones(self.id),
                "attributes": attributes_of(self.id, "service", self._terms()),
            }
        )
        if with_organization:
            found["organization"] = self.organization.full
        else:
            del found["organization"]
        return found

    def _terms(self) -> list[Term]:
        naming = self.organization.naming
        terms = naming.terms
        if self.activity is None:
            return [
                *terms.of("kinds", [PLACE]),
                *self.organization.indoors(),
                *terms.of_interests(self.row.interest_ids),
            ]
        row = self.activity
        return [
            *terms.of("kinds", [ACTIVITY, *([COMES_TO_HOMES] if row.comes_to_homes else [])]),
            *indoors_terms(naming, row.is_indoors),
            *terms.of_interests(row.interest_ids),
            *terms.of("access", sorted(row.access or ())),
        ]

    def _areas(self) -> list[Json]:
        if self.activity is None or not self.activity.comes_to_homes:
            return []
        return [
            {
                "id": child_id(self.id, "service_area"),
                "service_id": self.id,
                "name": "Comes to care homes",
            }
        ]

    def _costs(self) -> list[Json]:
        cost = None if self.activity is None else self.activity.cost_pence
        if cost is None:
            return []
        return [
            {
                "id": child_id(self.id, "cost_option"),
                "service_id": self.id,
                "amount": cost / 100 if cost % 100 else cost // 100,
                **({} if cost else {"amount_description": "Free"}),
            }
        ]

    def _at_locations(self) -> list[Json]:
        if self.place is None:
            return []
        return [self._link() | {"location": self.place.location}]

    def _link(self) -> Json:
        if self.place is None:
            message = f"service {self.id} is at no place"
            raise ValueError(message)
        return {
            "id": service_at_location_id(self.id),
            "service_id": self.id,
            "location_id": self.place.location_id,
        }

    def at_location(self, *, is_full: bool) -> Json:
        """Return it at its place, from the place's side. ValueError if it has none."""
        link = self._link()
        if self.place is None or not is_full:
            location: Any = self.place.simple_location() if self.place else {}
            return link | {"location": location, "service": self.simple()}
        nested = self.nested()
        # It would say again what it is in.
        nested.pop("service_at_locations", None)
        schedules = nested.get("schedules")
        return (
            link
            | {"location": self.place.location, "service": nested}
            | ({"schedules": schedules} if schedules else {})
        )
