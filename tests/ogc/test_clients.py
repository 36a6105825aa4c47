"""Other people's programs read /ogc: what they count and where it is equals the database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from owslib.ogcapi.features import Features

from tests.conftest import ROOT
from tests.ogc.conftest import Served

OGC_CLIENT = ROOT / ".local" / "ogc-client" / "ogc-client.mjs"
NODE = shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")
VIEWS = {
    "assets": "SELECT id::text AS key, ST_AsBinary(geom) AS shape FROM public_assets",
    "activities": "SELECT id::text AS key, ST_AsBinary(geom) AS shape FROM public_activities",
    "wards": "SELECT gss_code AS key, ST_AsBinary(geom) AS shape FROM areas",
}


def in_database(served: Served, name: str) -> dict[str, Any]:
    """Return where everything is by id, as a shape, or None."""
    return {
        row.key: None if row.shape is None else shapely.from_wkb(bytes(row.shape))
        for row in served.rows(VIEWS[name])
    }


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for key, shape in expected.items():
        if shape is None:
            assert found[key] is None
        else:
            assert shapely.equals_exact(found[key], shape, tolerance=1e-8, normalize=True), key


def shape_of(geometry: Any) -> Any:
    return None if geometry is None else shapely.from_geojson(json.dumps(geometry))


@pytest.mark.parametrize("name", VIEWS)
def test_pages_of_every_size_hold_everything_once(served: Served, name: str) -> None:
    expected = in_database(served, name)
    for limit in (7, 100, 1000):
        found: dict[str, Any] = {}
        address: str | None = f"{served.ogc}/collections/{name}/items?limit={limit}"
        while address:
            page = served.client.get(address).json()
            assert page["numberMatched"] == len(expected)
            assert page["numberReturned"] == len(page["features"])
            keys = [one["id"] for one in page["features"]]
            assert not found.keys() & set(keys)
            found |= {one["id"]: shape_of(one["geometry"]) for one in page["features"]}
            address = next((li["href"] for li in page["links"] if li["rel"] == "next"), None)
        assert_same(found, expected)


@pytest.mark.parametrize("name", VIEWS)
def test_gdal_reads_it(served: Served, name: str) -> None:
    options = {"PAGE_SIZE": "50"}
    frame = pyogrio.read_dataframe(f"OAPIF:{served.ogc}", layer=name, **options)
    key = "gss_code" if name == "wards" else "id"
    found = dict(zip(frame[key], frame.geometry, strict=True))
    assert_same(found, in_database(served, name))


@pytest.mark.skipif(not shutil.which("ogr2ogr"), reason="there is no ogr2ogr: install gdal-bin")
def test_ogr2ogr_makes_a_geopackage_of_it(served: Served, tmp_path: Path) -> None:
    made = tmp_path / "out.gpkg"
    subprocess.run(
        ["ogr2ogr", "-f", "GPKG", made, f"OAPIF:{served.ogc}", "-oo", "PAGE_SIZE=60"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    for name in VIEWS:
        frame = pyogrio.read_dataframe(made, layer=name)
        key = "gss_code" if name == "wards" else "id"
        found = dict(zip(frame[key], frame.geometry, strict=True))
        assert_same(found, in_database(served, name))


def test_owslib_reads_it(served: Served) -> None:
    client = Features(f"{served.ogc}/")
    assert client.feature_collections() == list(VIEWS)
    assert (
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
        in (client.conformance()["conformsTo"])
    )
    assert client.api()["openapi"]
    for name in VIEWS:
        found: dict[str, Any] = {}
        while True:
            page = client.collection_items(name, limit=90, offset=len(found))
            found |= {one["id"]: shape_of(one["geometry"]) for one in page["features"]}
            if len(found) >= page["numberMatched"]:
                break
        assert_same(found, in_database(served, name))
    one = client.collection_item("wards", "E05001347")
    assert one["properties"]["name"] == "City"


@pytest.mark.skipif(not OGC_CLIENT.exists(), reason="there is no ogc-client: make test fetches it")
def test_a_javascript_client_reads_it(served: Served) -> None:
    program = Path(__file__).with_name("read_features.mjs")
    answer = subprocess.run(
        [NODE, program, OGC_CLIENT, f"{served.ogc}/", "80"],
        capture_output=True, text=True, check=True, timeout=60, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    told = json.loads(answer.stdout)
    assert told["hasFeatures"]
    for name in VIEWS:
        kind = "MultiPolygon" if name == "wards" else "Point"
        found = {
            key: shape_of(at and {"type": kind, "coordinates": at})
            for key, at in told["collections"][name]
        }
        assert_same(found, in_database(served, name))
