"""One match question: our function and our HTTP beside bare SQL, ten lines, and a plain index."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import sqlalchemy as sa

from app.database import make_engine
from app.interests.actions import read_vocabulary
from app.matches.actions import find_matches
from app.settings import Settings
from geo.crs import grid_of
from geo.interests import Vocabulary
from tests.benchmarks import england
from tests.benchmarks.figures import Figure, Promise, percentiles
from tests.benchmarks.nearest import (
    ADD_QUESTION,
    MAKE_PLAIN,
    MAKE_QUESTIONS,
    NEAREST,
    NEAREST_VISITS,
    all_at_once,
)
from tests.benchmarks.serving import Client, Server, backend_cpu_s, served

QUESTIONS = 2_000
WARM_UP = 300
# Where the indexes are compared; the best of some rounds counts, and the first warms up.
ORIGINS = 1_000
INDEX_ROUNDS = 4
# Both ways take turns so often that what else the machine does hits both.
BLOCK = 50

FUNCTION = Promise("at most", 3)
HTTP = Promise("at most", 2)
PLAIN = Promise("at least", 4)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, in the terms of both sides."""

    lon: float
    lat: float
    slugs: list[str]
    bare: dict[str, object]  # the parameters of the bare statement

    @property
    def our_path(self) -> str:
        """The address of the question in our API."""
        given = [("lon", f"{self.lon:.6f}"), ("lat", f"{self.lat:.6f}")]
        return f"/api/matches?{urlencode(given + [('interest', slug) for slug in self.slugs])}"

    @property
    def ten_lines_path(self) -> str:
        """The address of the question at the ten-line handler."""
        return f"/nearest?{self._bare_query}"

    @property
    def both_path(self) -> str:
        """The address of the question at the handler that returns both lists."""
        return f"/both?{self._bare_query}"

    @property
    def _bare_query(self) -> str:
        ids = ",".join(map(str, self.bare["ids"]))  # type: ignore[call-overload]  # a list
        east, north = self.bare["easting"], self.bare["northing"]
        return f"easting={east:.2f}&northing={north:.2f}&ids={ids}"


@dataclass(slots=True)
class Side:
    """One way of answering, and what it has cost."""

    answer: Callable[[Asked], object]
    # Processor seconds used so far, by whatever does the answering.
    clocks: dict[str, Callable[[], float | None]]
    times_ms: list[float] = field(default_factory=list)
    cpu_s: dict[str, float] = field(default_factory=dict)

    def run(self, block: Sequence[Asked]) -> None:
        """Answer a block of questions one after another."""
        before = {name: clock() for name, clock in self.clocks.items()}
        for asked in block:
            started = time.perf_counter()
            self.answer(asked)
            self.times_ms.append((time.perf_counter() - started) * 1000)
        for name, clock in self.clocks.items():
            now, then = clock(), before[name]
            if now is not None and then is not None:
                self.cpu_s[name] = self.cpu_s.get(name, 0.0) + now - then

    def cpu_ms(self) -> dict[str, float]:
        """Return processor milliseconds a question."""
        return {name: s * 1000 / len(self.times_ms) for name, s in self.cpu_s.items()}


def measure(settings: Settings, *, in_north: bool, questions: int = QUESTIONS) -> list[Figure]:
    """Return the figures of one match question, in the part of England with activities or not."""
    engine = make_engine(settings)
    with engine.connect() as connection:
        vocabulary = read_vocabulary(connection)
    drawn = england.questions(engine, questions, in_north=in_north)
    asked = [_prepare(vocabulary, question) for question in drawn]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        figures = _functions(connection, vocabulary, asked, has_two_lists=in_north)
    engine.dispose()
    return figures + _http(settings, asked, has_two_lists=in_north)


def _prepare(vocabulary: Vocabulary, question: england.Question) -> Asked:
    lon, lat, slugs = question
    easting, northing = grid_of(lon, lat)
    ids = sorted(vocabulary.relations(vocabulary.concept(slug).id for slug in slugs))
    return Asked(lon, lat, slugs, {"easting": easting, "northing": northing, "ids": ids})


