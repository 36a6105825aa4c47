"""What the last run found for everybody of a team, with the reasons the live question gives."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.everyone import team_queries
from app.matches import queries, resident_queries
from app.matches.actions import Found, as_found, way_sources
from app.matches.resident_actions import Resident, as_resident
from app.matches.walked import walker_for
from app.parameters import today as local_today
from app.walking.actions import Walking
from app.words import LONDON
from geo.distance import ON_FOOT
from geo.filters import NO_FILTERS
from geo.interests import Vocabulary
from geo.matching import Question

BEST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Matched:
    """One resident with what the run found. `of_day` is None for who is in no run yet."""

    resident: Resident
    near: Sequence[Found]
    comes_to_you: Sequence[Found]
    unmet: Sequence[str]  # labels
    of_day: dt.date | None

    @property
    def has_nobody(self) -> bool:
        """Whether the run found nothing for them."""
        return not self.near and not self.comes_to_you

    @property
    def was_asked(self) -> bool:
        """Whether there was anything to ask: something they enjoy, and where they live."""
        return bool(self.resident.interests) and self.resident.lon is not None


@dataclass(frozen=True, slots=True)
class TeamMatches:
    """Everybody of a team, those with nobody first. `finished_at`: when the oldest run was done."""

    everybody: Sequence[Matched]
    finished_at: dt.datetime | None
    way_source_ids: tuple[int, ...] = ()

    @property
    def has_run(self) -> bool:
        """Whether any of them was in a run."""
        return self.finished_at is not None

    @property
    def finished_on(self) -> dt.date | None:
        """The day of that: on paper "today" says nothing."""
        return self.finished_at and self.finished_at.astimezone(LONDON).date()

    @property
    def nobody(self) -> Sequence[Matched]:
        """Those who were asked for, and nobody was found."""
        return [one for one in self.everybody if one.of_day and one.has_nobody and one.was_asked]

    @property
    def source_ids(self) -> list[int]:
        """The sources of all that is shown, and of the ways there."""
        shown = [m.source_id for one in self.everybody for m in (*one.near, *one.comes_to_you)]
        return sorted({*shown, *self.way_source_ids})


@dataclass(slots=True)
class _Kept:
    """What is kept of one resident; `run` is any row of theirs, None for who is in no run yet."""

    run: sa.Row[Any] | None = None
    near: list[sa.Row[Any]] = field(default_factory=list)
    visit: list[sa.Row[Any]] = field(default_factory=list)


def read_team_matches(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    *,
    team_id: uuid.UUID,
    walking: Walking | None = None,
    today: dt.date | None = None,
) -> TeamMatches:
    """Return the three best near everybody of a team and of those who come, from the current runs.

    A few statements, however many people there are. `walking` names whose ways the minutes are.
    """
    today = today or local_today()
    rows = resident_queries.list_residents(connection, team_id=team_id)
    kept = _by_resident(team_queries.list_kept(connection, team_id=team_id, today=today))
    looked_up = queries.look_up(connection, _each_once(kept.values()))
    everybody = []
    for row in rows:
        resident, run = as_resident(row, vocabulary), kept[row.id].run
        near, visits = _found(resident, kept[row.id], looked_up, vocabulary, today)
        everybody.append(
            Matched(
                resident,
                near,
                visits,
                _unmet(resident, run.unmet_ids if run else ()),
                run.of_day if run else None,
            )
        )
    # By reference within: the order of the rows.
    everybody.sort(key=_urgency)
    runs = [one.run for one in kept.values() if one.run]
    finished = min((run.finished_at for run in runs if run.finished_at), default=None)
    shown = [match for one in everybody for match in one.near]
    return TeamMatches(everybody, finished, way_sources(shown, walking))


def _urgency(one: Matched) -> int:
    """Return 0 for who has nobody, 1 for who was not asked for, 2 for the others."""
    if not one.has_nobody:
        return 2
    return 0 if one.of_day is not None and one.was_asked else 1


def _by_resident(rows: Iterable[sa.Row[Any]]) -> defaultdict[uuid.UUID, _Kept]:
    kept: defaultdict[uuid.UUID, _Kept] = defaultdict(_Kept)
    for row in rows:
        of_one = kept[row.resident_id]
        of_one.run = row
        if row.list_name is None:
            continue
        (of_one.visit if row.list_name == "visit" else of_one.near).append(row)
    return kept


def _each_once(kept: Iterable[_Kept]) -> list[queries.Match]:
    """Return what is to be looked up: many residents share a place."""
    matches = {
        (row.list_name, row.id): queries.Match(
            row.list_name, row.source, row.id, row.place_id, row.score, row.distance_m
        )
        for of_one in kept
        for row in (*of_one.near, *of_one.visit)
    }
    return list(matches.values())


def _found(
    resident: Resident,
    kept: _Kept,
    looked_up: dict[str, dict[str, queries.FoundRow]],
    vocabulary: Vocabulary,
    today: dt.date,
) -> tuple[list[Found], list[Found]]:
    """Return the best of both lists as the live question shows them."""
    relations = vocabulary.relations(concept.id for concept in resident.concepts)
    lists = []
    for name, rows in (("near", kept.near), ("visit", kept.visit)):
        was_walked = any(row.walk_m is not None for row in rows)
        question = Question(
            # Reasons are said from the distances kept, not from a point.
            easting=0,
            northing=0,
            relations=relations,
            today=today,
            needs=frozenset(resident.needs),
            day_parts=frozenset(resident.good_times),
            visits=name == "visit",
            walker=walker_for(resident.needs, NO_FILTERS) if was_walked else ON_FOOT,
        )
        lists.append(
            [
                as_found(
                    looked_up[name][row.id]._replace(score=row.score, distance_m=row.distance_m),
                    question,
                    leads=resident.leads,
                    walk_m=math.nan if row.walk_m is None else row.walk_m,
                )
                for row in rows
                # What they no longer like is not for them, whatever last night found; of what has
                # gone this very moment there is nothing.
                if any(i in relations for i in looked_up[name][row.id].interest_ids or ())
            ][:BEST_SHOWN]
        )
    return lists[0], lists[1]


def _unmet(resident: Resident, unmet_ids: Iterable[int]) -> list[str]:
    ids = set(unmet_ids)
    return [concept.label for concept in resident.concepts if concept.id in ids]
