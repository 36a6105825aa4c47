"""A feed of Open Referral read again and again: only what has changed, and all of it every week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from app.errors import FileRefused, NotFetched
from app.feeds.refresh_oruk import Cursor, refresh
from app.feeds.refreshing import Outcome, Refreshing
from app.fetching.client import Fetcher
from app.importers.records import SourceInfo
from app.models import RunStatus
from app.settings import Settings
from tests.importers.oruk.conftest import QUICK
from tests.importers.oruk.feed_server import Published, publishing
from tests.importers.oruk.own_database import own_engine, own_url
from tests.importers.oruk.records import service, term

__all__ = ["own_engine", "own_url"]

Read = Callable[..., Outcome]
TODAY = dt.date(2026, 11, 27)


@pytest.fixture
def read(own_engine: sa.Engine) -> Read:
    def read_once(published: Published, cursor: str | None = None, **more: Any) -> Outcome:
        feed: Any = SimpleNamespace(id=7, name="Council", url=published.url, cursor=cursor)
        source = SourceInfo("feed-7", "Council", "The Council", "OGL v3", "The Council, OGL v3")
        fetcher = Fetcher.of(Settings(fetch_allowed="127.0.0.0/8"))
        reading = Refreshing(own_engine, feed, fetcher, source, TODAY, lambda *_: None, **more)
        return refresh(reading, manners=QUICK)

    return read_once


def names(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT name FROM activities WHERE gone_at IS NULL"))
        return set(found.scalars())


def test_whole_then_changes_then_whole_again(read: Read, own_engine: sa.Engine) -> None:
    published = Published([service(number) for number in range(24)])
    with publishing(published):
        first = read(published)
        assert first.status is RunStatus.LOADED
        assert "24 rows read, 72 new" in first.message

        published.asked.clear()
        nothing = [one for one in published.services if one["last_modified"] < "2026-01-24"]
        published.services = nothing  # one has disappeared: changes alone cannot show it
        second = read(published, first.cursor)
        assert all("modified_after=" in asked for asked in published.asked)
        assert (second.status, second.message) == (
            RunStatus.UNCHANGED, "Nothing has changed since the last time.")  # fmt: skip
        assert len(names(own_engine)) == 24

        published.services[3] = service(3, name="Anew", last_modified="2026-02-01T10:00:00Z")
        third = read(published, second.cursor)
        assert "1 changed" in third.message
        assert third.cursor is not None
        assert third.cursor.startswith("2026-02-01T10:00:00Z whole ")
        assert len(names(own_engine)) == 24

        fourth = read(published, third.cursor, is_whole=True)
        assert "3 gone" in fourth.message
        assert len(names(own_engine)) == 23
        assert read(published, fourth.cursor, is_whole=True).status is RunStatus.UNCHANGED


def test_after_a_week_or_a_decision_about_a_term_all_of_it_is_read(
    read: Read, own_engine: sa.Engine
) -> None:
    published = Published([service(1, attributes=[term("Zorbing")])])
    with publishing(published):
        first = Cursor.of(read(published).cursor)
        assert first is not None
        week_old = Cursor(first.newest, first.whole_at - dt.timedelta(days=7))
        published.asked.clear()
        read(published, str(week_old))
        assert not [asked for asked in published.asked if "modified_after" in asked]
        with own_engine.begin() as connection:
            connection.execute(sa.text(
                "UPDATE term_mappings SET status = 'agreed', updated_at = clock_timestamp(),"
                " interest_ids = ARRAY(SELECT id FROM interests WHERE concept = 'bowls')"
            ))  # fmt: skip
        outcome = read(published, str(first))
    assert "1 changed" in outcome.message
    with own_engine.connect() as connection:
        concepts = connection.execute(sa.text(
            "SELECT i.concept FROM activities a JOIN interests i ON i.id = ANY(a.interest_ids)"
        )).scalars().all()  # fmt: skip
    assert concepts == ["bowls"]


def test_a_feed_that_does_not_know_the_question_is_read_whole(
    read: Read, own_engine: sa.Engine
) -> None:
    published = Published([service(n) for n in range(3)], knows_changes=False)
    with publishing(published):
        first = read(published)
        published.services = published.services[:2]
        assert "3 gone" in read(published, first.cursor).message
    assert len(names(own_engine)) == 2


def test_what_goes_wrong_changes_nothing_and_says_why(read: Read, own_engine: sa.Engine) -> None:
    published = Published([service(number) for number in range(24)])
    with publishing(published):
        read(published)
        before = names(own_engine)
        whole = list(published.services)
        for how, words in (
            ({"services": []}, "no services at all"), ({"services": whole[:9]}, "would mark"),
            ({"total_added": 3}, "says it has 27"), ({"cut_at": 900}, "broken off"),
            ({"body": b"<html>"}, "web page"), ({"first_answers": [(503, {})] * 4}, "."),
        ):  # fmt: skip
            for name, value in ({"services": whole, "total_added": 0, "cut_at": None,
                                 "body": None, "first_answers": []} | how).items():  # fmt: skip
                setattr(published, name, value)
            with pytest.raises((FileRefused, NotFetched), match=words):
                read(published)
            assert names(own_engine) == before


def test_a_doubt_takes_nothing_away_and_says_so(read: Read, own_engine: sa.Engine) -> None:
    published = Published([service(number) for number in range(24)], knows_full=False)
    with publishing(published):
        read(published)
        published.missing = {published.services[4]["id"]}
        published.services = published.services[:20]
        outcome = read(published)
    assert "Nothing was taken for gone" in outcome.message
    assert outcome.cursor is None
    assert len(names(own_engine)) == 24


@pytest.mark.parametrize("text", [None, "", "x", "2026 whole yesterday", "whole "])
def test_an_odd_cursor_means_reading_everything(text: str | None) -> None:
    assert Cursor.of(text) is None
