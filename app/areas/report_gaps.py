"""What people in and near a ward asked for in vain, and where the nearest of it is now."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.areas import report_queries
from app.areas.report_figures import Around
from app.areas.report_parts import Gap
from app.assets.schemas import Names
from app.matches.unmet import ANSWERS
from app.walking.actions import Located, Walking, walks_from
from geo.crs import grid_of
from geo.distance import DETOUR, WALKING_M_PER_MINUTE, in_words
from geo.interests import Concept, Vocabulary
from geo.matching import VISIT_REACH_M

# What is this near the middle of the ward has come into reach, in whole minutes as they are said.
REACH_MINUTES = 15
BEYOND_REACH_MINUTES = REACH_MINUTES + 0.5
# Beyond an hour and a half nobody walks, and ways on foot are not looked for.
LONGEST_MINUTES = 90
# As many different interests as anybody reads; the least asked for are left out.
MOST_INTERESTS = 40
NOWHERE = "Nothing on this map has it."


@dataclass(frozen=True, slots=True)
class Gaps:
    """What is still missing, what has come into reach, and whose data says where."""

    missing: Sequence[Gap] = ()
    met: Sequence[Gap] = ()
    source_ids: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class _Nearest:
    row: sa.Row[Any]
    text: str
    is_in_reach: bool
    # On foot from the middle of the ward; not known of what comes to homes.
    minutes: float = math.inf

    @property
    def rank(self) -> tuple[bool, bool, float, float]:
        """What is in reach first, then what has an address of its own, then what is near."""
        has_no_door = self.row.is_visiting or (self.is_in_reach and self.row.is_by_ward)
        return not self.is_in_reach, has_no_door, self.minutes, self.row.metres


def read_gaps(
    connection: sa.Connection,
    around: Around,
    names: Names,
    *,
    inside: Collection[str],
    today: dt.date,
    walking: Walking | None,
) -> Gaps:
    """Return the gaps of a ward and of those next door; `inside` are the ids of what is in it.

    Numbers come as the database rounds them, ward by ward, and are never added up.
    """
    where = {around.itself.gss_code: ""} | {w.gss_code: w.name for w in around.neighbours}
    rows = report_queries.list_unmet(connection, codes=list(where))
    vocabulary = names.vocabulary
    concepts = {row.concept: vocabulary.concept(row.concept) for row in rows
                if row.concept in vocabulary}  # fmt: skip
    wanted = [one for one in concepts.values() if not one.special_category][:MOST_INTERESTS]
    if not wanted:
        return Gaps()
    found_rows = _list_nearest(connection, around.itself, vocabulary, wanted, today)
    walks = _walks(connection, around.itself, found_rows, walking)
    nearest = _choose(found_rows, walks, inside)
    missing: list[Gap] = []
    met: list[Gap] = []
    for row in rows:
        concept = concepts.get(row.concept)
        if concept is None or concept not in wanted:
            continue
        found = nearest.get(concept.id)
        gap = Gap(
            concept.concept,
            row.label,
            row.asked,
            where[row.ward_code],
            found.row.id if found else None,
            found.row.name if found else None,
            found.text if found else NOWHERE,
        )
        (met if found and found.is_in_reach else missing).append(gap)
    return Gaps(missing, met, {found.row.source_id for found in nearest.values()})


def _list_nearest(
    connection: sa.Connection,
    ward: sa.Row[Any],
    vocabulary: Vocabulary,
    wanted: Sequence[Concept],
    today: dt.date,
) -> Sequence[sa.Row[Any]]:
    answers = {
        concept.id: sorted(
            relation.interest_id
            for relation in vocabulary.relations([concept.id]).values()
            if relation.kind in ANSWERS
        )
        for concept in wanted
    }
    return report_queries.list_nearest(
        connection,
        ward=ward,
        origin=grid_of(ward.lon, ward.lat),
        answers=answers,
        # No way on foot is shorter than the straight line.
        reach_m=BEYOND_REACH_MINUTES * WALKING_M_PER_MINUTE,
        visit_within_m=VISIT_REACH_M,
        today=today,
    )


def _choose(
    rows: Sequence[sa.Row[Any]], walks: Mapping[str, float], inside: Collection[str]
) -> dict[int, _Nearest]:
    """Return for each interest what is nearest on foot; what is in reach goes before all else."""
    found: dict[int, _Nearest] = {}
    for row in rows:
        one = _said(row, walks.get(row.id, math.nan), is_inside=row.id in inside)
        known = found.get(row.interest_id)
        if known is None or one.rank < known.rank:
            found[row.interest_id] = one
    return found


def _walks(
    connection: sa.Connection,
    ward: sa.Row[Any],
    rows: Sequence[sa.Row[Any]],
    walking: Walking | None,
) -> dict[str, float]:
    if walking is None:
        return {}
    places = list({row.id: Located(row.id, row.lon, row.lat) for row in rows
                   if not (row.is_by_ward or row.is_visiting)}.values())  # fmt: skip
    metres = walks_from(connection, walking, lon=ward.lon, lat=ward.lat, places=places)
    return {place.asset_id: way for place, way in zip(places, metres, strict=True)}


def _said(row: sa.Row[Any], walk_m: float, *, is_inside: bool) -> _Nearest:
    """Say how far a place is from the middle of the ward. NaN: only the straight line is known."""
    if row.is_visiting:
        return _Nearest(row, "comes to homes", True)
    is_about = math.isnan(walk_m)
    minutes = (row.metres * DETOUR if is_about else walk_m) / WALKING_M_PER_MINUTE
    if row.is_by_ward:
        text = "in this ward" if is_inside else f"{in_words(row.metres)} away"
        return _Nearest(row, text, is_inside, minutes)
    is_in_reach = is_inside or minutes < BEYOND_REACH_MINUTES
    far = in_words(row.metres)
    whole = max(1, round(minutes)) if math.isfinite(minutes) else 0
    time = "a minute\u2019s walk" if whole == 1 else f"{whole} minutes\u2019 walk"
    if minutes > LONGEST_MINUTES:
        # The metres are those the minutes are made of: a straight line beside a way looks wrong.
        text = (
            f"{far} away"
            if is_about
            else f"more than {LONGEST_MINUTES} minutes on foot ({far} as the crow flies)"
        )
    else:
        text = f"about {time} ({far})" if is_about else f"{time} ({in_words(walk_m)} on foot)"
    return _Nearest(row, text, is_in_reach, minutes)
