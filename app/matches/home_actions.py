"""What would please most people here: every resident's matches counted by place."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from app.accounts.people import Team
from app.matches import home_queries, queries, resident_queries
from app.matches.actions import Found, as_found, way_sources
from app.matches.home_walked import OneAsking, Wanted, find_for_everyone
from app.matches.resident_actions import Resident, as_resident
from app.matches.walked import walker_for
from app.models import Stance, Travel
from app.parameters import today as local_today
from app.walking.actions import Walking
from geo.crs import grid_of
from geo.distance import ON_FOOT
from geo.filters import Filters
from geo.interests import RELATION_WEIGHTS, Relation, Vocabulary
from geo.matching import VISIT_REACH_M, Question
from geo.reasons import KIND_ORDER, lower_first

# Suits somebody: among their twenty best of a list. Fewer would leave out what is everybody's
# twelfth choice; more, and what suits nobody well.
BEST_OF_EACH = 20
TEN = 10
MOST_SAID = 3
VERBS = {
    Stance.ENJOYS: ("enjoys", "enjoy"),
    Stance.USED_TO: ("used to enjoy", "used to enjoy"),
    Stance.WOULD_TRY: ("would try", "would try"),
    Stance.COULD_SHARE: ("could share", "could share"),
}


@dataclass(frozen=True, slots=True)
class Pleasing:
    """A match for many: whom it suits, and why in numbers ("7 enjoy reading")."""

    match: Found
    references: Sequence[str]
    why: str


@dataclass(frozen=True, slots=True)
class Everyone:
    """What would please most people, by list, and each resident's best match (None: none yet)."""

    near: Sequence[Pleasing]
    comes_to_you: Sequence[Pleasing]
    best: Sequence[tuple[str, Found | None]]
    # Whose ways the minutes on foot are along.
    way_source_ids: tuple[int, ...] = ()

    @property
    def source_ids(self) -> list[int]:
        """The sources of all that is shown, and of the ways there."""
        shown = [one.match for one in (*self.near, *self.comes_to_you)]
        named = {match.source_id for match in (*shown, *(m for _, m in self.best if m))}
        return sorted({*named, *self.way_source_ids})


@dataclass(frozen=True, slots=True)
class Asking:
    """One resident with the concepts that answer their interests."""

    resident: Resident
    relations: dict[int, Relation]
    stances: dict[int, Stance]


def please_everyone(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    *,
    team: Team,
    filters: Filters,
    today: dt.date | None = None,
    walking: Walking | None = None,
) -> Everyone:
    """Return what would please most residents of a team; a few statements, however many there are.

    A place counts once for each resident. Best first: for how many, then the sum of their scores.
    With `walking`, each resident's best are by the way there.
    """
    wanted = Wanted(filters, VISIT_REACH_M, today or local_today(), most=BEST_OF_EACH, shown=TEN)
    asking = list_asking(connection, vocabulary, team_id=team.id)
    found = _find(connection, asking, wanted, walking)
    matches = {m[:3]: m for m in (*(c.match for c in found.candidates), *found.best.values())}
    looked_up = queries.look_up(connection, matches.values())

    def shown(match: queries.Match, number: int | None) -> Found:
        # Looked up once, whoever it is for: the score and the way there are each one's own.
        row = looked_up[match.list_name][match.id]._replace(
            score=match.score, distance_m=match.distance_m
        )
        visits = match.list_name == "visit"
        needs = () if number is None else asking[number].resident.needs
        question = Question(
            easting=0,
            northing=0,
            # The reasons are the numbers: one resident's own would be anybody's.
            relations={},
            today=wanted.today,
            visits=visits,
            walker=walker_for(needs, filters) if walking is not None else ON_FOOT,
        )
        return as_found(row, question, walk_m=match.walk_m)

    pleasing: dict[str, list[Pleasing]] = {"near": [], "visit": []}
    for match, numbers, nearest in found.candidates:
        suited = [asking[number] for number in numbers]
        ids = looked_up[match.list_name][match.id].interest_ids
        pleasing[match.list_name].append(
            Pleasing(
                _with_relations(shown(match, nearest), suited, ids),
                [one.resident.reference for one in suited],
                _why(suited, ids),
            )
        )
    best = [
        (
            one.resident.reference,
            shown(found.best[number], number) if number in found.best else None,
        )
        for number, one in enumerate(asking)
    ]
    # Who has nothing yet is on top.
    best.sort(key=lambda pair: (pair[1] is not None, pair[0]))
    near = [one.match for one in pleasing["near"]]
    return Everyone(pleasing["near"], pleasing["visit"], best, way_sources(near, walking))


