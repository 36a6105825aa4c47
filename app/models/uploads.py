"""Files somebody brought in, while their columns are being matched, and what was learnt."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped


class Upload(Timestamped, Base):
    """A file between being sent and being loaded or thrown away; it is kept for a day at most."""

    __tablename__ = "uploads"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    account_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    file_name: Mapped[str] = mapped_column(sa.Text)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    # Which table or layer of it, where it has several.
    layer: Mapped[str | None] = mapped_column(sa.Text)
    # What was said about it so far: {"columns": {our field: its column}, "source": {...}, ...}
    mapping: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    loaded_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class ColumnMapping(Timestamped, Base):
    """How the columns of a sort of file were matched the last time: offered again the next."""

    __tablename__ = "column_mappings"

    # A digest of the column names, sorted: files of the same publisher have the same.
    header_digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    header: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
