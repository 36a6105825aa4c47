"""The live question of matching: one statement, one round trip."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from geo.filters import NO_FILTERS, Filters
from geo.interests import RELATION_WEIGHTS
from geo.matching import Question


class ScheduleRow(NamedTuple):
    """One schedule as `app.activities.schedules` reads it."""

    starts_on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None
    rrule: str | None
    exdates: list[dt.date]


class Match(NamedTuple):
    """A match as the database finds it, before anything is looked up."""

    list_name: str  # "near" or "visit"
    source: str  # "asset" or "activity"
    id: str
    place_id: str
    score: float
    distance_m: float
    walk_m: float = math.nan  # where it was walked: as in `app.matches.walked`


class PointRow(NamedTuple):
    """Where something is."""

    id: str
    located_at: str  # as in FoundRow
    lon: float
    lat: float
    location_source: str
    distance_m: float


class FoundRow(NamedTuple):
    """One row of a list: what is shown of an asset or of an activity."""

    list_name: str  # "near" or "visit"
    source: str  # "asset" or "activity"
    id: str
    place_id: str
    score: float
    distance_m: float
    name: str
    place_name: str
    venue_name: str | None
    kind: str
    interest_ids: list[int]
    access: list[str] | None
    assured_date: dt.date | None
    phone: str | None
    email: str | None
    website: str | None
    postcode: str | None
    location_source: str
    source_id: int
    cost_pence: int | None
    lon: float
    lat: float
    located_at: str  # the asset whose point it is: an activity's venue, or who runs it
    day_parts: list[str] | None
    schedules: list[ScheduleRow]


# The database function best_matches does the finding (see its migration); the rest looks up what
# is shown of the few rows found, once for each schedule: a second round trip would cost as much as
# the whole question. The columns are named at the end, or the driver's would be looked at each
# time. CASE, and not AND, because a join's other conditions are looked at after its index.
SHOWN = """m.list_name, m.source, m.id::text AS id, m.place_id::text AS place_id, m.score,
           m.distance_m,
           coalesce(v.name, a.name) AS name,
           coalesce(v.organizer_name, a.name) AS place_name,
           v.venue_name,
           coalesce(a.kind::text, 'activity') AS kind,
           coalesce(v.interest_ids, a.interest_ids) AS interest_ids,
           coalesce(v.access, a.access) AS access,
           coalesce(v.assured_date, a.assured_date) AS assured_date,
           coalesce(v.phone, a.phone) AS phone, coalesce(v.email, a.email) AS email,
           coalesce(v.website, a.website) AS website,
           coalesce(v.postcode, a.postcode) AS postcode,
           coalesce(v.location_source, a.location_source)::text AS location_source,
           coalesce(v.source_id, a.source_id) AS source_id,
           v.cost_pence,
           ST_X(coalesce(v.geom, a.geom)) AS lon, ST_Y(coalesce(v.geom, a.geom)) AS lat,
           coalesce(v.venue_place_id, v.place_id, a.id)::text AS located_at, v.day_parts,
           s.starts_on, s.opens_at, s.closes_at, s.rrule, s.exdates"""
LOOKED_UP = """LEFT JOIN public_assets a ON a.id = CASE WHEN m.source = 'asset' THEN m.id END
    LEFT JOIN public_activities v ON v.id = CASE WHEN m.source = 'activity' THEN m.id END
    LEFT JOIN schedules s ON s.activity_id = v.id"""
COLUMNS: tuple[sa.ColumnClause[Any], ...] = tuple(
    sa.column(name) for name in (*FoundRow._fields[:-1], *ScheduleRow._fields)
)
FIND = sa.text(
    f"""
    SELECT {SHOWN}
    FROM best_matches(
      :easting, :northing, CAST(:same AS int[]), CAST(:narrower AS int[]),
      CAST(:gentler AS int[]), CAST(:broader AS int[]), CAST(:weights AS float8[]),
      CAST(:needs AS text[]), CAST(:day_parts AS text[]), CAST(:today AS date),
      :near_within_m, :near_halving_m, :visit_within_m, :visit_halving_m, :most,
      CAST(:starts AS int4multirange), :is_free, :is_step_free, :is_indoors, :with_unknown
    ) AS m
    {LOOKED_UP}
    """  # noqa: S608 - constants only
).columns(*COLUMNS)
LOOK_UP = sa.text(
    f"""
    SELECT {SHOWN}
    FROM unnest(CAST(:list_name AS text[]), CAST(:source AS text[]), CAST(:id AS uuid[]),
                CAST(:place_id AS uuid[]), CAST(:score AS float8[]), CAST(:distance_m AS float8[]))
      AS m (list_name, source, id, place_id, score, distance_m)
    {LOOKED_UP}
    """  # noqa: S608 - constants only
).columns(*COLUMNS)
POINTS_NEAR = sa.text(
    """
    WITH asked AS MATERIALIZED (
      SELECT ST_SetSRID(ST_MakePoint(:easting, :northing), 27700) AS origin
    )
    SELECT x.id::text, x.id::text, ST_X(x.geom), ST_Y(x.geom), x.location_source::text,
           ST_Distance(x.point_27700, asked.origin)
    FROM asked JOIN public_assets x ON x.interest_ids && CAST(:ids AS int[])
      AND ST_DWithin(x.point_27700, asked.origin, :within_m)
    UNION ALL
    SELECT x.id::text, coalesce(x.venue_place_id, x.place_id)::text, ST_X(x.geom), ST_Y(x.geom),
           x.location_source::text, ST_Distance(x.point_27700, asked.origin)
    FROM asked JOIN public_activities x ON x.interest_ids && CAST(:ids AS int[])
      AND ST_DWithin(x.point_27700, asked.origin, :within_m) AND NOT x.comes_to_homes
    """
)
SCHEDULE_FROM = len(FoundRow._fields) - 1


def find(
    connection: sa.Connection, *, near: Question, visits: Question
) -> tuple[list[FoundRow], list[FoundRow]]:
    """Return the best rows for both lists, best first; the questions differ in reach alone."""
    lists = find_candidates(connection, near=near, visits=visits, most=near.limit)
    return best_of(lists["near"].values(), near.limit), best_of(
        lists["visit"].values(), visits.limit
    )


def find_candidates(
    connection: sa.Connection, *, near: Question, visits: Question, most: int
) -> dict[str, dict[str, FoundRow]]:
    """Return by list and id every row that scores no less than the `most`-th best place.

    All distances are straight lines. A list of fewer places than `most` is everything in reach.
    """
    by_kind: dict[str, list[int]] = {kind: [] for kind in RELATION_WEIGHTS}
    for relation in near.relations.values():
        by_kind[relation.kind].append(relation.interest_id)
    rows = connection.execute(
        FIND,
        {kind: array_text(ids) for kind, ids in by_kind.items()}
        | {
            "easting": near.easting,
            "northing": near.northing,
            "weights": WEIGHTS,
            "needs": sorted(near.needs),
            "day_parts": sorted(near.day_parts),
            "today": near.today,
            "near_within_m": near.within_m,
            "near_halving_m": near.halving_m,
            "visit_within_m": visits.within_m,
            "visit_halving_m": visits.halving_m,
            "most": most,
        }
        | filter_values(near.filters),
    ).all()
    return _with_schedules(rows)


def _with_schedules(rows: Iterable[Sequence[Any]]) -> dict[str, dict[str, FoundRow]]:
    """Return what was looked up by list and id, each once with all its schedules, each once.

    What is both just what was asked for and more general than something else asked for is found
    twice.
    """
    lists: dict[str, dict[str, FoundRow]] = {"near": {}, "visit": {}}
    # By position: asked by name, a row of SQLAlchemy's costs more than all else done with it here.
    for row in rows:
        found = lists[row[0]]
        if (known := found.get(row[2])) is None:
            known = found[row[2]] = FoundRow._make((*row[:SCHEDULE_FROM], []))
        if row[SCHEDULE_FROM] is not None:
            schedule = ScheduleRow(*row[SCHEDULE_FROM:])
            if schedule not in known.schedules:
                known.schedules.append(schedule)
    return lists


def look_up(connection: sa.Connection, matches: Iterable[Match]) -> dict[str, dict[str, FoundRow]]:
    """Return what is shown of matches found before, by list ("near", "visit") and id."""
    columns = list(zip(*matches, strict=True))[:-1]
    if not columns:
        return {"near": {}, "visit": {}}
    given = dict(zip(Match._fields[:-1], map(list, columns), strict=True))
    return _with_schedules(connection.execute(LOOK_UP, given))


def find_points_near(
    connection: sa.Connection,
    *,
    easting: float,
    northing: float,
    interest_ids: Iterable[int],
    within_m: float,
) -> list[PointRow]:
    """Return where everything is that shares an interest, in reach by straight line.

    Easting and northing in metres, British National Grid. Who comes to you is not among it.
    """
    given = {
        "easting": easting,
        "northing": northing,
        "ids": array_text(interest_ids),
        "within_m": within_m,
    }
    return [PointRow._make(row) for row in connection.execute(POINTS_NEAR, given)]


def filter_values(filters: Filters) -> dict[str, object]:
    """Return what filters are bound as; the times as PostgreSQL writes a multirange."""
    if filters is NO_FILTERS:
        return NOTHING_FILTERED
    spans = filters.starts
    return {
        "starts": None if spans is None else f"{{{','.join(f'[{a},{b})' for a, b in spans)}}}",
        "is_free": filters.is_free,
        "is_step_free": filters.is_step_free,
        "is_indoors": filters.is_indoors,
        "with_unknown": filters.with_unknown,
    }


def best_of(rows: Iterable[FoundRow], limit: int) -> list[FoundRow]:
    """Return the best row of each place, the best place first."""
    best: dict[str, FoundRow] = {}
    for row in sorted(rows, key=order):
        best.setdefault(row.place_id, row)
    return list(best.values())[:limit]


def order(row: FoundRow) -> tuple[float, float, bool, str]:
    """Return what a list is sorted by: score, then nearer, then activities, then the id."""
    return (-row.score, round(row.distance_m, 3), row.source == "asset", row.id)


def array_text(values: Iterable[float]) -> str:
    """Return numbers as PostgreSQL writes an array: the driver would look at each one's type."""
    return f"{{{','.join(map(str, values))}}}"


WEIGHTS = array_text(RELATION_WEIGHTS.values())
NOTHING_FILTERED: dict[str, object] = {
    "starts": None,
    "is_free": False,
    "is_step_free": False,
    "is_indoors": False,
    "with_unknown": False,
}
