"""What the walker's page and its data say: the same for everybody, and only what is public."""

from __future__ import annotations

import gzip
import struct
import warnings
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.edge import PAGE_CSP
from app.errors import BadSetting
from app.fieldwork.base_map import BaseMap
from app.fieldwork.patch_queries import box_around
from app.main import create_app
from app.settings import Settings
from tests.people import People
from tests.walking.small_pmtiles import small_pmtiles
from tests.web.conftest import (  # noqa: F401 - fixtures
    NASTY_NAME,
    Town,
    app,
    client,
    engine,
    made_app,
    town,
    web_settings,
)

BOX = "bbox=-1.80,53.78,-1.70,53.83"

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@pytest.fixture
def patch(client: TestClient, town: Town, connection: sa.Connection) -> dict[str, Any]:  # noqa: F811
    """The patch of the only ward, with a street across it and one far away."""
    connection.execute(
        sa.text(
            "INSERT INTO streets (osm_id, name, highway, geom, source_id, scope) SELECT n, t.name,"
            " 'residential', ST_GeomFromText(line, 4326), s.id, 'test' FROM sources s,"
            " (VALUES (1, 'Toad Lane', 'LINESTRING(-1.7534 53.7924, -1.7512345 53.7931)'),"
            "  (2, 'Far Lane', 'LINESTRING(-3 54, -3.001 54)')) AS t (n, name, line)"
            " WHERE s.slug = 'osm'"
        )
    )
    answer = client.get(f"/map/patches/{town.ward.gss_code}.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_patch_has_the_places_everybody_may_see(patch: dict[str, Any], town: Town) -> None:  # noqa: F811
    names = {asset["name"] for asset in patch["assets"]}
    assert {"Bowmont House", "City Library", NASTY_NAME, "Irene mends clocks"} <= names
    assert not {"Old Weavers Club", "City Lib."} & names, "neither gone nor linked ones"
    library = next(asset for asset in patch["assets"] if asset["name"] == "City Library")
    assert library["interests"] == ["reading"]
    assert (library["lon"], library["lat"]) == (-1.751, 53.792)
    assert library["opening_hours"][0] == {
        "weekday": 0, "opens_at": "09:00", "closes_at": "17:00",
    }  # fmt: skip
    assert set(library) == {
        "id", "version", "kind", "name", "description", "lon", "lat", "location_source",
        "ward_code", "address", "postcode", "phone", "email", "website", "is_contact_public",
        "interests", "access", "is_indoors", "opening_hours", "beds", "charity_number",
        "assured_date",
    }  # fmt: skip


def test_a_private_contact_is_not_in_it(
    client: TestClient,  # noqa: F811
    town: Town,  # noqa: F811
    connection: sa.Connection,
) -> None:
    connection.execute(
        sa.text("UPDATE assets SET is_contact_public = false WHERE id = :id"), {"id": town.club.id}
    )
    connection.execute(
        sa.text("UPDATE assets SET phone = '0113 496 0001' WHERE id = :id"),
        {"id": town.informal.id},
    )
    for address in (f"/map/patches/{town.ward.gss_code}.json", f"/map/near.json?{BOX}"):
        text = client.get(address).text
        assert "01274 555 0101" not in text
        assert "0113 496 0001" not in text
        assert "Riverside Bowls Club" in text
    one = client.get(f"/map/assets/{town.club.id}.json").json()
    assert (one["phone"], one["is_contact_public"]) == (None, False)


def test_streets_come_within_100_m_of_the_wards_box(patch: dict[str, Any]) -> None:
    assert patch["streets"] == [
        {
            "name": "Toad Lane",
            "highway": "residential",
            "line": [[-1.7534, 53.7924], [-1.75123, 53.7931]],
        }
    ]


def test_the_box_is_100_m_wider_than_the_ward(town: Town, connection: sa.Connection) -> None:  # noqa: F811
    tight = box_around(connection, area_id=town.ward.id, margin_m=0)
    wide = box_around(connection, area_id=town.ward.id, margin_m=100)
    metres_in_a_degree = 111_300
    assert (tight[1] - wide[1]) * metres_in_a_degree == pytest.approx(100, abs=5)
    assert (wide[3] - tight[3]) * metres_in_a_degree == pytest.approx(100, abs=5)
    assert wide[0] < tight[0] < tight[2] < wide[2]


def test_everybody_who_has_to_be_named_is(patch: dict[str, Any], town: Town) -> None:  # noqa: F811
    assert "\N{COPYRIGHT SIGN} OpenStreetMap contributors (ODbL 1.0)" in patch["attribution"]
    assert len(patch["attribution"]) == len(set(patch["attribution"])) >= 2


def test_the_size_is_what_is_sent(client: TestClient, patch: dict[str, Any], town: Town) -> None:  # noqa: F811
    size = client.get(f"/map/patches/{town.ward.gss_code}/size").json()
    address = f"/map/patches/{town.ward.gss_code}.json"
    answer = client.get(address, headers={"accept-encoding": "gzip"})
    assert size["assets"] == len(patch["assets"])
    assert size["streets"] == 1
    assert size["stored_bytes"] == len(answer.content)
    assert size["bytes"] == pytest.approx(len(gzip.compress(answer.content, 4)), abs=100)
    assert size["base_map_bytes"] == 0


def test_a_ward_there_is_not_says_so(client: TestClient, town: Town) -> None:  # noqa: F811
    for ending in (".json", "/size"):
        answer = client.get(f"/map/patches/E05000001{ending}", headers={"accept": "text/json"})
        assert answer.status_code == 404
        assert "Search for it by its name." in answer.json()["detail"]


def test_wards_are_found_by_name_by_place_and_by_code(client: TestClient, town: Town) -> None:  # noqa: F811
    def found(query: str) -> list[str]:
        return [ward["gss_code"] for ward in client.get(f"/map/patches?{query}").json()["patches"]]

    code = town.ward.gss_code
    assert found("") == [code]
    assert found(f"q={town.ward.name[:4].lower()}") == [code]
    assert found("q=%25") == found("q=zzz") == [], "a percent sign is a percent sign"
    assert found("lon=-1.7534&lat=53.7924") == [code]
    assert found("lon=-3.0&lat=54.0") == []
    assert found(f"lon=-3.0&lat=54.0&ward={code}") == [code]


@pytest.mark.parametrize(
    "query", ["", "bbox=1,2,3", "bbox=-3,53,-1,55", "bbox=-1.7,53.8,-1.8,53.7", "bbox=a,b,c,d"]
)
def test_a_rectangle_that_makes_no_sense_is_said(client: TestClient, query: str) -> None:  # noqa: F811
    answer = client.get(f"/map/near.json?{query}", headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["field"] == "bbox"


def test_the_page_is_the_same_for_everybody(people: People) -> None:
    nobody = people.client().get("/map")
    for who in ("mapper", "manager_a", "administrator"):
        mine = people.client(who).get("/map")
        assert mine.content == nobody.content
        assert "no-store" not in mine.headers["cache-control"]


def with_settings(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def test_only_the_tiles_own_host_may_send_pictures(web_settings: Settings) -> None:  # noqa: F811
    tiles = "https://{s}.tiles.example.org/{z}/{x}/{y}.png?key=a;b"
    base_map = BaseMap.of(with_settings(web_settings, base_tiles=tiles))
    assert "img-src 'self' https://*.tiles.example.org data:" in base_map.csp
    assert "key=a" not in base_map.csp
    assert BaseMap.of(web_settings).csp == PAGE_CSP


@pytest.mark.parametrize(
    "tiles", ["tiles/{z}", "javascript:x", "https://a b/{z}", "https://x;script-src *//{z}"]
)
def test_an_address_that_is_none_stops_the_start(web_settings: Settings, tiles: str) -> None:  # noqa: F811
    with pytest.raises(BadSetting, match="PATCHWORK_BASE_TILES"):
        create_app(with_settings(web_settings, base_tiles=tiles))


@pytest.mark.parametrize("what", ["missing", "text", "kind"])
def test_a_map_file_that_is_none_stops_the_start(
    web_settings: Settings,  # noqa: F811
    tmp_path: Path,
    what: str,
) -> None:
    path = tmp_path / "base.pmtiles"
    if what == "text":
        path.write_text("not a map" * 50)
    if what == "kind":
        whole = bytearray(small_pmtiles())
        struct.pack_into("B", whole, 99, 0)
        path.write_bytes(whole)
    with pytest.raises(BadSetting, match="PATCHWORK_BASE_PMTILES"):
        create_app(with_settings(web_settings, base_pmtiles=path))


def test_a_map_file_is_served_whole_and_in_ranges(web_settings: Settings, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "base.pmtiles"
    path.write_bytes(small_pmtiles())
    made = create_app(with_settings(web_settings, base_pmtiles=path))
    with TestClient(made) as browser:
        whole = browser.get("/map/base.pmtiles")
        assert (whole.status_code, whole.content) == (200, path.read_bytes())
        part = browser.get("/map/base.pmtiles", headers={"range": "bytes=0-6"})
        assert (part.status_code, part.content) == (206, b"PMTiles")
        assert part.headers["content-range"] == f"bytes 0-6/{path.stat().st_size}"
        beyond = browser.get("/map/base.pmtiles", headers={"range": "bytes=999999999-"})
        assert beyond.status_code == 416
        page = browser.get("/map").text
        assert 'data-base-pmtiles="/map/base.pmtiles" data-base-is-raster="true"' in page
