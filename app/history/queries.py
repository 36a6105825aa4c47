"""All SQL about what was changed of assets."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

# Nobody reads more; whoever needs the rest asks the database.
MOST_CHANGES = 200
COLUMNS = "c.id, c.at, c.acting_as, c.action, c.columns, c.was, c.became, c.version, c.undoes"


def find_head(connection: sa.Connection, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return what the page of a history begins with, of gone and linked assets too.

    id, name, kind, version, gone_at, duplicate_of, created_at, source_id and is_imported.
    """
    return connection.execute(
        sa.text(
            "SELECT id, name, kind::text AS kind, version, gone_at, duplicate_of, created_at,"
            " source_id, import_run_id IS NOT NULL AS is_imported FROM assets WHERE id = :id"
        ),
        {"id": asset_id},
    ).first()


def list_public(connection: sa.Connection, *, asset_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return the changes of an asset that is on the map as everybody may see them, newest first."""
    return connection.execute(
        sa.text(
            f"SELECT {COLUMNS} FROM public_asset_changes c WHERE c.asset_id = :id"  # noqa: S608 - constants only
            " ORDER BY c.id DESC LIMIT :most"
        ),
        {"id": asset_id, "most": MOST_CHANGES},
    ).all()


def list_all(session: Session, *, asset_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return all that is kept of an asset's changes, newest first: for editors."""
    return session.execute(
        sa.text(
            f"SELECT {COLUMNS} FROM asset_changes c WHERE c.asset_id = :id"  # noqa: S608 - constants only
            " ORDER BY c.id DESC LIMIT :most"
        ),
        {"id": asset_id, "most": MOST_CHANGES},
    ).all()


def list_own(
    session: Session, *, asset_id: uuid.UUID, account_id: uuid.UUID, within: dt.timedelta
) -> Sequence[sa.Row[Any]]:
    """Return somebody's own changes of an asset, not older than `within`, newest first."""
    return session.execute(
        sa.text(
            f"SELECT {COLUMNS} FROM asset_changes c WHERE c.asset_id = :id"  # noqa: S608 - constants only
            " AND c.account_id = :account_id AND c.at > now() - CAST(:within AS interval)"
            " ORDER BY c.id DESC LIMIT :most"
        ),
        {"id": asset_id, "account_id": account_id, "within": within, "most": MOST_CHANGES},
    ).all()


def find_change(session: Session, *, change_id: int) -> sa.Row[Any] | None:
    """Return a change with its asset_id and whose it was (account_id)."""
    return session.execute(
        sa.text(
            f"SELECT {COLUMNS}, c.asset_id, c.account_id FROM asset_changes c WHERE c.id = :id"  # noqa: S608 - constants only
        ),
        {"id": change_id},
    ).first()


def list_undoing(session: Session, *, asset_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return id and undoes of the changes of an asset that take others back."""
    return session.execute(
        sa.text("SELECT id, undoes FROM asset_changes WHERE asset_id = :id AND undoes IS NOT NULL"),
        {"id": asset_id},
    ).all()


def find_change_of_version(session: Session, *, asset_id: uuid.UUID, version: int) -> int | None:
    """Return the number of the change that made an asset's version."""
    found: int | None = session.execute(
        sa.text("SELECT max(id) FROM asset_changes WHERE asset_id = :id AND version = :version"),
        {"id": asset_id, "version": version},
    ).scalar()
    return found


def is_any_changed_since(
    session: Session, *, asset_id: uuid.UUID, change_id: int, columns: Sequence[str]
) -> bool:
    """Return whether a change of an asset, or one after it, was of one of these columns."""
    return bool(
        session.execute(
            sa.text(
                "SELECT EXISTS (SELECT 1 FROM asset_changes WHERE asset_id = :id"
                " AND asset_changes.id >= :change_id AND columns && CAST(:columns AS text[]))"
            ),
            {"id": asset_id, "change_id": change_id, "columns": list(columns)},
        ).scalar()
    )
