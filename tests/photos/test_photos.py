"""Photos through every way in, stored and served."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.housekeeping import keep_house
from app.database import KEEPER_ROLE, make_engine
from app.photos.making import MOST_AT_ONCE, place_in_queue
from app.photos.queries import empty_rejected
from tests.pictures import KINDS, as_file, assert_says_nothing, picture, planted
from tests.recording.conftest import Phone, facts, sha256_of
from tests.web.document import Document

NAMES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "heic": "image/heic"}


def photos_of(phone: Phone, asset_id: str) -> list[Any]:
    return phone.ask(
        "SELECT * FROM photos WHERE asset_id = CAST(:id AS uuid) ORDER BY created_at", id=asset_id
    )


def by_api(phone: Phone, source: bytes, kind: str) -> str:
    record = phone.record("add", facts=facts(), photos=[{"alt": "The door"}])
    answer = phone.send(record, [source])
    assert answer.status_code == 201, answer.text
    return str(record["asset_id"])


def by_form(phone: Phone, source: bytes, kind: str) -> str:
    asset_id = str(uuid.uuid4())
    fields = {
        "id": str(uuid.uuid4()), "asset_id": asset_id, "kind": "group", "name": "With a photo",
        "lon": "-1.74", "lat": "53.78", "alt": "The door", "is_new": "yes",
    }  # fmt: skip
    files = {"photo": (f"IMG.{kind}", source, NAMES[kind])}
    answer = phone.client.post("/map/new", data=fields, files=files)
    assert answer.status_code == 303, answer.text
    return asset_id


def by_photo_form(phone: Phone, source: bytes, kind: str) -> str:
    asset_id = str(phone.add()["asset_id"])
    answer = phone.client.post(
        f"/assets/{asset_id}/photos",
        data={"id": str(uuid.uuid4()), "alt": "The door"},
        files={"photo": (f"IMG.{kind}", source, NAMES[kind])},
    )
    assert answer.headers["location"] == f"/assets/{asset_id}?said=photo", answer.text
    return asset_id


@pytest.mark.parametrize("way", [by_api, by_form, by_photo_form])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_planted_is_stored_or_served(
    phone: Phone, tmp_path: Path, kind: str, way: Any
) -> None:
    asset_id = way(phone, planted(kind, tmp_path), kind)
    [photo] = photos_of(phone, asset_id)
    assert (photo.decision, photo.alt, photo.width_px) == ("waiting", "The door", 640)
    for path, stored in ((".jpg", photo.image), ("/small.jpg", photo.thumbnail)):
        assert_says_nothing(stored, tmp_path)
        served = phone.client.get(f"/photos/{photo.id}{path}")
        assert served.content == stored
        assert served.headers["content-type"] == "image/jpeg"


def decide(phone: Phone, asset_id: str, decision: str, *, days_ago: int = 0) -> None:
    with phone.people.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE photos SET decision = CAST(:decision AS decision),"
                " decided_at = now() - make_interval(days => :days)"
                " WHERE asset_id = CAST(:id AS uuid)"
            ),
            {"decision": decision, "id": asset_id, "days": days_ago},
        )


def test_who_sees_a_photo(phone: Phone, jpeg: bytes) -> None:
    asset_id = by_api(phone, jpeg, "jpeg")
    [photo] = photos_of(phone, asset_id)
    people = phone.people

    def statuses() -> dict[str | None, set[int]]:
        paths = [f"/photos/{photo.id}.jpg", f"/photos/{photo.id}/small.jpg"]
        return {
            who: {people.client(who).get(path).status_code for path in paths}
            for who in (None, "mapper", "editor", "administrator", "coordinator_a", "councillor")
        }

    yes, no = {200}, {404}
    waiting = statuses()
    assert waiting == {
        None: no, "mapper": yes, "editor": yes, "administrator": yes, "coordinator_a": no,
        "councillor": no,
    }  # fmt: skip
    private = phone.client.get(f"/photos/{photo.id}.jpg").headers["cache-control"]
    assert private == "private, no-store"
    decide(phone, asset_id, "approved")
    assert set(map(frozenset, statuses().values())) == {frozenset(yes)}
    public = people.client().get(f"/photos/{photo.id}.jpg").headers["cache-control"]
    assert public.startswith("public, max-age=")
    decide(phone, asset_id, "rejected")
    assert statuses() == {who: yes if who in {"editor", "administrator"} else no for who in waiting}
    phone.check(asset_id, "gone")
    decide(phone, asset_id, "approved")
    assert people.client().get(f"/photos/{photo.id}.jpg").status_code == 404


def test_no_photo_has_such_an_address(phone: Phone) -> None:
    for name in (str(uuid.uuid4()), "x", "%00", "1" * 500):
        for path in (f"/photos/{name}.jpg", f"/photos/{name}/small.jpg"):
            assert phone.client.get(path).status_code == 404


def test_the_page_shows_approved_photos(phone: Phone, jpeg: bytes) -> None:
    asset_id = by_api(phone, as_file(picture(800, 600)), "jpeg")
    [photo] = photos_of(phone, asset_id)
    mine = phone.client.get(f"/assets/{asset_id}").text
    assert "Your photo waits for an editor" in mine
    for who in (None, "editor"):
        other = phone.people.client(who).get(f"/assets/{asset_id}").text
        assert "Your photo waits" not in other
        assert str(photo.id) not in other
    decide(phone, asset_id, "approved")
    page = Document(phone.people.client().get(f"/assets/{asset_id}").text)
    image = page.one("figure").one("img")
    assert image.get("src") == f"/photos/{photo.id}/small.jpg"
    assert (image.get("alt"), image.get("loading")) == ("The door", "lazy")
    assert (image.get("width"), image.get("height")) == ("400", "300")
    assert "waits for an editor" not in phone.client.get(f"/assets/{asset_id}").text


def test_a_photo_that_fails_stores_nothing_of_its_record(phone: Phone, jpeg: bytes) -> None:
    before = phone.counts()
    record = phone.record("add", facts=facts(), photos=[{"alt": ""}, {"alt": ""}])
    answer = phone.send(record, [jpeg, jpeg[:2_000]])
    assert (answer.status_code, answer.json()["code"]) == (422, "photo")
    assert answer.json()["photo"] == 1
    assert phone.counts() == before
    # Sent again without the broken one, it is stored.
    assert phone.send(record | {"photos": [{"alt": ""}]}, [jpeg]).status_code == 201


def test_a_photo_that_fails_on_a_form_says_so_beside_it(phone: Phone, jpeg: bytes) -> None:
    before = phone.counts()
    fields = {"kind": "group", "name": "X", "lon": "-1.74", "lat": "53.78", "is_new": "yes"}
    files = {"photo": ("IMG.jpg", jpeg[:2_000], "image/jpeg")}
    answer = phone.client.post("/map/new", data=fields, files=files)
    assert answer.status_code == 422
    assert Document(answer.text).one(id="photo-error").text.startswith("This photo is broken")
    asset_id = str(phone.people.club_id)
    answer = phone.client.post(f"/assets/{asset_id}/photos", data={"alt": "The door"}, files=files)
    assert answer.status_code == 422
    assert 'value="The door"' in answer.text
    nothing = phone.client.post(f"/assets/{asset_id}/photos", data={"alt": "The door"})
    assert "Choose a photo." in nothing.text
    assert phone.counts() == before


def test_too_large_a_photo_is_refused_unread(phone: Phone) -> None:
    large = b"\xff\xd8\xff" + bytes(12_000_001)
    record = phone.record("photo", asset_id=str(phone.people.club_id), photos=[{"alt": ""}])
    answer = phone.send(record, [large])
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert answer.json()["photo"] == 0
    form = phone.client.post(
        f"/assets/{phone.people.club_id}/photos", files={"photo": ("a.jpg", large, "image/jpeg")}
    )
    assert form.status_code == 422
    assert "larger than 12 MB" in form.text


def test_three_photos_are_numbered_and_hashed(phone: Phone) -> None:
    files = [as_file(picture(60 + 10 * n, 40)) for n in range(3)]
    record = phone.record("add", facts=facts(), photos=[{"alt": f"No. {n}"} for n in range(3)])
    text = json.dumps(record)
    answer = phone.send(text, files).json()
    assert answer["sha256"] == sha256_of(text, files)
    stored = {str(row.id): row for row in photos_of(phone, record["asset_id"])}
    assert [stored[one].alt for one in answer["photos"]] == ["No. 0", "No. 1", "No. 2"]
    assert [stored[one].width_px for one in answer["photos"]] == [60, 70, 80]
    again = phone.send(text, files).json()
    assert again["photos"] == answer["photos"]
    other = phone.send(text, [files[1], files[0], files[2]])
    assert other.json()["code"] == "other-content"


def test_housekeeping_throws_rejected_photos_away(phone: Phone, jpeg: bytes) -> None:
    old, new, kept = (by_api(phone, jpeg, "jpeg") for _ in range(3))
    decide(phone, old, "rejected", days_ago=31)
    decide(phone, new, "rejected", days_ago=29)
    decide(phone, kept, "approved", days_ago=90)
    done = keep_house(phone.people.settings)
    assert done["photos that were rejected"] == 1
    lengths = [len(photos_of(phone, one)[0].image) > 0 for one in (old, new, kept)]
    assert lengths == [False, True, True]
    [photo] = photos_of(phone, old)
    assert phone.people.client("editor").get(f"/photos/{photo.id}.jpg").status_code == 404
    engine = make_engine(phone.people.settings, role=KEEPER_ROLE)
    with Session(engine) as session:
        assert empty_rejected(session) == 0
    engine.dispose()


def test_when_many_photos_are_being_made_a_phone_tries_again(phone: Phone, jpeg: bytes) -> None:
    asset_id = phone.add()["asset_id"]
    record = phone.record("photo", asset_id=asset_id, photos=[{"alt": "The door"}])
    with ExitStack() as full:
        for _ in range(MOST_AT_ONCE):
            full.enter_context(place_in_queue())
        before = phone.counts()
        answer = phone.send(record, [jpeg])
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "60"
        form = phone.client.post(
            f"/assets/{asset_id}/photos",
            data={"id": str(uuid.uuid4()), "alt": "The green door"},
            files={"photo": ("IMG.jpg", jpeg, "image/jpeg")},
        )
        assert form.status_code == 422
        assert "Try again in a minute" in form.text
        assert "The green door" in form.text
        assert phone.check(asset_id).status_code == 201, "nobody else is kept waiting"
        assert phone.counts()["photos"] == before["photos"]
    assert phone.send(record, [jpeg]).status_code == 201
