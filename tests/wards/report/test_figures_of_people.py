"""Figures about people: of all of a ward or not known, and summed as the comparison sums them."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from geoalchemy2.shape import from_shape
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.areas.measures import read_district
from app.areas.report_parts import checked_from
from app.models import Area, AreaFigure, AreaLookup, AreaType
from geo.scores import CHECKED_LAST_YEAR, CHECKED_THIS_YEAR, freshness
from tests import builders
from tests.wards.report.conftest import CITY, LAT, LON
from tests.wards.report.test_report import TODAY, figure, publish, report_of
from tests.web.conftest import Town
from tests.web.document import Document

DISTRICT = "E08000032"
PEOPLE = ("assets_per_1000", "population", "population_65_plus", "most_deprived_share", "imd_score")


def add_lsoa(session: Session, code: str, **values: float) -> None:
    """Store one more small area of the city, by the lookup."""
    source = builders.make_source(session, "ons", name="Population", attribution="ONS 2025")
    session.add(
        AreaLookup(lsoa_code=code, release="2024", ward_code=CITY, ward_name="x",
                   lad_code=DISTRICT, lad_name="Bradford", source_id=source.id)
    )  # fmt: skip
    for measure, value in values.items():
        session.add(AreaFigure(gss_code=code, measure=measure, as_of=dt.date(2025, 6, 30),
                               value=value, source_id=source.id))  # fmt: skip
    session.flush()


def test_a_part_of_the_people_is_not_the_ward(
    client: TestClient, connection: sa.Connection, session: Session, town: Town
) -> None:
    every = {"population": 2_000, "population_65_plus": 400, "imd_score": 20, "imd_decile": 1}
    publish(session, CITY, **every)
    add_lsoa(session, "E01000002", **every)
    whole = report_of(connection)
    assert [figure(whole, slug).value for slug in PEOPLE] == [1.25, 4_000, 800, 100, 20]
    add_lsoa(session, "E01000003")
    partly = report_of(connection)
    for slug in PEOPLE:
        made = figure(partly, slug)
        assert (made.value, made.text) == (None, "not known"), slug
        assert made.source.endswith("Population; LSOAs as the ONS assigns them; 1 of these 3 has"
                                    " no figure"), slug  # fmt: skip
    assert not [said for said in partly.sentences if "For every 1,000" in said]
    assert client.get(f"/api/wards/{CITY}").json()["population"] is None
    text = (
        Document(client.get(f"/wards/{CITY}").text).one("section", aria_labelledby="figures").text
    )
    assert "1 of these 3 has no figure" in text


@pytest.mark.parametrize("is_by_lookup", [True, False])
def test_the_ward_and_the_comparison_count_the_same_people(
    connection: sa.Connection, session: Session, town: Town, *, is_by_lookup: bool
) -> None:
    """Also of a ward that no lookup has: by the middle points of small areas."""
    source = builders.make_source(session, "lsoas", attribution="LSOA outlines 2021")
    for number, (x, y) in enumerate([(-0.005, 0.0), (0.005, 0.0), (0.03, 0.0)]):
        code = f"E0100010{number}"
        shape = builders.square((LON + x, LAT + y), 0.004)
        session.add(Area(area_type=AreaType.LSOA, release="2021", gss_code=code, name=code,
                         geom=from_shape(shape, srid=4326), source_id=source.id,
                         content_hash=code))  # fmt: skip
        session.add(AreaFigure(gss_code=code, measure="population", as_of=dt.date(2025, 6, 30),
                               value=1_000 * (number + 1), source_id=source.id))  # fmt: skip
    session.flush()
    if is_by_lookup:
        publish(session, CITY, population=5_000)
    report = report_of(connection)
    district = read_district(connection, lad_code=DISTRICT, today=report.made_on)
    (ward,) = [w for w in district.wards if w.gss_code == CITY]
    made = figure(report, "population")
    assert made.value == ward.population == (5_000 if is_by_lookup else 3_000)
    assert figure(report, "assets_per_1000").value == ward.values["assets_per_1000"]
    said = "LSOAs as the ONS assigns them" if is_by_lookup else "LSOAs whose middle point is inside"
    assert made.source.endswith(said)
    # Whose outlines or lists say which small areas there are is named too.
    assert (source.id in report.source_ids) is not is_by_lookup


def test_this_year_is_what_the_lists_rank_by(
    connection: sa.Connection, session: Session, town: Town
) -> None:
    first = checked_from(TODAY)
    assert freshness(first, TODAY) == CHECKED_THIS_YEAR
    assert freshness(first - dt.timedelta(days=1), TODAY) == CHECKED_LAST_YEAR
    session.execute(sa.text("UPDATE assets SET assured_date = NULL"))
    builders.make_asset(session, "Just still", checked_on=first)
    builders.make_asset(session, "Just no more", checked_on=first - dt.timedelta(days=1))
    report = report_of(connection)
    assert report.year_from == first
    assert figure(report, "checked_share").value == pytest.approx(1 / 7 * 100)


@pytest.mark.parametrize("known_from", ["newer boundaries", "a lookup", "nowhere"])
def test_a_district_is_called_what_somebody_calls_it(
    client: TestClient, connection: sa.Connection, session: Session, town: Town, known_from: str
) -> None:
    """Wards of 2013 name their district by its code alone."""
    code = DISTRICT if known_from == "newer boundaries" else "E07000163"
    for number, lon in enumerate((-1.3, -1.28)):
        shape = builders.square((lon, 54.2))
        builders.make_ward(session, f"E0500900{number}", f"Dale {number}", release="2013",
                           shape=shape, lad_code=code, lad_name=None)  # fmt: skip
        publish(session, f"E0500900{number}", population=1_000 * (number + 1))
    session.execute(sa.text("UPDATE area_lookups SET lad_code = :code, lad_name = 'Craven'"),
                    {"code": code if known_from == "a lookup" else "E07000001"})  # fmt: skip
    # Of a ward with nothing in it nothing is compared.
    builders.make_asset(session, "Dale Hall", at=(-1.3, 54.2))
    name = {"newer boundaries": "Bradford", "a lookup": "Craven", "nowhere": None}[known_from]
    said = client.get("/api/wards/E05009000?release=2013").json()
    assert said["lad_name"] == name
    (comparison,) = [one for one in said["sentences"] if "For every 1,000" in one]
    assert f"in the middle ward of {name or 'its district'} (" in comparison
    page = Document(client.get("/wards/E05009000?release=2013").text)
    assert f"Ward in {name or code}" in page.one("h1").text
    assert "None" not in page.one("main").text
    listed = client.get(f"/api/wards?district={code}&release=2013").json()["wards"]
    assert {one["lad_name"] for one in listed} == {name}
