"""Finding for one resident: from what is kept about them, how far they can go, and their times."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.errors import NotFound
from app.matches import resident_queries
from app.matches.actions import Found, MatchLists, find_matches
from app.matches.unmet import find_unmet
from app.matches.walked import walker_for
from app.models import Access, Stance, Travel
from app.models.residents import REFERENCE_ALPHABET, REFERENCE_LENGTH
from app.walking.actions import Walking
from app.words import STANCES
from geo.filters import NO_FILTERS, Filters
from geo.interests import Concept, Vocabulary
from geo.reasons import lower_first

# How far somebody goes out of the door: ten minutes' walk, or as far as a lift.
REACH_M = {Travel.VISITS_ONLY: 5_000, Travel.SHORT_WALK: 640, Travel.CAN_TRAVEL: 5_000}
FARTHER_M = 20_000
FEW = 3
_STEP_FREE = {Access.STEP_FREE.value}
STANCE_WORDS = {stance: STANCES[stance.value] for stance in Stance}


@dataclass(frozen=True, slots=True)
class Resident:
    """What finding knows of a resident; `lon`, `lat` in degrees WGS 84, None where not known."""

    id: uuid.UUID
    reference: str
    travel: Travel
    needs: tuple[str, ...]
    good_times: tuple[str, ...]
    lon: float | None
    lat: float | None
    home_id: uuid.UUID | None  # whose place that is; None for a place of their own
    interests: tuple[tuple[Concept, Stance], ...]

    @property
    def reach_m(self) -> int:
        """How far to look for what is near."""
        return REACH_M[self.travel]

    @property
    def concepts(self) -> list[Concept]:
        """What they are interested in, those they enjoy first."""
        return [concept for concept, _ in self.interests]

    @property
    def leads(self) -> dict[int, str]:
        """How they stand to each interest, as the beginning of a reason."""
        return {
            concept.id: f"{STANCE_WORDS[stance]}: {lower_first(concept.label)}."
            for concept, stance in self.interests
        }


@dataclass(frozen=True, slots=True)
class ForResident:
    """What was found for a resident, what was not, and who might be asked to come."""

    lists: MatchLists
    unmet: Sequence[Concept]
    farther: Sequence[Found]
    gentler: Mapping[str, Sequence[str]]  # labels of gentler alternatives by the label wanted


def get_resident(
    connection: sa.Connection, vocabulary: Vocabulary, *, team_id: uuid.UUID, reference: str
) -> Resident:
    """Return a resident of a team; raises NotFound, in the same words whatever the reason."""
    looks_right = len(reference) == REFERENCE_LENGTH and set(reference) <= set(REFERENCE_ALPHABET)
    row = (
        resident_queries.find_resident(connection, team_id=team_id, reference=reference)
        if looks_right
        else None
    )
    if row is None:
        raise NotFound("There is nothing at this address.")
    return as_resident(row, vocabulary)


def as_resident(row: sa.Row[Any], vocabulary: Vocabulary) -> Resident:
    """Return a row as a resident; interests that were retired are left out."""
    known = {concept.id: concept for concept in vocabulary.concepts}
    return Resident(
        id=row.id,
        reference=row.reference,
        travel=Travel(row.travel),
        needs=tuple(row.access_needs),
        good_times=tuple(row.good_times),
        lon=row.lon,
        lat=row.lat,
        home_id=row.home_id,
        interests=tuple(
            (known[interest_id], Stance(stance))
            for interest_id, stance in zip(row.interest_ids, row.stances, strict=True)
            if interest_id in known
        ),
    )


def find_for_resident(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    resident: Resident,
    *,
    within_m: int,
    filters: Filters = NO_FILTERS,
    limit: int = 10,
    walking: Walking | None = None,
) -> MatchLists:
    """Return the best matches for a resident whose place is known, with how they stand to each.

    Everybody goes at 5 km an hour but who needs step-free ways: "a short walk" is ten minutes of
    somebody else's, because nobody has told us that they use a frame.
    """
    if resident.lon is None or resident.lat is None or not resident.interests:
        return MatchLists([], [])
    return find_matches(
        connection,
        vocabulary,
        lon=resident.lon,
        lat=resident.lat,
        interests=[concept.concept for concept in resident.concepts],
        needs=resident.needs,
        day_parts=resident.good_times,
        within_m=within_m,
        limit=limit,
        filters=filters,
        leads=resident.leads,
        walking=walking,
        home_id=resident.home_id,
    )


def look_for_gaps(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    resident: Resident,
    lists: MatchLists,
    *,
    walking: Walking | None = None,
) -> ForResident:
    """Return `lists` with what nothing in the resident's reach answers, and what to do about it."""
    if resident.lon is None or resident.lat is None:
        return ForResident(lists, [], [], {})
    unmet = find_unmet(
        connection,
        vocabulary,
        lon=resident.lon,
        lat=resident.lat,
        wanted=resident.concepts,
        lists=lists,
        within_m=resident.reach_m,
        walking=walking,
        walker=walker_for(resident.needs, NO_FILTERS),
        home_id=resident.home_id,
    )
    farther: Sequence[Found] = []
    if unmet:
        farther = find_matches(
            connection,
            vocabulary,
            lon=resident.lon,
            lat=resident.lat,
            interests=[concept.concept for concept in unmet],
            # Who cannot use steps is as far from here as the way without them.
            needs=_STEP_FREE & set(resident.needs) if walking is not None else (),
            within_m=FARTHER_M,
            limit=FEW,
            walking=walking,
            home_id=resident.home_id,
        ).near
        farther = [match for match in farther if match.effective_m > resident.reach_m]
    gentler = {
        concept.label: [other.label for other, _ in vocabulary.gentler_than(concept.id)]
        for concept in unmet
    }
    return ForResident(lists, unmet, farther, {k: v for k, v in gentler.items() if v})
