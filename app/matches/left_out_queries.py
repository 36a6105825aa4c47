"""How many places a filter leaves out only because nobody knows something about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from app.matches.queries import array_text, filter_values
from geo.filters import Filters
from geo.matching import Question


class LeftOut(NamedTuple):
    """How many places are left out for not being known, and for how many of them what is not."""

    places: int = 0
    times: int = 0
    cost: int = 0
    access: int = 0
    indoors: int = 0


NOTHING = LeftOut()

# For each fact: true where it fits or is not asked for, false, or NULL where nobody knows.
ACTIVITY = """
    SELECT {list_name} AS list_name, a.place_id,
           asked.starts IS NULL OR a.week_starts && asked.starts AS times,
           NOT :is_free OR a.cost_pence = 0 AS cost,
           {access} AS access,
           NOT :is_indoors OR a.is_indoors AS indoors
    FROM public_activities a CROSS JOIN asked
    WHERE a.interest_ids && asked.ids AND ST_DWithin(a.point_27700, asked.origin, {within})
      AND NOT a.id = ANY(CAST(:too_far AS uuid[]))
      AND {is_visit} a.comes_to_homes AND (a.ends_on IS NULL OR a.ends_on >= :today)
"""
STEP_FREE = "NOT :is_step_free OR a.access @> '{step_free}'"
NEAR = ACTIVITY.format(
    list_name="'near'", access=STEP_FREE, within=":near_within_m", is_visit="NOT"
)
VISITS = ACTIVITY.format(list_name="'visit'", access="true", within=":visit_within_m", is_visit="")
# The order of AND and OR over NULL is SQL's own: "not known" stays so, unless it does not matter.
COUNT = sa.text(
    f"""
    WITH asked AS MATERIALIZED (
      SELECT ST_SetSRID(ST_MakePoint(:easting, :northing), 27700) AS origin,
             CAST(:ids AS int[]) AS ids, CAST(:starts AS int4multirange) AS starts
    ), judged AS (
      SELECT 'near' AS list_name, a.id AS place_id,
             CASE WHEN asked.starts IS NULL THEN true END AS times,
             CASE WHEN NOT :is_free THEN true END AS cost,
             {STEP_FREE} AS access, NOT :is_indoors OR a.is_indoors AS indoors
      FROM public_assets a CROSS JOIN asked
      WHERE a.interest_ids && asked.ids AND ST_DWithin(a.point_27700, asked.origin, :near_within_m)
        AND NOT a.id = ANY(CAST(:too_far AS uuid[]))
      UNION ALL
      {NEAR}
      UNION ALL
      {VISITS}
    ), places AS (
      SELECT list_name, bool_or(times IS NULL) AS times, bool_or(cost IS NULL) AS cost,
             bool_or(access IS NULL) AS access, bool_or(indoors IS NULL) AS indoors
      FROM judged WHERE (times AND cost AND access AND indoors) IS NOT FALSE
      GROUP BY list_name, place_id
      HAVING bool_and(times AND cost AND access AND indoors) IS NULL
    )
    SELECT list_name, count(*) AS places, count(*) FILTER (WHERE times) AS times,
           count(*) FILTER (WHERE cost) AS cost, count(*) FILTER (WHERE access) AS access,
           count(*) FILTER (WHERE indoors) AS indoors
    FROM places GROUP BY list_name
    """  # noqa: S608 - constants only
)


def leaves_out(filters: Filters) -> bool:
    """Return whether anything is left out for not being known."""
    return filters.is_any and not filters.with_unknown


def count_left_out(
    connection: sa.Connection, *, near: Question, visits: Question, too_far: Sequence[str] = ()
) -> tuple[LeftOut, LeftOut]:
    """Return what is left out of the list near you, and of those who come to you.

    `too_far`: ids of what is in reach by straight line, and not on foot.
    """
    filters = near.filters
    if not leaves_out(filters):
        return NOTHING, NOTHING
    rows = connection.execute(
        COUNT,
        filter_values(filters)
        | {
            "easting": near.easting,
            "northing": near.northing,
            "ids": array_text(near.relations),
            "near_within_m": near.within_m,
            "visit_within_m": visits.within_m,
            "today": near.today,
            "too_far": list(too_far),
        },
    )
    found = {row.list_name: LeftOut(*row[1:]) for row in rows}
    return found.get("near", NOTHING), found.get("visit", NOTHING)
