"""The week as a page and as a spreadsheet: what is on, who comes, whom to ring, what is due."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.connections import calendar_router
from app.edge import loggable
from app.models import Connection, ConnectionStatus
from tests import builders
from tests.connections.calendar_builders import make_change, make_connection, make_time
from tests.people import People
from tests.web.document import Document, Element

D, T = dt.date, dt.time
TODAY = D(2026, 5, 6)
WEEK = "/week?from=2026-05-04"


@pytest.fixture(autouse=True)
def _on_a_wednesday_in_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_router, "today", lambda: TODAY)


@pytest.fixture(scope="module", autouse=True)
def stored(people: People) -> None:
    with Session(people.engine) as session:
        hall = builders.make_asset(
            session, "Parish Hall", address="12 Church Street", postcode="BD1 4QX",
            phone="01274 555 0123",
        )  # fmt: skip
        boccia = make_connection(
            session, people, "Boccia", next_step="Ask about the ramp", next_step_on=D(2026, 5, 8)
        )
        make_time(session, boccia)
        knit = make_connection(
            session, people, "Knit and natter", is_visit=False, asset_id=hall.id, welcomed_by="Sam",
            contact_name="", contact_phone="", status=ConnectionStatus.AGREED,
        )  # fmt: skip
        make_time(
            session, knit, rrule="FREQ=WEEKLY;BYDAY=MO,WE", skips_bank_holidays=True,
            opens_at=T(10), closes_at=None,
        )  # fmt: skip
        dance = make_connection(
            session, people, '<script>alert("x")</script>', status=ConnectionStatus.CONTACTED,
            contact_phone="",
        )  # fmt: skip
        make_time(session, dance, rrule="FREQ=WEEKLY;BYDAY=SU")
        make_change(session, dance, D(2026, 5, 10))
        for status in ("suggested", "paused", "ended"):
            hidden = make_connection(
                session, people, f"Hidden {status}", status=ConnectionStatus(status),
                next_step=f"Step of {status}", next_step_on=D(2026, 5, 9),
            )  # fmt: skip
            make_time(session, hidden)
        make_time(session, make_connection(session, people, "Theirs", team="b"))
        theirs = make_connection(session, people, "With people", team="connectors")
        make_time(session, theirs)
        session.commit()


def week(people: People, address: str = WEEK, who: str = "coordinator_a") -> Document:
    answer = people.client(who).get(address)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    return Document(answer.text)


def day(page: Document, on: str) -> Element:
    return page.one("section", id=f"day-{on}")


def test_days_say_what_is_on_who_comes_and_whom_to_ring(people: People) -> None:
    page = week(people)
    assert page.one("h1").text == "What is on at Bowmont House"
    assert len(page.all("section", class_="pw-day")) == 7
    tuesday = day(page, "2026-05-05").text
    for said in (
        "2pm to 3.30pm Boccia Riverside Bowls Club comes to us. Jo welcomes them.",
        "Ring Pat Hargreaves 01274 555 0199",
    ):
        assert said in tuesday
    wednesday = day(page, "2026-05-06").text
    assert "Today 10am Knit and natter At Parish Hall, 12 Church Street, BD1 4QX." in wednesday
    assert "Sam goes along. Ring 01274 555 0123" in wednesday
    # No number of its own: the place's.
    assert "01274 555 0101" in day(page, "2026-05-10").text
    assert "Theirs" not in page.one("main").text


def test_bank_holidays_are_named_and_leave_out(people: People) -> None:
    monday = day(week(people), "2026-05-04").text
    assert "Early May bank holiday" in monday
    assert "No Knit and natter: bank holiday." in monday
    assert "10am" not in monday


def test_what_is_not_agreed_says_so_and_names_are_only_words(people: People) -> None:
    page = week(people)
    sunday = day(page, "2026-05-10").text
    assert "Not agreed yet" in sunday
    assert "Cancelled" in sunday
    assert '<script>alert("x")</script>' in sunday
    assert not [e for e in page.all("script") if "alert" in e.text]


def test_next_steps_are_on_their_day_of_open_connections_alone(people: People) -> None:
    page = week(people)
    assert "To do: Ask about the ramp Boccia" in day(page, "2026-05-08").text
    saturday = day(page, "2026-05-09").text
    assert "Step of suggested" in saturday
    assert "Step of paused" in saturday
    assert "ended" not in saturday
    assert "Hidden" not in day(page, "2026-05-05").text


def test_an_empty_day_says_nothing_much(people: People) -> None:
    assert day(week(people), "2026-05-07").text == "Thursday 7 May Nothing yet"


def test_weeks_follow_each_other(people: People) -> None:
    page = week(people, "/week?from=2026-05-10")
    assert day(page, "2026-05-04").text.startswith("Monday"), "any day leads to its week"
    assert page.one("a", rel="prev").get("href") == "/week?from=2026-04-27"
    assert page.one("a", rel="next").get("href") == "/week?from=2026-05-11"
    assert "/week" not in page.one("main").get("href")
    assert "This week" not in page.one("main").text
    assert "This week" in week(people, "/week?from=2026-05-11").one("main").text
    assert "Today" in day(week(people, "/week"), "2026-05-06").text


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("9999-99-99", "That is not a day. Write it like 31/05/2026."),
        ("9999-12-31", "Choose a day within 5 years of today."),
        ("0001-01-01", "Choose a day within 5 years of today."),
        ("2026-02-30", "That is not a day. Write it like 31/05/2026."),
        ("<script>", "That is not a day. Write it like 31/05/2026."),
        ("%00", "“from” has characters nobody can type. Write it again."),
        ("2026-05-04&from=2026-05-11", "“from” is given more than once. Give it once."),
        ("9" * 5000, "“from” is too long. Use 200 characters or fewer."),
    ],
)  # fmt: skip
def test_a_day_that_makes_no_sense_gets_a_sentence_and_this_week(
    people: People, asked: str, sentence: str
) -> None:
    answer = people.client("coordinator_a").get(f"/week?from={asked}")
    assert answer.status_code == 422
    page = Document(answer.text)
    assert page.one("a", href="#from").text == sentence
    assert "Today" in day(page, "2026-05-06").text
    as_csv = people.client("coordinator_a").get(f"/week.csv?from={asked}")
    assert as_csv.status_code == 422
    assert as_csv.json()["detail"] == sentence


def test_the_spreadsheet_says_the_same_and_is_written_down(people: People) -> None:
    answer = people.client("coordinator_a").get("/week.csv?from=2026-05-04")
    assert answer.headers["content-disposition"] == 'attachment; filename="week-2026-05-04.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["day"], row["starts"], row["what"]) for row in rows] == [
        ("2026-05-05", "14:00", "Boccia"),
        ("2026-05-06", "10:00", "Knit and natter"),
        ("2026-05-10", "14:00", '<script>alert("x")</script>'),
    ]
    assert rows[0]["phone"] == "01274 555 0199"
    assert rows[1]["address"] == "12 Church Street, BD1 4QX"
    assert (rows[2]["status"], rows[2]["changed"]) == ("not agreed yet", "cancelled")
    with people.engine.connect() as connection:
        action = connection.execute(
            sa.text("SELECT action FROM audit_log ORDER BY id DESC LIMIT 1")
        ).scalar()
    assert action == "export"


def test_connectors_have_a_week_of_their_own(people: People) -> None:
    page = week(people, who="connector")
    assert "Riverside Bowls Club comes to you." in day(page, "2026-05-05").text
    assert "Boccia" not in page.one("main").text


@pytest.mark.parametrize("who", ["mapper", "councillor", "editor", "administrator"])
@pytest.mark.parametrize(
    "address", ["/week", "/week.csv", "/handover", "/handover.pdf", "/connections/x/times"]
)
def test_only_a_team_s_members_may_look(people: People, who: str, address: str) -> None:
    assert people.client(who).get(address).status_code == 403


@pytest.mark.parametrize("address", ["/week", "/handover", "/connections/x/dates"])
def test_signed_out_leads_to_the_sign_in_page(people: People, address: str) -> None:
    answer = people.client().get(address)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


def test_a_week_asks_few_questions_however_much_is_on(people: People) -> None:
    def count() -> int:
        asked: list[str] = []
        engine = people.app.state.engine

        def remember(_: object, __: object, statement: str, *___: object) -> None:
            asked.append(statement)

        sa.event.listen(engine, "before_cursor_execute", remember)
        try:
            week(people)
        finally:
            sa.event.remove(engine, "before_cursor_execute", remember)
        return len(asked)

    before = count()
    with Session(people.engine) as session:
        for number in range(30):
            make_time(session, make_connection(session, people, f"More {number}"))
        session.commit()
    try:
        # Who is asking is the first three; then connections, times, changes, the address.
        assert count() == before <= 7
    finally:
        with Session(people.engine) as session:
            session.execute(sa.delete(Connection).where(Connection.title.like("More %")))
            session.commit()


def test_no_secret_of_an_address_is_logged(
    people: People, capfd: pytest.CaptureFixture[str]
) -> None:
    from app.main import create_app  # noqa: PLC0415 - its log goes to where standard error is now

    own = create_app(people.settings)
    client = type(people.client())(own)
    secret = "s3cret" * 7
    for path in (
        f"/calendar/{secret}.ics", f"/sign-in/link/{secret}", f"/invitations/{secret}",
        f"//calendar//{secret}.ics", f"/Calendar/{secret}.ICS", f"/calendar/{secret}/more",
    ):  # fmt: skip
        client.get("http://testserver" + path)
    client.post(f"/sign-in/link/{secret}", headers={"sec-fetch-site": "same-origin"})
    logged = capfd.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines() if '"request"' in line]
    assert [line["path"] for line in lines] == [
        "/calendar/…", "/sign-in/link/…", "/invitations/…", "/calendar/…", "/Calendar/…",
        "/calendar/…/more", "/sign-in/link/…",
    ]  # fmt: skip
    assert secret not in logged
    own.state.engine.dispose()


def test_other_paths_are_logged_as_they_are() -> None:
    for path in ("/", "/week", "/people/invitations/7/withdraw", "/sign-in/oidc", "/calendar"):
        assert loggable(path) == path
