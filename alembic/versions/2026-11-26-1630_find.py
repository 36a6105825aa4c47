"""Filters for matches, exactly: when things start, when they end, whether they are indoors.

Also what was asked for and is not there: counted once a day and ward where nobody in particular
asked, and read by ward in rounded numbers only.
"""

from __future__ import annotations

from types import ModuleType

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_find"
down_revision = "2026_11_26_residents"
branch_labels = None
depends_on = None

ASSETS_VIEW, ACTIVITIES_VIEW = "2026_11_23_triggers_views", "2026_11_26_gone_venues"
FUNCTION = "2026_11_23_best_matches"

# For rows already here, what app.activities.coming works out when a file is loaded. BYDAY names
# weekdays whatever its frequency; a rule without it is weekly (the first day's weekday), every so
# many whole weeks, or may fall on any weekday.
FILL_STARTS = """
WITH days AS (
  SELECT s.activity_id, s.opens_at, d.weekday
  FROM schedules s
  CROSS JOIN LATERAL (
    SELECT array_position('{MO,TU,WE,TH,FR,SA,SU}'::text[], code[1]) - 1 AS weekday
    FROM regexp_matches(substring(s.rrule FROM 'BYDAY=([^;]*)'), '[A-Z]{2}', 'g') AS code
    UNION
    SELECT CAST(extract(isodow FROM s.starts_on) AS int) - 1
    WHERE s.rrule IS NULL OR (s.rrule !~ 'BYDAY=' AND (
      s.rrule ~ '^FREQ=WEEKLY' OR (s.rrule ~ '^FREQ=DAILY'
        AND CAST(coalesce(substring(s.rrule FROM 'INTERVAL=([0-9]+)'), '1') AS int) % 7 = 0)))
    UNION
    SELECT generate_series(0, 6)
    WHERE s.rrule !~ 'BYDAY=' AND s.rrule !~ '^FREQ=WEEKLY' AND NOT (s.rrule ~ '^FREQ=DAILY'
      AND CAST(coalesce(substring(s.rrule FROM 'INTERVAL=([0-9]+)'), '1') AS int) % 7 = 0)
  ) AS d
), minutes AS (
  SELECT activity_id, weekday * 1440 + CAST(extract(hour FROM opens_at) * 60
           + extract(minute FROM opens_at) AS int) AS minute
  FROM days
)
UPDATE activities a SET week_starts = m.starts
FROM (SELECT activity_id, range_agg(int4range(minute, minute + 1)) AS starts
      FROM minutes GROUP BY activity_id) AS m
WHERE m.activity_id = a.id
"""
# A rule that counts is only worked out when its file is loaded again: until then it goes on.
FILL_ENDS = """
UPDATE activities a SET ends_on = e.ends_on
FROM (
  SELECT activity_id, max(last_day) AS ends_on
  FROM (SELECT activity_id, CASE WHEN rrule IS NULL THEN starts_on
          ELSE to_date(substring(rrule FROM 'UNTIL=([0-9]{8})'), 'YYYYMMDD') END AS last_day
        FROM schedules) AS s
  GROUP BY activity_id HAVING bool_and(last_day IS NOT NULL)
) AS e
WHERE e.activity_id = a.id
"""
FILL_INDOORS = "UPDATE assets SET is_indoors = true WHERE kind IN ('care_home', 'surgery')"

# Columns may be added to a view at its end without dropping it: what reads it stays.
ASSETS_TOO = "a.is_indoors"
# Who comes to you is indoors with you; where they practise does not matter.
ACTIVITIES_TOO = """a.week_starts, a.ends_on,
  CASE WHEN a.comes_to_homes THEN coalesce(a.is_indoors, true)
       ELSE coalesce(a.is_indoors, v.is_indoors, o.is_indoors) END AS is_indoors"""

# A filter leaves out what does not fit, and what nobody knows unless `with_unknown`. A question
# without filters has scans of its own: only to set these conditions up would cost a twentieth.
STEP_FREE = "NOT must_be_step_free OR coalesce(a.access @> '{step_free}', with_unknown)"
INDOORS = "NOT must_be_indoors OR coalesce(a.is_indoors, with_unknown)"
# A place by itself starts at no time, and what it costs is not known.
ASSET_FITS = f"""
        AND (with_unknown OR (wanted_starts IS NULL AND NOT must_be_free))
        AND ({STEP_FREE}) AND ({INDOORS})"""
