"""Find the place somebody means."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.errors import NotFound
from app.parameters import Query
from app.places import queries
from geo.errors import PostcodeError
from geo.postcode import Postcode

MOST_CHOICES = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question starts from: degrees, WGS 84, and what to call it."""

    lon: float
    lat: float
    name: str
    home_id: uuid.UUID | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What came of looking for a place: found, or the care homes it could be, or neither."""

    place: Place | None = None
    choices: tuple[sa.Row[Any], ...] = ()


def find_place(connection: sa.Connection, query: Query) -> Whereabouts:
    """Find where a question starts from.

    Reads `home` (an identifier), `near` (a postcode or the name of a care home) and `lon` with
    `lat`, in this order; what cannot be found becomes a problem of the query.
    """
    home_id = query.identifier("home")
    if home_id is not None:
        return _place_of_home(connection, query, home_id)
    near = query.text("near")
    if near is not None:
        return _place_of_words(connection, query, near)
    point = query.lon_lat()
    if point is not None:
        return Whereabouts(Place(*point, name="where you are"))
    return Whereabouts()


def get_home(connection: sa.Connection, *, home_id: uuid.UUID) -> sa.Row[Any]:
    """Return a care home, or raise `NotFound`."""
    home = queries.find_home(connection, home_id=home_id)
    if home is None:
        raise NotFound("There is no care home at this address.")
    return home


def _place_of_home(connection: sa.Connection, query: Query, home_id: uuid.UUID) -> Whereabouts:
    home = queries.find_home(connection, home_id=home_id)
    if home is None:
        query.wrong("home", "That care home is not on the map. Look for it by its name.")
        return Whereabouts()
    return Whereabouts(_as_place(home))


def _place_of_words(connection: sa.Connection, query: Query, near: str) -> Whereabouts:
    try:
        postcode = Postcode.parse(near)
    except PostcodeError:
        return _place_of_name(connection, query, near)
    row = queries.find_postcode(connection, postcode=postcode.text)
    if row is None:
        query.wrong(
            "near",
            "We do not know that postcode. Check it, or use one close by or a care home\u2019s"
            " name.",
        )
        return Whereabouts()
    note = "This postcode is no longer in use; this is where it was." if row.gone_at else None
    return Whereabouts(Place(row.lon, row.lat, name=row.postcode, note=note))


def _place_of_name(connection: sa.Connection, query: Query, name: str) -> Whereabouts:
    if not any(character.isalpha() for character in name):
        query.wrong("near", "Write a full postcode, like BD1 1AF, or the name of a care home.")
        return Whereabouts()
    homes = queries.find_homes_named(connection, name=name, limit=MOST_CHOICES)
    same = [home for home in homes if home.likeness == 3]  # the same name
    if len(same) == 1 or len(homes) == 1:
        return Whereabouts(_as_place((same or homes)[0]))
    if homes:
        query.wrong("near", "Several care homes could be meant. Choose one.")
        return Whereabouts(choices=tuple(homes))
    query.wrong(
        "near",
        "That is neither a full postcode, like BD1 1AF, nor the name of a care home on the map.",
    )
    return Whereabouts()


def _as_place(home: sa.Row[Any]) -> Place:
    return Place(home.lon, home.lat, name=home.name, home_id=home.id)
