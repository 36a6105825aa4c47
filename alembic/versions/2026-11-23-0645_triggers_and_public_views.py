"""Triggers that derive (versions, assured dates, points, parts, words) and the public views."""

from __future__ import annotations

from alembic import op

revision = "2026_11_23_triggers_views"
down_revision = "2026_11_23_foundation"
branch_labels = None
depends_on = None

VERSIONED = ("interests", "areas", "assets", "activities")

# Functions that name tables keep the search path of this migration: a restore, or a session with
# a path of its own, must find the same tables.

# What a trigger writes by itself (an assured date, a point) is nobody's edit: depth > 1.
BUMP_VERSION = """
CREATE FUNCTION bump_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.updated_at := now();
  RETURN NEW;
END $$
"""

KEEP_ASSURED_DATE = """
CREATE FUNCTION keep_assured_date() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  subject record;
BEGIN
  FOR subject IN
    SELECT OLD.asset_id AS asset_id, OLD.activity_id AS activity_id WHERE TG_OP <> 'INSERT'
    UNION
    SELECT NEW.asset_id, NEW.activity_id WHERE TG_OP <> 'DELETE'
  LOOP
    UPDATE assets SET assured_date =
        (SELECT max(checked_on) FROM checks
         WHERE asset_id = subject.asset_id AND outcome <> 'gone')
      WHERE id = subject.asset_id;
    UPDATE activities SET assured_date =
        (SELECT max(checked_on) FROM checks
         WHERE activity_id = subject.activity_id AND outcome <> 'gone')
      WHERE id = subject.activity_id;
  END LOOP;
  RETURN NULL;
END $$
"""

TAKE_POINT = """
CREATE FUNCTION take_point_of_venue() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  NEW.geom := (SELECT geom FROM assets WHERE id = coalesce(NEW.venue_id, NEW.organizer_id));
  RETURN NEW;
END $$
"""

PASS_POINT_ON = """
CREATE FUNCTION pass_point_on() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE activities SET geom = NEW.geom
    WHERE (venue_id = NEW.id OR (venue_id IS NULL AND organizer_id = NEW.id));
  RETURN NULL;
END $$
"""

# Whatever point an informal asset is given, only one that stands for its ward is kept.
PLACE_BY_WARD = """
CREATE FUNCTION place_by_ward() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  NEW.location_source := 'ward';
  NEW.geom := (
    SELECT ST_PointOnSurface(geom) FROM areas
    WHERE area_type = 'ward' AND gss_code = NEW.ward_code AND gone_at IS NULL
    ORDER BY release DESC LIMIT 1
  );
  RETURN NEW;
END $$
"""

SUBDIVIDE_AREA = """
CREATE FUNCTION subdivide_area() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM area_parts WHERE area_id = NEW.id;
  INSERT INTO area_parts (area_id, geom)
    SELECT NEW.id, part FROM ST_Subdivide(NEW.geom, 128) AS part
    WHERE ST_GeometryType(part) = 'ST_Polygon';
  -- What only has a ward stands where the newest boundaries say (place_by_ward).
  UPDATE assets SET ward_code = ward_code
    WHERE kind = 'informal' AND ward_code = NEW.gss_code AND NEW.area_type = 'ward';
  RETURN NULL;
END $$
"""

INDEX_WORDS = """
CREATE FUNCTION index_words_of_interest() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM interest_words WHERE interest_id = NEW.id;
  INSERT INTO interest_words (interest_id, word, is_label, stems, sounds)
    SELECT NEW.id, plain, bool_or(is_label), to_tsvector('english', plain),
           -- The sound, and without its last consonant, which may be silent (crochet).
           ARRAY(SELECT sound FROM regexp_split_to_table(plain, ' ') AS w,
                   LATERAL (VALUES (dmetaphone(w)), (left(dmetaphone(w), -1))) AS v (sound)
                 WHERE length(w) >= 4 AND length(sound) >= 3)
    FROM (
      SELECT btrim(regexp_replace(regexp_replace(lower(said), '[''’]', '', 'g'),
                                  '[^[:alnum:]]+', ' ', 'g')) AS plain, is_label
      FROM (SELECT NEW.label AS said, true AS is_label
            UNION ALL SELECT o, false FROM unnest(NEW.other_words) AS o) AS given
    ) AS cleaned
    WHERE plain <> ''
    GROUP BY plain;
  RETURN NULL;
END $$
"""

