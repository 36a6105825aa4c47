"""What is asked of /ogc: filters and pages that fit, and nonsense that never is a 500."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from httpx import Response

from app.ogc.collections import COLUMNS
from app.ogc.filters import check
from tests.ogc.conftest import Served

ASSETS = "/collections/assets/items"
TILE = "/collections/assets/tiles/WebMercatorQuad"
# What would be run, or would name a table, another role, a file.
FUNCTIONS = (
    "pg_sleep(3) = 1",
    "set_config('role','postgres',false) = 'x'",
    "query_to_xml('select email from accounts', true, true, '') LIKE '%a%'",
    "pg_read_file('/etc/passwd') LIKE '%root%'",
    "current_setting('is_superuser') = 'on'",
    "name = casei(version())",
    "length(name) > 3 AND has_table_privilege('residents','SELECT') = true",
    "lower(repeat(name, 100000000)) = 'x'",
    "NOT (generate_series(1,1000000000) > 3)",
)
HIDDEN = ("source_key", "content_hash", "is_contact_public", "consent_on", "tableoid", "ctid")
NONSENSE: tuple[tuple[str, dict[str, str]], ...] = (
    *((ASSETS, {"bbox": box}) for box in (
        "1,2,3", "a,b,c,d", "NaN,0,1,1", "0,0,inf,1", "-200,0,1,1", "5,50,-5,51", "1e999,0,1,1",
        "0,,1,1", "1,2,3,4,5", "0,0,0,95")),
    *((ASSETS, {"limit": limit}) for limit in ("0", "-1", "x", "1.5", "9" * 30, "NaN")),
    *((ASSETS, {"offset": offset}) for offset in ("-1", "x", "99999999999", "9" * 40)),
    *((ASSETS, {"datetime": when}) for when in (
        "yesterday", "2026-13-01", "2026-02-31", "../..", "2026-01-01/2026-01-02/2026-01-03", "/",
        "0000-01-01")),
    *((ASSETS, {"filter": text}) for text in (
        *FUNCTIONS, "((((", "name = ", "'", "name = 'x' OR", "(" * 3000, "NOT " * 900 + "true",
        "beds = 'many'", "name > 5 + geom", "S_INTERSECTS(geom, POINT(1 2 3 4 5))", "id = 'x'",
        "1/0 = 1", "beds / 0 = 1", "S_INTERSECTS(geom, POLYGON((0 0, 1 1)))", "true", "5", "name",
        "S_INTERSECTS(name, POINT(1 2))", "checked_on > DATE('2026-99-99')", "x" * 5000,
        '{"op":"=","args":[{"property":"name"}]}', '{"op":"pg_sleep","args":[1]}', '{"a":',
        *(f"{name} IS NOT NULL" for name in HIDDEN))),
    *((ASSETS, {"sortby": text}) for text in (
        "name;drop", "ward_name", "interests", "nothing", "name\nx", "", ",", "-", "geom")),
    *((ASSETS, {name: "http://www.opengis.net/def/crs/EPSG/0/27700"})
      for name in ("crs", "bbox-crs", "filter-crs")),
    *((ASSETS, {name: "NaN"}) for name in ("simplify", "f", "geom-column", "datetime-column")),
    *((ASSETS, {"simplify": value}) for value in ("-1", "inf", "1e308")),
    *((ASSETS, {name: "a\x00b"}) for name in ("name", "filter", "properties", "ids", "q\x00")),
    (ASSETS, {"ids": ",".join(["x"] * 200)}), (ASSETS, {"beds": "many"}), (ASSETS, {"geom": "x"}),
    (ASSETS, {"checked_on": "x"}), (ASSETS, {"name": "\ud800".encode("utf-8", "replace").decode()}),
    (f"{ASSETS}/x", {}), (f"{ASSETS}/%00", {}), (f"{ASSETS}/' OR 1=1", {}),
    ("/collections/wards/items/x", {}), ("/collections/wards/items", {"datetime": "2026-01-01"}),
    *((f"{TILE}/{tile}", {}) for tile in (
        "99/0/0", "-1/0/0", "13/99999999/0", "5/32/0", "5/0/-1", "x/y/z", "9999999999/1/1",
        "23/0/0")),
    ("/collections/assets/tiles/Nothing/1/0/0", {}), ("/collections/public.accounts/items", {}),
    *((f"/collections/{name}/items", {}) for name in (
        "accounts", "ogc.assets", "public.residents", "pg_catalog.pg_roles", "pg_temp.x", "x.y")),
    ("/nothing", {}), ("/rawcatalog", {}), ("/refresh", {}), ("/docs", {}),
)  # fmt: skip


def problem(answer: Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == answer.status_code
    return said


def names(answer: Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {one["properties"]["name"] for one in answer.json()["features"]}


@pytest.mark.parametrize(("path", "asked"), NONSENSE, ids=lambda value: str(value)[:60])
def test_nonsense_is_a_problem_and_never_a_fault(
    served: Served, path: str, asked: dict[str, str]
) -> None:
    answer = served.client.get(f"{served.ogc}{path}", params=asked)
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200:
        assert set(asked) <= {"limit", "name", "filter", "sortby"}, asked
    else:
        problem(answer)
        value = next(iter(asked.values()), "")
        assert len(value) < 9 or value not in answer.text, "what was typed is not repeated"


@pytest.mark.parametrize("accept", ["text/html;level;q=x", "a;b", ";;,", "text/csv", "*/*;q=0"])
def test_any_header_is_answered(served: Served, accept: str) -> None:
    for path in (ASSETS, "/", f"{ASSETS}?bbox=x"):
        answer = served.client.get(f"{served.ogc}{path}", headers={"accept": accept})
        assert answer.status_code in {200, 400}


@pytest.mark.parametrize("text", FUNCTIONS)
def test_a_filter_runs_no_function(text: str) -> None:
    assert "function" in (check(text, COLUMNS["assets"]) or "")


@pytest.mark.parametrize("name", HIDDEN)
def test_a_filter_reaches_no_column_that_is_not_shown(served: Served, name: str) -> None:
    answer = served.get(ASSETS, filter=f"{name} IS NOT NULL")
    assert problem(answer)["field"] == "filter"
    # As a parameter it means nothing: everything is found.
    assert served.get(ASSETS, **{name: "x"}).json()["numberMatched"] > 200


def test_hidden_contacts_and_gone_places_are_not_there(served: Served) -> None:
    everything = served.get(ASSETS, limit=1000).text
    for word in ("01274 999 0000", "hidden@x.example", "Old Weavers", "City Lib."):
        assert word not in everything
    assert served.get(ASSETS, filter="phone = '01274 999 0000'").json()["numberMatched"] == 0


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"filter": "interests LIKE '%owls%'"}, {"Riverside Bowls Club"}),
        ({"filter": "kind = 'care home'"}, {"Bowmont House"}),
        ({"filter": "casei(name) = casei('CITY library')"}, {"City Library"}),
        ({"filter": "share_alike = true"}, {"City Library"}),
        ({"filter": "kind IN ('informal')"}, {"Irene mends clocks"}),
        ({"filter": "geom IS NULL AND placed_by = 'none'"}, {"By telephone"}),
        ({"filter": "beds BETWEEN 20 AND 30 AND NOT name LIKE 'x%'"}, {"Bowmont House"}),
        ({"filter": '{"op":"=","args":[{"property":"beds"},24]}', "filter-lang": "cql2-json"},
         {"Bowmont House"}),
        ({"filter": "S_INTERSECTS(geom, POLYGON((-1.7605 53.7945, -1.7595 53.7945, -1.7595 53.7955,"
          " -1.7605 53.7955, -1.7605 53.7945))) AND interests IS NOT NULL"},
         {"Riverside Bowls Club"}),
        ({"bbox": "-1.7541,53.7929,-1.7539,53.7931", "kind": "care home"}, {"Bowmont House"}),
        ({"datetime": "2000-01-01/.."}, {"Riverside Bowls Club"}),
        ({"datetime": "../2000-01-01"}, set()),
        ({"name": "O'Neill's"}, set()),
        ({"postcode": "BD1 1HY", "sortby": "-name"}, {"Bowmont House"}),
    ],
)  # fmt: skip
def test_filters_find_what_they_say(
    served: Served, asked: dict[str, str], expected: set[str]
) -> None:
    assert names(served.get(ASSETS, **asked)) == expected


def test_a_place_has_readable_columns(served: Served) -> None:
    [found] = served.get(ASSETS, name="City Library").json()["features"]
    said = found["properties"]
    assert list(said) == [*COLUMNS["assets"]]
    assert said["opening_hours"] == "Mon 09:00-17:00; Wed 09:30-12:00; Wed 13:00-19:00"
    assert (said["ward_code"], said["ward_name"]) == ("E05001347", "City")
    assert said["attribution"] == "\N{COPYRIGHT SIGN} OpenStreetMap contributors"
    [boccia] = served.get("/collections/activities/items").json()["features"]
    assert boccia["properties"]["schedule"] == "from 2026-01-06 14:00-15:30 FREQ=WEEKLY;BYDAY=TU"
    assert boccia["properties"]["organizer"] == "Riverside Bowls Club"


def test_a_limit_too_large_is_the_largest(served: Served) -> None:
    answer = served.get(ASSETS, limit=999_999).json()
    assert answer["numberReturned"] == answer["numberMatched"]
    assert "limit=10000" in next(li["href"] for li in answer["links"] if li["rel"] == "self")


def test_csv_runs_no_formula_and_may_be_empty(served: Served) -> None:
    answer = served.get(ASSETS, f="csv", limit=1000)
    assert answer.headers["content-type"].startswith("text/csv")
    assert not re.search(r"(?m)(^|,)\"?[=+@]", answer.text)
    assert served.get(ASSETS, f="csv", name="nobody").status_code == 200
    for form in ("ndjson", "geojsonseq"):
        assert served.get(ASSETS, f=form, name="nobody").text == ""


def test_every_site_may_read_it_and_our_headers_are_there(served: Served) -> None:
    for path in (ASSETS, "/", "/nothing", f"{TILE}/0/0/0"):
        answer = served.get(path)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers.get("content-encoding", "gzip") == "gzip"
    # Packed once: httpx unpacks once, and what is left is readable.
    assert json.loads(served.get(ASSETS, limit=100).content)["features"]


def test_pages_load_nothing_from_elsewhere(served: Served) -> None:
    paths = ["/", "/conformance", "/collections", "/collections/assets", "/api.html", ASSETS,
             "/collections/assets/queryables", "/collections/assets/tiles", TILE,
             "/tileMatrixSets", "/tileMatrixSets/WebMercatorQuad", f"{TILE}/map.html"]  # fmt: skip
    for path in paths:
        answer = served.client.get(f"{served.ogc}{path}", headers={"accept": "text/html"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        loaded = re.findall(r"""(?:src|<link[^>]*href)=["']([^"']+)""", answer.text)
        assert all(address.startswith("/") for address in loaded), path
        assert "<script>" not in answer.text
    listed = served.client.get(f"{served.ogc}{ASSETS}?share_alike=true&f=html").text
    drawn = served.client.get(f"{served.ogc}{TILE}/map.html").text
    for page in (listed, drawn):
        assert "OpenStreetMap contributors (ODbL 1.0)" in page
