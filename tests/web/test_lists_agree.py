"""A list as a page, as GeoJSON, as CSV and as JSON is the same list."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.models import AssetKind
from tests import builders
from tests.web.conftest import NASTY_NAME, Town
from tests.web.document import Document


def read_csv(client: TestClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel takes it for cp1252 otherwise"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def read_features(client: TestClient, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    collection: dict[str, Any] = answer.json()
    assert collection["type"] == "FeatureCollection"
    return collection


def ids_on_page(page: Document, prefix: str) -> list[str]:
    links = [heading.children[0].get("href") for heading in page.all("h3")]
    return [link.removeprefix(prefix) for link in links]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "kind=group",
        "kind=group&kind=venue",
        "interest=reading",
        "interest=sport",
        "near=BD1+1HY",
        "near=BD1+1HY&within=300",
        "near=Bowmont+House&within=1000",
        "lon=-1.75&lat=53.79&within=20000",
        "ward=E05001347",
        "ward=city&kind=informal",
        "bbox=-1.755,53.790,-1.750,53.795",
        "q=bowls",
        "q=%25",
        "limit=2",
        "limit=2&page=2",
        "near=BD1+1HY&limit=1&page=3",
    ],
)
def test_assets(client: TestClient, town: Town, query: str) -> None:
    page = Document(client.get(f"/assets?{query}").text)
    features = read_features(client, f"/assets.geojson?{query}")
    rows = read_csv(client, f"/assets.csv?{query}")
    listed = client.get(f"/api/assets?{query}").json()

    ids = [asset["id"] for asset in listed["assets"]]
    assert ids_on_page(page, "/assets/") == ids
    assert [feature["id"] for feature in features["features"]] == ids
    assert [row["id"] for row in rows] == ids
    assert features["attribution"] == listed["attribution"]
    for asset, feature, row in zip(listed["assets"], features["features"], rows, strict=True):
        assert feature["properties"]["name"] == asset["name"]
        assert row["name"].removeprefix("'") == asset["name"]
        assert row["source"]
        assert row["licence"]
        if asset["lon"] is None:
            assert feature["geometry"] is None
            assert row["longitude"] == ""
        else:
            lon, lat = feature["geometry"]["coordinates"]
            assert (lon, lat) == pytest.approx((asset["lon"], asset["lat"]), abs=1e-6)
            assert (float(row["longitude"]), float(row["latitude"])) == (lon, lat)


def test_what_is_hidden_is_in_no_rendering(client: TestClient, town: Town) -> None:
    for address in ("/assets", "/assets.geojson", "/assets.csv", "/api/assets"):
        text = client.get(address).text
        for hidden in (town.gone, town.linked):
            assert str(hidden.id) not in text
            assert hidden.name not in text


def test_private_contact_and_informal_places_are_in_no_rendering(
    client: TestClient, town: Town, session: Session
) -> None:
    builders.make_asset(
        session,
        "Quiet Knitters",
        phone="01274 555 0199",
        email="quiet@example.org",
        is_contact_public=False,
    )
    builders.make_asset(
        session,
        "Joe plays the piano",
        at=None,
        kind=AssetKind.INFORMAL,
        ward_code=town.ward.gss_code,
        address="7 Secret Street",
        postcode="BD1 1HY",
        phone="01274 555 0198",
    )
    for address in ("/assets?{}", "/assets.geojson?{}", "/assets.csv?{}", "/api/assets?{}"):
        text = client.get(address.format("limit=100")).text
        assert "Quiet Knitters" in text
        assert "Joe plays the piano" in text
        for secret in ("555 0199", "quiet@example.org", "Secret Street", "555 0198"):
            assert secret not in text, address


def test_the_next_page_is_linked_and_fits(client: TestClient, town: Town) -> None:
    everything = [asset["id"] for asset in client.get("/api/assets").json()["assets"]]
    found: list[str] = []
    address = "/api/assets?limit=2"
    while address:
        answer = client.get(address).json()
        found += [asset["id"] for asset in answer["assets"]]
        address = answer["next"]
    assert found == everything
    link = client.get("/assets.geojson?limit=2").headers["link"]
    assert link == '</assets.geojson?limit=2&page=2>; rel="next"'
    assert "link" not in client.get("/assets.geojson").headers


def test_spreadsheets_run_nothing(client: TestClient, town: Town, session: Session) -> None:
    for start in ("=", "+", "-", "@", "\t=", "\r=", " ="):
        builders.make_asset(session, f"{start}cmd|' /C calc'!A0")
    rows = read_csv(client, "/assets.csv?limit=1000")
    dangerous = [row for row in rows if "cmd" in row["name"]]
    assert len(dangerous) == 7
    for row in dangerous:
        assert row["name"].startswith("'")
    # Numbers stay numbers, and other names stay as they are.
    assert all(float(row["longitude"]) < 0 for row in dangerous)
    assert NASTY_NAME in {row["name"] for row in rows}


def test_wards(client: TestClient, town: Town, session: Session) -> None:
    builders.make_ward(
        session, "E05001348", "Manningham", shape=builders.square(builders.LISTER_PARK)
    )
    for query in ("", "district=E08000032", "limit=1", "limit=1&page=2", "release=2025"):
        page = Document(client.get(f"/wards?{query}").text)
        features = read_features(client, f"/wards.geojson?{query}")
        rows = read_csv(client, f"/wards.csv?{query}")
        wards = client.get(f"/api/wards?{query}").json()["wards"]

        codes = [ward["gss_code"] for ward in wards]
        assert codes
        in_table = [link for link in page.links() if link.startswith("/wards/E")]
        assert [link.removeprefix("/wards/").partition("?")[0] for link in in_table] == codes
        assert [feature["id"] for feature in features["features"]] == codes
        assert [row["code"] for row in rows] == codes
        counts = [(ward["assets"], ward["care_homes"]) for ward in wards]
        assert [(int(row["assets"]), int(row["care homes"])) for row in rows] == counts
        cells = [cell.text for cell in page.all("td", class_="pw-number")]
        assert cells == [str(number) for pair in counts for number in pair]
        for feature in features["features"]:
            assert feature["geometry"]["type"] in {"Polygon", "MultiPolygon"}


def test_the_assets_of_a_ward(client: TestClient, town: Town) -> None:
    page = Document(client.get("/wards/E05001347").text)
    features = read_features(client, "/wards/E05001347.geojson")
    rows = read_csv(client, "/wards/E05001347.csv")

    ids = [row["id"] for row in rows]
    assert {str(a.id) for a in (town.home, town.club, town.informal)} <= set(ids)
    assert [feature["id"] for feature in features["features"]] == ids
    on_page = {link.removeprefix("/assets/") for link in page.links() if link[:8] == "/assets/"}
    assert on_page == set(ids)


def test_matches(client: TestClient, town: Town) -> None:
    query = "near=BD1+1HY&interest=bowls&interest=reading"
    page = Document(client.get(f"/matches?{query}").text)
    features = read_features(client, f"/matches.geojson?{query}")
    rows = read_csv(client, f"/matches.csv?{query}")
    lists = client.get(f"/api/matches?{query}").json()

    matches = [*lists["near"], *lists["comes_to_you"]]
    assert [match["name"] for match in lists["comes_to_you"]] == ["Boccia for beginners"]
    assert {match["name"] for match in lists["near"]} == {"City Library", "Riverside Bowls Club"}
    assert [heading.text for heading in page.all("h3")] == [match["name"] for match in matches]
    assert [row["name"] for row in rows] == [match["name"] for match in matches]
    assert [f["properties"]["name"] for f in features["features"]] == [m["name"] for m in matches]
    assert [f["id"] for f in features["features"]] == [match["id"] for match in matches]
    reasons = [reason.text for reason in page.all("p", class_="pw-reasons")]
    assert reasons == [" ".join(match["reasons"]) for match in matches]
    assert [row["why"] for row in rows] == reasons
    assert [row["list"] for row in rows] == ["Near you", "Near you", "Comes to you"]
