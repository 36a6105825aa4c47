"""Questions made up from the API's own description: never a fault of ours."""

from __future__ import annotations

from typing import Any, cast

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.conftest import Town

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_made_up_questions(app: FastAPI, town: Town) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    # An operation it cannot understand has no ok(), and fails the test.
    operations: list[Any] = [result.ok() for result in cast("Any", schema.get_all_operations())]
    assert len(operations) > 15
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        def ask(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        ask()
