"""What is shown of a match that has several sessions: once, with all its times in order."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from app.matches.actions import find_matches
from app.models import Schedule
from geo.interests import Vocabulary
from tests.builders import CITY_HALL, make_activity, make_asset

TUESDAY, FRIDAY = dt.date(2026, 1, 6), dt.date(2026, 1, 9)


def _weekly(starts_on: dt.date, day: str, hour: int) -> Schedule:
    return Schedule(
        starts_on=starts_on,
        opens_at=dt.time(hour),
        closes_at=dt.time(hour + 1),
        rrule=f"FREQ=WEEKLY;BYDAY={day}",
    )


def test_an_activity_of_several_sessions_is_one_match(
    session: Session, vocabulary: Vocabulary
) -> None:
    club = make_asset(session, "Riverside Bowls Club", interests=["bowls"])
    sessions = [_weekly(FRIDAY, "FR", 10), _weekly(TUESDAY, "TU", 14), _weekly(TUESDAY, "TU", 10)]
    make_activity(session, "Bowls for everyone", club, interests=["bowls"], schedules=sessions)
    lists = find_matches(
        session.connection(),
        vocabulary,
        lon=CITY_HALL[0],
        lat=CITY_HALL[1],
        interests=["bowls"],
        today=dt.date(2026, 11, 23),
    )
    assert [(match.name, match.place_name) for match in lists.near] == [
        ("Bowls for everyone", "Riverside Bowls Club")
    ]
    assert lists.near[0].when == (
        "Every Tuesday, 10am to 11am; Every Tuesday, 2pm to 3pm; Every Friday, 10am to 11am"
    )
    assert lists.comes_to_you == []


def test_a_place_is_shown_once_by_its_best(session: Session, vocabulary: Vocabulary) -> None:
    club = make_asset(session, "Riverside Bowls Club", interests=["bowls"])
    for name in ("Monday bowls", "Tuesday bowls"):
        make_activity(session, name, club, interests=["bowls"], comes_to_homes=True)
    lists = find_matches(
        session.connection(), vocabulary, lon=CITY_HALL[0], lat=CITY_HALL[1], interests=["bowls"]
    )
    assert [match.kind_of for match in lists.near] == ["asset"]
    assert [match.place_name for match in lists.comes_to_you] == ["Riverside Bowls Club"]


def test_last_seasons_times_are_not_said(session: Session, vocabulary: Vocabulary) -> None:
    club = make_asset(session, "Riverside Bowls Club", interests=["bowls"])
    last_season = _weekly(TUESDAY, "TU", 14)
    last_season.rrule = "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260930"
    sessions = [last_season, _weekly(FRIDAY, "FR", 10)]
    make_activity(session, "Bowls", club, interests=["bowls"], schedules=sessions)

    def said_on(today: dt.date) -> str | None:
        lists = find_matches(
            session.connection(),
            vocabulary,
            lon=CITY_HALL[0],
            lat=CITY_HALL[1],
            interests=["bowls"],
            today=today,
        )
        return lists.near[0].when

    this_season = "Every Friday, 10am to 11am"
    assert said_on(dt.date(2026, 10, 1)) == this_season
    assert said_on(dt.date(2026, 9, 30)) == (
        f"Every Tuesday, 2pm to 3pm, until 30 September 2026; {this_season}"
    )
