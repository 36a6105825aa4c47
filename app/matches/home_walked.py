"""What would please most people here by the way on foot: each resident's best, then counted.

The same as `home_queries` counts in one statement by straight line. Most residents start at one
door, so the ways are worked out once for all of them (twice where some need them without steps).
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from app.matches import home_queries, queries
from app.matches.home_queries import Candidate, Everyone
from app.matches.queries import FoundRow, Match
from app.matches.walked import MANY_MORE, TIMES_AS_MANY, FromHere, Walked, is_settled, rank
from app.walking.actions import Walking
from geo.filters import Filters
from geo.matching import Question
from geo.walking import Walker


@dataclass(frozen=True, slots=True)
class OneAsking:
    """A resident's question for what is near; `given` is the same for `home_queries`."""

    number: int
    given: Mapping[str, object]
    near: Question
    lon: float
    lat: float
    home_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for everybody alike; as for `home_queries.find_for_everyone`."""

    filters: Filters
    visit_within_m: float
    today: dt.date
    most: int
    shown: int


def find_for_everyone(
    connection: sa.Connection, walking: Walking, asked: Sequence[OneAsking], wanted: Wanted
) -> Everyone:
    """Return what suits most residents, and everybody's best, as `home_queries` does."""
    everyone = Everyone([], {})
    suits: dict[str, dict[str, list[tuple[int, Walked]]]] = {"near": {}, "visit": {}}
    for (number, list_name), best in _Finding(connection, walking, wanted).of_each(asked).items():
        for walked in best:
            suits[list_name].setdefault(walked.row.place_id, []).append((number, walked))
        for walked in best[:1]:
            match = _as_match(walked)
            everyone.best[number] = min(everyone.best.get(number, match), match, key=_order)
    for places in suits.values():
        candidates = sorted((_count(suited) for suited in places.values()), key=_most_first)
        everyone.candidates.extend(candidates[: wanted.shown])
    return everyone


class _Finding:
    """Finding for each of many, with what was looked up and walked so far."""

    def __init__(self, connection: sa.Connection, walking: Walking, wanted: Wanted) -> None:
        self._connection, self._walking, self._wanted = connection, walking, wanted
        self._rows: dict[str, dict[str, FoundRow]] = {"near": {}, "visit": {}}
        self._from: dict[tuple[float, float, Walker], FromHere] = {}

    def of_each(self, asked: Sequence[OneAsking]) -> dict[tuple[int, str], list[Walked]]:
        """Return by number and list the best of each; who is not settled is asked for again."""
        best: dict[tuple[int, str], list[Walked]] = {}
        waiting, most = asked, self._wanted.most * TIMES_AS_MANY
        while waiting:
            found = self._candidates(waiting, most)
            self._walk(waiting, found)
            unsettled = []
            for one in waiting:
                near = self._rows_of(found[one.number, "near"])
                ranked = rank(near, one.near, self._here(one))
                best[one.number, "near"] = ranked[: self._wanted.most]
                best[one.number, "visit"] = [
                    Walked(row, math.nan, row.distance_m)
                    for row in queries.best_of(
                        self._rows_of(found[one.number, "visit"]), self._wanted.most
                    )
                ]
                if not is_settled(near, ranked, limit=self._wanted.most, most=most):
                    unsettled.append(one)
            waiting, most = unsettled, most * MANY_MORE
        return best

    def _candidates(
        self, asked: Sequence[OneAsking], most: int
    ) -> defaultdict[tuple[int, str], list[Match]]:
        """Return the candidates by number and list; what is new among them is looked up."""
        found: defaultdict[tuple[int, str], list[Match]] = defaultdict(list)
        new = {}
        for number, match in home_queries.find_candidates(
            self._connection,
            residents=[one.given for one in asked],
            filters=self._wanted.filters,
            visit_within_m=self._wanted.visit_within_m,
            today=self._wanted.today,
            most=most,
        ):
            found[number, match.list_name].append(match)
            if match.id not in self._rows[match.list_name]:
                new[match.list_name, match.id] = match
        for list_name, rows in queries.look_up(self._connection, new.values()).items():
            self._rows[list_name] |= rows
        return found

    def _walk(
        self, asked: Iterable[OneAsking], found: Mapping[tuple[int, str], Sequence[Match]]
    ) -> None:
        """Find the ways to all candidates, those from one place together."""
        to: dict[FromHere, dict[str, FoundRow]] = {}
        for one in asked:
            rows = to.setdefault(self._here(one), {})
            for match in found.get((one.number, "near"), ()):
                rows[match.id] = self._rows["near"][match.id]
        for here, rows in to.items():
            here.look(rows.values())

    def _here(self, one: OneAsking) -> FromHere:
        key = (one.lon, one.lat, one.near.walker)
        if key not in self._from:
            self._from[key] = FromHere(
                self._connection,
                self._walking,
                lon=one.lon,
                lat=one.lat,
                walker=one.near.walker,
                home_id=one.home_id,
            )
        return self._from[key]

    def _rows_of(self, matches: Iterable[Match]) -> list[FoundRow]:
        """Return rows as they are for one resident: looked up once, whoever they are for."""
        return [
            self._rows[match.list_name][match.id]._replace(
                score=match.score, distance_m=match.distance_m
            )
            for match in matches
        ]


def _count(suited: Sequence[tuple[int, Walked]]) -> Candidate:
    """Return a place with whom it suits: by the row most of them have, at the shortest way."""
    best_first = sorted(suited, key=lambda pair: (-pair[1].row.score, pair[0]))
    times = Counter((walked.row.source, walked.row.id) for _, walked in suited)
    source, id_ = min(times, key=lambda row: (-times[row], row))
    nearest, walked = min(best_first, key=lambda pair: pair[1].effective_m)
    score = sum(one.row.score for _, one in suited)
    match = _as_match(walked)._replace(source=source, id=id_, score=score)
    return Candidate(match, [number for number, _ in best_first], nearest)


def _as_match(walked: Walked) -> Match:
    return Match._make((*walked.row[: len(Match._fields) - 1], walked.walk_m))


def _most_first(one: Candidate) -> tuple[int, float, float, str]:
    match = one.match
    return (-len(one.residents), -match.score, match.distance_m, match.place_id)


def _order(match: Match) -> tuple[float, float, str, str]:
    return (-match.score, round(match.distance_m, 3), match.source, match.id)
