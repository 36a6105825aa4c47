"""The calendar feed: two programs that are not ours see the dates our own page shows."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events  # type: ignore[import-untyped]
import sqlalchemy as sa
from httpx import Response
from sqlalchemy.orm import Session

from app.activities.clock import say_clock
from app.connections import calendar_router
from app.models import CalendarFeed, ConnectionNote, ConnectionStatus
from app.settings import Settings
from tests.conftest import ROOT
from tests.connections.calendar_builders import (
    add_resident,
    make_change,
    make_connection,
    make_time,
    make_visit,
)
from tests.people import REFERENCE_A, People
from tests.web.document import Document

D, T = dt.date, dt.time
LONDON = ZoneInfo("Europe/London")
TODAY = D(2026, 3, 2)
# 52 weeks and a day, with the clock changes of 29 March and 25 October.
MONDAYS = [D(2026, 1, 5) + dt.timedelta(weeks=n) for n in range(53)]
TOKEN = "A" * 43
ICAL_JS = ROOT / ".local" / "ical.js" / "ical.mjs"
NODE = shutil.which("node") or str(Path(sys.executable).with_name("node"))

# What is on: title, day, and the clock times as the page says them.
Shown = tuple[str, dt.date, str]


@pytest.fixture(scope="module", autouse=True)
def stored(people: People) -> None:
    """A year of one home with everything that is hard about calendars, and another home's."""
    with Session(people.engine) as session:
        _store_series(session, people)
        _store_single_dates(session, people)
        for number, status in enumerate(("suggested", "paused", "ended")):
            hidden = make_connection(
                session, people, f"Hidden {number}", status=ConnectionStatus(status)
            )
            make_time(session, hidden)
        make_time(session, make_connection(session, people, "Another home’s", team="b"))
        session.add(CalendarFeed(team_id=people.teams["a"], token=TOKEN))
        session.add(CalendarFeed(team_id=people.teams["b"], token="B" * 43))
        session.commit()


def _store_series(session: Session, people: People) -> None:
    weekly = make_connection(session, people, "Weekly")
    make_time(session, weekly, starts_on=D(2025, 12, 2))
    make_change(session, weekly, D(2026, 3, 31))
    make_change(session, weekly, D(2026, 10, 20), moved_to=D(2026, 10, 28), opens_at=T(10))
    # Into the year and out of it.
    make_change(
        session, weekly, D(2025, 12, 30), moved_to=D(2026, 1, 8), opens_at=T(9), closes_at=T(10)
    )
    make_change(session, weekly, D(2026, 12, 29), moved_to=D(2027, 1, 14), opens_at=T(14))
    # The hour of the rule has changed since this one was cancelled.
    make_change(session, weekly, D(2026, 6, 9), was_at=T(13, 30))
    sundays = make_connection(session, people, "On the days of the clock changes")
    make_time(
        session, sundays, starts_on=D(2026, 1, 4), rrule="FREQ=WEEKLY", opens_at=T(10),
        closes_at=T(11, 30),
    )  # fmt: skip
    mondays = make_connection(session, people, "Not on bank holidays", is_visit=False)
    make_time(
        session, mondays, starts_on=D(2026, 4, 6), rrule="FREQ=WEEKLY;BYDAY=MO", closes_at=None,
        skips_bank_holidays=True, exdates=[D(2026, 6, 1)],
    )  # fmt: skip
    several = make_connection(session, people, "Two times", status=ConnectionStatus.CONTACTED)
    make_time(
        session, several, starts_on=D(2026, 1, 7), rrule="FREQ=MONTHLY;BYDAY=1MO;UNTIL=20261005"
    )
    make_time(
        session, several, starts_on=D(2026, 3, 25), rrule="FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=9",
        opens_at=T(18), closes_at=T(19),
    )  # fmt: skip
    fortnightly = make_connection(session, people, "Every two weeks")
    make_time(
        session, fortnightly, starts_on=D(2026, 1, 7), rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"
    )
    make_connection(session, people, "As the activity says", activity_id=people.boccia_id)
    last_friday = make_connection(session, people, "Last Friday")
    make_time(session, last_friday, starts_on=D(2020, 1, 31), rrule="FREQ=MONTHLY;BYDAY=-1FR")
    yearly = make_connection(session, people, "Summer fair")
    make_time(session, yearly, starts_on=D(2019, 7, 4), rrule="FREQ=YEARLY", opens_at=T(11))


