"""Foot networks, the walks of each home along them, and measures of wards worked out on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "2026_11_26_walking"
down_revision = "2026_11_26_duplicates"
branch_labels = None
depends_on = None

TABLES = ("foot_networks", "walks", "walk_homes", "ward_measures")


def upgrade() -> None:
    """Make the tables and their rights."""
    now = sa.text("now()")
    op.create_table(
        "foot_networks",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("nodes", sa.Integer(), nullable=False),
        sa.Column("edges", sa.Integer(), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("bounds", Geometry("POLYGON", srid=27700, spatial_index=False), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_foot_networks_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_foot_networks")),
        sa.UniqueConstraint("source_id", "scope", name=op.f("uq_foot_networks_source_id_scope")),
    )
    # It is compressed already.
    op.execute("ALTER TABLE foot_networks ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "walks",
        sa.Column("home_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("at", Geometry("POINT", srid=27700, spatial_index=False), nullable=False),
        sa.Column("walk_m", sa.REAL(), nullable=True),
        sa.Column("step_free_m", sa.REAL(), nullable=True),
        _to_asset("walks", "home_id"),
        _to_asset("walks", "asset_id"),
        sa.PrimaryKeyConstraint("home_id", "asset_id", name=op.f("pk_walks")),
    )
    op.create_index(op.f("ix_walks_asset_id"), "walks", ["asset_id"], unique=False)
    op.create_table(
        "walk_homes",
        sa.Column("home_id", sa.Uuid(), nullable=False),
        sa.Column("at", Geometry("POINT", srid=27700, spatial_index=False), nullable=False),
        sa.Column("network_version", sa.Text(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        _to_asset("walk_homes", "home_id"),
        sa.PrimaryKeyConstraint("home_id", name=op.f("pk_walk_homes")),
    )
    op.create_table(
        "ward_measures",
        sa.Column("gss_code", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("is_about", sa.Boolean(), nullable=False),
        sa.Column("worked_out_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("gss_code", "release", "measure", name=op.f("pk_ward_measures")),
    )
    op.execute(f"GRANT SELECT ON {', '.join(TABLES)} TO patchwork_app, patchwork_keeper")
    # Worked out hourly by the keeper (app.accounts.housekeeping).
    op.execute(
        "GRANT INSERT, UPDATE, DELETE ON walks, walk_homes, ward_measures TO patchwork_keeper"
    )


def _to_asset(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_assets")
    return sa.ForeignKeyConstraint([column], ["assets.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    """Take them away."""
    for table in reversed(TABLES):
        op.drop_table(table)
