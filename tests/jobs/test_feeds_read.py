"""Feeds read by a worker with the real readers, from real servers; and what editors may allow."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from procrastinate.exceptions import JobAborted
from sqlalchemy.orm import Session

from app.feeds import queries
from app.feeds.actions import refresh_feed
from app.jobs.asking import ask_for_feed
from app.models import RunStatus
from app.settings import Settings
from tests.calendars.calendar_feeds import Served, add_feed, serving
from tests.importers.oruk.feed_server import Published, publishing
from tests.importers.oruk.records import service
from tests.jobs.conftest import do, rows, run_worker
from tests.people import People

CALENDAR = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//A club//EN\r
BEGIN:VEVENT\r
UID:chess@club.example\r
DTSTAMP:20260101T000000Z\r
DTSTART:20260106T140000\r
DTEND:20260106T150000\r
RRULE:FREQ=WEEKLY;BYDAY=TU\r
SUMMARY:Chess\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
def open_settings(people: People) -> Settings:
    return people.settings.model_copy(update={"fetch_allowed": "127.0.0.0/8"})


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_brought(people: People) -> Iterator[None]:
    yield
    for table in ("activities", "assets", "import_problems", "import_runs", "sources"):
        column = {"sources": "slug", "import_problems": "import_run_id"}.get(table, "source_id")
        of = "(SELECT id FROM sources WHERE slug LIKE 'feed-%')"
        if table == "import_problems":
            of = f"(SELECT id FROM import_runs WHERE source_id IN {of})"
        where = "slug LIKE 'feed-%'" if table == "sources" else f"{column} IN {of}"
        do(people, f"DELETE FROM {table} WHERE {where}")
    do(people, "DELETE FROM term_mappings")


def _ask(people: People, *feed_ids: int, **more: Any) -> None:
    with Session(people.as_app) as session, session.begin():
        for feed_id in feed_ids:
            assert ask_for_feed(session, feed_id, **more)


def _feed(people: People, feed_id: int) -> sa.Row[Any]:
    return rows(people, "SELECT * FROM feeds WHERE id = :id", id=feed_id)[0]


def _shown(people: People, feed_id: int) -> sa.Row[Any]:
    with Session(people.engine) as session:
        return queries.count_brought(session, feed_id=feed_id)


def _sessions(served: Served, count: int) -> str:
    """Publish so many OpenActive sessions; return the feed's address."""
    base = served.url.rpartition("/")[0]
    items = [
        {"state": "updated", "kind": "SessionSeries", "id": number, "modified": number, "data": {
            "@type": "SessionSeries", "name": f"Aqua {number}",
            "activity": [{"id": "https://openactive.io/activity-list#aqua", "prefLabel": "Splash",
                          "inScheme": "https://openactive.io/activity-list"}],
            "organizer": {"@type": "Organization", "@id": "https://a.example/o", "name": "Active"},
            "location": {"@type": "Place", "@id": "https://a.example/p", "name": "Ilkley Pool",
                         "geo": {"latitude": 53.931, "longitude": -1.817}},
            "eventSchedule": [{"startDate": "2026-01-06", "startTime": "10:00",
                               "repeatFrequency": "P1W",
                               "byDay": ["https://schema.org/Tuesday"]}]}}
        for number in range(1, count + 1)
    ]  # fmt: skip
    served.media_type = "application/json"
    for path, found in (("/rpde", items), ("/rpde?end", [])):
        served.by_path[path] = json.dumps({"items": found, "next": f"{base}/rpde?end"}).encode()
    return f"{base}/rpde"


def test_a_worker_reads_every_kind_of_feed(
    people: People, open_settings: Settings, served: Served
) -> None:
    served.by_path["/calendar.ics"] = CALENDAR
    with serving() as other:
        sessions = add_feed(people.engine, url=_sessions(other, 2), kind="openactive")
        calendar = add_feed(people.engine, url=served.url, organizer_id=people.club_id)
        published = Published([service(number) for number in range(3)])
        with publishing(published):
            directory = add_feed(people.engine, url=published.url, kind="oruk")
            ids = (sessions, calendar, directory)
            for _ in range(2):
                _ask(people, *ids)
                run_worker(open_settings)
    for feed_id in ids:
        row = _feed(people, feed_id)
        assert (row.failures, row.read_at == row.tried_at) == (0, True), row.message
        assert row.cursor is not None
    runs = rows(people, "SELECT outcome::text FROM job_runs WHERE task = 'feeds.refresh'")
    # The clock may have asked for one more.
    assert {run.outcome for run in runs} == {"done"}
    assert len(runs) >= 6
    statuses = rows(people, "SELECT status::text FROM import_runs r JOIN sources s"
                            " ON s.id = r.source_id WHERE s.slug LIKE 'feed-%'")  # fmt: skip
    assert sorted(row.status for row in statuses).count("loaded") == 3
    assert (_shown(people, sessions).activities, _shown(people, calendar).activities) == (2, 1)
    assert tuple(_shown(people, directory)) == (6, 3)


