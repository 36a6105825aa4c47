"""Alembic's environment: migrations run on the connection given, or on `DATABASE_URL`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context
from geoalchemy2 import alembic_helpers

from app.database import make_engine
from app.models import Base
from app.settings import get_settings


def run(connection: sa.Connection) -> None:
    """Run the migrations on `connection`, waiting at most five seconds for any lock."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # Without these, autogenerate drops PostGIS's own tables and repeats spatial indexes.
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(get_settings()).connect() as opened:
        run(opened)
        opened.commit()
