"""A ward to take away: how long each file takes, and what the memory stick has to hold.

The largest ward of Bradford with its own open data. Run alone as
``python -m tests.benchmarks.take``.
"""

from __future__ import annotations

import statistics
import time
import warnings

import sqlalchemy as sa

from app.database import make_engine, transaction
from app.importers.folder import load_folder
from app.interests.actions import load_vocabulary
from app.main import create_app
from app.settings import Settings
from tests.benchmarks.database import WARDS, make_database, real_data
from tests.benchmarks.figures import Figure, Promise, show

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


def make_bradford() -> Settings | None:
    """Return settings for a database with Bradford's wards and places; None without the data."""
    folder = real_data()
    if folder is None:
        return None
    settings = make_database("patchwork_bench_take")
    engine = make_engine(settings)
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT count(*) FROM assets")).scalar_one()
    if not stored:
        with transaction(engine) as session:
            load_vocabulary(session)
        load_folder(engine, (folder / WARDS).parent)
        # Postcodes last would leave homes without a place.
        for name in reversed(FOLDERS):
            load_folder(engine, folder / name)
    engine.dispose()
    return settings


def measure(*, times: int = TIMES) -> list[Figure]:
    """Return bytes and milliseconds of the files of the largest ward; nothing without the data."""
    settings = make_bradford()
    if settings is None:
        return []
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


def main() -> None:
    """Measure and print the table."""
    show("A ward to take away", measure())


if __name__ == "__main__":
    main()
