"""Runs that are cut off, two at once, of some areas, and while residents go."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import BadQuestion, BadSetting, Conflict
from app.everyone.cli import say
from app.everyone.summary import hide_small
from tests.conftest import ROOT
from tests.everyone.conftest import Run
from tests.everyone.town import FAR_WARD, current_rows
from tests.people import People, make_resident

Start = Callable[[float], "subprocess.Popen[bytes]"]
LEAVES = "ZZZZZZZZ"


def _rows(people: People, statement: str, **values: object) -> list[sa.Row[Any]]:
    with people.engine.connect() as connection:
        return list(connection.execute(sa.text(statement), values).all())


def _do(people: People, statement: str, **values: object) -> None:
    with people.engine.begin() as connection:
        connection.execute(sa.text(statement), values)


def _states(people: People) -> list[str]:
    return [row.state for row in _rows(people, "SELECT state::text FROM match_runs ORDER BY id")]


@pytest.fixture
def start(filled: People, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a run that waits so many seconds after every few residents."""
    made: list[subprocess.Popen[bytes]] = []

    def started(seconds: float) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.everyone.slow_run", str(tmp_path), str(seconds)]
        environment = {**os.environ, "DATABASE_URL": filled.settings.database_url,
                       "PATCHWORK_MATCH_WORKERS": "1"}  # fmt: skip
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        made.append(process)
        return process

    yield started
    for process in made:
        if process.poll() is None:
            process.kill()
        process.wait()


def _until_some_are_done(process: subprocess.Popen[bytes], folder: Path, least: int = 2) -> None:
    deadline = time.monotonic() + 120
    while len(list(folder.glob("done-*"))) < least:
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline, "it did not begin"
        time.sleep(0.05)


def test_a_run_that_was_killed_goes_on(
    filled: People, run: Run, start: Start, tmp_path: Path
) -> None:
    run()
    whole = {id_: row[3:] for id_, row in current_rows(filled).items()}
    process = start(60)
    _until_some_are_done(process, tmp_path, least=1)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert _states(filled) == ["current", "running"]
    written = _rows(
        filled, "SELECT m.resident_id, m.xmin::text FROM resident_matches m"
        " JOIN match_runs r ON r.id = m.run_id WHERE r.state = 'running'",
    )  # fmt: skip
    assert 0 < len(written) < len(whole)
    # Readers see the run before.
    assert {id_: row[3:] for id_, row in current_rows(filled).items()} == whole
    outcome = run()
    assert outcome is not None
    assert outcome.done_before == len(written)
    assert {id_: row[3:] for id_, row in current_rows(filled).items()} == whole
    # What was done is not done again: these rows are the same versions.
    after = {tuple(row) for row in _rows(
        filled, "SELECT resident_id, xmin::text FROM resident_matches WHERE run_id = :id",
        id=outcome.run_id,
    )}  # fmt: skip
    assert {tuple(row) for row in written} <= after
    assert _states(filled) == ["replaced", "current"]
    assert not _rows(filled, "SELECT FROM resident_matches WHERE run_id <> :id", id=outcome.run_id)


def test_what_was_cut_off_long_ago_or_was_of_other_areas_is_begun_anew(
    filled: People, run: Run
) -> None:
    _do(filled, "INSERT INTO match_runs (state, engine, of_day, started_at, area_codes) VALUES"
                " ('running', 'local', CURRENT_DATE - 1, now() - interval '13 hours', '{}'),"
                " ('running', 'local', CURRENT_DATE, now(), '{E05009999}')")  # fmt: skip
    days = [dt.datetime.now(tz=dt.UTC).date()]
    outcome = run()
    days.append(dt.datetime.now(tz=dt.UTC).date())
    assert outcome is not None
    assert outcome.done_before == 0
    assert _states(filled) == ["failed", "failed", "current"]
    (made,) = _rows(filled, "SELECT of_day FROM match_runs WHERE state = 'current'")
    assert made.of_day in days


def test_a_second_run_at_the_same_time_says_so(
    filled: People, run: Run, start: Start, tmp_path: Path
) -> None:
    process = start(60)
    _until_some_are_done(process, tmp_path, least=1)
    with pytest.raises(Conflict, match="being matched already"):
        run()
    command = [sys.executable, "-c", "from app.cli import main; main()", "match-all"]
    environment = {**os.environ, "DATABASE_URL": filled.settings.database_url}
    second = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert second.stderr.startswith("Error: Everybody is being matched already")
    process.kill()
    process.wait()
    assert run() is not None


def test_an_area_that_does_not_exist_changes_nothing(filled: People, run: Run) -> None:
    run()
    before = current_rows(filled)
    with pytest.raises(BadQuestion, match="E05123456"):
        run(FAR_WARD, "E05123456")
    assert _states(filled) == ["current"]
    assert current_rows(filled) == before


