"""Whoever published the boundaries a map draws is named on it and on the page around it."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests import builders
from tests.web.conftest import Town
from tests.web.document import Document

BOUNDARIES = "Contains data of wards (OGL v3)"
PLACES = "Contains data of test (OGL v3)"
# The square beside the town's only ward, and a spot in it.
NEXT_WARD = (-1.7734, 53.7924)
BESIDE = (-1.7640, 53.7924)


@pytest.mark.parametrize(
    "address",
    [
        "/assets/map",
        "/assets/{club}/map",
        "/assets/{beside}/map",
        "/wards/E05001347/map",
        "/matches/map?near=BD1+1HY&interest=bowls",
    ],
)
def test_on_every_map_with_outlines(
    client: TestClient, town: Town, session: Session, address: str
) -> None:
    beside = builders.make_asset(session, "Chess club", at=BESIDE)
    answer = client.get(address.format(club=town.club.id, beside=beside.id))
    assert answer.status_code == 200
    said = Document(answer.text).one("body").text
    assert said.count(BOUNDARIES) == 1
    assert PLACES in said


def test_neighbours_of_another_publisher_are_named_too(
    client: TestClient, town: Town, session: Session
) -> None:
    neighbour = builders.make_ward(
        session, "E05001348", "Next", shape=builders.square(NEXT_WARD, 0.0099)
    )
    neighbour.source_id = builders.make_source(session, "other-wards", licence="ODbL 1.0").id
    session.flush()
    for address in (f"/assets/{town.club.id}", "/wards/E05001347", "/assets"):
        for path in (address, f"{address}/map"):
            text = Document(client.get(path).text).one("body").text
            assert BOUNDARIES in text, path
            assert "Contains data of other-wards (ODbL 1.0)" in text, path


@pytest.mark.parametrize("address", ["/assets", "/assets/{club}", "/wards/E05001347"])
def test_on_every_page_with_a_map(client: TestClient, town: Town, address: str) -> None:
    footer = Document(client.get(address.format(club=town.club.id)).text).one("footer").text
    assert footer.count(BOUNDARIES) == 1
    assert PLACES in footer


def test_nobody_is_named_where_nothing_is_drawn(client: TestClient, town: Town) -> None:
    page = Document(client.get("/assets?q=xyzzy").text)
    assert BOUNDARIES not in page.one("footer").text
    map_ = Document(client.get("/assets/map?q=xyzzy").text)
    assert BOUNDARIES not in map_.one("body").text
    assert "none, because nothing is shown" in map_.one("body").text
