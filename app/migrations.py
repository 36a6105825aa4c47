"""Bringing a database up to date: tables by alembic, then the vocabulary."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from app.database import make_engine, transaction
from app.errors import Unavailable
from app.interests.actions import load_vocabulary
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
# Two processes that start together must not both migrate: one waits for the other.
MIGRATION_LOCK = 7_262_519


def migrate(settings: Settings) -> None:
    """Apply the migrations that are missing and load the vocabulary of interests.

    Safe to call at every start; raises Unavailable if the database cannot be reached.
    """
    engine = make_engine(settings)
    try:
        with engine.begin() as connection:
            lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
            connection.execute(lock, {"key": MIGRATION_LOCK})
            config = Config(str(ROOT / "alembic.ini"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with transaction(engine) as session:
            load_vocabulary(session)
    except sa.exc.OperationalError as error:
        raise Unavailable(
            "The database cannot be reached. Check DATABASE_URL, or start Patchwork with: make run"
        ) from error
    finally:
        engine.dispose()
