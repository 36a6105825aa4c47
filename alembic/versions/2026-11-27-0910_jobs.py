"""The queue of jobs (procrastinate's own tables, in a schema of its own), and what came of each.

The queue's names are short and many: in a schema of their own they are out of the way of ours, and
go with it. Whoever uses them sets their search path (app/jobs/connecting.py).
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "2026_11_27_jobs"
down_revision = "2026_11_27_feeds"
branch_labels = None
depends_on = None

SCHEMA = "jobs"
# Of procrastinate 3.10. When an update brings another one, it comes with migrations of its own
# (procrastinate/sql/migrations): a new migration of ours runs those, this one stays.
DIGEST = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"
RUN_OUTCOME = ("running", "done", "failed", "again", "lost")


def upgrade() -> None:
    """Make the queue and the table of runs, and say who may do what."""
    schema = SchemaManager.get_schema()
    if hashlib.sha256(schema.encode()).hexdigest() != DIGEST:
        raise RuntimeError(
            "This procrastinate has other tables: install what requirements.lock says."
        )
    op.execute(f"CREATE SCHEMA {SCHEMA}")
    op.execute(f"SET LOCAL search_path = {SCHEMA}, public")
    op.get_bind().exec_driver_sql(schema.replace("%", "%%"))
    op.execute("SET LOCAL search_path = DEFAULT")
    op.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO patchwork_app, patchwork_keeper")
    everything = f"ON ALL TABLES IN SCHEMA {SCHEMA} TO"
    op.execute(f"GRANT SELECT {everything} patchwork_app, patchwork_keeper")
    op.execute(f"GRANT INSERT, UPDATE, DELETE {everything} patchwork_keeper")
    # What asks for a job: it is written down, and so is that it was.
    op.execute(
        f"GRANT INSERT ON {SCHEMA}.procrastinate_jobs, {SCHEMA}.procrastinate_events"
        " TO patchwork_app"
    )
    op.execute(
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO patchwork_app, patchwork_keeper"
    )
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "job_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(*RUN_OUTCOME, name="run_outcome"),
            server_default="running",
            nullable=False,
        ),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'running') = (finished_at IS NULL)", name=op.f("ck_job_runs_ends_once")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
    )
    op.create_index(op.f("ix_job_runs_job_id"), "job_runs", ["job_id"])
    op.create_index(op.f("ix_job_runs_task_started_at"), "job_runs", ["task", "started_at"])
    op.execute("GRANT SELECT ON job_runs TO patchwork_app, patchwork_keeper")
    op.execute("GRANT INSERT, UPDATE, DELETE ON job_runs TO patchwork_keeper")


def downgrade() -> None:
    """Take both away, with whatever waits."""
    op.drop_table("job_runs")
    op.execute("DROP TYPE run_outcome")
    op.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