def test_more_than_half_goes_only_where_an_editor_says_so(
    people: People, open_settings: Settings, served: Served
) -> None:
    feed_id = add_feed(people.engine, url=_sessions(served, 8), kind="openactive")
    _ask(people, feed_id)
    run_worker(open_settings)
    _sessions(served, 2)
    do(people, "UPDATE feeds SET read_at = read_at - interval '9 days'")
    _ask(people, feed_id)
    run_worker(open_settings)
    assert "would mark 6 of 8 activities as gone" in _feed(people, feed_id).message
    assert _shown(people, feed_id).activities == 8

    editor = people.client("editor")
    assert "more than half" in editor.get(f"/feeds/{feed_id}").text
    # Without the tick it waits already; with it, it is said again.
    assert editor.post(f"/feeds/{feed_id}/run", data={}).status_code == 303
    answer = editor.post(f"/feeds/{feed_id}/run", data={"may_shrink": "yes"})
    assert answer.headers["location"].endswith("said=asked")
    for _ in range(2):  # two of one feed are done one after the other: this worker ends between
        run_worker(open_settings)
    assert _shown(people, feed_id).activities == 2
    assert _feed(people, feed_id).failures == 0
    assert "more than half" not in editor.get(f"/feeds/{feed_id}").text


def test_a_reading_that_is_stopped_is_no_failure(
    people: People, open_settings: Settings, served: Served
) -> None:
    feed_id = add_feed(people.engine, url=_sessions(served, 2), kind="openactive")

    def told(done: int, total: int | None) -> None:
        raise JobAborted(f"{done} of {total}")

    with pytest.raises(JobAborted):
        refresh_feed(people.engine, open_settings, feed_id, told=told)
    row = _feed(people, feed_id)
    assert (row.failures, row.message, row.tried_at) == (0, None, None)


def test_what_a_feed_passes_on_goes_with_it(people: People, open_settings: Settings) -> None:
    whose = {"name": "A list", "publisher": "A council", "licence": "OGL v3.0",
             "attribution": "A council"}  # fmt: skip
    published = Published([service(1) | {"source": whose}, service(2)])
    published.services[0]["organization"] |= {"source": whose}
    with publishing(published):
        feed_id = add_feed(people.engine, url=published.url, kind="oruk")
        outcome = refresh_feed(people.engine, open_settings, feed_id, told=lambda *_: None)
    assert outcome.status is RunStatus.LOADED, outcome.message
    assert tuple(_shown(people, feed_id)) == (4, 2)
    with Session(people.engine) as session, session.begin():
        assert queries.delete_feed(session, feed_id=feed_id) == 6
    assert tuple(_shown(people, feed_id)) == (0, 0)


def test_a_decision_about_a_term_counts_where_the_feed_has_nothing_new(
    people: People, open_settings: Settings, served: Served
) -> None:
    feed_id = add_feed(people.engine, url=_sessions(served, 2), kind="openactive")
    told: dict[str, Any] = {"told": lambda *_: None}
    refresh_feed(people.engine, open_settings, feed_id, **told)
    do(
        people,
        "UPDATE term_mappings SET status = 'agreed', updated_at = clock_timestamp(),"
        " interest_ids = ARRAY(SELECT id FROM interests WHERE concept = 'swimming')",
    )
    assert "2 changed" in refresh_feed(people.engine, open_settings, feed_id, **told).message
    found = rows(people, "SELECT FROM activities a JOIN interests i ON i.id = ANY(a.interest_ids)"
                         " WHERE i.concept = 'swimming' AND a.name LIKE 'Aqua%'")  # fmt: skip
    assert len(found) == 2
    assert "Nothing new" in refresh_feed(people.engine, open_settings, feed_id, **told).message


def test_a_calendar_that_never_changes_is_looked_at_anew_every_week(
    people: People, open_settings: Settings, served: Served
) -> None:
    served.by_path["/calendar.ics"] = CALENDAR
    feed_id = add_feed(people.engine, url=served.url, organizer_id=people.club_id)
    told: dict[str, Any] = {"told": lambda *_: None}
    refresh_feed(people.engine, open_settings, feed_id, **told)
    assert "Not changed" in refresh_feed(people.engine, open_settings, feed_id, **told).message
    a_week_ago = (dt.date.today() - dt.timedelta(days=7)).isoformat()  # noqa: DTZ011 - local days
    do(people, "UPDATE feeds SET cursor = :day", day=a_week_ago)
    assert "0 new" in refresh_feed(people.engine, open_settings, feed_id, **told).message
    assert [tag != "" for _, tag in served.asked] == [False, True, False]
