"""One place in two releases, wards that are no more, and what is too little to be said."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.models import Area
from tests import builders
from tests.web.conftest import NASTY_NAME, Town
from tests.web.document import Document

LON, LAT = builders.CITY_HALL
CITY, EAST, OLD = "E05001347", "E05002002", "E05009999"
HTML = {"accept": "text/html"}


def box(west: float, east: float) -> shapely.MultiPolygon:
    """A piece of the city's row of squares, in hundredths of a degree from the city hall."""
    return shapely.MultiPolygon(
        [shapely.box(LON + west / 100, LAT - 0.01, LON + east / 100, LAT + 0.01)]
    )


def share_of(old: shapely.MultiPolygon, new: shapely.MultiPolygon) -> float:
    """What part of the old one the new one covers, by geopandas, in square metres."""
    one, other = gpd.GeoSeries([old, new], crs=4326).to_crs(27700)
    return float(one.intersection(other).area / one.area)


@pytest.fixture
def old(session: Session, town: Town) -> Area:
    """A ward of 2013: two thirds of it in the city's square, the rest in one to the east."""
    builders.make_ward(session, EAST, "East", shape=box(1, 3))
    return builders.make_ward(session, OLD, "Old City", release="2013", shape=box(-1, 2))


def rows_of(page: Document, caption: str) -> dict[str, list[str]]:
    (table,) = [t for t in page.all("table") if caption in t.one("caption").text]
    return {
        row.one("th").text: [cell.text for cell in row.all("td")]
        for row in table.one("tbody").all("tr")
    }


def test_an_abolished_ward_names_what_replaced_it(client: TestClient, old: Area) -> None:
    answer = client.get(f"/wards/{OLD}", headers=HTML)
    assert answer.status_code == 410
    page = Document(answer.text)
    assert page.one("h1").text == "Old City is no longer a ward"
    assert rows_of(page, "What replaced it") == {"City Bradford": ["67%"], "East Bradford": ["33%"]}
    assert {f"/wards/{CITY}", f"/wards/{EAST}", f"/wards/{OLD}?release=2013"} <= set(page.links())
    for link in page.one("main").all("a"):
        assert client.get(link.get("href")).status_code == 200, link.get("href")
    # Its map's frame says so too.
    assert client.get(f"/wards/{OLD}/map", headers=HTML).status_code == 410


@pytest.mark.parametrize("path", ["/api/wards/{}", "/wards/{}.csv", "/wards/{}.geojson",
                                  "/wards/{}/boundary.geojson"])  # fmt: skip
def test_programs_are_told_the_successors(client: TestClient, old: Area, path: str) -> None:
    answer = client.get(path.format(OLD))
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert (said["status"], said["boundaries_of"]) == (410, "2013")
    assert said["successors"] == [
        {"gss_code": CITY, "name": "City", "url": f"/wards/{CITY}",
         "percent": pytest.approx(share_of(box(-1, 2), box(-1, 1)) * 100, abs=0.06)},
        {"gss_code": EAST, "name": "East", "url": f"/wards/{EAST}",
         "percent": pytest.approx(share_of(box(-1, 2), box(1, 3)) * 100, abs=0.06)},
    ]  # fmt: skip
    assert f"City ({CITY}, 67%)" in said["detail"]
    # Its old boundaries can still be asked for.
    assert client.get(f"{path.format(OLD)}?release=2013").status_code == 200
    assert client.get(f"{path.format(OLD)}?release=1066").status_code == 404


@pytest.mark.parametrize(("hundredths", "is_named"), [(0.005, False), (0.03, True)])
def test_slivers_replaced_nothing(
    client: TestClient, session: Session, town: Town, hundredths: float, *, is_named: bool
) -> None:
    """Less than 1 in 100 of the old ward: outlines that were only drawn anew."""
    builders.make_ward(session, EAST, "East", shape=box(1, 3))
    builders.make_ward(session, OLD, "Old City", release="2013", shape=box(-1, 1 + hundredths))
    page = Document(client.get(f"/wards/{OLD}", headers=HTML).text)
    assert ("East Bradford" in rows_of(page, "What replaced it")) == is_named
    assert "Less than 1% is left out" in page.one("main").text
    if not is_named:
        assert rows_of(page, "What replaced it") == {"City Bradford": ["more than 99%"]}


