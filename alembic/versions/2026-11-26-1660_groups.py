"""For groups, nothing personal: about how many residents near by share an interest."""

from __future__ import annotations

from alembic import op

revision = "2026_11_26_groups"
# Chained behind the calendar, which the dashboard's dates come from.
down_revision = "2026_11_26_calendar"
branch_labels = None
depends_on = None

# Residents are where their home is; a 20 minutes' walk is 1,282 m as the crow flies (5 km/h, and a
# detour of 1.3: `geo.distance`, held to it by a test). What shows faith or health is not counted,
# whoever shares it. A skill or network is known by its ward alone: nothing is near it.
RESIDENTS_SHARING = """
CREATE FUNCTION residents_sharing(given_asset uuid)
RETURNS int LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH RECURSIVE place AS (
    SELECT id, point_27700, interest_ids FROM public_assets
    WHERE id = given_asset AND kind IN ('group', 'venue') AND point_27700 IS NOT NULL
  ), shared (id) AS (
    SELECT i.id FROM interests i
    WHERE NOT i.is_special_category AND (
      i.id IN (SELECT unnest(p.interest_ids) FROM place p)
      OR i.id IN (SELECT unnest(v.interest_ids) FROM place p JOIN public_activities v
                  ON v.place_id = p.id OR v.venue_id = p.id))
    UNION
    SELECT n.id FROM shared s JOIN interests n ON n.broader_id = s.id
    WHERE NOT n.is_special_category
  )
  SELECT rounded_count(count(DISTINCT r.id))
  FROM place p
  JOIN public_assets h ON ST_DWithin(h.point_27700, p.point_27700, 1282)
  JOIN teams t ON t.home_id = h.id
  JOIN residents r ON r.team_id = t.id AND r.withdrawn_at IS NULL
  WHERE EXISTS (SELECT FROM resident_interests ri
                WHERE ri.resident_id = r.id AND ri.interest_id IN (SELECT id FROM shared))
$$
"""


def upgrade() -> None:
    """Make the function, which sees every team and says a rounded number."""
    op.execute(RESIDENTS_SHARING)
    op.execute("GRANT CREATE ON SCHEMA public TO patchwork_keeper")
    op.execute("ALTER FUNCTION residents_sharing(uuid) OWNER TO patchwork_keeper")
    op.execute("REVOKE CREATE ON SCHEMA public FROM patchwork_keeper")


def downgrade() -> None:
    """Take it back."""
    op.execute("DROP FUNCTION residents_sharing(uuid)")
