"""One asset: everything public about it, and assets that are not shown."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.models import LocationSource, Schedule
from tests import builders
from tests.web.conftest import Town
from tests.web.document import Document


def facts(page: Document) -> dict[str, str]:
    terms = [term.text for term in page.all("dt")]
    return dict(zip(terms, [value.text for value in page.all("dd")], strict=True))


def test_a_group_with_its_activity(client: TestClient, town: Town) -> None:
    page = Document(client.get(f"/assets/{town.club.id}").text)
    found = facts(page)

    assert page.one("h1").text == "Group Riverside Bowls Club"
    assert "tel:012745550101" in page.links()
    assert found["Interests"] == "Bowls"
    assert found["Last checked"].startswith("Checked 3 weeks ago, on ")
    assert found["Where"] == "City ward, Bradford Its exact place is known."
    assert found["Getting in"] == "Nobody has looked yet. Ask before you go."
    assert "/wards/E05001347" in page.links()
    [item] = page.all("li", class_="pw-item")
    assert "Boccia for beginners" in item.text
    assert "Every Tuesday, 2pm to 3.30pm" in item.text
    assert "Next: Tuesday" in item.text
    assert "Comes to care homes." in item.text
    assert "£2.50" in item.text
    assert "Run by" not in item.text


def test_an_activity_elsewhere_is_on_both_pages(
    client: TestClient, town: Town, session: Session
) -> None:
    builders.make_activity(session, "Poems at four", town.club, venue=town.library)
    on_venue = Document(client.get(f"/assets/{town.library.id}").text)
    assert "Run by Riverside Bowls Club." in on_venue.one("li", class_="pw-item").text
    assert f"/assets/{town.club.id}" in on_venue.links()
    [_, on_organizer] = Document(client.get(f"/assets/{town.club.id}").text).all(
        "li", class_="pw-item"
    )
    assert "At City Library." in on_organizer.text
    assert "Run by" not in on_organizer.text


def test_what_is_on_at_a_linked_duplicate_is_on_at_the_place_shown(
    client: TestClient, town: Town, session: Session
) -> None:
    hosted = builders.make_activity(
        session, "Poems at four", town.club, venue=town.linked, interests=["poetry"]
    )
    run = builders.make_activity(session, "Story time", town.linked)
    page = Document(client.get(f"/assets/{town.library.id}").text)
    first, second = page.all("li", class_="pw-item")
    assert "Poems at four" in first.text
    assert "Run by Riverside Bowls Club." in first.text
    assert "At " not in first.text, "this is the page of where it is"
    assert "Story time" in second.text
    listed = client.get(f"/api/assets/{town.library.id}").json()["activities"]
    assert {activity["id"] for activity in listed} == {str(hosted.id), str(run.id)}
    # From the organizer one gets to the place shown, and so does who asks for the interest.
    links = Document(client.get(f"/assets/{town.club.id}").text).links()
    assert f"/assets/{town.library.id}" in links
    assert f"/assets/{town.linked.id}" not in links
    found = client.get("/api/assets?interest=poetry").json()["assets"]
    assert {asset["id"] for asset in found} == {str(town.library.id), str(town.club.id)}


def test_an_activity_of_a_gone_venue_names_no_venue(
    client: TestClient, town: Town, session: Session
) -> None:
    builders.make_activity(session, "Poems at four", town.club, venue=town.gone)
    text = Document(client.get(f"/assets/{town.club.id}").text).one("main").text
    assert "Poems at four" in text
    assert "Old Weavers" not in text
    assert str(town.gone.id) not in client.get(f"/assets/{town.club.id}").text


def test_last_seasons_times_give_way(client: TestClient, town: Town, session: Session) -> None:
    times = {"opens_at": dt.time(10), "closes_at": dt.time(11)}
    old = Schedule(
        starts_on=dt.date(2020, 1, 6), rrule="FREQ=WEEKLY;BYDAY=MO;UNTIL=20200601", **times
    )
    town.boccia.schedules.append(old)
    session.flush()
    text = client.get(f"/assets/{town.club.id}").text
    assert "Every Tuesday" in text
    assert "Every Monday" not in text
    town.boccia.schedules = [Schedule(starts_on=dt.date(2020, 1, 6), rrule=None, **times)]
    session.flush()
    assert "but no day ahead is known" in client.get(f"/assets/{town.club.id}").text


def test_opening_hours_are_a_table(client: TestClient, town: Town) -> None:
    page = Document(client.get(f"/assets/{town.library.id}").text)
    rows = [[cell.text for cell in row.children] for row in page.all("tr")]
    assert rows[0] == ["Monday", "9am to 5pm"]
    assert rows[1] == ["Tuesday", "Closed"]
    assert rows[2] == ["Wednesday", "9.30am to midday and 1pm to 7pm"]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (LocationSource.SURFACE, "a point inside it"),
        (LocationSource.POSTCODE, "Placed by its postcode"),
    ],
)
def test_how_the_place_is_known_is_said(
    client: TestClient, town: Town, session: Session, how: LocationSource, words: str
) -> None:
    asset = builders.make_asset(session, "Chess Club", location_source=how)
    assert words in facts(Document(client.get(f"/assets/{asset.id}").text))["Where"]


def test_an_informal_asset_is_shown_for_its_ward_only(client: TestClient, town: Town) -> None:
    page = Document(client.get(f"/assets/{town.informal.id}").text)
    assert "City ward" in facts(page)["Where"]
    assert "never at a door" in facts(page)["Where"]
    assert not [link for link in page.links() if "lon=" in link]
    document = client.get(page.one("iframe").get("src"))
    assert document.status_code == 200
    assert "Irene mends clocks" not in Document(document.text).one("body").text
    near = Document(client.get("/assets?near=BD1+1HY&kind=informal").text)
    assert "somewhere in its ward" in near.one("li", class_="pw-item").text
    assert "walk" not in near.one("li", class_="pw-item").text


def test_a_linked_duplicate_leads_to_its_original(client: TestClient, town: Town) -> None:
    for path in ("/assets", "/api/assets"):
        answer = client.get(f"{path}/{town.linked.id}")
        assert answer.status_code == 308
        assert answer.headers["location"] == f"{path}/{town.library.id}"
    page = Document(client.get(f"/assets/{town.library.id}").text)
    assert facts(page)["Known also as"] == "City Lib. (Source test)"


def test_what_has_gone_says_since_when(client: TestClient, town: Town) -> None:
    answer = client.get(f"/assets/{town.gone.id}")
    assert answer.status_code == 410
    text = Document(answer.text).one("main").text
    assert "This place has gone from the map" in text
    assert "1 May 2026" in text
    # Pages say only what the public views say, and those say nothing of it any more.
    assert "Weavers" not in answer.text
    assert client.get(f"/api/assets/{town.gone.id}").status_code == 404


def test_a_care_home_leads_to_its_matches(client: TestClient, town: Town) -> None:
    assert f"/homes/{town.home.id}" in Document(client.get(f"/assets/{town.home.id}").text).links()
    page = Document(client.get(f"/homes/{town.home.id}").text)
    form = page.one("form", action="/matches")
    assert page.one("input", name="home").get("value") == str(town.home.id)
    # What somebody enjoys goes into no address.
    assert form.get("method") == "post"
    # Any other asset is no home to start from.
    assert client.get(f"/homes/{town.club.id}").status_code == 404


def test_links_are_only_to_pages(client: TestClient, town: Town, session: Session) -> None:
    for website in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil",
        "https://",
        "http://[",
        "x y",
    ):
        asset = builders.make_asset(session, "Linked", website=website)
        page = Document(client.get(f"/assets/{asset.id}").text)
        assert website not in page.links()
    asset = builders.make_asset(session, "Linked", website="www.example.org/clubs")
    assert (
        "https://www.example.org/clubs" in Document(client.get(f"/assets/{asset.id}").text).links()
    )


def test_a_rule_we_cannot_read_costs_no_page(
    client: TestClient, town: Town, session: Session
) -> None:
    town.boccia.schedules[0].rrule = "FREQ=WEEKLY;BYDAY=QQ"
    session.flush()
    text = client.get(f"/assets/{town.club.id}").text
    assert "Ask when it is on" in text


def test_the_api_says_the_same(client: TestClient, town: Town) -> None:
    asset = client.get(f"/api/assets/{town.club.id}").json()
    assert asset["name"] == "Riverside Bowls Club"
    assert asset["interests"] == ["bowls"]
    assert asset["ward"] == "E05001347"
    [activity] = asset["activities"]
    assert activity["interests"] == ["boccia"]
    first = dt.date.fromisoformat(activity["next_days"][0])
    assert first.weekday() == 1


def test_next_year_says_so(client: TestClient, town: Town, session: Session) -> None:
    """In November "Next: Friday 2 April" is read as gone by."""
    next_year = dt.date.today().year + 1  # noqa: DTZ011 - local days are meant
    hall = builders.make_asset(session, "Spring Hall", at=(-1.7510, 53.7920))
    builders.make_activity(
        session,
        "Spring fair",
        organizer=hall,
        schedules=[Schedule(starts_on=dt.date(next_year, 12, 3), opens_at=dt.time(14, 30))],
    )
    [item] = Document(client.get(f"/assets/{hall.id}").text).all("li", class_="pw-item")
    assert f"3 December {next_year}" in item.text.partition("Next: ")[2]


def test_access_is_one_sentence(client: TestClient, town: Town, session: Session) -> None:
    hall = builders.make_asset(
        session, "Ramp Hall", at=(-1.7510, 53.7920), access=["parking", "step_free", "seating"]
    )
    page = Document(client.get(f"/assets/{hall.id}").text)
    assert facts(page)["Getting in"] == "Step-free, parking, seating"
