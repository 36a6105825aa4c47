"""What Open Referral UK's answers are read from."""

from __future__ import annotations

revision = "2026_11_27_oruk"
down_revision = "2026_11_27_ogc"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
