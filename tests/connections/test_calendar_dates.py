"""Cancelling and moving one date, and putting it back: by form, with every mistake people make."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from httpx import Response
from sqlalchemy.orm import Session

from app.connections import calendar_router, times_router
from app.models import Connection
from tests.connections.calendar_builders import make_change, make_connection, make_time
from tests.people import People
from tests.web.document import Document, Element

D, T = dt.date, dt.time
TODAY = D(2026, 3, 2)
TUESDAY = {"on": "2026-03-10", "at": "14:00"}
MISSING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _on_a_day_in_march(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (calendar_router, times_router):
        monkeypatch.setattr(module, "today", lambda: TODAY)


@pytest.fixture
def boccia(people: People) -> uuid.UUID:
    """A connection of home A, every Tuesday at 2pm; made anew for each test."""
    with Session(people.engine) as session:
        session.execute(sa.delete(Connection))
        made = make_connection(session, people)
        make_time(session, made)
        session.commit()
        return made.id


def post(
    people: People, made: uuid.UUID | str, who: str = "coordinator_a", **data: str
) -> Response:
    answer: Response = people.client(who).post(f"/connections/{made}/dates", data=TUESDAY | data)
    return answer


def day_of(people: People, day: str) -> Element:
    page = Document(people.client("coordinator_a").get(f"/week?from={day}").text)
    return page.one("section", id=f"day-{day}")


def changes(people: People) -> list[tuple[object, ...]]:
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT was_on, was_at, moved_to, opens_at, closes_at FROM connection_changes")
        )
        return [tuple(row) for row in rows]


def test_cancel_shows_in_the_week_and_can_be_undone(people: People, boccia: uuid.UUID) -> None:
    answer = post(people, boccia, cancel="1")
    assert (answer.status_code, answer.headers["location"]) == (
        303, "/week?from=2026-03-10#day-2026-03-10",
    )  # fmt: skip
    assert "Cancelled" in day_of(people, "2026-03-10").text
    assert "Have you told them?" in day_of(people, "2026-03-10").text
    assert "Cancelled" not in day_of(people, "2026-03-17").text
    # The week's own form puts it back.
    page = Document(people.client("coordinator_a").get("/week?from=2026-03-10").text)
    form = page.one("form", action=f"/connections/{boccia}/dates")
    fields = {e.get("name"): e.get("value") for e in page.elements if e.tag == "input"
              and e.parent is form}  # fmt: skip
    assert fields == TUESDAY | {"seen": "cancelled"}
    assert post(people, boccia, put_back="1", **fields).status_code == 303
    assert "Cancelled" not in day_of(people, "2026-03-10").text
    assert changes(people) == []


def test_cancel_twice_is_no_mistake(people: People, boccia: uuid.UUID) -> None:
    assert post(people, boccia, cancel="1").status_code == 303
    assert post(people, boccia, cancel="1").status_code == 303
    assert len(changes(people)) == 1


def test_move_shows_on_both_days(people: People, boccia: uuid.UUID) -> None:
    answer = post(people, boccia, moved_to="2026-03-19", opens_at="10.30am", closes_at="12:00")
    assert answer.headers["location"] == "/week?from=2026-03-19#day-2026-03-19"
    assert "Boccia is on Thursday 19 March instead." in day_of(people, "2026-03-10").text
    there = day_of(people, "2026-03-19").text
    assert "10.30am to midday Boccia" in there
    assert "Moved from Tuesday 10 March." in there


def test_only_the_time_of_a_day_can_be_moved(people: People, boccia: uuid.UUID) -> None:
    assert post(people, boccia, moved_to="2026-03-10", opens_at="15:00").status_code == 303
    text = day_of(people, "2026-03-10").text
    assert "3pm Boccia" in text
    assert "Moved from Tuesday 10 March, 2pm." in text
    assert "instead" not in text


def test_a_moved_date_moves_again_and_back(people: People, boccia: uuid.UUID) -> None:
    post(people, boccia, moved_to="2026-03-19", opens_at="14:00")
    post(people, boccia, moved_to="2026-03-20", opens_at="14:00", closes_at="15:30")
    assert changes(people) == [(D(2026, 3, 10), T(14), D(2026, 3, 20), T(14), T(15, 30))]
    assert post(people, boccia, put_back="1").status_code == 303
    assert "2pm to 3.30pm Boccia" in day_of(people, "2026-03-10").text


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({"moved_to": "2026-03-17"}, "moved_to",
         "It is on that day already: Tuesday 17 March, at 2pm. Choose another day."),
        ({"moved_to": "2026-03-01"}, "moved_to",
         "Sunday 1 March is over. Choose today or a later day."),
        ({"moved_to": "2026-02-30"}, "moved_to", "That is not a day. Write it like 31/05/2026."),
        ({"moved_to": "9999-99-99"}, "moved_to", "That is not a day. Write it like 31/05/2026."),
        ({"moved_to": "2026-12-24"}, "moved_to",
         "That is more than half a year away. Choose a nearer day."),
        ({"moved_to": "9999-12-31"}, "moved_to",
         "That is more than half a year away. Choose a nearer day."),
        ({}, "moved_to", "Say which day it moves to."),
        ({"moved_to": "2026-03-11", "opens_at": "25:99"}, "opens_at",
         "That is not a time. Write it like 14:30 or 2.30pm."),
        ({"moved_to": "2026-03-11", "opens_at": "15:00", "closes_at": "14:00"}, "closes_at",
         "It has to end after it starts."),
        ({"moved_to": "2026-03-10", "opens_at": "14:00", "closes_at": "15:30"}, "moved_to",
         "That is when it is already. Choose another day or time."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field_and_kept(
    people: People, boccia: uuid.UUID, data: dict[str, str], field: str, sentence: str
) -> None:
    answer = post(people, boccia, **data)
    assert answer.status_code == 422
    page = Document(answer.text)
    assert page.one("a", href=f"#{field}").text == sentence
    assert page.one("input", id=field).get("type") in {"date", "time"}
    if "opens_at" in data:
        assert page.one("input", id="opens_at").get("value") == data["opens_at"]
    assert changes(people) == []


def test_a_cancelled_date_leaves_its_day_free(people: People, boccia: uuid.UUID) -> None:
    post(people, boccia, on="2026-03-17", cancel="1")
    assert post(people, boccia, moved_to="2026-03-17", opens_at="14:00").status_code == 303
    # Now putting the cancelled one back would make it two.
    answer = post(people, boccia, on="2026-03-17", put_back="1")
    assert answer.status_code == 422
    assert "It is on that day already: Tuesday 17 March, at 2pm. Move that one first." in (
        answer.text
    )


@pytest.mark.parametrize(
    "date",
    [
        {"on": "2026-03-11"}, {"at": "15:00"}, {"on": ""}, {"at": ""}, {"on": "2026-13-45"},
        {"at": "noonish"}, {"on": "0001-01-01"}, {"on": "9999-12-31"}, {"on": "2025-12-30"},
        {"on": "2026-03-10" * 40}, {"at": "\x00"},
    ],
)  # fmt: skip
def test_a_date_that_is_none_offers_those_that_are(
    people: People, boccia: uuid.UUID, date: dict[str, str]
) -> None:
    answer = post(people, boccia, cancel="1", **date)
    assert answer.status_code == 422
    links = [link for link in Document(answer.text).links() if "/dates?on=" in link]
    assert links[0] == f"/connections/{boccia}/dates?on=2026-03-03&at=14:00"
    assert changes(people) == []


def test_the_second_of_two_people_is_told(people: People, boccia: uuid.UUID) -> None:
    post(people, boccia, seen="planned", moved_to="2026-03-19", opens_at="10:00")
    answer = post(people, boccia, "manager_a", seen="planned", cancel="1")
    assert answer.status_code == 409
    assert "Somebody else has changed this date meanwhile." in answer.text
    assert "It is on Thursday 19 March at 10am now." in answer.text
    assert changes(people)[0][2] == D(2026, 3, 19), "nothing is overwritten"
    # What the page shows now is what its form sends next.
    state = Document(answer.text).all("input", name="seen")[0].get("value")
    assert post(people, boccia, "manager_a", seen=state, cancel="1").status_code == 303


@pytest.mark.parametrize("way", ["get", "post"])
@pytest.mark.parametrize("page", ["dates", "times"])
def test_another_home_s_connection_is_missing_to_the_byte(
    people: People, boccia: uuid.UUID, way: str, page: str
) -> None:
    client = people.client("coordinator_b")
    answers = [
        client.request(way, f"/connections/{made}/{page}", data=TUESDAY if way == "post" else None)
        for made in (boccia, MISSING, "nonsense", f"{{{MISSING}}}", str(boccia)[:-1] + "é")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert changes(people) == []


def test_a_change_stays_with_its_connection(people: People, boccia: uuid.UUID) -> None:
    with Session(people.engine) as session:
        other = make_connection(session, people, "Other")
        make_time(session, other)
        make_change(session, other, D(2026, 3, 10))
        session.commit()
    text = day_of(people, "2026-03-10").text
    assert text.count("Cancelled") == 1
    post(people, boccia, put_back="1")
    assert len(changes(people)) == 1, "nothing to put back there"


def test_signed_out_nothing_typed_is_lost(people: People, boccia: uuid.UUID) -> None:
    answer = people.client().post(
        f"/connections/{boccia}/dates", data=TUESDAY | {"moved_to": "2026-03-19"}
    )
    assert answer.status_code == 401
    assert Document(answer.text).one("input", name="moved_to").get("value") == "2026-03-19"
