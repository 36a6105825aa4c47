"""Finding matches in the database: the ten best by score, exactly."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import sqlalchemy as sa

from app.activities.schedules import describe
from app.matches import queries
from geo.crs import grid_of
from geo.distance import walk_minutes
from geo.interests import Vocabulary
from geo.matching import NEAR_REACH_M, VISIT_REACH_M, Question
from geo.reasons import reasons

FIRST_DAY_AND_HOUR = attrgetter("starts_on", "opens_at")


class Found(NamedTuple):
    """One match as it is shown."""

    kind_of: str  # "asset" or "activity"
    id: str
    place_id: str
    name: str
    place_name: str
    venue_name: str | None
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
    source_id: int  # whose row it is: it has to be named

    @property
    def url(self) -> str:
        """The address of the place's page."""
        return f"/assets/{self.place_id}"


@dataclass(frozen=True, slots=True)
class MatchLists:
    """What is near, and who comes to you: never mixed."""

    near: list[Found]
    comes_to_you: list[Found]

    @property
    def source_ids(self) -> list[int]:
        """The sources of all of them, each once."""
        return sorted({match.source_id for match in (*self.near, *self.comes_to_you)})


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
    easting, northing = grid_of(lon, lat)
    near = Question(
        easting=easting,
        northing=northing,
        relations=vocabulary.relations(vocabulary.concept(slug).id for slug in interests),
        today=today or dt.datetime.now(tz=dt.UTC).date(),
        needs=frozenset(needs),
        day_parts=frozenset(day_parts),
        within_m=within_m,
        limit=limit,
    )
    visits = dataclasses.replace(near, visits=True, within_m=visit_within_m)
    near_rows, visit_rows = queries.find(connection, near=near, visits=visits)
    return MatchLists(
        near=[_found(row, near) for row in near_rows],
        comes_to_you=[_found(row, visits) for row in visit_rows],
    )


def _found(row: queries.FoundRow, question: Question) -> Found:
    relations = [question.relations[i] for i in row.interest_ids if i in question.relations]
    schedules = sorted(row.schedules, key=FIRST_DAY_AND_HOUR)
    when = "; ".join(describe(schedule) for schedule in schedules) or None
    return Found(
        kind_of=row.source,
        id=row.id,
        place_id=row.place_id,
        name=row.name,
        place_name=row.place_name,
        venue_name=row.venue_name,
        asset_kind=row.kind,
        lon=row.lon,
        lat=row.lat,
        distance_m=round(row.distance_m, 1),
        walk_minutes=walk_minutes(row.distance_m),
        score=row.score,
        reasons=reasons(
            relations,
            distance_m=row.distance_m,
            visits=question.visits,
            is_rough=row.location_source == "ward",
            needs=question.needs,
            access=row.access,
            assured_date=row.assured_date,
            today=question.today,
            when=when,
        ),
        interests=[relation.label for relation in relations],
        phone=row.phone,
        postcode=row.postcode,
        cost_pence=row.cost_pence,
        when=when,
        assured_date=row.assured_date,
        source_id=row.source_id,
    )
