"""SQL about sources, runs, problems and what rows are looked up in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from app.importers.copying import copy_rows
from app.importers.normalise import json_safe
from app.importers.records import Problem, Report, SourceInfo

# Two files of one source at the same time would each miss what the other stores.
LOCK_SOURCE = sa.text("SELECT pg_advisory_xact_lock(hashtext('import'), hashtext(:slug))")
KEEP_SOURCE = sa.text(
    """
    INSERT INTO sources (slug, name, publisher, licence, attribution, is_share_alike, precedence)
    VALUES (:slug, :name, :publisher, :licence, :attribution, :is_share_alike, :precedence)
    ON CONFLICT (slug) DO UPDATE SET
      name = excluded.name, publisher = excluded.publisher, licence = excluded.licence,
      attribution = excluded.attribution, is_share_alike = excluded.is_share_alike,
      precedence = excluded.precedence, updated_at = now()
    WHERE (sources.name, sources.publisher, sources.licence, sources.attribution,
           sources.is_share_alike, sources.precedence)
      IS DISTINCT FROM
          (excluded.name, excluded.publisher, excluded.licence, excluded.attribution,
           excluded.is_share_alike, excluded.precedence)
    """
)
SOURCE_ID = sa.text("SELECT id FROM sources WHERE slug = :slug")
BEGIN_RUN = sa.text(
    """
    INSERT INTO import_runs
      (source_id, reader, scope, file_name, file_sha256, as_of, release, started_at, status,
       message, finished_at)
    VALUES (:source_id, :reader, :scope, :file_name, :file_sha256, :as_of, :release,
            clock_timestamp(), :status, :message, :finished_at)
    RETURNING id
    """
)
FINISH_RUN = sa.text(
    """
    UPDATE import_runs SET finished_at = clock_timestamp(), status = :status, message = :message,
      rows_read = :read, rows_new = :new, rows_changed = :changed, rows_unchanged = :unchanged,
      rows_gone = :gone, rows_skipped = :skipped, rows_problem = :problems
    WHERE id = :id
    """
)
# The last run that spoke for the same rows: its problems are this one's to repeat or to settle.
EARLIER_RUN = """
  SELECT max(e.id) FROM import_runs e JOIN import_runs r ON r.id = :run
  WHERE e.id < r.id AND e.source_id = r.source_id AND e.scope = r.scope AND e.reader = r.reader
    AND e.status <> 'refused' AND e.rows_read > 0
"""
SAME_PROBLEM = """
  n.reason = o.reason AND n.message = o.message AND n.is_stored = o.is_stored
  AND n.source_key IS NOT DISTINCT FROM o.source_key AND n.name IS NOT DISTINCT FROM o.name
