"""The API is described, the description is true, and nothing of it comes from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from app.parameters import Query
from tests.web.conftest import Town
from tests.web.document import Document

# For whoever is signed in, and for our own pages: nothing for other programs.
OUR_OWN = {
    "/week.csv", "/api/me", "/api/fieldwork/submissions",
    *(f"/matched/{name}.csv" for name in ("homes", "wards", "themes")),
}  # fmt: skip


def test_every_route_for_programs_is_described(client: TestClient, app: FastAPI) -> None:
    described = set(client.get("/api/openapi.json").json()["paths"])
    served = {context.path for context in iter_route_contexts(app.routes) if context.path}
    for_programs = (
        {
            path
            for path in served
            if path.startswith(("/api/", "/health")) or path.endswith((".geojson", ".csv", ".ics"))
        }
        - {"/api/openapi.json"}
        - OUR_OWN
        # A team's own, at a secret address.
        - {"/calendar/{token}.ics"}
    )
    assert described == for_programs


def test_the_page_lists_the_same(client: TestClient) -> None:
    paths = set(client.get("/api/openapi.json").json()["paths"])
    page = Document(client.get("/api").text)
    assert {code.text for heading in page.all("h2") for code in heading.children} == paths


def test_every_parameter_described_is_read(
    client: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    texts = Query.texts

    def remember(query: Query, field: str) -> list[str]:
        read.add(field)
        return texts(query, field)

    monkeypatch.setattr(Query, "texts", remember)
    for path, item in client.get("/api/openapi.json").json()["paths"].items():
        parameters = item["get"].get("parameters", [])
        described = {p["name"] for p in parameters if p["in"] == "query"}
        read.clear()
        filled = path.replace("{asset_id}", str(town.club.id)).replace("{gss_code}", "E05001347")
        filled = filled.replace("{concept}", "boccia")
        client.get(filled)
        assert described == read, path


def test_every_text_that_is_read_has_a_bound(client: TestClient) -> None:
    texts: dict[str, dict[str, Any]] = {}
    for path, item in client.get("/api/openapi.json").json()["paths"].items():
        parameters = item["get"].get("parameters", [])
        names = [(parameter["in"], parameter["name"]) for parameter in parameters]
        assert len(names) == len(set(names)), f"{path} describes a parameter twice"
        for parameter in parameters:
            schema = parameter["schema"]
            if schema["type"] == "array":
                assert schema["maxItems"] > 0, (path, parameter["name"])
                schema = schema["items"]
            if schema["type"] == "string":
                bounds = schema.keys() & {"maxLength", "enum", "format", "pattern"}
                assert bounds, (path, parameter["name"])
                texts[parameter["name"]] = schema
    assert {"q", "near", "ward", "interest", "gss_code", "asset_id"} <= texts.keys()
    # And it is the one that holds.
    for name in ("q", "near", "ward", "interest"):
        longest = texts[name]["maxLength"]
        answers = {
            length: client.get("/api/assets", params={name: "x" * length})
            for length in (longest, longest + 1)
        }
        assert "too long" not in answers[longest].text
        assert answers[longest + 1].status_code == 422
        assert "too long" in answers[longest + 1].json()["detail"]


def _assert_fits(value: Any, schema: dict[str, Any], where: str) -> None:
    if "const" in schema:
        assert value == schema["const"], where
    if "enum" in schema:
        assert value in schema["enum"], where
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    types: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "integer": int,
        "number": (int, float), "boolean": bool, "null": type(None),
    }  # fmt: skip
    assert not kinds or any(isinstance(value, types[kind]) for kind in kinds), (where, value)
    if isinstance(value, dict):
        for name in schema.get("required", []):
            assert name in value, f"{where}.{name}"
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                _assert_fits(value[name], inner, f"{where}.{name}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _assert_fits(item, schema.get("items", {}), f"{where}[{number}]")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/api/assets?near=BD1+1HY", "/api/assets"),
        ("/assets.geojson", "/assets.geojson"),
        ("/api/assets/{club}", "/api/assets/{asset_id}"),
        ("/api/wards", "/api/wards"),
        ("/wards.geojson", "/wards.geojson"),
        ("/api/wards/E05001347", "/api/wards/{gss_code}"),
        ("/wards/E05001347/boundary.geojson", "/wards/{gss_code}/boundary.geojson"),
        ("/api/interests?q=bowls", "/api/interests"),
        ("/api/interests", "/api/interests"),
        ("/api/matches?near=BD1+1HY&interest=bowls", "/api/matches"),
        ("/health", "/health"),
    ],
)
def test_answers_fit_their_description(
    client: TestClient, town: Town, address: str, path: str
) -> None:
    operation = client.get("/api/openapi.json").json()["paths"][path]["get"]
    answer = client.get(address.format(club=town.club.id))
    [(media_type, content)] = operation["responses"]["200"]["content"].items()
    assert answer.headers["content-type"] == media_type
    _assert_fits(answer.json(), content["schema"], path)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_no_page_with_scripts_from_elsewhere(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
