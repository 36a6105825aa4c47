"""Residents, with care: a random reference, what they enjoy, and why we may hold it.

Nothing else has a column: no name, date of birth, NHS number, room, diagnosis or free text. People
who live at home and are helped by a community connector are kept the same way.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.assets import ACCESS_WORDS
from app.models.base import (
    Base,
    Versioned,
    grid_copy_of,
    grid_point,
    inside_great_britain,
    lon_lat_point,
    words_enum,
)

# Without letters and digits that are taken for one another when read out or copied by hand.
REFERENCE_ALPHABET = "2346789BCDFGHJKMNPQRTVWXYZ"
REFERENCE_LENGTH = 8

DAY_PARTS = tuple(
    f"{day}_{part}"
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    for part in ("am", "pm", "eve")
)
DAY_PART_WORDS = ", ".join(f"'{word}'" for word in DAY_PARTS)


class Stance(enum.StrEnum):
    """How somebody stands to an interest."""

    ENJOYS = "enjoys"
    USED_TO = "used_to"
    WOULD_TRY = "would_try"
    COULD_SHARE = "could_share"


class Travel(enum.StrEnum):
    """How far somebody can go."""

    VISITS_ONLY = "visits_only"
    SHORT_WALK = "short_walk"
    CAN_TRAVEL = "can_travel"


class Basis(enum.StrEnum):
    """Why the law lets us keep it (UK GDPR, Article 6)."""

    CONSENT = "consent"  # 6(1)(a)
    LEGITIMATE_INTERESTS = "legitimate_interests"  # 6(1)(f)
    PUBLIC_TASK = "public_task"  # 6(1)(e)


class SpecialBasis(enum.StrEnum):
    """Why the law lets us keep what shows faith, health or the like (UK GDPR, Article 9)."""

    EXPLICIT_CONSENT = "explicit_consent"  # 9(2)(a)
    SOCIAL_CARE = "social_care"  # 9(2)(h)


class DecidedBy(enum.StrEnum):
    """Who said that it may be kept."""

    RESIDENT = "resident"
    ATTORNEY = "attorney"  # a lasting power of attorney for health and welfare, or a deputy
    BEST_INTERESTS = "best_interests"  # Mental Capacity Act 2005, section 4


class Resident(Versioned, Base):
    """One resident of a home, or one person at home, by a random reference.

    Withdrawn: hidden at once (row-level security), erased on `erase_after`.
    """

    __tablename__ = "residents"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    team_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    reference: Mapped[str] = mapped_column(sa.Text, unique=True)
    # What a way in or a session has to have (the list of `Access`).
    access_needs: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    travel: Mapped[Travel] = mapped_column(words_enum(Travel, "travel"))
    good_times: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    # People at home only: a rough place, rounded to 200 m. Residents are where their home is.
    geom: Mapped[WKBElement | None] = mapped_column(lon_lat_point())
    point_27700: Mapped[WKBElement | None] = mapped_column(grid_point(), grid_copy_of("geom"))

    basis: Mapped[Basis] = mapped_column(words_enum(Basis, "lawful_basis"))
    # NULL: interests that show faith, health or the like must not be kept.
    special_basis: Mapped[SpecialBasis | None] = mapped_column(
        words_enum(SpecialBasis, "special_basis")
    )
    decided_by: Mapped[DecidedBy] = mapped_column(words_enum(DecidedBy, "decided_by"))
    basis_recorded_on: Mapped[dt.date] = mapped_column(sa.Date)
    basis_recorded_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    review_on: Mapped[dt.date] = mapped_column(sa.Date)

    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    erase_after: Mapped[dt.date | None] = mapped_column(sa.Date)

    __table_args__ = (
        sa.UniqueConstraint("id", "team_id"),
        sa.CheckConstraint(
            f"reference ~ '^[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}$'",
            name="reference_is_random_looking",
        ),
        sa.CheckConstraint(f"access_needs <@ ARRAY[{ACCESS_WORDS}]::text[]", name="known_access"),
        sa.CheckConstraint(f"good_times <@ ARRAY[{DAY_PART_WORDS}]::text[]", name="known_times"),
        sa.CheckConstraint(
            "decided_by <> 'best_interests' OR (basis <> 'consent'"
            " AND special_basis IS DISTINCT FROM 'explicit_consent')",
            name="nobody_consents_for_another",
        ),
        sa.CheckConstraint("review_on > basis_recorded_on", name="reviewed_later"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (erase_after IS NULL)", name="withdrawn_is_erased"
        ),
        inside_great_britain("geom"),
    )


class ResidentInterest(Base):
    """One interest of one resident, with the stance."""

    __tablename__ = "resident_interests"

    resident_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    interest_id: Mapped[int] = mapped_column(sa.ForeignKey("interests.id"), primary_key=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    stance: Mapped[Stance] = mapped_column(words_enum(Stance, "stance"))

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"], ["residents.id", "residents.team_id"], ondelete="CASCADE"
        ),
    )


class Offer(Base):
    """What a home says to groups, as in "a resident who can teach bowls", and never who.

    Goes when the resident withdraws, is erased, or no longer could share it.
    """

    __tablename__ = "offers"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    team_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, index=True)
    resident_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    interest_id: Mapped[int] = mapped_column(sa.Integer)
    offered_on: Mapped[dt.date] = mapped_column(sa.Date, server_default=sa.func.current_date())

    __table_args__ = (
        sa.UniqueConstraint("resident_id", "interest_id"),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"], ["residents.id", "residents.team_id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["resident_id", "interest_id"],
            ["resident_interests.resident_id", "resident_interests.interest_id"],
            ondelete="CASCADE",
        ),
    )


class Erasure(Base):
    """The receipt of an erasure: that it was done, not whose it was.

    `reference_digest` is the SHA-256 of the reference: whoever holds the reference can check.
    """

    __tablename__ = "erasures"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    team_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    reference_digest: Mapped[bytes] = mapped_column(sa.LargeBinary)
    erased_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    # NULL: on schedule.
    erased_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    rows_erased: Mapped[int] = mapped_column(sa.Integer)


class UnmetInterest(Base):
    """An interest somebody looked for and found nothing in reach: councillors see rounded counts.

    `resident_id` is NULL for questions about nobody in particular.
    """

    __tablename__ = "unmet_interests"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    interest_id: Mapped[int] = mapped_column(sa.ForeignKey("interests.id"))
    ward_code: Mapped[str] = mapped_column(sa.Text, index=True)
    noticed_on: Mapped[dt.date] = mapped_column(sa.Date, server_default=sa.func.current_date())
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    resident_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)

    __table_args__ = (
        sa.UniqueConstraint("resident_id", "interest_id"),
        # Whoever asks for nobody in particular counts once a day.
        sa.Index(
            "uq_unmet_interests_once_a_day",
            "interest_id",
            "ward_code",
            "noticed_on",
            unique=True,
            postgresql_where=sa.text("resident_id IS NULL"),
        ),
        sa.CheckConstraint("(team_id IS NULL) = (resident_id IS NULL)", name="resident_in_a_team"),
        sa.ForeignKeyConstraint(
            ["resident_id", "team_id"], ["residents.id", "residents.team_id"], ondelete="CASCADE"
        ),
    )
