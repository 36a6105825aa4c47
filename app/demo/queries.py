"""All SQL about whether there is anything to show yet."""

from __future__ import annotations

import sqlalchemy as sa

HAS_ASSETS = sa.text("SELECT EXISTS (SELECT FROM assets)")


def has_assets(connection: sa.Connection) -> bool:
    """Return whether any asset is stored."""
    return bool(connection.execute(HAS_ASSETS).scalar_one())
