"""Every night by itself, and when an administrator asks for it."""

from __future__ import annotations

import datetime as dt

from croniter import croniter

from app.jobs.kinds import EVERYONE, KINDS
from tests.everyone.town import current_rows
from tests.jobs.conftest import do, rows, run_worker
from tests.people import People


def test_an_administrator_asks_and_it_is_done(filled: People) -> None:
    with filled.client("administrator") as client:
        assert client.post("/jobs", data={"job": EVERYONE}).status_code == 303
    run_worker(filled.settings)
    try:
        (run,) = rows(filled, "SELECT outcome::text, message, total FROM job_runs"
                              " WHERE task = :task", task=EVERYONE)  # fmt: skip
        assert run.outcome == "done"
        assert run.message.startswith("Everybody was matched.")
        # Of how many is nobody's business who only looks after the jobs.
        assert run.total in {None, 100}
        assert current_rows(filled)
    finally:
        do(filled, "DELETE FROM job_runs")
        do(filled, "DELETE FROM match_runs")


def test_it_is_due_once_a_night() -> None:
    cron = KINDS[EVERYONE].cron
    assert cron is not None
    noon = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    due = croniter(cron, noon)
    first, second = due.get_next(dt.datetime), due.get_next(dt.datetime)
    assert first.hour < 5
    assert second - first == dt.timedelta(days=1)
