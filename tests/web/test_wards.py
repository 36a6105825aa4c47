"""Wards: whose is a place, what is in a ward, and wards that are no more."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.models import AreaFigure, AreaLookup
from tests import builders
from tests.web.conftest import Town
from tests.web.document import Document


def test_counts_agree_with_geopandas(client: TestClient, town: Town, session: Session) -> None:
    rng = np.random.default_rng(7)
    # A ward of 1,500 vertices, so that it is in many parts, and its neighbour.
    angles = np.linspace(0, 2 * np.pi, 1_500, endpoint=False)
    radii = 0.03 * (1 + 0.2 * np.sin(9 * angles))
    round_ward = shapely.MultiPolygon(
        [shapely.Polygon(np.c_[-1.9 + radii * np.cos(angles), 53.9 + radii * np.sin(angles)])]
    )
    shapes = {"E05009001": round_ward, "E05009002": builders.square((-1.84, 53.9), 0.03)}
    for code, shape in shapes.items():
        builders.make_ward(session, code, f"Ward {code}", shape=shape)
    points = np.c_[rng.uniform(-1.95, -1.80, 400), rng.uniform(53.86, 53.94, 400)]
    # On a vertex of one ward, and on the edge of the other.
    points = np.vstack([points, [-1.9 + radii[0], 53.9], [-1.87, 53.91]])
    for number, point in enumerate(points):
        builders.make_asset(session, f"Point {number}", at=(float(point[0]), float(point[1])))

    assets = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*points.T), crs=4326)
    listed = {row["gss_code"]: row["assets"] for row in client.get("/api/wards").json()["wards"]}
    for code, shape in shapes.items():
        ward = gpd.GeoDataFrame(geometry=[shape], crs=4326)
        expected = len(assets.sjoin(ward, predicate="intersects"))
        assert expected > 50
        assert sum(client.get(f"/api/wards/{code}").json()["assets_by_kind"].values()) == expected
        assert listed[code] == expected
        assert len(client.get(f"/wards/{code}.geojson").json()["features"]) == expected
        published = gpd.read_file(client.get(f"/wards/{code}/boundary.geojson").text)
        assert published.geometry[0].normalize().equals_exact(shape.normalize(), 1e-12)


def test_a_ward_page_shows_facts_list_and_map(client: TestClient, town: Town) -> None:
    page = Document(client.get("/wards/E05001347").text)
    kinds = {
        row.one("th").text: [cell.text for cell in row.all("td")]
        for row in page.all("table")[0].one("tbody").all("tr")
    }
    assert page.one("h1").text == "Ward in Bradford City"
    assert kinds["Care homes"] == ["1", "0"]
    assert kinds["Groups"] == ["2", "1"]
    assert kinds["GP surgeries"] == ["0", "–"]
    assert kinds["Skills and networks"] == ["1", "0"]
    assert "Boundaries of 2025 (E05001347)" in page.one("main").text
    frame = page.one("iframe")
    assert frame.get("title") == "Map of City ward"
    assert "allow-same-origin" not in frame.get("sandbox")
    document = client.get(frame.get("src"))
    assert document.status_code == 200
    assert "unsafe" not in document.headers["content-security-policy"]
    assert "Riverside Bowls Club" in document.text


def test_published_figures_are_weighted_by_people(
    client: TestClient, town: Town, session: Session
) -> None:
    source = builders.make_source(session, "ons", name="Population", attribution="ONS 2025")
    for code, people, score, decile in (
        ("E01000001", 1_000, 50.0, 1),
        ("E01000002", 3_000, 10.0, 9),
    ):
        session.add(
            AreaLookup(
                lsoa_code=code,
                release="2024",
                ward_code="E05001347",
                ward_name="City",
                lad_code="E08000032",
                lad_name="Bradford",
                source_id=source.id,
            )
        )
        for measure, value in (
            ("population", people),
            ("imd_score", score),
            ("imd_decile", decile),
        ):
            for as_of, factor in ((dt.date(2019, 1, 1), 7), (dt.date(2025, 10, 30), 1)):
                session.add(
                    AreaFigure(
                        gss_code=code,
                        measure=measure,
                        as_of=as_of,
                        value=value * factor,
                        source_id=source.id,
                    )
                )
    session.flush()
    facts = client.get("/api/wards/E05001347").json()
    assert facts["population"] == 4_000
    assert facts["imd_score"] == pytest.approx((1_000 * 50 + 3_000 * 10) / 4_000)
    assert facts["most_deprived_share"] == pytest.approx(0.25)
    text = Document(client.get("/wards/E05001347").text).one("main").text
    assert "4,000" in text
    rows = Document(client.get("/wards/E05001347").text).one("table", class_="pw-figures").all("tr")
    (share,) = [row for row in rows if "most deprived fifth of England" in row.text]
    assert [cell.text for cell in share.all("td")] == ["25%", "not known", "not known"]


def test_the_newest_boundaries_are_the_default(
    client: TestClient, town: Town, session: Session
) -> None:
    builders.make_ward(session, "E05001347", "City as it was", release="2013")
    assert client.get("/api/wards/E05001347").json()["name"] == "City"
    assert [w["name"] for w in client.get("/api/wards").json()["wards"]] == ["City"]
    assert client.get("/api/wards/E05001347?release=2013").json()["name"] == "City as it was"


def test_a_postcode_leads_to_its_ward(client: TestClient, town: Town, session: Session) -> None:
    answer = client.get("/wards?near=bd11hy")
    assert (answer.status_code, answer.headers["location"]) == (303, "/wards/E05001347")
    builders.make_postcode(session, "OL1 1AA", at=builders.OLDHAM_LIBRARY)
    page = Document(client.get("/wards?near=OL1+1AA").text)
    assert "in none of the wards" in page.one("div", class_="nhsuk-error-summary").text


def test_a_place_on_the_edge_of_two_wards_is_offered_both(
    client: TestClient, town: Town, session: Session
) -> None:
    lon, lat = builders.CITY_HALL
    builders.make_ward(session, "E05009002", "Next", shape=builders.square((lon + 0.02, lat)))
    session.execute(
        sa.text(
            "UPDATE postcodes SET geom = (SELECT ST_Centroid(ST_Intersection(a.geom, b.geom))"
            " FROM areas a, areas b WHERE a.gss_code = 'E05001347' AND b.gss_code = 'E05009002')"
        )
    )
    answer = client.get("/wards?near=BD1+1HY")
    assert answer.status_code == 200
    assert {"/wards/E05001347", "/wards/E05009002"} <= set(Document(answer.text).links())
