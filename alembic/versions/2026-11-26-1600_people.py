"""Tables: accounts and teams, residents, connections and visits, the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "2026_11_26_people"
down_revision = "2026_11_23_best_matches"
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - one table after the other
    """Apply."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("is_sample", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_accounts_has_a_name")),
        sa.CheckConstraint(
            "email = lower(email) AND email ~ '^[^@[:space:]]+@[^@[:space:]]+$'",
            name=op.f("ck_accounts_email_in_lower_case"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "database_role", sa.Text(), server_default=sa.text("current_user"), nullable=False
        ),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_subject_id", "audit_log", ["subject_id"], unique=False)
    op.create_index("ix_audit_log_team_id_at", "audit_log", ["team_id", "at"], unique=False)
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("counted_under", sa.LargeBinary(), nullable=False),
        sa.Column(
            "attempted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index(
        "ix_sign_in_attempts_counted_under_attempted_at",
        "sign_in_attempts",
        ["counted_under", "attempted_at"],
        unique=False,
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_identities_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_account_id"), "identities", ["account_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_sign_in_links_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_links")),
    )
    op.create_index(
        op.f("ix_sign_in_links_account_id"), "sign_in_links", ["account_id"], unique=False
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Enum("home", "connectors", name="team_kind"), nullable=False),
        sa.Column("home_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
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
            "(kind = 'home') = (home_id IS NOT NULL)", name=op.f("ck_teams_a_home_is_on_the_map")
        ),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_teams_has_a_name")),
        sa.ForeignKeyConstraint(["home_id"], ["assets.id"], name=op.f("fk_teams_home_id_assets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("home_id", name=op.f("uq_teams_home_id")),
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("length(token) >= 32", name=op.f("ck_calendar_feeds_cannot_be_guessed")),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_calendar_feeds_team_id_teams")
        ),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token", name=op.f("uq_calendar_feeds_token")),
    )
    op.create_table(
        "connections",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("is_visit", sa.Boolean(), nullable=False),
        sa.Column(
            "interest_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False
        ),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "suggested",
                "contacted",
                "agreed",
                "happening",
                "paused",
                "ended",
                name="connection_status",
            ),
            server_default="suggested",
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("welcomed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("contact_name", sa.Text(), server_default="", nullable=False),
        sa.Column("contact_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("next_step", sa.Text(), server_default="", nullable=False),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.Column("promised", sa.Text(), server_default="", nullable=False),
        sa.Column("what_worked", sa.Text(), server_default="", nullable=False),
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
        sa.CheckConstraint("btrim(title) <> ''", name=op.f("ck_connections_has_a_title")),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.id"],
            name=op.f("fk_connections_activity_id_activities"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_connections_asset_id_assets")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name=op.f("fk_connections_owner_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_connections_team_id_teams")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("id", "team_id", name=op.f("uq_connections_id_team_id")),
    )
    op.create_index(
        op.f("ix_connections_activity_id"), "connections", ["activity_id"], unique=False
    )
    op.create_index(op.f("ix_connections_asset_id"), "connections", ["asset_id"], unique=False)
    op.create_index(op.f("ix_connections_owner_id"), "connections", ["owner_id"], unique=False)
    op.create_index(op.f("ix_connections_team_id"), "connections", ["team_id"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("reference_digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("erased_by", sa.Uuid(), nullable=True),
        sa.Column("rows_erased", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["erased_by"], ["accounts.id"], name=op.f("fk_erasures_erased_by_accounts")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_erasures_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_team_id"), "erasures", ["team_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "mapper",
                "coordinator",
                "manager",
                "councillor",
                "connector",
                "editor",
                "administrator",
                name="member_role",
            ),
            nullable=False,
        ),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("ward_codes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["accounts.id"], name=op.f("fk_invitations_invited_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_invitations_team_id_teams")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_invitations")),
        sa.UniqueConstraint("id", name=op.f("uq_invitations_id")),
    )
    op.create_index(op.f("ix_invitations_team_id"), "invitations", ["team_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            postgresql.ENUM(
                "mapper",
                "coordinator",
                "manager",
                "councillor",
                "connector",
                "editor",
                "administrator",
                name="member_role",
                create_type=False,
            ),
            nullable=False,
        ),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("ward_codes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(role IN ('coordinator', 'manager', 'connector')) = (team_id IS NOT NULL)",
            name=op.f("ck_memberships_team_where_there_is_one"),
        ),
        sa.CheckConstraint(
            "(role IN ('mapper', 'councillor')) = (cardinality(ward_codes) > 0)",
            name=op.f("ck_memberships_wards_where_there_are_some"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_memberships_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["accounts.id"], name=op.f("fk_memberships_granted_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_memberships_team_id_teams")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_account_id"), "memberships", ["account_id"], unique=False)
    op.create_index(op.f("ix_memberships_team_id"), "memberships", ["team_id"], unique=False)
    op.create_index(
        "uq_memberships_in_force",
        "memberships",
        ["account_id", "role", "team_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_geospatial_table(
        "residents",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("access_needs", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "travel",
            sa.Enum("visits_only", "short_walk", "can_travel", name="travel"),
            nullable=False,
        ),
        sa.Column("good_times", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
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
            "basis",
            sa.Enum("consent", "legitimate_interests", "public_task", name="lawful_basis"),
            nullable=False,
        ),
        sa.Column(
            "special_basis",
            sa.Enum("explicit_consent", "social_care", name="special_basis"),
            nullable=True,
        ),
        sa.Column(
            "decided_by",
            sa.Enum("resident", "attorney", "best_interests", name="decided_by"),
            nullable=False,
        ),
        sa.Column("basis_recorded_on", sa.Date(), nullable=False),
        sa.Column("basis_recorded_by", sa.Uuid(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erase_after", sa.Date(), nullable=True),
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
            "access_needs <@ ARRAY['step_free', 'accessible_toilet', 'hearing_loop', 'parking', 'seating', 'dementia_friendly']::text[]",
            name=op.f("ck_residents_known_access"),
        ),
        sa.CheckConstraint(
            "decided_by <> 'best_interests' OR (basis <> 'consent' AND special_basis IS DISTINCT FROM 'explicit_consent')",
            name=op.f("ck_residents_nobody_consents_for_another"),
        ),
        sa.CheckConstraint(
            "good_times <@ ARRAY['mon_am', 'mon_pm', 'mon_eve', 'tue_am', 'tue_pm', 'tue_eve', 'wed_am', 'wed_pm', 'wed_eve', 'thu_am', 'thu_pm', 'thu_eve', 'fri_am', 'fri_pm', 'fri_eve', 'sat_am', 'sat_pm', 'sat_eve', 'sun_am', 'sun_pm', 'sun_eve']::text[]",
            name=op.f("ck_residents_known_times"),
        ),
        sa.CheckConstraint(
            "reference ~ '^[2346789BCDFGHJKMNPQRTVWXYZ]{8}$'",
            name=op.f("ck_residents_reference_is_random_looking"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (erase_after IS NULL)",
            name=op.f("ck_residents_withdrawn_is_erased"),
        ),
        sa.CheckConstraint(
            "geom IS NULL OR (NOT ST_IsEmpty(geom) AND ST_X(geom) BETWEEN -9.0 AND 2.1 AND ST_Y(geom) BETWEEN 49.8 AND 61.0)",
            name=op.f("ck_residents_inside_great_britain"),
        ),
        sa.CheckConstraint(
            "review_on > basis_recorded_on", name=op.f("ck_residents_reviewed_later")
        ),
        sa.ForeignKeyConstraint(
            ["basis_recorded_by"],
            ["accounts.id"],
            name=op.f("fk_residents_basis_recorded_by_accounts"),
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_residents_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents")),
        sa.UniqueConstraint("id", "team_id", name=op.f("uq_residents_id_team_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_residents_reference")),
    )
    op.create_index(op.f("ix_residents_team_id"), "residents", ["team_id"], unique=False)
    op.create_table(
        "sign_in_sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_sign_in_sessions_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_sign_in_sessions_team_id_teams")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_sessions")),
        sa.UniqueConstraint("id", name=op.f("uq_sign_in_sessions_id")),
    )
    op.create_index(
        op.f("ix_sign_in_sessions_account_id"), "sign_in_sessions", ["account_id"], unique=False
    )
    op.create_table(
        "connection_changes",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("was_on", sa.Date(), nullable=False),
        sa.Column("was_at", sa.Time(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("moved_to", sa.Date(), nullable=True),
        sa.Column("opens_at", sa.Time(), nullable=True),
        sa.Column("closes_at", sa.Time(), nullable=True),
        sa.CheckConstraint(
            "(moved_to IS NULL) = (opens_at IS NULL)",
            name=op.f("ck_connection_changes_moved_to_a_time"),
        ),
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            name=op.f("fk_connection_changes_connection_id_team_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "connection_id", "was_on", "was_at", name=op.f("pk_connection_changes")
        ),
    )
    op.create_index(
        op.f("ix_connection_changes_team_id"), "connection_changes", ["team_id"], unique=False
    )
    op.create_table(
        "connection_notes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
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
        sa.CheckConstraint("btrim(text) <> ''", name=op.f("ck_connection_notes_says_something")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["accounts.id"], name=op.f("fk_connection_notes_author_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            name=op.f("fk_connection_notes_connection_id_team_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_notes")),
    )
    op.create_index(
        op.f("ix_connection_notes_connection_id"),
        "connection_notes",
        ["connection_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_connection_notes_team_id"), "connection_notes", ["team_id"], unique=False
    )
    op.create_table(
        "connection_residents",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("added_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            name=op.f("fk_connection_residents_connection_id_team_id_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"],
            ["residents.id", "residents.team_id"],
            name=op.f("fk_connection_residents_resident_id_team_id_residents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "connection_id", "resident_id", name=op.f("pk_connection_residents")
        ),
    )
    op.create_index(
        op.f("ix_connection_residents_resident_id"),
        "connection_residents",
        ["resident_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_connection_residents_team_id"), "connection_residents", ["team_id"], unique=False
    )
    op.create_table(
        "connection_times",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("opens_at", sa.Time(), nullable=False),
        sa.Column("closes_at", sa.Time(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="Europe/London", nullable=False),
        sa.Column("rrule", sa.Text(), nullable=True),
        sa.Column("exdates", postgresql.ARRAY(sa.Date()), server_default="{}", nullable=False),
        sa.Column(
            "skips_bank_holidays", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
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
            "rrule IS NULL OR rrule ~ '^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;|$)' AND rrule !~ ';(FREQ|BYHOUR|BYMINUTE|BYSECOND)='",
            name=op.f("ck_connection_times_daily_or_slower"),
        ),
        sa.CheckConstraint(
            "closes_at > opens_at", name=op.f("ck_connection_times_ends_after_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            name=op.f("fk_connection_times_connection_id_team_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_times")),
        sa.UniqueConstraint("id", "team_id", name=op.f("uq_connection_times_id_team_id")),
    )
    op.create_index(
        op.f("ix_connection_times_connection_id"),
        "connection_times",
        ["connection_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_connection_times_team_id"), "connection_times", ["team_id"], unique=False
    )
    op.create_table(
        "resident_interests",
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("interest_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column(
            "stance",
            sa.Enum("enjoys", "used_to", "would_try", "could_share", name="stance"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["interest_id"],
            ["interests.id"],
            name=op.f("fk_resident_interests_interest_id_interests"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"],
            ["residents.id", "residents.team_id"],
            name=op.f("fk_resident_interests_resident_id_team_id_residents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resident_id", "interest_id", name=op.f("pk_resident_interests")),
    )
    op.create_index(
        op.f("ix_resident_interests_team_id"), "resident_interests", ["team_id"], unique=False
    )
    op.create_table(
        "unmet_interests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("interest_id", sa.Integer(), nullable=False),
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("noticed_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("resident_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(team_id IS NULL) = (resident_id IS NULL)",
            name=op.f("ck_unmet_interests_resident_in_a_team"),
        ),
        sa.ForeignKeyConstraint(
            ["interest_id"], ["interests.id"], name=op.f("fk_unmet_interests_interest_id_interests")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"],
            ["residents.id", "residents.team_id"],
            name=op.f("fk_unmet_interests_resident_id_team_id_residents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmet_interests")),
        sa.UniqueConstraint(
            "resident_id", "interest_id", name=op.f("uq_unmet_interests_resident_id_interest_id")
        ),
    )
    op.create_index(
        op.f("ix_unmet_interests_ward_code"), "unmet_interests", ["ward_code"], unique=False
    )
    op.create_table(
        "visits",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column(
            "how_it_went", sa.Enum("well", "so_so", "badly", name="how_it_went"), nullable=False
        ),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            name=op.f("fk_visits_connection_id_team_id_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["accounts.id"], name=op.f("fk_visits_recorded_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint(
            "connection_id", "visited_on", name=op.f("uq_visits_connection_id_visited_on")
        ),
        sa.UniqueConstraint("id", "team_id", name=op.f("uq_visits_id_team_id")),
    )
    op.create_index(op.f("ix_visits_connection_id"), "visits", ["connection_id"], unique=False)
    op.create_index(op.f("ix_visits_team_id"), "visits", ["team_id"], unique=False)
    op.create_table(
        "offers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("interest_id", sa.Integer(), nullable=False),
        sa.Column("offered_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id", "interest_id"],
            ["resident_interests.resident_id", "resident_interests.interest_id"],
            name=op.f("fk_offers_resident_id_interest_id_resident_interests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"],
            ["residents.id", "residents.team_id"],
            name=op.f("fk_offers_resident_id_team_id_residents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint(
            "resident_id", "interest_id", name=op.f("uq_offers_resident_id_interest_id")
        ),
    )
    op.create_index(op.f("ix_offers_team_id"), "offers", ["team_id"], unique=False)
    op.create_table(
        "visit_residents",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"],
            ["residents.id", "residents.team_id"],
            name=op.f("fk_visit_residents_resident_id_team_id_residents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["visit_id", "team_id"],
            ["visits.id", "visits.team_id"],
            name=op.f("fk_visit_residents_visit_id_team_id_visits"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("visit_id", "resident_id", name=op.f("pk_visit_residents")),
    )
    op.create_index(
        op.f("ix_visit_residents_resident_id"), "visit_residents", ["resident_id"], unique=False
    )
    op.create_index(
        op.f("ix_visit_residents_team_id"), "visit_residents", ["team_id"], unique=False
    )


def downgrade() -> None:  # noqa: PLR0915 - one table after the other
    """Undo."""
    op.drop_index(op.f("ix_visit_residents_team_id"), table_name="visit_residents")
    op.drop_index(op.f("ix_visit_residents_resident_id"), table_name="visit_residents")
    op.drop_table("visit_residents")
    op.drop_index(op.f("ix_offers_team_id"), table_name="offers")
    op.drop_table("offers")
    op.drop_index(op.f("ix_visits_team_id"), table_name="visits")
    op.drop_index(op.f("ix_visits_connection_id"), table_name="visits")
    op.drop_table("visits")
    op.drop_index(op.f("ix_unmet_interests_ward_code"), table_name="unmet_interests")
    op.drop_table("unmet_interests")
    op.drop_index(op.f("ix_resident_interests_team_id"), table_name="resident_interests")
    op.drop_table("resident_interests")
    op.drop_index(op.f("ix_connection_times_team_id"), table_name="connection_times")
    op.drop_index(op.f("ix_connection_times_connection_id"), table_name="connection_times")
    op.drop_table("connection_times")
    op.drop_index(op.f("ix_connection_residents_team_id"), table_name="connection_residents")
    op.drop_index(op.f("ix_connection_residents_resident_id"), table_name="connection_residents")
    op.drop_table("connection_residents")
    op.drop_index(op.f("ix_connection_notes_team_id"), table_name="connection_notes")
    op.drop_index(op.f("ix_connection_notes_connection_id"), table_name="connection_notes")
    op.drop_table("connection_notes")
    op.drop_index(op.f("ix_connection_changes_team_id"), table_name="connection_changes")
    op.drop_table("connection_changes")
    op.drop_index(op.f("ix_sign_in_sessions_account_id"), table_name="sign_in_sessions")
    op.drop_table("sign_in_sessions")
    op.drop_index(op.f("ix_residents_team_id"), table_name="residents")
    op.drop_geospatial_table("residents")
    op.drop_index(
        "uq_memberships_in_force",
        table_name="memberships",
        postgresql_where=sa.text("ended_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index(op.f("ix_memberships_team_id"), table_name="memberships")
    op.drop_index(op.f("ix_memberships_account_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(op.f("ix_invitations_team_id"), table_name="invitations")
    op.drop_table("invitations")
    op.drop_index(op.f("ix_erasures_team_id"), table_name="erasures")
    op.drop_table("erasures")
    op.drop_index(op.f("ix_connections_team_id"), table_name="connections")
    op.drop_index(op.f("ix_connections_owner_id"), table_name="connections")
    op.drop_index(op.f("ix_connections_asset_id"), table_name="connections")
    op.drop_index(op.f("ix_connections_activity_id"), table_name="connections")
    op.drop_table("connections")
    op.drop_table("calendar_feeds")
    op.drop_table("teams")
    op.drop_index(op.f("ix_sign_in_links_account_id"), table_name="sign_in_links")
    op.drop_table("sign_in_links")
    op.drop_index(op.f("ix_identities_account_id"), table_name="identities")
    op.drop_table("identities")
    op.drop_index("ix_sign_in_attempts_counted_under_attempted_at", table_name="sign_in_attempts")
    op.drop_table("sign_in_attempts")
    op.drop_index("ix_audit_log_team_id_at", table_name="audit_log")
    op.drop_index("ix_audit_log_subject_id", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_table("accounts")
    for name in (
        "how_it_went", "stance", "travel", "lawful_basis", "special_basis", "decided_by",
        "connection_status", "member_role", "team_kind",
    ):  # fmt: skip
        op.execute(f"DROP TYPE {name}")
