"""The feed's own description: whole, true, and asked of at random."""

from __future__ import annotations

from typing import Any, cast

import pytest
import schemathesis
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.parameters import Query
from tests.oruk.contract import Contract
from tests.oruk.feed import Feed

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip
# Of the bundled contract under another name than the documented path's.
OLDER = {
    "text", "coverage", "minimum_age", "maximum_age", "day", "start_time", "end_time",
    "taxonomy_type", "vocabulary", "postcode", "proximity",
}  # fmt: skip


def described(feed: Feed) -> dict[str, Any]:
    paths: dict[str, Any] = feed.json("/openapi.json")["paths"]
    return paths


def test_every_address_is_described(feed: Feed) -> None:
    served = {
        context.path.removeprefix("/oruk") or "/"
        for context in iter_route_contexts(feed.client.app.routes)
        if context.path and context.path.startswith("/oruk")
    }
    assert set(described(feed)) == served - {"/openapi.json"}


def test_it_has_every_path_and_parameter_of_the_standard(feed: Feed, contract: Contract) -> None:
    ours = {
        (path.partition("{")[0], parameter["name"])
        for path, item in described(feed).items()
        for parameter in [{"name": ""}, *item["get"]["parameters"]]
        if parameter.get("in") != "path"
    }
    theirs = set()
    for path, item in contract.bundled["paths"].items():
        theirs.add((path.partition("{")[0], ""))
        for parameter in item["get"].get("parameters", []):
            name = parameter.get("name") or parameter["$ref"].rpartition("/")[2]
            theirs.add((path.partition("{")[0], name))
    assert theirs <= ours
    assert {("/services", name) for name in OLDER} <= ours


def test_every_parameter_described_is_read(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()
    texts = Query.texts

    def remember(query: Query, field: str, **more: Any) -> list[str]:
        read.add(field)
        return texts(query, field, **more)

    monkeypatch.setattr(Query, "texts", remember)
    for path, item in described(feed).items():
        asked = {p["name"] for p in item["get"]["parameters"] if p["in"] == "query"}
        read.clear()
        feed.get(path.replace("{", "").replace("}", "") if path != "/" else "")
        if "{" in path and "full_service" not in asked:
            continue
        assert asked == read, path


def test_every_text_has_a_bound(feed: Feed) -> None:
    for path, item in described(feed).items():
        for parameter in item["get"]["parameters"]:
            schema = parameter["schema"]
            if schema["type"] == "array":
                assert schema["maxItems"] > 0, (path, parameter["name"])
                schema = schema["items"]
            if schema["type"] == "string":
                bounds = schema.keys() & {"maxLength", "enum", "format", "pattern"}
                assert bounds, (path, parameter["name"])


def test_made_up_questions(feed: Feed) -> None:
    content = feed.json("/openapi.json") | {"servers": [{"url": "/oruk"}]}
    schema = schemathesis.openapi.from_dict(content)
    schema.app = feed.client.app
    operations: list[Any] = [result.ok() for result in cast("Any", schema.get_all_operations())]
    assert len(operations) == len(content["paths"])
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        def ask(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        ask()
