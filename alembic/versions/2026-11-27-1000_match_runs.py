"""Matching everybody in one run: the runs, and what each resident's best matches were.

What residents' rows are, these are too: seen by the resident's own team, and hidden with them. Only
the keeper writes them. Numbers that leave a home are counted by functions, and rounded.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_27_match_runs"
down_revision = "2026_11_27_ogc"
branch_labels = None
depends_on = None

STATES = ("running", "current", "replaced", "failed")
MINE = "team_id = ANY ((SELECT my_team_ids())::uuid[])"
RESIDENT_IS_SEEN = "EXISTS (SELECT FROM residents r WHERE r.id = resident_id)"


def erase_one(*, also: bool) -> str:
    """Return the statement of the function that erases a resident; `also` what was found for them.

    It counts rows one by one, and what a foreign key takes along would be counted nowhere.
    """
    signature = "erase_one(given uuid)"
    before = op.get_context().script.get_revision("2026_11_26_residents").module  # type: ignore[union-attr]
    body: str = before.FUNCTIONS[signature]
    if also:
        last = before.OF_A_RESIDENT[-1]
        rows = before.DELETE_ROWS[before.DELETE_ROWS.index(f"DELETE FROM {last} ") :]
        body = body.replace(rows, f"{rows}\n          {rows.replace(last, 'resident_matches')}")
    return f"CREATE OR REPLACE FUNCTION {signature} {body}"


def upgrade() -> None:
    """Make both tables, and say who may do what."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "match_runs",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="match_run_state"), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("area_codes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("of_day", sa.Date(), nullable=False),
        sa.Column("started_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("residents", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_runs")),
    )
    op.create_index(
        "uq_match_runs_current_of_everybody",
        "match_runs",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'current' AND area_codes = '{}'"),
    )
    uuids, metres = postgresql.ARRAY(sa.Uuid()), postgresql.ARRAY(sa.Double())
    whole = postgresql.ARRAY(sa.Integer())
    op.create_table(
        "resident_matches",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("ward_code", sa.Text(), nullable=True),
        sa.Column("near_ids", uuids, nullable=False),
        sa.Column("near_are_activities", postgresql.ARRAY(sa.Boolean()), nullable=False),
        sa.Column("near_scores", whole, nullable=False),
        sa.Column("near_distances_m", metres, nullable=False),
        sa.Column("near_walks_m", metres, nullable=True),
        sa.Column("visit_ids", uuids, nullable=False),
        sa.Column("visit_scores", whole, nullable=False),
        sa.Column("visit_distances_m", metres, nullable=False),
        sa.Column("unmet_ids", whole, nullable=False),
        sa.CheckConstraint(
            "cardinality(near_ids) = cardinality(near_scores)"
            " AND cardinality(near_ids) = cardinality(near_distances_m)"
            " AND cardinality(near_ids) = cardinality(near_are_activities)"
            " AND cardinality(visit_ids) = cardinality(visit_scores)"
            " AND cardinality(visit_ids) = cardinality(visit_distances_m)",
            name=op.f("ck_resident_matches_lists_are_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["match_runs.id"],
            name=op.f("fk_resident_matches_run_id_match_runs"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"],
            ["residents.id", "residents.team_id"],
            name=op.f("fk_resident_matches_resident_id_team_id_residents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "resident_id", name=op.f("pk_resident_matches")),
    )
    for column in ("resident_id", "team_id"):
        op.create_index(op.f(f"ix_resident_matches_{column}"), "resident_matches", [column])
    op.execute("GRANT SELECT ON match_runs, resident_matches TO patchwork_keeper")
    # Of how many residents a run was is for no page: of a small area it says how many live there.
    op.execute(
        "GRANT SELECT (id, state, engine, area_codes, of_day, started_at, finished_at)"
        " ON match_runs TO patchwork_app"
    )
    op.execute("GRANT SELECT ON resident_matches TO patchwork_app")
    op.execute("GRANT INSERT, UPDATE, DELETE ON match_runs, resident_matches TO patchwork_keeper")
    op.execute("ALTER TABLE resident_matches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY keeper ON resident_matches TO patchwork_keeper USING (true)")
    op.execute(
        "CREATE POLICY own_team ON resident_matches FOR SELECT TO patchwork_app"
        f" USING ({MINE} AND {RESIDENT_IS_SEEN})"
    )
    op.execute(erase_one(also=True))


def downgrade() -> None:
    """Take both away."""
    op.execute(erase_one(also=False))
    op.drop_table("resident_matches")
    op.drop_table("match_runs")
    op.execute("DROP TYPE match_run_state")
