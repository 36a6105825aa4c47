"""All SQL of a ward's report: each statement asks about all wards, places or interests at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.areas.measure_queries import LSOAS_OF_WARDS
from app.assets.queries import COLUMNS

# About a metre: wards that touch may be apart by what their publishers rounded.
ROUNDING_DEGREES = 0.00001


def list_wards_around(connection: sa.Connection, *, area_id: int) -> Sequence[sa.Row[Any]]:
    """Return the ward itself, those that touch it and those of its district, of its release.

    id, gss_code, name, is_neighbour, is_in_district; and of the ward itself lon and lat of a point
    in its middle (degrees, WGS 84; None for the others).
    """
    return connection.execute(
        sa.text(
            """
            SELECT w.id, w.gss_code, w.name,
                   w.id <> o.id AND ST_DWithin(w.geom, o.geom, :rounding) AS is_neighbour,
                   w.id = o.id OR coalesce(w.lad_code = o.lad_code, false) AS is_in_district,
                   CASE WHEN w.id = o.id THEN ST_X(ST_PointOnSurface(o.geom)) END AS lon,
                   CASE WHEN w.id = o.id THEN ST_Y(ST_PointOnSurface(o.geom)) END AS lat
            FROM areas o JOIN areas w ON w.release = o.release AND w.area_type = o.area_type
              AND w.gone_at IS NULL
              AND (w.lad_code = o.lad_code OR ST_DWithin(w.geom, o.geom, :rounding))
            WHERE o.id = :id ORDER BY w.name, w.gss_code
            """
        ),
        {"id": area_id, "rounding": ROUNDING_DEGREES},
    ).all()


def count_in_wards(
    connection: sa.Connection, *, area_ids: Sequence[int], checked_from: dt.date
) -> Mapping[int, sa.Row[Any]]:
    """Return for each ward places, groups and checked (since that day), by the ward's id."""
    # From parts to places and never the other way, whatever the planner believes: just after a
    # load, when nothing is counted yet, that took five seconds.
    rows = connection.execute(
        sa.text(
            """
            WITH w AS MATERIALIZED (
              SELECT id, gss_code FROM areas WHERE id = ANY(CAST(:ids AS int[]))
            ), inside AS (
              SELECT w.id AS ward_id, a.id, a.kind, a.assured_date
              FROM w JOIN area_parts p ON p.area_id = w.id
              CROSS JOIN LATERAL (
                SELECT a.id, a.kind, a.assured_date FROM public_assets a
                WHERE ST_Intersects(p.geom, a.geom) OFFSET 0) AS a
              UNION
              SELECT w.id, a.id, a.kind, a.assured_date
              FROM w JOIN public_assets a ON a.ward_code = w.gss_code
            )
            SELECT w.id, count(i.id) AS places,
                   count(i.id) FILTER (WHERE i.kind = 'group') AS groups,
                   count(i.id) FILTER (WHERE i.assured_date >= :checked_from) AS checked
            FROM w LEFT JOIN inside i ON i.ward_id = w.id GROUP BY w.id
            """
        ),
        {"ids": list(area_ids), "checked_from": checked_from},
    )
    return {row.id: row for row in rows}


def list_inside(
    connection: sa.Connection, *, area_id: int, gss_code: str, limit: int, offset: int = 0
) -> Sequence[sa.Row[Any]]:
    """Return the assets in a ward as `app.assets.queries.list_assets` does, by name."""
    # What is inside is found first, once, and from parts to places (see below).
    return connection.execute(
        sa.text(
            f"""
            WITH inside AS MATERIALIZED (
              SELECT i.id FROM area_parts p
              CROSS JOIN LATERAL (SELECT a.id FROM public_assets a
                                  WHERE ST_Intersects(p.geom, a.geom) OFFSET 0) AS i
              WHERE p.area_id = :id
              UNION
              SELECT i.id FROM public_assets i WHERE i.ward_code = :code
            )
            SELECT {COLUMNS}, NULL::float8 AS distance_m
            FROM inside JOIN public_assets a ON a.id = inside.id
            ORDER BY a.name, a.id LIMIT :limit OFFSET :offset
            """  # noqa: S608 - constants only
        ),
        {"id": area_id, "code": gss_code, "limit": limit, "offset": offset},
    ).all()


