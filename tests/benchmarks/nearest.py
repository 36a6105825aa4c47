"""The bare statement: the nearest ten that share an interest, with the columns a list needs."""

from __future__ import annotations

import sqlalchemy as sa

ORIGIN = "ST_SetSRID(ST_MakePoint(:easting, :northing), 27700)"
STATEMENT = f"""
    SELECT a.id, a.name, a.kind::text AS kind, ST_X(a.geom) AS lon, ST_Y(a.geom) AS lat,
           a.point_27700 <-> {ORIGIN} AS distance_m,
           a.phone, a.postcode, a.assured_date, a.interest_ids
    FROM {{table}} a
    WHERE a.interest_ids && CAST(:ids AS int[]) AND ST_DWithin(a.point_27700, {ORIGIN}, 5000)
    ORDER BY a.point_27700 <-> {ORIGIN} LIMIT 10
"""
NEAREST = sa.text(STATEMENT.format(table="public_assets"))
# The second list, as bare as the first: the nearest ten activities that come to you.
NEAREST_VISITS = sa.text(
    STATEMENT.format(table="public_activities")
    .replace("a.kind::text AS kind", "'activity' AS kind")
    .replace("WHERE", "WHERE a.comes_to_homes AND")
    .replace("5000", "15000")
)

# The same rows with no index but the usual one, on the point.
MAKE_PLAIN = """
    CREATE TABLE IF NOT EXISTS plain_assets AS
      SELECT id, kind, name, geom, point_27700, phone, postcode, assured_date, interest_ids
      FROM public_assets;
    CREATE INDEX IF NOT EXISTS ix_plain_assets_point_27700 ON plain_assets
      USING gist (point_27700);
    ANALYZE plain_assets;
"""
MAKE_QUESTIONS = """
    DROP TABLE IF EXISTS pg_temp.bench_questions;
    CREATE TEMPORARY TABLE bench_questions (origin geometry, ids int[])
"""
ADD_QUESTION = sa.text(f"INSERT INTO bench_questions VALUES ({ORIGIN}, CAST(:ids AS int[]))")


def all_at_once(table: str) -> sa.TextClause:
    """Return one statement that asks every question of `bench_questions` of a table.

    It measures the index: no driver and no network comes between.
    """
    nearest = STATEMENT.format(table=table).replace(ORIGIN, "q.origin")
    nearest = nearest.replace("CAST(:ids AS int[])", "q.ids")
    return sa.text(
        "SELECT count(*), sum(n.distance_m) FROM bench_questions q"
        f" CROSS JOIN LATERAL ({nearest}) AS n"
    )
