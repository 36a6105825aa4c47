"""What people record on foot: submissions, photos, and the streets they walk."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry, WKBElement
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import WGS84, Base, words_enum


class Submission(Base):
    """One thing sent from a phone, exactly once.

    `id` is made on the phone when Save is pressed. The same id with the same content is answered
    as before; with other content it is refused. `answer` is what was said the first time.
    """

    __tablename__ = "submissions"

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    action: Mapped[str] = mapped_column(sa.Text)
    # SHA-256 of what was sent: the record as it came, then the digest of each photo.
    sha256: Mapped[bytes] = mapped_column(sa.LargeBinary)
    asset_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), index=True
    )
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (sa.CheckConstraint("octet_length(sha256) = 32", name="whole_digest"),)


class Decision(enum.StrEnum):
    """What became of something that waited for an editor."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


class Photo(Base):
    """A photo of an asset, made anew by us: no byte of the file that came is kept.

    `image` and `thumbnail` are JPEG files of at most 1,600 and 400 pixels a side, without EXIF,
    XMP or a position. Public once it is approved.
    """

    __tablename__ = "photos"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    asset_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), index=True
    )
    submission_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("submissions.id", ondelete="SET NULL"), index=True
    )
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    image: Mapped[bytes] = mapped_column(sa.LargeBinary)
    thumbnail: Mapped[bytes] = mapped_column(sa.LargeBinary)
    width_px: Mapped[int] = mapped_column(sa.Integer)
    height_px: Mapped[int] = mapped_column(sa.Integer)
    # What the photo shows, in words; "" until somebody says.
    alt: Mapped[str] = mapped_column(sa.Text, server_default="")
    decision: Mapped[Decision] = mapped_column(
        words_enum(Decision, "decision"), server_default=Decision.WAITING.value
    )
    reason: Mapped[str | None] = mapped_column(sa.Text)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    decided_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (
        sa.Index(
            "ix_photos_waiting",
            "created_at",
            postgresql_where=sa.text("decision = 'waiting'"),
        ),
    )


class Street(Base):
    """A stretch of a street people can walk along, as OpenStreetMap has it."""

    __tablename__ = "streets"

    osm_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    name: Mapped[str | None] = mapped_column(sa.Text)
    # OpenStreetMap's word: "residential", "footway", "steps", ...
    highway: Mapped[str] = mapped_column(sa.Text)
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("LINESTRING", srid=WGS84, spatial_index=False)
    )
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"))
    # The file it came in: loading that again replaces its streets.
    scope: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (
        sa.Index("ix_streets_geom", "geom", postgresql_using="gist"),
        sa.Index("ix_streets_source_id_scope", "source_id", "scope"),
    )
