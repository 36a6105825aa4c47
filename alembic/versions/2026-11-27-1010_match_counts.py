"""What a run of matching everybody found, in numbers: of all, by ward, by home and by theme.

Whoever asks sees rounded numbers only: totals too, so that nothing can be taken from anything else
to learn of one person, and what is shown is chosen and ordered by rounded numbers alone. Of a home
only what everybody may see stands beside them. Themes that show faith, health or the like are left
out, and so is anybody who has withdrawn since the run.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_27_match_counts"
down_revision = "2026_11_27_match_runs"
branch_labels = None
depends_on = None

# Whose results: of one run, or (NULL) of all that are current.
OF_RUN = """
    FROM resident_matches m
    JOIN match_runs u ON u.id = m.run_id
      AND CASE WHEN run IS NULL THEN u.state = 'current' ELSE u.id = run END
    JOIN residents r ON r.id = m.resident_id AND r.team_id = m.team_id AND r.withdrawn_at IS NULL
    JOIN teams t ON t.id = r.team_id"""
# Who has told us nothing they enjoy, or lives nobody knows where, was not asked for: that nobody
# was found for them says nothing about what there is.
OUTCOME = """CASE
      WHEN cardinality(m.near_ids) > 0 OR cardinality(m.visit_ids) > 0 THEN 'matched'
      WHEN (r.geom IS NOT NULL OR t.home_id IS NOT NULL) AND EXISTS (
        SELECT FROM resident_interests n JOIN interests i ON i.id = n.interest_id
        WHERE n.resident_id = r.id AND NOT i.is_retired) THEN 'nobody'
      ELSE 'unasked' END"""
COUNTS = """rounded_count(count(*)), rounded_count(count(*) FILTER (WHERE o.outcome = 'matched')),
         rounded_count(count(*) FILTER (WHERE o.outcome = 'nobody')),
         rounded_count(count(*) FILTER (WHERE o.outcome = 'unasked'))"""
COLUMNS = "residents int, matched int, nobody int, unasked int"
# A ward as its newest boundaries have it.
WARD = """LEFT JOIN LATERAL (
    SELECT a.name, a.lad_code, coalesce(a.lad_name,
             (SELECT max(d.lad_name) FROM area_lookups d WHERE d.lad_code = a.lad_code)) AS lad_name
    FROM areas a WHERE a.area_type = 'ward' AND a.gss_code = c.ward_code
    ORDER BY a.gone_at IS NULL DESC, a.release DESC LIMIT 1
  ) AS w ON true"""

FUNCTIONS = {
    "match_totals(run int)": f"""
RETURNS TABLE ({COLUMNS})
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT {COUNTS} FROM (SELECT {OUTCOME} AS outcome {OF_RUN}) AS o
$$""",
    "match_by_ward(run int)": f"""
RETURNS TABLE (ward_code text, ward text, lad_code text, district text, {COLUMNS})
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH c (ward_code, residents, matched, nobody, unasked) AS (
    SELECT o.ward_code, {COUNTS}
    FROM (SELECT m.ward_code, {OUTCOME} AS outcome {OF_RUN}) AS o GROUP BY o.ward_code
  )
  SELECT c.ward_code, w.name, w.lad_code, w.lad_name, c.residents, c.matched, c.nobody, c.unasked
  FROM c {WARD}
$$""",
    # The name of a home that is no longer on the map is no longer everybody's to see.
    "match_by_home(run int)": f"""
RETURNS TABLE (home_id uuid, name text, ward_code text, ward text, lad_code text, district text,
               {COLUMNS})
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH c (home_id, ward_code, residents, matched, nobody, unasked) AS (
    SELECT o.home_id, max(o.ward_code), {COUNTS}
    FROM (SELECT t.home_id, m.ward_code, {OUTCOME} AS outcome {OF_RUN}
          WHERE t.home_id IS NOT NULL) AS o
    GROUP BY o.home_id
  )
  SELECT h.id, h.name, c.ward_code, w.name, w.lad_code, w.lad_name,
         c.residents, c.matched, c.nobody, c.unasked
  FROM c LEFT JOIN public_assets h ON h.id = c.home_id {WARD}
$$""",
    # A person counts once for a theme, however much of it they like. Without a topmost concept
    # (a circle) there is no theme; the vocabulary refuses circles.
    "match_by_theme(run int)": f"""
RETURNS TABLE (concept text, label text, asked int, unmet int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH RECURSIVE above AS (
    SELECT i.id, i.id AS theme_id, i.broader_id FROM interests i
    WHERE NOT i.is_retired AND NOT i.is_special_category
    UNION ALL
    SELECT a.id, b.id, b.broader_id FROM above a JOIN interests b ON b.id = a.broader_id
  ), themes AS (
    SELECT a.id, t.id AS theme_id
    FROM above a JOIN interests t ON t.id = a.theme_id
    WHERE a.broader_id IS NULL AND NOT t.is_special_category
  ), asked AS (
    SELECT k.theme_id, r.id, bool_or(n.interest_id = ANY (m.unmet_ids)) AS is_unmet
    {OF_RUN}
    JOIN resident_interests n ON n.resident_id = r.id
    JOIN themes k ON k.id = n.interest_id
    WHERE r.geom IS NOT NULL OR t.home_id IS NOT NULL
    GROUP BY k.theme_id, r.id
  )
  SELECT i.concept, i.label, rounded_count(count(*)),
         rounded_count(count(*) FILTER (WHERE a.is_unmet))
  FROM asked a JOIN interests i ON i.id = a.theme_id GROUP BY i.concept, i.label
$$""",
}


def upgrade() -> None:
    """Make the functions; they work as the keeper, who sees every team."""
    op.execute("GRANT CREATE ON SCHEMA public TO patchwork_keeper")
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} {body}")
        op.execute(f"ALTER FUNCTION {signature} OWNER TO patchwork_keeper")
    op.execute("REVOKE CREATE ON SCHEMA public FROM patchwork_keeper")


def downgrade() -> None:
    """Take them away."""
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
