"""Open Referral UK's services beside stand-alone tipg on the same places, and all in one stream."""

from __future__ import annotations

import importlib.util
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from app.database import make_engine
from app.settings import Settings
from tests.benchmarks import england, lists
from tests.benchmarks.database import make_database
from tests.benchmarks.figures import Figure, Promise
from tests.benchmarks.serving import HOST, Client, Server, served

SERVICES = 100_000
# What a page has unless something else is asked for; and twice that.
LENGTHS = (50, 100)
PER_PAGE = 100
PAGES = 50
PLACES = 50
# Wide enough that a page is full nearly everywhere.
WITHIN_M = 5_000
SINCE = "2001-01-01T00:00:00Z"
PROMISE = Promise("at least", 2)
# The process may grow by what a few batches need, whatever the stream's length.
FLAT_MB = 64
SAMPLE_SECONDS = 0.02


def make_services(count: int) -> Settings:
    """Return settings for a database with `count` made-up services."""
    settings = make_database("patchwork_bench_oruk")
    engine = make_engine(settings)
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT count(*) FROM assets")).scalar_one()
    if stored != count:
        england.fill(engine, count)
    _keep_postcodes(engine)
    engine.dispose()
    return settings


def _keep_postcodes(engine: sa.Engine) -> None:
    """Store a made-up postcode at each of the places that are asked about."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO postcodes (postcode, geom, positional_quality, source_id)"
                " SELECT :postcode, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 10, id"
                " FROM sources WHERE slug = 'bench' ON CONFLICT DO NOTHING"
            ),
            [
                {"postcode": postcode, "lon": lon, "lat": lat}
                for postcode, (lon, lat) in zip(
                    _postcodes(), england.origins(engine, PLACES, in_north=False), strict=True
                )
            ],
        )


def _postcodes() -> list[str]:
    return [f"ZZ{number // 10} {number % 10}ZZ" for number in range(PLACES)]


def measure(settings: Settings, *, seconds: float = lists.SECONDS_A_ROUND) -> list[Figure]:
    """Return requests a second beside tipg's, how deep pages fare, and what a stream costs."""
    with served(
        "tests.benchmarks.ours:make",
        # The worker's hourly jobs would be measured with it: tipg has none.
        environment={"DATABASE_URL": settings.database_url, "PATCHWORK_HAS_WORKER": "false"},
        is_factory=True,
    ) as ours:
        figures = _beside_tipg(settings, ours, seconds) if importlib.util.find_spec("tipg") else []
        return [*figures, *_deep(ours), *_stream(ours, "full=true"), *_stream(ours, "full=false")]


def _beside_tipg(settings: Settings, ours: Server, seconds: float) -> list[Figure]:
    environment = lists.tipg_environment(settings)
    with served("tipg.main:app", environment=environment, is_factory=False) as tipg:
        return [
            _compare(what, other, {ours: mine, tipg: theirs}, seconds)
            for what, other, mine, theirs in _questions(settings)
        ]


