"""Databases for measuring: made once by name on the server of DATABASE_URL, kept for next time."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import sqlalchemy as sa

from app.areas.cli import work_out_measures
from app.database import make_engine
from app.importers.folder import load_folder
from app.importers.run import load_file
from app.migrations import migrate
from app.settings import Settings
from app.walking.cli import work_out_walks
from tests.benchmarks import england

ROOT = Path(__file__).resolve().parents[2]
WARDS = "wards/ward_WD25_E08000032_bradford.geojson"


def real_data() -> Path | None:
    """Return the folder of real open data, None where there is none."""
    folder = Path(os.environ.get("PATCHWORK_REAL_DATA", ROOT.parent / "shared" / "data"))
    return folder if (folder / WARDS).is_file() else None


def settings_of(name: str) -> Settings:
    """Return settings for the database `name` on the server of DATABASE_URL."""
    url = sa.make_url(Settings().database_url).set(database=name)
    given = {"DATABASE_URL": url.render_as_string(hide_password=False)}
    return Settings(**given)  # type: ignore[arg-type]  # the alias is the name


def make_database(name: str) -> Settings:
    """Return settings for a migrated database of that name, made anew if the schema has changed."""
    settings, stamp = settings_of(name), _stamp()
    admin = sa.create_engine(settings_of("postgres").database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        found = connection.execute(
            sa.text(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :n"
            ),
            {"n": name},
        ).one_or_none()
        if found != (stamp,):
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
            migrate(settings)
            connection.execute(sa.text(f"COMMENT ON DATABASE {name} IS '{stamp}'"))
    admin.dispose()
    return settings


def make_real() -> Settings | None:
    """Return settings for a database with all the real data we have; None where there is none."""
    folder = real_data()
    if folder is None:
        return None
    settings = make_database("patchwork_bench_real")
    engine = make_engine(settings)
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT count(*) FROM assets")).scalar_one()
    if not stored:
        load_folder(engine, folder)
        work_out_walks(settings)
        work_out_measures(settings)
        with engine.begin() as connection:
            connection.execute(sa.text("ANALYZE"))
    engine.dispose()
    return settings


def make_england(count: int) -> Settings:
    """Return settings for a database with `count` made-up assets and, if we have them, wards."""
    settings = make_database(f"patchwork_bench_{count}")
    engine = make_engine(settings)
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT count(*) FROM assets")).scalar_one()
        wards = connection.execute(sa.text("SELECT count(*) FROM areas")).scalar_one()
    if stored != count:
        england.fill(engine, count)
    folder = real_data()
    if folder is not None and not wards:
        load_file(engine, folder / WARDS)
    engine.dispose()
    return settings


def _stamp() -> str:
    """Return a digest that changes with the schema and with what is filled in."""
    digest = hashlib.sha256()
    for path in (*sorted((ROOT / "alembic" / "versions").glob("*.py")), Path(england.__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
