"""How the feed behaves as a web server: for other sites, for caches, and when asked badly."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from app.oruk.ids import own_service_id
from tests.oruk.feed import Feed
from tests.oruk.place import Place
from tests.web.document import Document

LISTS = ("/services", "/organizations", "/service_at_locations", "/taxonomies", "/taxonomy_terms")


@pytest.mark.parametrize("path", ["", "/", "/openapi.json", *LISTS, "/services/none", "/nothing"])
def test_every_site_may_read(feed: Feed, path: str) -> None:
    for answer in (feed.get(path), feed.client.get(f"/oruk{path}", headers={"origin": "null"})):
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    asked = {"origin": "https://other.example", "access-control-request-method": "GET",
             "access-control-request-headers": "x-anything"}  # fmt: skip
    for headers in (asked, {}):
        preflight = feed.client.options(f"/oruk{path}", headers=headers)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert preflight.headers["access-control-allow-headers"] == "*"
        assert "GET" in preflight.headers["access-control-allow-methods"]


def test_nothing_else_is_open(feed: Feed) -> None:
    for path in ("/assets", "/oruka", "/api/assets"):
        answer = feed.client.get(path, headers={"origin": "https://other.example"})
        assert "access-control-allow-origin" not in answer.headers
    assert feed.client.post("/oruk/services").status_code in {403, 405}


def test_whoever_has_it_is_told_so(feed: Feed, place: Place) -> None:
    for path in ("", *LISTS, f"/organizations/{place.club.id}"):
        first = feed.get(path)
        assert first.headers["cache-control"] == "public, no-cache"
        tag = first.headers["etag"]
        again = feed.client.get(f"/oruk{path}", headers={"if-none-match": f'"x", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    before = feed.get("/services").headers["etag"]
    feed.change("UPDATE assets SET name = 'Bowmont Hall' WHERE id = :id", id=place.home.id)
    assert feed.get("/services").headers["etag"] != before
    feed.change("UPDATE assets SET name = 'Bowmont House' WHERE id = :id", id=place.home.id)


def test_head(feed: Feed) -> None:
    for path in ("", *LISTS):
        answer = feed.client.head(f"/oruk{path}", headers={"accept-encoding": "identity"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-length"] == str(len(feed.get(path).content))
    stream = feed.client.head("/oruk/services?format=ndjson")
    assert (stream.status_code, stream.content) == (200, b"")
    assert stream.headers["content-type"] == "application/x-ndjson"


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [
        *((path, {"page": value}, "page") for path in LISTS
          for value in ("0", "-1", "1.5", "x", "1" + "0" * 30, "\N{ARABIC-INDIC DIGIT ONE}")),
        *((path, {"per_page": value}, "per_page") for path in LISTS
          for value in ("0", "-5", "1001", "1e3", "all")),
        *((path, {"format": "xml"}, "format") for path in LISTS),
        *((path, {"search": "bow\0ls"}, "search") for path in LISTS),
        ("/services", {"search": "x" * 201}, "search"),
        ("/services", {"full": "maybe"}, "full"),
        ("/services", {"minimal": "1"}, "minimal"),
        ("/organizations", {"full_service": "yes"}, "full_service"),
        ("/services", {"modified_after": "yesterday"}, "modified_after"),
        ("/services", {"modified_after": "2026-13-01"}, "modified_after"),
        ("/services", {"modified_after": "0001-01-01T00:00:00+14:00"}, "modified_after"),
        ("/services", {"taxonomy_id": "bowls"}, "taxonomy_id"),
        ("/services", {"taxonomy_term_id": "\0"}, "taxonomy_term_id"),
        ("/services", {"organization_id": "1"}, "organization_id"),
        ("/services", {"taxonomy_type": "people"}, "taxonomy_type"),
        ("/services", {"postcode": "somewhere"}, "postcode"),
        ("/services", {"postcode": "ZZ99 9ZZ"}, "postcode"),
        ("/services", {"proximity": "100"}, "proximity"),
        ("/services", {"postcode": "BD1 1HY", "proximity": "-1"}, "proximity"),
        ("/services", {"postcode": "BD1 1HY", "proximity": "1e9"}, "proximity"),
        ("/services", {"coverage": "nowhere"}, "coverage"),
        ("/services", {"day": "Someday"}, "day"),
        ("/services", {"start_time": "25:00"}, "start_time"),
        ("/services", {"end_time": "9am"}, "end_time"),
        ("/services", {"day": ["MO", "TU"], "start_time": ["1:00"]}, "start_time"),
        ("/services", {"day": ["MO", "TU", "WE"], "start_time": ["10:00", "11:00"]}, "start_time"),
        ("/services", {"minimum_age": "old"}, "minimum_age"),
        ("/services", {"maximum_age": "-1"}, "maximum_age"),
        ("/taxonomy_terms", {"parent_id": "top"}, "parent_id"),
        ("/taxonomy_terms", {"top_only": "sometimes"}, "top_only"),
        ("/taxonomy_terms", {"taxonomy_id": "x"}, "taxonomy_id"),
    ],
)  # fmt: skip
def test_bad_questions(feed: Feed, path: str, asked: dict[str, Any], field: str) -> None:
    answer = feed.get(path, **asked)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["field"] == field
    assert problem["detail"].endswith(".")


def test_lone_surrogates_and_other_bytes(feed: Feed) -> None:
    for raw in ("%ED%A0%80", "%FF%FE", "%00", "%F0%9F%92%A3" * 3):
        for path in ("/services?search=", "/services?modified_after=", "/services?postcode=",
                     "/services?taxonomy_id=", "/services?day=", "/services/",
                     "/organizations/", "/service_at_locations/", "/taxonomies/"):  # fmt: skip
            status = feed.get(path + raw).status_code
            assert status in {200, 404, 422}, (path, raw, status)


@pytest.mark.parametrize("path", LISTS)
def test_what_is_not_there(feed: Feed, path: str) -> None:
    for name in (str(uuid.uuid4()), "x", "1" * 40, "{00000000-0000-4000-8000-000000000000}", "%00"):
        answer = feed.get(f"{path}/{name}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_hidden_is_not_there(feed: Feed, place: Place) -> None:
    for hidden in (place.gone, place.informal):
        assert feed.get(f"/organizations/{hidden.id}").status_code == 404
    for hidden in (place.gone, place.informal, place.linked, place.club):
        # The last organizes something, and so is no service by itself.
        assert feed.get(f"/services/{own_service_id(str(hidden.id))}").status_code == 404
    assert feed.get(f"/services/{place.of_informal.id}").status_code == 404
    merged = feed.get(f"/organizations/{place.linked.id}")
    assert merged.status_code == 308
    assert merged.headers["location"] == f"/oruk/organizations/{place.library.id}"


def test_a_page_after_the_last_is_empty(feed: Feed) -> None:
    page = feed.json("/services", page=999_999_999)
    assert (page["contents"], page["empty"], page["size"]) == ([], True, 0)
    assert (page["first_page"], page["last_page"], page["page_number"]) == (
        False, True, 999_999_999,
    )  # fmt: skip


def test_a_browser_is_shown_a_page(feed: Feed) -> None:
    answer = feed.client.get("/oruk", headers={"accept": "text/html,application/xhtml+xml,*/*"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["vary"]
    page = Document(answer.text)
    [heading] = page.all("h1")
    assert heading.text == "Take this directory as Open Referral UK"
    text = page.all("main")[0].text
    assert "Contains data of osm (ODbL 1.0)" in text
    assert "https://map.example/oruk" in text
    for link in page.all("a"):
        href = link.attributes["href"]
        if href.startswith("/oruk"):
            assert feed.client.get(href).status_code == 200, href


def test_a_stream_is_every_record_as_its_own_address_has_it(feed: Feed) -> None:
    lines = feed.get("/services", format="ndjson", full="true")
    assert lines.headers["content-type"] == "application/x-ndjson"
    records = [json.loads(line) for line in lines.text.splitlines()]
    assert [one["id"] for one in records] == [one["id"] for one in feed.all("/services")]
    for record in records:
        assert feed.json(f"/services/{record['id']}") == record
    gzipped = feed.client.get(
        "/oruk/services?format=ndjson&full=true", headers={"accept-encoding": "gzip"}
    )
    assert gzipped.headers["content-encoding"] == "gzip"
    assert gzipped.text == lines.text
