"""Activities: what happens, where, when and about what."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.dialects.postgresql import ARRAY, INT4MULTIRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.assets import ACCESS_WORDS
from app.models.base import (
    Base,
    Versioned,
    grid_copy_of,
    grid_point,
    has_a_name,
    lon_lat_point,
)


class Activity(Versioned, Base):
    """Something that happens: run by an organizer, at a venue, on schedules, about interests.

    `geom` copies the venue's point, or the organizer's where there is no venue or it has gone;
    triggers keep it.
    """

    __tablename__ = "activities"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    name: Mapped[str] = mapped_column(sa.Text)
    description: Mapped[str | None] = mapped_column(sa.Text)
    organizer_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), index=True
    )
    venue_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="SET NULL"), index=True
    )
    comes_to_homes: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    interest_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer), server_default="{}")
    access: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    # NULL: not known. 0: free of charge.
    cost_pence: Mapped[int | None] = mapped_column(sa.Integer)
    # "tue_pm": the weekday and part of day of its schedules, for the time fit of the score.
    day_parts: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    # The minutes of the week (Monday 0:00 is 0) at which it starts, each a range of one minute:
    # {[2280,2281)} is Tuesday 2pm. A filter on day and time is one operator. NULL: not known.
    week_starts: Mapped[Sequence[Range[int]] | None] = mapped_column(INT4MULTIRANGE)
    # The last day it happens; NULL: it goes on, or nobody knows when it is.
    ends_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    # NULL: not known, so the venue's or organizer's counts.
    is_indoors: Mapped[bool | None] = mapped_column(sa.Boolean)
    geom: Mapped[WKBElement | None] = mapped_column(lon_lat_point())
    point_27700: Mapped[WKBElement | None] = mapped_column(grid_point(), grid_copy_of("geom"))
    # Where it is, as its feed says, until a venue of the map agrees that it is there.
    place_words: Mapped[str | None] = mapped_column(sa.Text)
    assured_date: Mapped[dt.date | None] = mapped_column(sa.Date)

    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"))
    source_key: Mapped[str] = mapped_column(sa.Text)
    scope: Mapped[str] = mapped_column(sa.Text, server_default="")
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_runs.id"), index=True)
    content_hash: Mapped[str] = mapped_column(sa.Text, server_default="")
    gone_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    schedules: Mapped[list[Schedule]] = relationship(
        cascade="all, delete-orphan",
        order_by="Schedule.starts_on",
        back_populates="activity",
    )

    __table_args__ = (
        sa.UniqueConstraint("source_id", "source_key"),
        has_a_name(),
        sa.CheckConstraint("cost_pence >= 0", name="cost_not_negative"),
        sa.CheckConstraint(f"access <@ ARRAY[{ACCESS_WORDS}]::text[]", name="known_access"),
        # One for each of the two lists: those near you, and those who come to you.
        *(
            sa.Index(
                f"ix_activities_{name}_point_27700_interest_ids",
                "point_27700",
                "interest_ids",
                postgresql_using="gist",
                postgresql_ops={"interest_ids": "gist__intbig_ops(siglen=64)"},
                postgresql_where=sa.text(f"gone_at IS NULL AND {condition}"),
            )
            for name, condition in (("near", "NOT comes_to_homes"), ("visit", "comes_to_homes"))
        ),
        sa.Index("ix_activities_source_id_scope", "source_id", "scope"),
        # What changed last, and Open Referral UK's identifier of it at its place.
        sa.Index("ix_activities_updated_at", "updated_at"),
        sa.Index(
            "ix_activities_service_at_location",
            sa.text("uuid_generate_v5(id, 'service_at_location')"),
            postgresql_where=sa.text("gone_at IS NULL"),
        ),
    )


class Schedule(Base):
    """When an activity happens: the first day, clock times in local time, and a rule (RFC 5545)."""

    __tablename__ = "schedules"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    activity_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("activities.id", ondelete="CASCADE"), index=True
    )
    starts_on: Mapped[dt.date] = mapped_column(sa.Date)
    opens_at: Mapped[dt.time] = mapped_column(sa.Time)
    closes_at: Mapped[dt.time | None] = mapped_column(sa.Time)
    timezone: Mapped[str] = mapped_column(sa.Text, server_default="Europe/London")
    # NULL: happens once. Else FREQ=DAILY or slower; sub-daily rules are refused at import.
    rrule: Mapped[str | None] = mapped_column(sa.Text)
    exdates: Mapped[list[dt.date]] = mapped_column(ARRAY(sa.Date), server_default="{}")

    activity: Mapped[Activity] = relationship(back_populates="schedules")

    __table_args__ = (
        sa.CheckConstraint(
            "rrule IS NULL OR rrule ~ '^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;|$)'"
            " AND rrule !~ ';(FREQ|BYHOUR|BYMINUTE|BYSECOND)='",
            name="daily_or_slower",
        ),
    )
