"""Calendars in: real-world-shaped ones, as two programs that are not ours expand them."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events  # type: ignore[import-untyped]
import sqlalchemy as sa

from app.errors import FileRefused, NotFetched
from app.feeds.refresh_ical import refresh
from app.feeds.refreshing import Outcome
from app.models import RunStatus
from app.settings import Settings
from tests.calendars.calendar_feeds import (
    Seen,
    Served,
    activities_of,
    add_feed,
    dates_of_our_page,
    keep,
    reading_of,
)
from tests.conftest import ROOT
from tests.people import People

TODAY = dt.date(2026, 1, 5)
LAST = dt.date(2027, 1, 4)
LONDON = ZoneInfo("Europe/London")
FIXTURES = Path(__file__).with_name("fixtures")
ICAL_JS = ROOT / ".local" / "ical.js" / "ical.mjs"
NODE = shutil.which("node") or str(Path(sys.executable).with_name("node"))
READER = ROOT / "tests" / "connections" / "read_calendar.mjs"
# What is on no page of ours though the file has it: refused, or only words.
NOT_OURS = {"CANCELLED - Seed swap", "Busy", "Never ending", "Broken date"}
# ical.js knows the zones that are in the file, and no others; and it takes 29 February for 1 March
# where RFC 5545 (3.3.10) has no date.
NOT_FOR_ICAL_JS = {"Letters from New York", "Leap day lunch"}


def settings_of(people: People) -> Settings:
    return Settings(DATABASE_URL=people.engine.url.render_as_string(hide_password=False))  # type: ignore[call-arg]


def read(people: People, feed_id: int, today: dt.date = TODAY) -> Outcome:
    outcome = refresh(reading_of(people.engine, settings_of(people), feed_id, today=today))
    keep(people.engine, feed_id, outcome)
    return outcome


def put(served: Served, name: str) -> bytes:
    served.content = (FIXTURES / name).read_bytes()
    return served.content


def cleaned(name: str) -> str:
    return name.replace("&amp;", "&")


def local(moment: dt.datetime) -> dt.datetime:
    here = moment.astimezone(LONDON) if moment.tzinfo else moment
    return here.replace(tzinfo=None)


def seen(name: str, start: dt.datetime, end: dt.datetime | None) -> Seen:
    starts, ends = local(start), local(end) if end else None
    is_same_day = ends is not None and ends.date() == starts.date() and ends > starts
    return cleaned(name), starts, ends if is_same_day else None


def by_python(text: bytes) -> set[Seen]:
    """What recurring_ical_events sees of the original; what it could not end on is taken out."""
    calendar: Any = icalendar.Calendar.from_ical(text)
    calendar.subcomponents = [
        part for part in calendar.subcomponents if str(part.get("summary")) not in NOT_OURS
    ]
    found = set()
    for event in recurring_ical_events.of(calendar).between(TODAY, LAST + dt.timedelta(days=1)):
        start = event["dtstart"].dt
        is_left_out = event.get("status") == "CANCELLED" or event.get("class", "PUBLIC") != "PUBLIC"
        if (
            isinstance(start, dt.datetime)
            and not is_left_out
            and TODAY <= local(start).date() <= LAST
        ):
            found.add(seen(str(event["summary"]), start, event["dtend"].dt))
    return found


def by_javascript(text: bytes) -> set[Seen]:
    events = text.decode().split("BEGIN:VEVENT")
    kept = [part for part in events if not any(f"SUMMARY:{name}" in part for name in NOT_OURS)]
    whole = "BEGIN:VEVENT".join(kept)
    if not whole.rstrip().endswith("END:VCALENDAR"):
        whole += "END:VCALENDAR\r\n"
    answer = subprocess.run(
        [NODE, READER, ICAL_JS, "2026-01-05T00:00:00Z", "2027-01-05T00:00:00Z"],
        input=whole, capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"], "TZ": "Europe/London"},
    )  # fmt: skip
    return {
        seen(
            name, dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end) if end else None
        )
        for name, start, end in json.loads(answer.stdout)
    }


SHAPES = [path.name for path in sorted(FIXTURES.glob("*.ics"))]


@pytest.mark.parametrize("name", SHAPES)
def test_a_year_is_as_other_programs_see_it(
    people: People, served: Served, group_id: uuid.UUID, name: str
) -> None:
    text = put(served, name)
    feed_id = add_feed(people.engine, url=served.url, organizer_id=group_id)
    outcome = read(people, feed_id)
    assert outcome.status is RunStatus.LOADED
    with people.engine.connect() as connection:
        ours = dates_of_our_page(connection, feed_id, TODAY, LAST)
    assert ours == by_python(text)
    assert len(ours) >= 7
    if ICAL_JS.exists():
        theirs = {date for date in by_javascript(text) if TODAY <= date[1].date() <= LAST}
        assert {date for date in ours if date[0] not in NOT_FOR_ICAL_JS} == {
            date for date in theirs if date[0] not in NOT_FOR_ICAL_JS
        }


def test_there_are_at_least_six_shapes() -> None:
    assert len(SHAPES) >= 6


@pytest.mark.parametrize("name", SHAPES)
def test_twice_changes_nothing(
    people: People, served: Served, group_id: uuid.UUID, name: str
) -> None:
    text = put(served, name)
    feed_id = add_feed(people.engine, url=served.url, organizer_id=group_id)
    read(people, feed_id)
    with people.engine.connect() as connection:
        before = activities_of(connection, feed_id)
    assert read(people, feed_id).status is RunStatus.UNCHANGED
    assert served.asked[-1][1]
    # Google writes another DTSTAMP each time it is asked.
    served.content = text.replace(b"DTSTAMP:20260105", b"DTSTAMP:20260106")
    assert read(people, feed_id).status is RunStatus.UNCHANGED
    with people.engine.connect() as connection:
        assert activities_of(connection, feed_id) == before


def test_what_google_s_calendar_becomes(
    people: People, served: Served, group_id: uuid.UUID
) -> None:
    put(served, "google.ics")
    feed_id = add_feed(people.engine, url=served.url, organizer_id=group_id)
    read(people, feed_id)
    with people.engine.connect() as connection:
        found = {row.name: row for row in activities_of(connection, feed_id)}
        # The series that was split is one activity; private, past and all-day ones are none.
        assert set(found) == {"Chair yoga", "Summer fair"}
        yoga = found["Chair yoga"]
        assert yoga.source_key == "4yoga7777@google.com"
        assert yoga.description == "Gentle yoga on a chair, now on Fridays."
        assert yoga.place_words == "Clarke Foley Centre, Cunliffe Rd, Ilkley LS29 9DZ, UK"
        assert yoga.organizer_id == group_id
        assert yoga.venue_id is None
        assert yoga.cost_pence is None
        assert found["Summer fair"].place_words == "Online"
        slugs = connection.execute(
            sa.text("SELECT concept FROM interests WHERE id = ANY(:ids)"),
            {"ids": list(yoga.interest_ids)},
        ).scalars().all()  # fmt: skip
        assert any("yoga" in slug for slug in slugs), slugs
        said = connection.execute(
            sa.text(
                "SELECT string_agg(y::text, ' ') FROM activities y"
                " JOIN sources s ON s.id = y.source_id WHERE s.slug LIKE 'feed-%'"
            )
        ).scalar_one()
    for private in ("jean.secret", "zqzoomsecret", "meet.google", "Dentist"):
        assert private not in said


def test_events_that_cannot_be_read_are_problems_of_their_own(
    people: People, served: Served, group_id: uuid.UUID
) -> None:
    put(served, "teamup.ics")
    feed_id = add_feed(people.engine, url=served.url, organizer_id=group_id)
    assert "2 problems" in read(people, feed_id).message
    with people.engine.connect() as connection:
        problems = connection.execute(
            sa.text(
                "SELECT p.name, p.message FROM import_problems p"
                " JOIN import_runs r ON r.id = p.import_run_id"
                " JOIN sources s ON s.id = r.source_id WHERE s.slug = :slug ORDER BY p.name"
            ),
            {"slug": f"feed-{feed_id}"},
        ).all()
    assert [row.name for row in problems] == ["Broken date", "Never ending"]
    assert "DTSTART" in problems[0].message
    assert "more often than daily" in problems[1].message


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("truncated", "cut off"),
        ("emptied", "no events"),
        ("nothing", "empty"),
        ("html", "web page"),
        ("other", "not a calendar"),
        ("large", "5 MB"),
        ("many", "2,001 events"),
    ],
)
def test_a_broken_calendar_changes_nothing_and_says_why(
    people: People, served: Served, group_id: uuid.UUID, how: str, why: str
) -> None:
    text = put(served, "google.ics")
    feed_id = add_feed(people.engine, url=served.url, organizer_id=group_id)
    read(people, feed_id)
    with people.engine.connect() as connection:
        before = activities_of(connection, feed_id)
    served.content = {
        "truncated": text[: len(text) // 2],
        "emptied": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        "nothing": b"",
        "html": b"<!DOCTYPE html><html><body>Sign in</body></html>",
        "other": b"name,place\nx,y\n",
        "large": b"BEGIN:VCALENDAR\r\n" + b"X-A:b\r\n" * 800_000 + b"END:VCALENDAR\r\n",
        "many": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n" * 2_001
        + b"END:VCALENDAR\r\n",
    }[how]  # fmt: skip
    with pytest.raises((FileRefused, NotFetched), match=why):
        read(people, feed_id)
    with people.engine.connect() as connection:
        assert activities_of(connection, feed_id) == before


def calendar_of(names: list[str], day: str = "20260401") -> bytes:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{name}\r\nDTSTART:{day}T100000\r\nDTEND:{day}T110000\r\n"
        f"SUMMARY:{name}\r\nEND:VEVENT\r\n"
        for name in names
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode()


def test_half_a_calendar_is_refused_and_what_is_over_goes_by_itself(
    people: People, served: Served, group_id: uuid.UUID
) -> None:
    feed_id = add_feed(people.engine, url=served.url, organizer_id=group_id)
    names = ["Quiz", "Choir", "Lunch", "Chess", "Bingo"]
    served.content = calendar_of(names)
    read(people, feed_id)
    served.content = calendar_of(names[:2])
    with pytest.raises(FileRefused, match="3 of 5"):
        read(people, feed_id)
    with people.engine.connect() as connection:
        assert len(activities_of(connection, feed_id)) == 5
    # One that stops is fine.
    served.content = calendar_of(names[:4])
    assert "1 gone" in read(people, feed_id).message
    # In May all of it is over, and gone without anybody's leave.
    served.content = calendar_of(["New"], "20260601")
    assert "4 gone" in read(people, feed_id, dt.date(2026, 5, 1)).message
