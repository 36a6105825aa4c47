"""Residents by random reference: interests and stances, access, travel and times. No person."""

from __future__ import annotations

import random
from collections.abc import Iterator

from generator.places import Places
from generator.tables import Row
from generator.written import read_written

COUNT = 60
STANCES = {"e": "enjoys", "u": "used_to", "t": "would_try", "s": "could_share"}
# No vowels and no figures like letters: a reference is never a word and can be read aloud.
_REFERENCE = "BCDFGHJKMNPQRTVWXYZ2346789"
_NEEDS = ("step_free", "accessible_toilet", "hearing_loop", "seating", "dementia_friendly")
_NEED_CHANCES = (0.62, 0.45, 0.3, 0.4, 0.35)
_TRAVEL = ("visits_only", "short_walk", "can_travel")
_TIMES = [f"{day}_{part}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
          for part in ("am", "pm")]  # fmt: skip


def residents(places: Places) -> Iterator[Row]:
    """Yield residents.csv, header first. `home` is the care home's CQC Location ID."""
    yield ["reference", "home", "interests", "access_needs", "travel", "times"]
    chance = random.Random("ellerwick residents")  # noqa: S311 - made up, nobody to guess
    homes = [str(home["id"]) for home in places.written("homes", "home")]
    written = read_written("residents")
    lives: list[str] = written["lives"]
    shared: str = written["shared"]
    references: set[str] = set()
    while len(references) < COUNT:
        number = len(references)
        reference = new_reference(chance)
        if reference in references:
            continue
        references.add(reference)
        needs = [need for need, share in zip(_NEEDS, _NEED_CHANCES, strict=True)
                 if chance.random() < share]  # fmt: skip
        travel = chance.choices(_TRAVEL, weights=(5, 3, 2))[0]
        times = sorted(chance.sample(_TIMES, chance.randint(3, 8)), key=_TIMES.index)
        interests = _interests(lives, number, chance)
        # In every home some: so that a choir in the town can see it is wanted.
        if (number // len(homes)) % 2 and not any(word.startswith(shared) for word in interests):
            interests.append(f"{shared}:enjoys")
        yield [reference, homes[number % len(homes)], ";".join(interests), ";".join(needs),
               travel, ";".join(times)]  # fmt: skip


def new_reference(chance: random.Random) -> str:
    """Return a reference drawn from `chance`."""
    return "".join(chance.choices(_REFERENCE, k=8))


def _interests(lives: list[str], number: int, chance: random.Random) -> list[str]:
    own = lives[number % len(lives)].split()
    if number >= len(lives):
        own.remove(chance.choice(own))
        extra = chance.choice(chance.choice(lives).split())
        if extra.split(":")[0] not in {word.split(":")[0] for word in own}:
            own.append(extra)
    pairs = (word.split(":") for word in own)
    return [f"{slug}:{STANCES[stance]}" for slug, stance in pairs]
