"""What stands in a record: ours in Open Referral's words, and nothing that is private."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app import words
from app.oruk.addresses import absolute_uri, email
from app.oruk.ids import child_id, location_id, own_service_id, service_at_location_id
from app.oruk.kept import ROWS_BYTES, kept_records
from app.oruk.queries import KEY_BYTES
from tests.oruk.feed import Feed
from tests.oruk.place import NASTY, Place

# Keys of the order, then: activities, organizations and places, schedules. Names are kept.
MOST_STATEMENTS = 4


@given(st.uuids(), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_identifiers_are_version_5(parent: uuid.UUID, word: str) -> None:
    assert child_id(str(parent), word) == str(uuid.uuid5(parent, word))


def test_the_database_makes_the_same_identifiers(feed: Feed, place: Place) -> None:
    for thing in place.ids().values():
        [row] = feed.rows(
            "SELECT uuid_generate_v5(CAST(:id AS uuid), 'service')::text AS service,"
            " uuid_generate_v5(CAST(:id AS uuid), 'service_at_location')::text AS link", id=thing,
        )  # fmt: skip
        assert (row.service, row.link) == (own_service_id(thing), service_at_location_id(thing))


def test_an_activity(feed: Feed, place: Place) -> None:
    boccia = feed.json(f"/services/{place.boccia.id}")
    [schedule] = boccia["schedules"]
    assert schedule == {
        "id": schedule["id"], "service_id": str(place.boccia.id), "valid_from": "2026-01-06",
        "dtstart": "2026-01-06", "valid_to": "2026-12-22", "freq": "WEEKLY", "byday": "TU",
        "opens_at": "14:00:00", "closes_at": "15:30:00", "exdates": ["2026-04-07"],
        "rrule": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261222",
        "description": "Every Tuesday, 2pm to 3.30pm, until 22 December 2026",
    }  # fmt: skip
    assert boccia["fees"] == "£3.50"
    assert boccia["cost_options"][0]["amount"] == 3.5
    terms = [one["taxonomy_term"]["term"] for one in boccia["attributes"]]
    assert terms == ["activity", "indoors", "boccia", "seating"]
    [link] = boccia["service_at_locations"]
    assert link["location_id"] == location_id(str(place.library.id))
    assert link["location"]["name"] == "City Library"
    assert boccia["organization"]["id"] == str(place.club.id)
    assert boccia["organization"]["organization_identifiers"][0]["identifier"] == "1234567"
    assert [one["number"] for one in boccia["phones"]] == ["0113 496 0001"]
    assert boccia["source"]["licence"] == "OGL v3"


def test_rules_that_have_no_word_stand_beside(feed: Feed, place: Place) -> None:
    def schedule(thing: Any) -> dict[str, Any]:
        found: dict[str, Any] = feed.json(f"/services/{thing.id}")["schedules"][0]
        return found

    daily = schedule(place.visits)
    assert (daily["freq"], daily["byday"]) == ("WEEKLY", "MO,TU,WE,TH,FR,SA,SU")
    assert daily["rrule"] == "FREQ=DAILY"
    assert "closes_at" not in daily
    monthly = schedule(place.of_linked)
    assert (monthly["freq"], monthly["byday"], monthly["interval"]) == ("MONTHLY", "1SA", 2)
    yearly = schedule(place.yearly)
    assert "freq" not in yearly
    assert (yearly["rrule"], yearly["timezone"]) == ("FREQ=YEARLY", "Europe/Paris")
    once = schedule(place.at_informal)
    assert once.keys().isdisjoint({"freq", "rrule", "timezone"})


def test_who_comes_to_you(feed: Feed, place: Place) -> None:
    visits = feed.json(f"/services/{place.visits.id}")
    assert [one["name"] for one in visits["service_areas"]] == ["Comes to care homes"]
    assert (visits["fees"], visits["cost_options"][0]["amount"]) == ("Free", 0)


def test_a_place(feed: Feed, place: Place) -> None:
    library = feed.json(f"/organizations/{place.library.id}")
    [location] = library["locations"]
    assert location["description"] == words.LOCATION_SOURCES["postcode"]
    assert (location["latitude"], location["longitude"]) == (53.7924, -1.7534)
    [address] = location["addresses"]
    assert (address["address_1"], address["city"]) == ("1 Centenary Square", "Bradford")
    assert [one["details"] for one in location["accessibility"]] == ["hearing_loop", "step_free"]
    assert [(one["byday"], one["opens_at"]) for one in location["schedules"]] == [
        ("MO,WE", "09:00:00"), ("SA", "10:00:00"),
    ]  # fmt: skip
    assert library["website"] == "https://library.example/a%20b"
    assert library["description"] == "Venue in Bradford."
    assert [one["id"] for one in library["services"]] == [str(place.of_linked.id)]
    full = feed.json(f"/organizations/{place.library.id}", full_service="true")
    assert full["services"][0]["schedules"]
    home = feed.json(f"/organizations/{place.home.id}")
    assert "website" not in home
    assert home["locations"][0]["addresses"][0]["address_1"] == "Bowmont House"
    assert "locations" not in feed.json(f"/organizations/{place.nowhere.id}")
    assert feed.json(f"/organizations/{place.nowhere.id}")["description"] == "Group."


def test_nothing_private_is_in_any_answer(feed: Feed, place: Place) -> None:
    texts = [
        feed.get(path, format="ndjson", **form).text
        for path in ("/services", "/organizations", "/service_at_locations")
        for form in ({}, {"full": "true"}, {"full_service": "true"})
    ]
    for hidden in (place.informal, place.gone, place.linked, place.of_informal):
        for word in (hidden.name, str(hidden.id)):
            assert not any(f'"{word}"' in text for text in texts), word
    quiet = feed.json(f"/organizations/{place.private.id}", full_service="true")
    assert quiet["name"] == "Quiet Tea"
    assert "0113" not in json.dumps(quiet)
    assert "club.example" not in json.dumps(quiet)
    nasty = feed.json(f"/organizations/{place.nasty.id}")
    assert nasty["name"] == NASTY
    assert "email" not in nasty


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    asked: list[str] = []

    def remember(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", remember)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "before_cursor_execute", remember)


@pytest.mark.parametrize(
    "path",
    [
        "/services", "/services?full=true", "/service_at_locations?full=true", "/organizations",
        "/organizations?full_service=true", "/services?minimal=true",
    ],
)  # fmt: skip
def test_a_fixed_number_of_statements(town: Feed, path: str) -> None:
    sign = "&" if "?" in path else "?"
    town.get(path)
    asked: dict[int, int] = {}
    for per_page in (1, 10, 1_000):
        with counted(town.client.app.state.engine) as statements:
            page = town.json(f"{path}{sign}per_page={per_page}")
        assert page["contents"]
        asked[per_page] = len(statements)
    # A kept list of names may have grown old meanwhile, which is three more.
    assert max(asked.values()) <= MOST_STATEMENTS + 1 + 3, asked
    assert min(asked.values()) <= MOST_STATEMENTS + 1, asked


def test_a_walk_through_pages_while_somebody_edits(feed: Feed) -> None:
    """Edits move nothing; what is new comes last; what goes leaves at once."""
    first = [one["id"] for one in feed.all("/services", per_page=2)]
    walked: list[str] = []
    for number, page in enumerate(feed.pages("/services", per_page=2)):
        walked += [one["id"] for one in page["contents"]]
        feed.change("UPDATE assets SET description = :text", text=f"Edited {number}")
        feed.change("UPDATE activities SET description = :text", text=f"Edited {number}")
    assert walked == first
    feed.change("UPDATE assets SET description = NULL")


def test_keys_are_as_long_as_they_say(feed: Feed) -> None:
    assert 1 + len(uuid.uuid4().bytes) == KEY_BYTES


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("www.club.example", "https://www.club.example"),
        ("HTTP://Club.Example/Ü?q=a b#x#y", "http://club.example/%C3%9C?q=a%20b#x%23y"),
        ("https://club.example/100%", "https://club.example/100%25"),
        ("https://club.example/a[1]", "https://club.example/a%5B1%5D"),
        ("https://club.example:8080/x", "https://club.example:8080/x"),
        ("https://club.example:99999/x", None),
        ("https://user:word@club.example/", None),
        ("https://[::1]/", None),
        ("javascript:alert(1)", None),
        ("https://münchen.example", None),
        ("-.example", None),
        ("", None),
        (None, None),
    ],
)
def test_addresses_on_the_web(text: str | None, uri: str | None) -> None:
    assert absolute_uri(text) == uri


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a@b.example", True), ("o'neill+x@b-c.example", True), ("a@b", False),
     ("a b@c.example", False),
     ("a@-b.example", False), (".a@b.example", False), ("a" * 65 + "@b.example", False),
     ("", False), (None, False)],
)  # fmt: skip
def test_addresses_of_e_mail(text: str | None, is_one: bool) -> None:
    assert (email(text) is not None) is is_one


def test_a_kept_record_is_shown_no_longer_than_its_rows_stand(feed: Feed, place: Place) -> None:
    def shown() -> dict[str, Any]:
        found = feed.json("/services", full="true", organization_id=str(place.club.id))
        return {one["name"]: one for one in found["contents"]}

    before = shown()
    assert shown() == before
    hide = "UPDATE assets SET is_contact_public = :is WHERE id = :id"
    feed.change(hide, id=place.club.id, **{"is": False})
    assert all("phones" not in one and "email" not in one for one in shown().values())
    feed.change(hide, id=place.club.id, **{"is": True})
    feed.change("UPDATE assets SET address = '2 Square' WHERE id = :id", id=place.library.id)
    [link] = shown()["Boccia"]["service_at_locations"]
    assert link["location"]["addresses"][0]["address_1"] == "2 Square"
    feed.change("UPDATE schedules SET opens_at = '13:00' WHERE activity_id = :id",
                id=place.boccia.id)  # fmt: skip
    assert shown()["Boccia"]["schedules"][0]["opens_at"] == "13:00:00"


def test_kept_records_have_a_bound() -> None:
    kept = kept_records(10 * (ROWS_BYTES + 100))
    made: list[int] = []

    def make(number: int) -> bytes:
        made.append(number)
        return b"x" * 100

    for number in range(20):
        assert kept.get(number, ("rows",), partial(make, number)) == b"x" * 100
    kept.get(19, ("rows",), partial(make, 19))
    assert len(made) == 20
    kept.get(19, ("others",), partial(make, 19))
    kept.get(0, ("rows",), partial(make, 0))
    assert made[20:] == [19, 0]
