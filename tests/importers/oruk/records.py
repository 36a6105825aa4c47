"""Services as feeds have them, made for a test."""

from __future__ import annotations

import uuid
from typing import Any

Json = dict[str, Any]
SPACE = uuid.UUID("00000000-0000-4000-8000-000000000006")


def id_of(word: str) -> str:
    """Return the same id for the same word."""
    return str(uuid.uuid5(SPACE, word))


def organization(number: int = 1, **more: object) -> Json:
    """Return an organization, full."""
    made: Json = {"id": id_of(f"organization {number}"), "name": f"Friends of Moor {number}",
                  "description": "We meet.", "website": "https://example.org"}  # fmt: skip
    return made | more


def location(word: str = "hall", **more: object) -> Json:
    """Return a place in Ilkley that is nobody's own."""
    made: Json = {
        "id": id_of(f"location {word}"), "location_type": "physical", "name": f"The {word}",
        "latitude": 53.92, "longitude": -1.82,
        "addresses": [{"id": id_of(f"address {word}"), "address_1": "1 Moor Lane",
                       "city": "Ilkley", "state_province": "West Yorkshire",
                       "country": "GB", "address_type": "physical"}],
    }  # fmt: skip
    return made | more


def service(number: int = 1, *, at: Json | None = None, **more: object) -> Json:
    """Return a service, full, every one of an organization of its own."""
    made: Json = {
        "id": id_of(f"service {number}"), "name": f"Singing {number}", "status": "active",
        "description": "We sing.", "last_modified": f"2026-01-{number % 28 + 1:02}T10:00:00Z",
        "schedules": [{"id": id_of(f"schedule {number}"), "freq": "WEEKLY", "byday": "TU",
                       "dtstart": "2026-01-06", "opens_at": "14:00", "closes_at": "15:30"}],
        "service_at_locations": [
            {"id": id_of(f"at {number}"), "location": at or location(f"hall {number}")}],
        "organization": organization(number),
    }  # fmt: skip
    return made | more


def term(name: str, *, taxonomy: str = "Council activities", code: str | None = None) -> Json:
    """Return an attribute with a term of a taxonomy."""
    return {"id": id_of(f"attribute {name}"), "link_type": "service",
            "taxonomy_term": {"id": id_of(f"term {name}"), "name": name, "taxonomy": taxonomy,
                              "term": code or name}}  # fmt: skip
