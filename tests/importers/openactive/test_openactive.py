"""OpenActive in: pages from a real server; repeated, deleted, broken and begun again."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import sqlalchemy as sa

from app.errors import FileRefused, NotFetched
from app.feeds.refresh_openactive import refresh
from app.feeds.refreshing import Outcome
from app.models import RunStatus
from app.settings import Settings
from tests.calendars.calendar_feeds import (
    Served,
    activities_of,
    add_feed,
    dates_of_our_page,
    keep,
    reading_of,
    serving,
)
from tests.people import People

TODAY = dt.date(2026, 1, 5)


def moment(*parts: int) -> dt.datetime:
    """Return a time on our clocks."""
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - local


Item = dict[str, Any]
PLACE = {
    "@type": "Place", "@id": "https://a.example/places/1", "name": "Ilkley Pool & Lido",
    "address": {"@type": "PostalAddress", "streetAddress": "Denton Road",
                "addressLocality": "Ilkley", "postalCode": "LS29 0BZ"},
    "geo": {"latitude": 53.9310, "longitude": -1.8170}, "telephone": "01943 zqtelephone",
}  # fmt: skip


def series(number: int, modified: int, **more: Any) -> Item:
    return {
        "state": "updated", "kind": "SessionSeries", "id": number, "modified": modified,
        "data": {
            "@type": "SessionSeries", "@id": f"https://a.example/series/{number}",
            "name": f"Aqua {number}", "description": "<p>In the <b>warm</b> pool</p>",
            "organizer": {"@type": "Organization", "@id": "https://a.example/o", "name": "Active A",
                          "email": "zqorganizer@example.org", "url": "https://a.example"},
            "leader": [{"@type": "Person", "name": "zqleader"}],
            "location": PLACE, "genderRestriction": "https://openactive.io/FemaleOnly",
            "ageRange": {"minValue": 50},
            "activity": [{"id": "https://openactive.io/activity-list#aqua", "prefLabel": "Swimming",
                          "inScheme": "https://openactive.io/activity-list"}],
            "offers": [{"price": 5.5, "priceCurrency": "GBP"},
                       {"price": 3, "priceCurrency": "GBP"}],
            "eventSchedule": [{"startDate": "2026-01-06", "startTime": "10:00", "endTime": "11:00",
                               "repeatFrequency": "P1W", "byDay": ["https://schema.org/Tuesday"],
                               "exceptDate": ["2026-04-07"], "scheduleTimezone": "Europe/London"}],
        } | more,
    }  # fmt: skip


def deleted(number: int, modified: int) -> Item:
    return {"state": "deleted", "kind": "SessionSeries", "id": number, "modified": modified}


class Feed:
    """Pages of two items, as a server keeps them: ordered by what was modified last."""

    def __init__(self, served: Served, people: People) -> None:
        self.served, self.people = served, people
        self.base = served.url.rpartition("/")[0] + "/rpde"
        self.feed_id = add_feed(people.engine, url=self.base, kind="openactive")

    def publish(self, *pages: list[Item]) -> None:
        self.served.media_type = "application/json"
        self.served.by_path.clear()
        addresses = [self.base, *(f"{self.base}?after={n}" for n in range(1, len(pages) + 1))]
        for number, items in enumerate(pages):
            self.put(addresses[number], items, addresses[number + 1])
        self.put(addresses[-1], [], addresses[-1])

    def put(self, address: str, items: object, next_url: str) -> None:
        body = json.dumps({"items": items, "next": next_url, "license": "https://cc"})
        self.served.by_path[address.replace(self.served.url.rpartition("/")[0], "")] = body.encode()

    def more(self, at: int, *pages: list[Item]) -> None:
        """Publish what comes after the page that was the last."""
        addresses = [f"{self.base}?after={at + n}" for n in range(len(pages) + 1)]
        for number, items in enumerate(pages):
            self.put(addresses[number], items, addresses[number + 1])
        self.put(addresses[-1], [], addresses[-1])

    def read(self, *, is_whole: bool = False) -> Outcome:
        settings = Settings(
            DATABASE_URL=self.people.engine.url.render_as_string(hide_password=False)
        )  # type: ignore[call-arg]
        outcome = refresh(
            reading_of(self.people.engine, settings, self.feed_id, today=TODAY, is_whole=is_whole)
        )
        keep(self.people.engine, self.feed_id, outcome)
        return outcome

    def stored(self) -> list[str]:
        with self.people.engine.connect() as connection:
            return [row.name for row in activities_of(connection, self.feed_id)]


@pytest.fixture
def feed(people: People) -> Any:
    with serving() as served:
        made = Feed(served, people)
        yield made
    with people.engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM assets USING sources s WHERE s.id = source_id AND s.slug = :s"),
            {"s": f"feed-{made.feed_id}"},
        )


def test_series_become_activities_of_their_group_at_their_venue(people: People, feed: Feed) -> None:
    feed.publish([series(1, 10), series(2, 11)], [series(3, 12)])
    outcome = feed.read()
    assert outcome.status is RunStatus.LOADED
    assert outcome.cursor == f"{feed.base}?after=2"
    assert feed.stored() == ["Aqua 1", "Aqua 2", "Aqua 3"]
    with people.engine.connect() as connection:
        row = connection.execute(
            sa.text(
                "SELECT y.*, o.name AS organizer, o.kind::text AS kind, v.name AS venue,"
                " v.postcode, ST_X(v.geom) AS lon FROM activities y"
                " JOIN assets o ON o.id = y.organizer_id JOIN assets v ON v.id = y.venue_id"
                " WHERE y.name = 'Aqua 1'"
            )
        ).one()
        dates = dates_of_our_page(connection, feed.feed_id, TODAY, dt.date(2026, 12, 31))
        term = connection.execute(sa.text("SELECT * FROM term_mappings")).one()
        whole = connection.execute(
            sa.text("SELECT (SELECT string_agg(a::text, ' ') FROM assets a)"
                    " || (SELECT string_agg(i::text, ' ') FROM feed_items i)")
        ).scalar_one()  # fmt: skip
    assert (row.organizer, row.kind, row.venue) == ("Active A", "group", "Ilkley Pool & Lido")
    assert row.lon == pytest.approx(-1.8170)
    assert row.description == "In the warm pool For women. From age 50."
    assert row.cost_pence == 300
    assert (term.label, term.status, term.uses) == ("Swimming", "guessed", 3)
    assert list(row.interest_ids) == list(term.interest_ids) != []
    of_one = sorted(start for name, start, _ in dates if name == "Aqua 1")
    assert of_one[0] == moment(2026, 1, 6, 10)
    assert moment(2026, 4, 7, 10) not in of_one
    assert moment(2026, 7, 7, 10) in of_one
    for private in ("zqleader", "zqtelephone", "zqorganizer"):
        assert private not in whole


def test_twice_changes_nothing_and_later_pages_change_only_what_they_name(feed: Feed) -> None:
    feed.publish([series(1, 10), series(2, 11)], [series(3, 12), series(4, 13)])
    feed.read()
    asked = len(feed.served.asked)
    assert feed.read().status is RunStatus.UNCHANGED
    # One question: the page after the last.
    assert len(feed.served.asked) == asked + 1
    assert feed.read(is_whole=True).status is RunStatus.UNCHANGED
    # Repeated, renamed, deleted, and an old one once more.
    feed.more(2, [series(1, 10), series(2, 14, name="Aqua renamed")],
              [deleted(3, 15), series(3, 12)])  # fmt: skip
    assert "1 changed, 1 gone" in feed.read().message
    assert feed.stored() == ["Aqua 1", "Aqua 4", "Aqua renamed"]
    # Told deletions of more than half are true ones.
    feed.more(4, [deleted(1, 16), deleted(2, 17)])
    feed.read()
    assert feed.stored() == ["Aqua 4"]


def test_sessions_are_put_to_their_series_wherever_they_are(people: People, feed: Feed) -> None:
    def session(number: int, start: str, above: object, **more: Any) -> Item:
        return {
            "state": "updated", "kind": "ScheduledSession", "id": f"s{number}", "modified": number,
            "data": {"@type": "ScheduledSession", "startDate": start, "superEvent": above} | more,
        }  # fmt: skip

    plain = series(1, 1, eventSchedule=[])
    above = series(7, 1, eventSchedule=None, name="Embedded")["data"]
    event = {"state": "updated", "kind": "Event", "id": "e", "modified": 3,
             "data": {"name": "Fun run", "location": PLACE, "isAccessibleForFree": True,
                      "startDate": "2026-07-05T09:00:00Z"}}  # fmt: skip
    feed.publish(
        [session(1, "2026-03-30T17:00:00Z", "https://a.example/series/1", duration="PT1H"), plain],
        [session(2, "2026-03-23T18:00:00Z", "https://a.example/series/1",
                 endDate="2026-03-23T19:00:00Z"),
         session(3, "2026-04-06T17:00:00Z", "https://a.example/series/1",
                 eventStatus="https://schema.org/EventCancelled")],
        [session(4, "2026-05-01T10:00:00+01:00", above), event],
    )  # fmt: skip
    feed.read()
    with people.engine.connect() as connection:
        dates = dates_of_our_page(connection, feed.feed_id, TODAY, dt.date(2026, 12, 31))
    assert sorted(dates) == [
        ("Aqua 1", moment(2026, 3, 23, 18), moment(2026, 3, 23, 19)),
        ("Aqua 1", moment(2026, 3, 30, 18), None),
        ("Embedded", moment(2026, 5, 1, 10), None),
        ("Fun run", moment(2026, 7, 5, 10), None),
    ]


BROKEN: dict[str, object] = {
    "not json": b"<html>",
    "no list": b'{"items": {}, "next": "x"}',
    "no next": b'{"items": []}',
    "elsewhere": b'{"items": [], "next": "https://evil.example/"}',
    "no id": b'{"items": [{"state": "updated", "modified": 1, "data": {}}], "next": "/rpde"}',
    "no state": b'{"items": [{"id": 1, "modified": 1}], "next": "/rpde?after=2"}',
    "deep": b'{"items": ' + b"[" * 100_000,
    "circle": b'{"items": [{"id": 9, "state": "deleted", "modified": 1}], "next": "/rpde"}',
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_page_changes_nothing_and_the_next_reading_begins_again(
    feed: Feed, how: str
) -> None:
    feed.publish([series(1, 10)])
    feed.read()
    whole = dict(feed.served.by_path)
    # Midway: the first page after the cursor is fine, the second is broken.
    feed.more(1, [deleted(1, 20), series(2, 21)], [series(3, 22)])
    right = feed.served.by_path["/rpde?after=2"]
    broken = BROKEN[how]
    assert isinstance(broken, bytes)
    feed.served.by_path["/rpde?after=2"] = broken
    if how == "circle":
        feed.served.by_path["/rpde?after=2"] = broken.replace(b'"/rpde"', b'"/rpde?after=1"')
    with pytest.raises((FileRefused, NotFetched)):
        feed.read()
    assert feed.stored() == ["Aqua 1"]
    feed.served.by_path["/rpde?after=2"] = right
    feed.read()
    assert feed.stored() == ["Aqua 2", "Aqua 3"]
    assert whole


def test_half_a_whole_feed_is_refused(feed: Feed) -> None:
    feed.publish([series(n, n) for n in range(1, 6)])
    feed.read()
    feed.publish([series(n, n) for n in range(1, 3)])
    with pytest.raises(FileRefused, match="gone"):
        feed.read(is_whole=True)
    assert len(feed.stored()) == 5


def test_what_one_session_has_wrong_is_its_own_problem(people: People, feed: Feed) -> None:
    bad = [
        series(1, 1, name=None), series(2, 2, name=["x"]),
        series(3, 3, eventSchedule=[{"startDate": "soon", "startTime": "10:00"}]),
        series(4, 4, eventSchedule=[{"startDate": "2026-01-01", "startTime": "10:00",
                                     "repeatFrequency": "PT1S"}]),
        series(5, 5, eventSchedule=[{"startDate": "2026-01-01", "startTime": "10:00",
                                     "repeatFrequency": "P1M", "byMonthDay": [99]}]),
        series(6, 6, location="x", organizer=7),
        series(7, 7, offers="free", ageRange=3, activity=4),
    ]  # fmt: skip
    feed.publish(bad)
    assert "6 problems" in feed.read().message
    assert feed.stored() == ["Aqua 7"]


def test_sessions_of_an_organizer_without_a_place_are_kept(feed: Feed) -> None:
    feed.publish([series(1, 1, location=None)], [])
    outcome = feed.read()
    assert outcome.status is RunStatus.LOADED, outcome.message
    assert feed.stored() == ["Aqua 1"]
