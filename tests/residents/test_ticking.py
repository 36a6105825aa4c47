"""The tick screen: one save, nothing lost, and nothing kept that may not be."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from app.models import Stance
from app.residents import ticking
from geo.interests import Vocabulary
from tests.people import People
from tests.residents.conftest import Keep, change, row_of, stances_of
from tests.web.document import Document, Element


def _form(people: People, reference: str, who: str = "coordinator_a") -> Document:
    answer = people.client(who).get(f"/residents/{reference}/interests")
    assert answer.status_code == 200
    return Document(answer.text)


def _ticked(page: Document) -> dict[str, str]:
    return {
        e.get("name").removeprefix("stance_"): e.get("value")
        for e in page.all("input", type="radio")
        if "checked" in e.attributes and e.get("value") and e.get("name").startswith("stance_")
    }


def _send(people: People, reference: str, page: Document | None = None, /, **fields: Any) -> Any:
    page = page or _form(people, reference)
    version = page.one("input", name="version").get("value")
    return people.client("coordinator_a").post(
        f"/residents/{reference}/interests", data={"version": version, **fields}
    )


def test_the_list_is_of_the_vocabulary(vocabulary: Vocabulary) -> None:
    themes = {concept.concept for concept in vocabulary.concepts if concept.broader_id is None}
    assert set(ticking.COMMON) == themes
    common = [concept for concepts in ticking.COMMON.values() for concept in concepts]
    assert len(common) == len(set(common))
    assert 40 <= len(common) <= 55
    for theme, concepts in ticking.COMMON.items():
        for slug in concepts:
            concept = vocabulary.concept(slug)
            assert vocabulary.theme_of(concept.id).concept == theme
            assert concept.special_category == (theme == "faith")


def test_every_theme_has_a_picture(vocabulary: Vocabulary) -> None:
    from app.rendering import STATIC  # noqa: PLC0415 - this test's alone

    for theme in ticking.COMMON:
        assert (STATIC / "pictures" / f"{theme}.svg").read_text().startswith("<svg ")


def test_many_ticks_one_save(people: People, keep: Keep) -> None:
    reference = keep({"bowls": Stance.USED_TO, "darts": Stance.ENJOYS})
    page = _form(people, reference)
    # What is held and not in the common list has its row in its theme.
    assert _ticked(page) == {"bowls": "used_to", "darts": "enjoys"}
    answer = _send(
        people, reference, page, stance_bowls="could_share", stance_darts="",
        stance_singing="enjoys", stance_knitting="would_try", stance_baking="used_to",
    )  # fmt: skip
    assert (answer.status_code, answer.headers["location"]) == (303, f"/residents/{reference}")
    assert stances_of(people, reference) == {
        "bowls": "could_share", "singing": "enjoys", "knitting": "would_try", "baking": "used_to",
    }  # fmt: skip


def test_what_the_form_does_not_mention_stays(people: People, keep: Keep) -> None:
    reference = keep({"bowls": Stance.USED_TO})
    assert _send(people, reference, stance_singing="enjoys").status_code == 303
    assert stances_of(people, reference) == {"bowls": "used_to", "singing": "enjoys"}


def test_own_words(people: People, keep: Keep) -> None:
    reference = keep()
    answer = _send(people, reference, other="darts, train set", other_stance="used_to")
    assert answer.status_code == 303
    assert stances_of(people, reference) == {"darts": "used_to", "model-railways": "used_to"}


def test_did_you_mean_keeps_everything_and_then_takes_it(people: People, keep: Keep) -> None:
    reference = keep()
    page = _form(people, reference)
    answer = _send(people, reference, page, other="bolws", stance_knitting="enjoys")
    assert answer.status_code == 422
    asked = Document(answer.text)
    assert asked.one("input", id="other").get("value") == "bolws"
    assert _ticked(asked) == {"knitting": "enjoys"}
    assert stances_of(people, reference) == {}
    offered = [e.get("value") for e in asked.all("input", name="meant")]
    assert "bowls" in offered
    again = _send(people, reference, asked, other="bolws", meant="bowls", stance_knitting="enjoys")
    assert again.status_code == 303
    assert stances_of(people, reference) == {"bowls": "enjoys", "knitting": "enjoys"}


def test_words_nothing_is_like(people: People, keep: Keep) -> None:
    reference = keep()
    answer = _send(people, reference, other="zzyzx qqq", stance_knitting="enjoys")
    assert answer.status_code == 422
    page = Document(answer.text)
    assert "#other" in page.links()
    assert _ticked(page) == {"knitting": "enjoys"}


def _legends(page: Document) -> set[str]:
    return {e.text for e in page.all("legend")}


def test_faith_appears_only_with_a_basis_of_its_own(people: People, keep: Keep) -> None:
    with_basis, without = keep(), keep(special_basis=None)
    assert "Church of England" in _legends(_form(people, with_basis))
    page = _form(people, without)
    assert not {"Church of England", "Hymns", "Faith and belief"} & _legends(page)
    said = page.one(id="special")
    assert "Record first" in said.text
    assert f"/residents/{without}/basis" in page.links()


@pytest.mark.parametrize(
    "fields", [{"stance_hymns": "enjoys"}, {"other": "church of england"}, {"stance_faith": "x"}]
)
def test_faith_is_refused_without_a_basis_of_its_own(
    people: People, keep: Keep, fields: dict[str, str]
) -> None:
    reference = keep(special_basis=None)
    answer = _send(people, reference, stance_knitting="enjoys", **fields)
    assert answer.status_code == 422
    assert stances_of(people, reference) == {}
    assert _ticked(Document(answer.text)) == {"knitting": "enjoys"}


def test_without_its_basis_faith_goes(people: People, keep: Keep) -> None:
    reference = keep({"hymns": Stance.ENJOYS, "bowls": Stance.ENJOYS})
    client = people.client("coordinator_a")
    page = Document(client.get(f"/residents/{reference}/basis").text)
    fields = {"basis": "public_task", "decided_by": "resident", "special_basis": "none"}
    version = page.one("input", name="version").get("value")
    client.post(f"/residents/{reference}/basis", data={"version": version, **fields})
    assert stances_of(people, reference) == {"bowls": "enjoys"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stance_bowls": "adores"}, "stance_bowls"),
        ({"stance_bowls": ["enjoys", "used_to"]}, "stance_bowls"),
        ({"stance_bowls": "enjoys\x00"}, "stance_bowls"),
        ({"stance_no-such-thing": "enjoys"}, "interests"),
        ({"other_stance": "adores", "other": "darts"}, "other_stance"),
        ({"other": "da\x00rts"}, "other"),
        ({"other": ", ".join(f"word{n}" for n in range(25))}, "other"),
        ({"version": "-1"}, "version"),
        ({"version": "999999999999"}, "version"),
    ],
)
def test_what_was_tampered_with_is_refused_and_nothing_lost(
    people: People, keep: Keep, fields: dict[str, Any], field: str
) -> None:
    reference = keep()
    answer = _send(people, reference, **({"stance_knitting": "enjoys"} | fields))
    assert answer.status_code == 422
    page = Document(answer.text)
    assert f"#{field}" in page.links()
    assert _ticked(page).get("knitting") == "enjoys"
    assert stances_of(people, reference) == {}


def test_ten_thousand_ticks(people: People, keep: Keep) -> None:
    reference = keep()
    answer = _send(people, reference, **{f"stance_{n}": "enjoys" for n in range(10_000)})
    assert answer.status_code == 422
    assert "more than any of ours" in answer.text
    few = _send(people, reference, **{f"stance_{n}": "enjoys" for n in range(1_000)})
    assert few.status_code == 422
    assert "no longer in the list" in few.text
    assert stances_of(people, reference) == {}


def test_a_concept_that_was_retired(people: People, keep: Keep) -> None:
    has_it, has_not = keep({"darts": Stance.ENJOYS}), keep()
    change(people, "UPDATE interests SET is_retired = true WHERE concept = 'darts'")
    people.app.state.names.vocabulary._looked_at = float("-inf")
    try:
        page = _form(people, has_it)
        assert _ticked(page) == {"darts": "enjoys"}
        assert "No longer listed" in {e.text for e in page.all("h2")}
        assert _send(people, has_it, page, stance_darts="").status_code == 303
        assert stances_of(people, has_it) == {}
        refused = _send(people, has_not, stance_darts="enjoys")
        assert refused.status_code == 422
        assert "#interests" in Document(refused.text).links()
    finally:
        change(people, "UPDATE interests SET is_retired = false WHERE concept = 'darts'")
        people.app.state.names.vocabulary._looked_at = float("-inf")


def _cells(row: Element) -> list[str]:
    return [cell.text for cell in row.children]


def test_of_two_who_tick_the_second_is_told(people: People, keep: Keep) -> None:
    reference = keep({"bowls": Stance.USED_TO})
    first, second = _form(people, reference), _form(people, reference, "manager_a")
    assert _send(people, reference, first, stance_bowls="enjoys").status_code == 303
    answer = _send(people, reference, second, stance_bowls="", stance_singing="enjoys")
    assert answer.status_code == 409
    assert stances_of(people, reference) == {"bowls": "enjoys"}, "nothing is overwritten"
    page = Document(answer.text)
    rows = [_cells(row) for row in page.all("tr")]
    assert ["Bowls", "Enjoys", "Nothing"] in rows
    assert ["Singing", "Nothing", "Enjoys"] in rows
    assert _ticked(page) == {"singing": "enjoys"}
    again = _send(people, reference, page, stance_bowls="", stance_singing="enjoys")
    assert again.status_code == 303
    assert stances_of(people, reference) == {"singing": "enjoys"}


def test_ticking_is_written_down_without_what_was_ticked(people: People, keep: Keep) -> None:
    reference = keep()
    _send(people, reference, stance_singing="enjoys")
    row = row_of(people, reference)
    assert row is not None
    with people.engine.connect() as connection:
        entries = connection.execute(
            sa.text(
                "SELECT action, l::text AS whole FROM audit_log l"
                " WHERE subject = 'resident_interests' AND subject_id = :id"
            ),
            {"id": row.id},
        ).all()
    assert [entry.action for entry in entries] == ["insert"]
    assert "enjoys" not in entries[0].whole
    assert "singing" not in entries[0].whole


def test_signed_out_while_ticking_keeps_the_ticks(people: People, keep: Keep) -> None:
    reference = keep()
    answer = people.client().post(
        f"/residents/{reference}/interests", data={"version": "1", "stance_bowls": "enjoys"}
    )
    assert answer.status_code == 401
    page = Document(answer.text)
    assert page.one("input", name="stance_bowls").get("value") == "enjoys"


def test_the_sheet_shows_the_same_without_faith_and_without_anybody(people: People) -> None:
    page = Document(people.client("coordinator_a").get("/residents/sheet").text)
    rows = [e.text for e in page.all("th", scope="row")]
    shown = [
        row for theme, rows_of in ticking.COMMON.items() if theme != "faith" for row in rows_of
    ]
    assert len(rows) == len(shown)
    assert "Church of England" not in rows
    assert [e.text for e in page.all("th", scope="col")] == [
        "Enjoys", "Used to", "Would try", "Could share",
    ]  # fmt: skip
    assert "BCDF" not in page.one("main").text
    pictures = [e.get("src") for e in page.all("img")]
    assert len(pictures) == len(ticking.COMMON) - 1
    for address in pictures:
        assert people.client().get(address).headers["content-type"] == "image/svg+xml"