def test_a_ward_stands_until_newer_boundaries_have_something_in_its_place(
    client: TestClient, session: Session, town: Town
) -> None:
    """Newer ones of another district alone make no ward go."""
    builders.make_ward(session, OLD, NASTY_NAME, release="2013", shape=builders.square((-4, 56)))
    for address in (f"/wards/{OLD}", f"/wards/{OLD}?release=2013"):
        answer = client.get(address, headers=HTML)
        page = Document(answer.text)
        assert answer.status_code == 200
        assert NASTY_NAME in page.one("h1").text
        assert "the newest we have for this place" in page.one("main").text
        # As any ward: what is asked for, and no "then and now".
        assert "unmet" in {element.get("id") for element in page.elements}
        assert not [t for t in page.all("table") if "Then and now" in t.one("caption").text]
        # Its district's list is of the same boundaries.
        assert "/wards?district=E08000032&release=2013" in page.links()
    assert client.get(f"/api/wards/{OLD}").json()["release"] == "2013"
    found = client.get("/wards?lon=-4&lat=56", headers=HTML)
    assert f"/wards/{OLD}" in (found.headers.get("location") or "") + found.text


def test_a_newer_outline_that_only_overlaps_a_little_replaces_nothing(
    client: TestClient, session: Session, town: Town
) -> None:
    """The district next door is drawn anew, with its edge 20 m over the line."""
    builders.make_ward(session, EAST, "East", release="2026", shape=box(0.97, 3))
    assert client.get(f"/wards/{CITY}", headers=HTML).status_code == 200
    page = Document(client.get(f"/wards/boundaries?lon={LON}&lat={LAT}").text)
    assert rows_of(page, "in every release")["Ward"] == ["City"]
    assert f"/wards/{CITY}" in page.links()
    # Of its own district: then it goes.
    builders.make_ward(session, OLD, "New City", release="2026", shape=box(-1, 0.97))
    answer = client.get(f"/api/wards/{CITY}")
    assert answer.status_code == 410
    assert [one["gss_code"] for one in answer.json()["successors"]] == [OLD, EAST]


def test_the_successors_of_an_old_ward_are_those_of_its_own_place(
    client: TestClient, session: Session, old: Area
) -> None:
    """2013 gave way to 2025 here, and only far away to 2026."""
    builders.make_ward(session, "E05009998", "Far", release="2026", shape=builders.square((-4, 56)))
    said = client.get(f"/api/wards/{OLD}").json()
    assert [one["gss_code"] for one in said["successors"]] == [CITY, EAST]
    then = Document(client.get(f"/wards/{OLD}?release=2013").text)
    assert len(rows_of(then, "Then and now")) == 3


def test_a_ward_that_never_was_is_not_found(client: TestClient, old: Area) -> None:
    assert client.get("/wards/E05000001", headers=HTML).status_code == 404
    assert client.get("/api/wards/E05000001").json()["status"] == 404


def test_an_old_ward_shows_then_and_now(client: TestClient, session: Session, old: Area) -> None:
    builders.make_asset(session, "East Club", at=(LON + 0.025, LAT))
    builders.make_asset(session, "Middle Club", at=(LON + 0.015, LAT))
    page = Document(client.get(f"/wards/{OLD}?release=2013").text)
    # What is known by its ward alone is counted where the map shows it: in the ward's middle.
    assert rows_of(page, "Then and now") == {
        "Old City2013, the old ward": ["6", "1", "3"],
        "City2025, 67% of the old ward": ["5", "1", "2"],
        "East2025, 33% of the old ward": ["2", "0", "2"],
    }
    text = page.one("main").text
    assert "These are the boundaries of 2013" in text
    assert "less than 1% is left out" in text
    assert page.one("iframe").get("src") == f"/wards/{OLD}/map?release=2013"
    assert client.get(f"/wards/{OLD}/map?release=2013").status_code == 200