def _store_single_dates(session: Session, people: People) -> None:
    singles: tuple[tuple[str, dict[str, Any] | None], ...] = (
        ("Once", None),
        ("Once, moved", {"moved_to": D(2026, 5, 9), "opens_at": T(11), "closes_at": T(12)}),
        ("Once, cancelled", {}),
    )
    for title, change in singles:
        once = make_connection(session, people, title)
        make_time(session, once, starts_on=D(2026, 5, 6), rrule=None)
        if change is not None:
            make_change(session, once, D(2026, 5, 6), **change)
    first = make_connection(session, people, "The first is cancelled, the second moved")
    make_time(session, first, starts_on=D(2026, 9, 2), rrule="FREQ=WEEKLY;COUNT=4")
    make_change(session, first, D(2026, 9, 2))
    make_change(session, first, D(2026, 9, 9), moved_to=D(2026, 9, 8), opens_at=T(14))


@pytest.fixture(autouse=True)
def _on_a_day_in_march(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_router, "today", lambda: TODAY)


@pytest.fixture
def feed(people: People) -> str:
    answer = people.client().get(f"/calendar/{TOKEN}.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return str(answer.content, "utf-8")


@pytest.fixture(scope="module")
def pages(people: People) -> set[Shown]:
    """What a year of week pages shows; 53 pages, so they are read once."""
    client = people.client("coordinator_a")
    return {shown for monday in MONDAYS for shown in _of_week(client.get(f"/week?from={monday}"))}


def _of_week(answer: Response) -> Iterator[Shown]:
    assert answer.status_code == 200
    page = Document(answer.text)
    for article in (e for e in page.elements if e.tag == "article"):
        if "pw-date--off" in article.classes:
            continue
        section = article
        while section.parent and section.tag != "section":
            section = section.parent
        day = dt.date.fromisoformat(section.get("id").removeprefix("day-"))
        (title,) = (e for e in article.children if e.tag == "h3")
        (times,) = (e for e in article.children if "pw-date__time" in e.classes)
        yield title.text, day, times.text


def as_shown(title: str, starts: dt.datetime, ends: dt.datetime | None) -> Shown:
    start = starts.astimezone(LONDON)
    said = say_clock(start.time())
    if ends is not None and ends != starts:
        said += f" to {say_clock(ends.astimezone(LONDON).time())}"
    return title.removesuffix(" (not agreed yet)"), start.date(), said


def read(text: str) -> Any:
    """Return a calendar as the library reads it (its types are a union of everything)."""
    return icalendar.Calendar.from_ical(text)


def in_our_window(shown: Shown) -> bool:
    return MONDAYS[0] <= shown[1] < MONDAYS[-1] + dt.timedelta(days=7)


def test_python_s_calendar_library_sees_what_the_week_shows(pages: set[Shown], feed: str) -> None:
    calendar = read(feed)
    first = dt.datetime.combine(MONDAYS[0], T(0), LONDON)
    events = recurring_ical_events.of(calendar).between(first, first + dt.timedelta(weeks=53))
    seen = {
        as_shown(str(e["summary"]), e["dtstart"].dt, e["dtend"].dt if "dtend" in e else None)
        for e in events
    }
    assert seen == pages
    # The year is not empty, and the hard dates are in it.
    assert len(pages) > 250
    for title, day, said in (
        ("Weekly", D(2026, 1, 8), "9am to 10am"),
        ("Weekly", D(2026, 10, 28), "10am"),
        ("Weekly", D(2026, 10, 27), "2pm to 3.30pm"),
        ("On the days of the clock changes", D(2026, 3, 29), "10am to 11.30am"),
        ("On the days of the clock changes", D(2026, 10, 25), "10am to 11.30am"),
        ("Once, moved", D(2026, 5, 9), "11am to midday"),
        ("As the activity says", D(2026, 7, 14), "2pm to 3.30pm"),
    ):
        assert (title, day, said) in pages
    for title, day in (
        ("Weekly", D(2026, 3, 31)), ("Weekly", D(2026, 6, 9)), ("Weekly", D(2026, 12, 29)),
        ("Not on bank holidays", D(2026, 4, 6)), ("Not on bank holidays", D(2026, 8, 31)),
        ("Not on bank holidays", D(2026, 6, 1)), ("Once, cancelled", D(2026, 5, 6)),
    ):  # fmt: skip
        assert (title, day) not in {shown[:2] for shown in pages}
    assert not {title for title, *_ in pages if "Hidden" in title or "home" in title}


@pytest.mark.skipif(not ICAL_JS.exists(), reason="there is no ical.js: make test fetches it")
@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "UTC"])
def test_a_javascript_calendar_sees_what_the_week_shows(
    pages: set[Shown], feed: str, zone: str
) -> None:
    program = Path(__file__).with_name("read_calendar.mjs")
    answer = subprocess.run(
        [NODE, program, ICAL_JS, "2026-01-01T00:00:00Z", "2027-02-01T00:00:00Z"],
        input=feed, capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"], "TZ": zone},
    )  # fmt: skip
    seen = {
        as_shown(
            title,
            dt.datetime.fromisoformat(starts),
            dt.datetime.fromisoformat(ends) if ends else None,
        )
        for title, starts, ends in json.loads(answer.stdout)
    }
    assert {shown for shown in seen if in_our_window(shown)} == pages


