"""Who signs in to the sample town, people who live at home, and what was suggested: no person."""

from __future__ import annotations

import random
from collections.abc import Iterator

from generator.places import Places
from generator.residents import STANCES, new_reference
from generator.tables import Row


def accounts(places: Places) -> Iterator[Row]:
    """Yield accounts.csv, header first: `team` is a CQC Location ID or "connectors"."""
    yield ["email", "name", "role", "team", "wards"]
    for entry in places.written("people", "account"):
        name = str(entry["name"])
        yield [f"{name.lower()}@{entry['at']}.example", name, entry["role"],
               entry.get("team", ""), ";".join(entry.get("wards", []))]  # fmt: skip


def people_at_home(places: Places) -> Iterator[Row]:
    """Yield people_at_home.csv, header first: as residents.csv, with a postcode for a home."""
    yield ["reference", "postcode", "interests", "access_needs", "travel", "times"]
    chance = random.Random("ellerwick people at home")  # noqa: S311 - made up, nobody to guess
    for entry in places.written("people", "at_home"):
        pairs = (word.split(":") for word in entry["life"].split())
        interests = ";".join(f"{slug}:{STANCES[stance]}" for slug, stance in pairs)
        unit = places.streets.by_name[entry["street"]].units[0]
        yield [new_reference(chance), unit.postcode, interests, ";".join(entry["needs"]),
               entry["travel"], ";".join(entry["times"])]  # fmt: skip


def suggestions(places: Places) -> Iterator[Row]:
    """Yield suggestions.csv, header first: with a ward, a councillor passed it on."""
    yield ["name", "kind", "postcode", "ward", "description", "note"]
    for entry in places.written("people", "suggestion"):
        street = entry.get("street")
        postcode = places.streets.by_name[street].units[0].postcode if street else ""
        yield [entry["name"], entry.get("kind", ""), postcode, entry.get("ward", ""),
               entry.get("description", ""), entry["note"]]  # fmt: skip
