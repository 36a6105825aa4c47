"""`/isochrones.geojson`: areas along streets, who has to be named, and what makes no sense."""

from __future__ import annotations

import pytest
import shapely
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.importers.networks import load_network
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample" / "streets.osm"
LOW_MILL, WASH_DUB = "lon=-2.0808&lat=54.1123", "lon=-2.0808&lat=54.1087"


@pytest.fixture
def streets(connection: sa.Connection) -> None:
    load_network(connection, SAMPLE)


def test_rings_of_minutes(client: TestClient, streets: None) -> None:
    answer = client.get(f"/isochrones.geojson?{LOW_MILL}&minutes=15,5,60,5")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    collection = answer.json()
    said = [feature["properties"] for feature in collection["features"]]
    assert said == [{"minutes": minutes, "walker": "walking"} for minutes in (5, 15, 60)]
    five, fifteen, hour = (shapely.from_geojson(answer.text).geoms[number] for number in range(3))
    # Over the river: 400 m away, the better part of an hour on foot.
    dub = shapely.Point(-2.0808, 54.1087)
    assert [ring.contains(dub) for ring in (five, fifteen, hour)] == [False, False, True]
    assert any("OpenStreetMap" in line for line in collection["attribution"])


def test_walkers_differ(client: TestClient, streets: None) -> None:
    areas = {
        walker: shapely.from_geojson(
            client.get(f"/isochrones.geojson?{LOW_MILL}&minutes=15&walker={walker}").text
        ).area
        for walker in ("walking", "frame", "wheelchair")
    }
    assert areas["frame"] < areas["walking"]
    assert areas["wheelchair"] < areas["walking"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (f"{LOW_MILL}&minutes=0", "minutes"),
        (f"{LOW_MILL}&minutes=61", "minutes"),
        (f"{LOW_MILL}&minutes=five", "minutes"),
        (f"{LOW_MILL}&minutes=1,2,3,4,5", "minutes"),
        (f"{LOW_MILL}&walker=bus", "walker"),
        (f"{LOW_MILL}&walker=frame&walker=wheelchair", "walker"),
        ("minutes=5", "near"),
        ("near=ZZ1+1ZZ", "near"),
        ("lon=-1.75&lat=53.79", "near"),
    ],
)
def test_what_makes_no_sense_names_its_field(
    client: TestClient, streets: None, asked: str, field: str
) -> None:
    answer = client.get(f"/isochrones.geojson?{asked}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field


def test_without_a_network_it_says_so(client: TestClient) -> None:
    answer = client.get(f"/isochrones.geojson?{LOW_MILL}")
    assert answer.status_code == 404
    assert "No foot network is loaded" in answer.json()["detail"]