@pytest.mark.parametrize("code", [FAR_WARD, "E08000099", f" {FAR_WARD.lower()} "])
def test_of_an_area_only_its_residents_are_matched(filled: People, run: Run, code: str) -> None:
    whole = run()
    assert whole is not None
    before = current_rows(filled)
    outcome = run(code)
    assert outcome is not None
    after = current_rows(filled)
    there = {id_ for id_, row in before.items() if row.ward_code == FAR_WARD}
    assert outcome.residents == len(there) == 3
    assert {id_ for id_, row in after.items() if row.run_id == outcome.run_id} == there
    assert {id_: row[3:] for id_, row in after.items()} == {
        id_: row[3:] for id_, row in before.items()
    }
    # Both are seen until everybody is matched again; one of the same area replaces the last.
    assert _states(filled) == ["current", "current"]
    run(code)
    assert _states(filled) == ["current", "replaced", "current"]
    run()
    assert _states(filled) == ["replaced", "replaced", "replaced", "current"]
    assert len(current_rows(filled)) == len(before)


@pytest.mark.parametrize("what", ["withdrawn", "erased"])
@pytest.mark.parametrize("when", ["before it is written", "after it is written"])
def test_who_goes_meanwhile_is_not_in_it(filled: People, run: Run, what: str, when: str) -> None:
    with Session(filled.engine) as session:
        resident = make_resident(session, filled.teams["a"], LEAVES, {})
        session.commit()
        # They are read team by team, by id: the first and the last of all.
        _move(session, resident.id, first=when == "after it is written")
    statement = "DELETE FROM residents WHERE reference = :reference"
    if what == "withdrawn":
        statement = (
            "UPDATE residents SET withdrawn_at = now(), erase_after = CURRENT_DATE + 30"
            " WHERE reference = :reference"
        )
    seen: list[bool] = []

    def go(done: int, total: int | None) -> None:
        if not seen:
            seen.append(bool(_rows(filled, "SELECT FROM resident_matches m JOIN residents r"
                                           " ON r.id = m.resident_id WHERE r.reference = :one",
                                   one=LEAVES)))  # fmt: skip
            _do(filled, statement, reference=LEAVES)

    outcome = run(told=go, at_once=5, match_workers=1)
    _do(filled, "DELETE FROM residents WHERE reference = :reference", reference=LEAVES)
    assert seen == [when == "after it is written"]
    assert outcome is not None
    assert outcome.residents == len(current_rows(filled))
    (count,) = _rows(filled, "SELECT count(*) AS n FROM residents")
    assert outcome.residents == count.n


def _move(session: Session, resident_id: object, *, first: bool) -> None:
    """Give a resident a home and an id that are sorted first or last of all.

    Not a team without a home: who lives nowhere we know is written before everybody else.
    """
    session.execute(
        sa.text(
            f"UPDATE residents SET id = :new, team_id = (SELECT {'min' if first else 'max'}"
            "(id::text)::uuid FROM teams WHERE home_id IS NOT NULL) WHERE id = :id"
        ),
        {"id": resident_id, "new": f"{'0' if first else 'f'}" * 8 + "-0000-4000-8000-000000000000"},
    )
    session.commit()


def test_every_team_read_is_in_the_audit_log(filled: People, run: Run) -> None:
    _before = _rows(filled, "SELECT max(id) AS id FROM audit_log")[0].id
    run()
    entries = _rows(
        filled, "SELECT team_id, subject, subject_id, account_id, database_role FROM audit_log"
        " WHERE action = 'match_all' AND id > :id", id=_before,
    )  # fmt: skip
    assert {row.team_id for row in entries} == set(filled.teams.values())
    for row in entries:
        assert tuple(row[1:]) == ("residents", None, None, "patchwork_keeper")


def test_what_does_not_fit_is_said(filled: People, run: Run) -> None:
    with pytest.raises(BadSetting, match=r"PATCHWORK_MATCH_MEMORY_MB"):
        run(match_memory_mb=1)
    assert _states(filled) == ["running"]


def test_the_command_prints_figures(filled: People, run: Run) -> None:
    outcome = run()
    assert outcome is not None
    assert say(outcome).startswith("Residents matched: about ")
    assert "MB of memory" in say(outcome)
    environment = {**os.environ, "DATABASE_URL": filled.settings.database_url}
    command = [sys.executable, "-c", "from app.cli import main; main()", "match-all", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    figures = json.loads(done.stdout)
    assert figures["residents"] == hide_small(len(current_rows(filled)))
    assert 50 < figures["peak_mb"] < 2_000


def test_where_nobody_lives_nobody_is_matched(people: People, run: Run) -> None:
    with Session(people.engine) as session, session.begin():
        session.execute(sa.text("UPDATE residents SET withdrawn_at = now(),"
                                " erase_after = CURRENT_DATE + 30"))  # fmt: skip
    try:
        assert run() is None
        assert _states(people) == []
    finally:
        _do(people, "UPDATE residents SET withdrawn_at = NULL, erase_after = NULL")
