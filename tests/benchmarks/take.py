"""A ward to take away: how long each file takes, and what the memory stick has to hold."""

from __future__ import annotations

import statistics
import time
import warnings

from app.main import create_app
from app.settings import Settings
from tests.benchmarks.figures import Figure, Promise

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BRADFORD = "E08000032"
FOLDERS = ("care_homes", "osm_bradford", "libraries", "nhs", "postcodes")
LARGEST_STICK_KB = 1_500.0
FILES = {"PNG, 1920 × 1080": ".png", "PDF, one sheet": ".pdf", "XLSX": ".xlsx",
         "GeoPackage": ".gpkg", "map as one file": "/map.html"}  # fmt: skip
TIMES = 5


def measure(settings: Settings, *, times: int = TIMES) -> list[Figure]:
    """Return bytes and milliseconds of the files of Bradford's ward with most places."""
    # A link to this machine would be left out: a real address makes the file as large as it gets.
    app = create_app(settings.model_copy(update={"base_url": "https://patchwork.example.org"}))
    with TestClient(app) as client:
        wards = client.get(f"/api/wards?district={BRADFORD}").json()["wards"]
        largest = max(wards, key=lambda ward: ward["assets"])
        address = f"/wards/{largest['gss_code']}"
        what = f"{largest['name']}, {largest['assets']} places"
        size_kb = len(client.get(f"{address}/map.html").content) / 1_000
        figures = [
            Figure(f"{what}: map for a memory stick", "kB", size_kb, LARGEST_STICK_KB, "promised",
                   Promise("at most", 1)),
        ]  # fmt: skip
        for name, path in FILES.items():
            client.get(address + path)
            took = []
            for _ in range(times):
                start = time.perf_counter()
                answer = client.get(address + path)
                took.append((time.perf_counter() - start) * 1_000)
                assert answer.status_code == 200, path
            figures.append(Figure(f"{what}: {name}", "ms", statistics.median(took)))
    return figures
