"""What goes wrong in the middle of a run is a sentence, and the run can be gone on with."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from rich.console import Console

from app.errors import BadQuestion, Conflict, PatchworkError
from app.everyone import cli, summary_queries
from app.everyone.cli import figures, say
from app.everyone.summary import read_summary
from app.everyone.team_actions import read_team_matches
from app.interests.actions import read_vocabulary
from tests.conftest import ROOT
from tests.everyone.conftest import Run
from tests.everyone.town import FAR_WARD, current_rows, kept, live_matches, shown
from tests.people import People

# What of a run waits for whom, so that it can be met there: its reading, and its writing.
READING = "LOCK TABLE resident_interests IN ACCESS EXCLUSIVE MODE"
WRITING = "LOCK TABLE resident_matches IN SHARE MODE"
WAITING = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
      AND (query ILIKE '%resident_interests%' OR query ILIKE '%resident_matches%')
"""


@contextmanager
def _command_that_waits(
    people: People, lock: str, *options: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Yield the command and the process of the database that it waits in."""
    command = [sys.executable, "-c", "from app.cli import main; main()", "match-all", *options]
    environment = {**os.environ, "DATABASE_URL": people.settings.database_url}
    by_itself = people.engine.execution_options(isolation_level="AUTOCOMMIT")
    with people.engine.begin() as holding, by_itself.connect() as watching:
        holding.execute(sa.text(lock))
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 120
            while not (pid := watching.execute(sa.text(WAITING)).scalar()):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield process, pid
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("lock", "how"),
    [(READING, "pg_cancel_backend"), (WRITING, "pg_cancel_backend"),
     (WRITING, "pg_terminate_backend")],
)  # fmt: skip
def test_a_database_that_goes_away_is_a_sentence(
    filled: People, run: Run, lock: str, how: str
) -> None:
    with _command_that_waits(filled, lock) as (process, pid):
        with filled.engine.begin() as connection:
            connection.execute(sa.text(f"SELECT {how}(:pid)"), {"pid": pid})
        _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said.startswith("Error: The database "), said
    assert said.count("\n") == 1
    assert run() is not None


def test_a_row_that_the_database_refuses_is_not_repeated(filled: People, run: Run) -> None:
    with filled.engine.begin() as connection:
        connection.execute(
            sa.text("ALTER TABLE resident_matches ADD CONSTRAINT no CHECK (ward_code IS NULL)")
        )
    try:
        with pytest.raises(PatchworkError) as refused:
            run()
    finally:
        with filled.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE resident_matches DROP CONSTRAINT no"))
    # The database itself says "Failing row contains" somebody.
    assert "(CheckViolation)" in str(refused.value)
    assert "row" not in str(refused.value)
    assert run() is not None


def test_who_presses_ctrl_c_is_told_how_to_go_on(filled: People, run: Run) -> None:
    with _command_that_waits(filled, WRITING) as (process, _):
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert said.startswith("Stopped. What was found so far is kept"), said
    assert said.count("\n") == 1
    assert run() is not None


def test_a_role_that_may_not_make_temporary_tables_is_said(filled: People, run: Run) -> None:
    with filled.engine.begin() as connection:
        (name,) = connection.execute(sa.text("SELECT current_database()")).one()
        connection.execute(sa.text(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC'))
    try:
        with pytest.raises(PatchworkError, match="GRANT TEMPORARY ON DATABASE"):
            run()
    finally:
        with filled.engine.begin() as connection:
            connection.execute(sa.text(f'GRANT TEMPORARY ON DATABASE "{name}" TO PUBLIC'))


def test_all_are_done_and_only_the_swap_is_left(filled: People, run: Run) -> None:
    run()
    whole = current_rows(filled)
    with filled.engine.begin() as connection:
        connection.execute(sa.text("UPDATE match_runs SET state = 'running', engine = 'dask'"))
    outcome = run()
    assert outcome is not None
    assert outcome.done_before == len(whole)
    assert current_rows(filled) == whole
    # What it was done with in the end.
    with filled.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT engine FROM match_runs")).scalars().all() == [
            "local"
        ]


def test_nobody_lives_anywhere_known(filled: People, run: Run) -> None:
    with filled.engine.begin() as connection:
        kept = connection.execute(
            sa.text("SELECT id, geom FROM residents WHERE geom IS NOT NULL")
        ).all()
        connection.execute(sa.text("UPDATE residents SET geom = NULL"))
        connection.execute(
            sa.text(
                "UPDATE residents SET withdrawn_at = now(), erase_after = CURRENT_DATE + 30 WHERE"
                " team_id IN (SELECT id FROM teams WHERE home_id IS NOT NULL)"
            )
        )
    try:
        outcome = run()
        assert outcome is not None
        rows = current_rows(filled).values()
        assert {(*row.near_ids, *row.visit_ids, row.ward_code) for row in rows} == {(None,)}
        assert any(row.unmet_ids for row in rows) is False
    finally:
        with filled.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE residents SET withdrawn_at = NULL, erase_after = NULL")
            )
            for row in kept:
                connection.execute(
                    sa.text("UPDATE residents SET geom = :geom WHERE id = :id"), row._asdict()
                )


def test_an_interest_that_was_retired_is_not_asked_for(filled: People, run: Run) -> None:
    """As the live question: nothing is found by it, and nothing is unmet for it."""
    slugs = {"slugs": ["pottery"]}
    retire = "UPDATE interests SET is_retired = {} WHERE concept = ANY(:slugs)"
    with filled.engine.begin() as connection:
        connection.execute(sa.text(retire.format("true")), slugs)
    try:
        run()
        rows = current_rows(filled)
        for team in ("a", "b", "connectors"):
            for id_, (near, visits) in live_matches(filled, team).items():
                assert kept(rows[id_], "near") == shown(near)
                assert kept(rows[id_], "visit") == shown(visits)
    finally:
        with filled.engine.begin() as connection:
            connection.execute(sa.text(retire.format("false")), slugs)


@pytest.mark.parametrize("code", ["", "  "])
def test_an_area_without_a_code_is_said(filled: People, run: Run, code: str) -> None:
    with pytest.raises(BadQuestion, match="An area needs the code of a ward or district"):
        run(code)


def test_a_run_that_was_given_up_meanwhile_is_shown_to_nobody(filled: People, run: Run) -> None:
    run()
    before = current_rows(filled)

    def give_up(done: int, total: int | None) -> None:
        with filled.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE match_runs SET state = 'failed' WHERE state = 'running'")
            )

    with pytest.raises(Conflict, match="given up"):
        run(told=give_up)
    assert current_rows(filled) == before


def test_nobody_can_be_counted_from_what_the_command_says(filled: People, run: Run) -> None:
    outcome = run(FAR_WARD)
    assert outcome is not None
    assert outcome.residents == 3
    assert say(outcome).startswith("Residents matched: fewer than 8. Reading ")
    assert figures(outcome)["residents"] is None
    outcome.residents, outcome.done_before = 23, 11
    assert say(outcome).startswith("Residents matched: about 25, about 10 of them before it was")
    assert (figures(outcome)["residents"], figures(outcome)["done_before"]) == (25, 10)


@pytest.mark.parametrize(
    ("done", "total", "said"),
    [
        (2, 3, "fewer than 8 residents"),
        (11, 23, "about 10 of about 25 residents"),
        (5, 23, "fewer than 8 of about 25 residents"),
    ],
)
def test_nor_from_how_far_it_is(
    done: int, total: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "NEWS_EVERY_S", 0)
    for is_terminal in (False, True):
        text = io.StringIO()
        console = Console(file=text, force_terminal=is_terminal, width=120)
        with cli._progress(console) as told:
            told(done, total)
        lines = text.getvalue()
        assert re.search(rf"\b({done}|{total})\b(?! s left)(?!m)", lines) is None, lines
        assert is_terminal or lines.startswith(said)


def test_nor_from_how_fast_it_is_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "NEWS_EVERY_S", 0)
    said = []
    for told in ([(11, 23), (21, 23)], [(1, 3), (3, 3)]):
        clock = iter([0.0, 0.0, 2.0])
        monkeypatch.setattr(cli, "time", SimpleNamespace(monotonic=clock.__next__))
        text = io.StringIO()
        lines = cli._Lines(Console(file=text, width=120))
        for one in told:
            lines(*one)
        said.append(text.getvalue().splitlines()[-1])
    # Ten in two seconds, and two left, would be how many there are.
    assert said == [
        "about 20 of about 25 residents, 5 residents/s, about 1 s left", "fewer than 8 residents",
    ]  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says it there")
def test_memory_is_this_processs_own_and_what_was_given_back_is_not_used() -> None:
    """A process begun by a large one is not large; nor is one that was so an hour ago."""
    ballast = np.ones(400_000_000, dtype=np.uint8)
    says = (
        "import numpy as np; from app.everyone import planning as p; print(p.peak_bytes());"
        " a = np.ones(400_000_000, dtype=np.uint8); del a; print(p.used_bytes(), p.peak_bytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", says], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, used, peak = map(int, done.stdout.split())
    assert before < 390_000_000 < peak
    assert ballast.nbytes > 390_000_000
    assert used < 390_000_000


class _Swap:
    """Puts one run in the place of another as soon as somebody has asked about either."""

    def __init__(self, people: People, keeper: sa.Engine, word: str) -> None:
        self._people, self._keeper, self._word, self._is_done = people, keeper, word, False

    def __enter__(self) -> None:
        sa.event.listen(self._keeper, "after_cursor_execute", self._after)

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self._keeper, "after_cursor_execute", self._after)
        assert self._is_done

    def _after(self, *given: Any) -> None:
        if self._word in given[2] and not self._is_done:
            self._is_done = True
            with self._people.engine.begin() as connection:
                connection.execute(sa.text("UPDATE match_runs SET state = 'replaced'"
                                           " WHERE state = 'current'"))  # fmt: skip
                connection.execute(sa.text("UPDATE match_runs SET state = 'current'"
                                           " WHERE state = 'running'"))  # fmt: skip


@pytest.fixture
def next_run(filled: People, run: Run) -> int:
    """A run that found nothing for anybody, beside one that is current; it is another day's."""
    run()
    with filled.engine.begin() as connection:
        number: int = connection.execute(
            sa.text("INSERT INTO match_runs (state, engine, of_day, finished_at)"
                    " VALUES ('running', 'local', '2020-02-29', now()) RETURNING id")
        ).scalar_one()  # fmt: skip
        connection.execute(
            sa.text(
                "INSERT INTO resident_matches SELECT :id, resident_id, team_id, ward_code, '{}',"
                " '{}', '{}', '{}', NULL, '{}', '{}', '{}', '{}' FROM resident_matches"
            ),
            {"id": number},
        )
    return number


@pytest.mark.parametrize("word", ["FROM match_runs", "match_by_place", "match_by_theme"])
def test_a_swap_in_the_middle_is_seen_whole_in_numbers(
    filled: People, keeper: sa.Engine, next_run: int, word: str
) -> None:
    with keeper.connect() as connection, _Swap(filled, keeper, word):
        found = read_summary(connection)
    assert [one.id for one in found.runs] == [next_run]
    assert found.counts.matched == 0
    assert {one.unmet for one in found.themes} == {0}


@pytest.mark.parametrize("word", ["FROM residents", "resident_matches"])
def test_a_swap_in_the_middle_is_seen_whole_by_a_team(
    filled: People, keeper: sa.Engine, next_run: int, word: str
) -> None:
    with keeper.connect() as connection, _Swap(filled, keeper, word):
        vocabulary = read_vocabulary(connection)
        found = read_team_matches(connection, vocabulary, team_id=filled.teams["a"])
    days = {one.of_day for one in found.everybody}
    assert len(days) == 1
    assert any(not one.has_nobody for one in found.everybody) == (days != {dt.date(2020, 2, 29)})


def test_what_goes_while_a_team_reads_is_passed_over(
    filled: People, keeper: sa.Engine, run: Run
) -> None:
    run()
    gone: list[bool] = []

    def go(*given: Any) -> None:
        if "resident_matches" in given[2] and not gone:
            gone.append(True)
            with filled.engine.begin() as connection:
                connection.execute(sa.text("UPDATE assets SET gone_at = now()"
                                           " WHERE name LIKE 'Group %'"))  # fmt: skip

    sa.event.listen(keeper, "after_cursor_execute", go)
    try:
        with keeper.connect() as connection:
            vocabulary = read_vocabulary(connection)
            found = read_team_matches(connection, vocabulary, team_id=filled.teams["a"])
    finally:
        sa.event.remove(keeper, "after_cursor_execute", go)
        with filled.engine.begin() as connection:
            connection.execute(sa.text("UPDATE assets SET gone_at = NULL"
                                       " WHERE name LIKE 'Group %'"))  # fmt: skip
    assert gone
    near = {m.name for one in found.everybody for m in one.near if m.kind_of == "asset"}
    assert not {name for name in near if name.startswith("Group ")}


def test_a_run_that_was_killed_is_not_going_on(filled: People, run: Run) -> None:
    with filled.engine.connect() as connection:
        with _command_that_waits(filled, WRITING) as (process, _):
            assert summary_queries.began_unfinished(connection) is not None
            process.kill()
            process.wait()
        deadline = time.monotonic() + 90
        while summary_queries.began_unfinished(connection) is not None:
            assert time.monotonic() < deadline, "nobody is at it"
            time.sleep(0.1)
        assert [row.state for row in connection.execute(sa.text("SELECT state FROM match_runs"))]


def test_how_many_a_run_was_about_is_no_business_of_the_web(filled: People, run: Run) -> None:
    run()
    with filled.engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL ROLE patchwork_app"))
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.execute(sa.text("SELECT residents FROM match_runs"))