ACTIVITY_FITS = f"""
        AND (wanted_starts IS NULL OR coalesce(a.week_starts && wanted_starts, with_unknown))
        AND (NOT must_be_free OR coalesce(a.cost_pence = 0, with_unknown)) AND ({INDOORS})"""
GOES_ON = "AND (a.ends_on IS NULL OR a.ends_on >= today)"


def nearest(table: str, conditions: str) -> str:
    """Return the scan of `table` outwards from the origin, for rows that share an interest."""
    is_asset = table == "public_assets"
    return f"""
        SELECT '{"asset" if is_asset else "activity"}'::text AS source, a.id,
               {"a.id" if is_asset else "a.place_id"} AS place_id, a.interest_ids, a.access,
               {"NULL::text[]" if is_asset else "a.day_parts"} AS day_parts, a.assured_date,
               a.point_27700 <-> origin AS distance_m
        FROM {table} a
        WHERE a.interest_ids && class_ids AND ST_DWithin(a.point_27700, origin, reach_m)
        {conditions}
        ORDER BY a.point_27700 <-> origin"""


ASSETS = nearest("public_assets", "")
ASSETS_FILTERED = nearest("public_assets", ASSET_FITS)
NEAR = nearest("public_activities", f"AND NOT a.comes_to_homes {GOES_ON}")
NEAR_FILTERED = nearest(
    "public_activities", f"AND NOT a.comes_to_homes {GOES_ON}{ACTIVITY_FITS} AND ({STEP_FREE})"
)
# Who comes to you comes in by your own door: whether they have steps does not matter.
VISITS = nearest("public_activities", f"AND a.comes_to_homes {GOES_ON}")
VISITS_FILTERED = nearest("public_activities", f"AND a.comes_to_homes {GOES_ON}{ACTIVITY_FITS}")

