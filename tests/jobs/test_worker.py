"""The worker: killed, stopped, beside the web pages, several at once; as the roles it should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from procrastinate.schema import SchemaManager
from sqlalchemy.orm import Session

from app.database import APP_ROLE, make_engine
from app.jobs import kinds
from app.jobs.asking import ask, ask_for_feed
from app.jobs.kinds import Doing, Kind
from app.jobs.queries import NOTHING
from app.main import create_app
from tests.conftest import ROOT
from tests.jobs.conftest import do, rows, run_worker
from tests.people import People

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(people: People, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts `patchwork worker` with a job that takes its time."""
    made: list[subprocess.Popen[str]] = []

    def started(seconds: float) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.long_job", str(tmp_path), str(seconds)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": people.settings.database_url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        made.append(process)
        return process

    yield started
    for process in made:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _ask(people: People, name: str = "test.long", subject: str = "") -> bool:
    with Session(people.as_app) as session, session.begin():
        return ask(session, name, subject, lock=f"{name} {subject}")


def _until(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 40
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def _files(folder: Path, what: str) -> int:
    return len(list(folder.glob(f"{what}-*")))


def test_a_job_whose_process_was_killed_is_found_and_done(
    people: People, start: Start, tmp_path: Path
) -> None:
    _ask(people)
    first = start(60)
    _until(lambda: _files(tmp_path, "begun"), "the job did not begin")
    _until(lambda: rows(people, "SELECT FROM job_runs WHERE done = 1 AND total = 4"), "no news")
    os.kill(first.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert rows(people, "SELECT FROM jobs.procrastinate_jobs WHERE status = 'doing'")
    # It would be missed after 45 seconds: for the test they have passed.
    do(people, "UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    # Looked for at each full minute by itself; nobody here waits for that.
    _ask(people, "jobs.stalled")
    second = start(0.2)
    _until(lambda: _files(tmp_path, "done"), "the job was not done again")
    _until(lambda: rows(people, "SELECT FROM job_runs WHERE outcome = 'done'"), "not written down")
    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0
    found = rows(people, "SELECT attempt, outcome::text, message FROM job_runs ORDER BY id")
    assert [(row.attempt, row.outcome) for row in found] == [(1, "lost"), (2, "done")]
    assert found[0].message == "Its process ended without a word, so it is begun again."
    assert not rows(people, "SELECT FROM jobs.procrastinate_jobs WHERE task_name = 'test.long'")
    assert _files(tmp_path, "begun") == 2


def test_what_dies_again_and_again_is_given_up(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds.KINDS, "test.dies", Kind("test.dies", "Die", lambda _: "x"))
    _ask(people, "test.dies")
    do(people, "UPDATE jobs.procrastinate_jobs SET status = 'doing', attempts = 2")
    do(people, "INSERT INTO job_runs (job_id, task, attempt) SELECT id, 'test.dies', 3"
               " FROM jobs.procrastinate_jobs")  # fmt: skip
    # Every minute by itself.
    _ask(people, "jobs.stalled")
    run_worker(people.settings)
    (run,) = rows(people, "SELECT outcome::text, message FROM job_runs WHERE task = 'test.dies'")
    assert run.outcome == "failed"
    assert "run it again" in run.message
    assert rows(people, "SELECT FROM jobs.procrastinate_jobs WHERE status = 'failed'")


def test_sigterm_finishes_what_has_begun_and_begins_nothing_more(
    people: People, start: Start, tmp_path: Path
) -> None:
    _ask(people)
    process = start(2.0)
    _until(lambda: _files(tmp_path, "begun"), "the job did not begin")
    process.send_signal(signal.SIGTERM)
    _ask(people, subject="another")
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "everything that was begun is done" in out
    assert "Traceback" not in out
    assert (_files(tmp_path, "begun"), _files(tmp_path, "done")) == (1, 1)
    assert [row.status for row in rows(people, "SELECT status FROM jobs.procrastinate_jobs")] == [
        "todo"
    ]
    assert not rows(people, "SELECT FROM jobs.procrastinate_workers")


def test_several_workers_share_and_do_nothing_twice(
    people: People, start: Start, tmp_path: Path
) -> None:
    for number in range(8):
        _ask(people, subject=str(number))
    processes = [start(0.3), start(0.3)]
    _until(lambda: _files(tmp_path, "done") == 8, "not all were done")
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(20) for process in processes] == [0, 0]
    assert _files(tmp_path, "begun") == 8
    done = rows(people, "SELECT subject FROM job_runs WHERE outcome = 'done' ORDER BY subject")
    assert [row.subject for row in done] == [str(number) for number in range(8)]


def test_housekeeping_is_done_by_the_clock_as_its_role(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    who: list[str] = []
    before = kinds.KINDS["house.sessions"]

    def look(doing: Doing) -> str:
        for engine in (doing.owner, doing.keeper):
            with engine.connect() as connection:
                who.append(str(connection.execute(sa.text("SELECT current_user")).scalar_one()))
        return before.run(doing)

    own = Kind("house.sessions", before.title, look, cron=before.cron)
    monkeypatch.setitem(kinds.KINDS, "house.sessions", own)
    # What is due at night is not due now.
    names = {
        kind.name
        for kind in kinds.KINDS.values()
        if kind.is_for_a_button and str(kind.cron).endswith(" * * * *")
    }

    def are_done() -> bool:
        # A worker that ends when nothing waits may end before the clock has asked for all.
        run_worker(people.settings)
        return names <= {row.task for row in rows(people, "SELECT task FROM job_runs"
                                                  " WHERE outcome = 'done'")}  # fmt: skip

    _until(are_done, "not all were done")
    assert who == ["patchwork", "patchwork_keeper"]
    found = rows(people, "SELECT task, outcome::text, message FROM job_runs")
    assert {(row.outcome, row.message) for row in found if row.task == "house.sessions"} == {
        ("done", NOTHING)
    }
    # Started again within the hour, it does not do all of it again.
    do(people, "DELETE FROM job_runs")
    run_worker(people.settings)
    assert not rows(people, "SELECT FROM job_runs")


def test_a_failure_is_a_sentence_tried_again_and_given_up(
    people: People, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Doing) -> str:
        raise LookupError("a resident's words that nobody may see")

    monkeypatch.setitem(
        kinds.KINDS, "test.fails", Kind("test.fails", "Fail", fail, most_attempts=2)
    )
    _ask(people, "test.fails")
    run_worker(people.settings)
    (job,) = rows(
        people,
        "SELECT status::text, scheduled_at - now() AS wait FROM jobs.procrastinate_jobs"
        " WHERE task_name = 'test.fails'",
    )
    assert job.status == "todo"
    assert 30 < job.wait.total_seconds() <= 60
    do(people, "UPDATE jobs.procrastinate_jobs SET scheduled_at = now()")
    run_worker(people.settings)
    found = rows(people, "SELECT attempt, outcome::text, message FROM job_runs"
                         " WHERE task = 'test.fails' ORDER BY id")  # fmt: skip
    assert [(row.attempt, row.outcome) for row in found] == [(1, "again"), (2, "failed")]
    assert "tried again by itself" in found[0].message
    assert "given up" in found[1].message
    out, err = capfd.readouterr()
    assert "a job failed" in out + err
    assert "resident" not in out + err + found[0].message + found[1].message


def test_the_web_process_does_jobs_and_its_end_does_not_wait_for_them(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.worker.BEGIN_AFTER_S", 0.0)
    monkeypatch.setattr("app.jobs.worker.PATIENCE_S", 0.3)
    begun, go_on = threading.Event(), threading.Event()

    def block(_: Doing) -> str:
        begun.set()
        go_on.wait(60)
        return "late"

    monkeypatch.setitem(kinds.KINDS, "test.block", Kind("test.block", "Block", block))
    _ask(people, "test.block")
    app = create_app(people.settings.model_copy(update={"has_worker": True}))
    with TestClient(app) as client:
        assert begun.wait(30)
        assert client.get("/health").status_code == 200
        started = time.monotonic()
    try:
        assert time.monotonic() - started < 10
        # It waits to be begun again, and nobody is left at work on it.
        (job,) = rows(people, "SELECT status::text AS status FROM jobs.procrastinate_jobs"
                              " WHERE task_name = 'test.block'")  # fmt: skip
        assert job.status == "todo"
        assert not rows(people, "SELECT FROM jobs.procrastinate_workers")
    finally:
        go_on.set()
        for thread in threading.enumerate():
            if thread.name == "patchwork job":
                thread.join(20)


def test_without_the_setting_nobody_works(people: People) -> None:
    assert people.settings.has_worker is False
    with TestClient(people.app):
        assert not rows(people, "SELECT FROM jobs.procrastinate_workers")
        assert not [t for t in threading.enumerate() if t.name == "patchwork job"]


def test_a_database_that_is_away_does_not_keep_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.settings import Settings  # noqa: PLC0415 - not the people's

    monkeypatch.setattr("app.jobs.worker.BEGIN_AFTER_S", 0.0)
    away = Settings(  # type: ignore[call-arg]  # the alias is the name
        DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", has_worker=True
    )
    app = create_app(away)
    started = time.monotonic()
    with TestClient(app) as client:
        assert client.get("/health").status_code == 200
    assert time.monotonic() - started < 15


def test_what_is_asked_for_is_there_only_if_the_rest_is(people: People) -> None:
    with Session(people.as_app) as session:
        assert ask_for_feed(session, 7)
        assert not ask_for_feed(session, 7), "it waits already"
        assert ask_for_feed(session, 8)
        # The transaction goes on as before, in its own tables.
        assert session.execute(sa.text("SELECT count(*) FROM assets")).scalar_one() > 0
        assert session.execute(sa.text("SHOW search_path")).scalar_one() == '"$user", public'
        session.rollback()
    assert not rows(people, "SELECT FROM jobs.procrastinate_jobs")


def test_the_web_pages_role_can_ask_and_nothing_else(people: People) -> None:
    _ask(people)
    engine = make_engine(people.settings, role=APP_ROLE)
    for statement in (
        "UPDATE jobs.procrastinate_jobs SET status = 'doing'",
        "DELETE FROM jobs.procrastinate_jobs",
        "DELETE FROM job_runs",
        "INSERT INTO job_runs (job_id, task, attempt) VALUES (1, 'x', 1)",
    ):
        with engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="denied"):
            connection.execute(sa.text(statement))
    engine.dispose()


def test_the_queues_tables_are_those_that_were_migrated() -> None:
    (migration,) = (ROOT / "alembic" / "versions").glob("*_jobs.py")
    import hashlib  # noqa: PLC0415 - only here

    digest = hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()
    assert digest in migration.read_text(encoding="utf-8"), (
        "procrastinate has new tables: add a migration that runs its own ones"
    )
