"""Pages and maps: milliseconds and bytes of a ward, and of a map of ten thousand places."""

from __future__ import annotations

import gzip
import time

import numpy as np
import sqlalchemy as sa

from app.database import make_engine
from app.settings import Settings
from tests.benchmarks import maps
from tests.benchmarks.figures import Figure, Promise
from tests.benchmarks.serving import Client, served

TIMES = 40
FEWER_BYTES = Promise("at most", 0.1)


def measure(settings: Settings, *, times: int = TIMES) -> list[Figure]:
    """Return the figures; those of a ward only where wards are loaded."""
    ward = _fullest_ward(settings)
    figures = [] if ward is None else _ward(settings, *ward, times=times)
    return figures + _ten_thousand()


def _fullest_ward(settings: Settings) -> tuple[str, int] | None:
    """Return the code of the ward with most assets, and how many they are."""
    engine = make_engine(settings)
    with engine.connect() as connection:
        row = connection.execute(
            sa.text(
                "SELECT a.gss_code, count(DISTINCT s.id) FROM areas a"
                " JOIN area_parts p ON p.area_id = a.id"
                " JOIN public_assets s ON ST_Intersects(p.geom, s.geom)"
                " WHERE a.area_type = 'ward' GROUP BY a.gss_code ORDER BY 2 DESC LIMIT 1"
            )
        ).one_or_none()
    engine.dispose()
    return None if row is None else (row[0], row[1])


def _ward(settings: Settings, gss_code: str, count: int, *, times: int) -> list[Figure]:
    environment = {"DATABASE_URL": settings.database_url}
    figures = []
    with served("tests.benchmarks.ours:make", environment=environment, is_factory=True) as server:
        client = Client(server.port)
        for path, name in (
            (f"/wards/{gss_code}", "Ward page"),
            (f"/wards/{gss_code}/map", "Ward map"),
        ):
            body = client.get(path)
            taken_ms = []
            for _ in range(times):
                started = time.perf_counter()
                client.get(path)
                taken_ms.append((time.perf_counter() - started) * 1000)
            what = f"{name}, {count:,} assets"
            figures += [
                Figure(f"{what}: p50", "ms", float(np.percentile(taken_ms, 50))),
                Figure(f"{what}: p95", "ms", float(np.percentile(taken_ms, 95))),
                Figure(what, "bytes", len(body)),
                Figure(f"{what}: gzipped", "bytes", len(gzip.compress(body, 4))),
            ]
        client.close()
    return figures


def _ten_thousand() -> list[Figure]:
    figures = []
    for is_named, theirs in ((False, "Markers"), (True, "Markers with names in popups")):
        frame = maps.places(maps.COUNT, is_named=is_named)
        ours = len(maps.document(frame).encode())
        beside = maps.folium_bytes(frame, has_popups=is_named)
        what = "names, kinds and links" if is_named else "kinds only"
        figures.append(
            Figure(f"Map of {maps.COUNT:,} assets, {what}", "bytes", ours, beside,
                   f"folium's default {theirs}", FEWER_BYTES)
        )  # fmt: skip
    return figures