def _functions(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    asked: Sequence[Asked],
    *,
    has_two_lists: bool,
) -> list[Figure]:
    pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    clocks = {"database": lambda: backend_cpu_s(pid), "Python": time.process_time}

    def find(question: Asked) -> object:
        return find_matches(
            connection, vocabulary, lon=question.lon, lat=question.lat, interests=question.slugs
        )

    def ask(*statements: sa.TextClause) -> Callable[[Asked], object]:
        return lambda question: [connection.execute(s, question.bare).all() for s in statements]

    ours = Side(find, clocks)
    beside = {"nearest-ten SQL": Side(ask(NEAREST), clocks)}
    if has_two_lists:
        beside["nearest-ten SQL for both lists"] = Side(ask(NEAREST, NEAREST_VISITS), clocks)
    take_turns([ours, *beside.values()], asked)
    return _compared("Match question, our function", ours, beside, FUNCTION)


def measure_index(settings: Settings, *, origins: int = ORIGINS) -> list[Figure]:
    """Return how our index and one on the point alone compare, inside the database."""
    engine = make_engine(settings)
    with engine.connect() as connection:
        vocabulary = read_vocabulary(connection)
    drawn = england.questions(engine, origins, in_north=False)
    among = [_prepare(vocabulary, question).bare for question in drawn]
    anywhere = [
        question | {"easting": easting, "northing": northing}
        for question, (easting, northing) in zip(among, england.anywhere(origins), strict=True)
    ]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text(MAKE_PLAIN))
        figures = [
            _index(connection, f"Nearest ten at {origins:,} random origins", anywhere),
            _index(connection, f"Nearest ten at {origins:,} origins in towns", among),
        ]
    engine.dispose()
    return figures


def _index(connection: sa.Connection, what: str, asked: list[dict[str, object]]) -> Figure:
    connection.execute(sa.text(MAKE_QUESTIONS))
    connection.execute(ADD_QUESTION, asked)
    seconds: dict[str, list[float]] = {"public_assets": [], "plain_assets": []}
    answers = set()
    for _ in range(INDEX_ROUNDS):
        for table, taken in seconds.items():
            started = time.perf_counter()
            answers.add(tuple(connection.execute(all_at_once(table)).one()))
            taken.append(time.perf_counter() - started)
    if len({(count, round(metres)) for count, metres in answers}) != 1:
        message = f"the two indexes gave different answers: {answers}"
        raise RuntimeError(message)
    ours, plain = (len(asked) / min(taken) for taken in seconds.values())
    return Figure(what, "a second", ours, plain, "GiST on the point + filter", PLAIN)


def _http(settings: Settings, asked: Sequence[Asked], *, has_two_lists: bool) -> list[Figure]:
    environment = {"DATABASE_URL": settings.database_url}
    with (
        served("tests.benchmarks.ours:make", environment=environment, is_factory=True) as our,
        served("tests.benchmarks.ten_lines:app", environment=environment, is_factory=False) as ten,
    ):
        ours = _over_http(our, "our_path")
        beside = {"ten-line FastAPI handler": _over_http(ten, "ten_lines_path")}
        if has_two_lists:
            beside["ten-line handler of both lists"] = _over_http(ten, "both_path")
        take_turns([ours, *beside.values()], asked)
    return _compared("Match question over HTTP", ours, beside, HTTP)


def _over_http(server: Server, path: str) -> Side:
    client = Client(server.port)
    return Side(lambda asked: client.get(getattr(asked, path)), {"web server": server.cpu_s})


def take_turns(sides: Sequence[Side], asked: Sequence[Asked]) -> None:
    """Let all sides answer all questions, block by block, each block in another order."""
    for side in sides:
        for question in asked[:WARM_UP]:
            side.answer(question)
    for turn, start in enumerate(range(0, len(asked), BLOCK)):
        first = turn % len(sides)
        for side in (*sides[first:], *sides[:first]):
            side.run(asked[start : start + BLOCK])


def _compared(what: str, ours: Side, beside: Mapping[str, Side], promise: Promise) -> list[Figure]:
    figures = []
    for name, side in beside.items():
        figures += percentiles(
            what, ours.times_ms, side.times_ms, beside_what=name, promise=promise
        )
        theirs = side.cpu_ms()
        figures += [
            Figure(f"{what}: {clock}", "ms of CPU", spent, theirs.get(clock), name)
            for clock, spent in ours.cpu_ms().items()
        ]
    return figures
