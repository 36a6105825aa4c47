"""The pages of pairs: what they show, what they do, and to whom."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from httpx import Response

from tests.duplicates.conftest import Store, Stored
from tests.duplicates.pairs import HOSTILE
from tests.people import People


def form_of(stored: Stored, answer: Response, **chosen: str) -> dict[str, str]:
    """Return what the page's form would send, with `chosen` in place of what it offers."""
    versions = {
        f"version_{letter}": answer.text.split(f'name="version_{letter}" value="')[1].split('"')[0]
        for letter in "AB"
    }
    return versions | {"keep": stored.letter(stored.council)} | chosen


def said(answer: Response) -> str:
    return unescape(answer.text)


def test_the_list_names_the_pair_and_why(stored: Stored) -> None:
    answer = stored.people.client("editor").get("/duplicates")
    assert answer.status_code == 200
    assert stored.path in answer.text
    assert "The names are the same. 30 m apart. Different telephone numbers." in said(answer)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/duplicates?ward=E05001347", 200, "No pair in this ward"),
        ("/duplicates?ward=city", 200, "No pair in this ward"),
        ("/duplicates?ward=Nowhere", 422, "There is no ward of that name"),
        ("/duplicates?ward=%00", 422, "characters nobody can type"),
        ("/duplicates?page=2", 200, "There are no more pairs"),
        ("/duplicates?page=x", 422, "must be a whole number"),
    ],
)
def test_the_list_can_be_narrowed(stored: Stored, address: str, status: int, words: str) -> None:
    # Shipley is in no ward of this database.
    answer = stored.people.client("editor").get(address)
    assert answer.status_code == status
    assert words in said(answer)


def test_the_page_marks_what_differs_in_words(stored: Stored) -> None:
    text = said(stored.people.client("editor").get(stored.path))
    for label in ("Telephone number", "Website", "Where it is", "Interests"):
        assert f'{label} <span class="pw-differs">differs</span>' in text
    assert "Address <span" not in text
    same = text.split("The same in both")[1]
    assert "2 Wellcroft, Shipley" in same
    backwards = "/duplicates/" + "/".join(reversed(stored.path.split("/")[2:]))
    assert "Are these the same place?" in stored.people.client("editor").get(backwards).text


def test_merging_leads_the_old_address_to_the_kept_one(stored: Stored) -> None:
    client = stored.people.client("editor")
    chosen = {"take_website": stored.letter(stored.other), "take_phone": "X", "take_": "A"}
    answer = client.post(
        f"{stored.path}/merge", data=form_of(stored, client.get(stored.path), **chosen)
    )
    assert answer.status_code == 303, said(answer)
    assert answer.headers["location"] == f"{stored.path}?said=merged"
    after = client.get(answer.headers["location"])
    assert "is kept, and the other entry’s address leads to it" in said(after)
    old = stored.people.client().get(f"/assets/{stored.other}")
    assert (old.status_code, old.headers["location"]) == (308, f"/assets/{stored.council}")
    shown = said(stored.people.client().get(f"/assets/{stored.council}"))
    for words in ("library.example", "Poetry hour", "Knitting circle", "Known also as"):
        assert words in shown
    listed = stored.people.client().get("/assets.geojson?bbox=-1.79,53.83,-1.77,53.84")
    assert [f["properties"]["name"] for f in listed.json()["features"]] == ["Shipley Library"]
    undone = client.post(f"{stored.path}/undo")
    assert undone.status_code in {303, 422}


def test_matches_show_the_merged_place_once_with_both_activities(stored: Stored) -> None:
    client = stored.people.client("editor")
    client.post(f"{stored.path}/merge", data=form_of(stored, client.get(stored.path)))
    for interest, activity in (("knitting", "Knitting circle"), ("reading", "Poetry hour")):
        asked = f"/api/matches?lon=-1.7776&lat=53.8335&interest={interest}&within=500"
        near: list[dict[str, Any]] = stored.people.client().get(asked).json()["near"]
        assert [(match["name"], match["place_id"]) for match in near] == [
            (activity, str(stored.council))
        ]