def test_events_say_what_is_agreed_and_block_nobody_s_time(feed: str) -> None:
    calendar = read(feed)
    assert calendar["version"] == "2.0"
    assert calendar["refresh-interval"].dt == dt.timedelta(hours=1)
    assert calendar["x-wr-calname"] == "What is on at Bowmont House"
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["tzid"] == "Europe/London"
    for event in calendar.walk("VEVENT"):
        is_agreed = "not agreed yet" not in event["summary"]
        assert event["status"] == ("CONFIRMED" if is_agreed else "TENTATIVE")
        assert event["transp"] == "TRANSPARENT"
        assert event["dtstart"].params["TZID"] == "Europe/London"
        assert event["dtstamp"].dt == event["last-modified"].dt
        uuid.UUID(event["uid"])
    # A series ends at an instant, in UTC, as its start has a time zone (RFC 5545, 3.3.10).
    assert "UNTIL=20261005T130000Z" in feed.replace("\r\n ", "")


def test_every_line_is_as_the_standard_wants_it(feed: str) -> None:
    assert feed.endswith("END:VCALENDAR\r\n")
    lines = feed.split("\r\n")
    assert all("\n" not in line and len(line.encode()) <= 75 for line in lines)


def test_nobody_s_data_is_in_it(people: People) -> None:
    with Session(people.engine) as session:
        made = make_connection(
            session, people, "With residents", promised="Tea for Mrs Secret",
            next_step="Ask about Secret", contact_name="Private Person",
            contact_phone="07700 900123", what_worked="Secret songs",
        )  # fmt: skip
        make_time(session, made)
        add_resident(session, made, people.residents["a"])
        make_visit(session, made, people, D(2026, 2, 3), sentence="Secret smiled")
        session.add(
            ConnectionNote(
                connection_id=made.id, team_id=made.team_id, author_id=made.owner_id,
                text="Secret note",
            )
        )  # fmt: skip
        session.commit()
    text = people.client().get(f"/calendar/{TOKEN}.ics").text.replace("\r\n ", "")
    assert "With residents" in text
    for private in ("Secret", REFERENCE_A, "Private Person", "900123", "Pat Hargreaves", "0199"):
        assert private not in text
    # What anybody may know is there.
    assert "01274 555 0101" in text


def test_the_database_shows_the_secret_s_team_and_nothing_of_residents(people: People) -> None:
    with people.acting_as(None) as session:
        session.execute(sa.text("SELECT set_config('patchwork.calendar', :t, true)"), {"t": TOKEN})
        teams = session.execute(sa.text("SELECT DISTINCT team_id FROM connections")).scalars().all()
        assert teams == [people.teams["a"]]
        for table in ("residents", "connection_residents", "connection_notes", "visits",
                      "calendar_feeds", "audit_log"):  # fmt: skip
            assert session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar() == 0, table
        with pytest.raises(sa.exc.ProgrammingError):
            session.execute(
                sa.text("INSERT INTO connection_changes SELECT c.id, '2026-02-03', '14:00',"
                        " c.team_id FROM connections c LIMIT 1")
            )  # fmt: skip


