"""Walking the patch: submissions, photos, streets, suggestions, claims, posters, likely pairs.

With new columns of assets: a charity's number, how exact a position is, consent, and which fields
people here corrected, so that an import leaves them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_fieldwork"
down_revision = "2026_11_26_groups"
branch_labels = None
depends_on = None

# Two tables share it, and a column is added with the other: made here, once.
DECISION = postgresql.ENUM("waiting", "approved", "rejected", name="decision", create_type=False)
CONSENT = postgresql.ENUM(
    "said_yes", "in_writing", "through_a_group", name="consent", create_type=False
)
OWN_ENUMS = (DECISION, CONSENT)
ASSET_CHECKS = {
    "plausible_charity_number": "charity_number IS NULL"
    " OR charity_number ~ '^[0-9]{6,7}(-[0-9]{1,3})?$'",
    "plausible_accuracy": "accuracy_m IS NULL OR accuracy_m >= 0",
    "consent_has_a_day_and_a_way": "(consent_on IS NULL) = (consent_how IS NULL)",
}

# What the application may do with each table, besides reading it.
GRANTS = {
    "assets": "INSERT, UPDATE",
    # A check, and a place that moves, change its assured date and its point.
    "activities": "UPDATE",
    "checks": "INSERT",
    "sources": "INSERT",
    "import_problems": "UPDATE",
    "submissions": "INSERT",
    "photos": "INSERT, UPDATE",
    "suggestions": "INSERT, UPDATE",
    "claims": "INSERT, UPDATE",
    "posters": "INSERT",
    "duplicate_pairs": "INSERT, UPDATE",
    "asset_changes": "INSERT",
}
NEW_TABLES = (
    "submissions", "photos", "suggestions", "claims", "posters", "duplicate_pairs",
    "asset_changes", "streets",
)  # fmt: skip
# What housekeeping throws away or makes forget.
KEPT_HOUSE = ("photos", "suggestions", "claims", "submissions", "duplicate_pairs")


def upgrade() -> None:
    """Make the tables and columns, and say who may use them."""
    for enum in OWN_ENUMS:
        enum.create(op.get_bind())
    op.create_table(
        "posters",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("ward_code", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posters")),
        sa.UniqueConstraint("code", name=op.f("uq_posters_code")),
    )
    op.create_geospatial_table(
        "streets",
        sa.Column("osm_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("highway", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_streets_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("osm_id", name=op.f("pk_streets")),
    )
    op.create_geospatial_index(
        "ix_streets_geom",
        "streets",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index("ix_streets_source_id_scope", "streets", ["source_id", "scope"], unique=False)
    op.create_table(
        "asset_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("acting_as", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "was", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column(
            "became", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["assets.id"],
            name=op.f("fk_asset_changes_asset_id_assets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["undoes"], ["asset_changes.id"], name=op.f("fk_asset_changes_undoes_asset_changes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_changes")),
    )
    op.create_index(
        "ix_asset_changes_asset_id_id", "asset_changes", ["asset_id", "id"], unique=False
    )
    op.create_index(op.f("ix_asset_changes_undoes"), "asset_changes", ["undoes"], unique=False)
    op.create_table(
        "claims",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_claims_asset_id_assets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_claims")),
    )
    op.create_index(op.f("ix_claims_asset_id"), "claims", ["asset_id"], unique=False)
    op.create_table(
        "duplicate_pairs",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("likeness", sa.Float(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "status",
            sa.Enum("likely", "merged", "not_a_duplicate", name="pair_status"),
            server_default="likely",
            nullable=False,
        ),
        sa.Column("kept_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("asset_id < other_id", name=op.f("ck_duplicate_pairs_smaller_first")),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["assets.id"],
            name=op.f("fk_duplicate_pairs_asset_id_assets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["assets.id"],
            name=op.f("fk_duplicate_pairs_other_id_assets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("asset_id", "other_id", name=op.f("pk_duplicate_pairs")),
    )
    op.create_index(
        "ix_duplicate_pairs_likely",
        "duplicate_pairs",
        ["likeness"],
        unique=False,
        postgresql_where=sa.text("status = 'likely'"),
    )
    op.create_index(
        op.f("ix_duplicate_pairs_other_id"), "duplicate_pairs", ["other_id"], unique=False
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_submissions_whole_digest")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_submissions_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["assets.id"],
            name=op.f("fk_submissions_asset_id_assets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )
    op.create_index(op.f("ix_submissions_account_id"), "submissions", ["account_id"], unique=False)
    op.create_index(op.f("ix_submissions_asset_id"), "submissions", ["asset_id"], unique=False)
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum("new", "change", "gone", name="suggestion_kind"), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("poster_id", sa.Uuid(), nullable=True),
        sa.Column("seen_version", sa.Integer(), nullable=True),
        sa.Column(
            "fields", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("decision", DECISION, server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(kind = 'new') OR asset_id IS NOT NULL", name=op.f("ck_suggestions_about_something")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["assets.id"],
            name=op.f("fk_suggestions_asset_id_assets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["poster_id"],
            ["posters.id"],
            name=op.f("fk_suggestions_poster_id_posters"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
    )
    op.create_index(op.f("ix_suggestions_asset_id"), "suggestions", ["asset_id"], unique=False)
    op.create_index(op.f("ix_suggestions_poster_id"), "suggestions", ["poster_id"], unique=False)
    op.create_index(
        "ix_suggestions_waiting",
        "suggestions",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("decision = 'waiting'"),
    )
    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("alt", sa.Text(), server_default="", nullable=False),
        sa.Column("decision", DECISION, server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_photos_asset_id_assets"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_photos_submission_id_submissions"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
    )
    op.create_index(op.f("ix_photos_asset_id"), "photos", ["asset_id"], unique=False)
    op.create_index(op.f("ix_photos_submission_id"), "photos", ["submission_id"], unique=False)
    op.create_index(
        "ix_photos_waiting",
        "photos",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("decision = 'waiting'"),
    )
    op.add_column("assets", sa.Column("charity_number", sa.Text(), nullable=True))
    op.add_column("assets", sa.Column("accuracy_m", sa.Float(), nullable=True))
    op.add_column("assets", sa.Column("consent_on", sa.Date(), nullable=True))
    op.add_column("assets", sa.Column("consent_how", CONSENT, nullable=True))
    op.add_column(
        "assets",
        sa.Column("kept_fields", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    for name, rule in ASSET_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_assets_{name}"), "assets", rule)
    op.add_column("checks", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.execute(f"GRANT SELECT ON {', '.join(NEW_TABLES)} TO patchwork_app, patchwork_keeper")
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO patchwork_app")
    op.execute(f"GRANT UPDATE, DELETE ON {', '.join(KEPT_HOUSE)} TO patchwork_keeper")


def downgrade() -> None:
    """Take everything back."""
    for table in GRANTS.keys() - set(NEW_TABLES):
        op.execute(f"REVOKE INSERT, UPDATE ON {table} FROM patchwork_app")
    op.drop_column("checks", "account_id")
    op.drop_column("assets", "kept_fields")
    op.drop_column("assets", "consent_how")
    op.drop_column("assets", "consent_on")
    op.drop_column("assets", "accuracy_m")
    op.drop_column("assets", "charity_number")
    op.drop_index(
        "ix_photos_waiting", table_name="photos", postgresql_where=sa.text("decision = 'waiting'")
    )
    op.drop_index(op.f("ix_photos_submission_id"), table_name="photos")
    op.drop_index(op.f("ix_photos_asset_id"), table_name="photos")
    op.drop_table("photos")
    op.drop_index(
        "ix_suggestions_waiting",
        table_name="suggestions",
        postgresql_where=sa.text("decision = 'waiting'"),
    )
    op.drop_index(op.f("ix_suggestions_poster_id"), table_name="suggestions")
    op.drop_index(op.f("ix_suggestions_asset_id"), table_name="suggestions")
    op.drop_table("suggestions")
    op.drop_index(op.f("ix_submissions_asset_id"), table_name="submissions")
    op.drop_index(op.f("ix_submissions_account_id"), table_name="submissions")
    op.drop_table("submissions")
    op.drop_index(op.f("ix_duplicate_pairs_other_id"), table_name="duplicate_pairs")
    op.drop_index(
        "ix_duplicate_pairs_likely",
        table_name="duplicate_pairs",
        postgresql_where=sa.text("status = 'likely'"),
    )
    op.drop_table("duplicate_pairs")
    op.drop_index(op.f("ix_claims_asset_id"), table_name="claims")
    op.drop_table("claims")
    op.drop_index(op.f("ix_asset_changes_undoes"), table_name="asset_changes")
    op.drop_index("ix_asset_changes_asset_id_id", table_name="asset_changes")
    op.drop_table("asset_changes")
    op.drop_index("ix_streets_source_id_scope", table_name="streets")
    op.drop_geospatial_index(
        "ix_streets_geom", table_name="streets", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("streets")
    op.drop_table("posters")
    for enum in OWN_ENUMS:
        enum.drop(op.get_bind())
    for name in ("suggestion_kind", "pair_status"):
        op.execute(f"DROP TYPE {name}")