"""
# What a person has settled stays settled when the next file says it again ...
CARRY_RESOLVED = sa.text(
    f"""
    UPDATE import_problems n SET resolved_at = o.resolved_at FROM import_problems o
    WHERE n.import_run_id = :run AND o.import_run_id = ({EARLIER_RUN})
      AND o.resolved_at IS NOT NULL AND {SAME_PROBLEM}
    """  # noqa: S608 - constants of this module
)
# ... and what the newer file says supersedes what the older said.
SUPERSEDE = sa.text(
    f"""
    UPDATE import_problems SET resolved_at = now()
    WHERE resolved_at IS NULL AND import_run_id = ({EARLIER_RUN})
    """  # noqa: S608 - constants of this module
)
# A file with only what has changed says nothing of the other rows: their problems stay open.
CARRY_OTHERS = sa.text(
    f"""
    UPDATE import_problems o SET import_run_id = :run
    WHERE o.import_run_id = ({EARLIER_RUN})
      AND NOT coalesce(o.source_key = ANY(:keys), false)
      AND NOT EXISTS (
        SELECT 1 FROM import_problems n WHERE n.import_run_id = :run AND {SAME_PROBLEM})
    """  # noqa: S608 - constants of this module
)
PASSED_ON = sa.text("SELECT slug, id FROM sources WHERE starts_with(slug, :slug)")
# Loading the same file again must not say everything twice.
SAYS_THE_SAME = sa.text(
    f"""
    SELECT coalesce((
      SELECT e.file_sha256 = r.file_sha256 FROM import_runs e, import_runs r
      WHERE r.id = :run AND e.id = ({EARLIER_RUN})), false)
    AND NOT EXISTS (
      SELECT row_number, source_key, name, reason, message, is_stored FROM import_problems
      WHERE import_run_id = :run
      EXCEPT
      SELECT row_number, source_key, name, reason, message, is_stored FROM import_problems
      WHERE import_run_id = ({EARLIER_RUN}))
    """  # noqa: S608 - constants of this module
)
NEWEST_LOADED = sa.text(
    """
    SELECT max(as_of) FROM import_runs
    WHERE source_id = :source_id AND scope = :scope AND reader = :reader AND status <> 'refused'
    """
)
DROP_PROBLEMS = sa.text("DELETE FROM import_problems WHERE import_run_id = :run")
TAKE_OVER = sa.text(
    f"""
    UPDATE import_problems SET import_run_id = :run WHERE import_run_id = ({EARLIER_RUN})
    """  # noqa: S608 - constants of this module
)
INTERESTS = sa.text("SELECT id, concept, label, other_words FROM interests WHERE NOT is_retired")
POSTCODES = sa.text(
    """
    SELECT postcode, ST_X(geom) AS lon, ST_Y(geom) AS lat, lad_code, ward_code,
           gone_at IS NOT NULL AS is_withdrawn
    FROM postcodes WHERE postcode = ANY(:postcodes)
    """
)
# From one area to the next by the primary key: not a scan of two million postcodes.
POSTCODE_AREAS = sa.text(
    """
    WITH RECURSIVE areas AS (
      SELECT substring(min(postcode) FROM '^[A-Z]+') AS area FROM postcodes
      UNION ALL
      SELECT (SELECT substring(min(postcode) FROM '^[A-Z]+') FROM postcodes
              WHERE postcode COLLATE "C" > areas.area || '~')
      FROM areas WHERE areas.area IS NOT NULL
    )
    SELECT area FROM areas WHERE area IS NOT NULL
    """
)
PROBLEMS = sa.text(
    """
    SELECT p.import_run_id, r.file_name, s.slug AS source, p.row_number, p.name, p.reason,
           p.is_stored, p.message, p.suggestion
    FROM import_problems p
    JOIN import_runs r ON r.id = p.import_run_id JOIN sources s ON s.id = r.source_id
    WHERE (CAST(:run AS int) IS NULL OR p.import_run_id = :run)
      AND (CAST(:reason AS text) IS NULL OR CAST(p.reason AS text) = :reason)
      AND (p.resolved_at IS NULL OR :run IS NOT NULL)
    ORDER BY p.import_run_id, p.row_number, p.id LIMIT :limit
    """
)


def keep_source(connection: sa.Connection, info: SourceInfo) -> int:
    """Store the source, or bring it up to date; return its id. Locks it until the commit."""
    connection.execute(LOCK_SOURCE, {"slug": info.slug})
    names = ("slug", "name", "publisher", "licence", "attribution", "is_share_alike", "precedence")
    connection.execute(KEEP_SOURCE, {name: getattr(info, name) for name in names})
    return int(connection.execute(SOURCE_ID, {"slug": info.slug}).scalar_one())


def begin_run(connection: sa.Connection, **values: object) -> int:
    """Store a run (`source_id`, `reader`, `scope`, `file_name`, …) and return its id."""
    given = {"status": "loaded", "message": None, "finished_at": None} | values
    return int(connection.execute(BEGIN_RUN, given).scalar_one())


def newest_loaded(connection: sa.Connection, **values: object) -> dt.date | None:
    """Return the date of the newest data loaded for a `source_id`, `scope` and `reader`."""
    newest: dt.date | None = connection.execute(NEWEST_LOADED, values).scalar_one()
    return newest


def finish_run(connection: sa.Connection, *, run_id: int, report: Report) -> None:
    """Store what became of a run."""
    counts = ("status", "message", "read", "new", "changed", "unchanged", "gone", "skipped",
              "problems")  # fmt: skip
    values = {name: getattr(report, name) for name in counts}
    values["message"] = values["message"] or None
    connection.execute(FINISH_RUN, values | {"id": run_id})


def store_problems(connection: sa.Connection, *, run_id: int, problems: Iterable[Problem]) -> None:
    """Append problems to a run."""
    columns = ("import_run_id", "row_number", "source_key", "name", "reason", "message",
               "suggestion", "is_stored", "raw")  # fmt: skip
    rows = (
        (run_id, p.row_number, p.source_key, p.name, p.reason.value, p.message, p.suggestion,
         p.is_stored, json_safe(p.raw))
        for p in problems
    )  # fmt: skip
    copy_rows(connection, "import_problems", columns, rows)


def settle_problems(connection: sa.Connection, *, run_id: int, is_unchanged: bool) -> None:
    """Let a run's problems take the place of those of the run before it.

    If the very same file said the very same things, the earlier problems become this run's.
    """
    values = {"run": run_id}
    if is_unchanged and connection.execute(SAYS_THE_SAME, values).scalar_one():
        connection.execute(DROP_PROBLEMS, values)
        connection.execute(TAKE_OVER, values)
        return
    connection.execute(CARRY_RESOLVED, values)
    connection.execute(SUPERSEDE, values)


def carry_problems(connection: sa.Connection, *, run_id: int, keys: Iterable[str]) -> None:
    """Take over the problems of the run before that are about other rows than those of `keys`."""
    connection.execute(CARRY_OTHERS, {"run": run_id, "keys": sorted(keys)})


def passed_on(connection: sa.Connection, *, slug: str) -> dict[str, int]:
    """Return the ids of the sources whose slug begins with `slug`, by slug."""
    return {row.slug: row.id for row in connection.execute(PASSED_ON, {"slug": slug})}


def read_interests(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return (id, concept, label, other_words) of every concept in use."""
    return connection.execute(INTERESTS).all()


def find_postcodes(
    connection: sa.Connection, *, postcodes: Sequence[str]
) -> dict[str, sa.Row[Any]]:
    """Return the stored ones of `postcodes` with lon, lat (WGS 84), codes and `is_withdrawn`."""
    rows = connection.execute(POSTCODES, {"postcodes": list(postcodes)})
    return {row.postcode: row for row in rows}


def read_postcode_areas(connection: sa.Connection) -> set[str]:
    """Return the postcode areas loaded, such as "BD"."""
    return set(connection.execute(POSTCODE_AREAS).scalars())


def read_problems(
    connection: sa.Connection, *, run_id: int | None, reason: str | None, limit: int
) -> Sequence[sa.Row[Any]]:
    """Return open problems, or all of one run."""
    values = {"run": run_id, "reason": reason, "limit": limit}
    return connection.execute(PROBLEMS, values).all()
