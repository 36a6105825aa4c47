"""A ward's places on its page: names are text, and a long list comes in pages."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.models import AssetKind, LocationSource
from tests import builders
from tests.wards.report.conftest import CITY, LAT, LON, ask_for, assert_links_lead_somewhere
from tests.web.conftest import NASTY_NAME, Town
from tests.web.document import Document


def test_hostile_names_are_words(
    client: TestClient, session: Session, town: Town, around: dict[str, tuple[float, float]]
) -> None:
    hostile = '"><img src=x onerror=alert(1)>{{7*7}}'
    builders.make_ward(session, "E05004001", hostile, shape=builders.square((LON, LAT + 0.03)))
    builders.make_asset(session, NASTY_NAME, at=(LON, LAT + 0.03), kind=AssetKind.CARE_HOME,
                        interests=["fishing"])  # fmt: skip
    builders.make_asset(session, hostile, at=None, kind=AssetKind.INFORMAL, ward_code="E05004001",
                        location_source=LocationSource.WARD)  # fmt: skip
    ask_for(session, "E05004001", "fishing", times=9)
    for path in ("/wards/E05004001", "/wards/E05002001", f"/wards/{CITY}"):
        page = Document(client.get(path).text)
        # Our own picture for paper alone.
        assert all(one.attributes["src"].startswith("/wards/") for one in page.all("img"))
        # A block of data (schema.org) is no script to a browser.
        scripts = [one for one in page.all("script") if one.get("type") != "application/ld+json"]
        assert all(script.get("src") for script in scripts)
        assert "49" not in page.one("h1").text
    page = Document(client.get("/wards/E05004001").text)
    assert hostile in page.one("h1").text
    assert page.one("iframe").get("title") == f"Map of {hostile} ward"
    assert NASTY_NAME in [link.text for link in page.all("a")]


def test_places_come_in_pages_and_counts_are_of_all(
    client: TestClient, town: Town, connection: sa.Connection
) -> None:
    first = Document(client.get(f"/wards/{CITY}?limit=3").text)
    assert "5 places and groups" in first.one("main").text
    (more,) = [link for link in first.all("a") if link.text == "More places in this ward"]
    second = Document(client.get(more.get("href")).text)

    def listed(page: Document) -> list[str]:
        items = page.all("li", class_="pw-line")
        return [item.one("a").get("href") for item in items]

    assert (len(listed(first)), len(listed(second))) == (3, 2)
    assert len({*listed(first), *listed(second)}) == 5
    far = client.get(f"/wards/{CITY}?page=9")
    assert far.status_code == 200
    assert_links_lead_somewhere(Document(far.text))
