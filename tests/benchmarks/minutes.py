"""Matching along the ways of Rutland beside matching by straight line: what minutes cost."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyproj
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.people import Team
from app.database import make_engine
from app.interests.actions import load_vocabulary
from app.matches.actions import MatchLists, find_matches
from app.matches.home_actions import please_everyone
from app.models import Activity, Asset, AssetKind, LocationSource, Stance, TeamKind, Travel
from app.models.residents import REFERENCE_ALPHABET
from app.settings import Settings
from app.walking import queries
from app.walking.actions import Walking, WalkingCache
from geo.filters import NO_FILTERS
from geo.interests import Vocabulary
from geo.network_files import read_network, to_bytes
from geo.walking import FootNetwork, walks_m
from tests import people
from tests.benchmarks.database import make_database, real_data
from tests.benchmarks.figures import Figure, Promise, percentiles
from tests.builders import make_source

NETWORK = "walking/rutland-2018-03.osm.pbf"
ASSETS, ACTIVITIES, HOMES, RESIDENTS = 3_000, 1_500, 30, 60
HOME = "Bench House"
QUESTIONS, WARM_UP = 600, 60
# Most people live where most streets are; so do groups.
SCATTER_M = 40.0
PROMISE = Promise("at most", 4)
SEED = 5


def measure(*, questions: int = QUESTIONS) -> list[Figure]:
    """Return p50 and p95 of a question with ways beside the same without; none without the file."""
    folder = real_data()
    if folder is None or not (folder / NETWORK).is_file():
        return []
    settings = make_database("patchwork_bench_minutes")
    engine = make_engine(settings)
    network = _fill(settings, folder / NETWORK)
    figures = []
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        with Session(connection) as session:
            vocabulary = load_vocabulary(session)
        started = time.perf_counter()
        walking = WalkingCache().get(connection)
        took = (time.perf_counter() - started) * 1000
        assert walking is not None
        what = f"Ways of Rutland into memory ({len(network.points):,} nodes)"
        figures.append(Figure(what, "ms", took))
        for name, home_ids in (("a care home", _homes(connection)), ("anywhere", None)):
            both = _take_turns(connection, vocabulary, walking, network, home_ids, questions)
            what = f"Ten matches near {name}, in minutes along ways"
            beside = "the same by straight line"
            figures += percentiles(what, *both, beside_what=beside, promise=PROMISE)
        both = _whole_home(connection, vocabulary, walking, questions // 20)
        what = f"What pleases most of a home of {RESIDENTS}, in minutes along ways"
        figures += percentiles(what, *both, beside_what=beside, promise=PROMISE)
    engine.dispose()
    return figures


def _whole_home(
    connection: sa.Connection, vocabulary: Vocabulary, walking: Walking, times: int
) -> tuple[list[float], list[float]]:
    """Return milliseconds of a whole home with and without ways, in turns."""
    id_, home_id, lon, lat = connection.execute(
        sa.text(
            "SELECT t.id, h.id, ST_X(h.geom), ST_Y(h.geom)"
            " FROM teams t JOIN assets h ON h.id = t.home_id"
        )
    ).one()
    team = Team(id_, TeamKind.HOME, HOME, home_id, lon, lat)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(times + 3):
        for ways, took in zip((walking, None), taken, strict=True):
            started = time.perf_counter()
            please_everyone(connection, vocabulary, team=team, filters=NO_FILTERS, walking=ways)
            took.append((time.perf_counter() - started) * 1000)
    return taken[0][3:], taken[1][3:]


def _homes(connection: sa.Connection) -> list[tuple[uuid.UUID, float, float]]:
    rows = connection.execute(
        sa.text(
            "SELECT id, ST_X(geom), ST_Y(geom) FROM assets WHERE kind = 'care_home' ORDER BY id"
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _take_turns(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    walking: Walking,
    network: FootNetwork,
    homes: list[tuple[uuid.UUID, float, float]] | None,
    questions: int,
) -> tuple[list[float], list[float]]:
    """Return milliseconds with and without ways, of the same questions asked in turns."""
    rng = np.random.default_rng(SEED)
    slugs = [concept.concept for concept in vocabulary.concepts]
    origins = homes or [(None, *at) for at in _scattered(rng, network, questions).tolist()]
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(questions + WARM_UP):
        home_id, lon, lat = origins[number % len(origins)]
        interests = rng.choice(slugs, 2, replace=False).tolist()

        def ask(
            ways: Walking | None,
            home_id: uuid.UUID | None = home_id,
            lon: float = lon,
            lat: float = lat,
            interests: list[str] = interests,
        ) -> MatchLists:
            return find_matches(
                connection, vocabulary, lon=lon, lat=lat, interests=interests,
                walking=ways, home_id=home_id,
            )  # fmt: skip

        for ways, took in zip((walking, None), taken, strict=True):
            milliseconds = _timed(lambda ways=ways, ask=ask: ask(ways))  # type: ignore[misc]
            if number >= WARM_UP:
                took.append(milliseconds)
    return taken


def _timed(answer: Callable[[], object]) -> float:
    started = time.perf_counter()
    answer()
    return (time.perf_counter() - started) * 1000


def _scattered(rng: np.random.Generator, network: FootNetwork, count: int) -> np.ndarray:
    """Return points beside streets, as degrees WGS 84."""
    corners = network.points[rng.integers(len(network.points), size=count)]
    points = corners + rng.normal(0, SCATTER_M, corners.shape)
    to_degrees = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
    return np.stack(to_degrees.transform(points[:, 0], points[:, 1]), axis=1)


def _fill(settings: Settings, path: Path) -> FootNetwork:
    """Store the ways, made-up places beside them, and the walks of some homes, if need be."""
    engine = make_engine(settings)
    network = read_network(path)
    with Session(engine) as session:
        if not session.scalar(sa.text("SELECT count(*) FROM walk_homes")):
            vocabulary = load_vocabulary(session)
            source = make_source(session, "osm", licence="ODbL 1.0")
            _keep_network(session, network, source.id)
            _store_places(session, network, vocabulary, source.id)
            _store_residents(session, vocabulary)
            session.commit()
            session.execute(sa.text("ANALYZE"))
            _keep_walks(session, network)
            session.commit()
    engine.dispose()
    return network


def _keep_network(session: Session, network: FootNetwork, source_id: int) -> None:
    content = to_bytes(network)
    queries.keep_network(
        session.connection(), source_id=source_id, scope="rutland", file_name=NETWORK, as_of=None,
        digest=hashlib.sha256(content).hexdigest(), nodes=len(network.points),
        edges=len(network.edges), length_m=float(network.lengths_m.sum()), bounds=network.bounds,
        content=content,
    )  # fmt: skip


def _store_places(
    session: Session, network: FootNetwork, vocabulary: Vocabulary, source_id: int
) -> None:
    rng = np.random.default_rng(SEED)
    concepts = np.array([concept.id for concept in vocabulary.concepts])
    ids = [uuid.UUID(bytes=rng.bytes(16)) for _ in range(ASSETS)]

    def liked() -> list[int]:
        return sorted(rng.choice(concepts, rng.integers(1, 5), replace=False).tolist())

    points = _scattered(rng, network, ASSETS)
    session.execute(
        sa.insert(Asset),
        [
            {
                "id": id_, "kind": AssetKind.CARE_HOME if n < HOMES else AssetKind.GROUP,
                "name": f"Place {n}", "geom": f"SRID=4326;POINT({lon} {lat})",
                "location_source": LocationSource.GIVEN,
                "interest_ids": liked() if n >= HOMES else [],
                "source_id": source_id, "source_key": id_.hex,
            }
            for n, (id_, (lon, lat)) in enumerate(zip(ids, points.tolist(), strict=True))
        ],
    )  # fmt: skip
    session.execute(
        sa.insert(Activity),
        [
            {
                "id": uuid.UUID(bytes=rng.bytes(16)), "name": f"Activity {n}",
                "organizer_id": ids[rng.integers(HOMES, ASSETS)], "interest_ids": liked(),
                "comes_to_homes": bool(rng.random() < 0.3), "source_id": source_id,
                "source_key": f"activity {n}",
            }
            for n in range(ACTIVITIES)
        ],
    )  # fmt: skip


def _store_residents(session: Session, vocabulary: Vocabulary) -> None:
    rng = np.random.default_rng(SEED)
    home = session.scalars(
        sa.select(Asset).where(Asset.kind == AssetKind.CARE_HOME).order_by(Asset.id).limit(1)
    ).one()
    team = people.make_team(session, HOME, home=home)
    slugs = [concept.concept for concept in vocabulary.concepts]
    for n in range(RESIDENTS):
        liked = rng.choice(slugs, rng.integers(3, 8), replace=False).tolist()
        people.make_resident(
            session, team.id, "ZZZZZZ" + REFERENCE_ALPHABET[n // 20] + REFERENCE_ALPHABET[n % 20],
            dict.fromkeys(liked, Stance.ENJOYS), travel=list(Travel)[n % len(Travel)],
            access_needs=["step_free"] if n % 3 == 0 else [],
        )  # fmt: skip


def _keep_walks(session: Session, network: FootNetwork) -> None:
    connection = session.connection()
    version = queries.find_version(connection)
    assert version is not None
    for home in queries.list_due_homes(connection, version=version):
        near = queries.list_places_near(connection, easting=home.easting, northing=home.northing)
        points = np.array([(place.easting, place.northing) for place in near])
        walks = [
            [
                None if np.isnan(metres) else float(metres)
                for metres in walks_m(
                    network,
                    network.snap(np.array([(home.easting, home.northing)]), needs_step_free=free),
                    network.snap(points, needs_step_free=free),
                    needs_step_free=free,
                )[0]
            ]
            for free in (False, True)
        ]
        queries.keep_walks(
            connection, home=home, version=version, places=near, walks_m=walks[0],
            step_free_m=walks[1],
        )  # fmt: skip
