"""When the dates of a connection last changed: calendars elsewhere need to know.

A cancelled date that is put back leaves no row, so what has changed is counted on the connection.
Its `version` stays: moving one Tuesday is no edit somebody else's form collides with.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_calendar"
down_revision = "2026_11_26_find"
branch_labels = None
depends_on = None

TABLES = ("connection_times", "connection_changes")

# NEW is NULL in a DELETE. The trigger that bumps `version` leaves changes by triggers alone.
COUNT_DATES = """
CREATE FUNCTION count_dates() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE connections SET dates_version = dates_version + 1, dates_changed_at = now()
  WHERE id = coalesce(NEW.connection_id, OLD.connection_id);
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Add the count, and the triggers that keep it."""
    op.add_column(
        "connections",
        sa.Column("dates_version", sa.Integer(), server_default="1", nullable=False),
    )
    op.add_column(
        "connections",
        sa.Column(
            "dates_changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
    )
    op.execute(COUNT_DATES)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER count_dates AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION count_dates()"
        )


def downgrade() -> None:
    """Take the count and its triggers back."""
    for table in TABLES:
        op.execute(f"DROP TRIGGER count_dates ON {table}")
    op.execute("DROP FUNCTION count_dates()")
    op.drop_column("connections", "dates_changed_at")
    op.drop_column("connections", "dates_version")
