"""Lists as GeoJSON by rectangle, beside stand-alone tipg on the same view of the same database."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import numpy as np
import sqlalchemy as sa

from app.database import make_engine
from app.settings import Settings
from tests.benchmarks import england
from tests.benchmarks.figures import Figure, Promise
from tests.benchmarks.serving import Client, Server, served

LIMITS = (100, 1_000)
CONNECTIONS = 8
ROUNDS = 5
SECONDS_A_ROUND = 3.0
BOXES = 200
# The rectangle holds a fifth more than is asked for: as a map does that was zoomed until it fits.
SPARE = 1.2
PROMISE = Promise("at least", 5)
TIPG = "stand-alone tipg"


def measure(settings: Settings, *, seconds: float = SECONDS_A_ROUND) -> list[Figure]:
    """Return requests per second of ours and of tipg's for each of `LIMITS`."""
    if importlib.util.find_spec("tipg") is None:
        return []
    boxes = {limit: boxes_of(settings, limit) for limit in LIMITS}
    with (
        served(
            "tests.benchmarks.ours:make",
            environment={"DATABASE_URL": settings.database_url},
            is_factory=True,
        ) as ours,
        served("tipg.main:app", environment=tipg_environment(settings), is_factory=False) as tipg,
    ):
        return [
            figure
            for limit in LIMITS
            for figure in _figures(limit, boxes[limit], ours=ours, tipg=tipg, seconds=seconds)
        ]


def tipg_environment(
    settings: Settings, *, schema: str = "public", table: str = "public_assets"
) -> dict[str, str]:
    """Return tipg's settings: only the one view, and no looking for new tables meanwhile."""
    url = sa.make_url(settings.database_url).set(drivername="postgresql")
    if not url.host:
        # tipg refuses an address without a host; the socket's folder may stand there, encoded.
        folder, port = (str(url.query.get(name, "")) for name in ("host", "port"))
        url = url.set(host="socket", port=int(port or 5432), query={})
        text = url.render_as_string(hide_password=False).replace("socket", quote(folder, safe=""))
    else:
        text = url.render_as_string(hide_password=False)
    return {
        "DATABASE_URL": text,
        # Extensions are in "public"; only the one table is served.
        "TIPG_DB_SCHEMAS": json.dumps(sorted({schema, "public"})),
        "TIPG_DB_TABLES": json.dumps([f"{schema}.{table}"]),
        "TIPG_DB_DATETIME_EXTENT": "false",
        "TIPG_CATALOG_TTL": "0",
    }


def boxes_of(settings: Settings, limit: int) -> list[str]:
    """Return rectangles "west,south,east,north" in degrees with a little over `limit` assets."""
    engine = make_engine(settings)
    with engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        boxes = [
            connection.execute(
                sa.text(
                    "SELECT concat_ws(',', ST_XMin(b.box), ST_YMin(b.box), ST_XMax(b.box),"
                    " ST_YMax(b.box)) FROM (SELECT ST_Extent(n.geom) AS box FROM ("
                    "SELECT geom FROM public_assets ORDER BY geom <->"
                    " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) LIMIT :count) AS n) AS b"
                ),
                {"lon": lon, "lat": lat, "count": int(limit * SPARE)},
            ).scalar_one()
            for lon, lat in england.origins(engine, BOXES, in_north=False)
        ]
    engine.dispose()
    return boxes


def _figures(
    limit: int, boxes: Sequence[str], *, ours: Server, tipg: Server, seconds: float
) -> list[Figure]:
    paths = {
        ours: [f"/assets.geojson?bbox={box}&limit={limit}" for box in boxes],
        tipg: [
            f"/collections/public.public_assets/items?f=geojson&bbox={box}&limit={limit}"
            for box in boxes
        ],
    }
    for server, asked in paths.items():
        client = Client(server.port)
        for path in asked[:20]:
            features = json.loads(client.get(path))["features"]
            if len(features) != limit:
                message = f"{path} gave {len(features)} features"
                raise RuntimeError(message)
        client.close()
    runs = rounds(paths, seconds)
    what = f"/assets.geojson, {limit:,} features"

    def median(server: Server, top: str, bottom: str) -> float:
        return float(np.median([run[top] / run[bottom] for run in runs[server]]))

    return [
        Figure(what, "requests/s", median(ours, "answers", "seconds"),
               median(tipg, "answers", "seconds"), TIPG, PROMISE),
        Figure(f"{what}: web server", "ms of CPU", median(ours, "cpu_ms", "answers"),
               median(tipg, "cpu_ms", "answers"), TIPG),
        Figure(what, "bytes", median(ours, "bytes", "answers"),
               median(tipg, "bytes", "answers"), TIPG),
    ]  # fmt: skip


def rounds(
    paths: Mapping[Server, Sequence[str]], seconds: float
) -> dict[Server, list[dict[str, float]]]:
    """Return what each round of each server measured: they take turns, and turns at beginning."""
    runs: dict[Server, list[dict[str, float]]] = {server: [] for server in paths}
    for turn in range(ROUNDS):
        for server in paths if turn % 2 else reversed(list(paths)):
            runs[server].append(_round(server, paths[server], seconds))
    return runs


def _round(server: Server, paths: Sequence[str], seconds: float) -> dict[str, float]:
    before = server.cpu_s()
    command = [sys.executable, "-m", "tests.benchmarks.load", str(server.port), str(seconds),
               str(CONNECTIONS)]  # fmt: skip
    asked = subprocess.run(
        command, input="\n".join(paths), text=True, capture_output=True, check=True
    )
    measured: dict[str, float] = json.loads(asked.stdout)
    return measured | {"cpu_ms": (server.cpu_s() - before) * 1000}
