"""An asset without a place: in lists, on no map, found by no distance, placed by hand."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import AssetKind, LocationSource
from tests import builders
from tests.people import People
from tests.recording.test_forms import fields_of, form_of

NAME = "Telephone friendship line"
WORDS = "No place on the map"


@pytest.fixture
def nowhere(people: People) -> Iterator[uuid.UUID]:
    """Store a helpline that is nowhere, with an activity that visits; return its id."""
    with Session(people.engine) as session:
        asset = builders.make_asset(
            session, NAME, at=None, kind=AssetKind.GROUP, interests=["singing"],
            location_source=LocationSource.NONE, phone="01274 431000",
        )  # fmt: skip
        builders.make_activity(
            session, "Singing at your home", asset, interests=["singing"], comes_to_homes=True
        )
        session.commit()
        made = asset.id
    yield made
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM assets WHERE id = :id"), {"id": made})


def test_its_page_and_the_list_say_so(people: People, nowhere: uuid.UUID) -> None:
    client = people.client()
    page = client.get(f"/assets/{nowhere}")
    assert page.status_code == 200
    assert WORDS in page.text
    assert "<iframe" not in page.text
    listed = client.get("/assets?q=Telephone friendship")
    assert NAME in listed.text
    assert "no place on the map" in listed.text
    assert client.get(f"/assets/{nowhere}/map").status_code == 404


def test_exports_have_it_without_a_geometry(people: People, nowhere: uuid.UUID) -> None:
    client = people.client()
    [feature] = client.get("/assets.geojson?q=Telephone friendship").json()["features"]
    assert (feature["geometry"], feature["properties"]["location_source"]) == (None, "none")
    found = client.get(f"/api/assets/{nowhere}").json()
    assert (found["lon"], found["lat"], found["location_source"]) == (None, None, "none")
    text = client.get("/assets.csv?q=Telephone friendship").text
    [row] = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert any(value.startswith(WORDS) for value in row.values())


def test_no_map_and_no_distance_finds_it(people: People, nowhere: uuid.UUID) -> None:
    client = people.client()
    for path in (
        "/assets/map", "/assets?near=BD1+1HY&within=20000", "/assets?bbox=-8,49,2,61",
        "/matches?near=BD1+1HY&interest=singing", "/matches.csv?near=BD1+1HY&interest=singing",
        "/matches/map?near=BD1+1HY&interest=singing",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert NAME not in answer.text, path
        assert "Singing at your home" not in answer.text, path


def test_an_editor_gives_it_a_place_by_its_postcode(people: People, nowhere: uuid.UUID) -> None:
    client = people.client("editor")
    path = f"/assets/{nowhere}/edit"
    fields = fields_of(form_of(client.get(path), path)) | {"at_postcode": "BD1 1HY"}
    answer = client.post(path, data=fields)
    assert answer.status_code == 303, answer.text[-3000:]
    with people.engine.connect() as connection:
        row = connection.execute(
            sa.text("SELECT location_source::text, geom IS NOT NULL AS is_placed, kept_fields"
                    " FROM assets WHERE id = :id"), {"id": nowhere},
        ).one()  # fmt: skip
    assert (row.location_source, row.is_placed) == ("postcode", True)
    assert WORDS not in client.get(f"/assets/{nowhere}").text
    assert client.get("/assets?near=BD1+1HY&within=1000").text.count(NAME) >= 1
