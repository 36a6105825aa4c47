"""The schema of views that OGC API serves."""

from __future__ import annotations

revision = "2026_11_27_ogc"
down_revision = "2026_11_27_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
