"""Connections: matches somebody took up, when they happen, and the visits that came of them."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped, Versioned, words_enum


class ConnectionStatus(enum.StrEnum):
    """How far a connection has come."""

    SUGGESTED = "suggested"
    CONTACTED = "contacted"
    AGREED = "agreed"
    HAPPENING = "happening"
    PAUSED = "paused"
    ENDED = "ended"


class HowItWent(enum.StrEnum):
    """The three faces."""

    WELL = "well"
    SO_SO = "so_so"
    BADLY = "badly"


class Connection(Versioned, Base):
    """A match a team took up. It belongs to the team and outlives whoever made it."""

    __tablename__ = "connections"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    team_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    # The place or group, and what it does, if it is about one activity.
    asset_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assets.id"), index=True)
    activity_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("activities.id", ondelete="SET NULL"), index=True
    )
    # What it is about, as it was called when it began: places and activities are renamed and go.
    title: Mapped[str] = mapped_column(sa.Text)
    # They come to the home (or we go to them).
    is_visit: Mapped[bool] = mapped_column(sa.Boolean)
    interest_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer), server_default="{}")
    # The sentences the match came with.
    reasons: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    status: Mapped[ConnectionStatus] = mapped_column(
        words_enum(ConnectionStatus, "connection_status"), server_default="suggested"
    )
    owner_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    # The member of staff who welcomes the visitors, by name: need not have an account.
    welcomed_by: Mapped[str] = mapped_column(sa.Text, server_default="")
    # Whom to ask for, and a number of their own, if they gave one.
    contact_name: Mapped[str] = mapped_column(sa.Text, server_default="")
    contact_phone: Mapped[str] = mapped_column(sa.Text, server_default="")
    next_step: Mapped[str] = mapped_column(sa.Text, server_default="")
    next_step_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    promised: Mapped[str] = mapped_column(sa.Text, server_default="")
    what_worked: Mapped[str] = mapped_column(sa.Text, server_default="")
    # Counts every change of its times and single dates (a trigger keeps both): for calendar feeds.
    dates_version: Mapped[int] = mapped_column(sa.Integer, server_default="1")
    dates_changed_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (
        sa.UniqueConstraint("id", "team_id"),
        sa.CheckConstraint("btrim(title) <> ''", name="has_a_title"),
    )


class ConnectionResident(Base):
    """Whom a connection is for, by reference."""

    __tablename__ = "connection_residents"

    connection_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    resident_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True, index=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    added_on: Mapped[dt.date] = mapped_column(sa.Date, server_default=sa.func.current_date())

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"], ["residents.id", "residents.team_id"], ondelete="CASCADE"
        ),
    )


class ConnectionNote(Timestamped, Base):
    """A dated note about a connection (never about a resident)."""

    __tablename__ = "connection_notes"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    connection_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    author_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    text: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (
        sa.CheckConstraint("btrim(text) <> ''", name="says_something"),
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            ondelete="CASCADE",
        ),
    )


class ConnectionTime(Versioned, Base):
    """When a connection happens at or from the home: first day, local clock times and a rule.

    The same shape as `Schedule`: without rows here, a connection has its activity's schedules.
    """

    __tablename__ = "connection_times"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    connection_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    starts_on: Mapped[dt.date] = mapped_column(sa.Date)
    opens_at: Mapped[dt.time] = mapped_column(sa.Time)
    closes_at: Mapped[dt.time | None] = mapped_column(sa.Time)
    timezone: Mapped[str] = mapped_column(sa.Text, server_default="Europe/London")
    rrule: Mapped[str | None] = mapped_column(sa.Text)
    exdates: Mapped[list[dt.date]] = mapped_column(ARRAY(sa.Date), server_default="{}")
    # Not on English bank holidays.
    skips_bank_holidays: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())

    __table_args__ = (
        sa.UniqueConstraint("id", "team_id"),
        sa.CheckConstraint(
            "rrule IS NULL OR rrule ~ '^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;|$)'"
            " AND rrule !~ ';(FREQ|BYHOUR|BYMINUTE|BYSECOND)='",
            name="daily_or_slower",
        ),
        sa.CheckConstraint("closes_at > opens_at", name="ends_after_it_starts"),
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            ondelete="CASCADE",
        ),
    )


class ConnectionChange(Base):
    """One date of a connection that is cancelled (`moved_to` is NULL) or moved."""

    __tablename__ = "connection_changes"

    connection_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    # The day and time it would have been.
    was_on: Mapped[dt.date] = mapped_column(sa.Date, primary_key=True)
    was_at: Mapped[dt.time] = mapped_column(sa.Time, primary_key=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    moved_to: Mapped[dt.date | None] = mapped_column(sa.Date)
    opens_at: Mapped[dt.time | None] = mapped_column(sa.Time)
    closes_at: Mapped[dt.time | None] = mapped_column(sa.Time)

    __table_args__ = (
        sa.CheckConstraint("(moved_to IS NULL) = (opens_at IS NULL)", name="moved_to_a_time"),
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            ondelete="CASCADE",
        ),
    )


class Visit(Versioned, Base):
    """One time it took place: who came (by reference) and how it went."""

    __tablename__ = "visits"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    connection_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    visited_on: Mapped[dt.date] = mapped_column(sa.Date)
    how_it_went: Mapped[HowItWent] = mapped_column(words_enum(HowItWent, "how_it_went"))
    sentence: Mapped[str] = mapped_column(sa.Text, server_default="")
    recorded_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))

    __table_args__ = (
        sa.UniqueConstraint("id", "team_id"),
        sa.UniqueConstraint("connection_id", "visited_on"),
        sa.ForeignKeyConstraint(
            ["connection_id", "team_id"],
            ["connections.id", "connections.team_id"],
            ondelete="CASCADE",
        ),
    )


class VisitResident(Base):
    """Who came, by reference."""

    __tablename__ = "visit_residents"

    visit_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    resident_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True, index=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["visit_id", "team_id"], ["visits.id", "visits.team_id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"], ["residents.id", "residents.team_id"], ondelete="CASCADE"
        ),
    )


class CalendarFeed(Base):
    """The secret address of a team's calendar; a new token makes the old address useless."""

    __tablename__ = "calendar_feeds"

    team_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("teams.id"), primary_key=True)
    token: Mapped[str] = mapped_column(sa.Text, unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (sa.CheckConstraint("length(token) >= 32", name="cannot_be_guessed"),)
