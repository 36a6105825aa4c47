"""Activities at venues that have gone or are duplicates; other names; names and figures that say something."""

from __future__ import annotations

from alembic import op

revision = "2026_11_26_gone_venues"
down_revision = "2026_11_26_row_security"
branch_labels = None
depends_on = None

POINT_OF_ACTIVITY = """
CREATE FUNCTION point_of_activity(venue_id uuid, organizer_id uuid) RETURNS geometry
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT a.geom FROM assets a WHERE a.id = coalesce(
    (SELECT v.id FROM assets v WHERE v.id = $1 AND v.gone_at IS NULL), $2)
$$
"""
TAKE_POINT = """
CREATE OR REPLACE FUNCTION take_point_of_venue() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  NEW.geom := point_of_activity(NEW.venue_id, NEW.organizer_id);
  RETURN NEW;
END $$
"""
# Only where the point changes: a row that is written again costs its entry in a GiST index, and
# most of what goes is an organizer, which leaves its activities where they are.
PASS_POINT_ON = """
CREATE OR REPLACE FUNCTION pass_point_on() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE activities a SET geom = point_of_activity(a.venue_id, a.organizer_id)
    WHERE (a.venue_id = NEW.id OR a.organizer_id = NEW.id)
      AND a.geom IS DISTINCT FROM point_of_activity(a.venue_id, a.organizer_id);
  RETURN NULL;
END $$
"""
PASS_POINT_ON_WHEN = (
    "CREATE TRIGGER pass_point_on AFTER UPDATE ON assets FOR EACH ROW"
    " WHEN (OLD.geom IS DISTINCT FROM NEW.geom"
    " OR (OLD.gone_at IS NULL) <> (NEW.gone_at IS NULL)) EXECUTE FUNCTION pass_point_on()"
)

OLD_TAKE_POINT = """
CREATE OR REPLACE FUNCTION take_point_of_venue() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  NEW.geom := (SELECT geom FROM assets WHERE id = coalesce(NEW.venue_id, NEW.organizer_id));
  RETURN NEW;
END $$
"""
OLD_PASS_POINT_ON = """
CREATE OR REPLACE FUNCTION pass_point_on() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE activities SET geom = NEW.geom
    WHERE (venue_id = NEW.id OR (venue_id IS NULL AND organizer_id = NEW.id));
  RETURN NULL;
END $$
"""
OLD_PASS_POINT_ON_WHEN = (
    "CREATE TRIGGER pass_point_on AFTER UPDATE ON assets FOR EACH ROW"
    " WHEN (OLD.geom IS DISTINCT FROM NEW.geom) EXECUTE FUNCTION pass_point_on()"
)

# The point is derived: those of gone venues are derived anew. Nobody's edit, so no new version.
POINTS_ANEW = (
    "ALTER TABLE activities DISABLE TRIGGER bump_version",
    """
    UPDATE activities a SET organizer_id = a.organizer_id
    FROM assets v WHERE v.id = a.venue_id AND v.gone_at IS NOT NULL
    """,
    "ALTER TABLE activities ENABLE TRIGGER bump_version",
)


# What other publishers call a place that is shown: the entries linked to it as the same place.
PUBLIC_OTHER_NAMES = """
CREATE VIEW public_other_names WITH (security_invoker = true) AS
SELECT d.id, d.duplicate_of AS place_id, d.name, d.source_id
FROM assets d JOIN assets a ON a.id = d.duplicate_of AND a.gone_at IS NULL
WHERE d.gone_at IS NULL
"""
# What the application and its scheduled jobs work as; both read the public views.
READERS = "patchwork_app, patchwork_keeper"
# A venue linked as a duplicate stands for its original, as an organizer does.
VENUE_PLACE = "coalesce(v.duplicate_of, v.id) AS venue_place_id"


def public_activities(*, venue_id: str, more: str = "") -> str:
    """Return the statement of the view with the venue as `venue_id` says it, and `more` last."""
    return f"""
CREATE OR REPLACE VIEW public_activities WITH (security_invoker = true) AS
SELECT a.id, a.name, a.description, a.organizer_id, {venue_id} AS venue_id,
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
       a.source_id, a.import_run_id, a.updated_at, a.version{more}
FROM activities a
JOIN assets o ON o.id = a.organizer_id AND o.gone_at IS NULL
LEFT JOIN assets v ON v.id = a.venue_id AND v.gone_at IS NULL
WHERE a.gone_at IS NULL
"""


NAMED = ("assets", "activities", "areas")
HAS_A_NAME = r"name ~ '[^ \t\n\r\f\v\u00a0\u2000-\u200b\u202f\u3000\ufeff]'"
FINITE = "value > '-Infinity' AND value < 'Infinity'"


def say_something() -> None:
    """Let no name be blank and no figure endless; nothing that was loaded from a file is."""
    for table in NAMED:
        op.execute(f"UPDATE {table} SET name = 'No name' WHERE NOT ({HAS_A_NAME})")
        if table != "areas":
            op.drop_constraint(op.f(f"ck_{table}_has_a_name"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_has_a_name"), table, HAS_A_NAME)
    op.execute(f"DELETE FROM area_figures WHERE NOT ({FINITE})")
    op.create_check_constraint(op.f("ck_area_figures_a_finite_number"), "area_figures", FINITE)


def say_something_no_longer() -> None:
    """Put the old constraints back."""
    op.drop_constraint(op.f("ck_area_figures_a_finite_number"), "area_figures", type_="check")
    for table in NAMED:
        op.drop_constraint(op.f(f"ck_{table}_has_a_name"), table, type_="check")
        if table != "areas":
            op.create_check_constraint(op.f(f"ck_{table}_has_a_name"), table, "name <> ''")


def upgrade() -> None:
    """Let the triggers and the view look past a venue that has gone; name a place's others."""
    op.execute("DROP TRIGGER pass_point_on ON assets")
    op.execute(POINT_OF_ACTIVITY)
    op.execute(TAKE_POINT)
    op.execute(PASS_POINT_ON)
    op.execute(PASS_POINT_ON_WHEN)
    op.execute(public_activities(venue_id="v.id", more=f", {VENUE_PLACE}"))
    op.execute(PUBLIC_OTHER_NAMES)
    op.execute(f"GRANT SELECT ON public_other_names TO {READERS}")
    for statement in POINTS_ANEW:
        op.execute(statement)
    say_something()


def downgrade() -> None:
    """Put activities back to the points of their venues, gone or not."""
    say_something_no_longer()
    op.execute("DROP TRIGGER pass_point_on ON assets")
    op.execute(OLD_TAKE_POINT)
    op.execute(OLD_PASS_POINT_ON)
    op.execute(OLD_PASS_POINT_ON_WHEN)
    op.execute("DROP FUNCTION point_of_activity(uuid, uuid)")
    op.execute("DROP VIEW public_other_names")
    # A view that is replaced keeps its columns: the new one has to go with it.
    op.execute("DROP VIEW public_activities")
    op.execute(public_activities(venue_id="a.venue_id"))
    op.execute(f"GRANT SELECT ON public_activities TO {READERS}")
    for statement in POINTS_ANEW:
        op.execute(statement)
