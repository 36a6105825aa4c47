"""What was found by straight line, put in order of the way there on foot: still the best, exactly.

The distance that counts (`geo.distance.effective_m`) is never less than the straight line, so a
straight line's score is the most anything can have. More rows than wanted are asked for by straight
line, and as many more again until nothing unseen could still get in.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Protocol

import sqlalchemy as sa

from app.matches import queries
from app.matches.queries import FoundRow
from app.walking.actions import Located, Walking, walks_from
from geo import scores
from geo.distance import ON_FOOT, effective_m
from geo.filters import Filters
from geo.matching import Question
from geo.walking import WALKERS, Walker

# So many times as many at first, and again each time that is too few.
TIMES_AS_MANY = 3
MANY_MORE = 4


class OnTheMap(Protocol):
    """Something that is somewhere: whose point it is, and where, in degrees WGS 84."""

    @property
    def located_at(self) -> str: ...  # noqa: D102 - said above
    @property
    def lon(self) -> float: ...  # noqa: D102
    @property
    def lat(self) -> float: ...  # noqa: D102
    @property
    def location_source(self) -> str: ...  # noqa: D102
    @property
    def distance_m(self) -> float: ...  # noqa: D102


class Walked(NamedTuple):
    """A row with the way there: its score is by the distance that counts."""

    row: FoundRow
    walk_m: float
    effective_m: float


def walker_for(needs: Collection[str], filters: Filters) -> Walker:
    """Return who goes there: whoever has to get in without steps has to get there without."""
    is_step_free = "step_free" in needs or filters.is_step_free
    return WALKERS["wheelchair"] if is_step_free else ON_FOOT


class FromHere:
    """How far it is on foot from one point (degrees, WGS 84); each place is looked for once.

    `home_id` says that the point is that home's.
    """

    def __init__(
        self,
        connection: sa.Connection,
        walking: Walking,
        *,
        lon: float,
        lat: float,
        walker: Walker,
        home_id: uuid.UUID | None,
    ) -> None:
        self._connection, self._walking = connection, walking
        self._lon, self._lat, self._home_id = lon, lat, home_id
        self._walker = walker
        self._known: dict[str, float] = {}

    def look(self, rows: Iterable[OnTheMap]) -> None:
        """Find the way to all of these; what only its ward is known of has no door to walk to."""
        new = {
            row.located_at: Located(row.located_at, row.lon, row.lat)
            for row in rows
            if row.located_at not in self._known and row.location_source != "ward"
        }
        if not new:
            return
        found = walks_from(
            self._connection,
            self._walking,
            lon=self._lon,
            lat=self._lat,
            places=list(new.values()),
            needs_step_free=self._walker.needs_step_free,
            home_id=self._home_id,
        )
        self._known |= dict(zip(new, found, strict=True))

    def walk_m(self, row: OnTheMap) -> float:
        """Return metres on foot: NaN where not known, infinite where there is no way."""
        return math.nan if row.location_source == "ward" else self._known[row.located_at]

    def effective_m(self, row: OnTheMap) -> float:
        """Return the distance that counts."""
        return effective_m(row.distance_m, self.walk_m(row))


def find_on_foot(
    connection: sa.Connection, *, near: Question, visits: Question, here: FromHere
) -> tuple[list[Walked], list[FoundRow]]:
    """Return the best near by the way there, and the best of those who come, as ever."""
    most = near.limit * TIMES_AS_MANY
    while True:
        lists = queries.find_candidates(connection, near=near, visits=visits, most=most)
        rows = list(lists["near"].values())
        here.look(rows)
        best = rank(rows, near, here)
        if is_settled(rows, best, limit=near.limit, most=most):
            return best[: near.limit], queries.best_of(lists["visit"].values(), visits.limit)
        most *= MANY_MORE


def rank(rows: Iterable[FoundRow], question: Question, here: FromHere) -> list[Walked]:
    """Return the best row of each place in reach on foot, the best place first."""
    best: dict[str, Walked] = {}
    for walked in sorted((_walked(row, question, here) for row in rows), key=_order):
        if walked.effective_m <= question.within_m:
            best.setdefault(walked.row.place_id, walked)
    return list(best.values())


def is_settled(rows: Iterable[FoundRow], best: Sequence[Walked], *, limit: int, most: int) -> bool:
    """Return whether nothing that `find_candidates` left out could be among the best.

    `rows` are those it found by straight line, and `best` the same in order of the way there.
    """
    straight: dict[str, float] = {}
    for row in rows:
        straight[row.place_id] = max(row.score, straight.get(row.place_id, 0.0))
    if len(straight) < most:
        return True
    # Whatever is not among the rows scores less than this, and on foot no more than that.
    entry = sorted(straight.values(), reverse=True)[most - 1]
    return len(best) >= limit and best[limit - 1].row.score >= entry


def _walked(row: FoundRow, question: Question, here: FromHere) -> Walked:
    far_m = here.effective_m(row)
    if far_m > row.distance_m:
        row = row._replace(score=_score(row, question, far_m))
    return Walked(row, here.walk_m(row), far_m)


def _score(row: FoundRow, question: Question, far_m: float) -> float:
    return scores.score(
        max(question.relations[i].weight for i in row.interest_ids if i in question.relations),
        scores.decay(far_m, halving_m=question.halving_m),
        scores.access_fit(question.needs, row.access),
        scores.time_fit(question.day_parts, row.day_parts or ()),
        scores.freshness(row.assured_date, question.today),
    )


def _order(walked: Walked) -> tuple[float, float, bool, str]:
    """Return what `queries.order` does, with the distance that counts."""
    row = walked.row
    return (-row.score, round(walked.effective_m, 3), row.source == "asset", row.id)


def find_too_far(
    connection: sa.Connection,
    here: FromHere,
    *,
    easting: float,
    northing: float,
    interest_ids: Iterable[int],
    within_m: float,
) -> list[str]:
    """Return the ids of what is about some interests and in reach by straight line alone."""
    rows = queries.find_points_near(
        connection,
        easting=easting,
        northing=northing,
        interest_ids=interest_ids,
        within_m=within_m,
    )
    here.look(rows)
    return [row.id for row in rows if here.effective_m(row) > within_m]
