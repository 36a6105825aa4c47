"""A made-up England, for measuring only: places clustered like towns, activities in the north.

In the north a match question has two full lists to find; in the south there is nothing but assets.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyproj
import sqlalchemy as sa

from tests.benchmarks.storing import copy, refilling

SEED = 20261123
TOWNS = 1_500
INTERESTS_IN_USE = 200
MOST_INTERESTS = 4
# In the north, one activity for so many assets; every third one comes to homes.
ASSETS_AN_ACTIVITY = 10
NORTH_FROM = 320_000
# Groups come from up to 15 km away: so far south of the north, none do.
SOUTH_UP_TO = NORTH_FROM - 16_000
# British National Grid: a box well inside England, in metres.
WEST, SOUTH, EAST, NORTH = 340_000, 160_000, 600_000, 480_000
# The first town is where the real wards are: Bradford's city hall, and its share of all places.
BRADFORD = (416_400, 433_000)
BRADFORD_SHARE = 0.004
BRADFORD_SPREAD_M = 2_500

ASSET_COLUMNS = (
    "id, kind, name, geom, location_source, interest_ids, phone, postcode, assured_date,"
    " source_id, source_key"
)
ACTIVITY_COLUMNS = (
    "id, name, organizer_id, comes_to_homes, interest_ids, day_parts, cost_pence, assured_date,"
    " source_id, source_key"
)
SCHEDULE_COLUMNS = "activity_id, starts_on, opens_at, closes_at, rrule"

Rng = np.random.Generator
Grid = npt.NDArray[np.float64]
Question = tuple[float, float, list[str]]


def points(count: int, rng: Rng) -> Grid:
    """Return (count, 2) eastings and northings in metres, in towns of very different sizes."""
    centres = rng.uniform((WEST, SOUTH), (EAST, NORTH), size=(TOWNS, 2))
    sizes = rng.pareto(1.1, TOWNS) + 0.2
    spread_m = 400 + 2_500 * np.sqrt(sizes / sizes.max())
    centres[0], spread_m[0] = BRADFORD, BRADFORD_SPREAD_M
    sizes[0] = sizes[1:].sum() * BRADFORD_SHARE / (1 - BRADFORD_SHARE)
    town = rng.choice(TOWNS, size=count, p=sizes / sizes.sum())
    return np.asarray(centres[town] + rng.normal(size=(count, 2)) * spread_m[town, None])


def interests(count: int, ids: list[int], rng: Rng) -> list[list[int]]:
    """Return 1 to 4 sorted interest ids a row; a few are popular and most are rare."""
    in_use = np.asarray(ids[:INTERESTS_IN_USE])
    drawn = rng.choice(in_use, size=(count, MOST_INTERESTS), p=popularity(len(in_use)))
    how_many = rng.integers(1, MOST_INTERESTS + 1, size=count)
    return [sorted(set(row[:n].tolist())) for row, n in zip(drawn, how_many, strict=True)]


def popularity(count: int) -> npt.NDArray[np.float64]:
    """Return the probability of each interest: the first is 40 times as popular as the last."""
    weights = 1 / (np.arange(count) + 5)
    return np.asarray(weights / weights.sum())


def fill(engine: sa.Engine, count: int, *, activities: int | None = None) -> None:
    """Store `count` assets, and activities in the north, in place of all there are.

    One activity for every `ASSETS_AN_ACTIVITY` assets there, unless it is said how many.
    """
    with engine.connect() as connection:
        ids = list(connection.execute(sa.text("SELECT id FROM interests ORDER BY id")).scalars())
    rng = np.random.default_rng(SEED)
    asset_ids, grid = _uuids(count, rng), points(count, rng)
    tables = ("assets", "activities", "schedules")
    with refilling(engine, tables, slug="bench") as (connection, source_id):
        copy(connection, "assets", ASSET_COLUMNS, _assets(asset_ids, grid, ids, source_id, rng))
        northern = np.flatnonzero(grid[:, 1] >= NORTH_FROM)
        step = len(northern) / activities if activities else ASSETS_AN_ACTIVITY
        some = [asset_ids[northern[int(n)]] for n in np.arange(0, len(northern), step)]
        activity_ids = _uuids(len(some), rng)
        sessions = _activities(activity_ids, some, ids, source_id, rng)
        copy(connection, "activities", ACTIVITY_COLUMNS, sessions)
        copy(connection, "schedules", SCHEDULE_COLUMNS, _schedules(activity_ids, rng))


def _uuids(count: int, rng: Rng) -> list[str]:
    return [str(uuid.UUID(bytes=rng.bytes(16), version=4)) for _ in range(count)]


def _dates(count: int, rng: Rng) -> npt.NDArray[np.str_]:
    known = np.array(["\\N", "2026-10-01", "2025-03-01", "2021-06-01"])
    return np.asarray(known[rng.integers(0, len(known), count)])


def _assets(
    uuids: list[str], grid: Grid, ids: list[int], source_id: int, rng: Rng
) -> Iterator[str]:
    count = len(uuids)
    to_lon_lat = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
    lon, lat = to_lon_lat.transform(*grid.T)
    shared, dates = interests(count, ids, rng), _dates(count, rng)
    for n, identifier in enumerate(uuids):
        yield (
            f"{identifier}\tgroup\tGroup {n} of the town"
            f"\tSRID=4326;POINT({lon[n]:.6f} {lat[n]:.6f})\tgiven"
            f"\t{{{','.join(map(str, shared[n]))}}}\t01274 {n % 1_000_000:06d}\tBD1 1AA"
            f"\t{dates[n]}\t{source_id}\t{n}\n"
        )


def _activities(
    uuids: list[str], organizers: list[str], ids: list[int], source_id: int, rng: Rng
) -> Iterator[str]:
    count = len(uuids)
    shared, dates = interests(count, ids, rng), _dates(count, rng)
    visits = rng.random(count) < 1 / 3
    for n, (identifier, organizer) in enumerate(zip(uuids, organizers, strict=True)):
        yield (
            f"{identifier}\tSession {n}\t{organizer}\t{visits[n]}"
            f"\t{{{','.join(map(str, shared[n]))}}}\t{{tue_pm}}\t{n % 5 * 100}\t{dates[n]}"
            f"\t{source_id}\t{n}\n"
        )


def _schedules(activity_ids: list[str], rng: Rng) -> Iterator[str]:
    count = len(activity_ids)
    days = rng.choice(["MO", "TU", "WE", "TH", "FR", "SA"], count)
    weeks, hours = rng.choice([1, 1, 1, 2, 4], count), rng.integers(9, 20, count)
    starts = np.datetime64("2026-01-05") + rng.integers(0, 300, count)
    for n, identifier in enumerate(activity_ids):
        rule = f"FREQ=WEEKLY;INTERVAL={weeks[n]};BYDAY={days[n]}"
        yield f"{identifier}\t{starts[n]}\t{hours[n]}:00\t{hours[n] + 1}:30\t{rule}\n"


def questions(engine: sa.Engine, count: int, *, in_north: bool) -> list[Question]:
    """Return (lon, lat, three concept slugs) at places where assets are, popular and rare mixed."""
    with engine.connect() as connection:
        slugs = list(
            connection.execute(sa.text("SELECT concept FROM interests ORDER BY id")).scalars()
        )[:INTERESTS_IN_USE]
    rng = np.random.default_rng(SEED + 1)
    return [
        (lon, lat, [slugs[i] for i in rng.choice(len(slugs), size=3, replace=False)])
        for lon, lat in origins(engine, count, in_north=in_north)
    ]


def origins(engine: sa.Engine, count: int, *, in_north: bool) -> list[tuple[float, float]]:
    """Return `count` places (lon, lat) a few streets away from assets drawn at random."""
    rng = np.random.default_rng(SEED + 2)
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT count(*) FROM assets")).scalar_one()
        found = connection.execute(
            sa.text(
                "SELECT ST_X(a.point_27700), ST_Y(a.point_27700)"
                " FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY AS k (key, turn)"
                " JOIN assets a ON a.source_key = k.key"
                " JOIN sources s ON s.id = a.source_id AND s.slug = 'bench'"
                " WHERE ST_Y(a.point_27700) BETWEEN :south AND :north ORDER BY k.turn LIMIT :count"
            ),
            {
                # Enough for either part of the country.
                "keys": [str(key) for key in rng.integers(0, stored, count * 5)],
                "south": NORTH_FROM if in_north else SOUTH,
                "north": NORTH if in_north else SOUTH_UP_TO,
                "count": count,
            },
        ).all()
    grid = np.asarray(found, dtype=np.float64) + rng.normal(0, 300, size=(len(found), 2))
    to_lon_lat = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
    lon, lat = to_lon_lat.transform(*grid.T)
    return list(zip(lon.tolist(), lat.tolist(), strict=True))


def anywhere(count: int) -> list[tuple[float, float]]:
    """Return `count` eastings and northings in metres, drawn evenly over the whole country."""
    rng = np.random.default_rng(SEED + 3)
    drawn = rng.uniform((WEST, SOUTH), (EAST, NORTH), size=(count, 2))
    return [(float(easting), float(northing)) for easting, northing in drawn]
