"""Finding matches in the database: the ten best by score, exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.matches import queries
from geo.crs import grid_of
from geo.distance import walk_minutes
from geo.interests import Vocabulary
from geo.matching import (
    NEAR_REACH_M,
    VISIT_REACH_M,
    Candidate,
    Match,
    Question,
    Ranking,
    reasons_of,
)

# How many of each kind to read at first: enough that the second reading is rare, measured with
# `make bench`. The answer is exact either way.
FIRST_READ = 30


@dataclass(frozen=True, slots=True)
class Found:
    """One match as it is shown."""

    kind_of: str  # "asset" or "activity"
    id: str
    place_id: str
    name: str
    place_name: str
    asset_kind: str
    lon: float
    lat: float
    distance_m: float
    walk_minutes: int
    score: float
    reasons: list[str]
    interests: list[str]  # labels of what it shares with the question
    phone: str | None
    postcode: str | None
    cost_pence: int | None
    when: str | None
    assured_date: dt.date | None

    @property
    def url(self) -> str:
        """The address of the place's page."""
        return f"/assets/{self.place_id}"


@dataclass(frozen=True, slots=True)
class MatchLists:
    """What is near, and who comes to you: never mixed."""

    near: list[Found]
    comes_to_you: list[Found]


def find_matches(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    *,
    lon: float,
    lat: float,
    interests: Iterable[str],
    needs: Collection[str] = (),
    day_parts: Collection[str] = (),
    within_m: float = NEAR_REACH_M,
    visit_within_m: float = VISIT_REACH_M,
    limit: int = 10,
    today: dt.date | None = None,
) -> MatchLists:
    """Return the best `limit` matches near a point, and of groups that come there.

    `lon`, `lat` in degrees WGS 84; `interests` are concept slugs; `needs` are words of the access
    list. Raises geo.errors.UnknownInterest or QuestionError.
    """
    relations = vocabulary.relations(vocabulary.concept(slug).id for slug in interests)
    easting, northing = grid_of(lon, lat)

    def answer(*, visits: bool, reach_m: float) -> list[Found]:
        question = Question(
            easting=easting,
            northing=northing,
            relations=relations,
            today=today or dt.datetime.now(tz=dt.UTC).date(),
            needs=frozenset(needs),
            day_parts=frozenset(day_parts),
            visits=visits,
            within_m=reach_m,
            limit=limit,
        )
        return _show(connection, rank(connection, question), question)

    return MatchLists(
        near=answer(visits=False, reach_m=within_m),
        comes_to_you=answer(visits=True, reach_m=visit_within_m),
    )


def rank(connection: sa.Connection, question: Question) -> list[Match]:
    """Return the best matches for `question`, exactly.

    First the nearest few are read. They fix the score that the last place on the list has; what
    could still beat it must lie within a reach that depends on its interest's weight, and only
    if that reach is larger than what was read, the rest of it is read too.
    """
    if not question.relations:
        return []
    ranking = Ranking(question)
    count = max(FIRST_READ, 3 * question.limit)
    rows = queries.read_nearest(
        connection,
        easting=question.easting,
        northing=question.northing,
        interest_ids=list(question.relations),
        within_m=question.within_m,
        visits=question.visits,
        count=count,
    )
    ranking.add(map(_candidate, rows))
    complete_m = _complete_to(rows, count=count, within_m=question.within_m)
    wider = _reaches_beyond(ranking, complete_m)
    if wider:
        rows = queries.read_within(
            connection,
            easting=question.easting,
            northing=question.northing,
            reaches=wider,
            visits=question.visits,
        )
        ranking.add(map(_candidate, rows))
    return ranking.best()


def _candidate(row: sa.Row[Any]) -> Candidate:
    return Candidate(
        id=str(row.id),
        place_id=str(row.place_id),
        is_activity=row.source == "activity",
        interest_ids=row.interest_ids,
        access=row.access,
        day_parts=row.day_parts,
        assured_date=row.assured_date,
        distance_m=row.distance_m,
        row=row,
    )


def _complete_to(rows: Sequence[sa.Row[Any]], *, count: int, within_m: float) -> float:
    """Return the distance up to which `rows` hold everything there is, in metres."""
    complete_m = within_m
    for source in ("asset", "activity"):
        distances = [row.distance_m for row in rows if row.source == source]
        if len(distances) >= count:
            complete_m = min(complete_m, max(distances))
    return complete_m


def _reaches_beyond(ranking: Ranking, complete_m: float) -> list[tuple[list[int], float]]:
    """Return the classes of interests whose reach is wider than what was read: (ids, metres)."""
    by_weight: dict[float, list[int]] = {}
    for interest_id, relation in ranking.question.relations.items():
        by_weight.setdefault(relation.weight, []).append(interest_id)
    reaches = [(ids, ranking.reach_m(weight)) for weight, ids in by_weight.items()]
    return [(ids, reach_m) for ids, reach_m in reaches if reach_m > complete_m]


def _show(connection: sa.Connection, matches: list[Match], question: Question) -> list[Found]:
    activities = [m.candidate.id for m in matches if m.candidate.is_activity]
    schedules = queries.read_schedules(connection, activities)
    return [_found(m, question, schedules.get(m.candidate.id, [])) for m in matches]


def _found(match: Match, question: Question, schedules: Sequence[sa.Row[Any]]) -> Found:
    from app.activities.schedules import describe

    candidate, row = match.candidate, match.candidate.row
    when = "; ".join(describe(schedule) for schedule in schedules) or None
    return Found(
        kind_of=row.source,
        id=candidate.id,
        place_id=candidate.place_id,
        name=row.name,
        place_name=row.place_name,
        asset_kind=row.kind,
        lon=row.lon,
        lat=row.lat,
        distance_m=round(candidate.distance_m, 1),
        walk_minutes=walk_minutes(candidate.distance_m),
        score=match.score,
        reasons=reasons_of(match, question, when=when),
        interests=[relation.label for relation in match.relations],
        phone=row.phone,
        postcode=row.postcode,
        cost_pence=row.cost_pence,
        when=when,
        assured_date=candidate.assured_date,
    )
