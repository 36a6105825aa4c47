"""A whole home in one statement: every resident's best matches, and what suits most of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from app.matches.queries import WEIGHTS, Match, filter_values
from geo.filters import Filters
from geo.scores import HALVING_NEAR_M, HALVING_VISIT_M


class Candidate(NamedTuple):
    """A place with the residents it suits, those it suits best first, by their numbers."""

    match: Match  # for most of them; the score is the sum of theirs
    residents: list[int]
    nearest: int | None = None  # whose way it is, where it was walked


class Everyone(NamedTuple):
    """What suits most, best first, and the best match of each resident who has one."""

    candidates: list[Candidate]
    best: dict[int, Match]


ASKED = """
    asked AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(CAST(:residents AS jsonb)) AS q
        (number int, easting float8, northing float8, same int[], narrower int[], gentler int[],
         broader int[], needs text[], day_parts text[], within_m float8, goes_out boolean)
    )"""
# For somebody who does not go out, what is near counts for nothing.
BEST_MATCHES = """
      FROM asked q
      CROSS JOIN LATERAL best_matches(
        q.easting, q.northing, q.same, q.narrower, q.gentler, q.broader,
        CAST(:weights AS float8[]), q.needs, q.day_parts, CAST(:today AS date),
        q.within_m, :near_halving_m, :visit_within_m, :visit_halving_m, :most,
        CAST(:starts AS int4multirange), :is_free, :is_step_free, :is_indoors, :with_unknown
      ) AS m
      WHERE q.goes_out OR m.list_name = 'visit'"""
# A place suits a resident who has it among their best; it is theirs once, by its best row.
BEST_OF_EVERYONE = f"""
    WITH {ASKED}, once AS (
      SELECT DISTINCT ON (q.number, m.list_name, m.place_id) q.number, m.*
      {BEST_MATCHES}
      ORDER BY q.number, m.list_name, m.place_id, m.score DESC,
               round(CAST(m.distance_m AS numeric), 3), m.source, m.id
    ), ranked AS MATERIALIZED (
      SELECT *, row_number() OVER (
        PARTITION BY number, list_name
        ORDER BY score DESC, round(CAST(distance_m AS numeric), 3), source, id) AS rank
      FROM once
    ), best AS (
      SELECT DISTINCT ON (number) list_name, source, id, place_id, score, distance_m,
             ARRAY[number] AS residents
      FROM ranked
      ORDER BY number, score DESC, round(CAST(distance_m AS numeric), 3), source, id
    ), places AS (
      SELECT list_name, place_id, sum(score) AS score, min(distance_m) AS distance_m,
             array_agg(number ORDER BY score DESC, number) AS residents,
             mode() WITHIN GROUP (ORDER BY source || ' ' || id) AS row
      FROM ranked WHERE rank <= :most GROUP BY list_name, place_id
    ), suiting AS (
      SELECT *, row_number() OVER (
        PARTITION BY list_name
        ORDER BY cardinality(residents) DESC, score DESC, distance_m, place_id) AS place
      FROM places
    )
    SELECT 'suits' AS kind, list_name, split_part(row, ' ', 1) AS source,
           split_part(row, ' ', 2) AS id, place_id::text AS place_id, score, distance_m,
           residents, place
    FROM suiting WHERE place <= :shown
    UNION ALL
    SELECT 'best', list_name, source, id::text, place_id::text, score, distance_m, residents, 0
    FROM best
    ORDER BY kind, list_name, place
"""  # noqa: S608 - constants only
STATEMENT = sa.text(BEST_OF_EVERYONE)
CANDIDATES = sa.text(
    f"""
    WITH {ASKED}
    SELECT q.number, m.list_name, m.source, m.id::text, m.place_id::text, m.score, m.distance_m
    {BEST_MATCHES}
    """
)


def find_for_everyone(
    connection: sa.Connection,
    *,
    residents: Sequence[Mapping[str, object]],
    filters: Filters,
    visit_within_m: float,
    today: dt.date,
    most: int,
    shown: int,
) -> Everyone:
    """Return what suits most residents, `shown` of each list, and everybody's best.

    `residents` have number, easting and northing (British National Grid), same, narrower, gentler
    and broader (ids of concepts), needs, day_parts, within_m and goes_out. What is among the
    `most` best of a list suits a resident.
    """
    if not residents:
        return Everyone([], {})
    given = _given(residents, filters, visit_within_m=visit_within_m, today=today, most=most)
    rows = connection.execute(STATEMENT, given | {"shown": shown})
    everyone = Everyone([], {})
    for kind, *match, numbers, _ in rows:
        if kind == "suits":
            everyone.candidates.append(Candidate(Match(*match), numbers))
        else:
            everyone.best[numbers[0]] = Match(*match)
    return everyone


def find_candidates(
    connection: sa.Connection,
    *,
    residents: Sequence[Mapping[str, object]],
    filters: Filters,
    visit_within_m: float,
    today: dt.date,
    most: int,
) -> list[tuple[int, Match]]:
    """Return with each resident's number every row as good as their `most`-th best place."""
    given = _given(residents, filters, visit_within_m=visit_within_m, today=today, most=most)
    return [(number, Match(*match)) for number, *match in connection.execute(CANDIDATES, given)]


def _given(
    residents: Sequence[Mapping[str, object]],
    filters: Filters,
    *,
    visit_within_m: float,
    today: dt.date,
    most: int,
) -> dict[str, object]:
    return filter_values(filters) | {
        "residents": orjson.dumps(list(residents)).decode(),
        "weights": WEIGHTS,
        "today": today,
        "near_halving_m": HALVING_NEAR_M,
        "visit_within_m": visit_within_m,
        "visit_halving_m": HALVING_VISIT_M,
        "most": most,
    }
