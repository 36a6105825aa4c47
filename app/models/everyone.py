"""What was found for everybody in one run: the runs, and each resident's best matches by number."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, words_enum


class MatchRunState(enum.StrEnum):
    """Where a run is: readers see those that are current, and no other."""

    RUNNING = "running"
    CURRENT = "current"
    REPLACED = "replaced"  # by a newer run of everybody it was about
    FAILED = "failed"


class MatchRun(Base):
    """One run of matching everybody, or everybody in some areas."""

    __tablename__ = "match_runs"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    state: Mapped[MatchRunState] = mapped_column(words_enum(MatchRunState, "match_run_state"))
    engine: Mapped[str] = mapped_column(sa.Text)  # "local" or "dask"
    # Codes of wards and districts; none: everybody.
    area_codes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    # The day the scores are of: a run that goes on after a kill keeps it.
    of_day: Mapped[dt.date] = mapped_column(sa.Date)
    started_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    finished_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    residents: Mapped[int] = mapped_column(sa.Integer, server_default="0")

    __table_args__ = (
        # Of everybody one run at a time is current; of areas there may be newer ones beside it.
        sa.Index(
            "uq_match_runs_current_of_everybody",
            "state",
            unique=True,
            postgresql_where=sa.text("state = 'current' AND area_codes = '{}'"),
        ),
    )


class ResidentMatches(Base):
    """The best matches of one resident in one run, best first, by number alone.

    The arrays of a list are of one length (`near_walks_m` is NULL where nothing was walked); who
    has nothing in reach has a row with empty ones. Scores are in millionths, distances in metres as
    the crow flies, walks along ways (NaN: not known, infinity: no way).
    """

    __tablename__ = "resident_matches"

    run_id: Mapped[int] = mapped_column(
        sa.ForeignKey("match_runs.id", ondelete="CASCADE"), primary_key=True
    )
    resident_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True, index=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    # Where they live; NULL where no ward is known.
    ward_code: Mapped[str | None] = mapped_column(sa.Text)
    near_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(sa.Uuid))
    near_are_activities: Mapped[list[bool]] = mapped_column(ARRAY(sa.Boolean))
    near_scores: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer))
    near_distances_m: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))
    near_walks_m: Mapped[list[float] | None] = mapped_column(ARRAY(sa.Double))
    # Who comes is always an activity.
    visit_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(sa.Uuid))
    visit_scores: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer))
    visit_distances_m: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))
    # Interests with nothing in reach that answers them, but those that show faith, health or the
    # like: these are not kept as unmet.
    unmet_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer))

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"], ["residents.id", "residents.team_id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "cardinality(near_ids) = cardinality(near_scores)"
            " AND cardinality(near_ids) = cardinality(near_distances_m)"
            " AND cardinality(near_ids) = cardinality(near_are_activities)"
            " AND cardinality(visit_ids) = cardinality(visit_scores)"
            " AND cardinality(visit_ids) = cardinality(visit_distances_m)",
            name="lists_are_whole",
        ),
    )
