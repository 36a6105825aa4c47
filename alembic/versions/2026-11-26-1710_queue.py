"""The editors' queue: what a decision changed, and places that editors agree have gone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_queue"
down_revision = "2026_11_26_history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, the column and the indexes of what is open."""
    op.create_table(
        "gone_reviews",
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["asset_changes.id"],
            name=op.f("fk_gone_reviews_change_id_asset_changes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_gone_reviews")),
    )
    op.add_column("suggestions", sa.Column("change_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_suggestions_change_id_asset_changes"),
        "suggestions",
        "asset_changes",
        ["change_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_suggestions_change_id"), "suggestions", ["change_id"], unique=False)
    op.create_index(
        "ix_import_problems_open",
        "import_problems",
        ["id"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index(
        "ix_asset_changes_found_gone",
        "asset_changes",
        ["at"],
        unique=False,
        postgresql_where=sa.text("action = 'gone' AND acting_as = 'mapper'"),
    )
    op.execute("GRANT SELECT ON gone_reviews TO patchwork_app, patchwork_keeper")
    # Taking a decision back takes the row out.
    op.execute("GRANT INSERT, DELETE ON gone_reviews TO patchwork_app")


def downgrade() -> None:
    """Take everything back."""
    op.drop_index(
        "ix_asset_changes_found_gone",
        table_name="asset_changes",
        postgresql_where=sa.text("action = 'gone' AND acting_as = 'mapper'"),
    )
    op.drop_index(
        "ix_import_problems_open",
        table_name="import_problems",
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_index(op.f("ix_suggestions_change_id"), table_name="suggestions")
    op.drop_constraint(
        op.f("fk_suggestions_change_id_asset_changes"), "suggestions", type_="foreignkey"
    )
    op.drop_column("suggestions", "change_id")
    op.drop_table("gone_reviews")
