"""The history of assets, kept by a trigger, and what of it and of photos is public."""

from __future__ import annotations

from alembic import op

revision = "2026_11_26_history"
down_revision = "2026_11_26_fieldwork"
branch_labels = None
depends_on = None

# Whoever changes an asset says what they act as, and which change they take back, in settings of
# their transaction; without any it is an import.
SAID = "nullif(current_setting('patchwork.{}', true), '')"

FACTS = """
CREATE FUNCTION facts_of(a assets) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT jsonb_build_object(
    'kind', a.kind, 'name', a.name, 'description', a.description, 'address', a.address,
    'postcode', a.postcode,
    'place', CASE WHEN a.location_source = 'ward' THEN jsonb_build_object('ward_code', a.ward_code)
                  ELSE jsonb_build_object('lon', ST_X(a.geom), 'lat', ST_Y(a.geom)) END,
    'interest_ids', a.interest_ids, 'access', a.access, 'is_indoors', a.is_indoors,
    'phone', a.phone, 'email', a.email, 'website', a.website,
    'is_contact_public', a.is_contact_public, 'opening_hours', a.opening_hours, 'beds', a.beds,
    'charity_number', a.charity_number, 'consent_on', a.consent_on, 'consent_how', a.consent_how)
$$
"""

# Named but not kept: what may be somebody's private matter has to be erasable.
PRIVATE_FACTS = """
CREATE FUNCTION private_facts_of(a assets) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN a.kind = 'informal' THEN '{name,description,address,postcode,phone,email,website}'::text[]
    WHEN NOT a.is_contact_public THEN '{phone,email}'::text[]
    ELSE '{}'::text[] END
$$
"""

RECORD = f"""
CREATE FUNCTION record_asset_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  before jsonb := CASE WHEN TG_OP = 'UPDATE' THEN facts_of(OLD) ELSE '{{}}'::jsonb END;
  after jsonb := facts_of(NEW);
  hidden text[] := private_facts_of(NEW);
  changed text[];
  what text;
BEGIN
  SELECT coalesce(array_agg(n.key ORDER BY n.key), '{{}}') INTO changed
  FROM jsonb_each(after) n
  WHERE coalesce(before -> n.key, 'null') IS DISTINCT FROM n.value;
  IF TG_OP = 'INSERT' THEN
    what := 'added';
  ELSE
    hidden := hidden || private_facts_of(OLD);
    what := CASE
      WHEN OLD.gone_at IS NULL AND NEW.gone_at IS NOT NULL THEN 'gone'
      WHEN OLD.gone_at IS NOT NULL AND NEW.gone_at IS NULL THEN 'back'
      WHEN OLD.duplicate_of IS DISTINCT FROM NEW.duplicate_of
        THEN CASE WHEN NEW.duplicate_of IS NULL THEN 'parted' ELSE 'merged' END
      WHEN changed <> '{{}}' THEN 'changed' END;
    IF what IS NULL THEN
      RETURN NULL;
    END IF;
    IF OLD.duplicate_of IS DISTINCT FROM NEW.duplicate_of THEN
      before := before || jsonb_build_object('duplicate_of', OLD.duplicate_of);
      after := after || jsonb_build_object('duplicate_of', NEW.duplicate_of);
      changed := changed || 'duplicate_of'::text;
    END IF;
  END IF;
  INSERT INTO asset_changes
    (asset_id, account_id, acting_as, action, columns, was, became, version, undoes)
  SELECT NEW.id, my_account_id(), coalesce({SAID.format("acting_as")}, 'import'), what, changed,
         coalesce((SELECT jsonb_object_agg(k, before -> k) FROM unnest(changed) k
                   WHERE before ? k AND NOT k = ANY (hidden)), '{{}}'),
         coalesce((SELECT jsonb_object_agg(k, after -> k) FROM unnest(changed) k
                   WHERE NOT k = ANY (hidden)), '{{}}'),
         NEW.version, {SAID.format("undoes")}::bigint;
  RETURN NULL;
END $$
"""

TRIGGERS = (
    # What a file brings has its import run, and a hundred thousand rows at once.
    "CREATE TRIGGER record_new_asset AFTER INSERT ON assets FOR EACH ROW"
    " WHEN (NEW.import_run_id IS NULL) EXECUTE FUNCTION record_asset_change()",
    # What a trigger derives by itself is nobody's change.
    "CREATE TRIGGER record_asset_change AFTER UPDATE ON assets FOR EACH ROW"
    " WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION record_asset_change()",
)

# What people write, where something was and how somebody agreed may be what an edit took out, so
# of these only "was changed" is public.
WRITTEN = (
    "'{name,description,place,address,postcode,phone,email,website,consent_on,consent_how}'::text[]"
)
PUBLIC_CHANGES = f"""
CREATE VIEW public_asset_changes WITH (security_invoker = true) AS
SELECT c.id, c.asset_id, c.at, c.acting_as, c.action, c.columns,
       CASE WHEN a.kind = 'informal' THEN '{{}}'::jsonb ELSE c.was - {WRITTEN} END AS was,
       CASE WHEN a.kind = 'informal' THEN '{{}}'::jsonb ELSE c.became - {WRITTEN} END AS became,
       c.version, c.undoes
FROM asset_changes c
JOIN public_assets a ON a.id = c.asset_id
"""
PUBLIC_PHOTOS = """
CREATE VIEW public_photos WITH (security_invoker = true) AS
SELECT p.id, a.id AS asset_id, p.alt, p.image, p.thumbnail, p.width_px, p.height_px, p.created_at
FROM photos p
JOIN assets own ON own.id = p.asset_id
-- What was merged shows its photos where it is shown.
JOIN public_assets a ON a.id = coalesce(own.duplicate_of, own.id)
WHERE p.decision = 'approved'
"""
VIEWS = {"public_asset_changes": PUBLIC_CHANGES, "public_photos": PUBLIC_PHOTOS}


def upgrade() -> None:
    """Make the functions, their triggers and the views."""
    for statement in (FACTS, PRIVATE_FACTS, RECORD, *TRIGGERS, *VIEWS.values()):
        op.execute(statement)
    op.execute(f"GRANT SELECT ON {', '.join(VIEWS)} TO patchwork_app, patchwork_keeper")


def downgrade() -> None:
    """Take everything back."""
    for view in VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.execute("DROP FUNCTION record_asset_change() CASCADE")
    op.execute("DROP FUNCTION private_facts_of(assets)")
    op.execute("DROP FUNCTION facts_of(assets)")
