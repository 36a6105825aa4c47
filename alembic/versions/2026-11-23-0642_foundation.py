"""Tables: assets, activities, interests, areas, postcodes, sources, runs, checks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_foundation"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # The last three come with PostgreSQL itself; PostGIS is the one extra package.
    for extension in ("postgis", "intarray", "pg_trgm", "fuzzystrmatch"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.create_table(
        "interests",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("concept", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("broader_id", sa.Integer(), nullable=True),
        sa.Column(
            "other_words",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
        ),
        sa.Column(
            "is_special_category",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
        sa.Column("is_retired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "concept ~ '^[a-z0-9]+(-[a-z0-9]+)*$'",
            name=op.f("ck_interests_concept_is_a_slug"),
        ),
        sa.CheckConstraint(
            "broader_id IS DISTINCT FROM id",
            name=op.f("ck_interests_not_its_own_broader"),
        ),
        sa.ForeignKeyConstraint(
            ["broader_id"],
            ["interests.id"],
            name=op.f("fk_interests_broader_id_interests"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interests")),
        sa.UniqueConstraint("concept", name=op.f("uq_interests_concept")),
    )
    op.create_index(op.f("ix_interests_broader_id"), "interests", ["broader_id"], unique=False)
    op.create_table(
        "interest_words",
        sa.Column("interest_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("is_label", sa.Boolean(), nullable=False),
        sa.Column("stems", postgresql.TSVECTOR(), nullable=False),
        sa.Column("sounds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["interest_id"],
            ["interests.id"],
            name=op.f("fk_interest_words_interest_id_interests"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("interest_id", "word", name=op.f("pk_interest_words")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column(
            "is_share_alike",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
        sa.Column("precedence", sa.SmallInteger(), server_default="50", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("slug", name=op.f("uq_sources_slug")),
    )
    op.create_table(
        "gentler_alternatives",
        sa.Column("interest_id", sa.Integer(), nullable=False),
        sa.Column("gentler_id", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "interest_id <> gentler_id", name=op.f("ck_gentler_alternatives_not_itself")
        ),
        sa.ForeignKeyConstraint(
            ["gentler_id"],
            ["interests.id"],
            name=op.f("fk_gentler_alternatives_gentler_id_interests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["interest_id"],
            ["interests.id"],
            name=op.f("fk_gentler_alternatives_interest_id_interests"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("interest_id", "gentler_id", name=op.f("pk_gentler_alternatives")),
    )
    op.create_index(
        op.f("ix_gentler_alternatives_gentler_id"),
        "gentler_alternatives",
        ["gentler_id"],
        unique=False,
    )
    op.create_table(
        "import_runs",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("release", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "status",
            sa.Enum("loaded", "unchanged", "refused", name="run_status"),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("rows_read", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_new", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_unchanged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_gone", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_problem", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_import_runs_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    op.create_index(op.f("ix_import_runs_source_id"), "import_runs", ["source_id"], unique=False)
    op.create_table(
        "area_figures",
        sa.Column("gss_code", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("import_run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_runs.id"],
            name=op.f("fk_area_figures_import_run_id_import_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.id"],
            name=op.f("fk_area_figures_source_id_sources"),
        ),
        sa.PrimaryKeyConstraint("gss_code", "measure", "as_of", name=op.f("pk_area_figures")),
    )
    op.create_table(
        "area_lookups",
        sa.Column("lsoa_code", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("ward_name", sa.Text(), nullable=False),
        sa.Column("lad_code", sa.Text(), nullable=False),
        sa.Column("lad_name", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("import_run_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_runs.id"],
            name=op.f("fk_area_lookups_import_run_id_import_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.id"],
            name=op.f("fk_area_lookups_source_id_sources"),
        ),
        sa.PrimaryKeyConstraint("lsoa_code", "release", name=op.f("pk_area_lookups")),
    )
    op.create_index(op.f("ix_area_lookups_lad_code"), "area_lookups", ["lad_code"], unique=False)
    op.create_index(op.f("ix_area_lookups_ward_code"), "area_lookups", ["ward_code"], unique=False)
    op.create_geospatial_table(
        "areas",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "area_type",
            sa.Enum("ward", "lad", "lsoa", name="area_type"),
            nullable=False,
        ),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("gss_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lad_code", sa.Text(), nullable=True),
        sa.Column("lad_name", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
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
        sa.Column("import_run_id", sa.Integer(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "ST_IsValid(geom) AND NOT ST_IsEmpty(geom)",
            name=op.f("ck_areas_valid_geometry"),
        ),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -9 AND ST_XMax(geom) <= 2.1 AND ST_YMin(geom) >= 49.8 AND ST_YMax(geom) <= 61",
            name=op.f("ck_areas_inside_great_britain"),
        ),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_runs.id"],
            name=op.f("fk_areas_import_run_id_import_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_areas_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
        sa.UniqueConstraint(
            "area_type",
            "release",
            "gss_code",
            name=op.f("uq_areas_area_type_release_gss_code"),
        ),
    )
    op.create_geospatial_index(
        "ix_areas_geom",
        "areas",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_areas_gss_code"), "areas", ["gss_code"], unique=False)
    op.create_index(op.f("ix_areas_lad_code"), "areas", ["lad_code"], unique=False)
    op.create_index(op.f("ix_areas_source_id"), "areas", ["source_id"], unique=False)
    op.create_geospatial_table(
        "assets",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("care_home", "group", "surgery", "venue", "informal", name="asset_kind"),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "point_27700",
            Geometry(
                geometry_type="POINT",
                srid=27700,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            sa.Computed("ST_Transform(geom, 27700)", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "location_source",
            sa.Enum("given", "surface", "postcode", "ward", name="location_source"),
            nullable=False,
        ),
        sa.Column("ward_code", sa.Text(), nullable=True),
        sa.Column(
            "interest_ids",
            postgresql.ARRAY(sa.Integer()),
            server_default="{}",
            nullable=False,
        ),
        sa.Column("access", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column(
            "is_contact_public",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
        ),
        sa.Column("opening_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("beds", sa.Integer(), nullable=True),
        sa.Column("assured_date", sa.Date(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), server_default="", nullable=False),
        sa.Column("import_run_id", sa.Integer(), nullable=True),
        sa.Column("content_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duplicate_of", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "access <@ ARRAY['step_free', 'accessible_toilet', 'hearing_loop', 'parking', 'seating', 'dementia_friendly']::text[]",
            name=op.f("ck_assets_known_access"),
        ),
        sa.CheckConstraint(
            "kind <> 'informal' OR (location_source = 'ward' AND ward_code IS NOT NULL)",
            name=op.f("ck_assets_informal_is_placed_by_ward"),
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_assets_has_a_name")),
        sa.CheckConstraint(
            "beds IS NULL OR beds BETWEEN 0 AND 2000",
            name=op.f("ck_assets_plausible_beds"),
        ),
        sa.CheckConstraint(
            "duplicate_of IS DISTINCT FROM id",
            name=op.f("ck_assets_not_its_own_duplicate"),
        ),
        sa.CheckConstraint(
            "geom IS NOT NULL OR ward_code IS NOT NULL",
            name=op.f("ck_assets_placed_by_point_or_ward"),
        ),
        sa.CheckConstraint(
            "geom IS NULL OR (NOT ST_IsEmpty(geom) AND ST_X(geom) BETWEEN -9.0 AND 2.1 AND ST_Y(geom) BETWEEN 49.8 AND 61.0)",
            name=op.f("ck_assets_inside_great_britain"),
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of"], ["assets.id"], name=op.f("fk_assets_duplicate_of_assets")
        ),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_runs.id"],
            name=op.f("fk_assets_import_run_id_import_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_assets_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
        sa.UniqueConstraint("source_id", "source_key", name=op.f("uq_assets_source_id_source_key")),
    )
    op.create_index(op.f("ix_assets_duplicate_of"), "assets", ["duplicate_of"], unique=False)
    op.create_geospatial_index(
        "ix_assets_geom",
        "assets",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_assets_import_run_id"), "assets", ["import_run_id"], unique=False)
    op.create_index(
        "ix_assets_name_trigrams",
        "assets",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_assets_point_27700_interest_ids",
        "assets",
        ["point_27700", "interest_ids"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={"interest_ids": "gist__intbig_ops(siglen=64)"},
        postgresql_where=sa.text("gone_at IS NULL AND duplicate_of IS NULL"),
    )
    op.create_index(op.f("ix_assets_postcode"), "assets", ["postcode"], unique=False)
    op.create_index("ix_assets_source_id_scope", "assets", ["source_id", "scope"], unique=False)
    op.create_index(
        "ix_assets_name_id",
        "assets",
        ["name", "id"],
        unique=False,
        postgresql_where=sa.text("gone_at IS NULL AND duplicate_of IS NULL"),
    )
    op.create_index(
        "ix_assets_ward_code",
        "assets",
        ["ward_code"],
        unique=False,
        postgresql_where=sa.text("ward_code IS NOT NULL"),
    )
    op.create_table(
        "import_problems",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("import_run_id", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "missing_field",
                "unreadable_value",
                "unknown_postcode",
                "no_location",
                "swapped_axes",
                "outside_great_britain",
                "outside_district",
                "invalid_geometry",
                "duplicate",
                "unknown_interest",
                "may_be_a_refuge",
                "unnamed",
                name="problem_reason",
            ),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.Column("is_stored", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_runs.id"],
            name=op.f("fk_import_problems_import_run_id_import_runs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_problems")),
    )
    op.create_index(
        op.f("ix_import_problems_import_run_id"),
        "import_problems",
        ["import_run_id"],
        unique=False,
    )
    op.create_geospatial_table(
        "postcodes",
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "point_27700",
            Geometry(
                geometry_type="POINT",
                srid=27700,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("ST_Transform(geom, 27700)", persisted=True),
            nullable=False,
        ),
        sa.Column("positional_quality", sa.SmallInteger(), nullable=False),
        sa.Column("lad_code", sa.Text(), nullable=True),
        sa.Column("ward_code", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("import_run_id", sa.Integer(), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "geom IS NULL OR (NOT ST_IsEmpty(geom) AND ST_X(geom) BETWEEN -9.0 AND 2.1 AND ST_Y(geom) BETWEEN 49.8 AND 61.0)",
            name=op.f("ck_postcodes_inside_great_britain"),
        ),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_runs.id"],
            name=op.f("fk_postcodes_import_run_id_import_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_postcodes_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("postcode", name=op.f("pk_postcodes")),
    )
    op.create_geospatial_table(
        "activities",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=True),
        sa.Column(
            "comes_to_homes",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
        ),
        sa.Column(
            "interest_ids",
            postgresql.ARRAY(sa.Integer()),
            server_default="{}",
            nullable=False,
        ),
        sa.Column("access", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("cost_pence", sa.Integer(), nullable=True),
        sa.Column(
            "day_parts",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "point_27700",
            Geometry(
                geometry_type="POINT",
                srid=27700,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            sa.Computed("ST_Transform(geom, 27700)", persisted=True),
            nullable=True,
        ),
        sa.Column("assured_date", sa.Date(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), server_default="", nullable=False),
        sa.Column("import_run_id", sa.Integer(), nullable=True),
        sa.Column("content_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "access <@ ARRAY['step_free', 'accessible_toilet', 'hearing_loop', 'parking', 'seating', 'dementia_friendly']::text[]",
            name=op.f("ck_activities_known_access"),
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_activities_has_a_name")),
        sa.CheckConstraint("cost_pence >= 0", name=op.f("ck_activities_cost_not_negative")),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_runs.id"],
            name=op.f("fk_activities_import_run_id_import_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["organizer_id"],
            ["assets.id"],
            name=op.f("fk_activities_organizer_id_assets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_activities_source_id_sources")
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["assets.id"],
            name=op.f("fk_activities_venue_id_assets"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
        sa.UniqueConstraint(
            "source_id", "source_key", name=op.f("uq_activities_source_id_source_key")
        ),
    )
    op.create_index(
        op.f("ix_activities_import_run_id"),
        "activities",
        ["import_run_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_activities_organizer_id"), "activities", ["organizer_id"], unique=False
    )
    op.create_index(
        "ix_activities_near_point_27700_interest_ids",
        "activities",
        ["point_27700", "interest_ids"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={"interest_ids": "gist__intbig_ops(siglen=64)"},
        postgresql_where=sa.text("gone_at IS NULL AND NOT comes_to_homes"),
    )
    op.create_index(
        "ix_activities_visit_point_27700_interest_ids",
        "activities",
        ["point_27700", "interest_ids"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={"interest_ids": "gist__intbig_ops(siglen=64)"},
        postgresql_where=sa.text("gone_at IS NULL AND comes_to_homes"),
    )
    op.create_index(
        "ix_activities_source_id_scope",
        "activities",
        ["source_id", "scope"],
        unique=False,
    )
    op.create_index(op.f("ix_activities_venue_id"), "activities", ["venue_id"], unique=False)
    op.create_geospatial_table(
        "area_parts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["area_id"],
            ["areas.id"],
            name=op.f("fk_area_parts_area_id_areas"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_parts")),
    )
    op.create_index(op.f("ix_area_parts_area_id"), "area_parts", ["area_id"], unique=False)
    op.create_geospatial_index(
        "ix_area_parts_geom",
        "area_parts",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "checks",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("confirmed", "changed", "gone", name="check_outcome"),
            nullable=False,
        ),
        sa.Column("fact", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "checked_on <= (created_at AT TIME ZONE 'UTC')::date + 1",
            name=op.f("ck_checks_not_in_the_future"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(asset_id, activity_id) = 1",
            name=op.f("ck_checks_one_subject"),
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.id"],
            name=op.f("fk_checks_activity_id_activities"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["assets.id"],
            name=op.f("fk_checks_asset_id_assets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
    )
    op.create_index(op.f("ix_checks_activity_id"), "checks", ["activity_id"], unique=False)
    op.create_index(op.f("ix_checks_asset_id"), "checks", ["asset_id"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("opens_at", sa.Time(), nullable=False),
        sa.Column("closes_at", sa.Time(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="Europe/London", nullable=False),
        sa.Column("rrule", sa.Text(), nullable=True),
        sa.Column("exdates", postgresql.ARRAY(sa.Date()), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "rrule IS NULL OR rrule ~ '^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;|$)' AND rrule !~ ';(FREQ|BYHOUR|BYMINUTE|BYSECOND)='",
            name=op.f("ck_schedules_daily_or_slower"),
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.id"],
            name=op.f("fk_schedules_activity_id_activities"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    op.create_index(op.f("ix_schedules_activity_id"), "schedules", ["activity_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_schedules_activity_id"), table_name="schedules")
    op.drop_table("schedules")
    op.drop_index(op.f("ix_checks_asset_id"), table_name="checks")
    op.drop_index(op.f("ix_checks_activity_id"), table_name="checks")
    op.drop_table("checks")
    op.drop_geospatial_index(
        "ix_area_parts_geom",
        table_name="area_parts",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_index(op.f("ix_area_parts_area_id"), table_name="area_parts")
    op.drop_geospatial_table("area_parts")
    op.drop_index(op.f("ix_activities_venue_id"), table_name="activities")
    op.drop_index("ix_activities_source_id_scope", table_name="activities")
    op.drop_index(
        "ix_activities_near_point_27700_interest_ids",
        table_name="activities",
        postgresql_using="gist",
        postgresql_where=sa.text("gone_at IS NULL AND NOT comes_to_homes"),
    )
    op.drop_index(
        "ix_activities_visit_point_27700_interest_ids",
        table_name="activities",
        postgresql_using="gist",
        postgresql_where=sa.text("gone_at IS NULL AND comes_to_homes"),
    )
    op.drop_index(op.f("ix_activities_organizer_id"), table_name="activities")
    op.drop_index(op.f("ix_activities_import_run_id"), table_name="activities")
    op.drop_geospatial_table("activities")
    op.drop_geospatial_table("postcodes")
    op.drop_index(op.f("ix_import_problems_import_run_id"), table_name="import_problems")
    op.drop_table("import_problems")
    op.drop_index("ix_assets_source_id_scope", table_name="assets")
    op.drop_index(op.f("ix_assets_postcode"), table_name="assets")
    op.drop_index(
        "ix_assets_point_27700_interest_ids",
        table_name="assets",
        postgresql_using="gist",
        postgresql_where=sa.text("gone_at IS NULL AND duplicate_of IS NULL"),
    )
    op.drop_index("ix_assets_name_trigrams", table_name="assets", postgresql_using="gin")
    op.drop_index(op.f("ix_assets_import_run_id"), table_name="assets")
    op.drop_geospatial_index(
        "ix_assets_geom",
        table_name="assets",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_index(op.f("ix_assets_duplicate_of"), table_name="assets")
    op.drop_geospatial_table("assets")
    op.drop_index(op.f("ix_areas_source_id"), table_name="areas")
    op.drop_index(op.f("ix_areas_lad_code"), table_name="areas")
    op.drop_index(op.f("ix_areas_gss_code"), table_name="areas")
    op.drop_geospatial_index(
        "ix_areas_geom", table_name="areas", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("areas")
    op.drop_index(op.f("ix_area_lookups_ward_code"), table_name="area_lookups")
    op.drop_index(op.f("ix_area_lookups_lad_code"), table_name="area_lookups")
    op.drop_table("area_lookups")
    op.drop_table("area_figures")
    op.drop_index(op.f("ix_import_runs_source_id"), table_name="import_runs")
    op.drop_table("import_runs")
    op.drop_index(op.f("ix_gentler_alternatives_gentler_id"), table_name="gentler_alternatives")
    op.drop_table("gentler_alternatives")
    op.drop_table("sources")
    op.drop_table("interest_words")
    op.drop_index(op.f("ix_interests_broader_id"), table_name="interests")
    op.drop_table("interests")
    for name in (
        "run_status",
        "area_type",
        "asset_kind",
        "location_source",
        "problem_reason",
    ):
        op.execute(f"DROP TYPE {name}")
    op.execute("DROP TYPE check_outcome")
