"""Filters and forms of the public page: what is left out, said, offered, and in no address."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Schedule, UnmetInterest
from tests.builders import make_activity, make_asset
from tests.people import People, weekly_on_tuesdays
from tests.web.document import Document

if TYPE_CHECKING:
    from starlette.testclient import TestClient

QUESTION = {"near": "BD1 1HY", "interest": "reading"}


@pytest.fixture(scope="module")
def client(people: People) -> TestClient:
    """A visitor of a town where three groups read, at different times and prices."""
    with Session(people.engine) as session:
        club = make_asset(
            session, "Library friends", access=["step_free"], email="a@friends.example"
        )
        make_activity(
            session, "Tuesday readers", club, interests=["reading"], cost_pence=250,
            schedules=[weekly_on_tuesdays()], is_indoors=True,
        )  # fmt: skip
        saturday = Schedule(
            starts_on=dt.date(2026, 1, 3), opens_at=dt.time(10, 30), rrule="FREQ=WEEKLY;BYDAY=SA"
        )
        other = make_asset(session, "Bookworms", access=[], website="https://bookworms.example")
        make_activity(
            session, "Saturday readers", other, interests=["reading"], cost_pence=0,
            schedules=[saturday], is_indoors=False,
        )  # fmt: skip
        make_asset(session, "Somebody with books", interests=["reading"])
        over = make_asset(session, "Old readers")
        ended = weekly_on_tuesdays()
        ended.rrule = "FREQ=WEEKLY;UNTIL=20260301"
        make_activity(
            session, "Last year's readers", over, interests=["reading"], schedules=[ended]
        )
        session.commit()
    return people.client()


def near(client: TestClient, **fields: str | list[str]) -> list[str]:
    """Return the names of the near list."""
    page = Document(client.post("/matches", data=QUESTION | fields).text)
    lists = [lst for lst in page.all("ol") if "pw-list--numbered" in lst.get("class")]
    return sorted(item.one("h3").text for lst in lists for item in lst.children)


EVERYTHING = ["Saturday readers", "Somebody with books", "Tuesday readers"]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, EVERYTHING),
        ({"days": "weekend"}, ["Saturday readers"]),
        ({"days": ["weekdays"]}, ["Tuesday readers"]),
        ({"days": ["mon", "tue"], "starts_after": "14:00"}, ["Tuesday readers"]),
        # The Saturday group is on after nine and the Tuesday one on a Tuesday: neither on both.
        ({"days": "tue", "starts_before": "11:00"}, []),
        ({"starts_after": "15:30"}, []),
        ({"starts_after": "2pm"}, ["Tuesday readers"]),
        ({"must": "free"}, ["Saturday readers"]),
        ({"must": "step_free"}, ["Tuesday readers"]),
        ({"must": ["indoors", "step_free"]}, ["Tuesday readers"]),
        ({"must": "free", "unknown": "yes"}, ["Saturday readers", "Somebody with books"]),
        ({"starts_after": "15:30", "unknown": "yes"}, ["Somebody with books"]),
    ],
)
def test_a_filter_leaves_out_what_does_not_fit(
    client: TestClient, fields: dict[str, str | list[str]], names: list[str]
) -> None:
    assert near(client, **fields) == names


def test_what_nobody_knows_is_left_out_and_said_and_offered(client: TestClient) -> None:
    page = Document(client.post("/matches", data=QUESTION | {"must": "free"}).text)
    said = page.one("p", class_="pw-left-out")
    assert said.text.startswith(
        "1 place is left out because nobody has told us what it costs. Show those too"
    )
    button = said.one("button")
    assert (button.get("name"), button.get("value"), button.get("form")) == (
        "unknown", "yes", "asked",
    )  # fmt: skip
    by_link = Document(client.get("/matches?near=BD1+1HY&interest=reading&must=free").text)
    link = by_link.one("p", class_="pw-left-out").one("a").get("href")
    assert "Somebody with books" in client.get(link).text


def test_each_match_says_when_next_access_cost_and_contact(client: TestClient) -> None:
    page = Document(client.post("/matches", data=QUESTION).text)
    texts = {item.one("h3").text: item.text for item in page.all("li", class_="pw-item")}
    tuesday, books, saturday = (
        texts[n] for n in ("Tuesday readers", "Somebody with books", "Saturday readers")
    )
    assert "Next: " in tuesday
    assert "2pm" in tuesday
    assert "Step-free" in tuesday
    assert "£2.50" in tuesday
    assert "a@friends.example" in tuesday
    assert "Not checked yet: ring first." in tuesday
    assert "Nothing for access" in saturday
    assert "Free" in saturday
    assert "bookworms.example" in saturday
    assert "Access not known" in books
    assert "No phone number known." in books


def test_what_has_ended_is_no_match(client: TestClient) -> None:
    assert "Last year" not in client.post("/matches", data=QUESTION | {"unknown": "yes"}).text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"starts_after": "half past three"}, "starts_after"),
        ({"starts_after": "16:00", "starts_before": "15:00"}, "starts_before"),
        ({"days": "someday"}, "days"),
        ({"must": "cheap"}, "must"),
        ({"unknown": "perhaps"}, "unknown"),
        ({"within": "0"}, "within"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named_and_nothing_is_lost(
    client: TestClient, fields: dict[str, str], field: str
) -> None:
    answer = client.post("/matches", data=QUESTION | {"needs": "seating"} | fields)
    page = Document(answer.text)
    assert answer.status_code == 422
    assert [link.get("href") for link in page.one("div", id="problems").all("a")] == [f"#{field}"]
    assert page.one("input", id="near").get("value") == "BD1 1HY"
    assert page.one("input", id="interest").get("value") == "Reading"
    assert "checked" in page.one("input", type="checkbox", value="seating").attributes


def test_a_form_puts_nothing_into_an_address_but_the_link_people_ask_for(
    client: TestClient,
) -> None:
    answer = client.post("/matches", data=QUESTION)
    page = Document(answer.text)
    # Kept by this browser alone: or the way back from a match would be an error page.
    assert answer.headers["cache-control"] == "private, no-cache"
    shared = [link for link in page.links() if "reading" in link]
    assert shared == ["/matches?near=BD1+1HY&interest=reading"]
    assert not [frame for frame in page.all("iframe") if frame.get("src")]
    (map_form,) = [form for form in page.all("form") if form.get("target")]
    assert (map_form.get("method"), map_form.get("action")) == ("post", "/matches/map")
    fields = {field.get("name"): field.get("value") for field in map_form.all("input")}
    drawn = client.post("/matches/map", data=fields)
    assert drawn.status_code == 200
    assert "Tuesday readers" in drawn.text
    assert "Tuesday readers" in client.get(shared[0]).text


def test_small_buttons_change_the_interests(client: TestClient) -> None:
    page = Document(client.post("/matches", data=QUESTION | {"interest": "reading, bolws"}).text)
    asked = page.one("form", id="asked")
    fields = [(field.get("name"), field.get("value")) for field in asked.all("input")]
    assert fields == [("near", "BD1 1HY"), ("interest", "reading"), ("interest", "bolws")]
    buttons = {b.text: b for b in page.all("button") if b.get("form") == "asked"}
    assert buttons["Bowls"].get("value") == "bowls|bolws"
    data = {"near": "BD1 1HY", "interest": ["reading", "bolws"]}
    meant = Document(client.post("/matches", data=data | {"meant": "bowls|bolws"}).text)
    chips = [b.text for b in meant.all("button") if b.get("name") == "drop"]
    assert chips == ["Remove Reading ×", "Remove Bowls ×"]
    left = Document(client.post("/matches", data=data | {"drop": "reading"}).text)
    assert not [b for b in left.all("button") if b.get("name") == "drop"]
    assert "What does “bolws” mean here?" in left.one("main").text


def test_public_pages_offer_no_connecting(client: TestClient) -> None:
    assert "/connections" not in client.post("/matches", data=QUESTION).text


def test_a_question_for_what_is_not_there_counts_once_a_day(
    client: TestClient, people: People
) -> None:
    for _ in range(2):
        data = {"near": "BD1 1HY", "interest": "zzyzx, bowls, islam"}
        assert client.post("/matches", data=data).status_code in {200, 422}
    for _ in range(2):
        client.post("/matches", data={"near": "BD1 1HY", "interest": "sailing-and-boating,islam"})
    with Session(people.engine) as session:
        kept = session.execute(
            sa.text(
                "SELECT i.concept, u.ward_code, u.team_id, u.resident_id FROM unmet_interests u"
                " JOIN interests i ON i.id = u.interest_id"
            )
        ).all()
    # Asked for by its address only, nothing is counted: looking again at a link is no new question.
    assert client.get("/matches?near=BD1+1HY&interest=pottery").status_code == 200
    assert [tuple(row) for row in kept if row.concept == "sailing-and-boating"] == [
        ("sailing-and-boating", "E05001347", None, None)
    ]
    # What shows faith, health or the like is in no count.
    assert "islam" not in {row.concept for row in kept}
    assert "bowls" not in {row.concept for row in kept}
    with Session(people.engine) as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(UnmetInterest))
        assert count == len(kept)
