"""Accounts, the teams they work in, what they may do there, and how they sign in."""

from __future__ import annotations

import datetime as dt
import enum
import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Versioned, words_enum


class Role(enum.StrEnum):
    """What a membership lets somebody do."""

    MAPPER = "mapper"  # of a patch of wards
    COORDINATOR = "coordinator"  # of a home
    MANAGER = "manager"  # of a home
    COUNCILLOR = "councillor"  # of wards
    CONNECTOR = "connector"  # works with people who live at home
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"


class TeamKind(enum.StrEnum):
    """Whom a team works with."""

    HOME = "home"  # residents of one care home
    CONNECTORS = "connectors"  # people who live at home


class Account(Versioned, Base):
    """Somebody who signs in."""

    __tablename__ = "accounts"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    # In lower case: one mailbox, one account.
    email: Mapped[str] = mapped_column(sa.Text, unique=True)
    name: Mapped[str] = mapped_column(sa.Text)
    # NULL: signs in by link or with an organisation's account only.
    password_hash: Mapped[str | None] = mapped_column(sa.Text)
    # Offered on the sign-in page of a demonstration.
    is_sample: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    disabled_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = (
        sa.CheckConstraint("email = lower(email) AND email ~ '^[^@[:space:]]+@[^@[:space:]]+$'",
                           name="email_in_lower_case"),
        sa.CheckConstraint("btrim(name) <> ''", name="has_a_name"),
    )  # fmt: skip


class Team(Versioned, Base):
    """Those who look after the same people: a care home's staff, or some community connectors.

    Residents, connections and visits belong to a team, never to the person who made them.
    """

    __tablename__ = "teams"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    kind: Mapped[TeamKind] = mapped_column(words_enum(TeamKind, "team_kind"))
    # The care home on the map.
    home_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("assets.id"), unique=True)
    name: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (
        sa.CheckConstraint("(kind = 'home') = (home_id IS NOT NULL)", name="a_home_is_on_the_map"),
        sa.CheckConstraint("btrim(name) <> ''", name="has_a_name"),
    )


class Membership(Base):
    """One role of one account: in a team, for wards, or for everything."""

    __tablename__ = "memberships"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    role: Mapped[Role] = mapped_column(words_enum(Role, "member_role"))
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    ward_codes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    granted_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    # Ended, never deleted: what somebody did has to stay explicable.
    ended_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = (
        sa.CheckConstraint(
            "(role IN ('coordinator', 'manager', 'connector')) = (team_id IS NOT NULL)",
            name="team_where_there_is_one",
        ),
        sa.CheckConstraint(
            "(role IN ('mapper', 'councillor')) = (cardinality(ward_codes) > 0)",
            name="wards_where_there_are_some",
        ),
        sa.Index(
            "uq_memberships_in_force",
            "account_id", "role", "team_id",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip


class SignInSession(Base):
    """A browser that is signed in. The cookie holds a random token, this its SHA-256."""

    __tablename__ = "sign_in_sessions"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, unique=True, server_default=sa.text("gen_random_uuid()")
    )
    account_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    # The team somebody in several is working in just now.
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("teams.id"))
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    last_seen_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    # The end however busy it is; the idle limit counts from `last_seen_at`.
    expires_at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    # "Firefox on Android", so that somebody can tell their own sessions apart.
    device: Mapped[str] = mapped_column(sa.Text, server_default="")
    # How it began: "link", "password", "organisation", "invitation", "sample".
    way: Mapped[str] = mapped_column(sa.Text, server_default="")


class SignInLink(Base):
    """A link sent by e-mail that signs somebody in, once. Only its SHA-256 is kept."""

    __tablename__ = "sign_in_links"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    expires_at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    used_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    # Where to go on afterwards: a path of ours. Here, not in the e-mail, which others may read.
    next_path: Mapped[str] = mapped_column(sa.Text, server_default="")


class Invitation(Base):
    """A link that gives whoever has it an account with one role, once."""

    __tablename__ = "invitations"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, unique=True, server_default=sa.text("gen_random_uuid()")
    )
    email: Mapped[str] = mapped_column(sa.Text)
    role: Mapped[Role] = mapped_column(words_enum(Role, "member_role"))
    team_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    ward_codes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    # NULL: made on the command line.
    invited_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    expires_at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    used_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class SignInAttempt(Base):
    """One try to sign in, by the SHA-256 of what it is counted under; kept for a day."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    counted_under: Mapped[bytes] = mapped_column(sa.LargeBinary)
    attempted_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (
        sa.Index("ix_sign_in_attempts_counted_under_attempted_at", "counted_under", "attempted_at"),
    )


class Identity(Base):
    """Who an account is at an organisation's own sign-in service (OpenID Connect)."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )


class OrganisationSignIn(Base):
    """A sign-in begun at an organisation's own service and not yet come back; lives minutes.

    Kept here, not in a cookie, so that each can come back once only.
    """

    __tablename__ = "organisation_sign_ins"

    # SHA-256 of the `state` sent along, and of the cookie of the browser that was sent.
    state_digest: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    browser_digest: Mapped[bytes] = mapped_column(sa.LargeBinary)
    nonce: Mapped[str] = mapped_column(sa.Text)
    code_verifier: Mapped[str] = mapped_column(sa.Text)
    next_path: Mapped[str] = mapped_column(sa.Text, server_default="")
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
