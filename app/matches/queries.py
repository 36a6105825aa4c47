"""The live question of matching: one statement, one round trip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.interests import RELATION_WEIGHTS
from geo.matching import Question

# The database function best_matches does the finding (see its migration); the rest looks up what
# is shown of the few rows found. Schedules come along as JSON: a second round trip would cost as
# much as the whole question.
FIND = sa.text(
    """
    SELECT m.list, m.source, m.id::text AS id, m.place_id::text AS place_id, m.score, m.distance_m,
           coalesce(v.name, a.name) AS name,
           coalesce(v.organizer_name, a.name) AS place_name,
           v.venue_name,
           coalesce(a.kind::text, 'activity') AS kind,
           coalesce(v.interest_ids, a.interest_ids) AS interest_ids,
           coalesce(v.access, a.access) AS access,
           coalesce(v.assured_date, a.assured_date) AS assured_date,
           coalesce(v.phone, a.phone) AS phone,
           coalesce(v.postcode, a.postcode) AS postcode,
           coalesce(v.location_source, a.location_source)::text AS location_source,
           coalesce(v.source_id, a.source_id) AS source_id,
           v.cost_pence,
           ST_X(coalesce(v.geom, a.geom)) AS lon, ST_Y(coalesce(v.geom, a.geom)) AS lat,
           CASE WHEN v.id IS NOT NULL THEN (
             SELECT json_agg(json_build_array(s.starts_on, s.opens_at, s.closes_at, s.rrule,
                                              s.exdates))
             FROM schedules s WHERE s.activity_id = v.id
           ) END AS schedules
    FROM (
      SELECT 'near' AS list, n.* FROM best_matches(
        :easting, :northing, CAST(:same AS int[]), CAST(:narrower AS int[]),
        CAST(:gentler AS int[]), CAST(:broader AS int[]), CAST(:weights AS float8[]),
        CAST(:needs AS text[]), CAST(:day_parts AS text[]), CAST(:today AS date),
        false, :near_within_m, :near_halving_m, :most) AS n
      UNION ALL
      SELECT 'visit', c.* FROM best_matches(
        :easting, :northing, CAST(:same AS int[]), CAST(:narrower AS int[]),
        CAST(:gentler AS int[]), CAST(:broader AS int[]), CAST(:weights AS float8[]),
        CAST(:needs AS text[]), CAST(:day_parts AS text[]), CAST(:today AS date),
        true, :visit_within_m, :visit_halving_m, :most) AS c
    ) AS m
    LEFT JOIN public_assets a ON m.source = 'asset' AND a.id = m.id
    LEFT JOIN public_activities v ON m.source = 'activity' AND v.id = m.id
    """
)


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One schedule as `app.activities.schedules` reads it."""

    starts_on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None
    rrule: str | None
    exdates: tuple[dt.date, ...]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> ScheduleRow:
        """Return the schedule in an array of ISO dates and times."""
        starts_on, opens_at, closes_at, rrule, exdates = values
        return cls(
            dt.date.fromisoformat(starts_on),
            dt.time.fromisoformat(opens_at),
            dt.time.fromisoformat(closes_at) if closes_at else None,
            rrule,
            tuple(dt.date.fromisoformat(day) for day in exdates),
        )


def find(
    connection: sa.Connection, *, near: Question, visits: Question
) -> tuple[list[sa.Row[Any]], list[sa.Row[Any]]]:
    """Return the best rows for both lists, best first; the questions differ in reach alone."""
    by_kind: dict[str, list[int]] = {kind: [] for kind in RELATION_WEIGHTS}
    for relation in near.relations.values():
        by_kind[relation.kind].append(relation.interest_id)
    rows = connection.execute(
        FIND,
        {kind: _array(ids) for kind, ids in by_kind.items()}
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
            "most": near.limit,
        },
    ).all()
    lists: dict[str, list[sa.Row[Any]]] = {"near": [], "visit": []}
    for row in rows:
        lists[row.list].append(row)
    return _best(lists["near"], near.limit), _best(lists["visit"], visits.limit)


def _best(rows: list[sa.Row[Any]], limit: int) -> list[sa.Row[Any]]:
    """Return the best row of each place, the best place first."""
    rows.sort(key=order)
    best: dict[str, sa.Row[Any]] = {}
    for row in rows:
        best.setdefault(row.place_id, row)
    return list(best.values())[:limit]


def order(row: sa.Row[Any]) -> tuple[float, float, bool, str]:
    """Return what a list is sorted by: score, then nearer, then activities, then the id."""
    return (-row.score, round(row.distance_m, 3), row.source == "asset", row.id)


def _array(values: Iterable[float]) -> str:
    """Return numbers as PostgreSQL writes an array: the driver would look at each one's type."""
    return f"{{{','.join(map(str, values))}}}"


WEIGHTS = _array(RELATION_WEIGHTS.values())