def _questions(settings: Settings) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Yield what is asked of us and of tipg, in words and as paths."""
    for length in LENGTHS:
        items = f"/collections/public.public_assets/items?f=geojson&limit={length}"
        boxes = [f"{items}&bbox={box}" for box in lists.boxes_of(settings, length)]
        pages = [f"{items}&offset={page * length}" for page in range(PAGES)]
        ours = f"/oruk/services?per_page={length}"
        for form in ("&full=true", ""):
            mine = [f"{ours}&page={page + 1}{form}" for page in range(PAGES)]
            what = f"/oruk/services, {length}, {'full' if form else 'in short'}"
            yield what, "tipg, by page", mine, pages
            yield what, "tipg, by rectangle", mine, boxes
    ours = f"/oruk/services?per_page={LENGTHS[0]}"
    items = f"/collections/public.public_assets/items?f=geojson&limit={LENGTHS[0]}"
    near = [
        f"{ours}&postcode={postcode.replace(' ', '+')}&proximity={WITHIN_M}"
        for postcode in _postcodes()
    ]
    boxes = [f"{items}&bbox={box}" for box in lists.boxes_of(settings, LENGTHS[0])]
    yield f"{LENGTHS[0]} near a postcode", "tipg, by rectangle", near, boxes
    since = [f"{ours}&modified_after={SINCE}&page={page + 1}" for page in range(PAGES)]
    changed = [f"{items}&datetime={SINCE}/..&offset={n * LENGTHS[0]}" for n in range(PAGES)]
    yield f"{LENGTHS[0]} changed since", "tipg, by datetime", since, changed


def _compare(what: str, other: str, paths: dict[Server, list[str]], seconds: float) -> Figure:
    """Return our requests a second beside tipg's, which comes second in `paths`."""
    for server, asked in paths.items():
        # What any first question costs is nobody's speed.
        client = Client(server.port)
        for path in asked:
            client.get(path)
        client.close()
    runs = lists.rounds(paths, seconds)
    ours, tipg = (
        float(np.median([run["answers"] / run["seconds"] for run in runs[server]]))
        for server in paths
    )
    return Figure(what, "requests/s", ours, tipg, other, PROMISE)


def _deep(ours: Server) -> list[Figure]:
    client = Client(ours.port)
    path = f"/oruk/services?per_page={PER_PAGE}&page="
    first = json.loads(client.get(f"{path}1"))
    last = first["total_pages"]
    total = first["total_items"]
    figures = [
        Figure(f"The last of {last:,} pages", "ms", _ms(lambda: client.get(f"{path}{last}")),
               _ms(lambda: client.get(f"{path}1")), "the first"),
    ]  # fmt: skip
    # A question nobody has asked before: the order of all of it is made anew.
    since = iter(range(100))
    figures.append(
        Figure(f"A filter that all {total:,} fit, first page", "ms",
               _ms(lambda: client.get(
                   f"{path}1&modified_after=2001-01-01T00:00:{next(since):02d}Z"), times=10))
    )  # fmt: skip
    client.close()
    return figures


def _ms(ask: Callable[[], object], times: int = 30) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - started) * 1000)
    return float(np.median(taken))


def _stream(ours: Server, form: str) -> list[Figure]:
    """Return what one stream of everything takes, and how much the server grows meanwhile."""
    # What any first question costs is not the stream's.
    _read_stream(ours, f"{form}&search=town+1")
    before_mb = _memory_mb(ours.process.pid)
    samples, done = [before_mb], threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_SECONDS):
            samples.append(_memory_mb(ours.process.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        first_ms, seconds, lines, size_mb = _read_stream(ours, form)
    finally:
        done.set()
        watching.join()
    what = f"ndjson of {lines:,} services, {form}"
    return [
        Figure(what, "seconds", seconds),
        Figure(f"{what}: first byte", "ms", first_ms),
        Figure(f"{what}: sent", "MB", size_mb),
        Figure(f"{what}: server grew by", "MB", max(samples) - before_mb, FLAT_MB,
               "what is flat", Promise("at most", 1)),
    ]  # fmt: skip


def _read_stream(ours: Server, form: str) -> tuple[float, float, int, float]:
    """Return ms to the first byte of the body, seconds, lines, and MB."""
    started = time.perf_counter()
    with socket.create_connection((HOST, ours.port)) as connection:
        connection.sendall(
            f"GET /oruk/services?format=ndjson&{form} HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode()
        )
        first_ms, lines, size, head = 0.0, 0, 0, b""
        while data := connection.recv(1_048_576):
            if not first_ms:
                head += data
                if b"\r\n\r\n{" not in head:
                    continue
                first_ms = (time.perf_counter() - started) * 1000
            lines += data.count(b"}\n")
            size += len(data)
    return first_ms, time.perf_counter() - started, lines, size / 1e6


def _memory_mb(pid: int) -> float:
    """Return what a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6
