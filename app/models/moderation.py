"""What waits for an editor: suggestions, claims of groups, pairs that may be one place."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, words_enum
from app.models.fieldwork import Decision


class SuggestionKind(enum.StrEnum):
    """What somebody suggests."""

    NEW = "new"
    CHANGE = "change"
    GONE = "gone"


class Poster(Base):
    """A poster with a code to scan, made for an event or a notice board."""

    __tablename__ = "posters"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    # Short, so that it can also be typed: six letters and digits nobody mistakes.
    code: Mapped[str] = mapped_column(sa.Text, unique=True)
    title: Mapped[str] = mapped_column(sa.Text)
    # Where it hangs, in words people there use.
    place: Mapped[str] = mapped_column(sa.Text)
    ward_code: Mapped[str | None] = mapped_column(sa.Text)
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )


class Suggestion(Base):
    """Something anybody told us, without an account; nothing of it is public before a decision.

    `fields` are facts of an asset by name, as our rules read them: values of something new, and
    {"was", "now"} of what shall be changed.
    `contact` is how to ask back: only editors see it, and it goes with the decision.
    """

    __tablename__ = "suggestions"

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    kind: Mapped[SuggestionKind] = mapped_column(words_enum(SuggestionKind, "suggestion_kind"))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), index=True
    )
    poster_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("posters.id", ondelete="SET NULL"), index=True
    )
    # The asset's version when the form was opened.
    seen_version: Mapped[int | None] = mapped_column(sa.Integer)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    note: Mapped[str] = mapped_column(sa.Text, server_default="")
    contact: Mapped[str | None] = mapped_column(sa.Text)
    decision: Mapped[Decision] = mapped_column(
        words_enum(Decision, "decision"), server_default=Decision.WAITING.value
    )
    reason: Mapped[str | None] = mapped_column(sa.Text)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    decided_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    # What the decision changed of the asset: taking it back takes this back.
    change_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("asset_changes.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (
        sa.CheckConstraint("(kind = 'new') OR asset_id IS NOT NULL", name="about_something"),
        sa.Index(
            "ix_suggestions_waiting",
            "created_at",
            postgresql_where=sa.text("decision = 'waiting'"),
        ),
    )


class Claim(Base):
    """A link sent to a group's own public address, with which it may correct its entry."""

    __tablename__ = "claims"

    # Of the secret in the link; the secret itself is only in the e-mail.
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), index=True
    )
    email: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    expires_at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    used_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class GoneReview(Base):
    """An editor agrees that a place a mapper found gone has gone."""

    __tablename__ = "gone_reviews"

    change_id: Mapped[int] = mapped_column(
        sa.ForeignKey("asset_changes.id", ondelete="CASCADE"), primary_key=True
    )
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    decided_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )


class PairStatus(enum.StrEnum):
    """What is known of two assets that may be one."""

    LIKELY = "likely"
    MERGED = "merged"
    NOT_A_DUPLICATE = "not_a_duplicate"


class DuplicatePair(Base):
    """Two assets that may be one place, with why; the smaller id first."""

    __tablename__ = "duplicate_pairs"

    asset_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    # 0 to 1, as `geo.likeness` says.
    likeness: Mapped[float] = mapped_column(sa.Float)
    # Sentences an editor can read.
    reasons: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    status: Mapped[PairStatus] = mapped_column(
        words_enum(PairStatus, "pair_status"), server_default=PairStatus.LIKELY.value
    )
    # Of a merged pair: the one that is shown.
    kept_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    decided_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    # Of a merged pair, for the way back: {"copied": id of a change or null, "merged": id of a
    # change, "moved": ids that pointed to the other before, "kept_fields": as they were}.
    undo: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    found_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (
        sa.CheckConstraint("asset_id < other_id", name="smaller_first"),
        sa.Index(
            "ix_duplicate_pairs_likely",
            "likeness",
            postgresql_where=sa.text("status = 'likely'"),
        ),
    )


class PairSearch(Base):
    """How far the search for likely pairs has come: one row, the newest change it has seen."""

    __tablename__ = "pair_searches"

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, server_default="1")
    changed_at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    asset_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid)

    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)
