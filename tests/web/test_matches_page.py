"""From what somebody says to phone numbers: the main job, as a page."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.models import AssetKind, Schedule
from tests import builders
from tests.web.conftest import Town
from tests.web.document import Document


def interests_of(link: str) -> list[str]:
    return parse_qs(urlsplit(link).query).get("interest", [])


def chips(page: Document) -> dict[str, list[str]]:
    """Return the chosen interests, and what stays when each is taken out."""
    found = [lst for lst in page.all("ul", class_="pw-chips") if lst.get("aria-label")]
    links = [item.children[0] for lst in found for item in lst.children]
    return {
        link.text.removeprefix("Remove ").removesuffix(" ×"): interests_of(link.get("href"))
        for link in links
    }


def test_the_form_alone(client: TestClient, town: Town) -> None:
    page = Document(client.get("/matches").text)
    assert page.one("h1").text == "Find something for a resident"
    assert not page.all("ol")
    assert not page.all("iframe")
    assert "open" in page.one("details", class_="pw-filters").attributes


def test_from_words_to_a_phone_number_and_a_reason(client: TestClient, town: Town) -> None:
    page = Document(client.get("/matches?near=bd11hy&interest=used+to+play+bowls").text)

    assert page.one("h1").text == "Matches near BD1 1HY"
    assert chips(page) == {"Bowls": []}
    assert "We took “used to play bowls” to mean Bowls." in page.one("main").text
    near, comes = page.all("ol")
    assert [item.children[0].text for item in near.children] == ["Riverside Bowls Club"]
    assert [item.children[0].text for item in comes.children] == ["Boccia for beginners"]
    assert "tel:012745550101" in page.links()
    reasons = page.all("p", class_="pw-reasons")[1].text
    assert "gentler alternative to bowls" in reasons
    assert "Every Tuesday, 2pm to 3.30pm" in reasons
    frame = client.get(page.one("iframe").get("src"))
    assert frame.status_code == 200
    assert "Riverside Bowls Club" in frame.text
    assert "no-store" in frame.headers["cache-control"]


def test_every_view_is_a_link_and_chips_are_too(client: TestClient, town: Town) -> None:
    page = Document(client.get("/matches?near=BD1+1HY&interest=bowls,+reading&within=2000").text)
    assert chips(page) == {"Bowls": ["reading"], "Reading": ["bowls"]}
    for link in page.links():
        if link.startswith("/matches?"):
            query = parse_qs(urlsplit(link).query)
            assert query["near"] == ["BD1 1HY"]
            assert query["within"] == ["2000"]


def test_what_is_not_sure_is_offered_not_taken(client: TestClient, town: Town) -> None:
    answer = client.get("/matches?near=BD1+1HY&interest=bolws,+reading")
    page = Document(answer.text)

    assert answer.status_code == 200
    offer = page.one("div", class_="pw-did-you-mean")
    assert "What does “bolws” mean here?" in offer.text
    offered = [link for link in page.all("a") if "bowls" in interests_of(link.get("href"))]
    assert interests_of(offered[0].get("href")) == ["reading", "bowls"]
    # What was sure is answered meanwhile.
    assert chips(page) == {"Reading": []}
    assert [heading.text for heading in page.all("h3")] == ["City Library"]
    # A program is asked to say what it means.
    problem = client.get("/api/matches?near=BD1+1HY&interest=bolws").json()
    assert problem["field"] == "interest"
    assert "Did you mean" in problem["detail"]
    assert "(bowls)" in problem["detail"]


def test_starting_from_a_care_home(client: TestClient, town: Town) -> None:
    by_id = client.get(f"/matches?home={town.home.id}&interest=bowls")
    by_name = client.get("/matches?near=bowmont+house&interest=bowls")
    by_part = client.get("/matches?near=Bowmont&interest=bowls")
    for answer in (by_id, by_name, by_part):
        assert Document(answer.text).one("h1").text == "Matches near Bowmont House"


def test_a_name_that_several_homes_have_is_a_choice(
    client: TestClient, town: Town, session: Session
) -> None:
    other = builders.make_asset(
        session, "Bowmont Grange", at=builders.SHIPLEY_MARKET, kind=AssetKind.CARE_HOME
    )
    answer = client.get("/matches?near=Bowmont&interest=bowls&within=900")
    page = Document(answer.text)
    assert answer.status_code == 422
    choices = {
        link.text: parse_qs(urlsplit(link.get("href")).query)
        for link in page.all("a")
        if "home=" in link.get("href")
    }
    assert set(choices) == {"Bowmont House", "Bowmont Grange"}
    assert choices["Bowmont Grange"] == {
        "interest": ["bowls"],
        "within": ["900"],
        "home": [str(other.id)],
    }


def test_needs_and_reach_are_kept_in_the_form(client: TestClient, town: Town) -> None:
    page = Document(
        client.get("/matches?near=BD1+1HY&interest=bowls&needs=step_free&within=777").text
    )
    checked = [
        box.get("value")
        for box in page.all("input", type="checkbox")
        if "checked" in box.attributes
    ]
    assert checked == ["step_free"]
    chosen = [
        option.get("value") for option in page.all("option") if "selected" in option.attributes
    ]
    assert chosen == ["777"]


def test_half_a_question_asks_for_the_other_half(client: TestClient, town: Town) -> None:
    place = Document(client.get("/matches?near=BD1+1HY").text).one("main").text
    assert "Now say what they enjoy" in place
    interest = Document(client.get("/matches?interest=bowls").text).one("main").text
    assert "Now say where" in interest


def test_nothing_near_says_what_to_do(client: TestClient, town: Town) -> None:
    page = Document(client.get("/matches?near=BD1+1HY&interest=bowls&within=1").text)
    assert "Nothing near fits. Look farther" in page.one("main").text


def test_a_postcode_out_of_use_says_so(client: TestClient, town: Town, session: Session) -> None:
    import sqlalchemy as sa  # noqa: PLC0415

    session.execute(sa.text("UPDATE postcodes SET gone_at = now()"))
    page = Document(client.get("/matches?near=BD1+1HY&interest=bowls").text)
    assert "This postcode is no longer in use" in page.one("main").text


def test_the_map_numbers_what_the_page_numbers(client: TestClient, town: Town) -> None:
    question = "near=BD1+1HY&interest=bowls,reading"
    page = Document(client.get(f"/matches?{question}").text)
    names = [heading.text for heading in page.all("ol")[0].children]
    document = client.get(f"/matches/map?{question}").text
    assert names
    for name in ("City Library", "Riverside Bowls Club"):
        assert name in document
    assert "Boccia for beginners" not in document


def test_what_fits_in_two_ways_says_its_times_once(
    client: TestClient, town: Town, session: Session
) -> None:
    """A band is brass bands, and music: more general than brass bands. It is found twice."""
    builders.make_activity(
        session,
        "The band plays for you",
        organizer=town.club,
        interests=["brass-bands", "music"],
        comes_to_homes=True,
        schedules=[
            Schedule(starts_on=dt.date(2026, 1, 6), opens_at=dt.time(14), rrule="FREQ=WEEKLY")
        ],
    )
    found = client.get("/api/matches?near=BD1+1HY&interest=brass-bands").json()
    assert [match["when"] for match in found["comes_to_you"]] == ["Every Tuesday, 2pm"]
