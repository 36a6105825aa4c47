"""The tables of the queue of jobs (procrastinate's own)."""

from __future__ import annotations

revision = "2026_11_27_jobs"
down_revision = "2026_11_27_feeds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