def _find(
    connection: sa.Connection, asking: Sequence[Asking], wanted: Wanted, walking: Walking | None
) -> home_queries.Everyone:
    if walking is None:
        return home_queries.find_for_everyone(
            connection,
            residents=as_questions(asking),
            filters=wanted.filters,
            visit_within_m=wanted.visit_within_m,
            today=wanted.today,
            most=wanted.most,
            shown=wanted.shown,
        )
    return find_for_everyone(connection, walking, list(_who_walk(asking, wanted)), wanted)


def _who_walk(asking: Sequence[Asking], wanted: Wanted) -> Iterator[OneAsking]:
    """Yield those whom `as_questions` returns, with the question for what is near them."""
    for number, one in enumerate(asking):
        resident = one.resident
        if not one.relations or resident.lon is None or resident.lat is None:
            continue
        easting, northing = grid_of(resident.lon, resident.lat)
        near = Question(
            easting=easting,
            northing=northing,
            relations=one.relations,
            today=wanted.today,
            needs=frozenset(resident.needs),
            day_parts=frozenset(resident.good_times),
            within_m=resident.reach_m,
            limit=wanted.most,
            filters=wanted.filters,
            walker=walker_for(resident.needs, wanted.filters),
        )
        given = _as_question(number, one, resident.lon, resident.lat)
        yield OneAsking(number, given, near, resident.lon, resident.lat, resident.home_id)


def list_asking(
    connection: sa.Connection, vocabulary: Vocabulary, *, team_id: uuid.UUID
) -> list[Asking]:
    """Return every resident of a team with what answers their interests."""
    rows = resident_queries.list_residents(connection, team_id=team_id)
    return [_asking(as_resident(row, vocabulary), vocabulary) for row in rows]


def as_questions(asking: Sequence[Asking]) -> list[dict[str, object]]:
    """Return those who like something and live somewhere as `find_for_everyone` takes them."""
    return [
        _as_question(number, one, one.resident.lon, one.resident.lat)
        for number, one in enumerate(asking)
        if one.relations and one.resident.lon is not None and one.resident.lat is not None
    ]


def _asking(resident: Resident, vocabulary: Vocabulary) -> Asking:
    wanted = [concept.id for concept in resident.concepts]
    stances = {concept.id: stance for concept, stance in resident.interests}
    return Asking(resident, vocabulary.relations(wanted), stances)


def _as_question(number: int, one: Asking, lon: float, lat: float) -> dict[str, object]:
    resident = one.resident
    easting, northing = grid_of(lon, lat)
    by_kind: dict[str, object] = {
        kind: [r.interest_id for r in one.relations.values() if r.kind == kind]
        for kind in RELATION_WEIGHTS
    }
    return by_kind | {
        "number": number,
        "easting": easting,
        "northing": northing,
        "needs": sorted(resident.needs),
        "day_parts": sorted(resident.good_times),
        "within_m": resident.reach_m,
        "goes_out": resident.travel is not Travel.VISITS_ONLY,
    }


def _strongest(one: Asking, interest_ids: Iterable[int]) -> Relation | None:
    """Return the strongest relation of what a resident likes to what a match is about."""
    relations = [one.relations[i] for i in interest_ids if i in one.relations]
    return min(relations, key=lambda r: (KIND_ORDER[r.kind], r.label), default=None)


def _why(suited: Iterable[Asking], interest_ids: Sequence[int]) -> str:
    """Return how many stand how to what a match is about: "7 enjoy reading, 2 would try bowls."."""
    counts: Counter[tuple[Stance, str]] = Counter()
    for one in suited:
        relation = _strongest(one, interest_ids)
        if relation is not None:
            counts[one.stances[relation.wanted_id], relation.wanted] += 1
    order = list(Stance)
    most = sorted(counts.items(), key=lambda item: (-item[1], order.index(item[0][0]), item[0][1]))
    said = [
        f"{count} {VERBS[stance][count > 1]} {lower_first(label)}"
        for (stance, label), count in most[:MOST_SAID]
    ]
    return f"{', '.join(said)}{' and more' if len(most) > MOST_SAID else ''}."


def _with_relations(match: Found, suited: Iterable[Asking], interest_ids: Sequence[int]) -> Found:
    """Return a match with what it has in common with those it suits, each concept once."""
    relations = (_strongest(one, interest_ids) for one in suited)
    by_concept = {relation.concept: relation for relation in relations if relation is not None}
    return match._replace(relations=[by_concept[concept] for concept in sorted(by_concept)])
