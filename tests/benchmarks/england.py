"""A made-up England: assets clustered like towns, for measuring only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import psycopg
import pyproj
import sqlalchemy as sa

SEED = 20261123
TOWNS = 1_500
INTERESTS_IN_USE = 200
MOST_INTERESTS = 4
# British National Grid: a box well inside England, in metres.
WEST, SOUTH, EAST, NORTH = 340_000, 160_000, 600_000, 480_000

SLOW_INDEXES = (
    "ix_assets_point_27700_interest_ids",
    "ix_assets_geom",
    "ix_assets_name_trigrams",
)


def points(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return (count, 2) eastings and northings in metres, in towns of very different sizes."""
    centres = rng.uniform((WEST, SOUTH), (EAST, NORTH), size=(TOWNS, 2))
    sizes = rng.pareto(1.1, TOWNS) + 0.2
    town = rng.choice(TOWNS, size=count, p=sizes / sizes.sum())
    spread_m = 400 + 2_500 * np.sqrt(sizes / sizes.max())
    return np.asarray(centres[town] + rng.normal(size=(count, 2)) * spread_m[town, None])


def interests(count: int, ids: list[int], rng: np.random.Generator) -> list[list[int]]:
    """Return 1 to 4 sorted interest ids a row; a few are popular and most are rare."""
    in_use = np.asarray(ids[:INTERESTS_IN_USE])
    weights = 1 / (np.arange(len(in_use)) + 5)
    drawn = rng.choice(in_use, size=(count, MOST_INTERESTS), p=weights / weights.sum())
    how_many = rng.integers(1, MOST_INTERESTS + 1, size=count)
    return [sorted(set(row[:n].tolist())) for row, n in zip(drawn, how_many, strict=True)]


def fill(engine: sa.Engine, count: int) -> None:
    """Store `count` assets of one source, if there are not that many already."""
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT count(*) FROM assets")).scalar_one()
        if stored == count:
            return
        ids = list(connection.execute(sa.text("SELECT id FROM interests ORDER BY id")).scalars())
    rng = np.random.default_rng(SEED)
    grid = points(count, rng)
    to_lon_lat = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
    lon, lat = to_lon_lat.transform(grid[:, 0], grid[:, 1])
    shared = interests(count, ids, rng)
    dates = np.array(["\\N", "2026-10-01", "2025-03-01", "2021-06-01"])[rng.integers(0, 4, count)]
    with engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE assets, activities, sources CASCADE"))
        source_id = connection.execute(
            sa.text(
                "INSERT INTO sources (slug, name, publisher, licence, attribution)"
                " VALUES ('bench', 'Benchmark', 'Nobody', 'CC0', 'Made up') RETURNING id"
            )
        ).scalar_one()
        definitions = {
            name: connection.execute(
                sa.text("SELECT pg_get_indexdef(CAST(:n AS regclass))"), {"n": name}
            ).scalar_one()
            for name in SLOW_INDEXES
        }
        for name in SLOW_INDEXES:
            connection.execute(sa.text(f"DROP INDEX {name}"))
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, psycopg.Connection)
        columns = (
            "kind, name, geom, location_source, interest_ids, phone, postcode, assured_date,"
            " source_id, source_key"
        )
        with raw.cursor().copy(f"COPY assets ({columns}) FROM STDIN") as copy:
            for n in range(count):
                copy.write(
                    f"group\tGroup {n} of the town\tSRID=4326;POINT({lon[n]:.6f} {lat[n]:.6f})"
                    f"\tgiven\t{{{','.join(map(str, shared[n]))}}}\t01274 {n % 1_000_000:06d}"
                    f"\tBD1 1AA\t{dates[n]}\t{source_id}\t{n}\n"
                )
        for definition in definitions.values():
            connection.execute(sa.text(definition))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE assets"))


def questions(engine: sa.Engine, count: int) -> list[tuple[float, float, list[str]]]:
    """Return (lon, lat, three concept slugs) at places where assets are, popular and rare mixed."""
    rng = np.random.default_rng(SEED + 1)
    to_lon_lat = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
    with engine.connect() as connection:
        slugs = list(
            connection.execute(sa.text("SELECT concept FROM interests ORDER BY id")).scalars()
        )[:INTERESTS_IN_USE]
        stored = connection.execute(sa.text("SELECT count(*) FROM assets")).scalar_one()
        picked = connection.execute(
            sa.text(
                "SELECT ST_X(point_27700) AS x, ST_Y(point_27700) AS y FROM assets"
                " WHERE source_key = ANY(:keys)"
            ),
            {"keys": [str(k) for k in rng.integers(0, stored, count)]},
        ).all()
    answers = []
    for row in picked:
        lon, lat = to_lon_lat.transform(row.x + rng.normal(0, 300), row.y + rng.normal(0, 300))
        chosen = rng.choice(len(slugs), size=3, replace=False)
        answers.append((float(lon), float(lat), [slugs[i] for i in chosen]))
    return answers
