"""Where rows came from: sources, the runs that read their files, and what went wrong in them."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped, words_enum


class Source(Timestamped, Base):
    """A publisher's dataset, with the licence its rows carry wherever they go."""

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(sa.Text, unique=True)
    name: Mapped[str] = mapped_column(sa.Text)
    publisher: Mapped[str] = mapped_column(sa.Text)
    licence: Mapped[str] = mapped_column(sa.Text)
    attribution: Mapped[str] = mapped_column(sa.Text)
    # ODbL rows stay a layer of their own and are never merged field by field.
    is_share_alike: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    # Which of two linked duplicates is shown: the smaller number wins.
    precedence: Mapped[int] = mapped_column(sa.SmallInteger, server_default="50")


class RunStatus(enum.StrEnum):
    """How an import run ended."""

    LOADED = "loaded"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class ImportRun(Base):
    """One file read once: what came of every row."""

    __tablename__ = "import_runs"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"), index=True)
    reader: Mapped[str] = mapped_column(sa.Text)
    # What the file covers: rows of the same source and scope that it no longer has are "gone".
    scope: Mapped[str] = mapped_column(sa.Text)
    file_name: Mapped[str] = mapped_column(sa.Text)
    file_sha256: Mapped[str] = mapped_column(sa.Text)
    # The date the publisher gives the data, not the date we read it.
    as_of: Mapped[dt.date | None] = mapped_column(sa.Date)
    release: Mapped[str | None] = mapped_column(sa.Text)
    started_at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    status: Mapped[RunStatus] = mapped_column(words_enum(RunStatus, "run_status"))
    message: Mapped[str | None] = mapped_column(sa.Text)
    rows_read: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    rows_new: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    rows_changed: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    rows_unchanged: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    rows_gone: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    rows_skipped: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    rows_problem: Mapped[int] = mapped_column(sa.Integer, server_default="0")


class ProblemReason(enum.StrEnum):
    """Why a row was not stored, or was stored with a doubt (the closed list)."""

    MISSING_FIELD = "missing_field"
    UNREADABLE_VALUE = "unreadable_value"
    UNKNOWN_POSTCODE = "unknown_postcode"
    NO_LOCATION = "no_location"
    SWAPPED_AXES = "swapped_axes"
    OUTSIDE_GREAT_BRITAIN = "outside_great_britain"
    OUTSIDE_DISTRICT = "outside_district"
    INVALID_GEOMETRY = "invalid_geometry"
    DUPLICATE = "duplicate"
    UNKNOWN_INTEREST = "unknown_interest"
    MAY_BE_A_REFUGE = "may_be_a_refuge"
    UNNAMED = "unnamed"


class ImportProblem(Base):
    """A row somebody should look at: which, why, and what to do next."""

    __tablename__ = "import_problems"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    import_run_id: Mapped[int] = mapped_column(
        sa.ForeignKey("import_runs.id", ondelete="CASCADE"), index=True
    )
    row_number: Mapped[int] = mapped_column(sa.Integer)
    source_key: Mapped[str | None] = mapped_column(sa.Text)
    name: Mapped[str | None] = mapped_column(sa.Text)
    reason: Mapped[ProblemReason] = mapped_column(words_enum(ProblemReason, "problem_reason"))
    message: Mapped[str] = mapped_column(sa.Text)
    suggestion: Mapped[str] = mapped_column(sa.Text)
    is_stored: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    raw: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = (
        sa.Index("ix_import_problems_open", "id", postgresql_where=sa.text("resolved_at IS NULL")),
    )
