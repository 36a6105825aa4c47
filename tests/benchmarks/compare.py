"""The page that compares a district's wards, beside its questions to the database alone."""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from app.areas import measure_queries, queries
from app.database import APP_ROLE, make_engine
from app.parameters import today
from app.settings import Settings
from tests.benchmarks.figures import Figure, Promise
from tests.benchmarks.serving import Client, served

TIMES = 30
TWICE_ITS_SQL = Promise("at most", 2.0)


def measure(settings: Settings, *, times: int = TIMES) -> list[Figure]:
    """Return the figures of the district with most assets; none where no wards are loaded."""
    engine = make_engine(settings, role=APP_ROLE)
    connect = engine.execution_options(isolation_level="AUTOCOMMIT").connect
    with connect() as connection:
        district = _fullest(connection)
    if district is None:
        engine.dispose()
        return []
    lad_code, name, wards = district
    what = f"Comparing the {wards} wards of {name}"
    environment = {"DATABASE_URL": settings.database_url}
    figures = []
    with (
        served("tests.benchmarks.ours:make", environment=environment, is_factory=True) as server,
        connect() as connection,
    ):
        client = Client(server.port)
        page, image = f"/wards?district={lad_code}", f"/wards/map?district={lad_code}"
        cold = {path: _taken_ms(partial(client.get, path)) for path in (page, image)}
        # In turn: what else the machine does is the same for each.
        taken = [
            (
                _taken_ms(partial(_ask, connection, lad_code)),
                _taken_ms(partial(client.get, page)),
                _taken_ms(partial(client.get, image)),
            )
            for _ in range(times)
        ]
        sql_ms, page_ms, map_ms = (statistics.median(one) for one in zip(*taken, strict=True))
        figures.append(Figure(f"{what}: page, p50", "ms", page_ms, sql_ms, "its SQL alone",
                              TWICE_ITS_SQL))  # fmt: skip
        figures.append(Figure(f"{what}: map, p50", "ms", map_ms))
        for path, part in ((page, "page"), (image, "map")):
            body = client.get(path)
            figures += [
                Figure(f"{what}: {part}, the first after a start", "ms", cold[path]),
                Figure(f"{what}: {part}", "bytes", len(body)),
                Figure(f"{what}: {part}, gzipped", "bytes", len(gzip.compress(body, 4))),
            ]
        client.close()
    engine.dispose()
    return figures


def _fullest(connection: sa.Connection) -> tuple[str, str, int] | None:
    """Return code and name of the district with most assets in its wards, and how many wards."""
    row = connection.execute(
        sa.text(
            "SELECT w.lad_code, max(w.lad_name), count(DISTINCT w.id) FROM areas w"
            " JOIN area_parts p ON p.area_id = w.id"
            " LEFT JOIN public_assets s ON ST_Intersects(p.geom, s.geom)"
            " WHERE w.area_type = 'ward' AND w.gone_at IS NULL AND w.lad_code IS NOT NULL"
            " AND w.release = (SELECT max(release) FROM areas WHERE area_type = 'ward')"
            " GROUP BY 1 ORDER BY count(s.id) DESC LIMIT 1"
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1] or row[0], row[2])


def _ask(connection: sa.Connection, lad_code: str) -> None:
    """Ask everything the page asks, and read every row."""
    wards = measure_queries.Wards(lad_code)
    queries.list_districts(connection, release=None)
    measure_queries.list_ward_figures(connection, wards)
    measure_queries.count_in_wards(connection, wards, today=today())
    measure_queries.list_themes(connection)


def _taken_ms(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000
