"""What became of jobs: one row each time one was begun. What waits is in the queue's own tables."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, words_enum


class RunOutcome(enum.StrEnum):
    """How a run of a job ended, if it has."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    AGAIN = "again"  # it failed or was stopped, and is in the queue once more
    LOST = "lost"  # its process ended without a word


class JobRun(Base):
    """One go at one job; nothing personal stands in any column."""

    __tablename__ = "job_runs"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    # The queue's own number; it forgets jobs sooner than we do.
    job_id: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    task: Mapped[str] = mapped_column(sa.Text)
    # What it was about, where a task is about several things: a feed's number, what is tidied up.
    subject: Mapped[str | None] = mapped_column(sa.Text)
    # 1 is the first.
    attempt: Mapped[int] = mapped_column(sa.SmallInteger)
    started_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    finished_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    outcome: Mapped[RunOutcome] = mapped_column(
        words_enum(RunOutcome, "run_outcome"), server_default="running"
    )
    # How far it has come, and of how many; NULL while nobody knows.
    done: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    total: Mapped[int | None] = mapped_column(sa.Integer)
    # What came of it, in one sentence.
    message: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.Index("ix_job_runs_task_started_at", "task", "started_at"),
        sa.CheckConstraint("(outcome = 'running') = (finished_at IS NULL)", name="ends_once"),
    )
