"""Matching without any index or bound: everything stored is scored by hand, one row at a time."""

from __future__ import annotations

import datetime as dt
import math
import random
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import Session

from app.models import Activity, Asset, AssetKind, LocationSource
from geo import scores
from geo.filters import Filters, start_spans
from geo.interests import Vocabulary
from geo.matching import Question
from tests.builders import CITY_HALL, make_source

TODAY = dt.date(2026, 11, 23)
TO_GRID = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)
# Not known; never; Tuesday 2pm; Tuesday 3.30pm and Saturday 10am; one minute after another.
STARTS = (
    None,
    MultiRange[int]([]),
    MultiRange([Range(2280, 2281)]),
    MultiRange([Range(2370, 2371), Range(7800, 7801)]),
    MultiRange([Range(930, 931), Range(931, 932)]),
)
WANTED = ("bowls", "reading", "knitting", "gardening")


def fill(session: Session, vocabulary: Vocabulary, *, seed: int, count: int, spread: float) -> None:
    """Store `count` assets and half as many activities around the city hall, in degrees."""
    chance = random.Random(seed)
    source = make_source(session)
    relevant = sorted(vocabulary.relations(vocabulary.concept(w).id for w in WANTED))
    other = [c.id for c in vocabulary.concepts if c.id not in relevant]
    access: tuple[list[str] | None, ...] = (None, [], ["step_free"], ["step_free", "hearing_loop"])
    dates = (None, dt.date(2026, 10, 1), dt.date(2025, 2, 1), dt.date(2020, 1, 1))

    def common() -> dict[str, object]:
        pool = relevant if chance.random() < 0.5 else other
        return {
            "interest_ids": sorted(chance.sample(pool, k=chance.randint(1, 4))),
            "access": chance.choice(access),
            "assured_date": chance.choice(dates),
            "is_indoors": chance.choice((None, True, False)),
            "source_id": source.id,
            "source_key": uuid.UUID(int=chance.getrandbits(128)).hex,
        }

    ids = [uuid.UUID(int=chance.getrandbits(128)) for _ in range(count)]
    session.execute(
        sa.insert(Asset),
        [
            {
                "id": id_,
                "kind": AssetKind.GROUP,
                "name": f"Group {n}",
                # A coarse grid, so that several stand at one door and distances tie.
                "geom": f"SRID=4326;POINT({CITY_HALL[0] + round(chance.gauss(0, spread), 3)}"
                f" {CITY_HALL[1] + round(chance.gauss(0, spread), 3)})",
                "location_source": LocationSource.GIVEN,
            }
            | common()
            for n, id_ in enumerate(ids)
        ],
    )
    session.execute(
        sa.insert(Activity),
        [
            {
                "id": uuid.UUID(int=chance.getrandbits(128)),
                "name": f"Activity {n}",
                "organizer_id": chance.choice(ids),
                "comes_to_homes": chance.random() < 0.4,
                "day_parts": chance.choice(([], ["tue_pm"], ["mon_am", "sat_am"])),
                "week_starts": chance.choice(STARTS),
                "ends_on": chance.choice((None, None, TODAY, TODAY - dt.timedelta(days=1))),
                "cost_pence": chance.choice((None, 0, 250)),
                "venue_id": chance.choice((None, chance.choice(ids))),
            }
            | common()
            for n in range(count // 2)
        ],
    )


def targets_in(session: Session) -> gpd.GeoDataFrame:
    """Return everything stored as `find_matches` wants it."""
    rows = session.connection().execute(
        sa.text(
            "SELECT id::text, id::text AS place_id, id::text AS located_at, false AS is_activity,"
            " false AS comes_to_homes, interest_ids, access, '{}'::text[] AS day_parts,"
            " assured_date,"
            " NULL::int[] AS week_starts, NULL::date AS ends_on, NULL::int AS cost_pence,"
            " is_indoors, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM public_assets"
            " UNION ALL SELECT id::text, place_id::text, coalesce(venue_place_id, place_id)::text,"
            " true, comes_to_homes, interest_ids, access, day_parts, assured_date,"
            " CASE WHEN week_starts IS NOT NULL THEN ARRAY("
            "   SELECT generate_series(lower(r), upper(r) - 1) FROM unnest(week_starts) AS r) END,"
            " ends_on, cost_pence, is_indoors, ST_X(geom), ST_Y(geom) FROM public_activities"
        )
    )
    table = pd.DataFrame(rows.mappings().all())
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"), crs=4326)
    frame = gpd.GeoDataFrame(table.astype(object), geometry=points)
    return frame.where(frame.notna(), None).to_crs(27700)


def fits(row: Any, filters: Filters, *, visits: bool) -> dict[str, bool | None]:
    """Return by hand what each filter says of a row; None where it depends on what is not known."""
    verdicts: dict[str, bool | None] = {}
    if filters.starts is not None:
        wanted = {minute for first, last in filters.starts for minute in range(first, last)}
        verdicts["times"] = None if row.week_starts is None else bool(wanted & {*row.week_starts})
    if filters.is_free:
        verdicts["cost"] = None if row.cost_pence is None else row.cost_pence == 0
    if filters.is_step_free and not visits:
        verdicts["access"] = None if row.access is None else "step_free" in row.access
    if filters.is_indoors:
        verdicts["indoors"] = row.is_indoors
    return verdicts


# What is nowhere walked: every distance is the straight line.
NO_WALKS: Mapping[str, float] = {}


def in_reach(
    targets: gpd.GeoDataFrame, question: Question, walks: Mapping[str, float] = NO_WALKS
) -> Iterator[tuple[Any, float, float]]:
    """Yield each row that shares an interest and goes on, its metres and its weight.

    `walks` has metres on foot by a row's id; the metres are then those that count.
    """
    for row, point in zip(targets.itertuples(), targets.geometry, strict=True):
        weights = [
            question.relations[i].weight for i in row.interest_ids if i in question.relations
        ]
        metres = math.hypot(point.x - question.easting, point.y - question.northing)
        walk = math.nan if question.visits else walks.get(row.id, math.nan)
        if not math.isnan(walk):
            # No way of an hour and a half counts as that, and nothing as less than straight.
            metres = max(metres, min(walk, 7500) / 1.3)
        has_ended = row.ends_on is not None and row.ends_on < question.today
        is_asked = row.comes_to_homes == question.visits and not has_ended
        if is_asked and weights and metres <= question.within_m:
            yield row, metres, max(weights)


def brute_force(
    targets: gpd.GeoDataFrame, question: Question, walks: Mapping[str, float] = NO_WALKS
) -> list[tuple[str, float]]:
    """Return (id, score) of the best by scoring every row by hand, with no index and no bound."""
    best: dict[str, tuple[float, float, bool, str]] = {}
    for row, metres, weight in in_reach(targets, question, walks):
        verdicts = fits(row, question.filters, visits=question.visits).values()
        if False in verdicts or (None in verdicts and not question.filters.with_unknown):
            continue
        score = scores.score(
            weight,
            scores.decay(metres, halving_m=question.halving_m),
            scores.access_fit(question.needs, row.access),
            scores.time_fit(question.day_parts, row.day_parts),
            scores.freshness(row.assured_date, question.today),
        )
        order = (-score, round(metres, 3), not row.is_activity, row.id)
        best[row.place_id] = min(order, best.get(row.place_id, order))
    return [(order[3], -order[0]) for order in sorted(best.values())[: question.limit]]


def left_out(
    targets: gpd.GeoDataFrame, question: Question, walks: Mapping[str, float] = NO_WALKS
) -> dict[str, int]:
    """Count by hand the places where nothing fits for sure, and something might."""
    by_place: dict[str, list[dict[str, bool | None]]] = {}
    for row, _, _ in in_reach(targets, question, walks):
        verdicts = fits(row, question.filters, visits=question.visits)
        by_place.setdefault(row.place_id, []).append(verdicts)
    counts = dict.fromkeys(("places", "times", "cost", "access", "indoors"), 0)
    for rows in by_place.values():
        possible = [verdicts for verdicts in rows if False not in verdicts.values()]
        if possible and all(None in verdicts.values() for verdicts in possible):
            counts["places"] += 1
            for fact in {
                f for verdicts in possible for f, fits in verdicts.items() if fits is None
            }:
                counts[fact] += 1
    return counts


FILTERS = st.builds(
    Filters,
    starts=st.sampled_from(
        [
            None,
            start_spans(weekdays=[5, 6]),
            start_spans(from_minute=930),
            start_spans(weekdays=range(5), from_minute=840, before_minute=930),
        ]
    ),
    is_free=st.booleans(),
    is_step_free=st.booleans(),
    is_indoors=st.booleans(),
    with_unknown=st.booleans(),
)