@pytest.mark.parametrize(
    "token", ["C" * 43, "A" * 42, "A" * 44, "a" * 43, "xyzzy", "A" * 4000, "é" * 43, "%00" * 40]
)
def test_an_unknown_address_is_a_plain_404(people: People, token: str) -> None:
    answer = people.client().get(f"/calendar/{token}.ics")
    assert answer.status_code == 404
    assert token not in answer.text
    other = people.client().get("/calendar/" + "D" * 43 + ".ics")
    assert answer.content == other.content


def test_asking_again_costs_nothing_until_something_changes(people: People) -> None:
    client, address = people.client(), f"/calendar/{TOKEN}.ics"
    tag = client.get(address).headers["etag"]
    assert client.get(address).headers["etag"] == tag
    for asked in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = client.get(address, headers={"if-none-match": asked})
        assert (again.status_code, again.content) == (304, b""), asked
        assert again.headers["etag"] == tag
    assert client.get(address, headers={"if-none-match": '"other"'}).status_code == 200
    assert client.head(address, headers={"if-none-match": tag}).status_code == 304
    with people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE connections SET title = 'Summer party' WHERE title = 'Summer fair'")
        )
    try:
        changed = client.get(address, headers={"if-none-match": tag})
        assert changed.status_code == 200
        assert "Summer party" in changed.text
    finally:
        with people.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE connections SET title = 'Summer fair' WHERE title = 'Summer party'")
            )


def test_cancelling_and_putting_back_both_raise_the_sequence(people: People) -> None:
    def weekly() -> Any:
        events = read(people.client().get(f"/calendar/{TOKEN}.ics").text).walk("VEVENT")
        return next(e for e in events if e["summary"] == "Weekly" and "rrule" in e)

    with people.engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT id, version FROM connections WHERE title = 'Weekly'")
        ).one()
    before = weekly()
    client, date = people.client("coordinator_a"), {"on": "2026-07-07", "at": "14:00"}
    client.post(f"/connections/{found.id}/dates", data=date | {"cancel": "1"})
    cancelled = weekly()
    client.post(f"/connections/{found.id}/dates", data=date | {"put_back": "1"})
    back = weekly()
    assert before["sequence"] < cancelled["sequence"] < back["sequence"]
    assert before["last-modified"].dt <= cancelled["last-modified"].dt
    assert before["uid"] == cancelled["uid"] == back["uid"]
    assert before["exdate"].to_ical() == back["exdate"].to_ical() != cancelled["exdate"].to_ical()
    # Somebody editing the connection meanwhile is not told of a conflict.
    with people.engine.connect() as connection:
        version = connection.execute(
            sa.text("SELECT version FROM connections WHERE id = :id"), {"id": found.id}
        ).scalar()
    assert version == found.version


def test_a_new_address_makes_the_old_one_useless(people: People) -> None:
    client = people.client("manager_b")
    assert client.post("/week/address").headers["location"] == "/week#calendar"
    assert people.client().get("/calendar/" + "B" * 43 + ".ics").status_code == 404
    page = Document(client.get("/week").text)
    (field,) = (e for e in page.elements if e.get("id") == "feed")
    base = people.settings.base_url
    assert field.get("value").startswith(f"{base}/calendar/")
    text = people.client().get(field.get("value").removeprefix(base)).text
    assert "Another home’s" in text
    assert "Weekly" not in text


def test_another_base_url_is_another_tag_and_stands_in_the_events(people: People) -> None:
    from app.main import create_app  # noqa: PLC0415 - only here

    url = people.settings.database_url
    own = create_app(Settings(DATABASE_URL=url, base_url="https://patch.example"))  # type: ignore[call-arg]
    other = type(people.client())(own).get(f"/calendar/{TOKEN}.ics")
    assert "URL:https://patch.example/connections/" in other.text
    assert other.headers["etag"] != people.client().get(f"/calendar/{TOKEN}.ics").headers["etag"]
    own.state.engine.dispose()
