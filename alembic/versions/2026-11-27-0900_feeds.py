"""Feeds, what terms of other taxonomies stand for, and venues that are asked; files on their way in.

An asset may have no place: a helpline, or an entry of a feed that nobody could place yet.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_27_feeds"
down_revision = "2026_11_26_walking"
branch_labels = None
depends_on = None

FEED_KIND = ("oruk", "ical", "openactive")
TERM_STATUS = ("guessed", "agreed", "ignored")
VENUE_ANSWER = ("waiting", "accepted", "refused")
TABLES = ("feeds", "term_mappings", "venue_requests", "uploads", "column_mappings")
NOWHERE = "location_source::text = 'none'"
PLACED = "geom IS NOT NULL OR ward_code IS NOT NULL"


def upgrade() -> None:
    """Make the tables and their rights; let an asset have no place."""
    # What was added to an enum cannot be used in the same transaction: the checks compare its text.
    op.execute("ALTER TYPE location_source ADD VALUE IF NOT EXISTS 'none'")
    op.drop_constraint(op.f("ck_assets_placed_by_point_or_ward"), "assets", type_="check")
    op.create_check_constraint(
        op.f("ck_assets_placed_by_point_or_ward"), "assets", f"{PLACED} OR {NOWHERE}"
    )
    op.create_check_constraint(
        op.f("ck_assets_no_place_no_point"), "assets", f"NOT ({NOWHERE}) OR geom IS NULL"
    )
    now = sa.text("now()")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "feeds",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Enum(*FEED_KIND, name="feed_kind"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=True),
        sa.Column("every_hours", sa.SmallInteger(), server_default="24", nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("tried_at", moment, nullable=True),
        sa.Column("read_at", moment, nullable=True),
        sa.Column("failures", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("updated_at", moment, server_default=now, nullable=False),
        sa.CheckConstraint(
            "every_hours BETWEEN 1 AND 744", name=op.f("ck_feeds_hourly_to_monthly")
        ),
        sa.CheckConstraint(
            "kind <> 'ical' OR organizer_id IS NOT NULL", name=op.f("ck_feeds_is_somebodys")
        ),
        _to_asset("feeds", "organizer_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("kind", "url", name=op.f("uq_feeds_kind_url")),
    )
    op.create_index(op.f("ix_feeds_organizer_id"), "feeds", ["organizer_id"])
    op.execute(
        "CREATE TRIGGER bump_version BEFORE UPDATE ON feeds FOR EACH ROW"
        " WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION bump_version()"
    )
    op.create_table(
        "term_mappings",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("taxonomy", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "interest_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False
        ),
        sa.Column("status", sa.Enum(*TERM_STATUS, name="term_status"), nullable=False),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("updated_at", moment, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_mappings")),
        sa.UniqueConstraint("taxonomy", "term", name=op.f("uq_term_mappings_taxonomy_term")),
    )
    op.create_table(
        "venue_requests",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column(
            "answer",
            sa.Enum(*VENUE_ANSWER, name="venue_answer"),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("updated_at", moment, server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feeds.id"],
            name=op.f("fk_venue_requests_feed_id_feeds"), ondelete="CASCADE",
        ),
        _to_asset("venue_requests", "venue_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_requests")),
        sa.UniqueConstraint(
            "feed_id", "words", "venue_id", name=op.f("uq_venue_requests_feed_id_words_venue_id")
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_venue_requests_venue_id"), "venue_requests", ["venue_id"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=True),
        sa.Column("mapping", postgresql.JSONB(), nullable=True),
        sa.Column("loaded_at", moment, nullable=True),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("updated_at", moment, server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"],
            name=op.f("fk_uploads_account_id_accounts"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )  # fmt: skip
    op.create_index(op.f("ix_uploads_account_id"), "uploads", ["account_id"])
    op.create_table(
        "column_mappings",
        sa.Column("header_digest", sa.Text(), nullable=False),
        sa.Column("header", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("updated_at", moment, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("header_digest", name=op.f("pk_column_mappings")),
    )
    everything = ", ".join(TABLES)
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {everything} TO patchwork_app, patchwork_keeper"
    )


def _to_asset(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_assets")
    return sa.ForeignKeyConstraint([column], ["assets.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    """Take them away; what has no place goes too. The enum keeps its word: it cannot lose one."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for name in ("feed_kind", "term_status", "venue_answer"):
        op.execute(f"DROP TYPE {name}")
    op.execute(f"DELETE FROM assets WHERE {NOWHERE}")
    op.drop_constraint(op.f("ck_assets_no_place_no_point"), "assets", type_="check")
    op.drop_constraint(op.f("ck_assets_placed_by_point_or_ward"), "assets", type_="check")
    op.create_check_constraint(op.f("ck_assets_placed_by_point_or_ward"), "assets", PLACED)