# As before (2026-11-23-0700, which says why it is made like this), with the filters, and without
# what has ended.
BEST_MATCHES = f"""
CREATE FUNCTION best_matches(
  easting double precision, northing double precision,
  same_ids int[], narrower_ids int[], gentler_ids int[], broader_ids int[],
  kind_weights double precision[],
  needs text[], wanted_parts text[], today date,
  near_within_m double precision, near_halving_m double precision,
  visit_within_m double precision, visit_halving_m double precision, most int,
  wanted_starts int4multirange, must_be_free boolean, must_be_step_free boolean,
  must_be_indoors boolean, with_unknown boolean
) RETURNS TABLE (
  list_name text, source text, id uuid, place_id uuid, score double precision,
  distance_m double precision
)
LANGUAGE plpgsql STABLE ROWS 20
SET search_path FROM CURRENT
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_variable
DECLARE
  origin CONSTANT geometry := ST_SetSRID(ST_MakePoint(easting, northing), 27700);
  -- Scores are compared in millionths.
  million CONSTANT double precision := 1e6;
  margin CONSTANT double precision := 1e-6;
  strong_ids CONSTANT int[] := same_ids || narrower_ids || gentler_ids;
  strongest CONSTANT double precision := CASE WHEN same_ids <> '{{}}' THEN kind_weights[1]
    WHEN narrower_ids <> '{{}}' THEN kind_weights[2] ELSE kind_weights[3] END;
  has_filters CONSTANT boolean := wanted_starts IS NOT NULL OR must_be_free
    OR must_be_step_free OR must_be_indoors;
  visits boolean;
  within_m double precision;
  halving_m double precision;
  class_ids int[];
  class_strongest double precision;
  reach_m double precision;
  nearest refcursor;
  r record;
  i int;
  value double precision;
  top_places uuid[];              -- the best so far, one for each place
  top_scores double precision[];
  entry double precision;         -- what it takes to enter a full list
  is_full boolean;
  pool_source text[]; pool_id uuid[]; pool_place uuid[];
  pool_score double precision[]; pool_distance double precision[];
BEGIN
FOREACH list_name IN ARRAY '{{near,visit}}'::text[] LOOP
  visits := list_name = 'visit';
  within_m := CASE WHEN visits THEN visit_within_m ELSE near_within_m END;
  halving_m := CASE WHEN visits THEN visit_halving_m ELSE near_halving_m END;
  top_places := '{{}}'; top_scores := '{{}}'; entry := 0; is_full := false;
  pool_source := '{{}}'; pool_id := '{{}}'; pool_place := '{{}}';
  pool_score := '{{}}'; pool_distance := '{{}}';

  -- Strong relations of assets, of activities, then the weak ones of both.
  FOR stage IN 0 .. 3 LOOP
    CONTINUE WHEN visits AND stage IN (0, 2);
    class_ids := CASE WHEN stage < 2 THEN strong_ids ELSE broader_ids END;
    class_strongest := CASE WHEN stage < 2 THEN strongest ELSE kind_weights[4] END;
    CONTINUE WHEN class_ids = '{{}}';
    -- A full list bounds the scan beforehand: without it the index would search on for one more
    -- row, however far away, only for that row to be turned down.
    reach_m := within_m;
    IF is_full AND entry > margin THEN
      CONTINUE WHEN class_strongest < entry - margin;
      reach_m := least(within_m, halving_m * (class_strongest / (entry - margin) - 1));
    END IF;
    IF stage IN (0, 2) THEN
      IF has_filters THEN
        OPEN nearest NO SCROLL FOR {ASSETS_FILTERED};
      ELSE
        OPEN nearest NO SCROLL FOR {ASSETS};
      END IF;
    ELSIF visits THEN
      IF has_filters THEN
        OPEN nearest NO SCROLL FOR {VISITS_FILTERED};
      ELSE
        OPEN nearest NO SCROLL FOR {VISITS};
      END IF;
    ELSIF has_filters THEN
      OPEN nearest NO SCROLL FOR {NEAR_FILTERED};
    ELSE
      OPEN nearest NO SCROLL FOR {NEAR};
    END IF;

    LOOP
      FETCH nearest INTO r;
      EXIT WHEN NOT FOUND;
      value := halving_m / (halving_m + r.distance_m);
      EXIT WHEN is_full AND class_strongest * value < entry - margin;
      value := value
        * CASE WHEN r.interest_ids && same_ids THEN kind_weights[1]
               WHEN r.interest_ids && narrower_ids THEN kind_weights[2]
               WHEN r.interest_ids && gentler_ids THEN kind_weights[3] ELSE kind_weights[4] END
        * CASE WHEN needs = '{{}}' THEN float8 '1' WHEN r.access IS NULL THEN float8 '0.8'
               WHEN r.access @> needs THEN float8 '1' ELSE float8 '0.4' END
        * CASE WHEN wanted_parts = '{{}}' THEN float8 '1'
               WHEN coalesce(cardinality(r.day_parts), 0) = 0 THEN float8 '0.8'
               WHEN r.day_parts && wanted_parts THEN float8 '1' ELSE float8 '0.4' END
        * CASE WHEN r.assured_date IS NULL THEN float8 '0.85'
               WHEN today - r.assured_date <= 365 THEN float8 '1'
               WHEN today - r.assured_date <= 730 THEN float8 '0.9' ELSE float8 '0.8' END;
      value := round(value * million) / million;
      CONTINUE WHEN is_full AND value < entry;

      pool_source := pool_source || r.source; pool_id := pool_id || r.id;
      pool_place := pool_place || r.place_id; pool_score := pool_score || value;
      pool_distance := pool_distance || r.distance_m;
      i := array_position(top_places, r.place_id);
      IF i IS NOT NULL THEN
        CONTINUE WHEN top_scores[i] >= value;
        top_scores[i] := value;
      ELSIF NOT is_full THEN
        top_places := top_places || r.place_id; top_scores := top_scores || value;
        is_full := cardinality(top_places) >= most;
      ELSE
        i := array_position(top_scores, entry);
        top_places[i] := r.place_id; top_scores[i] := value;
      END IF;
      IF is_full THEN
        entry := top_scores[1];
        FOREACH value IN ARRAY top_scores LOOP
          IF value < entry THEN
            entry := value;
          END IF;
        END LOOP;
      END IF;
    END LOOP;
    CLOSE nearest;
  END LOOP;

  FOR n IN 1 .. cardinality(pool_score) LOOP
    CONTINUE WHEN pool_score[n] < entry;
    source := pool_source[n]; id := pool_id[n]; place_id := pool_place[n];
    score := pool_score[n]; distance_m := pool_distance[n];
    RETURN NEXT;
  END LOOP;
END LOOP;
END $$
"""

