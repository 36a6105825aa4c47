"""The pages of feeds: adding, trying, changing, pausing, deleting, by whoever may."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.feeds.conftest import StoreFeed, row_of
from tests.feeds.web_feed import WebFeed
from tests.people import People
from tests.web.document import Document

FORM = {
    "kind": "oruk", "publisher": "Town council", "licence": "ogl", "every_hours": "24",
}  # fmt: skip


def _post(people: People, path: str, form: dict[str, str]) -> Any:
    with people.client("editor") as client:
        return client.post(path, data=form)


def _text(answer: Any) -> str:
    return Document(answer.text).one("main").text


def _waiting(people: People) -> list[str]:
    with people.engine.connect() as connection:
        return list(
            connection.execute(
                sa.text(
                    "SELECT task_name || ' ' || (args ->> 'subject') || ' ' || lock"
                    " FROM jobs.procrastinate_jobs WHERE status = 'todo' ORDER BY id"
                )
            ).scalars()
        )


@pytest.mark.usefixtures("store_feed")
def test_a_feed_is_added_and_read_once(people: People, web_feed: WebFeed) -> None:
    answer = _post(people, "/feeds/new", FORM | {"url": web_feed.url})
    assert answer.status_code == 303
    feed_id = int(answer.headers["location"].split("/")[2].split("?")[0])
    row = row_of(people, feed_id)
    assert (row.name, row.licence) == ("Town council (127.0.0.1)", "OGL v3.0")
    assert row.attribution.startswith("Contains information from Town council, licensed under")
    assert _waiting(people) == [f"feeds.refresh {feed_id} feed-{feed_id}"]
    # Asked for again, it is not there twice.
    answer = _post(people, f"/feeds/{feed_id}/run", {})
    assert answer.headers["location"].endswith("said=waits")
    assert len(_waiting(people)) == 1
    again = _post(people, "/feeds/new", FORM | {"url": web_feed.url})
    assert again.status_code == 422
    assert "This address is read already" in _text(again)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "x"}, "Choose what kind of feed it is."),
        (FORM, "Write the address of the feed."),
        (FORM | {"url": "ftp://a.example/"}, "Write the address like https"),
        (FORM | {"url": "https://me:pw@a.example/"}, "without a name or password"),
        (FORM | {"url": "https://a.example/", "licence": ""}, "Choose its licence."),
        (FORM | {"url": "https://a.example/", "licence": "other"}, "Write the name of the licence"),
        (FORM | {"url": "https://a.example/", "licence": "other", "licence_name": "Ours"},
         "Write whom to name"),
        (FORM | {"url": "https://a.example/", "publisher": " "}, "Write whose it is"),
        (FORM | {"url": "https://a.example/", "every_hours": "0"}, "from 1 to 744"),
        (FORM | {"url": "https://a.example/x.ics", "kind": "ical"}, "Say whose calendar it is"),
        (FORM | {"url": "https://a.example/x.ics", "kind": "ical", "organizer": "No such"},
         "Nothing on the map has this name"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("store_feed")
def test_what_is_missing_is_said_beside_its_field(
    people: People, form: dict[str, str], said: str
) -> None:
    answer = _post(people, "/feeds/new", form)
    assert answer.status_code == 422
    page = Document(answer.text)
    assert said in _text(answer)
    for link in page.one("div", id="problems").all("a"):
        assert page.all(id=link.get("href")[1:]), link.text
    assert _waiting(people) == []


@pytest.mark.parametrize("typed", ["riverside bowls club", "http://p.example/assets/{id}"])
@pytest.mark.usefixtures("store_feed")
def test_a_calendar_is_somebodys(people: People, web_feed: WebFeed, typed: str) -> None:
    form = FORM | {"url": web_feed.url, "kind": "ical"}
    form["organizer"] = typed.format(id=people.club_id)
    answer = _post(people, "/feeds/new", form)
    feed_id = int(answer.headers["location"].split("/")[2].split("?")[0])
    assert row_of(people, feed_id).organizer_id == people.club_id
    with people.client("editor") as client:
        assert "Calendar of Riverside Bowls Club" in _text(client.get("/feeds"))


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("ical", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "This looks right. This is a calendar"),
        ("ical", b"<html>", "This does not look right. This answers, but it is no calendar"),
        ("oruk", b'{"contents": [{}], "total_items": 40}', "first page has 1 of 40 services"),
        ("oruk", b'{"a": 1}', "there is no list of services"),
        ("oruk", b"<html>", "not with JSON"),
        ("openactive", b'{"items": []}', "first page has 0 changes"),
    ],
)
@pytest.mark.usefixtures("store_feed")
def test_an_address_can_be_tried_and_nothing_is_stored(
    people: People, web_feed: WebFeed, kind: str, body: bytes, said: str
) -> None:
    web_feed.body = body
    answer = _post(people, "/feeds/new", {"kind": kind, "url": web_feed.url, "try": "yes"})
    assert answer.status_code == 200
    assert said in _text(answer)
    assert web_feed.url in answer.text, "what was typed is still there"
    with people.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM feeds")).scalar_one() == 0


def test_what_is_wrong_with_a_private_address_is_said_when_it_is_tried(people: People) -> None:
    form = {"kind": "ical", "url": "http://10.0.0.1/x.ics", "try": "yes"}
    assert "10.0.0.1 is not on the public internet" in _text(_post(people, "/feeds/new", form))


def test_a_feed_is_changed_paused_and_gone_on_with(
    people: People, web_feed: WebFeed, store_feed: StoreFeed
) -> None:
    feed_id = store_feed(web_feed.url, etag="old", cursor="old", failures=3)
    form = FORM | {"url": web_feed.url + "2", "name": "Another name", "licence": "cc-by"}
    assert _post(people, f"/feeds/{feed_id}", form).status_code == 303
    row = row_of(people, feed_id)
    assert (row.url, row.name, row.licence) == (web_feed.url + "2", "Another name", "CC BY 4.0")
    assert (row.etag, row.cursor, row.failures) == (None, None, 0)
    _post(people, f"/feeds/{feed_id}/pause", {})
    assert not row_of(people, feed_id).is_on
    with people.client("editor") as client:
        assert "It is not read while it is paused." in _text(client.get(f"/feeds/{feed_id}"))
    _post(people, f"/feeds/{feed_id}/resume", {})
    assert row_of(people, feed_id).is_on
    wrong = _post(people, f"/feeds/{feed_id}", form | {"url": "nowhere"})
    assert wrong.status_code == 422
    assert 'value="nowhere"' in wrong.text


@pytest.mark.parametrize("passed_on", ["", "-via-another-directory-1f3a"])
def test_deleting_takes_what_it_brought_off_the_map(
    people: People, web_feed: WebFeed, store_feed: StoreFeed, passed_on: str
) -> None:
    """Also what it passed on from others, which is kept under their names."""
    feed_id = store_feed(web_feed.url)
    with people.engine.begin() as connection:
        source = connection.execute(
            sa.text(
                "INSERT INTO sources (slug, name, publisher, licence, attribution)"
                " VALUES (:slug, 'x', 'x', 'x', 'x') RETURNING id"
            ),
            {"slug": f"feed-{feed_id}{passed_on}"},
        ).scalar_one()
        asset_id = connection.execute(
            sa.text(
                "INSERT INTO assets (kind, name, geom, location_source, source_id, source_key)"
                " VALUES ('group', 'From the feed', ST_SetSRID(ST_MakePoint(-1.75, 53.79), 4326),"
                " 'given', :source, 'x') RETURNING id"
            ),
            {"source": source},
        ).scalar_one()
    unsure = _post(people, f"/feeds/{feed_id}/delete", {"is_understood": ""})
    assert unsure.status_code == 422
    assert "take 1 place and 0 activities off the map" in _text(unsure)
    with people.client("editor") as client:
        assert client.get(f"/assets/{asset_id}").status_code == 200
        gone = client.post(f"/feeds/{feed_id}/delete", data={"is_understood": "yes"})
        assert gone.headers["location"] == "/feeds?said=deleted"
        assert client.get(f"/assets/{asset_id}").status_code == 410
        assert client.get(f"/feeds/{feed_id}").status_code == 404
        assert client.get(f"/assets/{people.club_id}").status_code == 200


def test_its_history_and_what_to_look_at_are_there(people: People, store_feed: StoreFeed) -> None:
    feed_id = store_feed("https://a.example/", failures=2, message="It did not answer.",
                         tried_at="2026-11-01T10:00:00Z")  # fmt: skip
    with people.engine.begin() as connection:
        connection.execute(
            sa.text(
                "WITH s AS (INSERT INTO sources (slug, name, publisher, licence, attribution)"
                " VALUES (:slug, 'x', 'x', 'x', 'x') RETURNING id),"
                " r AS (INSERT INTO import_runs (source_id, reader, scope, file_name, file_sha256,"
                " started_at, status, rows_read, rows_new) SELECT id, 'oruk', '', 'x', 'x', now(),"
                " 'loaded', 1234, 7 FROM s RETURNING id)"
                " INSERT INTO import_problems (import_run_id, row_number, reason, message,"
                " suggestion, name) SELECT id, 3, 'unnamed', 'It has <b>no</b> name.',"
                " 'Give it one.', '<script>alert(1)</script>' FROM r"
            ),
            {"slug": f"feed-{feed_id}"},
        )
    with people.client("editor") as client:
        answer = client.get(f"/feeds/{feed_id}")
        text = _text(answer)
    assert "1,234 read, 7 new" in text
    assert "<script>alert(1)</script>" in text
    assert "It has <b>no</b> name. Give it one." in text
    assert "2 failures in a row" in text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("feed_id", ["0", "-1", "x", "99999999999999", "1.5", "\u00b2"])
def test_what_is_no_feed_is_not_found(people: People, feed_id: str) -> None:
    with people.client("editor") as client:
        assert client.get(f"/feeds/{feed_id}").status_code == 404
