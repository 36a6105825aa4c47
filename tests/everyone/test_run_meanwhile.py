"""What changes, comes or is taken over while a run is at work or cut off."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy.orm import Session

from app.everyone import run_queries
from app.models import AssetKind, Stance
from tests.builders import make_asset
from tests.everyone.conftest import Run
from tests.everyone.town import FAR_AWAY, HOMES, current_rows, kept, live_matches, shown
from tests.people import People, make_resident, make_team

TEAMS = ("a", "b", "connectors")
LIKES_NOTHING = "DELETE FROM resident_interests WHERE resident_id = :id"
CHANGES = {
    "likes": LIKES_NOTHING,
    "needs": "UPDATE residents SET travel = 'visits_only' WHERE id = :id",
    "home": "UPDATE assets SET geom = ST_SetSRID(ST_MakePoint(-1.9, 53.8), 4326) WHERE id ="
    " (SELECT t.home_id FROM teams t JOIN residents r ON r.team_id = t.id WHERE r.id = :id)",
    "team": "UPDATE teams SET home_id = (SELECT id FROM assets WHERE name = 'Elsewhere')"
    " WHERE id = (SELECT team_id FROM residents WHERE id = :id)",
}


class _CutOff(Exception):
    """Ends a run as a kill would."""


def _cut_off(run: Run, happens: Callable[[], object] = lambda: None) -> None:
    """Begin a run, and end it when everybody is written and nothing is shown."""

    def told(done: int, total: int | None) -> None:
        if done == total:
            happens()
            raise _CutOff

    with pytest.raises(_CutOff):
        run(told=told)


def _do(people: People, statement: str, **given: object) -> None:
    with people.engine.begin() as connection:
        connection.execute(sa.text(statement), given)


@pytest.fixture
def somebody(filled: People) -> Iterator[uuid.UUID]:
    """Somebody new in home A, for whom much is found near."""
    with Session(filled.engine) as session:
        resident = make_resident(
            session, filled.teams["a"], "WWWWWWWW",
            dict.fromkeys(("bowls", "reading", "knitting"), Stance.ENJOYS),
        )  # fmt: skip
        session.commit()
        made = resident.id
    yield made
    _do(filled, "DELETE FROM residents WHERE id = :id", id=made)


@pytest.fixture
def elsewhere(filled: People) -> Iterator[None]:
    """A home nobody lives in yet; afterwards home A is where it was."""
    with Session(filled.engine) as session:
        make_asset(session, "Elsewhere", at=FAR_AWAY, kind=AssetKind.CARE_HOME)
        session.commit()
    yield
    lon, lat = HOMES["a"]
    home = {"id": filled.homes["a"], "lon": lon, "lat": lat}
    _do(filled, "UPDATE assets SET geom = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"
                " WHERE id = :id", **home)  # fmt: skip
    _do(filled, "UPDATE teams SET home_id = :home WHERE id = :id",
        home=filled.homes["a"], id=filled.teams["a"])  # fmt: skip
    _do(filled, "DELETE FROM assets WHERE name = 'Elsewhere'")


@pytest.mark.parametrize("what", CHANGES)
def test_who_changes_while_a_run_is_cut_off_is_looked_for_again(
    filled: People, run: Run, somebody: uuid.UUID, elsewhere: None, what: str
) -> None:
    run()
    before = current_rows(filled)
    assert before[somebody].near_ids
    _cut_off(run)
    _do(filled, CHANGES[what], id=somebody)
    outcome = run()
    assert outcome is not None
    after = current_rows(filled)
    assert after[somebody].near_ids != before[somebody].near_ids
    for team in TEAMS:
        for id_, (near, visits) in live_matches(filled, team).items():
            assert kept(after[id_], "near") == shown(near)
            assert kept(after[id_], "visit") == shown(visits)
    # Nobody else is looked for again: but a home is its residents'.
    again = {somebody}
    if what in {"home", "team"}:
        again = {id_ for id_, row in after.items() if row.team_id == filled.teams["a"]}
    assert outcome.done_before == len(after) - len(again)


def test_a_change_that_was_under_way_when_the_run_began_counts(
    filled: People, run: Run, somebody: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert filled.settings.statement_timeout_ms / 1_000 < run_queries.CHANGE_TAKES_S
    with filled.engine.connect() as changing:
        changing.execute(sa.text(LIKES_NOTHING), {"id": somebody})
        # Dated before the run, and not seen by it.
        _cut_off(run, changing.commit)
    run()
    assert current_rows(filled)[somebody].near_ids == []


@contextmanager
def _once_after(engine: sa.Engine, words: str, happens: Callable[[], object]) -> Iterator[None]:
    """Have something happen once, after the first statement with these words."""
    done: list[bool] = []

    def look(*given: Any) -> None:
        if words in given[2] and not done:
            done.append(True)
            happens()

    sa.event.listen(engine, "after_cursor_execute", look)
    try:
        yield
    finally:
        sa.event.remove(engine, "after_cursor_execute", look)
    assert done


def _noted(people: People, *, since: int) -> set[uuid.UUID]:
    """Return the teams whose residents were read, by the audit log."""
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT team_id FROM audit_log WHERE action = 'match_all' AND id > :since"),
            {"since": since},
        )
        return set(rows.scalars())


def _last_entry(people: People) -> int:
    with people.engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT max(id) FROM audit_log")).scalar_one())


def test_a_team_that_comes_just_before_the_reading_is_in_the_audit_log(
    filled: People, keeper: sa.Engine, run: Run
) -> None:
    made: list[uuid.UUID] = []

    def come() -> None:
        with Session(filled.engine) as session:
            team = make_team(session, "Newcomers")
            point = from_shape(Point(*HOMES["a"]), srid=4326)
            made.append(team.id)
            make_resident(session, team.id, "VVVVVVVV", {"bowls": Stance.ENJOYS}, geom=point)
            session.commit()

    since = _last_entry(filled)
    try:
        with _once_after(keeper, "INSERT INTO match_runs", come):
            run()
        read = {row.team_id for row in current_rows(filled).values()}
        assert made[0] in read
        assert _noted(filled, since=since) == read
    finally:
        _do(filled, "DELETE FROM residents WHERE team_id = ANY(:teams)", teams=made)
        _do(filled, "DELETE FROM teams WHERE id = ANY(:teams)", teams=made)


def test_where_nobody_is_left_to_read_nobody_is_said_to_be_read(filled: People, run: Run) -> None:
    _cut_off(run)
    since = _last_entry(filled)
    assert run() is not None
    assert _noted(filled, since=since) == set()


def test_a_run_that_another_process_goes_on_with_is_written_once(filled: People, run: Run) -> None:
    """As where the connection that keeps a process's turn is cut, unnoticed, for hours."""

    def write_others(done: int, total: int | None) -> None:
        _do(
            filled, "INSERT INTO resident_matches SELECT u.id, r.id, r.team_id, NULL, '{}', '{}',"
            " '{}', '{}', NULL, '{}', '{}', '{}', '{}' FROM match_runs u, residents r"
            " WHERE u.state = 'running' ON CONFLICT DO NOTHING",
        )  # fmt: skip

    outcome = run(told=write_others, at_once=5, match_workers=1)
    assert outcome is not None
    assert outcome.residents == len(current_rows(filled)) > 20
