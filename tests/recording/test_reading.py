"""A record as a phone writes it: what somebody saw is understood as what they want is."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

from app.fieldwork.record_reading import read_record


def was_of(name: str, was: Any, now: Any) -> Any:
    """Return what is understood of what somebody saw."""
    record = {
        "id": str(uuid.uuid4()), "account_id": str(uuid.uuid4()), "asset_id": str(uuid.uuid4()),
        "action": "edit", "made_at": "2026-11-26T10:00:00Z", "seen_version": 1,
        "changes": {name: {"was": was, "now": now}},
    }  # fmt: skip
    return read_record(orjson.dumps(record)).changes[name].was


@pytest.mark.parametrize(
    ("name", "was", "now", "understood"),
    [
        # As it was typed on this phone, before it heard how it was stored.
        ("phone", "01274496001", "01274496002", "01274 496001"),
        ("postcode", "bd11hy", "BD1 1AF", "BD1 1HY"),
        ("interests", ["walking", "art"], [], ["art", "walking"]),
        # What a contact that is not shown stands for, and nothing, stay what they are.
        ("phone", {"hidden": True}, "01274496002", {"hidden": True}),
        ("phone", None, "01274496002", None),
        # What nobody can read is compared as it is.
        ("phone", "ask at the bar", "01274496002", "ask at the bar"),
        ("place", {"ward_code": 7}, {"lon": -2.1, "lat": 54.1}, {"ward_code": 7}),
    ],
)
def test_what_was_seen_is_read_as_what_is_wanted(
    name: str, was: Any, now: Any, understood: Any
) -> None:
    assert was_of(name, was, now) == understood
