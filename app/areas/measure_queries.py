"""All SQL that compares the wards of a district: for all its wards at once, none per ward."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.areas.queries import NEWEST
from geo.scores import DAYS_THIS_YEAR

_COLUMNS = f"""
  SELECT id, gss_code, name, lad_code, lad_name, release, source_id, geom,
         release = {NEWEST} AS is_newest
  FROM areas
  WHERE area_type = 'ward' AND gone_at IS NULL
"""  # noqa: S608 - constants only
# The wards compared: of a district in one release of boundaries, or those of a list.
WARDS = f"""
  {_COLUMNS} AND lad_code = :lad_code
    AND release = coalesce(CAST(:release AS text), {NEWEST})
"""
_WARDS_LISTED = f"{_COLUMNS} AND id = ANY(CAST(:area_ids AS int[]))"

# The LSOAs of each ward `w`: as the newest lookup that has the ward says; for wards in no lookup
# (2013), those with their representative point in its outline.
LSOAS_OF_WARDS = """
  looked_up AS (
    SELECT w.id AS area_id, l.lsoa_code, l.source_id
    FROM w JOIN LATERAL (
      SELECT lsoa_code, source_id FROM area_lookups WHERE ward_code = w.gss_code
        AND release = (SELECT max(release) FROM area_lookups WHERE ward_code = w.gss_code)
    ) AS l ON true
  ), lsoas AS (
    SELECT area_id, lsoa_code, source_id, true AS is_by_lookup FROM looked_up
    UNION
    SELECT w.id, s.gss_code, s.source_id, false
    FROM w JOIN area_parts p ON p.area_id = w.id
    JOIN areas s ON s.area_type = 'lsoa' AND s.gone_at IS NULL AND s.geom && p.geom
      AND s.release = (SELECT max(release) FROM areas WHERE area_type = 'lsoa' AND gone_at IS NULL)
      AND ST_Intersects(p.geom, ST_PointOnSurface(s.geom))
    WHERE w.id NOT IN (SELECT area_id FROM looked_up)
  ), people AS (
    SELECT DISTINCT ON (f.gss_code) f.gss_code AS lsoa_code, f.value, f.as_of, f.source_id
    FROM area_figures f
    WHERE f.measure = 'population' AND f.gss_code IN (SELECT lsoa_code FROM lsoas)
    ORDER BY f.gss_code, f.as_of DESC
  )
"""

_FIGURES = f"""
    WITH w AS MATERIALIZED (%(wards)s), {LSOAS_OF_WARDS},
    summed AS (
      -- A part of the people is not the people: one small area without a figure, and it is unknown.
      SELECT l.area_id, max(p.as_of) AS population_as_of,
             CASE WHEN bool_and(p.value IS NOT NULL) THEN sum(p.value) END AS population,
             bool_and(l.is_by_lookup) AS is_by_lookup,
             array_agg(DISTINCT l.source_id) || array_agg(DISTINCT p.source_id)
               FILTER (WHERE p.source_id IS NOT NULL) AS source_ids
      FROM lsoas l LEFT JOIN people p USING (lsoa_code) GROUP BY 1
    ), unmet AS (
      SELECT w.id AS area_id, count(u.concept) AS interests
      FROM w LEFT JOIN LATERAL unmet_by_ward(w.gss_code) AS u ON true
      WHERE w.is_newest OR EXISTS (
        SELECT FROM areas n WHERE n.area_type = 'ward' AND n.gss_code = w.gss_code
          AND n.gone_at IS NULL AND n.release = {NEWEST})
      GROUP BY 1
    ), kept AS (
      SELECT gss_code, jsonb_object_agg(measure, value) AS values,
             array_agg(measure) FILTER (WHERE is_about) AS about
      FROM ward_measures WHERE (gss_code, release) IN (SELECT gss_code, release FROM w) GROUP BY 1
    )
    SELECT w.id, w.gss_code, w.name, w.lad_code, w.release, w.is_newest, w.source_id,
           coalesce(w.lad_name, d.name, w.lad_code) AS lad_name,
           s.population, s.population_as_of, s.is_by_lookup, s.source_ids, u.interests AS unmet,
           k.values AS kept, k.about,
           CASE WHEN k.values IS NOT NULL THEN array(
             SELECT source_id FROM import_runs WHERE reader = 'postcodes' AND status = 'loaded'
             UNION SELECT source_id FROM foot_networks
           ) END AS method_source_ids
    FROM w LEFT JOIN summed s ON s.area_id = w.id LEFT JOIN unmet u ON u.area_id = w.id
    LEFT JOIN kept k ON k.gss_code = w.gss_code
    -- Some publishers' wards name their district by its code alone.
    LEFT JOIN (
      SELECT c.lad_code, coalesce(
        (SELECT max(lad_name) FROM areas a WHERE a.area_type = 'ward' AND a.lad_code = c.lad_code),
        (SELECT max(lad_name) FROM area_lookups l WHERE l.lad_code = c.lad_code)) AS name
      FROM (SELECT DISTINCT lad_code FROM w WHERE lad_name IS NULL) AS c
    ) AS d ON d.lad_code = w.lad_code
    ORDER BY w.name, w.gss_code