PUBLIC_ASSETS = """
CREATE VIEW public_assets WITH (security_invoker = true) AS
SELECT a.id, a.kind, a.name, a.description,
       CASE WHEN a.kind <> 'informal' THEN a.address END AS address,
       CASE WHEN a.kind <> 'informal' THEN a.postcode END AS postcode,
       a.geom, a.point_27700, a.location_source, a.ward_code, a.interest_ids, a.access,
       CASE WHEN a.is_contact_public AND a.kind <> 'informal' THEN a.phone END AS phone,
       CASE WHEN a.is_contact_public AND a.kind <> 'informal' THEN a.email END AS email,
       a.website, a.opening_hours, a.beds, a.assured_date, a.source_id, a.import_run_id,
       a.updated_at, a.version
FROM assets a
WHERE a.gone_at IS NULL AND a.duplicate_of IS NULL
"""

PUBLIC_ACTIVITIES = """
CREATE VIEW public_activities WITH (security_invoker = true) AS
SELECT a.id, a.name, a.description, a.organizer_id, a.venue_id,
       -- One place is shown once: an organizer linked as a duplicate stands for its original.
       coalesce(o.duplicate_of, o.id) AS place_id,
       o.name AS organizer_name,
       v.name AS venue_name,
       coalesce(CASE WHEN v.kind <> 'informal' THEN v.address END,
                CASE WHEN o.kind <> 'informal' THEN o.address END) AS address,
       coalesce(CASE WHEN v.kind <> 'informal' THEN v.postcode END,
                CASE WHEN o.kind <> 'informal' THEN o.postcode END) AS postcode,
       CASE WHEN o.is_contact_public AND o.kind <> 'informal' THEN o.phone END AS phone,
       CASE WHEN o.is_contact_public AND o.kind <> 'informal' THEN o.email END AS email,
       o.website,
       a.comes_to_homes, a.interest_ids, coalesce(a.access, v.access, o.access) AS access,
       a.cost_pence, a.day_parts, a.geom, a.point_27700,
       coalesce(v.location_source, o.location_source) AS location_source,
       greatest(a.assured_date, o.assured_date) AS assured_date,
       a.source_id, a.import_run_id, a.updated_at, a.version
FROM activities a
JOIN assets o ON o.id = a.organizer_id AND o.gone_at IS NULL
LEFT JOIN assets v ON v.id = a.venue_id AND v.gone_at IS NULL
WHERE a.gone_at IS NULL
"""

TRIGGERS = (
    *(
        f"CREATE TRIGGER bump_version BEFORE UPDATE ON {table} FOR EACH ROW"
        " WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION bump_version()"
        for table in VERSIONED
    ),
    "CREATE TRIGGER keep_assured_date AFTER INSERT OR UPDATE OR DELETE ON checks"
    " FOR EACH ROW EXECUTE FUNCTION keep_assured_date()",
    "CREATE TRIGGER place_by_ward BEFORE INSERT OR UPDATE ON assets FOR EACH ROW"
    " WHEN (NEW.kind = 'informal') EXECUTE FUNCTION place_by_ward()",
    "CREATE TRIGGER take_point_of_venue BEFORE INSERT OR UPDATE OF organizer_id, venue_id"
    " ON activities FOR EACH ROW EXECUTE FUNCTION take_point_of_venue()",
    # Not "UPDATE OF geom": place_by_ward also moves a point, when the kind or the ward changes.
    "CREATE TRIGGER pass_point_on AFTER UPDATE ON assets FOR EACH ROW"
    " WHEN (OLD.geom IS DISTINCT FROM NEW.geom) EXECUTE FUNCTION pass_point_on()",
    "CREATE TRIGGER subdivide_area AFTER INSERT OR UPDATE OF geom ON areas FOR EACH ROW"
    " EXECUTE FUNCTION subdivide_area()",
    "CREATE TRIGGER index_words_of_interest AFTER INSERT OR UPDATE OF label, other_words"
    " ON interests FOR EACH ROW EXECUTE FUNCTION index_words_of_interest()",
)

FUNCTIONS = {
    "bump_version": BUMP_VERSION,
    "keep_assured_date": KEEP_ASSURED_DATE,
    "place_by_ward": PLACE_BY_WARD,
    "take_point_of_venue": TAKE_POINT,
    "pass_point_on": PASS_POINT_ON,
    "subdivide_area": SUBDIVIDE_AREA,
    "index_words_of_interest": INDEX_WORDS,
}


def upgrade() -> None:
    """Make the functions, then their triggers, then the views."""
    for body in FUNCTIONS.values():
        op.execute(body)
    for trigger in TRIGGERS:
        op.execute(trigger)
    op.execute(PUBLIC_ASSETS)
    op.execute(PUBLIC_ACTIVITIES)


def downgrade() -> None:
    """Drop the views, and the functions with the triggers that use them."""
    op.execute("DROP VIEW public_activities")
    op.execute("DROP VIEW public_assets")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}() CASCADE")
