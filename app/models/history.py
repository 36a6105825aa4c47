"""The history of assets: who (in which role), when, what; kept by a trigger on assets."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AssetChange(Base):
    """One change of one asset.

    `was` and `became` hold the values of `columns`, by name; a place is {"lon", "lat"} in degrees,
    WGS 84. What may be somebody's private matter is named in `columns` and its value is not kept:
    everything of an informal asset but its kind and ward, and contacts that are not public.
    """

    __tablename__ = "asset_changes"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assets.id", ondelete="CASCADE"))
    at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")
    )
    # No foreign key: an account may be erased, what happened may not.
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    # "mapper", "editor", "claimant", "suggestion", "import": what the page says of them.
    acting_as: Mapped[str] = mapped_column(sa.Text)
    # "added", "changed", "gone", "back", "merged", "parted"
    action: Mapped[str] = mapped_column(sa.Text)
    columns: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    was: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    became: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    # The asset's version after it.
    version: Mapped[int] = mapped_column(sa.Integer)
    # The change that this one took back.
    undoes: Mapped[int | None] = mapped_column(sa.ForeignKey("asset_changes.id"), index=True)

    __table_args__ = (
        sa.Index("ix_asset_changes_asset_id_id", "asset_id", "id"),
        # What editors look at in their queue, however much else was changed.
        sa.Index(
            "ix_asset_changes_found_gone",
            "at",
            postgresql_where=sa.text("action = 'gone' AND acting_as = 'mapper'"),
        ),
    )