"""  # noqa: S608 - constants only

# As COUNT_INSIDE of the wards' own queries, for all wards of a district at once.
_COUNTS = """
    WITH RECURSIVE w AS MATERIALIZED (%(wards)s),
    themes AS (
      SELECT id, concept AS theme FROM interests WHERE broader_id IS NULL
      UNION ALL
      SELECT i.id, t.theme FROM interests i JOIN themes t ON i.broader_id = t.id
    ), inside AS MATERIALIZED (
      SELECT w.id AS area_id, a.id, a.kind, a.assured_date, a.interest_ids, a.source_id
      FROM w JOIN area_parts p ON p.area_id = w.id
      JOIN public_assets a ON ST_Intersects(p.geom, a.geom)
      UNION
      SELECT w.id, a.id, a.kind, a.assured_date, a.interest_ids, a.source_id
      FROM w JOIN public_assets a ON a.ward_code = w.gss_code
    ), runs AS (
      -- Also what an entry runs that is linked to the group as the same.
      SELECT g.id, v.interest_ids, v.source_id
      FROM (
        SELECT id, id AS organizer_id FROM inside WHERE kind = 'group'
        UNION
        SELECT i.id, n.id FROM inside i JOIN public_other_names n ON n.place_id = i.id
        WHERE i.kind = 'group'
      ) AS g
      JOIN public_activities v ON v.organizer_id = g.organizer_id
      WHERE v.ends_on IS NULL OR v.ends_on >= :today
    ), does AS (
      SELECT area_id, id, interest_ids, source_id FROM inside WHERE kind = 'group'
      UNION ALL
      SELECT i.area_id, i.id, r.interest_ids, r.source_id FROM inside i JOIN runs r ON r.id = i.id
    ), by_theme AS (
      SELECT area_id, jsonb_object_agg(theme, groups) AS groups
      FROM (
        SELECT d.area_id, t.theme, count(DISTINCT d.id) AS groups
        FROM does d CROSS JOIN LATERAL unnest(d.interest_ids) AS x (interest_id)
        JOIN themes t ON t.id = x.interest_id
        GROUP BY 1, 2
      ) AS counted GROUP BY 1
    )
    SELECT i.area_id, count(*) AS assets, count(*) FILTER (WHERE kind = 'care_home') AS care_homes,
           count(*) FILTER (WHERE kind = 'group') AS groups,
           count(*) FILTER (WHERE assured_date >= :checked_from) AS checked,
           array_agg(DISTINCT source_id)
             || ARRAY(SELECT DISTINCT d.source_id FROM does d WHERE d.area_id = i.area_id)
             AS source_ids,
           (SELECT t.groups FROM by_theme t WHERE t.area_id = i.area_id) AS by_theme
    FROM inside i GROUP BY i.area_id
"""
_OF_DISTRICT = {"wards": WARDS}
_OF_LIST = {"wards": _WARDS_LISTED}
_DISTRICT_FIGURES, _LISTED_FIGURES = sa.text(_FIGURES % _OF_DISTRICT), sa.text(_FIGURES % _OF_LIST)
_DISTRICT_COUNTS, _LISTED_COUNTS = sa.text(_COUNTS % _OF_DISTRICT), sa.text(_COUNTS % _OF_LIST)


@dataclass(frozen=True, slots=True)
class Wards:
    """The wards asked about: of a district in a release (None: the newest), or by area id."""

    lad_code: str = ""
    release: str | None = None
    area_ids: Sequence[int] | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What the statements are asked with."""
        if self.area_ids is not None:
            return {"area_ids": list(self.area_ids)}
        return {"lad_code": self.lad_code, "release": self.release}


def list_ward_figures(connection: sa.Connection, wards: Wards) -> Sequence[sa.Row[Any]]:
    """Return wards by name, with what is published and kept about them.

    `population` is the sum of its LSOAs, None where not every one has a figure; `is_by_lookup` says
    how they were found; `unmet` is None for wards that only older boundaries have; `kept` is the
    wards' measures by name, `about` those of them not along streets, `method_source_ids` what they
    were worked out with.
    """
    statement = _DISTRICT_FIGURES if wards.area_ids is None else _LISTED_FIGURES
    return connection.execute(statement, wards.given).all()


def count_in_wards(
    connection: sa.Connection, wards: Wards, *, today: dt.date
) -> dict[int, sa.Row[Any]]:
    """Return by area id what is in each ward that has anything.

    assets, care_homes, groups, checked (not longer ago than `geo.scores` calls this year),
    source_ids and `by_theme`: how many groups of each theme, a group once in each theme that it,
    or something it runs and that has not ended, is about.
    """
    given = wards.given | {
        "today": today,
        "checked_from": today - dt.timedelta(days=DAYS_THIS_YEAR),
    }
    statement = _DISTRICT_COUNTS if wards.area_ids is None else _LISTED_COUNTS
    return {row.area_id: row for row in connection.execute(statement, given)}


def list_themes(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return concept and label of the interests that have nothing broader, by label."""
    return connection.execute(
        sa.text(
            "SELECT concept, label FROM interests WHERE broader_id IS NULL AND NOT is_retired"
            " ORDER BY label"
        )
    ).all()
