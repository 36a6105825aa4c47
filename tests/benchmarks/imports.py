"""How fast files are loaded, beside bare COPY of the same rows into the same indexed table.

`measure` empties the tables it fills: give it a database of its own.
"""

from __future__ import annotations

import csv
import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyproj
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.importers.run import load_file
from app.interests.actions import load_vocabulary
from tests.benchmarks.england import SEED, points

ASSETS = 120_000
POSTCODES = 120_000
LEAST_SHARE = 0.25
FIRST = ("Riverside", "Lister", "Saltaire", "Manor", "Victoria", "Hollins", "Moorside", "Canal",
         "Chapel", "Greenacres", "Beck", "Queens", "Mill", "Station", "Albion")  # fmt: skip
SECOND = ("Lane", "Road", "Park", "Street", "Hill", "Green", "Fold", "Bank", "Top", "Bridge",
          "Gate", "Field")  # fmt: skip
THIRD = ("Bowls Club", "Community Centre", "Choir", "Allotments", "Library", "Tea Dance",
         "Men's Shed", "Knit and Natter", "Photography Group", "Lunch Club")  # fmt: skip
# Inward codes without the letters the Post Office leaves out.
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


def measure(engine: sa.Engine) -> list[dict[str, Any]]:
    """Return one row a table: rows, rows/s of a first load, of a second, of COPY, and the share."""
    with Session(engine) as session, session.begin():
        load_vocabulary(session)
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for table, write in (("postcodes", write_postcodes), ("assets", write_assets)):
            path = Path(folder) / f"{table}.csv"
            write(path)
            measured.append(_measure_one(engine, table, path))
    return measured


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print what `measure` returned."""
    heads = f"{'load /s':>12}{'again /s':>12}{'COPY /s':>12}{'share':>8}"
    print(f"{'table':<12}{'rows':>10}{heads}")  # noqa: T201
    for row in rows:
        print(  # noqa: T201
            f"{row['table']:<12}{row['rows']:>10,}{row['load_rows_per_second']:>12,.0f}"
            f"{row['again_rows_per_second']:>12,.0f}{row['copy_rows_per_second']:>12,.0f}"
            f"{row['share_of_copy']:>8.2f}"
        )


def _measure_one(engine: sa.Engine, table: str, path: Path) -> dict[str, Any]:
    _empty(engine, table)
    first = load_file(engine, path)
    again = load_file(engine, path)
    assert again.status == "unchanged", again
    seconds = copy_seconds(engine, table)
    load_speed, copy_speed = first.read / first.seconds, first.new / seconds
    return {
        "table": table,
        "rows": first.new,
        "load_rows_per_second": load_speed,
        "again_rows_per_second": again.read / again.seconds,
        "copy_rows_per_second": copy_speed,
        "share_of_copy": load_speed / copy_speed,
        "target_share": LEAST_SHARE,
    }


def copy_seconds(engine: sa.Engine, table: str) -> float:
    """Return how long a bare COPY of all rows of `table` into the emptied `table` takes."""
    generated = {"point_27700"}
    columns = [c["name"] for c in sa.inspect(engine).get_columns(table)]
    listed = ", ".join(f'"{name}"' for name in columns if name not in generated)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        with driver.cursor() as cursor:
            kept = io.BytesIO()
            with cursor.copy(f"COPY {table} ({listed}) TO STDOUT") as copy:
                for chunk in copy:
                    kept.write(chunk)
            driver.commit()
        _empty(engine, table, keep_sources=True)
        started = time.perf_counter()
        with driver.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                copy.write(kept.getvalue())
            driver.commit()
        return time.perf_counter() - started


def _empty(engine: sa.Engine, table: str, *, keep_sources: bool = False) -> None:
    tables = table if keep_sources else f"{table}, import_runs"
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text(f"TRUNCATE {tables} CASCADE"))


def write_postcodes(path: Path) -> None:
    """Write made-up postcodes in Code-Point Open's form without a header."""
    rng = np.random.default_rng(SEED)
    places = points(POSTCODES, rng).astype(int).tolist()
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        for postcode, (easting, northing) in zip(_postcodes(), places, strict=False):
            writer.writerow([postcode, 10, easting, northing, "E92000001", "E19000001", "E18000002",
                             "", "E08000032", "E05001347"])  # fmt: skip


def _postcodes() -> Iterator[str]:
    """Yield made-up postcodes of one area after another, in the order publishers use."""
    for area in ("BD", "HX", "LS", "OL", "SK"):
        for district in range(1, 30):
            for sector in range(10):
                for one in LETTERS:
                    for two in LETTERS:
                        yield f"{area}{district} {sector}{one}{two}"


def write_assets(path: Path) -> None:
    """Write made-up assets in the template of people's own lists."""
    rng = np.random.default_rng(SEED)
    lon, lat = pyproj.Transformer.from_crs(27700, 4326, always_xy=True).transform(
        *points(ASSETS, rng).T
    )
    header = ["id", "kind", "name", "description", "address", "postcode", "lon", "lat", "interests",
              "access", "phone", "website", "opening_hours"]  # fmt: skip
    words = rng.integers(0, 10_000, size=(ASSETS, 5)).tolist()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for n, (a, b, c, d, e) in enumerate(words):
            first, second = FIRST[a % len(FIRST)], SECOND[b % len(SECOND)]
            writer.writerow([
                f"place-{n}", ("group", "venue")[e % 2], f"{first} {second} {THIRD[c % 10]}",
                f"Meets near {second}; everyone welcome, tea and cake at the end",
                f"{1 + d % 200} {first} {second}, Bradford", "", f"{lon[n]:.6f}", f"{lat[n]:.6f}",
                ("bowls", "choirs;singing", "gardening", "crafts;knitting")[c % 4],
                ("", "step_free", "step_free;parking")[d % 3], f"01274 {200000 + n % 700000}",
                f"https://place-{n}.example.org", ("", "Mon-Fri 09:00-17:00")[a % 2],
            ])  # fmt: skip


if __name__ == "__main__":
    from app.database import make_engine
    from app.settings import get_settings

    print_table(measure(make_engine(get_settings())))
