"""Public reads come from the replica while it follows, and from the primary while it does not."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.types import Scope

from app.main import create_app
from app.replica import watching
from app.replica.routing import ASKING, Routing
from tests.conftest import run_alone
from tests.replica.conftest import Pair, wait_until

LAG_S = 2.0
with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

# A second between looks, and a very busy machine.
SOON_S = 60.0


@pytest.fixture
def app(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    monkeypatch.setattr(watching, "REST_S", 1.5)
    made = create_app(pair.settings(replica_lag_s=LAG_S))

    @made.get("/where")
    def where() -> bool:
        with made.state.connect() as connection:
            return bool(connection.execute(sa.text("SELECT pg_is_in_recovery()")).scalar_one())

    @made.get("/slow/{seconds}")
    def slow(seconds: float) -> bool:
        with made.state.connect() as connection:
            is_replica = bool(connection.scalar(sa.text("SELECT pg_is_in_recovery()")))
            if is_replica:
                connection.execute(sa.text("SELECT pg_sleep(:s)"), {"s": seconds})
            return is_replica

    @made.get("/crumbs")
    def crumbs() -> bool:
        with made.state.connect() as connection:
            is_replica = bool(connection.scalar(sa.text("SELECT pg_is_in_recovery()")))
            statement = "SELECT one, pg_sleep(:seconds) FROM crumbs"
            connection.execute(sa.text(statement), {"seconds": 20 if is_replica else 0})
            return is_replica

    @made.get("/writing")
    def writing() -> str:
        with made.state.connect() as connection:
            # As the role of the application: what it may do on the primary.
            connection.execute(sa.text("CREATE TEMP TABLE scribbles ()"))
            connection.execute(sa.text("DROP TABLE scribbles"))
            return "primary"

    yield made
    made.state.engine.dispose()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as made:
        wait_until(lambda: standing(made) == "following")
        yield made


def standing(client: TestClient) -> str:
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    return str(answer.json()["replica"])


def is_from_replica(client: TestClient, path: str = "/where") -> bool:
    answer = client.get(path)
    assert answer.status_code == 200
    return bool(answer.json())


def test_public_reads_come_from_the_replica(client: TestClient, pair: Pair) -> None:
    assert is_from_replica(client)
    pair.pause()
    pair.rename("Renamed while nobody looked")
    address = f"/assets/{pair.people.club_id}"
    for path in ("/assets.geojson", address, "/ogc/collections/assets/items", "/oruk/services"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "Renamed while" not in answer.text, path
    pair.rename("Riverside Bowls Club")


def test_every_public_page_is_the_same_from_a_replica(client: TestClient, pair: Pair) -> None:
    home, club = pair.people.homes["a"], pair.people.club_id
    for path in (
        "/", "/about", "/assets", "/assets.csv", f"/assets/{club}", f"/assets/{club}/map",
        "/interests", "/wards", "/wards/E05001347", "/wards/E05001347.json", "/wards.csv",
        "/matches?interest=bowls&at=-1.754,53.793", "/api/matches?interest=bowls&at=-1.754,53.793",
        f"/homes/{home}", "/exports", "/exports/assets.geojson", "/oruk/", "/oruk/services",
        "/oruk/organizations", "/ogc/collections", "/ogc/collections/assets/items?f=csv",
        f"/assets/{club}.ics", "/wards/E05001347/map",
    ):  # fmt: skip
        here, there = client.get(path), pair.people.client().get(path)
        assert here.status_code == there.status_code, path
        assert here.status_code < 500, path


def test_a_paused_replica_is_late_and_comes_back(client: TestClient, pair: Pair) -> None:
    # Nobody writes: nothing is late, however long it takes. PostgreSQL itself notes something in
    # its log now and then, which a paused replica does not have: then this is tried again.
    for _ in range(3):
        pair.settle()
        wait_until(lambda: is_from_replica(client))
        pair.pause()
        before = pair.on_primary("SELECT pg_current_wal_lsn()")
        time.sleep(LAG_S + 1.5)
        then = standing(client)
        # Nor is a watch that had no processor for seconds what is looked for here.
        if then != "away" and pair.on_primary("SELECT pg_current_wal_lsn()") == before:
            break
    else:  # pragma: no cover - a primary that never rests
        pytest.fail("the primary wrote all the time")
    assert then == "following"
    pair.rename("Renamed and late")
    wait_until(lambda: not is_from_replica(client))
    assert standing(client) == "late"
    assert "Renamed and late" in client.get(f"/assets/{pair.people.club_id}").text
    pair.rename("Riverside Bowls Club")
    pair.settle()
    wait_until(lambda: is_from_replica(client))


def test_a_killed_replica_is_no_error_to_anybody(client: TestClient, pair: Pair) -> None:
    assert is_from_replica(client)
    pair.kill()
    # The very first after it, over connections that are dead and do not know.
    slowest = 0.0
    for path in ("/where", "/assets.geojson", "/ogc/collections/assets/items", "/oruk/services"):
        began = time.monotonic()
        answer = client.get(path)
        slowest = max(slowest, time.monotonic() - began)
        assert answer.status_code == 200, path
    assert slowest < SOON_S
    assert not is_from_replica(client)
    wait_until(lambda: standing(client) == "away", seconds=SOON_S)
    pair.settle()
    wait_until(lambda: is_from_replica(client))
    assert standing(client) == "following"


def test_whoever_waits_for_a_replica_that_dies_gets_an_answer(
    client: TestClient, pair: Pair
) -> None:
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(client.get("/slow/20").json()))
    waiting.start()
    wait_until(
        lambda: pair.on_standby("SELECT count(*) FROM pg_stat_activity WHERE query ~ 'pg_sleep'"
                                " AND state = 'active' AND pid <> pg_backend_pid()")
    )  # fmt: skip
    pair.kill()
    waiting.join(timeout=SOON_S)
    assert answers == [False]


def test_a_replica_that_says_nothing_is_left(client: TestClient, pair: Pair) -> None:
    assert is_from_replica(client)
    with pair.frozen():
        began = time.monotonic()
        # Asked in the second before anybody noticed.
        assert not is_from_replica(client)
        assert not is_from_replica(client)
        assert time.monotonic() - began < SOON_S
    wait_until(lambda: is_from_replica(client))


def test_a_conflict_with_what_is_replayed_is_asked_again(client: TestClient, pair: Pair) -> None:
    # PostgreSQL ends what reads rows that were cleaned away on the primary.
    with pair.people.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE crumbs AS SELECT 1 AS one"))
        connection.execute(sa.text("GRANT SELECT ON crumbs TO patchwork_app"))
    pair.settle()
    pair.on_standby("ALTER SYSTEM SET max_standby_streaming_delay = 0")
    pair.on_standby("SELECT pg_reload_conf()")

    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(client.get("/crumbs").json()))
    waiting.start()
    wait_until(
        lambda: pair.on_standby("SELECT count(*) FROM pg_stat_activity WHERE query ~ 'crumbs'"
                                " AND state = 'active' AND pid <> pg_backend_pid()")
    )  # fmt: skip
    pair.on_primary("DELETE FROM crumbs")
    pair.on_primary("VACUUM crumbs")
    waiting.join(timeout=SOON_S)
    assert answers == [False]
    pair.on_standby("ALTER SYSTEM RESET max_standby_streaming_delay")
    pair.on_standby("SELECT pg_reload_conf()")
    # That was nobody's fault: the replica is asked again at once.
    assert is_from_replica(client)
    pair.on_primary("DROP TABLE crumbs")


def test_a_question_that_is_wrong_itself_is_not_asked_twice(client: TestClient, pair: Pair) -> None:
    asked: list[str] = []
    sa.event.listen(
        client.app.state.engine, "before_cursor_execute",  # type: ignore[attr-defined]
        lambda *given: asked.append(given[2]),
    )  # fmt: skip
    answer = client.get("/ogc/collections/assets/items", params={"filter": "name > 7"})
    assert answer.status_code == 400
    assert asked == []


def test_a_read_that_writes_after_all_goes_to_the_primary(client: TestClient) -> None:
    assert client.get("/writing").json() == "primary"


def test_nothing_of_a_request_stays_behind(pair: Pair) -> None:
    async def fall(*_: object) -> None:
        assert ASKING.get() is not None
        raise LookupError

    async def ask() -> object:
        routing = Routing(fall, settings=pair.settings(), primary=pair.people.engine)
        for method in ("GET", "POST"):
            scope: Scope = {"type": "http", "method": method, "path": "/", "headers": []}
            with pytest.raises(LookupError):
                await routing(scope, fall, fall)  # type: ignore[arg-type]  # neither is called
        return ASKING.get()

    assert run_alone(ask()) is None
