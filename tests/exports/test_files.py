"""Each file in another program's hands: the same rows, OpenStreetMap's apart, whose and when."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from typing import Any

import geopandas as gpd
import openpyxl
import pyogrio
import pyproj
import pytest
from pyarrow import parquet

from app.exports import layers, queries
from app.exports.writers import FORMATS
from app.parameters import today
from tests.exports.conftest import HOSTILE, Taken

OSM_CREDIT = "\N{COPYRIGHT SIGN} OpenStreetMap contributors"
VIEWS = {"assets": "public_assets", "activities": "public_activities"}


def open_ids(taken: Taken, name: str) -> set[str]:
    return taken.ids(VIEWS[name], "NOT s.is_share_alike")


def osm_ids(taken: Taken, name: str) -> set[str]:
    return taken.ids(VIEWS[name], "s.is_share_alike")


def in_zip(content: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {
            entry: list(csv.DictReader(io.StringIO(packed.read(entry).decode("utf-8-sig"))))
            for entry in packed.namelist()
        }


def sheets(content: bytes) -> dict[str, list[dict[str, Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    found: dict[str, list[dict[str, Any]]] = {}
    for sheet in book:
        head, *rows = sheet.iter_rows(values_only=True)
        names = [str(cell) for cell in head]
        found[sheet.title] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("ending", FORMATS)
def test_headers(taken: Taken, name: str, ending: str) -> None:
    answer = taken.client.get(f"/{name}.{ending}")
    assert answer.headers["content-type"] == FORMATS[ending].media_type
    assert f'filename="{name}-{today()}.{ending}"' in answer.headers["content-disposition"]


@pytest.mark.parametrize("name", VIEWS)
def test_geopackage(taken: Taken, name: str) -> None:
    path = taken.file(f"/{name}.gpkg")
    free = pyogrio.read_dataframe(path, layer=name)
    assert set(free["id"]) == open_ids(taken, name)
    assert free.crs.to_epsg() == 4326
    if osm_ids(taken, name):
        shared = pyogrio.read_dataframe(path, layer=f"{name}_osm")
        assert set(shared["id"]) == osm_ids(taken, name)
    said = pyogrio.read_info(path, layer=name)
    assert said["dataset_metadata"]["made_on"] == str(today())
    assert said["layer_metadata"]["attribution"] in {
        f"{a} ({b})" for a, b in zip(free["attribution"], free["licence"], strict=True)
    }
    assert OSM_CREDIT not in said["layer_metadata"]["attribution"]
    sources = pyogrio.read_dataframe(path, layer="sources")
    assert sources["rows"].sum() == len(taken.ids(VIEWS[name]))
    assert set(sources["taken_on"].astype(str).str[:10]) == {str(today())}


@pytest.mark.parametrize("name", VIEWS)
def test_geoparquet(taken: Taken, name: str) -> None:
    for address, ids in ((f"/{name}.parquet", open_ids), (f"/{name}.parquet?layer=osm", osm_ids)):
        path = taken.file(address)
        frame = gpd.read_parquet(path)
        assert set(frame["id"]) == ids(taken, name)
        assert frame.crs == pyproj.CRS("OGC:CRS84")
        assert frame["attribution"].notna().all()
        said = parquet.read_schema(path).metadata
        assert said[b"made_on"].decode() == str(today())
        geo = json.loads(said[b"geo"])
        assert geo["version"] == "1.1.0"
        assert geo["columns"][geo["primary_column"]] == {
            "encoding": "WKB",
            "geometry_types": ["Point"],
        }
        assert (OSM_CREDIT.encode() in said[b"attribution"]) == (
            "osm" in address and bool(ids(taken, name))
        )


@pytest.mark.parametrize("name", VIEWS)
def test_flatgeobuf(taken: Taken, name: str) -> None:
    for address, ids in ((f"/{name}.fgb", open_ids), (f"/{name}.fgb?layer=osm", osm_ids)):
        path = taken.file(address)
        frame = pyogrio.read_dataframe(path)
        assert set(frame["id"]) == ids(taken, name)
        said = pyogrio.read_info(path)["layer_metadata"]
        assert said["made_on"] == str(today())
        assert str(today()) in said["TITLE"]
        assert (OSM_CREDIT in said.get("DESCRIPTION", "")) == (
            "osm" in address and bool(ids(taken, name))
        )


@pytest.mark.parametrize("name", VIEWS)
def test_kml(taken: Taken, name: str) -> None:
    path = taken.file(f"/{name}.kml")
    assert f"Taken on {today()}." in path.read_text()
    assert {layer for layer, _ in pyogrio.list_layers(path)} == {name, f"{name}_osm"}
    frame = pyogrio.read_dataframe(path, layer=name)
    assert set(frame["id"]) == open_ids(taken, name)
    assert frame["description"].str.contains(r"\(.+\)$", regex=True).all()
    assert set(pyogrio.read_dataframe(path, layer=f"{name}_osm").get("id", ())) == osm_ids(
        taken, name
    )


@pytest.mark.parametrize("name", VIEWS)
def test_workbook_and_zip(taken: Taken, name: str) -> None:
    book = sheets(taken.get(f"/{name}.xlsx"))
    packed = in_zip(taken.get(f"/{name}.zip"))
    assert list(book) == [name, f"{name}_osm", "Sources"]
    assert list(packed) == [f"{part}-{today()}.csv" for part in (name, f"{name}_osm", "sources")]
    for rows in (book, {key.rsplit("-", 3)[0]: value for key, value in packed.items()}):
        assert {row["id"] for row in rows[name]} == open_ids(taken, name)
        assert {row["id"] for row in rows[f"{name}_osm"]} == osm_ids(taken, name)
        for row in (*rows[name], *rows[f"{name}_osm"]):
            assert row["source"]
            assert row["licence"]
            assert row["attribution"]


def test_activities_say_when(taken: Taken) -> None:
    [row] = sheets(taken.get("/activities.xlsx"))["activities"]
    assert row["organizer"] == "Riverside Bowls Club"
    assert row["rrule"] == "FREQ=WEEKLY;BYDAY=TU"
    assert "Tuesday" in row["when_it_is"]
    assert row["next_day"].date() >= today()


def test_the_same_filters_as_the_list(taken: Taken) -> None:
    for question in ("kind=care_home", "q=Bowls", "near=BD1+1HY&within=300", "ward=E05001347"):
        listed = taken.client.get(f"/api/assets?{question}&limit=1000").json()["assets"]
        book = sheets(taken.get(f"/assets.xlsx?{question}"))
        found = {row["id"] for sheet in ("assets", "assets_osm") for row in book[sheet]}
        assert found == {one["id"] for one in listed}
        assert found
    assert taken.client.get("/assets.gpkg?near=ZZ1+1ZZ").status_code == 422
    assert taken.client.get("/assets.fgb?layer=both").status_code == 422


def test_nothing_is_an_empty_file(taken: Taken) -> None:
    for ending in FORMATS:
        content = taken.get(f"/assets.{ending}?q=nobodyiscalledso")
        assert content
    assert sheets(taken.get("/assets.xlsx?q=nobodyiscalledso"))["assets"] == []


def test_many_rows_come_in_pieces_and_too_many_are_refused(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = taken.ids("public_assets")
    monkeypatch.setattr(queries, "CHUNK", 3)
    found = pyogrio.read_dataframe(taken.file("/assets.gpkg"), layer="assets")
    assert sorted(found["id"]) == sorted(open_ids(taken, "assets"))
    assert len(gpd.read_parquet(taken.file("/assets.parquet"))) == len(found)
    monkeypatch.setattr("app.exports.router.MOST_ROWS", len(whole) - 1)
    answer = taken.client.get("/assets.gpkg", headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert "/ogc" in answer.json()["detail"]


def test_nothing_private(taken: Taken) -> None:
    for ending in ("kml", "fgb", "gpkg"):
        assert b"999 0000" not in taken.get(f"/assets.{ending}")


def test_the_page_names_everybody_and_links_every_file(taken: Taken) -> None:
    page = taken.client.get("/exports").text
    for name in VIEWS:
        for ending in FORMATS:
            assert f'href="/{name}.{ending}"' in page
    assert OSM_CREDIT in page
    assert "A layer of its own" in page
    for path in ("/", "/assets", "/about"):
        assert 'href="/exports"' in taken.client.get(path).text
    listed = taken.client.get("/assets?kind=venue").text
    assert re.search(r'href="/assets\.gpkg\?kind=venue"', listed)


def test_names_arrive_as_they_are(taken: Taken) -> None:
    for frame in (
        gpd.read_parquet(taken.file("/assets.parquet")),
        pyogrio.read_dataframe(taken.file("/assets.gpkg"), layer="assets"),
        pyogrio.read_dataframe(taken.file("/assets.fgb")),
    ):
        assert set(HOSTILE) <= set(frame["name"])
    kml = pyogrio.read_dataframe(taken.file("/assets.kml"), layer="assets")
    assert set(HOSTILE) <= set(kml["Name"])
    assert layers.MOST_ROWS == 100_000
