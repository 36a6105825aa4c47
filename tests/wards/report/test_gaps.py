"""What people asked for in vain: rounded, hidden where it could tell, and where the nearest is."""

from __future__ import annotations

import datetime as dt
import math
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.areas.report_gaps import _said
from app.models import AssetKind, LocationSource
from tests import builders
from tests.wards.report.conftest import BESIDE, CITY, LAT, LON, ask_for
from tests.wards.report.test_report import report_of
from tests.web.conftest import Town
from tests.web.document import Document

NEXT = next(iter(BESIDE))


@pytest.fixture
def next_door(session: Session, town: Town) -> str:
    x, y = BESIDE[NEXT]
    builders.make_ward(session, NEXT, "Next Door", shape=builders.square((LON + x, LAT + y)))
    return NEXT


@pytest.mark.parametrize(("times", "asked"), [(1, None), (7, None), (8, 10), (12, 10), (13, 15)])
def test_numbers_are_hidden_below_eight_and_rounded(
    connection: sa.Connection, session: Session, town: Town, times: int, asked: int | None
) -> None:
    ask_for(session, CITY, "stargazing", times=times)
    (gap,) = report_of(connection).gaps
    assert (gap.concept, gap.asked, gap.where) == ("stargazing", asked, "")


def test_no_exact_number_leaves_by_any_way(
    client: TestClient, session: Session, next_door: str
) -> None:
    ask_for(session, CITY, "stargazing", times=7)
    ask_for(session, next_door, "stargazing", times=13)
    said = client.get(f"/api/wards/{CITY}").json()
    # Each ward's own rounded number and nothing made of both: 20 would be their sum.
    assert [(gap["asked"], gap["where"]) for gap in said["gaps"]] == [
        (None, ""), (15, "Next Door")
    ]  # fmt: skip
    text = Document(client.get(f"/wards/{CITY}").text).one("section", aria_labelledby="unmet").text
    assert "fewer than 8 times here and about 15 times in Next Door" in text
    assert not any(number in text for number in (" 7 ", " 13 ", " 20 "))


def test_special_categories_are_never_a_gap(
    client: TestClient, connection: sa.Connection, session: Session, next_door: str
) -> None:
    special = session.execute(
        sa.text("SELECT concept, label FROM interests WHERE is_special_category ORDER BY 1")
    ).all()
    assert len(special) > 3
    for code in (CITY, next_door):
        for row in special:
            ask_for(session, code, row.concept, times=20)
    ask_for(session, CITY, "stargazing", times=20)
    report = report_of(connection)
    assert {gap.concept for gap in (*report.gaps, *report.met)} == {"stargazing"}
    gaps = client.get(f"/api/wards/{CITY}").json()["gaps"]
    assert not {row.label for row in special} & {gap["label"] for gap in gaps}


def test_the_nearest_is_what_answers_it(
    connection: sa.Connection, session: Session, town: Town
) -> None:
    """The same or a narrower interest or a gentler alternative; not a more general one."""
    ask_for(session, CITY, "stargazing", times=9)
    (gap,) = report_of(connection).gaps
    assert (gap.nearest_id, gap.nearest_text) == (None, "Nothing on this map has it.")
    far = builders.make_asset(session, "Far Stars", at=(LON, LAT + 0.030), interests=["stargazing"])
    builders.make_asset(session, "Farther Stars", at=(LON, LAT + 0.050), interests=["stargazing"])
    broader = session.execute(
        sa.text("SELECT b.concept FROM interests i JOIN interests b ON b.id = i.broader_id"
                " WHERE i.concept = 'stargazing'")
    ).scalar_one()  # fmt: skip
    builders.make_asset(session, "General", at=(LON, LAT + 0.02), interests=[broader])
    (gap,) = report_of(connection).gaps
    assert gap.nearest_id == str(far.id)
    # 3.34 km as the crow flies, times 1.3, at 5 km/h.
    assert gap.nearest_text == "about 52 minutes\u2019 walk (3.3 km)"


@pytest.mark.parametrize(
    ("walk_m", "said"),
    [
        (3_900.0, "47 minutes\u2019 walk (3.9 km on foot)"),
        (80.0, "a minute\u2019s walk (80 m on foot)"),
        (math.inf, "more than 90 minutes on foot (1.4 km as the crow flies)"),
        (math.nan, "about 22 minutes\u2019 walk (1.4 km)"),
    ],
    ids=["along ways", "a minute", "no way", "by the line"],
)
def test_minutes_stand_beside_the_metres_they_are_made_of(walk_m: float, said: str) -> None:
    row: Any = SimpleNamespace(metres=1_400.0, is_visiting=False, is_by_ward=False)
    assert _said(row, walk_m, is_inside=False).text == said


