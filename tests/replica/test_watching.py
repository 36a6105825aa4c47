"""Looking at the replica: what its address may be, how late it is, and that looking never ends."""

from __future__ import annotations

import asyncio

import pytest
from psycopg.conninfo import conninfo_to_dict

from app.errors import BadSetting
from app.main import create_app
from app.replica.routing import Routing
from app.replica.watching import EVERY_S, Lateness, Replica, Standing
from app.settings import Settings
from tests.conftest import run_alone

NOBODY = "postgresql://127.0.0.1:1/nowhere"


def test_without_a_replica_nothing_is_routed() -> None:
    app = create_app(Settings(DATABASE_URL=NOBODY))  # type: ignore[call-arg]
    assert app.state.replica is None
    used: list[object] = [one.cls for one in app.user_middleware]
    assert Routing not in used
    assert app.state.connect.__self__.pool is app.state.engine.pool


def replica_at(address: str, *, primary: str = NOBODY) -> Replica:
    settings = Settings(DATABASE_URL=primary, DATABASE_REPLICA_URL=address)  # type: ignore[call-arg]
    replica = Replica.of(settings)
    assert replica is not None
    return replica


async def _standing_after(replica: Replica, *, looks: int) -> Standing:
    async with replica.watched():
        for _ in range(looks * 100):
            await asyncio.sleep(EVERY_S / 50)
            if replica.seen.standing is Standing.AWAY:
                break
        return replica.seen.standing


@pytest.mark.parametrize("host", ["db..example", "a" * 70 + ".example"])
def test_a_host_no_resolver_takes_is_away_and_looked_at_again(host: str) -> None:
    replica = replica_at(f"postgresql://{host}/nowhere")
    assert run_alone(_standing_after(replica, looks=3)) is Standing.AWAY


def test_looking_goes_on_after_an_error_nobody_foresaw(monkeypatch: pytest.MonkeyPatch) -> None:
    replica = replica_at(NOBODY)
    learn = replica._learn
    fell: list[object] = []

    async def fall_first(*given: object) -> None:
        if len(fell) < 2:
            fell.append(given)
            raise LookupError
        await learn(None, None)

    monkeypatch.setattr(replica, "_learn", fall_first)
    assert run_alone(_standing_after(replica, looks=5)) is Standing.AWAY
    assert len(fell) == 2


@pytest.mark.parametrize(
    "more", ["connect_timeout=9", "application_name=theirs", "options=-c%20statement_timeout%3D5s"]
)
def test_an_address_may_say_what_the_watch_says_too(more: str) -> None:
    replica = replica_at(f"{NOBODY}?{more}", primary=f"{NOBODY}?{more}")
    for address in replica._addresses:
        known = conninfo_to_dict(address)
        assert known["application_name"] == "patchwork watch"
        assert "role=patchwork_app" in str(known["options"])
        assert int(str(known["connect_timeout"])) == 2


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://a,b/x",
        "postgresql:///x?host=a,b",
        "postgresql://a/x?hostaddr=10.0.0.1,10.0.0.2",
    ],
)
def test_several_servers_in_one_address_are_refused(address: str) -> None:
    with pytest.raises(BadSetting, match="must name one server"):
        replica_at(address)


def test_a_primary_that_went_back_makes_nobody_late_for_ever() -> None:
    lateness = Lateness()
    lateness.note(900, now=0.0)
    # It crashed before that was on its disk, or a backup was brought back.
    lateness.note(500, now=1.0)
    assert lateness.of(500, now=100.0) == 0.0
    lateness.note(600, now=101.0)
    assert lateness.of(500, now=103.0) == 2.0
