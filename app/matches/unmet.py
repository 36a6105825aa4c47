"""The gaps: what somebody looked for, and nobody near does.

What shows faith, health or the like is never kept, not even as a number: to know that nothing
meets it, somebody has to have asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from app.areas import queries as areas
from app.matches import unmet_queries
from app.matches.actions import MatchLists
from app.matches.walked import FromHere, find_too_far
from app.walking.actions import Walking
from geo.crs import grid_of
from geo.distance import ON_FOOT
from geo.interests import Concept, Vocabulary
from geo.matching import VISIT_REACH_M
from geo.walking import Walker

# Something more general ("sport" for falconry) may be worth a call, and is no answer.
ANSWERS = ("same", "narrower", "gentler")


def find_unmet(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    *,
    lon: float,
    lat: float,
    wanted: Iterable[Concept],
    lists: MatchLists,
    within_m: float,
    walking: Walking | None = None,
    walker: Walker = ON_FOOT,
    home_id: uuid.UUID | None = None,
) -> list[Concept]:
    """Return the wanted concepts nothing in reach answers, whatever filters left out.

    `lists` is what was found for them: what it answers need not be looked for again. With
    `walking`, what is in reach is what `walker` reaches along the ways.
    """
    in_reach = [match for match in lists.near if match.effective_m <= within_m]
    found = {c for match in (*in_reach, *lists.comes_to_you) for c in match.concepts}
    related = {}
    for concept in wanted:
        relations = vocabulary.relations([concept.id]).values()
        answers = [relation for relation in relations if relation.kind in ANSWERS]
        if not any(relation.concept in found for relation in answers):
            related[concept.id] = sorted(relation.interest_id for relation in answers)
    easting, northing = grid_of(lon, lat)
    too_far: Sequence[str] = ()
    if related and walking is not None:
        too_far = find_too_far(
            connection,
            FromHere(connection, walking, lon=lon, lat=lat, walker=walker, home_id=home_id),
            easting=easting,
            northing=northing,
            interest_ids=sorted({i for ids in related.values() for i in ids}),
            within_m=within_m,
        )
    unmet = unmet_queries.find_unmet(
        connection,
        easting=easting,
        northing=northing,
        related=related,
        near_within_m=within_m,
        visit_within_m=VISIT_REACH_M,
        too_far=too_far,
    )
    return [vocabulary.by_id(interest_id) for interest_id in related if interest_id in unmet]


def keep_unmet(
    connection: sa.Connection,
    unmet: Iterable[Concept],
    *,
    lon: float,
    lat: float,
    resident_id: uuid.UUID,
    team_id: uuid.UUID,
) -> None:
    """Keep what a resident looks for in vain, for the counts of the ward they live in."""
    ward_code = _ward_at(connection, lon=lon, lat=lat)
    if ward_code is not None:
        unmet_queries.keep_unmet(
            connection,
            resident_id=resident_id,
            team_id=team_id,
            ward_code=ward_code,
            interest_ids=_to_keep(unmet),
        )


def count_question(
    connection: sa.Connection, unmet: Iterable[Concept], *, lon: float, lat: float
) -> None:
    """Count what anybody's question found nothing for, once a day: of the place only its ward."""
    ids = _to_keep(unmet)
    ward_code = _ward_at(connection, lon=lon, lat=lat) if ids else None
    if ward_code is not None:
        unmet_queries.count_question(connection, ward_code=ward_code, interest_ids=ids)


def _to_keep(unmet: Iterable[Concept]) -> list[int]:
    return [concept.id for concept in unmet if not concept.special_category]


def _ward_at(connection: sa.Connection, *, lon: float, lat: float) -> str | None:
    wards = areas.find_wards_at(connection, lon=lon, lat=lat)
    return wards[0].gss_code if wards else None
