"""A neighbour's skill by the plain form: consent first, and its ward alone."""

from __future__ import annotations

from tests.recording.conftest import Phone
from tests.recording.test_forms import added, blank


def test_an_informal_asset_needs_consent_and_keeps_its_ward_alone(phone: Phone) -> None:
    knitting = {
        "kind": "informal", "name": "Jean’s knitting circle", "lon": "", "lat": "", "ward": "City",
        "phone": "01274 496000",
    }  # fmt: skip
    fields = blank(phone, **knitting)
    answer = phone.client.post("/map/new", data=fields)
    assert answer.status_code == 422
    assert "Ask them first" in answer.text
    saved = phone.client.post("/map/new", data=fields | {"consent_how": "said_yes"})
    assert saved.status_code == 303
    row = phone.asset(fields["asset_id"][0])
    assert (row.location_source, row.ward_code) == ("ward", "E05001347")
    assert (row.is_contact_public, row.consent_how, row.phone) == (
        False,
        "said_yes",
        "01274 496000",
    )
    assert row.consent_on is not None
    page = phone.client.get(saved.headers["location"]).text
    assert "01274 496000" not in page
    # Neither does a mapper's form show it; an editor's does.
    path = f"/assets/{row.id}/edit"
    assert "01274" not in phone.client.get(path).text
    assert "which only editors see" in phone.client.get(path).text
    assert "01274 496000" in phone.people.client("editor").get(path).text


def test_an_informal_asset_by_its_postcode_is_on_its_ward(phone: Phone) -> None:
    asset_id = added(
        phone, kind="informal", lon="", lat="", at_postcode="BD1 1HY", ward="",
        consent_how="through_a_group",
    )  # fmt: skip
    row = phone.asset(asset_id)
    assert (row.location_source, row.ward_code, row.postcode) == ("ward", "E05001347", None)
