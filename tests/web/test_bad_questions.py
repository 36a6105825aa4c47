"""Hostile and mistaken values: one clear sentence each, never a fault of ours, never an echo."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from tests.web.conftest import Town
from tests.web.document import Document

PLACE = "near=BD1+1HY"
# What each list needs to be answered at all; a bad value comes on top.
LISTS = {
    "assets": ("/assets", "/assets.geojson", "/assets.csv", "/api/assets", "/assets/map"),
    "wards": ("/wards", "/wards.geojson", "/wards.csv", "/api/wards"),
    "matches": ("/matches", "/matches.geojson", "/matches.csv", "/api/matches", "/matches/map"),
    "ward": ("/wards/E05001347.geojson", "/wards/E05001347.csv"),
    "facts": (
        "/wards/E05001347/map",
        "/wards/E05001347/boundary.geojson",
        "/api/wards/E05001347",
    ),
    "interests": ("/api/interests",),
}
NEEDED = {"matches": "near=BD1+1HY&interest=bowls"}

NUL, LONE = "%00", "%ED%A0%80"
LONG = "x" * 5_000

# (lists it concerns, the bad part, the field the answer must name)
BAD: list[tuple[str, str, str]] = [
    ("assets", "bbox=nan", "bbox"),
    ("assets", "bbox=nan,nan,nan,nan", "bbox"),
    ("assets", "bbox=-inf,-inf,inf,inf", "bbox"),
    ("assets", "bbox=1,2,3", "bbox"),
    ("assets", "bbox=1,2,3,4,5", "bbox"),
    ("assets", "bbox=-1.7,53.8,-1.8,53.7", "bbox"),  # corners the wrong way round
    ("assets", "bbox=53.7,-1.8,53.8,-1.7,0,0", "bbox"),
    ("assets", "bbox=-181,50,2,60", "bbox"),
    ("assets", "bbox=-2,50,2,91", "bbox"),
    ("assets", "bbox=1e2,1e2,1e3,1e3", "bbox"),
    ("assets", "bbox=%27);DROP+TABLE+assets;--", "bbox"),
    ("assets", f"bbox={NUL}", "bbox"),
    ("assets matches", "within=-1", "within"),
    ("assets matches", "within=0", "within"),
    ("assets matches", "within=20001", "within"),
    ("assets matches", "within=1e3", "within"),
    ("assets matches", "within=nan", "within"),
    ("assets matches", "within=800.5", "within"),
    ("assets matches", "within=%D9%A1%D9%A2", "within"),  # Arabic digits
    ("assets matches", f"within={'9' * 400}", "within"),
    ("assets wards matches interests ward", "limit=1e9", "limit"),
    ("matches", "limit=101", "limit"),
    ("assets wards matches interests ward", "limit=0", "limit"),
    ("assets wards matches interests ward", "limit=-5", "limit"),
    ("assets wards matches interests ward", "limit=1001", "limit"),
    ("assets wards matches interests ward", "limit=ten", "limit"),
    ("assets wards matches interests ward", f"limit={NUL}", "limit"),
    ("assets wards ward", "page=0", "page"),
    ("assets wards ward", "page=99999999999999999999", "page"),
    ("assets wards ward", "page=1.5", "page"),
    ("assets", "kind=pub", "kind"),
    ("assets", f"kind={NUL}", "kind"),
    ("assets", "ward=E0699", "ward"),
    ("assets", "ward=E05009999", "ward"),
    ("assets", "ward=%25", "ward"),
    ("assets", f"ward=City{NUL}", "ward"),
    ("assets interests", f"q={NUL}", "q"),
    ("assets interests", f"q=%7F{NUL}bowls", "q"),
    ("assets interests", f"q={LONG}", "q"),
    ("assets matches", "near=ZZ99+9ZZ", "near"),
    ("assets matches", "near=12345", "near"),
    ("assets matches", f"near=BD1{NUL}", "near"),
    ("assets matches", "near=%25%25%25", "near"),
    ("assets matches", f"near={LONG}", "near"),
    ("assets matches", "near=Nobody+House", "near"),
    ("assets matches", "home=1", "home"),
    ("assets matches", "home=00000000-0000-0000-0000-000000000000", "home"),
    ("assets matches", f"home={NUL}", "home"),
    ("assets matches", "near=&lon=-1.75", "lat"),
    ("assets matches", "near=&lon=nan&lat=nan", "lon"),
    ("assets matches", "near=&lon=53.8&lat=-1.7", "lon"),  # swapped
    ("assets matches", "near=&lon=-1.7&lat=5000", "lon"),
    ("assets matches", "near=&lon=1e400&lat=53", "lon"),
    ("assets matches", "interest=zzyzx", "interest"),
    ("assets matches", f"interest={NUL}", "interest"),
    ("assets matches", f"interest={LONG}", "interest"),
    ("assets matches", "&".join(f"interest=thing{n}" for n in range(30)), "interest"),
    ("assets matches", "interest=" + ",".join(f"bowls{n}" for n in range(25)), "interest"),
    ("matches", "needs=wings", "needs"),
    ("matches", f"needs={NUL}", "needs"),
    ("wards", "district=E0800", "district"),
    ("wards", f"district={NUL}", "district"),
    ("wards ward facts", "release=25", "release"),
    ("wards ward facts", f"release={NUL}", "release"),
    ("assets matches", "within=500&within=600", "within"),
    ("assets wards", "limit=5&limit=6", "limit"),
]
CASES = [
    pytest.param(address, name, part, field, id=f"{address}?{part[:40]}")
    for names, part, field in BAD
    for name in names.split()
    for address in LISTS[name]
]


def _address(path: str, name: str, part: str) -> str:
    needed = NEEDED.get(name, "")
    fields = {piece.split("=")[0] for piece in part.split("&")}
    kept = [piece for piece in needed.split("&") if piece and piece.split("=")[0] not in fields]
    return f"{path}?{'&'.join([*kept, part])}"


@pytest.mark.parametrize(("path", "name", "part", "field"), CASES)
def test_one_sentence_that_names_the_field(
    client: TestClient, town: Town, path: str, name: str, part: str, field: str
) -> None:
    answer = client.get(_address(path, name, part))

    assert answer.status_code == 422
    if path in {"/assets", "/wards", "/matches"}:
        page = Document(answer.text)
        summary = page.one("div", class_="nhsuk-error-summary")
        links = [link for link in page.all("a") if link.get("href") == f"#{field}"]
        assert links, summary.text
        sentence = links[0].text
    elif path.endswith("/map"):
        # The frame of a page that says the same.
        sentence = Document(answer.text).one("main").children[1].text
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert set(problem) == {"type", "title", "status", "detail", "field"}
        assert problem["field"] == field
        sentence = problem["detail"]
        _assert_no_echo(answer.text, part)
    assert sentence[0].isupper() or sentence[0] == "“"
    assert sentence.endswith((".", "?"))
    assert len(sentence) < 250


def _assert_no_echo(text: str, part: str) -> None:
    for piece in part.split("&"):
        value = piece.partition("=")[2]
        if len(value) > 4:
            assert value not in text


def test_a_page_keeps_what_was_typed_and_says_what_is_wrong(client: TestClient, town: Town) -> None:
    answer = client.get("/matches?near=Nobody+House&interest=bowls&within=-1")
    page = Document(answer.text)

    assert page.one("title").text.startswith("Problem: ")
    assert page.one("input", id="near").get("value") == "Nobody House"
    assert page.one("input", id="interest").get("value") == "Bowls"
    near = page.one("input", id="near")
    described = [page.one(id=name).text for name in near.get("aria-describedby").split()]
    assert any("neither a full postcode" in text for text in described)
    assert len(page.one("div", class_="nhsuk-error-summary__body").children[0].children) == 2


def test_typed_script_stays_words(client: TestClient, town: Town) -> None:
    typed = '"><script>alert(1)</script>'
    page = Document(client.get(f"/matches?near={quote(typed)}&interest=bowls").text)
    assert page.one("input", id="near").get("value") == typed
    assert all(script.get("src") for script in page.all("script"))


@pytest.mark.parametrize("path", ["/assets/{}", "/api/assets/{}", "/homes/{}", "/assets/{}/map"])
@pytest.mark.parametrize(
    "identifier",
    [
        "1",
        "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        "00000000-0000-0000-0000-00000000000g",
        "%00",
        "..%2F..%2Fetc%2Fpasswd",
        "%ED%A0%80",
        "a" * 3_000,
    ],
)
def test_no_such_asset(client: TestClient, town: Town, path: str, identifier: str) -> None:
    assert client.get(path.format(identifier)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/wards/{}", "/wards/{}.geojson", "/wards/{}.csv", "/wards/{}/map", "/api/wards/{}",
             "/wards/{}/boundary.geojson"],
)  # fmt: skip
@pytest.mark.parametrize(
    "code", ["E05009999", "e05001347", "E0500134", "E050013478", "%00", "E05001347%00", "'", "X"]
)
def test_no_such_ward(client: TestClient, town: Town, path: str, code: str) -> None:
    assert client.get(path.format(code)).status_code == 404


def test_values_nobody_asked_for_are_ignored(client: TestClient, town: Town) -> None:
    # Surrogates written as UTF-8 are no UTF-8: they arrive as replacement characters.
    for part in (f"utm_source={NUL}", f"%00={NUL}", f"q={LONE}", "bbox=", "within=+", "=", "&&&"):
        answer = client.get(f"/assets?{part}")
        assert answer.status_code == 200, part
        Document(answer.text)


def test_links_of_a_page_do_not_carry_what_nobody_can_type(client: TestClient, town: Town) -> None:
    answer = client.get(f"/assets?kind=group&evil=%0D%0ALocation:+x{NUL}")
    for link in Document(answer.text).links():
        assert "%00" not in link
        assert "%0D" not in link


def _public_routes(app: FastAPI) -> set[str]:
    """Return what anybody may read; what asks for somebody signed in has tests of its own."""
    paths = {
        context.path
        for context in iter_route_contexts(app.routes)
        if context.path
        and "GET" in (context.methods or {"GET"})
        and not _asks_who_is_there(context.original_route)
    }
    # OGC API speaks in statuses of its own: tests/ogc/test_questions.py.
    return {path for path in paths if not path.startswith(("/static", "/ogc"))}


def _asks_who_is_there(route: Any) -> bool:
    dependant = getattr(route, "dependant", None)
    return any(hasattr(one.call, "roles") for one in dependant.dependencies) if dependant else False


def test_routes_for_somebody_are_told_from_public_ones(app: FastAPI) -> None:
    public = _public_routes(app)
    assert "/assets/{asset_id}" in public
    assert "/connections" not in public


def test_every_route_is_asked_hostile_things(client: TestClient, app: FastAPI, town: Town) -> None:
    values: dict[str, Any] = {
        "{asset_id}": town.club.id, "{home_id}": town.home.id, "{token}": "no-such-token",
        "{photo_id}": uuid.uuid4(), "{concept}": "bowls",
        # Of Open Referral: nobody has these.
        **dict.fromkeys(("{service_id}", "{link_id}", "{taxonomy_id}", "{term_id}"), uuid.uuid4()),
    }  # fmt: skip
    parts = sorted({part for _, part, _ in BAD})
    for route in sorted(_public_routes(app)):
        path = route.replace("{gss_code}", "E05001347")
        for name, value in values.items():
            path = path.replace(name, str(value))
        assert "{" not in path, f"a route these tests do not know: {route}"
        everything = "&".join(parts)
        # A secret or a photo nobody has, an organisation's account or a map file where none is set
        # up: they lead nowhere.
        nowhere = ("{token}", "{photo_id}", "oidc", ".pmtiles", "{service_id}", "{link_id}",
                   "{taxonomy_id}", "{term_id}")  # fmt: skip
        leads_nowhere = any(part in route for part in nowhere)
        answers = {200, 404, 410, 422} if leads_nowhere else {200, 303, 422}
        # The lists were asked each thing by itself above.
        is_list = any(path in paths for paths in LISTS.values())
        for part in [everything] if is_list else [*parts, everything]:
            answer = client.get(f"{path}?{part}")
            assert answer.status_code in answers, (path, part)
        for header in ("text/html", "application/json", "*/*", ""):
            answer = client.get(f"{path}?{everything}", headers={"accept": header})
            assert answer.status_code in answers - {303}, (path, header)


@pytest.mark.parametrize(
    "address",
    [
        "/assets/map?q=nothing+is+called+this",
        "/assets/map?bbox=-3,51,-2.9,51.1",
        "/matches/map?lon=-1&lat=52&interest=bowls&within=500",
    ],
)
def test_a_map_of_nothing_is_a_map(client: TestClient, town: Town, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert "Sources: none, because nothing is shown." in answer.text
