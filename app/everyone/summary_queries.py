"""What runs of matching everybody found, in numbers: all of them rounded by the database."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.everyone.run_queries import IS_SOMEBODYS_TURN

RUNS = sa.text(
    """
    SELECT id, state::text AS state, engine, area_codes, of_day, started_at, finished_at
    FROM match_runs
    WHERE CASE WHEN CAST(:run_id AS int) IS NULL THEN state = 'current' ELSE id = :run_id END
    ORDER BY finished_at DESC NULLS FIRST, id DESC
    """
)
# One that was killed stays as it is, until somebody goes on with it.
UNFINISHED = sa.text(
    f"SELECT max(started_at) FROM match_runs WHERE state = 'running' AND {IS_SOMEBODYS_TURN}"  # noqa: S608 - constants only
)
# The worst off first, by what is shown and by nothing else: fewer than 8 stand between none and 10.
PLACES = sa.text(
    """
    SELECT * FROM match_by_place(CAST(:run_id AS int))
    ORDER BY coalesce(matched, 5) = 0 AND coalesce(nobody, 5) > 0 DESC, coalesce(nobody, 5) DESC,
             home, district, ward, ward_code, home_id
    """
)
THEMES = sa.text(
    "SELECT * FROM match_by_theme(CAST(:run_id AS int))"
    " ORDER BY coalesce(unmet, 5) DESC, coalesce(asked, 5) DESC, label"
)
POINTS = sa.text(
    "SELECT a.id, ST_X(a.geom) AS lon, ST_Y(a.geom) AS lat, a.source_id FROM public_assets a"
    " WHERE a.id = ANY (:ids) AND a.geom IS NOT NULL"
)
AREA_NAMES = sa.text(
    """
    SELECT code, coalesce(
      (SELECT a.name FROM areas a WHERE a.gss_code = code ORDER BY a.release DESC LIMIT 1),
      (SELECT max(a.lad_name) FROM areas a WHERE a.lad_code = code),
      (SELECT max(l.lad_name) FROM area_lookups l WHERE l.lad_code = code), code) AS name
    FROM unnest(CAST(:codes AS text[])) AS code
    """
)


def take_time(connection: sa.Connection) -> None:
    """Let this transaction's questions take a minute: those of a country look at everybody."""
    connection.execute(sa.text("SET LOCAL statement_timeout = '60s'"))


def list_runs(connection: sa.Connection, *, run_id: int | None) -> Sequence[sa.Row[Any]]:
    """Return one run, or (None) those that are current, the newest first."""
    return connection.execute(RUNS, {"run_id": run_id}).all()


def began_unfinished(connection: sa.Connection) -> dt.datetime | None:
    """Return when the run that a process is at just now began; None when there is none."""
    began: dt.datetime | None = connection.execute(UNFINISHED).scalar()
    return began


def list_places(connection: sa.Connection, *, run_id: int | None) -> Sequence[sa.Row[Any]]:
    """Return level ("all", "ward", "home") and the counts of all, of each ward and of each home.

    Counts: residents, matched, nobody and unasked (rounded to 5; None: fewer than 8). Columns
    besides: home_id, home (None: off the map), ward_code, ward, lad_code and district.
    """
    return connection.execute(PLACES, {"run_id": run_id}).all()


def list_points(connection: sa.Connection, *, ids: Sequence[uuid.UUID]) -> Sequence[sa.Row[Any]]:
    """Return id, lon, lat (WGS 84) and source_id of homes; of those with a place on the map."""
    return connection.execute(POINTS, {"ids": list(ids)}).all() if ids else []


def list_themes(connection: sa.Connection, *, run_id: int | None) -> Sequence[sa.Row[Any]]:
    """Return concept, label, asked and unmet of the topmost concepts, most in vain first."""
    return connection.execute(THEMES, {"run_id": run_id}).all()


def name_areas(connection: sa.Connection, codes: Sequence[str]) -> dict[str, str]:
    """Return the names of wards and districts; a code nobody names is its own."""
    if not codes:
        return {}
    rows = connection.execute(AREA_NAMES, {"codes": list(codes)})
    return {row.code: row.name for row in rows}
