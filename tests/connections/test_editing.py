"""Changing a connection: what makes no sense is said, and nobody's words are overwritten."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.parameters import today
from tests.connections.conftest import Opened
from tests.people import REFERENCE_A, REFERENCE_B, People, make_resident
from tests.web.document import Document

FACTS = ("welcomed_by", "contact_name", "contact_phone", "promised", "what_worked")


def fields_of(page: Document, form_with: str) -> dict[str, Any]:
    """Return what a browser would send for the form that has a field of this id."""
    form = page.one(id=form_with).parent
    while form is not None and form.tag != "form":
        form = form.parent
    assert form is not None
    found: dict[str, Any] = {}
    for one in page.elements:
        above: Any = one
        while above is not None and above is not form:
            above = above.parent
        if above is None or not one.get("name") or one.tag == "button":
            continue
        is_box = one.get("type") in {"checkbox", "radio"}
        if is_box and "checked" not in one.attributes:
            continue
        value: Any = "".join(one.texts) if one.tag == "textarea" else one.get("value")
        if one.get("name") in found:
            before = found[one.get("name")]
            value = [*(before if isinstance(before, list) else [before]), value]
        found[one.get("name")] = value
    return found


def open_form(opened: Opened, who: str, form_with: str) -> dict[str, Any]:
    return fields_of(Document(opened.people.client(who).get(opened.path).text), form_with)


def send(opened: Opened, who: str, data: dict[str, Any], part: str = "") -> Any:
    return opened.people.client(who).post(opened.path + part, data=data)


def test_what_is_written_down_stays(opened: Opened) -> None:
    form = open_form(opened, "coordinator_a", "promised")
    form |= {
        "welcomed_by": "Joan  Hill", "contact_name": "Mary", "contact_phone": "07700 900123",
        "promised": "They bring the mats.\r\n\r\nWe have tea ready.", "what_worked": "Tea first",
    }  # fmt: skip
    answer = send(opened, "coordinator_a", form)
    assert answer.headers["location"] == f"{opened.path}?said=saved"
    row = opened.row()
    assert row.welcomed_by == "Joan Hill"
    assert row.promised == "They bring the mats.\n\nWe have tea ready."
    assert row.version == 2
    # The same form sent again by a second press changes nothing and asks nothing.
    assert send(opened, "coordinator_a", form).status_code == 303
    assert opened.row().version == 2


@pytest.mark.parametrize("part", ["", "/status"])
def test_a_form_without_its_version_overwrites_nothing(opened: Opened, part: str) -> None:
    answer = send(opened, "coordinator_a", {"promised": "x", "status": "ended"}, part)
    assert answer.status_code == 409
    assert (opened.row().promised, opened.row().status) == ("", "suggested")


def test_two_who_change_the_same_choose(opened: Opened) -> None:
    first = open_form(opened, "coordinator_a", "promised")
    second = open_form(opened, "manager_a", "promised")
    send(opened, "coordinator_a", first | {"promised": "Mats", "contact_name": "Mary"})
    answer = send(opened, "manager_a", second | {"promised": "Tea", "welcomed_by": "Joan"})

    assert answer.status_code == 409
    page = Document(answer.text)
    legends = [legend.text for legend in page.all("legend")]
    assert legends == ["What was promised"], "only what both changed"
    versions = [label.text for label in page.all(class_="pw-version")]
    assert versions == ["Keep theirs Mats", "Keep yours Tea", "Keep both Theirs first, yours below"]
    row = opened.row()
    assert (row.promised, row.welcomed_by) == ("Mats", ""), "nothing is overwritten"

    choice = fields_of(page, "promised")
    for keep, promised in (("theirs", "Mats"), ("mine", "Tea"), ("both", "Mats\nTea")):
        with opened.people.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE connections SET promised = 'Mats', welcomed_by = ''")
            )
        done = send(opened, "manager_a", choice | {"keep_promised": keep})
        assert done.status_code == 303, keep
        row = opened.row()
        # What only one of them wrote is there in any case.
        assert (row.promised, row.welcomed_by, row.contact_name) == (promised, "Joan", "Mary")


def test_who_does_not_choose_is_asked_again(opened: Opened) -> None:
    first = open_form(opened, "coordinator_a", "promised")
    send(opened, "coordinator_a", first | {"promised": "Mats"})
    answer = send(opened, "manager_a", first | {"promised": "Tea"})
    choice = fields_of(Document(answer.text), "promised")
    again = send(opened, "manager_a", choice)
    assert again.status_code == 409
    assert "Keep yours Tea" in Document(again.text).one("main").text
    assert opened.row().promised == "Mats"


def test_a_third_who_is_quicker_is_shown_too(opened: Opened) -> None:
    first = open_form(opened, "coordinator_a", "promised")
    send(opened, "coordinator_a", first | {"promised": "Mats"})
    choice = fields_of(
        Document(send(opened, "manager_a", first | {"promised": "Tea"}).text), "promised"
    )
    third = open_form(opened, "coordinator_a", "promised")
    send(opened, "coordinator_a", third | {"promised": "Mats and balls"})
    answer = send(opened, "manager_a", choice | {"keep_promised": "mine"})
    assert answer.status_code == 409
    assert "Keep theirs Mats and balls" in Document(answer.text).one("main").text


def test_two_who_change_different_things_need_not_choose(opened: Opened) -> None:
    first = open_form(opened, "coordinator_a", "promised")
    second = open_form(opened, "manager_a", "promised")
    send(opened, "coordinator_a", first | {"promised": "Mats"})
    answer = send(opened, "manager_a", second | {"what_worked": "Tea first"})
    assert answer.headers["location"] == f"{opened.path}?said=merged"
    assert (opened.row().promised, opened.row().what_worked) == ("Mats", "Tea first")


def test_steps_are_buttons(opened: Opened) -> None:
    for status in ("contacted", "agreed", "happening", "paused", "happening", "ended"):
        form = {"version": opened.row().version, "status": status}
        answer = send(opened, "coordinator_a", form, "/status")
        assert answer.headers["location"] == f"{opened.path}?said=saved#next-step"
        assert opened.row().status == status


def test_two_who_move_it_to_different_steps(opened: Opened) -> None:
    form = {"version": 1, "was_status": "suggested"}
    send(opened, "coordinator_a", form | {"status": "agreed"}, "/status")
    same = send(opened, "manager_a", form | {"status": "agreed"}, "/status")
    assert same.status_code == 303, "the same is no clash"
    other = send(opened, "manager_a", form | {"status": "ended"}, "/status")
    assert other.status_code == 409
    page = Document(other.text)
    assert [label.text for label in page.all(class_="pw-version")] == [
        "Keep theirs Agreed", "Keep yours Ended",
    ]  # fmt: skip
    choice = fields_of(page, "status")
    send(opened, "manager_a", choice | {"keep_status": "mine"}, "/status")
    assert opened.row().status == "ended"


def test_a_change_elsewhere_does_not_hold_up_a_step(opened: Opened) -> None:
    form = {"version": 1, "was_status": "suggested", "status": "contacted"}
    send(opened, "coordinator_a", {"version": 1, "promised": "Mats"})
    assert send(opened, "manager_a", form, "/status").status_code == 303
    assert opened.row().status == "contacted"


@pytest.mark.parametrize(("in_days", "word"), [("1", "tomorrow"), ("7", ""), ("14", "")])
def test_the_next_step_in_one_press(opened: Opened, in_days: str, word: str) -> None:
    form = open_form(opened, "coordinator_a", "next_step")
    assert form["next_step"] == "Ring them", "nothing to type"
    answer = send(opened, "coordinator_a", form | {"in_days": in_days})
    assert answer.status_code == 303
    assert opened.row().next_step_on == today() + dt.timedelta(days=int(in_days))
    due = Document(opened.client.get(opened.path).text).one(class_="pw-due").text
    assert due == word or due.split()[0].endswith("day")


def test_a_day_that_has_passed_is_allowed_and_marked(opened: Opened) -> None:
    form = open_form(opened, "coordinator_a", "next_step")
    yesterday = (today() - dt.timedelta(days=1)).isoformat()
    answer = send(opened, "coordinator_a", form | {"next_step_on": yesterday})
    assert answer.headers["location"].startswith(f"{opened.path}?said=past")
    page = Document(opened.client.get(opened.path).text)
    assert page.one(class_="pw-due--late").text == "1 day late"


def test_a_step_that_is_done_goes_into_the_notes(opened: Opened) -> None:
    form = open_form(opened, "coordinator_a", "next_step")
    send(opened, "coordinator_a", form | {"next_step": "Ring Mary", "in_days": "1"})
    row = opened.row()
    answer = send(
        opened,
        "coordinator_a",
        {
            "version": row.version, "was_next_step": "Ring Mary", "next_step": "",
            "was_next_step_on": row.next_step_on.isoformat(), "next_step_on": "", "done": "1",
        },
    )  # fmt: skip
    assert answer.status_code == 303
    assert (opened.row().next_step, opened.row().next_step_on) == ("", None)
    notes = opened.ask("SELECT text FROM connection_notes WHERE connection_id = :id")
    assert [note.text for note in notes] == ["Done: Ring Mary"]


PROBLEMS = [
    ({"next_step": "Ring", "next_step_on": "2026-02-31"}, "next_step_on", "not a day"),
    ({"next_step": "Ring", "next_step_on": "0001-01-01"}, "next_step_on", "check the year"),
    ({"next_step": "Ring", "next_step_on": "9999-12-31"}, "next_step_on", "check the year"),
    ({"next_step": "", "next_step_on": "2026-12-31"}, "next_step", "say what you will do"),
    ({"next_step": "x" * 201}, "next_step", "200 or fewer"),
    ({"promised": "x" * 2_001}, "promised", "2,000 or fewer"),
    ({"promised": "a\x00b"}, "promised", "nobody can type"),
    ({"welcomed_by": "x" * 101}, "welcomed_by", "100 or fewer"),
    ({"contact_phone": "ask Mary"}, "contact_phone", "digits"),
    ({"contact_phone": "1-2-3-"}, "contact_phone", "digits"),
]


@pytest.mark.parametrize(("wrong", "field", "sentence"), PROBLEMS)
def test_what_makes_no_sense_is_said_and_kept(
    opened: Opened, wrong: dict[str, str], field: str, sentence: str
) -> None:
    form = {"version": 1, "what_worked": "Tea first"} if "next_step" not in wrong else {}
    answer = send(opened, "coordinator_a", form | wrong | {"version": 1})
    assert answer.status_code == 422
    page = Document(answer.text)
    problems = page.one(id="problems")
    assert sentence in problems.text
    assert f"#{field}" in [link.get("href") for link in page.all("a")]
    assert page.all(id=field), "the summary leads to the field"
    for name, typed in wrong.items():
        shown = page.one(id=name)
        kept = "".join(shown.texts) if shown.tag == "textarea" else shown.get("value")
        assert kept == typed.replace("\x00", "")
    if form:
        assert "Tea first" in page.one("textarea", id="what_worked").text
    assert opened.row().version == 1


@pytest.mark.parametrize("status", ["", "gone", "'; DROP TABLE visits", "\x00"])
def test_a_step_that_is_none(opened: Opened, status: str) -> None:
    answer = send(opened, "coordinator_a", {"version": 1, "status": status}, "/status")
    assert answer.status_code == 422
    assert "How far it is: choose one" in answer.text


def test_whom_it_is_for(people: People, opened: Opened) -> None:
    with Session(people.engine) as session:
        second = make_resident(session, people.teams["a"], "BCDFGH63", {}).id
        session.commit()
    form = open_form(opened, "coordinator_a", "whom")
    assert form["reference"] == REFERENCE_A
    colleague = open_form(opened, "manager_a", "whom")
    send(opened, "coordinator_a", form | {"reference": [REFERENCE_A, "BCDFGH63"]})
    # A colleague who takes somebody out does not take out whom they never saw.
    del colleague["reference"]
    send(opened, "manager_a", colleague)
    rows = opened.ask("SELECT resident_id FROM connection_residents WHERE connection_id = :id")
    assert [row.resident_id for row in rows] == [second]


def test_somebody_withdrawn_in_an_old_form(people: People, opened: Opened) -> None:
    with Session(people.engine) as session:
        make_resident(
            session, people.teams["a"], "BCDFGH33", {},
            withdrawn_at=dt.datetime.now(tz=dt.UTC), erase_after=dt.date(2030, 1, 1),
        )  # fmt: skip
        session.commit()
    form = open_form(opened, "coordinator_a", "whom")
    answers = set()
    for other in ("BCDFGH33", REFERENCE_B, "BCDFGH99"):
        answer = send(opened, "coordinator_a", form | {"reference": [REFERENCE_A, other]})
        assert answer.status_code == 422
        assert other not in answer.text
        answers.add(answer.content)
        page = Document(answer.text)
        assert "One of them is not here any more" in page.one(id="problems").text
        assert "checked" in page.one(id=f"whom-{REFERENCE_A}").attributes
    assert len(answers) == 1


def test_notes(opened: Opened) -> None:
    text = "The van needs the back gate.\r\nRing before 10."
    for _ in range(2):
        answer = send(opened, "manager_a", {"note": text}, "/notes")
        assert answer.headers["location"] == f"{opened.path}?said=noted#notes"
    notes = opened.ask("SELECT id, text, author_id FROM connection_notes WHERE connection_id = :id")
    assert len(notes) == 1, "a second press is no second note"
    assert notes[0].text == "The van needs the back gate.\nRing before 10."
    assert notes[0].author_id == opened.people.accounts["manager_a"]
    shown = Document(opened.client.get(opened.path).text).one("ul", class_="pw-notes").text
    assert "manager_a" in shown

    other = send(opened, "coordinator_b", {"remove": str(notes[0].id)}, "/notes")
    assert other.status_code == 404
    assert send(opened, "coordinator_a", {"remove": "zzz"}, "/notes").status_code == 404
    send(opened, "coordinator_a", {"remove": str(notes[0].id)}, "/notes")
    assert not opened.ask("SELECT id FROM connection_notes WHERE connection_id = :id")


@pytest.mark.parametrize("note", ["", "   ", "x" * 2_001, "a\x00b"])
def test_a_note_that_cannot_be_saved(opened: Opened, note: str) -> None:
    answer = send(opened, "coordinator_a", {"note": note}, "/notes")
    assert answer.status_code == 422
    page = Document(answer.text)
    assert page.one(id="problems").text.startswith("There is a problem Your note:")
    kept = "".join(page.one("textarea", id="note").texts)
    assert kept == note.replace("\x00", "")


def test_signed_out_meanwhile_keeps_the_note(opened: Opened) -> None:
    client = opened.people.client()
    answer = client.post(f"{opened.path}/notes", data={"note": "The back gate.\r\nBefore 10."})
    assert answer.status_code == 401
    page = Document(answer.text)
    form = page.one("form")
    assert form.get("action") == f"{opened.path}/notes"
    kept = page.one("input", name="note").get("value")
    assert kept == "The back gate.\r\nBefore 10."
    # Signed in again, the button saves it.
    assert opened.client.post(form.get("action"), data={"note": kept}).status_code == 303


def test_signed_out_meanwhile_shows_what_was_typed_and_not_what_was(opened: Opened) -> None:
    form = open_form(opened, "coordinator_a", "promised") | {"promised": "Tea"}
    page = Document(opened.people.client().post(opened.path, data=form).text)
    assert [word.text for word in page.all("dt")] == ["Promised"]
    assert page.all("input", name="was_promised"), "sent along all the same"


def test_another_site_cannot_change_anything(opened: Opened) -> None:
    answer = opened.client.post(
        f"{opened.path}/status",
        data={"status": "ended", "version": 1},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403
    assert opened.row().status == "suggested"


def test_the_audit_log_says_who_changed_what(opened: Opened) -> None:
    send(opened, "manager_a", {"version": 1, "promised": "Mats"})
    rows = opened.ask(
        "SELECT account_id, columns FROM audit_log"
        " WHERE subject = 'connections' AND subject_id = :id AND action = 'update'"
    )
    assert [(row.account_id, row.columns) for row in rows] == [
        (opened.people.accounts["manager_a"], ["promised"])
    ]
