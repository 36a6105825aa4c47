"""All SQL of what a run reads and writes, in bulk; that of the runs is in `run_queries`."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import psycopg
import sqlalchemy as sa
from psycopg import sql

from app.areas.queries import STANDS
from app.models import Access, Travel
from app.models.residents import DAY_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

Rows = npt.NDArray[np.void]

# What a binary COPY begins and ends with (PostgreSQL's documentation of COPY, "Binary Format").
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
# Columns of one width each, so that a table's rows are one array: types of the wire.
UUID, INT, FLOAT, BOOL = "S16", ">i4", ">f8", "?"
NEVER_ASSURED = -(2**31)
NO_AREA = 0


def bits_of(column: str, words: Sequence[str]) -> str:
    """Return the SQL of a list of words as bits, the first word the lowest."""
    return " + ".join(
        f"CASE WHEN {column} @> '{{{word}}}' THEN {1 << bit} ELSE 0 END"
        for bit, word in enumerate(words)
    )


ACCESS = tuple(one.value for one in Access)
TRAVELS = tuple(one.value for one in Travel)

TARGET_COLUMNS = {
    "id": UUID, "place_id": UUID, "located_id": UUID, "easting": FLOAT, "northing": FLOAT,
    "age_days": INT, "access": INT, "day_parts": INT, "is_asset": BOOL, "comes_to_homes": BOOL,
    "has_door": BOOL, "interests": INT,
}  # fmt: skip
_AGE = f"coalesce(CAST(%(of_day)s AS date) - x.assured_date, {NEVER_ASSURED})"
_THERE = f"CASE WHEN x.access IS NULL THEN -1 ELSE {bits_of('x.access', ACCESS)} END"
_REACHED = """x.interest_ids <> '{}' AND x.point_27700 && ST_MakeEnvelope(
  %(west)s, %(south)s, %(east)s, %(north)s, 27700)"""
# As the live question: what has ended is not found.
_GOES_ON = "(x.ends_on IS NULL OR x.ends_on >= CAST(%(of_day)s AS date))"
TARGETS = f"""
    SELECT x.id, x.id AS place_id, x.id AS located_id, ST_X(x.point_27700), ST_Y(x.point_27700),
           {_AGE}, {_THERE}, 0, true AS is_asset, false, x.location_source <> 'ward',
           cardinality(x.interest_ids)
    FROM public_assets x WHERE {_REACHED}
    UNION ALL
    SELECT x.id, x.place_id, coalesce(x.venue_place_id, x.place_id), ST_X(x.point_27700),
           ST_Y(x.point_27700), {_AGE}, {_THERE}, {bits_of("x.day_parts", DAY_PARTS)}, false,
           x.comes_to_homes, x.location_source <> 'ward', cardinality(x.interest_ids)
    FROM public_activities x WHERE {_REACHED} AND {_GOES_ON}
    ORDER BY is_asset, id
"""  # noqa: S608 - constants only
# In the same order: rows are told apart by where they stand.
TARGET_INTERESTS = f"""
    SELECT unnest(interest_ids) FROM (
      SELECT true AS is_asset, x.id, x.interest_ids FROM public_assets x WHERE {_REACHED}
      UNION ALL
      SELECT false, x.id, x.interest_ids FROM public_activities x WHERE {_REACHED} AND {_GOES_ON}
      ORDER BY is_asset, id
    ) AS y
"""  # noqa: S608 - constants only

ASKER_COLUMNS = {
    "id": UUID, "team_id": UUID, "home_id": UUID, "travel": INT, "needs": INT, "day_parts": INT,
    "lon": FLOAT, "lat": FLOAT, "area_id": INT, "interests": INT,
}  # fmt: skip
# Who is asked for: nobody who withdrew, nobody who is done.
_WHO = """
    residents r
    JOIN teams t ON t.id = r.team_id
    LEFT JOIN assets h ON h.id = t.home_id
    WHERE r.withdrawn_at IS NULL
      AND (CAST(%(area_ids)s AS int[]) IS NULL OR EXISTS (
        SELECT FROM area_parts a WHERE a.area_id = ANY(CAST(%(area_ids)s AS int[]))
          AND ST_Intersects(a.geom, coalesce(r.geom, h.geom))))
"""
_NOT_DONE = """
      AND NOT EXISTS (
        SELECT FROM resident_matches m WHERE m.run_id = %(run_id)s AND m.resident_id = r.id)