_LIST_PUBLISHED = sa.text(
    f"""
    WITH w AS MATERIALIZED (
      SELECT id, gss_code FROM areas WHERE id = ANY(CAST(:ids AS int[]))
    ), {LSOAS_OF_WARDS}, newest AS (
      SELECT DISTINCT ON (f.gss_code, f.measure) f.gss_code, f.measure, f.value, f.as_of,
             f.source_id
      FROM area_figures f JOIN lsoas ON lsoas.lsoa_code = f.gss_code
      WHERE f.measure IN ('population', 'population_65_plus', 'imd_score', 'imd_decile')
      ORDER BY f.gss_code, f.measure, f.as_of DESC
    ), figures AS (
      SELECT l.area_id, l.lsoa_code, l.is_by_lookup, l.source_id,
             p.value AS population, p.as_of AS population_as_of, p.source_id AS population_source,
             o.value AS older, o.as_of AS older_as_of, o.source_id AS older_source,
             s.value AS imd_score, d.value AS imd_decile, s.as_of AS imd_as_of,
             s.source_id AS imd_source,
             num_nulls(p.value, s.value, d.value) = 0 AS has_imd
      FROM lsoas l
      LEFT JOIN newest p ON p.gss_code = l.lsoa_code AND p.measure = 'population'
      LEFT JOIN newest o ON o.gss_code = l.lsoa_code AND o.measure = 'population_65_plus'
      LEFT JOIN newest s ON s.gss_code = l.lsoa_code AND s.measure = 'imd_score'
      LEFT JOIN newest d ON d.gss_code = l.lsoa_code AND d.measure = 'imd_decile'
    )
    SELECT area_id, count(*) AS lsoas, bool_and(is_by_lookup) AS is_by_lookup,
           array_agg(DISTINCT source_id) AS lsoa_sources,
           count(population) AS population_known, count(older) AS older_known,
           count(*) FILTER (WHERE has_imd) AS imd_known,
           max(population_as_of) AS population_as_of, max(population_source) AS population_source,
           max(older_as_of) AS older_as_of, max(older_source) AS older_source,
           max(imd_as_of) AS imd_as_of, max(imd_source) AS imd_source,
           CASE WHEN count(population) = count(*) THEN sum(population) END AS population,
           CASE WHEN count(older) = count(*) THEN sum(older) END AS population_65_plus,
           CASE WHEN bool_and(has_imd) THEN sum(imd_score * population) / nullif(sum(population), 0)
             END AS imd_score,
           CASE WHEN bool_and(has_imd) THEN
             coalesce(sum(population) FILTER (WHERE imd_decile <= 2), 0)
               / nullif(sum(population), 0) END AS most_deprived_share
    FROM figures GROUP BY area_id
    """  # noqa: S608 - constants only
)


def list_published(
    connection: sa.Connection, *, area_ids: Sequence[int]
) -> Mapping[int, sa.Row[Any]]:
    """Return what is published about the small areas of wards, added up, by the ward's id.

    `population` and `population_65_plus` are sums over the LSOAs, `imd_score` their mean weighted
    by population, `most_deprived_share` the part (0 to 1) of the population in LSOAs of IMD deciles
    1 and 2; of each the newest figure, its date and its source. None where one LSOA has no figure:
    a part of a ward is not the ward; `population_known`, `older_known` and `imd_known` say how many
    of the `lsoas` have one. LSOAs are found as the comparison finds them; `is_by_lookup` says how,
    `lsoa_sources` by whose data. A ward without LSOAs is left out.
    """
    rows = connection.execute(_LIST_PUBLISHED, {"ids": list(area_ids)})
    return {row.area_id: row for row in rows}


def list_kept_measures(
    connection: sa.Connection, *, codes: Sequence[str], release: str, measures: Sequence[str]
) -> Sequence[sa.Row[Any]]:
    """Return gss_code, measure, value, is_about and worked_out_on of what was worked out before."""
    return connection.execute(
        sa.text(
            """
            SELECT gss_code, measure, value, is_about, CAST(worked_out_at AS date) AS worked_out_on
            FROM ward_measures
            WHERE release = :release AND gss_code = ANY(CAST(:codes AS text[]))
              AND measure = ANY(CAST(:measures AS text[]))
            """
        ),
        {"codes": list(codes), "release": release, "measures": list(measures)},
    ).all()