# Nobody's name is in it, and nothing that only one person asked for can be told from another's.
UNMET_BY_WARD = """
CREATE FUNCTION unmet_by_ward(code text)
RETURNS TABLE (concept text, label text, asked int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT i.concept, i.label, rounded_count(count(*))
  FROM unmet_interests u
  JOIN interests i ON i.id = u.interest_id AND NOT i.is_retired AND NOT i.is_special_category
  LEFT JOIN residents r ON r.id = u.resident_id
  WHERE u.ward_code = code AND u.noticed_on > CURRENT_DATE - 365
    AND (u.resident_id IS NULL OR r.withdrawn_at IS NULL)
  GROUP BY i.concept, i.label
  ORDER BY rounded_count(count(*)) DESC NULLS LAST, i.label
$$
"""


def module_of(revision_id: str) -> ModuleType:
    """Return an earlier migration: what it made is built upon here, and made again on the way."""
    return op.get_context().script.get_revision(revision_id).module  # type: ignore[union-attr]


def upgrade() -> None:
    """Add the columns, fill them, and show and read them."""
    minutes = postgresql.INT4MULTIRANGE()
    op.add_column("activities", sa.Column("week_starts", minutes, nullable=True))
    op.add_column("activities", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("activities", sa.Column("is_indoors", sa.Boolean(), nullable=True))
    op.add_column("assets", sa.Column("is_indoors", sa.Boolean(), nullable=True))
    for table in ("activities", "assets"):
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement in (FILL_STARTS, FILL_ENDS, FILL_INDOORS):
        op.execute(statement)
    for table in ("activities", "assets"):
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    op.execute(_with_columns(module_of(ASSETS_VIEW).PUBLIC_ASSETS, ASSETS_TOO))
    op.execute(_with_columns(_activities_before(), ACTIVITIES_TOO))
    op.execute("DROP FUNCTION best_matches")
    op.execute(BEST_MATCHES)
    op.create_index(
        "uq_unmet_interests_once_a_day",
        "unmet_interests",
        ["interest_id", "ward_code", "noticed_on"],
        unique=True,
        postgresql_where=sa.text("resident_id IS NULL"),
    )
    op.execute(UNMET_BY_WARD)
    op.execute("GRANT CREATE ON SCHEMA public TO patchwork_keeper")
    op.execute("ALTER FUNCTION unmet_by_ward(text) OWNER TO patchwork_keeper")
    op.execute("REVOKE CREATE ON SCHEMA public FROM patchwork_keeper")


def _activities_before() -> str:
    """Return the statement of the view of activities as the migration before left it."""
    gone_venues = module_of(ACTIVITIES_VIEW)
    statement: str = gone_venues.public_activities(
        venue_id="v.id", more=f", {gone_venues.VENUE_PLACE}"
    )
    return statement


def _with_columns(view: str, columns: str) -> str:
    """Return a view's statement with more columns at the end of its list."""
    head, from_, tail = view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW").partition("\nFROM ")
    return f"{head},\n       {columns}{from_}{tail}"


def downgrade() -> None:
    """Make the views and the function as they were."""
    op.execute("DROP FUNCTION unmet_by_ward(text)")
    op.drop_index("uq_unmet_interests_once_a_day", table_name="unmet_interests")
    op.execute("DROP FUNCTION best_matches")
    op.execute(module_of(FUNCTION).BEST_MATCHES)
    before = {
        "public_assets": module_of(ASSETS_VIEW).PUBLIC_ASSETS,
        "public_activities": _activities_before(),
    }
    for name in reversed(before):
        op.execute(f"DROP VIEW {name}")
    for name, statement in before.items():
        op.execute(statement)
        op.execute(f"GRANT SELECT ON {name} TO patchwork_app, patchwork_keeper")
    op.drop_column("assets", "is_indoors")
    for column in ("is_indoors", "ends_on", "week_starts"):
        op.drop_column("activities", column)
