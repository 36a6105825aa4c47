"""What others do with the feed: read a page of a list, all of it in a stream, or one record."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from app.errors import NotFound
from app.oruk import queries
from app.oruk.feed import (
    Connect,
    Feed,
    WithServices,
    find_at_location,
    find_service,
    in_batches,
    load_organizations,
    load_services,
)
from app.oruk.filters import Form, Wanted
from app.oruk.ids import own_service_id
from app.oruk.kept import Page
from app.oruk.naming import Naming
from app.oruk.order import Key, Order, unpack
from app.oruk.organizations import moment
from app.oruk.services import Service

Json = dict[str, Any]
# Reads the records of some keys and writes each as JSON.
Write = Callable[[sa.Connection, Sequence[Key]], list[bytes]]
NOT_HERE = "There is nothing with this identifier. It may never have been, or is gone."


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that was asked for: the order of all its records, and how each is written.

    `question` and `naming` where its pages are kept: what was asked, and what things are called.
    """

    order: Order
    write: Write
    question: Hashable = None
    naming: Naming | None = None


def list_services(
    feed: Feed, connection: sa.Connection, naming: Naming, wanted: Wanted, form: Form
) -> Listing:
    """Return the services wanted."""
    write = writer_of_services(feed, naming, form)
    question = None if form.is_minimal else ("services", wanted, form)
    return Listing(feed.services(connection, wanted), write, question, naming)


def writer_of_services(feed: Feed, naming: Naming, form: Form) -> Write:
    """Return what writes services as `form` wants them."""
    if form.is_minimal:
        return write_minimal
    # A stream reads everything once: what it would keep would only push out what others read.
    is_kept = not form.is_stream

    def record(service: Service) -> bytes:
        return orjson.dumps(service.nested() if form.is_full else service.simple())

    def write(connection: sa.Connection, keys: Sequence[Key]) -> list[bytes]:
        services = load_services(connection, naming, keys)
        if not is_kept:
            return [record(service) for service in services]
        return [
            feed.written.get((form.is_full, one.key), one.rows, partial(record, one))
            for one in services
        ]

    return write


def write_minimal(connection: sa.Connection, keys: Sequence[Key]) -> list[bytes]:
    """Write each service's identifier and when it changed, and nothing else."""
    moments = queries.list_last_modified(
        connection,
        activity_ids=[key for is_place, key in keys if not is_place],
        place_ids=[key for is_place, key in keys if is_place],
    )
    return [
        orjson.dumps(
            {
                "id": own_service_id(key) if is_place else key,
                "last_modified": moment(moments[key]),
            }
        )
        for is_place, key in keys
        if key in moments
    ]


def list_services_at_locations(
    feed: Feed, connection: sa.Connection, naming: Naming, wanted: Wanted, form: Form
) -> Listing:
    """Return the services wanted, each at its place; those without one are not in it."""

    def write(opened: sa.Connection, keys: Sequence[Key]) -> list[bytes]:
        services = load_services(opened, naming, keys)
        return [
            orjson.dumps(service.at_location(is_full=form.is_full))
            for service in services
            if service.place is not None
        ]

    question = ("service_at_locations", wanted, form)
    return Listing(feed.services(connection, wanted), write, question, naming)


def list_organizations(
    feed: Feed, connection: sa.Connection, naming: Naming, wanted: Wanted, form: Form
) -> Listing:
    """Return the organizations wanted."""
    is_full = form.is_full or form.has_full_services

    def write(opened: sa.Connection, keys: Sequence[Key]) -> list[bytes]:
        ids = [key for _, key in keys]
        found = load_organizations(opened, naming, ids, with_services=is_full)
        if not is_full:
            return [orjson.dumps(one.organization.simple()) for one in found]
        return [
            orjson.dumps(organization_record(one, has_full_services=form.has_full_services))
            for one in found
        ]

    return Listing(feed.organizations(connection, wanted), write)


def organization_record(found: WithServices, *, has_full_services: bool) -> Json:
    """Return an organization with its services: all of each, or what they are called."""
    services = [
        service.nested(with_organization=False)
        if has_full_services
        else {"id": service.id, "name": service.row.name, "status": "active"}
        for service in found.services
    ]
    return found.organization.nested() | {"services": services}


def get_service(connection: sa.Connection, naming: Naming, service_id: uuid.UUID) -> Json:
    """Return all of a service, or raise `NotFound`."""
    service = find_service(connection, naming, service_id)
    if service is None:
        raise NotFound(NOT_HERE)
    return service.nested()


def get_service_at_location(connection: sa.Connection, naming: Naming, link_id: uuid.UUID) -> Json:
    """Return all of a service at its place, or raise `NotFound`."""
    service = find_at_location(connection, naming, link_id)
    if service is None:
        raise NotFound(NOT_HERE)
    return service.at_location(is_full=True)


def get_organization(
    connection: sa.Connection, naming: Naming, asset_id: uuid.UUID, *, has_full_services: bool
) -> Json | None:
    """Return all of an organization, None if it is not shown."""
    found = load_organizations(connection, naming, [str(asset_id)], with_services=True)
    return organization_record(found[0], has_full_services=has_full_services) if found else None


def find_original(connection: sa.Connection, asset_id: uuid.UUID) -> str:
    """Return the identifier of what an entry was linked to as the same, or raise `NotFound`."""
    original = queries.find_original(connection, asset_id=asset_id)
    if original is None:
        raise NotFound(NOT_HERE)
    return original


def page_of(feed: Feed, connection: sa.Connection, listing: Listing, form: Form) -> Page:
    """Return one page of a list, as Open Referral UK frames it."""
    total, per_page = len(listing.order), form.per_page or max(len(listing.order), 1)
    packed = listing.order.packed_slice((form.page - 1) * per_page, per_page)

    def make() -> Page:
        records = listing.write(connection, unpack(packed))
        return framed(records, page=form.page, per_page=per_page, total=total)

    if listing.question is None:
        return make()
    # Read before the records are: what changes in between is seen by the next who asks.
    digest = queries.digest_services(connection, packed=packed)
    return feed.pages.get(listing.question, (listing.naming, total, packed, digest), make)


def framed(records: Sequence[bytes], *, page: int, per_page: int, total: int) -> Page:
    """Return written records in the frame of a page."""
    pages = -(-total // per_page)
    frame = orjson.dumps(
        {
            "total_items": total,
            "total_pages": pages,
            "page_number": page,
            "size": len(records),
            "first_page": page == 1,
            "last_page": page >= pages,
            "empty": not records,
        }
    )
    return Page(frame, records)


def stream(connect: Connect, listing: Listing) -> Iterator[bytes]:
    """Yield every record on a line of its own.

    A connection is held while a batch is read, not while somebody slow takes it: twenty of those
    would otherwise be all the connections there are. Hence no cursor, but the order of all keys,
    17 bytes each.
    """
    for keys in in_batches(listing.order):
        with connect() as connection:
            records = listing.write(connection, keys)
        yield b"".join(record + b"\n" for record in records)


def filtered(records: Iterable[Json], words: Sequence[str]) -> list[Json]:
    """Return the records that have every word in their name or description."""
    return [
        record
        for record in records
        if all(word in f"{record['name']} {record['description']}".lower() for word in words)
    ]
