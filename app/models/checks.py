"""Checks: somebody confirmed a fact on a date."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, words_enum


class CheckOutcome(enum.StrEnum):
    """What the person found."""

    CONFIRMED = "confirmed"
    CHANGED = "changed"
    GONE = "gone"


class Check(Base):
    """One look at one asset or activity. `assured_date` there is the newest `checked_on` here."""

    __tablename__ = "checks"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    asset_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), index=True
    )
    activity_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("activities.id", ondelete="CASCADE"), index=True
    )
    checked_on: Mapped[dt.date] = mapped_column(sa.Date)
    outcome: Mapped[CheckOutcome] = mapped_column(words_enum(CheckOutcome, "check_outcome"))
    # Which fact ("hours", "phone"); NULL: that it is there at all.
    fact: Mapped[str | None] = mapped_column(sa.Text)
    # Who looked; NULL: an import says so.
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(asset_id, activity_id) = 1", name="one_subject"),
        # A day's grace for clocks: nobody checks tomorrow.
        sa.CheckConstraint(
            "checked_on <= (created_at AT TIME ZONE 'UTC')::date + 1",
            name="not_in_the_future",
        ),
    )
