"""What is kept between questions, and how records are loaded: few statements for any number."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.assets.actions import NameCache
from app.assets.schemas import Names
from app.oruk import queries
from app.oruk.filter_queries import conditions_of, conditions_on_organizations
from app.oruk.filters import Wanted
from app.oruk.kept import kept_pages, kept_records
from app.oruk.naming import Naming
from app.oruk.order import Key, Order, OrderCache, unpack
from app.oruk.organizations import Organization
from app.oruk.services import Service

Connect = Callable[[], AbstractContextManager[sa.Connection]]
# How many records are read at once for a stream; the first few sooner, so that somebody who waits
# sees that something comes.
FIRST_BATCH, BATCH = 20, 250


class Feed:
    """The orders of questions and the names of things, for one application."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.orders = OrderCache()
        self.written = kept_records()
        self.pages = kept_pages()
        self._lock = threading.Lock()
        self._names: Names | None = None
        self._naming: Naming | None = None

    def naming(self, connection: sa.Connection, names: NameCache) -> Naming:
        """Return what things are called, as old as `names` has it."""
        current = names.get(connection)
        with self._lock:
            if self._naming is not None and self._names is current:
                return self._naming
        areas = queries.list_area_names(connection)
        with self._lock:
            if self._naming is None or not self._naming.is_of(current, areas):
                self._naming = Naming(current, areas, base_url=self.base_url)
            self._names = current
            return self._naming

    def services(self, connection: sa.Connection, wanted: Wanted) -> Order:
        """Return the order of the services wanted."""
        conditions = conditions_of(wanted)
        return self.orders.get(
            ("services", wanted),
            queries.find_stamp(connection),
            lambda: queries.pack_services(
                connection,
                activities=conditions.activities,
                places=conditions.places,
                values=conditions.values,
                is_nearest_first=wanted.origin is not None,
            ),
        )

    def organizations(self, connection: sa.Connection, wanted: Wanted) -> Order:
        """Return the order of the organizations wanted."""
        conditions = conditions_on_organizations(wanted)
        return self.orders.get(
            ("organizations", wanted),
            queries.find_stamp(connection),
            lambda: queries.pack_organizations(
                connection, conditions=conditions.places, values=conditions.values
            ),
        )


def load_services(connection: sa.Connection, naming: Naming, keys: Sequence[Key]) -> list[Service]:
    """Return the services of `keys`, in three statements; what is shown no longer is left out."""
    activities = queries.list_activities(
        connection, ids=[key for is_place, key in keys if not is_place]
    )
    ids = {key for is_place, key in keys if is_place}
    for row in activities.values():
        ids |= {row.organization_id, row.location_of} - {None}
    organizations = _load(connection, naming, ids)
    schedules = queries.list_schedules(connection, activity_ids=list(activities))
    found = []
    for is_place, key in keys:
        if is_place:
            organization = organizations.get(key)
            if organization is not None:
                found.append(Service(organization, place=organization))
        elif key in activities and activities[key].organization_id in organizations:
            found.append(_service(activities[key], organizations, schedules))
    return found


def _service(
    row: sa.Row[Any],
    organizations: dict[str, Organization],
    schedules: dict[str, list[sa.Row[Any]]],
) -> Service:
    return Service(
        organizations[row.organization_id],
        place=organizations.get(row.location_of),
        activity=row,
        schedules=schedules.get(row.id, ()),
    )


def _load(connection: sa.Connection, naming: Naming, ids: set[str]) -> dict[str, Organization]:
    rows = queries.list_organizations(connection, ids=sorted(ids))
    return {key: Organization(row, naming) for key, row in rows.items()}


@dataclass(frozen=True, slots=True)
class WithServices:
    """An organization and what it offers: its activities, or itself if it has none."""

    organization: Organization
    services: list[Service]


def load_organizations(
    connection: sa.Connection, naming: Naming, ids: Sequence[str], *, with_services: bool
) -> list[WithServices]:
    """Return organizations, with their services if wanted, in at most four statements."""
    organizations = _load(connection, naming, set(ids))
    shown = [organizations[key] for key in ids if key in organizations]
    if not with_services:
        return [WithServices(one, []) for one in shown]
    rows = queries.list_activities_of(connection, organization_ids=[one.id for one in shown])
    venues = {row.location_of for row in rows} - {None} - organizations.keys()
    everywhere = organizations | _load(connection, naming, venues)
    schedules = queries.list_schedules(connection, activity_ids=[row.id for row in rows])
    of: dict[str, list[Service]] = {}
    for row in rows:
        of.setdefault(row.organization_id, []).append(_service(row, everywhere, schedules))
    return [WithServices(one, of.get(one.id) or [Service(one, place=one)]) for one in shown]


def find_service(
    connection: sa.Connection, naming: Naming, service_id: uuid.UUID
) -> Service | None:
    """Return the service with an identifier, None if none is shown."""
    return _first(connection, naming, queries.find_service_key(connection, service_id=service_id))


def find_at_location(
    connection: sa.Connection, naming: Naming, link_id: uuid.UUID
) -> Service | None:
    """Return the service that is at its place under an identifier, None if none is."""
    found = _first(connection, naming, queries.find_key_at_location(connection, link_id=link_id))
    return found if found is not None and found.place is not None else None


def _first(connection: sa.Connection, naming: Naming, key: bytes | None) -> Service | None:
    services = load_services(connection, naming, unpack(key)) if key else []
    return services[0] if services else None


def in_batches(order: Order) -> Iterator[list[Key]]:
    """Yield the keys of an order, a few at first."""
    first, count = 0, FIRST_BATCH
    while first < len(order):
        yield order.slice(first, count)
        first, count = first + count, BATCH
