"""What Open Referral UK's answers are found by: identifiers made from others, and what is newest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_oruk"
down_revision = "2026_11_27_jobs"
branch_labels = None
depends_on = None

SHOWN = "gone_at IS NULL AND duplicate_of IS NULL"
OWN_SERVICE = "uuid_generate_v5(id, 'service')"
# Which table, under which name, by what, and of which rows.
INDEXES = (
    ("assets", "ix_assets_own_service", OWN_SERVICE, SHOWN),
    (
        "assets",
        "ix_assets_own_service_at_location",
        f"uuid_generate_v5({OWN_SERVICE}, 'service_at_location')",
        SHOWN,
    ),
    (
        "activities",
        "ix_activities_service_at_location",
        "uuid_generate_v5(id, 'service_at_location')",
        "gone_at IS NULL",
    ),
)


def upgrade() -> None:
    """Find a service by its identifier, and what changed last, without looking at every row."""
    # A trusted extension, part of PostgreSQL's own packages: whoever owns the database may.
    op.execute('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"')
    for table, name, expression, rows in INDEXES:
        op.create_index(
            name, table, [sa.literal_column(expression)], postgresql_where=sa.text(rows)
        )
    op.create_index("ix_activities_updated_at", "activities", ["updated_at"])


def downgrade() -> None:
    """Take them away; the extension stays: something else may use it."""
    op.drop_index("ix_activities_updated_at", "activities")
    for table, name, *_ in reversed(INDEXES):
        op.drop_index(name, table)
