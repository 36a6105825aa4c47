"""What calendars of others bring."""

from __future__ import annotations

revision = "2026_11_27_calendars"
down_revision = "2026_11_27_oruk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
