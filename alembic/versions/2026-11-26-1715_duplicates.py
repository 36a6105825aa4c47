"""Looking for likely pairs: how far it has come, what finds them quickly, and the way back.

Housekeeping looks for pairs among what has changed, so assets have an index by when they changed;
what the same number or page finds has one too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_duplicates"
down_revision = "2026_11_26_queue"
branch_labels = None
depends_on = None

CONTACTS = ("phone", "website", "charity_number")


def upgrade() -> None:
    """Make the table, the column and the indexes."""
    op.create_table(
        "pair_searches",
        sa.Column("id", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_pair_searches_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair_searches")),
    )
    op.add_column(
        "duplicate_pairs",
        sa.Column("undo", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.create_index("ix_assets_updated_at_id", "assets", ["updated_at", "id"], unique=False)
    for column in CONTACTS:
        op.create_index(
            f"ix_assets_{column}",
            "assets",
            [column],
            unique=False,
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.execute("GRANT SELECT ON pair_searches TO patchwork_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON pair_searches TO patchwork_keeper")
    op.execute("GRANT INSERT ON duplicate_pairs TO patchwork_keeper")


def downgrade() -> None:
    """Take everything back."""
    for column in CONTACTS:
        op.execute(f"DROP INDEX ix_assets_{column}")
    op.execute("DROP INDEX ix_assets_updated_at_id")
    op.drop_column("duplicate_pairs", "undo")
    op.drop_table("pair_searches")
    op.execute("REVOKE INSERT ON duplicate_pairs FROM patchwork_keeper")