def counts_in(connection: sa.Connection, shapes: Sequence[shapely.MultiPolygon]) -> list[int]:
    """How many places are in each shape, by geopandas."""
    rows = connection.execute(sa.text("SELECT ST_X(geom), ST_Y(geom) FROM public_assets")).all()
    points = gpd.GeoSeries(gpd.points_from_xy(*zip(*rows, strict=True)), crs=4326)
    return [int(points.intersects(shape).sum()) for shape in shapes]


def test_an_address_in_two_releases(
    client: TestClient, session: Session, connection: sa.Connection, old: Area
) -> None:
    builders.make_asset(session, "Middle Club", at=(LON + 0.015, LAT))
    answer = client.get("/wards/boundaries?near=bd11hy")
    page = Document(answer.text)
    rows = rows_of(page, "in every release")
    assert rows["Ward"] == ["City", "Old City"]
    assert rows["Code"] == [CITY, OLD]
    assert rows["How much of it is in City (2025)"] == ["all of it", "67%"]
    here = counts_in(connection, [box(-1, 1), box(-1, 2)])
    assert rows["Places and groups today"] == [str(number) for number in here]
    assert here == [5, 6]
    assert rows["Groups"] == ["2", "3"]
    assert rows["Skills and networks"] == ["1", "1"]
    heads = [head.text for head in page.one("thead").all("th")]
    assert heads == ["Boundaries of 2025", "Boundaries of 2013"]
    for link in (f"/wards/{CITY}", f"/wards/{OLD}?release=2013"):
        assert link in page.links()
    # The same by another name, and by a point.
    for query in ("postcode=BD1+1HY", f"lon={LON}&lat={LAT}"):
        assert rows_of(Document(client.get(f"/wards/boundaries?{query}").text),
                       "in every release") == rows  # fmt: skip


def test_a_place_that_one_release_does_not_have(
    client: TestClient, session: Session, town: Town
) -> None:
    builders.make_ward(session, OLD, "Far", release="2013", shape=builders.square((-2.5, 53.0)))
    page = Document(client.get("/wards/boundaries?near=BD1+1HY").text)
    assert rows_of(page, "in every release")["Ward"] == ["City"]
    assert "The boundaries of 2013 are not loaded for this place." in page.one("main").text


def test_an_edge_shows_both_wards(client: TestClient, old: Area) -> None:
    page = Document(client.get(f"/wards/boundaries?lon={LON + 0.01}&lat={LAT}").text)
    assert rows_of(page, "in every release")["Ward"] == ["City", "East", "Old City"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("near=nowhere+at+all", "neither a full postcode"),
        ("postcode=ZZ99+9ZZ", "We do not know that postcode"),
        ("near=%00", "characters nobody can type"),
        ("lon=-1.75", "Give both"),
        ("near=&lon=-1.75", "Give both"),
        ("lon=nan&lat=53", "must be numbers in degrees"),
        ("lon=-3.5&lat=55.9", "in none of the wards on this map"),
        ("near=a&near=b", "more than once"),
        ("home=x", "home"),
    ],
)
def test_bad_questions_get_a_sentence(
    client: TestClient, town: Town, query: str, sentence: str
) -> None:
    answer = client.get(f"/wards/boundaries?{query}")
    assert answer.status_code == 422
    page = Document(answer.text)
    assert sentence in page.one("div", class_="nhsuk-error-summary").text
    ids = {element.get("id") for element in page.elements}
    assert {link[1:] for link in page.links() if link.startswith("#")} <= ids


def test_without_a_question_the_form_says_what_it_is_for(client: TestClient, old: Area) -> None:
    answer = client.get("/wards/boundaries")
    assert answer.status_code == 200
    page = Document(answer.text)
    assert "every release on this map: 2025 and 2013" in page.one("main").text
    assert page.one("label", **{"for": "near"}).text == "A postcode"
    assert not page.all("table")