def list_interests_of_sessions(
    connection: sa.Connection, *, asset_ids: Sequence[str]
) -> Sequence[sa.Row[Any]]:
    """Return asset_id (text) and interest_ids of what happens at or is run by some places."""
    # In two halves and by the columns that have an index, as app.assets.queries.list_activities.
    return connection.execute(
        sa.text(
            """
            WITH same_place AS (
              SELECT id, id AS shown FROM unnest(CAST(:ids AS uuid[])) AS given (id)
              UNION ALL
              SELECT n.id, n.place_id FROM public_other_names n
              WHERE n.place_id = ANY(CAST(:ids AS uuid[]))
            )
            SELECT s.shown::text AS asset_id, v.interest_ids
            FROM same_place s JOIN public_activities v ON v.organizer_id = s.id
            UNION ALL
            SELECT s.shown::text, v.interest_ids
            FROM same_place s JOIN public_activities v ON v.venue_id = s.id
            """
        ),
        {"ids": list(asset_ids)},
    ).all()


def list_unmet(connection: sa.Connection, *, codes: Sequence[str]) -> Sequence[sa.Row[Any]]:
    """Return ward_code, concept, label and asked (rounded to 5; None: fewer than 8) of wards.

    Each ward's numbers stand alone: a sum over wards, rounded afterwards, beside the rounded parts
    would let somebody subtract.
    """
    return connection.execute(
        sa.text(
            """
            SELECT w.code AS ward_code, u.concept, u.label, u.asked
            FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY AS w (code, turn)
            CROSS JOIN LATERAL unmet_by_ward(w.code) AS u
            ORDER BY w.turn, u.asked DESC NULLS LAST, u.label
            """
        ),
        {"codes": list(codes)},
    ).all()


ORIGIN = "ST_SetSRID(ST_MakePoint(:easting, :northing), 27700)"
ON_TODAY = "(v.ends_on IS NULL OR v.ends_on >= :today)"
_PLACES = f"""
  SELECT a.id, a.name, a.geom, a.point_27700, a.location_source, a.source_id, a.interest_ids,
         a.ward_code
  FROM public_assets a
  UNION ALL
  SELECT coalesce(v.venue_place_id, v.place_id), coalesce(v.venue_name, v.organizer_name),
         v.geom, v.point_27700, v.location_source, v.source_id, v.interest_ids, NULL
  FROM public_activities v WHERE NOT v.comes_to_homes AND {ON_TODAY}
"""  # noqa: S608 - constants only
# What is near, or in the ward however far, is looked for once for all interests; what is nearest
# by index for each, because it may be anywhere. From parts to places and never the other way.
_LIST_NEAREST = sa.text(
    f"""
    WITH close AS MATERIALIZED (
      SELECT s.* FROM ({_PLACES}) AS s
      WHERE s.interest_ids && CAST(:all_answers AS int[])
        AND ST_DWithin(s.point_27700, {ORIGIN}, :reach_m)
      UNION
      SELECT i.* FROM area_parts p
      CROSS JOIN LATERAL (
        SELECT s.* FROM ({_PLACES}) AS s WHERE ST_Intersects(p.geom, s.geom) OFFSET 0) AS i
      WHERE p.area_id = :area_id AND i.interest_ids && CAST(:all_answers AS int[])
      UNION
      SELECT s.* FROM ({_PLACES}) AS s
      WHERE s.ward_code = :code AND s.interest_ids && CAST(:all_answers AS int[])
    )
    SELECT DISTINCT w.id AS interest_id, n.id::text AS id, n.name, ST_X(n.geom) AS lon,
           ST_Y(n.geom) AS lat, n.point_27700 <-> {ORIGIN} AS metres,
           n.location_source = 'ward' AS is_by_ward, n.is_visiting, n.source_id
    FROM unnest(CAST(:ids AS int[]), CAST(:answers AS text[])) AS w (id, answers)
    CROSS JOIN LATERAL (
      SELECT c.id, c.name, c.geom, c.point_27700, c.location_source, c.source_id,
             false AS is_visiting
      FROM close c WHERE c.interest_ids && CAST(w.answers AS int[])
      UNION ALL
      (SELECT a.id, a.name, a.geom, a.point_27700, a.location_source, a.source_id, false
       FROM public_assets a WHERE a.interest_ids && CAST(w.answers AS int[])
       ORDER BY a.point_27700 <-> {ORIGIN} LIMIT 1)
      UNION ALL
      (SELECT coalesce(v.venue_place_id, v.place_id), coalesce(v.venue_name, v.organizer_name),
              v.geom, v.point_27700, v.location_source, v.source_id, false
       FROM public_activities v
       WHERE v.interest_ids && CAST(w.answers AS int[]) AND NOT v.comes_to_homes AND {ON_TODAY}
       ORDER BY v.point_27700 <-> {ORIGIN} LIMIT 1)
      UNION ALL
      (SELECT v.place_id, v.organizer_name, v.geom, v.point_27700, v.location_source, v.source_id,
              true
       FROM public_activities v
       WHERE v.interest_ids && CAST(w.answers AS int[]) AND v.comes_to_homes
         AND ST_DWithin(v.point_27700, {ORIGIN}, :visit_within_m) AND {ON_TODAY}
       ORDER BY v.point_27700 <-> {ORIGIN} LIMIT 1)
    ) AS n
    ORDER BY metres, 2
    """  # noqa: S608 - constants only
)


