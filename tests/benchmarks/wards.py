"""Wards: the page and the map of the fullest, cold and warm; and every ward's page in one run."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import sqlalchemy as sa

from app.database import make_engine
from app.settings import Settings
from tests.benchmarks.figures import Figure
from tests.benchmarks.serving import Client, served

TIMES = 20
COLD_TIMES = 3
# Of the newest boundaries, by how much is in them, the fullest first.
WARDS = """
    SELECT w.gss_code, w.lad_code, count(DISTINCT s.id) AS places
    FROM areas w JOIN area_parts p ON p.area_id = w.id
    LEFT JOIN public_assets s ON ST_Intersects(p.geom, s.geom)
    WHERE w.area_type = 'ward' AND w.gone_at IS NULL
      AND w.release = (SELECT max(release) FROM areas WHERE area_type = 'ward' AND gone_at IS NULL)
    GROUP BY 1, 2 ORDER BY 3 DESC, 1
"""


def measure(
    settings: Settings, *, times: int = TIMES, cold_times: int = COLD_TIMES
) -> list[Figure]:
    """Return the figures of the wards that are loaded; none where none are."""
    engine = make_engine(settings)
    with engine.connect() as connection:
        wards = connection.execute(sa.text(WARDS)).all()
    engine.dispose()
    if not wards:
        return []
    fullest = wards[0]
    figures = []
    for path, name in (
        (f"/wards/{fullest.gss_code}", "Ward page"),
        (f"/wards/{fullest.gss_code}/map", "Ward map"),
    ):
        what = f"{name}, {fullest.places:,} places"
        figures += _one(settings, path, what, times=times, cold_times=cold_times)
    return figures + _all(settings, [ward.gss_code for ward in wards],
                          districts=len({ward.lad_code for ward in wards}))  # fmt: skip


@contextmanager
def _server(settings: Settings) -> Iterator[Client]:
    environment = {"DATABASE_URL": settings.database_url}
    with served("tests.benchmarks.ours:make", environment=environment, is_factory=True) as server:
        client = Client(server.port)
        yield client
        client.close()


def _ms_of(client: Client, path: str) -> float:
    started = time.perf_counter()
    client.get(path)
    return (time.perf_counter() - started) * 1000


def _one(settings: Settings, path: str, what: str, *, times: int, cold_times: int) -> list[Figure]:
    """Ask one address: first in new processes, where nothing is read or compiled yet, then on."""
    cold_ms = []
    for _ in range(cold_times - 1):
        with _server(settings) as client:
            cold_ms.append(_ms_of(client, path))
    with _server(settings) as client:
        cold_ms.append(_ms_of(client, path))
        warm_ms = [_ms_of(client, path) for _ in range(times)]
        body = client.get(path)
    return [
        Figure(f"{what}: cold, the first of a new process", "ms", float(np.median(cold_ms))),
        Figure(f"{what}: warm p50", "ms", float(np.percentile(warm_ms, 50))),
        Figure(f"{what}: warm p95", "ms", float(np.percentile(warm_ms, 95))),
        Figure(what, "bytes", len(body)),
        Figure(f"{what}: gzipped", "bytes", len(gzip.compress(body, 4))),
    ]


def _all(settings: Settings, codes: list[str], *, districts: int) -> list[Figure]:
    with _server(settings) as client:
        client.get(f"/wards/{codes[0]}")
        taken_ms = [_ms_of(client, f"/wards/{code}") for code in codes]
    what = f"All {len(codes)} wards of {districts} districts, one after the other"
    return [
        Figure(what, "wards/s", len(codes) / (sum(taken_ms) / 1000)),
        Figure(f"{what}: slowest", "ms", max(taken_ms)),
    ]
