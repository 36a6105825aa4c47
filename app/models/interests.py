"""The vocabulary of interests: concepts, and what is gentler than what."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned


class Interest(Versioned, Base):
    """A concept people enjoy: a label, the words they use for it, and its broader concept."""

    __tablename__ = "interests"

    # Assigned once per concept and never used again: assets store it in arrays.
    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    concept: Mapped[str] = mapped_column(sa.Text, unique=True)
    label: Mapped[str] = mapped_column(sa.Text)
    broader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("interests.id"), index=True)
    other_words: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    is_special_category: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    # A concept taken out of the vocabulary stays for the rows that still carry it.
    is_retired: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())

    __table_args__ = (
        sa.CheckConstraint("broader_id IS DISTINCT FROM id", name="not_its_own_broader"),
        sa.CheckConstraint("concept ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="concept_is_a_slug"),
    )


class InterestWord(Base):
    """A label or other word of a concept, as search compares it (a trigger on interests keeps it).

    `sounds` holds the double metaphone of each word in it: people spell as they speak.
    """

    __tablename__ = "interest_words"

    interest_id: Mapped[int] = mapped_column(
        sa.ForeignKey("interests.id", ondelete="CASCADE"), primary_key=True
    )
    word: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    is_label: Mapped[bool] = mapped_column(sa.Boolean)
    stems: Mapped[str] = mapped_column(TSVECTOR)
    sounds: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))


class GentlerAlternative(Base):
    """What somebody who can no longer do one thing may enjoy instead, with the sentence for it."""

    __tablename__ = "gentler_alternatives"

    interest_id: Mapped[int] = mapped_column(
        sa.ForeignKey("interests.id", ondelete="CASCADE"), primary_key=True
    )
    gentler_id: Mapped[int] = mapped_column(
        sa.ForeignKey("interests.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    sentence: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (sa.CheckConstraint("interest_id <> gentler_id", name="not_itself"),)