def list_nearest(
    connection: sa.Connection,
    *,
    ward: sa.Row[Any],
    origin: tuple[float, float],
    answers: Mapping[int, Sequence[int]],
    reach_m: float,
    visit_within_m: float,
    today: dt.date,
) -> Sequence[sa.Row[Any]]:
    """Return for each interest the places that may be the nearest on foot from the ward's middle.

    That is every place that has one of what answers the interest and is in the ward or within
    `reach_m`, the nearest wherever it is, and the nearest that comes to homes from within
    `visit_within_m`. `origin` is the middle, easting and northing (British National Grid, metres).

    interest_id, id and name of the place (of who runs it), lon, lat, metres as the crow flies,
    is_by_ward (it is known only by its ward), source_id, and is_visiting: it comes to homes.
    Nothing for an interest that nobody has. `answers` has for each interest the concepts that
    answer it.
    """
    easting, northing = origin
    return connection.execute(
        _LIST_NEAREST,
        {
            "area_id": ward.id,
            "code": ward.gss_code,
            "easting": easting,
            "northing": northing,
            "ids": list(answers),
            "answers": ["{" + ",".join(map(str, ids)) + "}" for ids in answers.values()],
            "all_answers": sorted({one for ids in answers.values() for one in ids}),
            "reach_m": reach_m,
            "visit_within_m": visit_within_m,
            "today": today,
        },
    ).all()


def find_changes(
    connection: sa.Connection,
    *,
    area_id: int,
    gss_code: str,
    asset_ids: Sequence[str],
    since: dt.datetime,
) -> sa.Row[Any]:
    """Return new_ids (text, newest first), gone and corrected of a ward since a moment.

    `asset_ids` are the public assets in the ward. Corrected: by people, not by a publisher's newer
    file. When something was made or went is in no public view; nothing else is read of the table,
    and of what is gone only its number.
    """
    return connection.execute(
        sa.text(
            """
            SELECT
              ARRAY(SELECT a.id::text FROM assets a
                    WHERE a.id = ANY(CAST(:ids AS uuid[])) AND a.created_at >= :since
                    ORDER BY a.created_at DESC, a.id) AS new_ids,
              (SELECT count(*) FROM (
                 SELECT a.id FROM area_parts p JOIN assets a ON ST_Intersects(p.geom, a.geom)
                 WHERE p.area_id = :area_id AND a.gone_at >= :since AND a.duplicate_of IS NULL
                 UNION
                 SELECT a.id FROM assets a WHERE a.ward_code = :code AND a.gone_at >= :since
                   AND a.duplicate_of IS NULL) AS went) AS gone,
              (SELECT count(DISTINCT c.asset_id) FROM public_asset_changes c
               WHERE c.asset_id = ANY(CAST(:ids AS uuid[])) AND c.at >= :since
                 AND c.action = 'changed' AND c.acting_as <> 'import') AS corrected
            """
        ),
        {"area_id": area_id, "code": gss_code, "ids": list(asset_ids), "since": since},
    ).one()
