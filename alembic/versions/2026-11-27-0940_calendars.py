"""What calendars of others bring: the place of an activity in their own words, and items of feeds.

The application may say where something happens once its venue has agreed, and nothing else of it.
"""

from __future__ import annotations

from types import ModuleType

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_27_calendars"
down_revision = "2026_11_27_oruk"
branch_labels = None
depends_on = None

VIEW_BEFORE = "2026_11_26_find"
READERS = "patchwork_app, patchwork_keeper"
# Where a venue has agreed it is shown itself; somebody's skill is known by its ward only.
WORDS = "CASE WHEN v.id IS NULL AND o.kind <> 'informal' THEN a.place_words END AS place_words"


def _module_of(revision_id: str) -> ModuleType:
    return op.get_context().script.get_revision(revision_id).module  # type: ignore[union-attr]


def _view(*more: str) -> str:
    """Return the statement of the view of activities, with more columns at its end."""
    find = _module_of(VIEW_BEFORE)
    columns = ", ".join((find.ACTIVITIES_TOO, *more))
    statement: str = find._with_columns(find._activities_before(), columns)
    return statement


def upgrade() -> None:
    """Keep the words, show them, and let a venue's answer be written."""
    op.add_column("activities", sa.Column("place_words", sa.Text(), nullable=True))
    op.execute(_view(WORDS))
    op.create_table(
        "feed_items",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feeds.id"], name=op.f("fk_feed_items_feed_id_feeds"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", "item_id", name=op.f("pk_feed_items")),
    )
    op.execute("GRANT UPDATE (venue_id) ON activities TO patchwork_app")


def downgrade() -> None:
    """Forget the words; a view that is replaced keeps its columns, so it is made anew."""
    op.execute("REVOKE UPDATE (venue_id) ON activities FROM patchwork_app")
    op.execute("DROP VIEW public_activities")
    op.execute(_view())
    op.execute(f"GRANT SELECT ON public_activities TO {READERS}")
    op.drop_table("feed_items")
    op.drop_column("activities", "place_words")
