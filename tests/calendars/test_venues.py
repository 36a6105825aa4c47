"""Venues that calendars name: matched where sure, asked, and shown once they agree."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.tokens import digest_of
from app.calendars.calendar_addresses import what_is_wrong
from app.calendars.venue_matching import postcode_in, surest
from app.models import AssetKind
from tests import builders
from tests.calendars.calendar_feeds import Served, activities_of, add_feed
from tests.calendars.test_calendars_in import put, read
from tests.people import People

TOKEN = "venue-token-" + "v" * 32
WORDS = "Clarke Foley Centre, Cunliffe Rd, Ilkley LS29 9DZ, UK"


class Row:
    def __init__(self, name: str, postcode: str | None = None) -> None:
        self.id, self.name, self.postcode = uuid.uuid5(uuid.NAMESPACE_URL, name), name, postcode


def match(words: str, *rows: Row) -> str | None:
    found = surest(words, rows)  # type: ignore[arg-type]  # as rows of the database are
    return next((row.name for row in rows if row.id == found), None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (WORDS, "The Clarke Foley Centre"),
        ("Main hall, Clarke Foley Centre", "The Clarke Foley Centre"),
        ("clarke foley center, ls29 9dz", "The Clarke Foley Centre"),
        # Another postcode speaks against it.
        ("Clarke Foley Centre, BD1 1HY", None),
        ("Ilkley", None),
        ("Church hall", None),
        ("Foley", None),
        ("12 Acacia Avenue", None),
    ],
)
def test_only_a_sure_place_is_matched(words: str, expected: str | None) -> None:
    rows = (
        Row("The Clarke Foley Centre", "LS29 9DZ"), Row("Ilkley Library", "LS29 8HA"),
        Row("St Margaret's Church Hall", "LS29 9QL"),
    )  # fmt: skip
    assert match(words, *rows) == expected


def test_of_two_alike_nobody_is_asked() -> None:
    assert match("Memorial Hall", Row("Memorial Hall"), Row("The Memorial Hall")) is None
    assert postcode_in("at ls299dz") == "LS29 9DZ"


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("https://calendar.google.com/calendar/ical/a%40group.calendar.google.com/public/basic.ics",
         True),
        ("webcal://p01-caldav.icloud.com/published/2/abc", True),
        ("https://calendar.google.com/calendar/ical/me%40x.example/private-0a/basic.ics", False),
        ("webcal://www.facebook.com/ical/u.php?uid=1&key=abc", False),
        ("javascript:alert(1)", False),
        ("https://user:pass@example.org/a.ics", False),
        ("calendar", False),
        ("", False),
    ],
)  # fmt: skip
def test_private_addresses_are_told_apart(url: str, is_fine: bool) -> None:
    assert (what_is_wrong(url) is None) is is_fine


@pytest.fixture
def venue_id(people: People) -> Iterator[uuid.UUID]:
    with Session(people.engine) as session:
        venue = builders.make_asset(
            session, "Clarke Foley Centre", at=(-1.8230, 53.9262), kind=AssetKind.VENUE,
            postcode="LS29 9DZ", email="hall@example.org",
        )  # fmt: skip
        session.flush()
        session.execute(
            sa.text(
                "INSERT INTO claims (digest, asset_id, email, expires_at)"
                " VALUES (:digest, :id, 'hall@example.org', now() + interval '1 day')"
            ),
            {"digest": digest_of(TOKEN), "id": venue.id},
        )
        session.commit()
        identifier = venue.id
    yield identifier
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM assets WHERE id = :i"), {"i": identifier})


@pytest.fixture
def feed_id(people: People, served: Served, group_id: uuid.UUID, venue_id: uuid.UUID) -> int:
    put(served, "google.ics")
    made = add_feed(people.engine, url=served.url, organizer_id=group_id)
    assert "1 venue to be asked" in read(people, made).message
    return made


def one(people: People, statement: str, **values: object) -> Any:
    with people.engine.connect() as connection:
        return connection.execute(sa.text(statement), values).one()


def request_of(people: People, feed_id: int) -> Any:
    return one(people, "SELECT * FROM venue_requests WHERE feed_id = :f", f=feed_id)


def shows(people: People, asset_id: uuid.UUID) -> bool:
    return "Chair yoga" in people.client().get(f"/assets/{asset_id}").text


def test_until_the_venue_agrees_it_shows_with_its_group_in_words(
    people: People, feed_id: int, group_id: uuid.UUID, venue_id: uuid.UUID
) -> None:
    asked = request_of(people, feed_id)
    assert (asked.venue_id, asked.answer, asked.words) == (venue_id, "waiting", WORDS)
    text = people.client().get(f"/assets/{group_id}").text
    assert "Chair yoga" in text
    assert f"At <bdi>{WORDS}</bdi>, as its calendar says." in text
    assert "Online." in text
    assert not shows(people, venue_id)
    yoga = one(people, "SELECT geom, venue_id FROM activities WHERE place_words = :w", w=WORDS)
    group = one(people, "SELECT geom FROM assets WHERE id = :i", i=group_id)
    assert (yoga.geom, yoga.venue_id) == (group.geom, None)


def test_an_editor_agrees_in_the_queue_and_takes_it_back(
    people: People, served: Served, feed_id: int, venue_id: uuid.UUID
) -> None:
    editor, number = people.client("editor"), request_of(people, feed_id).id
    page = editor.get(f"/queue?kind=venue&item=venue:{number}").text
    assert "Ilkley friends" in page
    assert WORDS in page
    answer = editor.post(f"/queue/venue/{number}/approve", data={"filter": ""})
    assert answer.status_code == 303
    assert "Approved: <bdi>Clarke Foley Centre</bdi>" in editor.get(answer.headers["location"]).text
    assert shows(people, venue_id)
    # A second editor is told, and a later reading keeps it, also when the words change.
    assert editor.post(f"/queue/venue/{number}/reject", data={"filter": ""}).status_code == 409
    served.content = served.content.replace(b"on a chair", b"on a stool")
    assert "1 changed" in read(people, feed_id).message
    assert shows(people, venue_id)
    with people.engine.connect() as connection:
        assert {row.venue_id for row in activities_of(connection, feed_id)} == {venue_id, None}
    assert editor.post(f"/queue/venue/{number}/undo", data={"filter": ""}).status_code == 303
    assert not shows(people, venue_id)
    assert request_of(people, feed_id).answer == "waiting"


def test_a_refusal_is_remembered(
    people: People, served: Served, feed_id: int, venue_id: uuid.UUID
) -> None:
    editor, number = people.client("editor"), request_of(people, feed_id).id
    assert editor.post(f"/queue/venue/{number}/reject", data={"filter": ""}).status_code == 303
    served.content = served.content.replace(b"on a chair", b"on a stool")
    assert "asked" not in read(people, feed_id).message
    assert request_of(people, feed_id).answer == "refused"
    assert not shows(people, venue_id)


def test_the_venue_answers_by_its_own_link(
    people: People, feed_id: int, venue_id: uuid.UUID
) -> None:
    client, number = people.client(), request_of(people, feed_id).id
    page = client.get(f"/claims/{TOKEN}").text
    assert "Groups that say they meet here" in page
    assert "Ilkley friends" in page
    for answer, is_shown in (("yes", True), ("no", False), ("yes", True)):
        sent = client.post(
            f"/claims/{TOKEN}/venues", data={"request": str(number), "answer": answer}
        )
        assert sent.status_code == 303
        assert shows(people, venue_id) is is_shown
    assert "You said yes." in client.get(f"/claims/{TOKEN}").text
    for wrong in (
        {"request": "999999", "answer": "yes"},
        {"request": str(number)},
        {"answer": "no"},
    ):
        assert client.post(f"/claims/{TOKEN}/venues", data=wrong).status_code == 404
    assert client.post("/claims/unknown/venues", data={"answer": "no"}).status_code == 410


def test_a_group_names_its_calendar_and_a_private_address_is_told(
    people: People, group_id: uuid.UUID
) -> None:
    with people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE assets SET email = 'us@example.org' WHERE id = :i"), {"i": group_id}
        )
        connection.execute(
            sa.text(
                "INSERT INTO claims (digest, asset_id, email, expires_at)"
                " VALUES (:d, :i, 'us@example.org', now() + interval '1 day')"
            ),
            {"d": digest_of("g" * 43), "i": group_id},
        )
    client, path = people.client(), f"/claims/{'g' * 43}/calendar"
    private = "https://calendar.google.com/calendar/ical/me%40x.example/private-abc/basic.ics"
    refused = client.post(path, data={"calendar": private})
    assert refused.status_code == 422
    assert "This looks like your private address" in refused.text
    public = "https://calendar.google.com/calendar/ical/us%40x.example/public/basic.ics"
    assert client.post(path, data={"calendar": public}).status_code == 303
    note = one(people, "SELECT note FROM suggestions WHERE asset_id = :i", i=group_id).note
    assert note.endswith(public)
