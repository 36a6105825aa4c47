"""The page of jobs: what runs, waits, came of them; asking for one; nothing personal; real eyes."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from app.jobs.kinds import KINDS
from app.jobs.wording import lasted
from tests.connections.conftest import OpenPage
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.jobs.conftest import do, rows, run_worker
from tests.people import People
from tests.web.document import Document

SOME = """
INSERT INTO feeds (id, kind, name, url, publisher, licence, attribution) OVERRIDING SYSTEM VALUE
  VALUES (70, 'oruk', '<b>Town</b> directory', 'https://secret.example/k3y', 'x', 'x', 'x');
INSERT INTO procrastinate_workers DEFAULT VALUES;
INSERT INTO procrastinate_jobs (queue_name, task_name, status, args)
  VALUES ('default', 'feeds.refresh', 'doing', '{"subject": "70"}'),
         ('default', 'house.sessions', 'todo', '{"subject": ""}');
INSERT INTO job_runs (job_id, task, subject, attempt, done, total)
  SELECT id, 'feeds.refresh', '70', 1, 30, 120 FROM procrastinate_jobs WHERE status = 'doing';
INSERT INTO job_runs (job_id, task, attempt, finished_at, outcome, message)
  VALUES (1, 'house.sessions', 1, now(), 'done', '7 sessions.'),
         (2, 'house.invitations', 1, now(), 'done', 'There was nothing to do.'),
         (3, 'exports.build', 3, now(), 'failed', 'It is too large. Choose fewer wards.')
"""


def _page(people: People, path: str = "/jobs") -> tuple[Any, str]:
    with people.client("administrator") as client:
        answer = client.get(path)
    return answer, Document(answer.text).one("main").text


def test_what_runs_waits_and_came_of_it_is_there(people: People) -> None:
    do(people, SOME)
    answer, text = _page(people)
    bar = Document(answer.text).one("progress")
    assert (bar.get("value"), bar.get("max")) == ("30", "120")
    assert "Read a feed: <b>Town</b> directory 30 of 120 done." in text
    assert "<b>Town" not in answer.text
    assert "Throw away old sessions As soon as somebody is free" in text
    assert "7 sessions." in text
    assert "Failed It is too large. Choose fewer wards." in text
    assert "There was nothing to do. Today" not in text
    assert "secret.example" not in answer.text
    assert answer.headers["refresh"] == "5; url=/jobs"
    assert "refresh" not in _page(people, "/jobs?still=yes")[0].headers
    assert "refresh" not in _page(people, "/jobs?page=2")[0].headers
    assert "7 sessions. Today" not in _page(people, "/jobs?show=failed")[1]
    assert "There was nothing to do. Today" in _page(people, "/jobs?show=all")[1]


def test_a_quiet_page_stands_still_and_says_who_works(people: People) -> None:
    answer, text = _page(people)
    assert "refresh" not in answer.headers
    assert "Nobody does jobs just now." in text
    assert "Nothing runs just now." in text


@pytest.mark.parametrize("name", [n for n, kind in KINDS.items() if kind.is_for_a_button])
def test_every_job_of_the_schedule_can_be_asked_for(people: People, name: str) -> None:
    with people.client("administrator") as client:
        for said in ("asked", "waits"):
            answer = client.post("/jobs", data={"job": name})
            assert answer.headers["location"] == f"/jobs?said={said}"
    (job,) = rows(people, "SELECT task_name, status::text, lock FROM jobs.procrastinate_jobs")
    assert (job.task_name, job.status, job.lock) == (name, "todo", KINDS[name].lock)


@pytest.mark.parametrize("name", ["", "feeds.refresh", "feeds.due", "jobs.stalled", "rm -rf"])
def test_nothing_else_can_be_asked_for(people: People, name: str) -> None:
    with people.client("administrator") as client:
        answer = client.post("/jobs", data={"job": name})
    assert answer.status_code == 422
    assert "Choose a job from the list." in answer.text
    assert not rows(people, "SELECT FROM jobs.procrastinate_jobs")


def test_what_a_button_asks_for_is_done(people: People) -> None:
    with people.client("administrator") as client:
        client.post("/jobs", data={"job": "house.new-likely-duplicates"})
    run_worker(people.settings)
    assert rows(
        people,
        "SELECT FROM job_runs WHERE task = 'house.new-likely-duplicates' AND outcome = 'done'",
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "under a second"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"),
     (3599, "59 minutes"), (3600, "1 hour"), (9000, "2 hours 30 minutes")],
)  # fmt: skip
def test_how_long_it_took_is_said(seconds: float, said: str) -> None:
    import datetime as dt  # noqa: PLC0415 - only here

    assert lasted(dt.timedelta(seconds=seconds)) == said


@pytest.mark.browser
def test_the_page_fits_axe_finds_nothing_and_a_keyboard_is_enough(
    open_page: OpenPage, people: People
) -> None:
    do(people, SOME)
    page = open_page("administrator", "/jobs?still=yes")
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.get_by_role("button").filter(has_text="Throw away old invitations").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It is in the queue")


@pytest.mark.browser
def test_without_scripts_it_looks_again_by_itself(open_page: OpenPage, people: People) -> None:
    do(people, SOME)
    page = open_page("administrator", "/jobs", java_script_enabled=False)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "30")
    do(people, "UPDATE job_runs SET done = 60 WHERE outcome = 'running'")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "60", timeout=15_000)
