"""Nonsense from a phone: always a sentence, never a fault of ours, and nothing stored."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.assets.facts import FACTS
from tests.recording.conftest import NEAR_CITY_HALL, PATH, Phone, facts
from tests.recording.test_submissions import refusal


def refused(phone: Phone, answer: Any, *, names: str | None = None) -> dict[str, Any]:
    told = refusal(answer, 422, "facts")
    assert told["problems"]
    assert all(sentence.endswith(".") for sentence in told["problems"].values()), told
    if names is not None:
        assert names in told["problems"], told
    return told


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "1", '"x"', '{"id": NaN}', '{"name": "\\ud800"}',
        b'{"name": "\xff"}', "[" * 50_000, '{"id": 1e999}',
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_record(phone: Phone, text: str | bytes) -> None:
    before = phone.counts()
    refused(phone, phone.send(text))
    assert phone.counts() == before


WRONG: dict[str, list[Any]] = {
    "id": [None, 1, "x", f"{{{uuid.uuid4()}}}", "é" * 36, []],
    "account_id": [None, 1, "x"],
    "asset_id": [None, 1, "x", {}],
    "action": [None, "delete", 1, [], {}],
    "made_at": [None, 1, "yesterday", "2026-13-01T00:00:00Z", [], "9" * 500],
    "photos": [None, 1, "x", [1], [{"alt": 1}], [{"alt": "x" * 5_000}]],
}


@pytest.mark.parametrize("name", WRONG)
def test_fields_of_every_record(phone: Phone, name: str) -> None:
    before = phone.counts()
    for value in WRONG[name]:
        refused(phone, phone.send(phone.record("add", facts=facts()) | {name: value}), names=name)
    assert phone.counts() == before


WRONG_FACTS: dict[str, list[Any]] = {
    "kind": [None, "", "shop", 1, [], {}],
    "name": [None, "", " ", "\u0000", "-", 1, [], "x" * 121],
    "place": [
        None, 1, [], {}, {"lon": 1}, {"lon": "1", "lat": "53"}, {"lon": 1e308, "lat": 53},
        {"lon": True, "lat": True}, {"lat": 48.8, "lon": 2.3}, {"lon": -1.75, "lat": 5000},
        {"postcode": ""}, {"postcode": 1}, {"postcode": "\u0000"}, {"postcode": "BD99 9ZZ"},
        {"ward_code": 1}, {"ward_code": "x"}, {"ward_code": "E0500134\u0667"},
        {"ward_code": "E05001347"},
    ],
    "description": [1, [], "x" * 2_001],
    "address": [1, [], "x" * 301],
    "postcode": ["x", 1],
    "phone": ["x", "0", 1],
    "email": ["x", 1],
    "website": ["javascript:alert(1)", "x", 1],
    "is_contact_public": [None, "yes", 1],
    "interests": [None, "bowls", [1], ["\u0000"], ["no such thing"], ["nothing-of-ours"], {}],
    "access": ["step_free", ["x"], [1], ["\u0000"], {}],
    "is_indoors": ["yes", 1],
    "opening_hours": [
        "09:00", [1], [{}], [{"weekday": 7, "opens_at": "09:00", "closes_at": "10:00"}],
        [{"weekday": True, "opens_at": "09:00", "closes_at": "10:00"}],
        [{"weekday": 0, "opens_at": "10:00", "closes_at": "09:00"}],
        [{"weekday": 0, "opens_at": "0\u0669:00", "closes_at": "10:00"}], [{}] * 100,
    ],
    "beds": ["3", -1, 2_001, 1.5, True, 10**30],
    "charity_number": ["x", 1, "\u0661\u0661\u0661\u0661\u0661\u0661"],
    "consent_how": ["x", 1, []],
    "secret": ["x"],
}  # fmt: skip


def test_every_fact_has_its_nonsense() -> None:
    assert WRONG_FACTS.keys() - {"secret"} == FACTS.keys()


@pytest.mark.parametrize("name", WRONG_FACTS)
def test_facts_that_make_no_sense(phone: Phone, name: str) -> None:
    asset_id = phone.add()["asset_id"]
    before = phone.counts()
    for value in WRONG_FACTS[name]:
        refused(phone, phone.send(phone.record("add", facts=facts(**{name: value}))), names=name)
        was = NEAR_CITY_HALL if name == "place" else None
        refused(phone, phone.edit(asset_id, {name: (was, value)}), names=name)
    assert phone.counts() == before


# Whatever a phone believes it was shown: a clash at worst, and nothing of it breaks anything.
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["lon", "lat", "ward_code", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


def test_what_was_seen_may_be_anything(phone: Phone) -> None:
    asset_id = phone.add()["asset_id"]
    now = {"place": {"lon": -1.7, "lat": 53.8}, "beds": 3, "interests": ["bowls"], "name": "Other"}

    @given(name=st.sampled_from(sorted(now)), was=ANYTHING)
    @settings(max_examples=30, database=None, suppress_health_check=list(HealthCheck))
    def ask(name: str, was: Any) -> None:
        answer = phone.edit(asset_id, {name: (was, now[name])})
        assert answer.status_code in {409, 422}, (name, was, answer.text)

    # What is really there would be no clash.
    for name, value in now.items():
        phone.edit(asset_id, {name: (phone_sees(phone, asset_id)[name], value)})
    now = {"place": {"lon": -1.6, "lat": 53.8}, "beds": 4, "interests": ["chess"], "name": "Else"}
    ask()
    assert phone.asset(asset_id).name == "Other"


@pytest.mark.parametrize("depth", [5, 200, 900])
@pytest.mark.parametrize("name", ["name", "place"])
def test_what_was_seen_has_no_such_depth(phone: Phone, name: str, depth: int) -> None:
    asset_id = phone.add()["asset_id"]
    now = {"name": "Other", "place": {"lon": -1.7, "lat": 53.8}}[name]
    change = {name: {"was": "DEEP", "now": now}}
    record = phone.record("edit", asset_id=asset_id, seen_version=1, changes=change)
    deep = json.dumps(record).replace('"DEEP"', "[" * depth + "]" * depth)
    refused(phone, phone.send(deep), names=name)


def phone_sees(phone: Phone, asset_id: str) -> dict[str, Any]:
    """Return the facts of an asset, as a clash tells them."""
    told = phone.edit(asset_id, {"name": ("never", "sees this")}).json()
    return dict(told["asset"])


def test_lists_of_changes_that_are_none(phone: Phone) -> None:
    asset_id = phone.add()["asset_id"]
    nonsense: list[Any] = [None, [], 1, {"name": "x"}, {"name": {"now": "x"}}, {"name": None}]
    for changes in nonsense:
        record = phone.record("edit", asset_id=asset_id, changes=changes, seen_version=1)
        refused(phone, phone.send(record), names="changes")
    for version in (None, "1", -1, 1.5, True, 2**40):
        answer = phone.edit(asset_id, {"name": ("x", "y")}, seen_version=version)
        refused(phone, answer, names="seen_version")
    refused(phone, phone.edit(asset_id, {}, put_back="yes"), names="put_back")
    refused(phone, phone.check(asset_id, "perhaps"), names="outcome")
    facts_unknown: list[Any] = ["x", 1, []]
    for fact in facts_unknown:
        refused(phone, phone.check(asset_id, fact=fact), names="fact")


def test_a_record_that_is_too_large(phone: Phone) -> None:
    for length in (100_000, 1_100_000):
        record = phone.record("add", facts=facts(description="x" * length))
        refusal(phone.send(record), 413, "too-large")


def test_a_body_that_says_it_is_too_large(phone: Phone) -> None:
    answer = phone.client.post(PATH, content=b"x", headers={"content-length": "41000000"})
    refusal(answer, 413, "too-large")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"record=1", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
        (b"nothing of the kind", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n\r\n--x--", 'multipart/form-data; boundary="x'),
        (b"--x\r\ncontent-disposition: form-data; nam", "multipart/form-data; boundary=x"),
        (b"", ""),
    ],
)
def test_bodies_that_are_no_form(phone: Phone, content: bytes, kind: str) -> None:
    refused(phone, phone.client.post(PATH, content=content, headers={"content-type": kind}))


def test_forms_with_other_parts(phone: Phone, jpeg: bytes) -> None:
    text = json.dumps(phone.record("add", facts=facts()))
    record = ("record", (None, text))
    refused(phone, phone.client.post(PATH, files=[record, record]))
    refused(phone, phone.client.post(PATH, files=[("record", ("record.json", text))]))
    refused(phone, phone.client.post(PATH, files=[record] * 9))
    told = refusal(phone.client.post(PATH, files=[record, ("photo", (None, "x"))]), 422, "photo")
    assert told["photo"] == 0
    told = refusal(phone.send(text, [jpeg] * 4), 422, "photo")
    assert told["photo"] == 3
    before = phone.counts()
    refusal(phone.send(text, [jpeg]), 422, "photo")
    two = phone.record("add", facts=facts(), photos=[{"alt": "The door"}, {"alt": ""}])
    told = refusal(phone.send(two, [jpeg]), 422, "photo")
    assert told["photo"] == 1
    refusal(phone.send(phone.record("photo", asset_id=two["asset_id"])), 422, "photo")
    assert phone.counts() == before
