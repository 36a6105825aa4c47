"""What phones send: the whole contract, as a phone sees it."""

from __future__ import annotations

import datetime as dt
import json
import socket
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.main import create_app
from app.parameters import today
from app.settings import Settings
from tests.people import People
from tests.recording.conftest import PATH, Phone, facts, sha256_of


def refusal(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["code"] == code
    assert told["status"] == status
    assert told["title"]
    assert told["detail"].endswith(".")
    return told


def test_an_addition_is_stored_and_answered(phone: Phone) -> None:
    record = json.dumps(phone.record("add", facts=facts(name="Canal anglers")))
    answer = phone.send(record)
    assert answer.status_code == 201
    told, sent = answer.json(), json.loads(record)
    assert told == {
        "id": sent["id"], "sha256": sha256_of(record), "action": "add",
        "asset_id": sent["asset_id"], "version": 1, "url": f"/assets/{sent['asset_id']}",
        "photos": [], "again": False, "changed_meanwhile": False,
    }  # fmt: skip
    row = phone.asset(sent["asset_id"])
    assert (row.name, row.accuracy_m, row.location_source) == ("Canal anglers", 8.0, "given")
    [check] = phone.checks(sent["asset_id"])
    assert (check.outcome, check.checked_on) == ("confirmed", today())
    assert check.account_id == phone.people.accounts["mapper"]
    assert phone.client.get(told["url"]).status_code == 200


def test_the_same_again_is_answered_the_same_and_stored_once(phone: Phone) -> None:
    record = phone.record("add", facts=facts())
    first = phone.send(record)
    before = phone.counts()
    again = phone.send(record)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"again": True}
    assert phone.counts() == before


def test_the_same_number_with_other_content_changes_nothing(phone: Phone) -> None:
    record = phone.record("add", facts=facts())
    phone.send(record)
    before = phone.counts()
    refusal(phone.send(record | {"facts": facts(name="Other")}), 409, "other-content")
    assert phone.counts() == before
    assert phone.asset(record["asset_id"]).name == "Knit and natter"


def test_the_same_number_of_another_account_is_refused(phone: Phone, editors_phone: Phone) -> None:
    record = phone.record("add", facts=facts())
    phone.send(record)
    other = record | {"account_id": str(phone.people.accounts["editor"])}
    refusal(editors_phone.send(other), 409, "other-content")


def test_an_edit_is_stored_with_a_check(phone: Phone) -> None:
    added = phone.add()
    answer = phone.edit(added["asset_id"], {"phone": (None, "01274 496000")})
    assert answer.status_code == 201
    told = answer.json()
    assert (told["version"], told["changed_meanwhile"]) == (2, False)
    row = phone.asset(added["asset_id"])
    assert (row.phone, row.kept_fields) == ("01274 496000", ["phone"])
    assert [check.outcome for check in phone.checks(added["asset_id"])] == ["confirmed", "changed"]


def test_edits_of_different_facts_go_together(phone: Phone, editors_phone: Phone) -> None:
    asset_id = phone.add()["asset_id"]
    phone.edit(asset_id, {"phone": (None, "01274 496000")})
    told = editors_phone.edit(asset_id, {"website": (None, "https://example.org")}).json()
    assert told["changed_meanwhile"] is True
    row = phone.asset(asset_id)
    assert (row.phone, row.website) == ("01274 496000", "https://example.org")


def test_an_edit_of_what_changed_meanwhile_is_a_clash(phone: Phone) -> None:
    asset_id = phone.add()["asset_id"]
    phone.edit(asset_id, {"phone": (None, "01274 496000")})
    before = phone.counts()
    told = refusal(
        phone.edit(
            asset_id,
            {"phone": (None, "01274 496001"), "website": (None, "https://example.org")},
        ),
        409,
        "clash",
    )
    assert told["clashes"] == [
        {
            "name": "phone", "label": "Telephone number", "was": None, "theirs": "01274 496000",
            "mine": "01274 496001", "is_hidden": False,
        }
    ]  # fmt: skip
    assert (told["asset"]["version"], told["asset"]["phone"]) == (2, "01274 496000")
    assert told["asset"]["name"] == "Knit and natter"
    # Nothing of that edit is stored: not the website either.
    assert phone.counts() == before
    # Two taps later.
    resolved = phone.edit(
        asset_id,
        {"phone": ("01274 496000", "01274 496001"), "website": (None, "https://example.org")},
        seen_version=2,
    )
    assert resolved.status_code == 201
    assert phone.asset(asset_id).phone == "01274 496001"


def test_a_check_confirms(phone: Phone) -> None:
    asset_id = phone.add()["asset_id"]
    assert phone.check(asset_id, fact="opening_hours").status_code == 201
    last = phone.checks(asset_id)[-1]
    assert (last.outcome, last.fact) == ("confirmed", "opening_hours")


