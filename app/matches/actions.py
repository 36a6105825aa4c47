"""Finding matches in the database: the ten best by score, exactly."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import sqlalchemy as sa

from app import words
from app.activities.coming import next_start, now_in_london, say_next
from app.activities.schedules import describe, has_ended
from app.matches import left_out_queries, queries
from app.matches.left_out_queries import NOTHING, LeftOut
from app.matches.walked import FromHere, find_on_foot, find_too_far, walker_for
from app.walking.actions import Walking
from geo.crs import grid_of
from geo.distance import effective_m, minutes_along, walk_minutes
from geo.filters import NO_FILTERS, Filters
from geo.interests import Relation, Vocabulary
from geo.matching import NEAR_REACH_M, VISIT_REACH_M, Question
from geo.reasons import LONGEST_WALK_MINUTES, reasons

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
    distance_m: float  # as the crow flies
    walk_m: float  # along ways: NaN where not known, infinite where there is none short enough
    walk_minutes: int | None  # None: more than 90
    score: float
    reasons: list[str]
    relations: Sequence[Relation]  # what it shares with the question
    access: list[str] | None
    phone: str | None
    email: str | None
    website: str | None
    postcode: str | None
    cost_pence: int | None
    when: str | None
    assured_date: dt.date | None
    source_id: int  # whose row it is: it has to be named
    schedules: Sequence[queries.ScheduleRow]

    @property
    def is_about(self) -> bool:
        """Whether the minutes rest on the straight line, and not on the way there."""
        return math.isnan(self.walk_m)

    @property
    def effective_m(self) -> float:
        """The distance that counts for the score and for what is in reach."""
        return effective_m(self.distance_m, self.walk_m)

    @property
    def away(self) -> str:
        """How far away it is: minutes and metres along ways, or as the crow flies."""
        if self.is_about:
            return f"{words.reach(self.distance_m)} away"
        if self.walk_minutes is None:
            return f"more than {LONGEST_WALK_MINUTES} minutes on foot"
        minutes = words.plural(self.walk_minutes, "minute\u2019s", "minutes\u2019")
        return f"{minutes} walk ({words.reach(self.walk_m)} on foot)"

    @property
    def interests(self) -> list[str]:
        """Labels of what it shares with the question."""
        return [relation.label for relation in self.relations]

    @property
    def concepts(self) -> list[str]:
        """The same by their names."""
        return [relation.concept for relation in self.relations]

    @property
    def url(self) -> str:
        """The address of the place's page."""
        return f"/assets/{self.place_id}"

    @property
    def next_start(self) -> dt.datetime | None:
        """When it happens next, in local time; None when nobody knows, or it has ended.

        Worked out only when it is read: a list for programs is asked far more often than a page.
        """
        return next_start(self.schedules, now_in_london())

    @property
    def next_words(self) -> str | None:
        """When it happens next, as people say it; "ended" when no day ahead is known."""
        if not self.schedules:
            return None
        now = now_in_london()
        start = next_start(self.schedules, now)
        return say_next(start, now) if start else "ended"


@dataclass(frozen=True, slots=True)
class MatchLists:
    """What is near, and who comes to you: never mixed."""

    near: list[Found]
    comes_to_you: list[Found]
    # What filters left out because nobody knows, of each list.
    near_left_out: LeftOut = NOTHING
    visits_left_out: LeftOut = NOTHING
    # Whose ways the minutes on foot are along.
    way_source_ids: tuple[int, ...] = ()

    @property
    def source_ids(self) -> list[int]:
        """The sources of all of them and of the ways there, each once."""
        shown = {match.source_id for match in (*self.near, *self.comes_to_you)}
        return sorted({*shown, *self.way_source_ids})


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
    filters: Filters = NO_FILTERS,
    leads: Mapping[int, str] | None = None,
    today: dt.date | None = None,
    walking: Walking | None = None,
    home_id: uuid.UUID | None = None,
) -> MatchLists:
    """Return the best `limit` matches near a point, and of groups that come there.

    `lon`, `lat` in degrees WGS 84; `interests` are concept slugs; `needs` are words of the access
    list. `leads` are the beginnings of reasons by the interest's number ("They used to: bowls.").
    With `walking`, what is near is by the way there; `home_id` says the point is that home's.
    Raises geo.errors.UnknownInterest or QuestionError.
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
        filters=filters,
    )
    visits = dataclasses.replace(near, visits=True, within_m=visit_within_m)
    if walking is None:
        near_rows, visit_rows = queries.find(connection, near=near, visits=visits)
        return MatchLists(
            [as_found(row, near, leads=leads) for row in near_rows],
            [as_found(row, visits, leads=leads) for row in visit_rows],
            *_left_out(connection, near, visits, here=None),
        )
    near = dataclasses.replace(near, walker=walker_for(needs, filters))
    here = FromHere(connection, walking, lon=lon, lat=lat, walker=near.walker, home_id=home_id)
    walked, visit_rows = find_on_foot(connection, near=near, visits=visits, here=here)
    found = [as_found(row, near, leads=leads, walk_m=walk_m) for row, walk_m, _ in walked]
    return MatchLists(
        found,
        [as_found(row, visits, leads=leads) for row in visit_rows],
        *_left_out(connection, near, visits, here=here),
        way_source_ids=way_sources(found, walking),
    )


def _left_out(
    connection: sa.Connection, near: Question, visits: Question, *, here: FromHere | None
) -> tuple[LeftOut, LeftOut]:
    if not left_out_queries.leaves_out(near.filters):
        return NOTHING, NOTHING
    too_far: Sequence[str] = ()
    if here is not None:
        too_far = find_too_far(
            connection,
            here,
            easting=near.easting,
            northing=near.northing,
            interest_ids=near.relations,
            within_m=near.within_m,
        )
    return left_out_queries.count_left_out(connection, near=near, visits=visits, too_far=too_far)


def way_sources(matches: Iterable[Found], walking: Walking | None) -> tuple[int, ...]:
    """Return the sources to be named for the ways to these: none where all is "about"."""
    is_along = walking is not None and not all(match.is_about for match in matches)
    return walking.source_ids if walking is not None and is_along else ()


def minutes_to(row: queries.FoundRow, question: Question, walk_m: float) -> int | None:
    """Return the minutes on foot; None for more than anybody walks."""
    if math.isnan(walk_m):
        return walk_minutes(row.distance_m)
    if not math.isfinite(walk_m):
        return None
    minutes = minutes_along(walk_m, question.walker)
    return minutes if minutes <= LONGEST_WALK_MINUTES else None


def as_found(
    row: queries.FoundRow,
    question: Question,
    *,
    leads: Mapping[int, str] | None = None,
    walk_m: float = math.nan,
) -> Found:
    """Return a row as it is shown, with the reasons why it answers `question`."""
    relations = [question.relations[i] for i in row.interest_ids if i in question.relations]
    schedules = sorted(row.schedules, key=FIRST_DAY_AND_HOUR)
    # Last season's times say nothing where this season's are known.
    current = [one for one in schedules if not has_ended(one, question.today)] or schedules
    when = "; ".join(describe(schedule) for schedule in current) or None
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
        walk_m=walk_m,
        walk_minutes=minutes_to(row, question, walk_m),
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
            leads=leads,
            walk_m=walk_m,
            walker=question.walker,
        ),
        relations=relations,
        access=row.access,
        phone=row.phone,
        email=row.email,
        website=row.website,
        postcode=row.postcode,
        cost_pence=row.cost_pence,
        when=when,
        assured_date=row.assured_date,
        source_id=row.source_id,
        schedules=schedules,
    )
