"""The live question of matching as one function: the best by score, exactly."""

from __future__ import annotations

from alembic import op

revision = "2026_11_23_best_matches"
down_revision = "2026_11_23_triggers_views"
branch_labels = None
depends_on = None


def nearest(table: str, *, extra: str = "") -> str:
    """Return the scan of `table` outwards from the origin, for rows that share an interest."""
    is_asset = table == "public_assets"
    return f"""
        SELECT '{"asset" if is_asset else "activity"}'::text AS source, a.id,
               {"a.id" if is_asset else "a.place_id"} AS place_id, a.interest_ids, a.access,
               {"NULL::text[]" if is_asset else "a.day_parts"} AS day_parts, a.assured_date,
               a.point_27700 <-> origin AS distance_m
        FROM {table} a
        WHERE a.interest_ids && class_ids AND ST_DWithin(a.point_27700, origin, reach_m) {extra}
        ORDER BY a.point_27700 <-> origin"""


# The formula is geo.scores'; tests hold the two together. Candidates are read outwards from the
# origin, the strong relations first. As soon as the list is full, nothing farther away than its
# last score allows can enter it, and the scan ends: fewer rows are read than by any statement
# that has to know its reach beforehand, and reading rows is what a question costs.
#
# One call finds both lists, because entering and leaving the settings below costs as much as some
# scans. Their rows come in no order, and with whatever ties for the last place: `queries.find`
# looks them up and orders them anyhow, and a statement here only to sort cost a tenth of it all.
# Constants are float8, because a bare 0.8 is numeric and would be converted for every row.
#
# The settings keep the planner on the one index that has both the distance and the interests (a
# bitmap with a second index is 13 times slower) and let it plan once a connection.
BEST_MATCHES = f"""
CREATE FUNCTION best_matches(
  easting double precision, northing double precision,
  same_ids int[], narrower_ids int[], gentler_ids int[], broader_ids int[],
  kind_weights double precision[],
  needs text[], wanted_parts text[], today date,
  near_within_m double precision, near_halving_m double precision,
  visit_within_m double precision, visit_halving_m double precision, most int
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
      OPEN nearest NO SCROLL FOR {nearest("public_assets")};
    ELSIF visits THEN
      OPEN nearest NO SCROLL FOR {nearest("public_activities", extra="AND a.comes_to_homes")};
    ELSE
      OPEN nearest NO SCROLL FOR {nearest("public_activities", extra="AND NOT a.comes_to_homes")};
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


def upgrade() -> None:
    """Make the function."""
    op.execute(BEST_MATCHES)


def downgrade() -> None:
    """Drop the function."""
    op.execute("DROP FUNCTION best_matches")
