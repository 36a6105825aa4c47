"""Reading a feed: what came of it is kept whatever happens, and never twice at once."""

from __future__ import annotations

import datetime as dt
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from app.feeds.actions import BUSY, GONE, UNFORESEEN, refresh_feed
from app.feeds.refreshing import Outcome
from app.feeds.schedule import next_at, wait_h
from app.models import RunStatus
from app.settings import Settings
from tests.feeds.conftest import StoreFeed, row_of
from tests.feeds.web_feed import WebFeed
from tests.people import People


def _refresh(people: People, settings: Settings, feed_id: int, **options: Any) -> Outcome:
    options.setdefault("told", lambda _done, _total: None)
    return refresh_feed(people.engine, settings, feed_id, **options)


def test_what_came_of_it_is_kept(
    people: People, open_settings: Settings, web_feed: WebFeed, store_feed: StoreFeed
) -> None:
    feed_id, news = store_feed(web_feed.url), []
    outcome = _refresh(
        people, open_settings, feed_id, told=lambda done, total: news.append((done, total))
    )
    assert (outcome.status, outcome.message) == (RunStatus.LOADED, "2 read.")
    assert news == [(1, 2), (2, 2)]
    row = row_of(people, feed_id)
    assert (row.failures, row.message, row.etag, row.cursor) == (0, "2 read.", '"v1"', "c1")
    assert row.tried_at == row.read_at is not None
    # The second time it is asked in short; "everything" asks in full.
    assert _refresh(people, open_settings, feed_id).status is RunStatus.UNCHANGED
    assert web_feed.asked[-1]["if-none-match"] == '"v1"'
    assert _refresh(people, open_settings, feed_id, is_whole=True).status is RunStatus.LOADED
    assert "if-none-match" not in web_feed.asked[-1]


@pytest.mark.parametrize(
    ("values", "said"),
    [({"status": 404}, "has nothing at this address"), ({"body": b"broken"}, "makes no sense")],
)
def test_a_failure_is_an_outcome_and_everything_else_stays(
    people: People,
    open_settings: Settings,
    web_feed: WebFeed,
    store_feed: StoreFeed,
    values: dict[str, Any],
    said: str,
) -> None:
    feed_id = store_feed(web_feed.url)
    _refresh(people, open_settings, feed_id)
    good = row_of(people, feed_id)
    web_feed.etag = '"v2"'
    for name, value in values.items():
        setattr(web_feed, name, value)
    for failures in (1, 2):
        outcome = _refresh(people, open_settings, feed_id)
        assert outcome.status is RunStatus.REFUSED
        assert said in outcome.message
        row = row_of(people, feed_id)
        assert (row.failures, row.message) == (failures, outcome.message)
        assert (row.etag, row.cursor, row.read_at) == (good.etag, good.cursor, good.read_at)
        assert row.tried_at > good.tried_at
    web_feed.status, web_feed.body = 200, b"well again"
    assert _refresh(people, open_settings, feed_id).status is RunStatus.LOADED
    assert row_of(people, feed_id).failures == 0


def test_what_nobody_thought_of_is_kept_too_without_its_words(
    people: People, open_settings: Settings, web_feed: WebFeed, store_feed: StoreFeed
) -> None:
    web_feed.body = b"odd"
    feed_id = store_feed(web_feed.url)
    with pytest.raises(LookupError):
        _refresh(people, open_settings, feed_id)
    row = row_of(people, feed_id)
    assert (row.failures, row.message) == (1, UNFORESEEN)


def test_a_private_address_is_an_outcome(people: People, store_feed: StoreFeed) -> None:
    feed_id = store_feed("http://127.0.0.1:9999/feed")
    outcome = _refresh(people, people.settings, feed_id)
    assert "not on the public internet" in outcome.message
    assert row_of(people, feed_id).failures == 1


def test_one_feed_is_never_read_twice_at_once(
    people: People, open_settings: Settings, web_feed: WebFeed, store_feed: StoreFeed
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(20)

    web_feed.before = wait
    feed_id = store_feed(web_feed.url)
    first: list[Outcome] = []
    thread = threading.Thread(target=lambda: first.append(_refresh(people, open_settings, feed_id)))
    thread.start()
    try:
        assert begun.wait(20)
        assert _refresh(people, open_settings, feed_id).message == BUSY
    finally:
        go_on.set()
        thread.join()
    assert first[0].status is RunStatus.LOADED
    assert len(web_feed.asked) == 1
    assert _refresh(people, open_settings, feed_id).message != BUSY


def test_a_feed_that_was_deleted_meanwhile_is_an_outcome(people: People) -> None:
    assert _refresh(people, people.settings, 999_999).message == GONE


# When it is read again


def _feed(**values: Any) -> Any:
    at = dt.datetime(2026, 11, 27, 3, tzinfo=dt.UTC)
    given = {"id": 7, "is_on": True, "tried_at": at, "created_at": at, "every_hours": 24,
             "failures": 0}  # fmt: skip
    return SimpleNamespace(**given | values)


@pytest.mark.parametrize(
    ("every", "failures", "hours"),
    [(1, 0, 1), (1, 1, 2), (1, 7, 128), (1, 8, 168), (1, 1000, 168), (24, 1, 48), (24, 3, 168),
     (168, 5, 168), (744, 0, 744), (744, 3, 744)],
)  # fmt: skip
def test_the_wait_doubles_up_to_a_week(every: int, failures: int, hours: int) -> None:
    assert wait_h(every, failures) == hours
    feed = _feed(every_hours=every, failures=failures)
    at = next_at(feed)
    assert at is not None
    waited_h = (at - feed.tried_at).total_seconds() / 3600
    assert hours <= waited_h < hours * 1.1
    assert next_at(feed) == at, "asking twice gives one answer"


def test_feeds_that_were_read_together_are_not_read_together_again() -> None:
    assert len({next_at(_feed(id=number)) for number in range(50)}) == 50


def test_paused_feeds_are_not_due_and_new_ones_are() -> None:
    assert next_at(_feed(is_on=False)) is None
    new = _feed(tried_at=None)
    assert next_at(new) == new.created_at
