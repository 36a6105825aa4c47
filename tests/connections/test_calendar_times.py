"""Saying when a connection happens: shown back before it is stored, refused kindly, never lost."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from httpx import Response
from sqlalchemy.orm import Session

from app.activities.rules import check_rule, parse_repeats
from app.connections import times_router
from app.connections.calendar_queries import TimeRow
from app.connections.time_changes import say_repeats
from app.models import Connection
from tests.connections.calendar_builders import make_connection, make_time
from tests.people import People
from tests.web.document import Document

D, T = dt.date, dt.time
TODAY = D(2026, 3, 2)
TYPED = {
    "starts_on": "2026-03-03", "opens_at": "14:00", "closes_at": "15:30",
    "repeats": "every Tuesday",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _on_a_day_in_march(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times_router, "today", lambda: TODAY)


@pytest.fixture
def made(people: People) -> uuid.UUID:
    """A connection of home A about boccia, which has no times of its own yet."""
    with Session(people.engine) as session:
        session.execute(sa.delete(Connection))
        connection = make_connection(session, people, activity_id=people.boccia_id)
        session.commit()
        return connection.id


def post(people: People, made: uuid.UUID, who: str = "coordinator_a", **data: str) -> Response:
    answer: Response = people.client(who).post(f"/connections/{made}/times", data=data)
    return answer


def look(people: People, made: uuid.UUID, **data: str) -> Document:
    answer = post(people, made, step="look", **(TYPED | data))
    assert answer.status_code == 200, answer.text
    return Document(answer.text)


def save(people: People, made: uuid.UUID, **data: str) -> None:
    page = look(people, made, **data)
    seen = page.one("input", name="seen").get("value")
    answer = post(people, made, step="save", seen=seen, **(TYPED | data))
    assert answer.status_code == 303, answer.text


def stored(people: People) -> list[sa.Row[tuple[object, ...]]]:
    with people.engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT * FROM connection_times ORDER BY 1")))


def page_of(people: People, made: uuid.UUID, question: str = "") -> Document:
    return Document(people.client("coordinator_a").get(f"/connections/{made}/times{question}").text)


def test_without_times_of_its_own_the_group_s_count(people: People, made: uuid.UUID) -> None:
    text = page_of(people, made).one("main").text
    assert "the group’s own times count: Every Tuesday, 2pm to 3.30pm" in text


@pytest.mark.parametrize(
    ("data", "sentence", "next_dates"),
    [
        ({}, "Every Tuesday, 2pm to 3.30pm.",
         "Tuesday 3 March, Tuesday 10 March, Tuesday 17 March, Tuesday 24 March and"
         " Tuesday 31 March."),
        ({"repeats": "every two weeks", "closes_at": ""}, "Every other Tuesday, 2pm.",
         "Tuesday 3 March, Tuesday 17 March, Tuesday 31 March, Tuesday 14 April and"
         " Tuesday 28 April."),
        ({"repeats": "first Monday of the month until 2026-06-30", "skips_bank_holidays": "1"},
         "First Monday of the month, 2pm to 3.30pm, until 30 June 2026, not on bank holidays.",
         "Monday 1 June."),
        ({"repeats": "once", "opens_at": "2pm", "starts_on": "03/03/2026"},
         "Tuesday 3 March 2026, 2pm to 3.30pm.", "Tuesday 3 March."),
        ({"repeats": "FREQ=MONTHLY;BYDAY=-1FR"}, "Last Friday of the month, 2pm to 3.30pm.",
         "Friday 27 March, Friday 24 April, Friday 29 May, Friday 26 June and Friday 31 July."),
    ],
)  # fmt: skip
def test_what_was_understood_is_shown_before_it_is_stored(
    people: People, made: uuid.UUID, data: dict[str, str], sentence: str, next_dates: str
) -> None:
    page = look(people, made, **data)
    understood = page.one("div", id="understood").text
    assert f"We understood: {sentence}" in understood
    if "skips" not in str(data):
        assert f"The next dates are {next_dates}" in understood
    assert stored(people) == []
    save(people, made, **data)
    assert len(stored(people)) == 1
    assert sentence in page_of(people, made).one("main").text


def test_bank_holidays_are_left_out_of_the_dates_shown(people: People, made: uuid.UUID) -> None:
    data = {"starts_on": "2026-03-30", "repeats": "every Monday", "skips_bank_holidays": "1"}
    understood = look(people, made, **data).one("div", id="understood").text
    # Not Easter Monday, not the first Monday in May.
    said = "Monday 30 March, Monday 13 April, Monday 20 April, Monday 27 April and Monday 11 May."
    assert said in understood


def test_nothing_is_stored_that_was_not_shown(people: People, made: uuid.UUID) -> None:
    seen = look(people, made).one("input", name="seen").get("value")
    answer = post(people, made, step="save", seen=seen, **(TYPED | {"repeats": "every Friday"}))
    assert answer.status_code == 200
    assert "Every Friday" in Document(answer.text).one("div", id="understood").text
    assert stored(people) == []
    assert post(people, made, step="save", **TYPED).status_code == 200
    assert stored(people) == []


@pytest.mark.parametrize(
    ("data", "field", "start"),
    [
        ({"repeats": "FREQ=SECONDLY"}, "repeats", "'FREQ=SECONDLY' repeats more often than daily"),
        ({"repeats": "RRULE:FREQ=DAILY;BYSECOND=1"}, "repeats", "BYSECOND cannot be used"),
        ({"repeats": "FREQ=DAILY;FREQ=SECONDLY"}, "repeats", "'FREQ=DAILY;FREQ=SECONDLY' is not"),
        ({"repeats": "A" * 10_000}, "repeats", "“repeats” is too long. Use 200 characters"),
        ({"repeats": "FREQ=WEEKLY;" + "BYDAY=TU," * 1_200}, "repeats", "“repeats” is too long"),
        ({"repeats": "now and then"}, "repeats", "'now and then' is not understood; write for"),
        ({"repeats": "every second Tuesday"}, "repeats", "'every second Tuesday' could mean two"),
        ({"repeats": "every Tuesday until 2026-02-30"}, "repeats", "The end of 'every Tuesday"),
        ({"repeats": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "repeats", "There is no such day."),
        ({"repeats": "every Tuesday until 1 March 2026"}, "repeats", "There is no such day."),
        ({"starts_on": "2025-01-07", "repeats": "every Tuesday until 1 March 2026"}, "repeats",
         "There is no date left"),
        ({"repeats": "FREQ=WEEKLY;COUNT=0"}, "repeats", "COUNT=0 is not a whole number above 0"),
        ({"repeats": "FREQ=WEEKLY;INTERVAL=99999"}, "repeats", "'FREQ=WEEKLY;INTERVAL=99999' has"),
        ({"starts_on": ""}, "starts_on", "Say the first day"),
        ({"starts_on": "2026-02-30"}, "starts_on", "That is not a day."),
        ({"starts_on": "9999-12-31"}, "starts_on", "Choose a first day between 2000 and five"),
        ({"starts_on": "0001-01-01"}, "starts_on", "Choose a first day between 2000 and five"),
        ({"starts_on": "2026-03-01", "repeats": "once"}, "starts_on", "There is no date left"),
        ({"opens_at": ""}, "opens_at", "Say when it starts"),
        ({"opens_at": "2"}, "opens_at", "That is not a time."),
        ({"closes_at": "13:00"}, "closes_at", "It has to end after it starts."),
        ({"repeats": "every \x07 day"}, "repeats", "“repeats” has characters nobody can type."),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_beside_its_field(
    people: People, made: uuid.UUID, data: dict[str, str], field: str, start: str
) -> None:
    answer = post(people, made, step="look", **(TYPED | data))
    assert answer.status_code == 422
    page = Document(answer.text)
    assert page.one("a", href=f"#{field}").text.startswith(start)
    # What was typed is still there.
    assert page.one("input", id="opens_at").get("value") == (TYPED | data)["opens_at"]
    assert stored(people) == []


def test_hostile_words_are_shown_as_words(people: People, made: uuid.UUID) -> None:
    words = '"><script>alert(1)</script>'
    answer = post(people, made, step="look", **(TYPED | {"repeats": words}))
    page = Document(answer.text)
    assert page.one("input", id="repeats").get("value") == words
    assert "alert(1)" not in "".join(e.text for e in page.all("script"))


def test_change_and_the_second_of_two_people_is_told(people: People, made: uuid.UUID) -> None:
    save(people, made)
    (before,) = stored(people)
    page = page_of(people, made, f"?edit={before.id}")
    assert page.one("input", id="repeats").get("value") == "every tuesday"
    assert page.one("input", id="opens_at").get("value") == "14:00"
    edit = {"time_id": str(before.id), "version": page.one("input", name="version").get("value")}
    save(people, made, opens_at="10:00", closes_at="", **edit)
    (after,) = stored(people)
    assert (after.opens_at, after.closes_at, after.version) == (T(10), None, before.version + 1)
    # The other one saw version 1.
    late = TYPED | edit | {"repeats": "every Friday"}
    seen = look(people, made, **late).one("input", name="seen").get("value")
    answer = post(people, made, "manager_a", step="save", seen=seen, **late)
    assert answer.status_code == 409
    text = Document(answer.text).one("main").text
    assert "It is now: Every Tuesday, 10am. You typed: Every Friday, 2pm to 3.30pm." in text
    assert stored(people) == [after]
    # Seen both, they may still save theirs: the page brings the version it has shown.
    page = Document(answer.text)
    fields = {n: page.one("input", name=n).get("value") for n in ("version", "seen", "time_id")}
    answer = post(people, made, "manager_a", step="save", **(late | fields))
    assert answer.status_code == 303
    assert stored(people)[0].rrule == "FREQ=WEEKLY;BYDAY=FR"


def test_a_time_somebody_ended_meanwhile_is_not_lost(people: People, made: uuid.UUID) -> None:
    gone = {"time_id": str(uuid.uuid4()), "version": "1"}
    seen = look(people, made, **gone).one("input", name="seen").get("value")
    answer = post(people, made, step="save", seen=seen, **(TYPED | gone))
    assert answer.status_code == 409
    assert "Somebody else has ended this time meanwhile." in answer.text
    assert Document(answer.text).one("input", id="repeats").get("value") == "every Tuesday"


def end(people: People, made: uuid.UUID, last_day: str, version: int = 1) -> Response:
    (time,) = stored(people)
    answer: Response = people.client("coordinator_a").post(
        f"/connections/{made}/times/{time.id}/end",
        data={"last_day": last_day, "version": str(version)},
    )
    return answer


def test_an_ended_series_keeps_its_past(people: People, made: uuid.UUID) -> None:
    save(people, made, starts_on="2026-01-06", repeats="FREQ=WEEKLY;COUNT=40")
    assert end(people, made, "2026-03-10").status_code == 303
    (time,) = stored(people)
    assert time.rrule == "FREQ=WEEKLY;UNTIL=20260310"
    assert "Next: Tuesday 3 March and Tuesday 10 March." in page_of(people, made).one("main").text


def test_what_never_took_place_is_deleted_and_the_group_s_times_count_again(
    people: People, made: uuid.UUID
) -> None:
    save(people, made, starts_on="2026-04-07")
    assert end(people, made, "2026-03-02").status_code == 303
    assert stored(people) == []
    assert "the group’s own times count" in page_of(people, made).one("main").text


def test_ending_tells_the_second_of_two_people_and_what_makes_no_sense(
    people: People, made: uuid.UUID
) -> None:
    save(people, made)
    assert end(people, made, "2026-02-30").status_code == 422
    assert end(people, made, "2026-04-01", version=7).status_code == 409
    (time,) = stored(people)
    assert time.rrule == "FREQ=WEEKLY;BYDAY=TU"
    with Session(people.engine) as session:
        session.execute(
            sa.text("UPDATE connection_times SET rrule = NULL, starts_on = '2026-01-06'")
        )
        session.commit()
    answer = end(people, made, "2026-03-02", version=2)
    assert answer.status_code == 422
    assert "This was once, on 6 January 2026: there is nothing to end." in answer.text


def test_another_home_s_time_is_missing(people: People, made: uuid.UUID) -> None:
    with Session(people.engine) as session:
        theirs = make_time(session, make_connection(session, people, team="b"))
        session.commit()
        theirs_id = theirs.id
    client = people.client("coordinator_a")
    missing = uuid.uuid4()
    one, other = (client.get(f"/connections/{made}/times?edit={i}") for i in (theirs_id, missing))
    assert one.status_code == other.status_code == 404
    assert one.content == other.content
    one, other = (
        client.post(f"/connections/{made}/times/{i}/end", data={"version": "1"})
        for i in (theirs_id, missing)
    )
    assert one.status_code == other.status_code == 404
    assert one.content == other.content


@pytest.mark.parametrize(
    "rule",
    [
        None, "FREQ=WEEKLY;BYDAY=TU", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261231",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=1MO,3MO;UNTIL=20270101", "FREQ=MONTHLY;BYMONTHDAY=3",
        "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=YEARLY",
        "FREQ=WEEKLY;COUNT=4", "FREQ=MONTHLY;BYMONTHDAY=17", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=1",
    ],
)  # fmt: skip
def test_words_in_the_form_mean_the_rule_that_is_stored(rule: str | None) -> None:
    starts_on = D(2026, 3, 3)
    time = TimeRow(
        uuid.uuid4(), uuid.uuid4(), starts_on, T(14), T(15, 30),
        check_rule(rule) if rule else None, [], False, 1,
    )  # fmt: skip
    assert parse_repeats(say_repeats(time), starts_on) == time.rrule