"""
ASKERS = f"""
    WITH who AS MATERIALIZED (
      SELECT r.id, r.team_id, CASE WHEN r.geom IS NULL THEN t.home_id END AS home_id,
             r.travel, r.access_needs, r.good_times, coalesce(r.geom, h.geom) AS geom
      FROM {_WHO} {_NOT_DONE}
    ), standing AS MATERIALIZED (
      SELECT w.id, w.release, w.gss_code FROM areas w
      WHERE w.area_type = 'ward' AND w.gone_at IS NULL AND {STANDS}
    ), points AS MATERIALIZED (
      SELECT DISTINCT geom FROM who WHERE geom IS NOT NULL
    ), located AS MATERIALIZED (
      SELECT DISTINCT ON (p.geom) p.geom, s.id AS area_id
      FROM points p
      JOIN area_parts a ON ST_Intersects(a.geom, p.geom)
      JOIN standing s ON s.id = a.area_id
      ORDER BY p.geom, s.release DESC, s.gss_code
    ), likes AS MATERIALIZED (
      SELECT x.resident_id, CAST(count(*) AS int) AS interests
      FROM resident_interests x JOIN interests i ON i.id = x.interest_id AND NOT i.is_retired
      GROUP BY x.resident_id
    )
    SELECT w.id, w.team_id, coalesce(w.home_id, '{uuid.UUID(int=0)}'),
           array_position(CAST(%(travels)s AS text[]), w.travel::text),
           {bits_of("w.access_needs", ACCESS)}, {bits_of("w.good_times", DAY_PARTS)},
           coalesce(ST_X(w.geom), 'NaN'), coalesce(ST_Y(w.geom), 'NaN'),
           coalesce(l.area_id, {NO_AREA}), coalesce(n.interests, 0)
    FROM who w
    LEFT JOIN located l ON l.geom = w.geom
    LEFT JOIN likes n ON n.resident_id = w.id
    ORDER BY w.team_id, w.id
"""  # noqa: S608 - constants only
ASKER_INTERESTS = f"""
    SELECT x.interest_id
    FROM (SELECT r.id, r.team_id FROM {_WHO} {_NOT_DONE}) AS w
    JOIN resident_interests x ON x.resident_id = w.id
    JOIN interests i ON i.id = x.interest_id AND NOT i.is_retired
    ORDER BY w.team_id, w.id, x.stance, x.interest_id
"""  # noqa: S608 - constants only

WALK_COLUMNS = {"home_id": UUID, "asset_id": UUID, "walk_m": FLOAT, "step_free_m": FLOAT}
# As the live question reads them (app/walking/queries.py): where both ends are where they were.
WALKS = """
    SELECT h.home_id, w.asset_id, coalesce(CAST(w.walk_m AS float8), 'NaN'),
           coalesce(CAST(w.step_free_m AS float8), 'NaN')
    FROM walk_homes h
    JOIN public_assets own ON own.id = h.home_id AND own.point_27700 = h.at
    JOIN walks w ON w.home_id = h.home_id
    JOIN public_assets p ON p.id = w.asset_id AND p.point_27700 = w.at
    WHERE h.network_version = %(version)s AND h.home_id = ANY(CAST(%(home_ids)s AS uuid[]))
    ORDER BY h.home_id, w.asset_id