def test_a_check_of_what_changed_meanwhile_counts(phone: Phone) -> None:
    asset_id = phone.add()["asset_id"]
    phone.edit(asset_id, {"phone": (None, "01274 496000")})
    told = phone.check(asset_id).json()
    assert (told["version"], told["changed_meanwhile"]) == (2, True)


def test_gone_twice_is_once(phone: Phone) -> None:
    asset_id = phone.add()["asset_id"]
    assert phone.check(asset_id, "gone").status_code == 201
    assert phone.check(asset_id, "gone").status_code == 201
    assert phone.asset(asset_id).gone_at is not None
    history = phone.ask(
        "SELECT action, acting_as FROM asset_changes WHERE asset_id = CAST(:id AS uuid)"
        " ORDER BY id",
        id=asset_id,
    )
    assert history == [("added", "mapper"), ("gone", "mapper")]


@pytest.mark.parametrize("action", ["check", "edit", "photo"])
def test_what_has_gone_can_be_put_back(phone: Phone, action: str, jpeg: bytes) -> None:
    asset_id = phone.add()["asset_id"]
    phone.check(asset_id, "gone")
    changes = {"phone": (None, "01274 496000")}
    if action == "check":
        answer = phone.check(asset_id)
    elif action == "edit":
        answer = phone.edit(asset_id, changes)
    else:
        record = phone.record("photo", asset_id=asset_id, photos=[{"alt": "The door"}])
        answer = phone.send(record, [jpeg])
    told = refusal(answer, 409, "gone")
    assert told["gone_at"] == told["asset"]["gone_at"]
    assert dt.datetime.fromisoformat(told["gone_at"]).tzinfo is not None
    assert phone.edit(asset_id, changes, put_back=True, seen_version=2).status_code == 201
    row = phone.asset(asset_id)
    assert (row.gone_at, row.phone) == (None, "01274 496000")


def merge(phone: Phone, one: str, into: str) -> None:
    with phone.people.engine.begin() as connection:
        from sqlalchemy import text  # noqa: PLC0415

        connection.execute(
            text(
                "UPDATE assets SET duplicate_of = CAST(:into AS uuid) WHERE id = CAST(:id AS uuid)"
            ),
            {"id": one, "into": into},
        )


def test_what_was_merged_leads_to_the_other(phone: Phone) -> None:
    one, middle, last = (phone.add()["asset_id"] for _ in range(3))
    merge(phone, one, middle)
    merge(phone, middle, last)
    told = refusal(phone.edit(one, {"phone": (None, "01274 496000")}), 409, "merged")
    assert told["instead"] == last
    checked = phone.check(one).json()
    assert (checked["asset_id"], checked["url"]) == (last, f"/assets/{last}")
    assert len(phone.checks(last)) == 2
    assert len(phone.checks(one)) == 1


@pytest.mark.parametrize("action", ["check", "edit"])
def test_what_never_was_is_unknown(phone: Phone, action: str) -> None:
    nothing = str(uuid.uuid4())
    answer = phone.check(nothing) if action == "check" else phone.edit(nothing, {})
    refusal(answer, 404, "unknown")


def test_who_may_not_is_told_why(people: People, phone: Phone) -> None:
    signed_out = people.client()
    record = json.dumps(phone.record("add", facts=facts()))
    before = phone.counts()
    refusal(signed_out.post(PATH, files={"record": (None, record)}), 401, "signed-out")
    refusal(Phone(people, "coordinator_a").send(record), 403, "not-a-mapper")
    refusal(Phone(people, "editor").send(record), 403, "another-person")
    assert phone.counts() == before


@pytest.mark.parametrize(
    ("made_at", "days_ago"),
    [(3, 3), (59, 59), (61, 0), (-2, 0)],
    ids=["lately", "just in time", "long ago", "a clock that is ahead"],
)
def test_the_day_of_a_check(phone: Phone, made_at: int, days_ago: int) -> None:
    asset_id = phone.add()["asset_id"]
    made = dt.datetime.now().astimezone() - dt.timedelta(days=made_at)
    phone.check(asset_id, made_at=made.isoformat())
    days = {check.checked_on for check in phone.checks(asset_id)}
    assert days == {today(), today() - dt.timedelta(days=days_ago)}


def test_a_body_that_goes_on_and_on(phone: Phone) -> None:
    """Without saying how long it is."""

    def body() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        for _ in range(60):
            yield bytes(1_000_000)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    refusal(phone.client.post(PATH, content=body(), headers=kind), 413, "too-large")


def test_without_a_database_it_says_when_to_try_again(people: People, phone: Phone) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"postgresql://nobody@127.0.0.1:{nobody.getsockname()[1]}/nothing"
        settings = Settings(DATABASE_URL=address)  # type: ignore[call-arg]  # the alias is the name
        away = Phone(replace(people, app=create_app(settings)))
        answer = away.send(away.record("add", facts=facts()))
    refusal(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "60"
