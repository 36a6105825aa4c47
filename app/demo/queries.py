"""All SQL about whether there is anything to show yet."""

from __future__ import annotations

import sqlalchemy as sa

HAS_ASSETS = sa.text("SELECT EXISTS (SELECT FROM assets)")


def has_assets(connection: sa.Connection) -> bool:
    """Return whether any asset is stored."""
    return bool(connection.execute(HAS_ASSETS).scalar_one())


HAS_REAL_SOURCES = sa.text("SELECT EXISTS (SELECT FROM sources WHERE slug NOT LIKE 'sample-%')")


def has_only_the_sample_town(connection: sa.Connection) -> bool:
    """Return whether nothing but made-up data has been loaded."""
    return has_assets(connection) and not connection.execute(HAS_REAL_SOURCES).scalar_one()