def test_the_first_five_stand_and_the_rest_is_folded(
    client: TestClient, session: Session, next_door: str
) -> None:
    concepts = ("stargazing", "fishing", "canals", "winter-sports", "classic-cars", "falconry",
                "horse-racing", "bell-ringing")  # fmt: skip
    known = session.execute(
        sa.text("SELECT count(*) FROM interests WHERE concept = ANY(:concepts)"),
        {"concepts": list(concepts)},
    ).scalar_one()
    assert known >= 7
    for concept in concepts:
        for code in (CITY, next_door):
            ask_for(session, code, concept, times=3)
    section = Document(client.get(f"/wards/{CITY}").text).one("section", aria_labelledby="unmet")
    (fold,) = section.all("details")
    assert fold.one("summary").text == f"{known - 5} more"
    assert len(fold.all("li")) == known - 5
    assert len(section.all("li")) == known
    assert "fewer than 8 times each here and in Next Door." in section.text


def test_where_nothing_is_known_nothing_is_praised(
    client: TestClient, session: Session, town: Town
) -> None:
    section = Document(client.get(f"/wards/{CITY}").text).one("section", aria_labelledby="unmet")
    assert "Nothing that we know of." in section.text
    session.execute(sa.text("UPDATE assets SET interest_ids = '{}'"))
    ask_for(session, CITY, "bowls", times=9)
    section = Document(client.get(f"/wards/{CITY}").text).one("section", aria_labelledby="unmet")
    assert "Good news" in section.text
    assert "Nothing now: all of it has come within reach." in section.text


def test_far_away_is_said_without_minutes(
    connection: sa.Connection, session: Session, town: Town
) -> None:
    ask_for(session, CITY, "stargazing", times=9)
    builders.make_asset(session, "Far Stars", at=(LON, LAT + 0.2), interests=["stargazing"])
    (gap,) = report_of(connection).gaps
    assert gap.nearest_text == "22.3 km away"


@pytest.mark.parametrize("way", ["in the ward", "near the middle", "gentler", "comes to homes"])
def test_what_has_come_into_reach_is_good_news(
    client: TestClient, connection: sa.Connection, session: Session, town: Town, way: str
) -> None:
    concept = "bowls" if way == "gentler" else "stargazing"
    if way == "gentler":
        session.execute(sa.text("DELETE FROM activities"))
        session.execute(sa.text("UPDATE assets SET interest_ids = '{}'"))
    ask_for(session, CITY, concept, times=9)
    assert [gap.concept for gap in report_of(connection).gaps] == [concept]
    if way == "comes to homes":
        x, y = 0.0, 0.1
        group = builders.make_asset(session, "Travelling Domes", at=(LON + x, LAT + y))
        builders.make_activity(
            session, "Planetarium", group, interests=[concept], comes_to_homes=True
        )
    else:
        given = "boccia" if way == "gentler" else concept
        at = (LON + 0.009, LAT + 0.009) if way == "in the ward" else (LON, LAT + 0.008)
        builders.make_asset(session, "New Club", at=at, interests=[given])
    report = report_of(connection)
    assert [gap.concept for gap in report.met] == [concept]
    assert report.gaps == []
    assert "Everything people here or next door asked for in vain has come within reach." in (
        report.sentences
    )
    page = Document(client.get(f"/wards/{CITY}").text)
    assert "Good news" in page.one("h3", id="met").text


def test_an_activity_that_is_over_is_no_good_news(
    connection: sa.Connection, session: Session, town: Town
) -> None:
    ask_for(session, CITY, "stargazing", times=9)
    builders.make_activity(session, "Once", town.club, interests=["stargazing"],
                           ends_on=dt.date(2026, 1, 1))  # fmt: skip
    report = report_of(connection)
    assert (report.met, report.gaps[0].nearest_id) == ([], None)


def test_what_is_known_by_its_ward_has_no_minutes(
    connection: sa.Connection, session: Session, town: Town
) -> None:
    ask_for(session, CITY, "stargazing", times=9)
    builders.make_asset(session, "Jo has a telescope", at=None, kind=AssetKind.INFORMAL,
                        ward_code=CITY, location_source=LocationSource.WARD,
                        interests=["stargazing"])  # fmt: skip
    (met,) = report_of(connection).met
    assert met.nearest_text == "in this ward"


def test_what_is_a_year_old_is_forgotten(
    connection: sa.Connection, session: Session, town: Town
) -> None:
    ask_for(session, CITY, "stargazing", times=9)
    session.execute(sa.text("UPDATE unmet_interests SET noticed_on = CURRENT_DATE - 365"
                            " - CAST(id AS int) % 100"))  # fmt: skip
    assert report_of(connection).gaps == ()


def test_old_boundaries_have_no_gaps(
    client: TestClient, connection: sa.Connection, session: Session, town: Town
) -> None:
    builders.make_ward(session, CITY, "City as it was", release="2013")
    ask_for(session, CITY, "stargazing", times=9)
    assert report_of(connection, release="2013").gaps == ()
    page = Document(client.get(f"/wards/{CITY}?release=2013").text)
    assert not page.all("section", aria_labelledby="unmet")
    assert "stargazing" not in page.one("main").text.lower()
