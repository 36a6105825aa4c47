"""All SQL behind how well the people of wards reach places on foot, and what is kept of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.areas.measure_queries import LSOAS_OF_WARDS, WARDS
from geo.access import FOOD_DRINK_AND_SHOPS, ROOMS

# Kept under the district's own code: a number for everything its wards' figures come from.
WORKED_OUT_FROM = "worked_out_from"
# Another one makes all figures anew: the method has changed.
METHOD = "3"

_DISTRICTS = """
  SELECT lad_code, release,
         ST_Envelope(ST_Transform(ST_SetSRID(ST_Extent(geom)::geometry, 4326), 27700)) AS box
  FROM areas
  WHERE area_type = 'ward' AND gone_at IS NULL AND lad_code IS NOT NULL
    AND lad_code = coalesce(CAST(:lad_code AS text), lad_code)
  GROUP BY 1, 2
"""
# As `geo.access.is_community_venue`. The names stand here as they are: they are ours, and letters
# and hyphens alone.
_VENUES = f"""
  SELECT a.id, a.point_27700, a.updated_at FROM public_assets a
  WHERE a.kind = 'venue' AND a.point_27700 IS NOT NULL AND a.location_source <> 'ward'
    AND a.is_indoors IS NOT FALSE
    AND CASE WHEN a.interest_ids = '{{}}' THEN a.name ~* '\\y({"|".join(ROOMS)})\\y'
      ELSE NOT a.interest_ids <@ ARRAY(SELECT id FROM interests WHERE concept IN (
        {", ".join(f"'{concept}'" for concept in sorted(FOOD_DRINK_AND_SHOPS))})) END
"""  # noqa: S608 - constants only
_LIST_DISTRICTS = sa.text(
    f"""
    WITH d AS MATERIALIZED ({_DISTRICTS}),
    loaded AS (
      SELECT coalesce(max(id), 0) AS run FROM import_runs
      WHERE reader IN ('areas', 'lookup', 'population', 'postcodes') AND status = 'loaded'
    )
    SELECT d.lad_code, d.release, f.fingerprint, f.fingerprint IS DISTINCT FROM m.value AS is_due
    FROM d CROSS JOIN loaded
    CROSS JOIN LATERAL (
      SELECT count(*) AS venues, max(v.updated_at) AS newest FROM ({_VENUES}) AS v
      WHERE v.point_27700 && ST_Expand(d.box, :margin_m)
    ) AS v
    -- 48 bits: a double holds them exactly.
    CROSS JOIN LATERAL (SELECT CAST(CAST(CAST('x' || left(md5(concat_ws('|', '{METHOD}',
      CAST(:network AS text), loaded.run, v.venues, v.newest)), 12) AS bit(48)) AS bigint)
      AS float8) AS fingerprint) AS f
    LEFT JOIN ward_measures m
      ON (m.gss_code, m.release, m.measure) = (d.lad_code, d.release, '{WORKED_OUT_FROM}')
    ORDER BY d.lad_code, d.release
    """  # noqa: S608 - constants only
)
_DISTRICT_BOX = """
  d AS MATERIALIZED (
    SELECT ST_Expand(box, :margin_m) AS grid, ST_Transform(ST_Expand(box, :margin_m), 4326) AS box
    FROM (SELECT ST_Envelope(ST_Transform(ST_SetSRID(ST_Extent(geom)::geometry, 4326), 27700))
            AS box
          FROM w) AS b
  )
"""
_LSOAS_NEAR = """
  near AS MATERIALIZED (
    SELECT s.id, s.gss_code, s.geom FROM areas s JOIN d ON s.geom && d.box
    WHERE s.area_type = 'lsoa' AND s.gone_at IS NULL
      AND s.release = (SELECT max(release) FROM areas WHERE area_type = 'lsoa' AND gone_at IS NULL)
  )
