"""The schema of views that OGC API serves: what is public, in columns that GIS people can read.

Each view reads the public views or the boundaries, as whoever asks (security_invoker). What is
looked up by the row (labels, wards, credits) is a subquery or a left join on a key, so that
counting and drawing tiles, which need none of it, do not pay for it.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_27_ogc"
down_revision = "2026_11_27_calendars"
branch_labels = None
depends_on = None

INTERESTS = """
       (SELECT string_agg(i.label, '; ' ORDER BY i.label) FROM interests i
        WHERE i.id = ANY(a.interest_ids) AND NOT i.is_retired) AS interests"""
ACCESS = "replace(array_to_string(a.access, '; '), '_', ' ') AS access"
CREDIT = """
       s.name AS source, s.publisher, s.licence, s.attribution,
       s.is_share_alike AS share_alike"""

NEWEST = """(SELECT max(release) FROM areas WHERE area_type = 'ward' AND gone_at IS NULL)"""


# From the place outwards, by the parts; the least of two wards that share the edge it is on.
WARD_AROUND = f"""
        SELECT min(ARRAY[w.gss_code, w.name]) FROM area_parts p JOIN areas w ON w.id = p.area_id
        WHERE ST_Intersects(p.geom, a.geom) AND w.area_type = 'ward' AND w.gone_at IS NULL
          AND w.release = {NEWEST}"""
WARD_CODE = f"coalesce(a.ward_code, ({WARD_AROUND})[1])"
WARD_NAME = f"""
       CASE WHEN a.ward_code IS NULL THEN ({WARD_AROUND})[2]
            ELSE (SELECT w.name FROM areas w
                  WHERE w.gss_code = a.ward_code AND w.area_type = 'ward' AND w.gone_at IS NULL
                  ORDER BY w.release DESC LIMIT 1) END"""


ASSETS = f"""
CREATE VIEW ogc.assets WITH (security_invoker = true) AS
SELECT a.id, replace(a.kind::text, '_', ' ') AS kind, a.name, a.description,{INTERESTS},
       {ACCESS}, a.phone, a.email, a.website,
       (SELECT string_agg(
                 (ARRAY['Mon','Tue','Wed','Thu','Fri','Sat','Sun'])[(h ->> 'weekday')::int + 1]
                 || ' ' || (h ->> 'opens_at') || '-' || (h ->> 'closes_at'), '; '
                 ORDER BY (h ->> 'weekday')::int, h ->> 'opens_at')
        FROM jsonb_array_elements(
          CASE WHEN jsonb_typeof(a.opening_hours) = 'array' THEN a.opening_hours END) AS h)
         AS opening_hours,
       a.address, a.postcode,{WARD_CODE} AS ward_code,{WARD_NAME} AS ward_name,
       a.location_source::text AS placed_by, a.beds, a.assured_date AS checked_on,{CREDIT}, a.geom
FROM public_assets a LEFT JOIN sources s ON s.id = a.source_id
"""

ACTIVITIES = f"""
CREATE VIEW ogc.activities WITH (security_invoker = true) AS
SELECT a.id, a.name, a.description, a.organizer_name AS organizer, a.place_id AS organizer_id,
       a.venue_name AS venue, a.venue_place_id AS venue_id, a.comes_to_homes,{INTERESTS},
       {ACCESS}, a.cost_pence, a.phone, a.email, a.website, a.address, a.postcode,
       (SELECT string_agg(
                 concat_ws(' ', 'from', h.starts_on,
                           to_char(h.opens_at, 'HH24:MI')
                           || coalesce('-' || to_char(h.closes_at, 'HH24:MI'), ''),
                           coalesce(h.rrule, 'once')), '; ' ORDER BY h.starts_on, h.id)
        FROM schedules h WHERE h.activity_id = a.id) AS schedule,
       a.assured_date AS checked_on,{CREDIT}, a.geom
FROM public_activities a LEFT JOIN sources s ON s.id = a.source_id
"""

WARDS = f"""
CREATE VIEW ogc.wards WITH (security_invoker = true) AS
SELECT a.gss_code, a.name, a.lad_code AS district_code, a.lad_name AS district,
       a.release AS boundaries_of,{CREDIT}, a.geom
FROM areas a LEFT JOIN sources s ON s.id = a.source_id
WHERE a.area_type = 'ward' AND a.gone_at IS NULL AND a.release = {NEWEST}
"""


def upgrade() -> None:
    """Make the schema, its views, and let the application read them."""
    op.execute("CREATE SCHEMA ogc")
    for statement in (ASSETS, ACTIVITIES, WARDS):
        op.execute(statement)
    op.execute("GRANT USAGE ON SCHEMA ogc TO patchwork_app")
    op.execute("GRANT SELECT ON ogc.assets, ogc.activities, ogc.wards TO patchwork_app")


def downgrade() -> None:
    """Take them away."""
    for name in ("wards", "activities", "assets"):
        op.execute(f"DROP VIEW ogc.{name}")
    op.execute("DROP SCHEMA ogc")
