"""What others publish and we read again and again, and what editors decided about it."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped, Versioned, words_enum


class FeedKind(enum.StrEnum):
    """In which words a feed speaks."""

    ORUK = "oruk"  # Open Referral UK
    ICAL = "ical"  # a calendar (RFC 5545)
    OPENACTIVE = "openactive"  # sessions, by OpenActive's RPDE


# Once an hour to once a month.
MOST_HOURS = 744


class Feed(Versioned, Base):
    """An address that is read regularly, on whose terms, and what came of it last.

    The address may be a secret one, as calendars have them: it is for editors only.
    """

    __tablename__ = "feeds"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    kind: Mapped[FeedKind] = mapped_column(words_enum(FeedKind, "feed_kind"))
    name: Mapped[str] = mapped_column(sa.Text)
    url: Mapped[str] = mapped_column(sa.Text)
    # As every source has them; they go wherever its rows go.
    publisher: Mapped[str] = mapped_column(sa.Text)
    licence: Mapped[str] = mapped_column(sa.Text)
    attribution: Mapped[str] = mapped_column(sa.Text)
    # Whose calendar it is; NULL: it names its own organizers.
    organizer_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), index=True
    )
    every_hours: Mapped[int] = mapped_column(sa.SmallInteger, server_default="24")
    is_on: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.true())

    # What the last answer said, so that the next question can be a short one.
    etag: Mapped[str | None] = mapped_column(sa.Text)
    last_modified: Mapped[str | None] = mapped_column(sa.Text)
    # How far we have read: a moment of Open Referral's `modified_after`, or RPDE's next address.
    cursor: Mapped[str | None] = mapped_column(sa.Text)
    tried_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    # When it was last read well, changed or not.
    read_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    # In a row; each makes the wait longer. 0: the last try went well.
    failures: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    # What came of the last try, in one sentence.
    message: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.UniqueConstraint("kind", "url"),
        sa.CheckConstraint(f"every_hours BETWEEN 1 AND {MOST_HOURS}", name="hourly_to_monthly"),
        sa.CheckConstraint("kind <> 'ical' OR organizer_id IS NOT NULL", name="is_somebodys"),
    )


class FeedItem(Base):
    """One item of a feed that tells only what has changed: what it said last, pared down.

    Without it nobody could tell what a later reading leaves out from what has gone.
    """

    __tablename__ = "feed_items"

    feed_id: Mapped[int] = mapped_column(
        sa.ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True
    )
    item_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    # As the feed counts: larger is later, and a whole number of anything.
    modified: Mapped[int] = mapped_column(sa.BigInteger)
    # NULL: it was deleted, and what was said before comes no more.
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class TermStatus(enum.StrEnum):
    """Whether somebody has looked at what a term stands for."""

    GUESSED = "guessed"
    AGREED = "agreed"
    IGNORED = "ignored"


class TermMapping(Timestamped, Base):
    """What a term of somebody else's taxonomy is called in our vocabulary.

    `interest_ids` is empty where nothing was found that fits.
    """

    __tablename__ = "term_mappings"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    # The taxonomy's name or address as the feed writes it, and the term's own id or address.
    taxonomy: Mapped[str] = mapped_column(sa.Text)
    term: Mapped[str] = mapped_column(sa.Text)
    label: Mapped[str] = mapped_column(sa.Text)
    interest_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer), server_default="{}")
    status: Mapped[TermStatus] = mapped_column(words_enum(TermStatus, "term_status"))
    # How many rows carried it when it was last read.
    uses: Mapped[int] = mapped_column(sa.Integer, server_default="0")

    __table_args__ = (sa.UniqueConstraint("taxonomy", "term"),)


class VenueAnswer(enum.StrEnum):
    """What a venue says to events of somebody else's calendar that name it."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class VenueRequest(Timestamped, Base):
    """A place named in a feed, matched to a venue of the map: it has to agree first.

    Until then what happens there is shown with its organizer, never with the venue. One answer
    counts for everything of this feed that names the place in these words.
    """

    __tablename__ = "venue_requests"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    feed_id: Mapped[int] = mapped_column(sa.ForeignKey("feeds.id", ondelete="CASCADE"))
    # The place as the feed writes it.
    words: Mapped[str] = mapped_column(sa.Text)
    venue_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), index=True
    )
    answer: Mapped[VenueAnswer] = mapped_column(
        words_enum(VenueAnswer, "venue_answer"), server_default="waiting"
    )
    answered_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = (sa.UniqueConstraint("feed_id", "words", "venue_id"),)