"""
_LIST_LSOAS = sa.text(
    f"""
    WITH w AS MATERIALIZED ({WARDS}), {_DISTRICT_BOX}, {_LSOAS_NEAR}
    SELECT n.gss_code, p.value AS population, ST_X(n.home) AS easting, ST_Y(n.home) AS northing
    FROM (SELECT gss_code, ST_Transform(ST_PointOnSurface(geom), 27700) AS home FROM near) AS n
    LEFT JOIN LATERAL (
      SELECT value FROM area_figures
      WHERE gss_code = n.gss_code AND measure = 'population' ORDER BY as_of DESC LIMIT 1
    ) AS p ON true
    ORDER BY n.gss_code
    """  # noqa: S608 - constants only
)
# All postcodes of an LSOA, also those outside the box: its people are split among all of them.
# Each step on its own: the planner takes a few rows for one, and would ask the index of parts once
# for every LSOA.
_LIST_POSTCODES = sa.text(
    f"""
    WITH w AS MATERIALIZED ({WARDS}), {_DISTRICT_BOX}, {_LSOAS_NEAR},
    here AS MATERIALIZED (
      SELECT postcode, geom, point_27700 FROM postcodes
      WHERE gone_at IS NULL
        AND geom && (SELECT ST_SetSRID(ST_Extent(geom)::geometry, 4326) FROM near)
    ), placed AS MATERIALIZED (
      SELECT h.postcode, h.point_27700, a.area_id
      FROM here h JOIN area_parts a ON ST_Intersects(a.geom, h.geom)
    )
    SELECT DISTINCT n.gss_code, p.postcode, ST_X(p.point_27700) AS easting,
           ST_Y(p.point_27700) AS northing
    FROM placed p JOIN near n ON n.id = p.area_id
    ORDER BY p.postcode, n.gss_code
    """  # noqa: S608 - constants only
)
_LIST_VENUES = sa.text(
    f"""
    WITH w AS MATERIALIZED ({WARDS}), {_DISTRICT_BOX}
    SELECT ST_X(v.point_27700) AS easting, ST_Y(v.point_27700) AS northing
    FROM ({_VENUES}) AS v JOIN d ON v.point_27700 && d.grid
    ORDER BY v.id
    """  # noqa: S608 - constants only
)
_LIST_WARDS = sa.text(
    f"""
    WITH w AS MATERIALIZED ({WARDS}), {LSOAS_OF_WARDS}
    SELECT w.gss_code, w.release, array_agg(l.lsoa_code) AS lsoas
    FROM w JOIN lsoas l ON l.area_id = w.id LEFT JOIN people p USING (lsoa_code)
    GROUP BY 1, 2 HAVING bool_and(p.value IS NOT NULL) ORDER BY 1
    """  # noqa: S608 - constants only
)


def list_districts(
    connection: sa.Connection, *, network: str | None, margin_m: float, lad_code: str | None = None
) -> Sequence[sa.Row[Any]]:
    """Return lad_code, release, fingerprint and is_due of the districts that have wards.

    The fingerprint is of the foot networks called `network`, the community venues within
    `margin_m` of the district's rectangle, and the areas, postcodes and people loaded; one is due
    when its wards' figures come from others, or when it has none.
    """
    given = {"network": network, "margin_m": margin_m, "lad_code": lad_code}
    return connection.execute(_LIST_DISTRICTS, given).all()


def list_lsoas_near(
    connection: sa.Connection, *, lad_code: str, release: str, margin_m: float
) -> Sequence[sa.Row[Any]]:
    """Return the LSOAs in or near a district: gss_code, population (or None), a point inside.

    easting and northing are metres, British National Grid.
    """
    return connection.execute(_LIST_LSOAS, _about(lad_code, release, margin_m)).all()


def list_postcodes_near(
    connection: sa.Connection, *, lad_code: str, release: str, margin_m: float
) -> Sequence[sa.Row[Any]]:
    """Return every postcode of those LSOAs: gss_code of its LSOA, easting and northing."""
    return connection.execute(_LIST_POSTCODES, _about(lad_code, release, margin_m)).all()


def list_venues_near(
    connection: sa.Connection, *, lad_code: str, release: str, margin_m: float
) -> Sequence[sa.Row[Any]]:
    """Return easting and northing of the community venues in or near a district."""
    return connection.execute(_LIST_VENUES, _about(lad_code, release, margin_m)).all()


def list_lsoas_of_wards(
    connection: sa.Connection, *, lad_code: str, release: str
) -> Sequence[sa.Row[Any]]:
    """Return gss_code of each ward all of whose people are known, and its LSOAs' codes."""
    given = {"lad_code": lad_code, "release": release}
    return connection.execute(_LIST_WARDS, given).all()


def _about(lad_code: str, release: str, margin_m: float) -> dict[str, Any]:
    return {"lad_code": lad_code, "release": release, "margin_m": margin_m}


def keep_measures(
    connection: sa.Connection,
    *,
    lad_code: str,
    release: str,
    fingerprint: float,
    values: Mapping[str, Mapping[str, float]],
    about: Collection[str],
) -> None:
    """Store the wards' measures of a district in place of what was there.

    `values` has a ward's measures by its code; `about` the codes of the wards whose figures have
    straight lines behind them.
    """
    of_district = {"lad_code": lad_code, "release": release}
    connection.execute(
        sa.text(
            "DELETE FROM ward_measures WHERE release = :release AND (gss_code = :lad_code"
            " OR gss_code IN (SELECT gss_code FROM areas WHERE area_type = 'ward'"
            " AND lad_code = :lad_code))"
        ),
        of_district,
    )
    rows = [
        {"code": code, "measure": measure, "value": value, "is_about": code in about}
        for code, measures in values.items()
        for measure, value in measures.items()
    ]
    rows.append({"code": lad_code, "measure": WORKED_OUT_FROM, "value": fingerprint,
                 "is_about": False})  # fmt: skip
    connection.execute(
        sa.text(
            "INSERT INTO ward_measures (gss_code, release, measure, value, is_about)"
            " VALUES (:code, :release, :measure, :value, :is_about)"
        ),
        [row | {"release": release} for row in rows],
    )