"""


def copy_out(
    connection: sa.Connection, select: str, given: Mapping[str, Any], columns: Mapping[str, str]
) -> Rows:
    """Return what a statement selects as one array; no column may be NULL, or of another width.

    `select` has its values as %(name)s; `columns` their types as they are on the wire. It stays in
    bytes of the network's order: whoever takes a column out of it makes an array of their own.
    """
    wire = [("fields", ">i2")]
    for name, kind in columns.items():
        wire += [(f"{name} width", ">i4"), (name, kind)]
    on_the_wire = np.dtype(wire)
    received = bytearray()
    with _driver(connection).cursor() as cursor:
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(sql.SQL(select))
        with cursor.copy(statement, given) as copy:
            for chunk in copy:
                received += chunk
    body = memoryview(received)[len(SIGNATURE) : -len(END)]
    rows = np.frombuffer(body, dtype=on_the_wire)
    if (rows["fields"] != len(columns)).any():  # pragma: no cover - a mistake in a statement above
        raise TypeError("a column is NULL, or not as wide as it was said to be")
    return rows


def read_numbers(
    connection: sa.Connection, select: str, given: Mapping[str, Any]
) -> npt.NDArray[np.int64]:
    """Return the one column of whole numbers that a statement selects."""
    return copy_out(connection, select, given, {"number": INT})["number"].astype(np.int64)


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):  # pragma: no cover - psycopg is the one driver
        raise TypeError("COPY needs psycopg")
    return driver


def insert_matches(
    connection: sa.Connection, columns: Sequence[str], chunks: Iterable[bytes]
) -> None:
    """Store rows of `resident_matches`, given in PostgreSQL's binary format without its frame.

    By way of a table of this transaction's own: COPY does not write where rows are protected. A
    resident who has a row keeps it: it is of the same run, by another process that goes on with it
    because this one lost its turn (a connection that says nothing for hours may be cut).
    """
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    connection.execute(
        sa.text("CREATE TEMPORARY TABLE matches_found (LIKE resident_matches) ON COMMIT DROP")
    )
    statement = sql.SQL("COPY matches_found ({}) FROM STDIN (FORMAT BINARY)").format(names)
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(SIGNATURE)
        for chunk in chunks:
            copy.write(chunk)
        copy.write(END)
    with _driver(connection).cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "INSERT INTO resident_matches ({0}) SELECT {0} FROM matches_found"
                " ON CONFLICT (run_id, resident_id) DO NOTHING"
            ).format(names)
        )


@contextmanager
def at_one_moment(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection on which every statement sees the rows of one moment, for any time."""
    opened = engine.connect().execution_options(isolation_level="REPEATABLE READ")
    with opened as connection, connection.begin():
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection whose work is committed at the end, however long it takes."""
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        yield connection


def find_area_ids(connection: sa.Connection, *, code: str) -> list[int]:
    """Return the areas a ward's or district's code stands for, of the newest release that has it.

    A district without an outline of its own is its wards. Empty: no such code.
    """
    rows = connection.execute(
        sa.text(
            """
            WITH meant AS (
              SELECT id, release, gss_code = :code AS is_itself FROM areas
              WHERE gone_at IS NULL AND (
                (area_type IN ('ward', 'lad') AND gss_code = :code)
                OR (area_type = 'ward' AND lad_code = :code))
            )
            SELECT id FROM meant ORDER BY NOT is_itself, release DESC, id
            """
        ),
        {"code": code},
    ).scalars()
    ids = list(rows)
    if not ids:
        return []
    return list(
        connection.execute(
            sa.text(
                """
                SELECT a.id FROM areas a JOIN areas first ON first.id = :first
                WHERE a.id = ANY(CAST(:ids AS int[])) AND a.release = first.release
                  AND (a.gss_code = :code) = (first.gss_code = :code)
                """
            ),
            {"first": ids[0], "ids": ids, "code": code},
        ).scalars()
    )


def read_ward_codes(connection: sa.Connection, area_ids: Collection[int]) -> dict[int, str]:
    """Return the codes of areas by their numbers."""
    rows = connection.execute(
        sa.text("SELECT id, gss_code FROM areas WHERE id = ANY(CAST(:ids AS int[]))"),
        {"ids": list(area_ids)},
    )
    return {row.id: row.gss_code for row in rows}


def find_refused(connection: sa.Connection) -> sa.Row[Any] | None:
    """Return database and role if this role may not make temporary tables there."""
    return connection.execute(
        sa.text(
            """
            SELECT current_database() AS database, current_user AS role
            WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
            """
        )
    ).first()


def has_anybody(connection: sa.Connection, *, area_ids: Sequence[int] | None) -> bool:
    """Return whether there is a resident to match."""
    found: bool = connection.exec_driver_sql(
        f"SELECT EXISTS (SELECT FROM {_WHO})",  # noqa: S608 - constants only
        {"area_ids": None if area_ids is None else list(area_ids)},
    ).scalar_one()
    return found


def write_audit(connection: sa.Connection, *, run_id: int, area_ids: Sequence[int] | None) -> None:
    """Write down for each team that the run reads its residents; those of ASKERS at that moment."""
    connection.exec_driver_sql(
        f"""
        INSERT INTO audit_log (team_id, action, subject)
        SELECT DISTINCT r.team_id, 'match_all', 'residents' FROM {_WHO} {_NOT_DONE}
        """,  # noqa: S608 - constants only
        {"run_id": run_id, "area_ids": None if area_ids is None else list(area_ids)},
    )


def hold_residents(connection: sa.Connection, *, ids: str, team_ids: str) -> npt.NDArray[np.bytes_]:
    """Return id and team (32 bytes) of those who are still there; they stay for this transaction.

    `ids`, `team_ids` of one length, as PostgreSQL writes arrays.
    """
    held = connection.execute(
        sa.text(
            """
            WITH held AS (
              SELECT r.id, r.team_id
              FROM residents r
              JOIN unnest(CAST(:ids AS uuid[]), CAST(:team_ids AS uuid[])) AS w (id, team_id)
                ON w.id = r.id AND w.team_id = r.team_id
              WHERE r.withdrawn_at IS NULL
              FOR KEY SHARE OF r
            )
            SELECT coalesce(string_agg(uuid_send(id) || uuid_send(team_id), ''), '') FROM held
            """
        ),
        {"ids": ids, "team_ids": team_ids},
    ).scalar_one()
    return np.frombuffer(bytes(held), dtype="S32")
