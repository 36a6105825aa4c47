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

# Whose results: of one run, or (NULL) of all that are current. The few who have withdrawn are taken
# out: to look up everybody else would take longer than to count them.
OF_RUN = """
    FROM resident_matches m
    JOIN match_runs u ON u.id = m.run_id
      AND CASE WHEN run IS NULL THEN u.state = 'current' ELSE u.id = run END
    JOIN teams t ON t.id = m.team_id"""
STILL_HERE = "m.resident_id NOT IN (SELECT w.id FROM residents w WHERE w.withdrawn_at IS NOT NULL)"
LIVES_SOMEWHERE = """(t.home_id IS NOT NULL OR EXISTS (
      SELECT FROM residents r WHERE r.id = m.resident_id AND r.geom IS NOT NULL))"""
# Without room to sort in memory the counts of a country take three times as long.
AS_KEEPER = (
    "LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET work_mem = '64MB'"
)

FUNCTIONS = {
    # One look at all results for all three: totals, by ward, by home. Who has told us nothing they
    # enjoy, or lives nobody knows where, was not asked for: that nobody was found for them says
    # nothing about what there is. A home that is no longer on the map has no name for everybody, and
    # no ward either: it may have become one of those that nobody is to find.
    "match_by_place(run int)": f"""
RETURNS TABLE (level text, home_id uuid, home text, ward_code text, ward text, lad_code text,
               district text, residents int, matched int, nobody int, unasked int)
{AS_KEEPER} AS $$
  WITH nothing AS MATERIALIZED (
    SELECT m.run_id, m.resident_id, {LIVES_SOMEWHERE} AND EXISTS (
        SELECT FROM resident_interests n JOIN interests i ON i.id = n.interest_id
        WHERE n.resident_id = m.resident_id AND NOT i.is_retired) AS was_asked
    {OF_RUN}
    WHERE m.near_ids = '{{}}' AND m.visit_ids = '{{}}'
  ), c AS (
    SELECT CASE GROUPING(m.ward_code, t.home_id) WHEN 3 THEN 'all' WHEN 1 THEN 'ward'
             ELSE 'home' END AS level,
           t.home_id,
           CASE WHEN GROUPING(m.ward_code) = 0 THEN m.ward_code ELSE max(m.ward_code) END
             AS ward_code,
           rounded_count(count(*)) AS residents,
           rounded_count(count(*) FILTER (WHERE n.resident_id IS NULL)) AS matched,
           rounded_count(count(*) FILTER (WHERE n.was_asked)) AS nobody,
           rounded_count(count(*) FILTER (WHERE NOT n.was_asked)) AS unasked
    {OF_RUN}
    LEFT JOIN nothing n ON n.run_id = m.run_id AND n.resident_id = m.resident_id
    WHERE {STILL_HERE}
    GROUP BY GROUPING SETS ((), (m.ward_code), (t.home_id))
    -- Who is helped at home is in no home.
    HAVING GROUPING(t.home_id) = 1 OR t.home_id IS NOT NULL
  )
  SELECT c.level, h.id, h.name, k.code, w.name, w.lad_code, w.lad_name,
         c.residents, c.matched, c.nobody, c.unasked
  FROM c
  LEFT JOIN public_assets h ON h.id = c.home_id
  CROSS JOIN LATERAL (
    SELECT CASE WHEN c.level = 'ward' OR h.id IS NOT NULL THEN c.ward_code END AS code
  ) AS k
  -- A ward as its newest boundaries have it.
  LEFT JOIN LATERAL (
    SELECT a.name, a.lad_code, coalesce(a.lad_name,
             (SELECT max(d.lad_name) FROM area_lookups d WHERE d.lad_code = a.lad_code)) AS lad_name
    FROM areas a WHERE a.area_type = 'ward' AND a.gss_code = k.code
    ORDER BY a.gone_at IS NULL DESC, a.release DESC LIMIT 1
  ) AS w ON true
$$""",
    # A person counts once for a theme (the topmost concept), however much of it they like.
    "match_by_theme(run int)": f"""
RETURNS TABLE (concept text, label text, asked int, unmet int)
{AS_KEEPER} AS $$
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
    SELECT k.theme_id, m.resident_id, bool_or(n.interest_id = ANY (m.unmet_ids)) AS is_unmet
    {OF_RUN}
    JOIN resident_interests n ON n.resident_id = m.resident_id
    JOIN themes k ON k.id = n.interest_id
    WHERE {STILL_HERE} AND {LIVES_SOMEWHERE}
    GROUP BY k.theme_id, m.resident_id
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