def test_undo_opens_the_pair_again(stored: Stored) -> None:
    client = stored.people.client("editor")
    for what, undone_to in (("apart", "not_a_duplicate"), ("merge", "merged")):
        form = form_of(stored, client.get(stored.path))
        assert client.post(f"{stored.path}/{what}", data=form).status_code == 303
        assert stored.value("SELECT status::text FROM duplicate_pairs") == undone_to
        assert stored.path not in client.get("/duplicates").text
        done = client.post(f"{stored.path}/undo", data={"sent": "yes"})
        assert done.headers["location"] == f"{stored.path}?said=open"
        assert stored.path in client.get("/duplicates").text
    assert client.get(f"/assets/{stored.other}").status_code == 200


def test_a_choice_that_came_too_late_is_told_and_kept(stored: Stored) -> None:
    client = stored.people.client("editor")
    other = stored.letter(stored.other)
    form = form_of(stored, client.get(stored.path), keep=other, take_phone=other)
    with stored.people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE assets SET beds = 3 WHERE id = :id"), {"id": stored.council}
        )
    answer = client.post(f"{stored.path}/merge", data=form)
    assert answer.status_code == 422
    text = said(answer)
    assert f"{stored.letter(stored.council)} was changed after you opened this page" in text
    assert f'name="keep" value="{other}" checked' in " ".join(
        text.replace('id="keep" ', "").split()
    )
    assert stored.value("SELECT count(*) FROM assets WHERE duplicate_of IS NOT NULL") == 0
    # The page now holds what is new: pressing once more merges.
    assert client.post(f"{stored.path}/merge", data=form_of(stored, answer)).status_code == 303


@pytest.mark.parametrize("keep", ["", "C", "\x00", "A' OR 1=1"])
def test_without_a_choice_nothing_is_merged(stored: Stored, keep: str) -> None:
    client = stored.people.client("editor")
    form = form_of(stored, client.get(stored.path), keep=keep)
    answer = client.post(f"{stored.path}/merge", data=form)
    assert answer.status_code == 422
    assert stored.value("SELECT count(*) FROM assets WHERE duplicate_of IS NOT NULL") == 0


def test_a_form_without_versions_merges_nothing(stored: Stored) -> None:
    client = stored.people.client("editor")
    for versions in ({}, {"version_A": "-1", "version_B": "x"}):
        answer = client.post(f"{stored.path}/merge", data={"keep": "A"} | versions)
        assert answer.status_code == 422
    assert stored.value("SELECT count(*) FROM assets WHERE duplicate_of IS NOT NULL") == 0


def test_share_alike_entries_are_only_linked_and_the_page_says_why(store: Store) -> None:
    stored = store(shared=True)
    client = stored.people.client("editor")
    answer = client.get(stored.path)
    assert "ODbL 1.0) does not allow mixing its facts with others" in said(answer)
    assert 'name="take_' not in answer.text
    form = form_of(stored, answer, take_website=stored.letter(stored.other))
    assert client.post(f"{stored.path}/merge", data=form).status_code == 303
    assert stored.value("SELECT website IS NULL FROM assets WHERE id = :council") is True


def test_names_are_words_and_nothing_else(store: Store) -> None:
    stored = store(name=HOSTILE)
    client = stored.people.client("editor")
    for address in ("/duplicates", stored.path):
        text = client.get(address).text
        assert "<Library>" not in text
        assert "&lt;Library&gt;" in text
    assert "<Library>" not in client.get(f"{stored.path}/map").text


def test_a_private_contact_is_not_on_the_page(stored: Stored) -> None:
    with stored.people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE assets SET is_contact_public = false WHERE id = :id"),
            {"id": stored.other},
        )
    text = stored.people.client("editor").get(stored.path).text
    assert "01274 496111" not in text
    assert "this contact is private" in text


@pytest.mark.parametrize("who", ["mapper", "coordinator_a", "councillor"])
def test_others_may_not(stored: Stored, who: str) -> None:
    client = stored.people.client(who)
    assert client.get("/duplicates").status_code == 403
    assert client.post(f"{stored.path}/apart", data={"sent": "yes"}).status_code == 403
    assert stored.value("SELECT status::text FROM duplicate_pairs") == "likely"


@pytest.mark.parametrize(
    "path",
    [
        "/duplicates/x/y",
        "/duplicates/{club}/{club}",
        "/duplicates/{club}/{none}",
        "/duplicates/{club}",
    ],
)
def test_what_is_no_pair_is_not_there(people: People, path: str) -> None:
    address = path.format(club=people.club_id, none="00000000-0000-4000-8000-000000000000")
    assert people.client("editor").get(address).status_code == 404
