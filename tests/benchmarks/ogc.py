"""OGC API beside stand-alone tipg on the same view in the same run, our own list, and a tile."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from app.database import make_engine
from app.settings import Settings
from tests.benchmarks import england
from tests.benchmarks.figures import Figure, Promise
from tests.benchmarks.lists import SECONDS_A_ROUND, TIPG, boxes_of, rounds, tipg_environment
from tests.benchmarks.serving import Client, Server, served

LIMIT, TILES, ZOOM = 100, 40, 13
NOT_SLOWER, FIVE_TIMES = Promise("at least", 0.9), Promise("at least", 5)


def measure(settings: Settings, *, seconds: float = SECONDS_A_ROUND) -> list[Figure]:
    """Return requests per second of `/ogc` and `/assets.geojson` beside tipg's, and tiles' ms."""
    boxes = boxes_of(settings, LIMIT)
    environment = tipg_environment(settings, schema="ogc", table="assets")
    with (
        served(
            "tests.benchmarks.ours:make",
            environment={"DATABASE_URL": settings.database_url},
            is_factory=True,
        ) as ours,
        served("tipg.main:app", environment=environment, is_factory=False) as tipg,
    ):
        theirs = [f"/collections/ogc.assets/items?{_asked(box)}" for box in boxes]
        same = [f"/ogc/collections/assets/items?{_asked(box)}" for box in boxes]
        lists = [f"/assets.geojson?bbox={box}&limit={LIMIT}" for box in boxes]
        _check_alike(ours, tipg, same, theirs)
        return [
            _beside("/ogc items, 100 features", ours, same, tipg, theirs, seconds, NOT_SLOWER),
            _beside(
                "/assets.geojson, 100 features", ours, lists, tipg, theirs, seconds, FIVE_TIMES
            ),
            *_tiles(settings, ours, tipg),
        ]


def _asked(box: str) -> str:
    return f"f=geojson&limit={LIMIT}&bbox={box}"


def _check_alike(ours: Server, tipg: Server, same: Sequence[str], theirs: Sequence[str]) -> None:
    """Raise where the two do not answer with the same features."""
    for own, other in zip(same[:10], theirs[:10], strict=True):
        answers = []
        for server, path in ((ours, own), (tipg, other)):
            client = Client(server.port)
            answers.append([one["id"] for one in json.loads(client.get(path))["features"]])
            client.close()
        if answers[0] != answers[1] or len(answers[0]) != LIMIT:
            message = f"{own} and {other} differ"
            raise RuntimeError(message)


def _beside(
    what: str, ours: Server, own: Sequence[str], tipg: Server, theirs: Sequence[str],
    seconds: float, promise: Promise,
) -> Figure:  # fmt: skip
    runs = rounds({ours: own, tipg: theirs}, seconds)

    def rate(server: Server) -> float:
        return float(np.median([run["answers"] / run["seconds"] for run in runs[server]]))

    return Figure(what, "requests/s", rate(ours), rate(tipg), TIPG, promise)


def _tiles(settings: Settings, ours: Server, tipg: Server) -> list[Figure]:
    """Return the median milliseconds of tiles where there is most, asked one after the other."""
    engine = make_engine(settings)
    tiles = [_tile_at(*origin) for origin in england.origins(engine, TILES, in_north=False)]
    counted = []
    with engine.connect() as connection:
        for z, x, y in tiles:
            counted.append(
                connection.execute(
                    sa.text(
                        "SELECT count(*) FROM public_assets WHERE geom &&"
                        " ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326)"
                    ),
                    {"z": z, "x": x, "y": y},
                ).scalar_one()
            )
    engine.dispose()
    own = [f"/ogc/collections/assets/tiles/WebMercatorQuad/{z}/{x}/{y}" for z, x, y in tiles]
    theirs = [
        f"/collections/ogc.assets/tiles/WebMercatorQuad/{z}/{x}/{y}?properties=id,kind,name"
        for z, x, y in tiles
    ]
    what = f"Tile at z{ZOOM}, {int(np.median(counted)):,} features (median)"
    return [Figure(what, "ms", _median_ms(ours, own), _median_ms(tipg, theirs), TIPG)]


def _tile_at(lon: float, lat: float) -> tuple[int, int, int]:
    """Return the tile (z, x, y) a place in degrees is in, by the formula of Web Mercator."""
    across = 2**ZOOM
    x = int((lon + 180) / 360 * across)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * across)
    return ZOOM, x, y


def _median_ms(server: Server, paths: Sequence[str]) -> float:
    client = Client(server.port)
    took = []
    for path in [*paths[:5], *paths]:
        started = time.perf_counter()
        client.get(path)
        took.append((time.perf_counter() - started) * 1000)
    client.close()
    return float(np.median(took[5:]))
