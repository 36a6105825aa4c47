"""Calendars out: two programs that are not ours see the dates our own pages show."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import uuid
from dataclasses import dataclass
from typing import Any

import icalendar
import pytest
import recurring_ical_events  # type: ignore[import-untyped]
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars import router as calendars_router
from app.connections.occurrences import expand
from app.importers.options import ReadOptions
from app.importers.readers import own_activities
from app.importers.records import ActivityRecord
from app.models import AssetKind, Schedule
from tests import builders
from tests.calendars.calendar_feeds import Seen, as_times
from tests.calendars.test_calendars_in import ICAL_JS, NODE, READER, seen
from tests.conftest import ROOT
from tests.people import People

TODAY = dt.date(2026, 1, 5)
LAST = dt.date(2027, 1, 4)
D, T = dt.date, dt.time


@pytest.fixture(autouse=True)
def _on_a_day_in_january(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars_router, "today", lambda: TODAY)


def python_s(text: str) -> set[Seen]:
    calendar: Any = icalendar.Calendar.from_ical(text)
    found = recurring_ical_events.of(calendar).between(TODAY, LAST + dt.timedelta(days=1))
    return {seen(str(e["summary"]), e["dtstart"].dt, e["dtend"].dt) for e in found}


def javascript_s(text: str, zone: str) -> set[Seen]:
    answer = subprocess.run(
        [NODE, READER, ICAL_JS, "2026-01-05T00:00:00Z", "2027-01-05T00:00:00Z"],
        input=text, capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"], "TZ": zone},
    )  # fmt: skip
    return {
        seen(
            name, dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end) if end else None
        )
        for name, start, end in json.loads(answer.stdout)
    }


def ours(connection: sa.Connection, ids: list[uuid.UUID]) -> set[Seen]:
    found: set[Seen] = set()
    for activity_id, name in connection.execute(
        sa.text("SELECT id, name FROM activities WHERE id = ANY(:ids)"), {"ids": ids}
    ):
        for one in expand(as_times(connection, activity_id), [], first=TODAY, last=LAST):
            ends = one.ends_at.replace(tzinfo=None) if one.ends_at else None
            found.add((name, dt.datetime.combine(one.on, one.opens_at), ends))
    return found


@dataclass
class Stored:
    """A club with every activity of the sample town, and one with what is hard about dates."""

    club_id: uuid.UUID
    ids: list[uuid.UUID]
    venue_id: uuid.UUID
    home_id: uuid.UUID


@pytest.fixture(scope="module")
def stored(people: People) -> Stored:
    path = ROOT / "data" / "sample" / "activities.csv"
    records = [
        record
        for record in own_activities.read(path, ReadOptions(today=TODAY))
        if isinstance(record, ActivityRecord)
    ]
    assert len(records) > 50
    with Session(people.engine) as session:
        club = builders.make_asset(session, "Everything club", phone="01274 555 0123")
        venue = builders.make_asset(session, "The <b>Old</b> Hall", kind=AssetKind.VENUE)
        home = builders.make_asset(session, "Bowmont Lodge", kind=AssetKind.CARE_HOME)
        made = [
            builders.make_activity(
                session, f"{record.name} {number}", club,
                schedules=[Schedule(starts_on=s.starts_on, opens_at=s.opens_at,
                                    closes_at=s.closes_at, rrule=s.rrule, exdates=list(s.exdates))
                           for s in record.schedules],
            )
            for number, record in enumerate(records)
        ]  # fmt: skip
        for name, values in HARD.items():
            schedule = Schedule(**({"closes_at": None, "exdates": []} | values))
            made.append(
                builders.make_activity(
                    session, name, club, venue=venue, schedules=[schedule],
                    interests=["boccia"], cost_pence=250,
                )
            )  # fmt: skip
        session.commit()
        return Stored(club.id, [one.id for one in made], venue.id, home.id)


HARD: dict[str, dict[str, Any]] = {
    "On the days of the clock changes": {
        "starts_on": D(2026, 1, 4), "opens_at": T(10), "closes_at": T(11, 30),
        "rrule": "FREQ=WEEKLY",
    },
    "Evening, to the last day": {
        "starts_on": D(2026, 1, 6), "opens_at": T(23, 30), "closes_at": T(23, 55),
        "rrule": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260630", "exdates": [D(2026, 3, 31), D(2026, 6, 2)],
    },
    "Last Friday": {
        "starts_on": D(2020, 1, 31), "opens_at": T(14), "rrule": "FREQ=MONTHLY;BYDAY=-1FR",
    },
    "Once": {"starts_on": D(2026, 10, 25), "opens_at": T(11), "rrule": None},
    "Ten times": {
        "starts_on": D(2026, 3, 25), "opens_at": T(9), "rrule": "FREQ=DAILY;COUNT=10",
        "exdates": [D(2026, 3, 29)],
    },
}  # fmt: skip


def calendar(people: People, path: str) -> str:
    answer = people.client().get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return str(answer.content, "utf-8")


def test_every_sample_activity_is_on_the_same_dates_in_python(
    people: People, stored: Stored
) -> None:
    with people.engine.connect() as connection:
        expected = ours(connection, stored.ids)
    text = calendar(people, f"/assets/{stored.club_id}.ics")
    assert python_s(text) == expected
    assert len(expected) > 1_000


@pytest.mark.skipif(not ICAL_JS.exists(), reason="there is no ical.js: make test fetches it")
@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
def test_every_sample_activity_is_on_the_same_dates_in_javascript(
    people: People, stored: Stored, zone: str
) -> None:
    with people.engine.connect() as connection:
        expected = ours(connection, stored.ids)
    text = calendar(people, f"/assets/{stored.club_id}.ics")
    theirs = {one for one in javascript_s(text, zone) if TODAY <= one[1].date() <= LAST}
    assert theirs == expected


def test_a_venue_a_ward_an_interest_and_a_home_have_calendars(
    people: People, stored: Stored
) -> None:
    hard = set(HARD)
    for path in (
        f"/assets/{stored.venue_id}.ics",
        "/interests/boccia.ics?lon=-1.7534&lat=53.7924",
        f"/interests/boccia.ics?home={stored.home_id}&within=500",
        "/wards/E05001347.ics",
        f"/homes/{stored.home_id}.ics",
    ):
        text = calendar(people, path)
        assert hard <= {name for name, *_ in python_s(text)}, path
    parsed: Any = icalendar.Calendar.from_ical(calendar(people, f"/assets/{stored.venue_id}.ics"))
    assert parsed["x-wr-calname"] == "What is on: The <b>Old</b> Hall"
    assert parsed["refresh-interval"].dt == dt.timedelta(hours=12)
    (zone,) = parsed.walk("VTIMEZONE")
    assert zone["tzid"] == "Europe/London"
    uids = [str(event["uid"]) for event in parsed.walk("VEVENT")]
    assert len(uids) == len(set(uids)) == len(hard)
    (friday,) = (e for e in parsed.walk("VEVENT") if e["summary"] == "Last Friday")
    assert "Ring 01274 555 0123 before you go." in friday["description"]
    assert "£2.50." in friday["description"]
    assert friday["url"].endswith(f"/assets/{stored.venue_id}")


def test_asking_again_costs_nothing(people: People, stored: Stored) -> None:
    client, path = people.client(), f"/assets/{stored.club_id}.ics"
    first = client.get(path)
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"if-none-match": '"other"'}).content == first.content
    for line in first.content.split(b"\r\n"):
        assert b"\n" not in line
        assert len(line) <= 75


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/assets/00000000-0000-4000-8000-000000000000.ics", 404),
        ("/assets/x.ics", 404),
        ("/wards/E00000000.ics", 404),
        ("/interests/boccia.ics", 422),
        ("/interests/boccia.ics?near=ZZ1+1ZZ", 422),
        ("/interests/xyzzy.ics?lon=-1.7&lat=53.7", 404),
        ("/interests/boccia.ics?lon=NaN&lat=53.7", 422),
        ("/homes/00000000-0000-4000-8000-000000000000.ics", 404),
    ],
)
def test_what_cannot_be_a_calendar_is_said_plainly(people: People, path: str, status: int) -> None:
    assert people.client().get(path).status_code == status


def test_an_error_is_a_page_for_people_and_data_for_programs(people: People) -> None:
    client = people.client()
    path = "/assets/00000000-0000-4000-8000-000000000000.ics"
    program = client.get(path, headers={"accept": "*/*"})
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["status"] == 404
    person = client.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert person.status_code == 404
    assert person.headers["content-type"].startswith("text/html")
