"""The audit log: who changed or read what, in a table that can only grow."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AuditEntry(Base):
    """One change or reading. Holds the names of the columns that changed, never their values."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    # No foreign keys: what they point at may be erased, what happened may not.
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    # The database's role: tells a scheduled job from the application.
    database_role: Mapped[str] = mapped_column(sa.Text, server_default=sa.text("current_user"))
    # "insert", "update", "delete", "read", "export", "sign_in", ...
    action: Mapped[str] = mapped_column(sa.Text)
    # The table it is about, and the row's id (of a resident's rows: the resident's).
    subject: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    columns: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")

    __table_args__ = (
        sa.Index("ix_audit_log_team_id_at", "team_id", "at"),
        sa.Index("ix_audit_log_subject_id", "subject_id"),
    )
