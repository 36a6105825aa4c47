"""Signing in: where to go on afterwards, how a session began, an organisation's own sign-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_sign_in"
down_revision = "2026_11_26_gone_venues"
branch_labels = None
depends_on = None

# Who ends a membership need not see the team's connections (an administrator does not): the answer
# is yes or no, about a member of staff.
OWNS_CONNECTIONS = """
CREATE FUNCTION owns_connections(account uuid, team uuid)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT EXISTS (
    SELECT FROM connections c
    WHERE c.owner_id = account AND c.team_id = team AND c.status <> 'ended'
  )
$$
"""


def upgrade() -> None:
    """Add the columns, the table and the function."""
    op.add_column(
        "sign_in_sessions", sa.Column("way", sa.Text(), server_default="", nullable=False)
    )
    op.add_column(
        "sign_in_links", sa.Column("next_path", sa.Text(), server_default="", nullable=False)
    )
    op.create_table(
        "organisation_sign_ins",
        sa.Column("state_digest", sa.LargeBinary(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("code_verifier", sa.Text(), nullable=False),
        sa.Column("next_path", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("state_digest", name=op.f("pk_organisation_sign_ins")),
    )
    op.execute(
        "GRANT SELECT, INSERT, DELETE ON organisation_sign_ins TO patchwork_app, patchwork_keeper"
    )
    op.execute(OWNS_CONNECTIONS)
    op.execute("GRANT CREATE ON SCHEMA public TO patchwork_keeper")
    op.execute("ALTER FUNCTION owns_connections(uuid, uuid) OWNER TO patchwork_keeper")
    op.execute("REVOKE CREATE ON SCHEMA public FROM patchwork_keeper")


def downgrade() -> None:
    """Take it all back."""
    op.execute("DROP FUNCTION owns_connections(uuid, uuid)")
    op.drop_table("organisation_sign_ins")
    op.drop_column("sign_in_links", "next_path")
    op.drop_column("sign_in_sessions", "way")
