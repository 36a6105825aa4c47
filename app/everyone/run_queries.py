"""All SQL of the runs: whose turn it is, which one goes on, and the swap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

# A change is dated by the beginning of its transaction, and is seen from its end on: it may have
# begun so long before a run and yet be missing from what that read. No page's takes longer.
CHANGE_TAKES_S = 120
_TURN = "(hashtext('patchwork match-all'))"
# Whether any process has its turn: what is kept of a number in `pg_locks` is its two halves.
IS_SOMEBODYS_TURN = """EXISTS (
  SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
  WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted
    AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtext('patchwork match-all'))"""


def take_turn(connection: sa.Connection) -> bool:
    """Return whether nobody else is at it; it is ours until `give_turn`, or until we are dead."""
    taken: bool = connection.execute(sa.text(f"SELECT pg_try_advisory_lock{_TURN}")).scalar_one()
    return taken


def give_turn(connection: sa.Connection) -> None:
    """Let others at it: a connection that goes back to its pool would keep it."""
    connection.execute(sa.text(f"SELECT pg_advisory_unlock{_TURN}"))


def find_unfinished(
    connection: sa.Connection, *, area_codes: Sequence[str], hours: int
) -> sa.Row[Any] | None:
    """Return id and of_day of a run of the same areas that was cut off not long ago."""
    return connection.execute(
        sa.text(
            """
            SELECT id, of_day FROM match_runs
            WHERE state = 'running' AND area_codes = CAST(:codes AS text[])
              AND started_at > now() - make_interval(hours => :hours)
            ORDER BY id DESC LIMIT 1
            """
        ),
        {"codes": list(area_codes), "hours": hours},
    ).first()


def fail_others(connection: sa.Connection, *, run_id: int | None) -> int:
    """Give up every run that was cut off but this one; return how many."""
    return connection.execute(
        sa.text(
            "UPDATE match_runs SET state = 'failed', finished_at = now()"
            " WHERE state = 'running' AND id IS DISTINCT FROM CAST(:run_id AS int)"
        ),
        {"run_id": run_id},
    ).rowcount


def go_on(connection: sa.Connection, *, run_id: int, engine: str) -> None:
    """Write down with which engine a run that was cut off goes on."""
    connection.execute(
        sa.text("UPDATE match_runs SET engine = :engine WHERE id = :run_id"),
        {"run_id": run_id, "engine": engine},
    )


def delete_changed(connection: sa.Connection, *, run_id: int) -> int:
    """Delete what a run found for who has changed since it began, and return of how many.

    They themselves, what they enjoy, their team, or the home on the map. By when the run began and
    not by when each was read: nobody wrote that down, and to look again is right.
    """
    return connection.execute(
        sa.text(
            """
            WITH run AS MATERIALIZED (
              SELECT id, started_at - make_interval(secs => :change_takes_s) AS since
              FROM match_runs WHERE id = :run_id
            ), changed AS MATERIALIZED (
              SELECT l.subject, l.subject_id FROM audit_log l, run
              WHERE l.at > run.since AND l.action IN ('insert', 'update', 'delete')
                AND l.subject IN ('residents', 'resident_interests', 'teams')
            )
            DELETE FROM resident_matches m USING run, teams t
            WHERE m.run_id = run.id AND t.id = m.team_id AND (
              m.resident_id IN (SELECT subject_id FROM changed WHERE subject <> 'teams')
              OR t.id IN (SELECT subject_id FROM changed WHERE subject = 'teams')
              OR t.home_id IN (SELECT h.id FROM assets h, run r WHERE h.updated_at > r.since))
            """
        ),
        {"run_id": run_id, "change_takes_s": CHANGE_TAKES_S},
    ).rowcount


def begin_run(connection: sa.Connection, **values: Any) -> int:
    """Store a run (engine, area_codes, of_day), and return its number."""
    made: int = connection.execute(
        sa.text(
            "INSERT INTO match_runs (state, engine, area_codes, of_day)"
            " VALUES ('running', :engine, CAST(:area_codes AS text[]), :of_day) RETURNING id"
        ),
        values,
    ).scalar_one()
    return made


def count_done(connection: sa.Connection, *, run_id: int) -> int:
    """Return how many residents a run has a row of."""
    done: int = connection.execute(
        sa.text("SELECT count(*) FROM resident_matches WHERE run_id = :run_id"), {"run_id": run_id}
    ).scalar_one()
    return done


# In one transaction: readers see the run before, or this one. Who withdrew meanwhile is not in it.
SWAP = (
    """
    DELETE FROM resident_matches m USING residents r
    WHERE m.run_id = :run_id AND r.id = m.resident_id AND r.withdrawn_at IS NOT NULL
    """,
    # Of some areas: what older runs know of the same residents goes.
    """
    DELETE FROM resident_matches m USING match_runs o
    WHERE :is_of_areas AND o.id = m.run_id AND o.state = 'current'
      AND m.resident_id IN (SELECT resident_id FROM resident_matches WHERE run_id = :run_id)
    """,
    """
    UPDATE match_runs o SET state = 'replaced' WHERE o.state = 'current' AND (
      NOT :is_of_areas OR (o.area_codes <> '{}' AND NOT EXISTS (
        SELECT FROM resident_matches m WHERE m.run_id = o.id)))
    """,
    """
    UPDATE match_runs SET state = 'current', finished_at = now(), residents = (
      SELECT count(*) FROM resident_matches WHERE run_id = :run_id)
    WHERE id = :run_id
    """,
)


def swap(connection: sa.Connection, *, run_id: int, is_of_areas: bool) -> bool:
    """Let readers see a run from now on, in place of those before.

    Returns False, and changes nothing, for a run that was given up: its rows may be deleted.
    """
    is_running = connection.execute(
        sa.text("SELECT FROM match_runs WHERE id = :run_id AND state = 'running' FOR UPDATE"),
        {"run_id": run_id},
    ).first()
    if is_running is None:
        return False
    for statement in SWAP:
        connection.execute(sa.text(statement), {"run_id": run_id, "is_of_areas": is_of_areas})
    return True


def delete_old_rows(connection: sa.Connection) -> int:
    """Delete the matches of runs that nobody sees any more, and return how many."""
    return connection.execute(
        sa.text(
            "DELETE FROM resident_matches m USING match_runs o"
            " WHERE o.id = m.run_id AND o.state IN ('replaced', 'failed')"
        )
    ).rowcount
