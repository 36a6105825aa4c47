"""A whole home: the page of what would please most residents, beside the statement it rests on."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import make_engine
from app.interests.actions import read_vocabulary
from app.matches import home_queries
from app.matches.home_actions import BEST_OF_EACH, TEN, as_questions, list_asking
from app.models import Account, AssetKind, Membership, Resident, Role, Stance, Team, Travel
from app.models.residents import REFERENCE_ALPHABET
from app.settings import Settings
from geo.filters import NO_FILTERS
from geo.matching import VISIT_REACH_M
from tests import builders, people
from tests.benchmarks import england
from tests.benchmarks.database import make_database
from tests.benchmarks.figures import Figure, Promise, percentiles
from tests.benchmarks.nearest import NEAREST, NEAREST_VISITS
from tests.benchmarks.serving import Client, served

ASSETS, ACTIVITIES, RESIDENTS = 100_000, 30_000, 60
# What somebody likes, at least and at most.
INTERESTS = (3, 8)
HOME = "Bench House"
TIMES = 40
PAGE = Promise("at most", 3)


def make_home() -> Settings:
    """Return settings for a database with a made-up England, and a home with residents in it."""
    settings = make_database("patchwork_bench_home")
    engine = make_engine(settings)
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT count(*) FROM teams")).scalar_one()
    if not stored:
        england.fill(engine, ASSETS, activities=ACTIVITIES)
        with Session(engine) as session:
            _store_home(session, england.origins(engine, 1, in_north=True)[0])
            session.commit()
    engine.dispose()
    return settings


def _store_home(session: Session, at: tuple[float, float]) -> None:
    rng = np.random.default_rng(england.SEED)
    home = builders.make_asset(session, HOME, at=at, kind=AssetKind.CARE_HOME)
    team = people.make_team(session, HOME, home=home)
    account = people.make_account(session, "coordinator")
    session.add(Membership(account_id=account.id, role=Role.COORDINATOR, team_id=team.id))
    slugs = session.scalars(sa.text("SELECT concept FROM interests ORDER BY id")).all()
    popular = england.popularity(england.INTERESTS_IN_USE)
    for n in range(RESIDENTS):
        liked = rng.choice(
            slugs[: england.INTERESTS_IN_USE], rng.integers(*INTERESTS), replace=False, p=popular
        )
        people.make_resident(
            session, team.id, "ZZZZZZ" + REFERENCE_ALPHABET[n // 20] + REFERENCE_ALPHABET[n % 20],
            {str(slug): list(Stance)[rng.integers(len(Stance))] for slug in liked},
            travel=list(Travel)[n % len(Travel)],
            access_needs=["step_free"] if n % 2 else [], good_times=["tue_pm"] if n % 3 else [],
        )  # fmt: skip


def measure(settings: Settings, *, times: int = TIMES) -> list[Figure]:
    """Return the page over HTTP, as somebody signed in, beside its statement and bare SQL."""
    engine = make_engine(settings)
    with Session(engine) as session:
        team = session.scalars(sa.select(Team).where(Team.name == HOME)).one()
        member = session.scalars(sa.select(Membership).where(Membership.team_id == team.id)).one()
        account = session.get_one(Account, member.account_id)
        token = people.sign_in(session, account)
        residents = session.scalar(sa.select(sa.func.count()).select_from(Resident))
        team_id = team.id
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        asking = list_asking(connection, read_vocabulary(connection), team_id=team_id)
        questions = as_questions(asking)
        bare = _bare(connection, questions)
        nearest = _nearest(connection, questions)
        environment = {"DATABASE_URL": settings.database_url}
        with served("tests.benchmarks.ours:make", environment=environment, is_factory=True) as our:
            client = Client(our.port, cookie=f"{settings.cookie_name}={token}")
            page = {"page": lambda: client.get("/matches/everyone"), "bare": bare, "near": nearest}
            taken_ms = _take_turns(page, times)
            client.close()
    engine.dispose()
    what = f"Page of a home of {residents}"
    return [
        *percentiles(
            what, taken_ms["page"], taken_ms["bare"],
            beside_what="bare SQL: residents \u00d7 best_matches", promise=PAGE,
        ),
        *percentiles(
            what, taken_ms["page"], taken_ms["near"],
            beside_what="nearest-ten SQL, both lists, each resident", promise=PAGE,
        ),
    ]  # fmt: skip


def _bare(connection: sa.Connection, questions: list[dict[str, object]]) -> Callable[[], object]:
    return lambda: home_queries.find_for_everyone(
        connection,
        residents=questions,
        filters=NO_FILTERS,
        visit_within_m=VISIT_REACH_M,
        today=dt.date.today(),  # noqa: DTZ011 - as the page does
        most=BEST_OF_EACH,
        shown=TEN,
    )


def _nearest(connection: sa.Connection, questions: list[dict[str, object]]) -> Callable[[], object]:
    def ids(question: dict[str, object]) -> list[int]:
        kinds = ("same", "narrower", "gentler", "broader")
        return [i for kind in kinds for i in question[kind]]  # type: ignore[attr-defined]

    given = [{"easting": q["easting"], "northing": q["northing"], "ids": ids(q)} for q in questions]
    return lambda: [
        connection.execute(statement, one).all()
        for one in given
        for statement in (NEAREST, NEAREST_VISITS)
    ]


def _take_turns(sides: dict[str, Callable[[], object]], times: int) -> dict[str, list[float]]:
    taken_ms: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(times + 3):
        for name, answer in sides.items():
            started = time.perf_counter()
            answer()
            if turn >= 3:  # the first ones warm up
                taken_ms[name].append((time.perf_counter() - started) * 1000)
    return taken_ms
