"""Visits: recorded in half a minute, corrected, removed; two who do so at once lose nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.parameters import today
from tests.connections.conftest import Opened
from tests.connections.test_editing import fields_of, open_form, send
from tests.people import REFERENCE_A, REFERENCE_B, People, make_resident
from tests.web.document import Document

VISITS = "SELECT * FROM visits WHERE connection_id = :id ORDER BY visited_on"
CAME = (
    "SELECT r.reference FROM visits w JOIN visit_residents x ON x.visit_id = w.id"
    " JOIN residents r ON r.id = x.resident_id WHERE w.connection_id = :id ORDER BY 1"
)


def record(opened: Opened, day: str = "2026-01-06", **values: Any) -> uuid.UUID:
    data = {"visited_on": day, "how_it_went": "well", "reference": [REFERENCE_A]} | values
    assert send(opened, "coordinator_a", data, "/visits").status_code == 303
    with opened.people.engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT id FROM visits WHERE connection_id = :id AND visited_on = :day"),
            {"id": opened.id, "day": dt.date.fromisoformat(day)},
        )
        made: uuid.UUID = found.scalar_one()
        return made


def open_visit(opened: Opened, visit: uuid.UUID, who: str = "coordinator_a") -> dict[str, Any]:
    page = opened.people.client(who).get(f"{opened.path}/visits/{visit}")
    assert page.status_code == 200
    return fields_of(Document(page.text), "visited_on")


def test_a_visit_in_two_presses(opened: Opened) -> None:
    form = open_form(opened, "coordinator_a", "visited_on")
    assert form["visited_on"] == today().isoformat()
    assert form["reference"] == REFERENCE_A, "those it is for are ticked"
    assert "how_it_went" not in form
    answer = send(opened, "coordinator_a", form | {"how_it_went": "so_so"}, "/visits")
    assert answer.headers["location"] == f"{opened.path}?said=visit#visits"
    (visit,) = opened.ask(VISITS)
    assert (visit.visited_on, visit.how_it_went, visit.sentence) == (today(), "so_so", "")
    assert visit.recorded_by == opened.people.accounts["coordinator_a"]
    assert [row.reference for row in opened.ask(CAME)] == [REFERENCE_A]


def test_visits_are_listed_with_their_faces(opened: Opened) -> None:
    record(opened, "2026-01-06", sentence="They laughed a lot.")
    record(opened, "2026-01-13", how_it_went="badly", reference=[])
    page = Document(opened.client.get(opened.path).text)
    rows = [item.text for item in page.one("ul", class_="pw-visits").children]
    assert rows[0].startswith("13 January 2026: change Badly Nobody of yours is ticked")
    assert rows[1].startswith("6 January 2026: change Well They laughed a lot. BCDFGHJK.")
    assert len(page.all("svg", class_="pw-face__drawing--badly")) == 2, "one in the form"


PROBLEMS = [
    ({"visited_on": ""}, "visited_on", "say when it was"),
    ({"visited_on": "2026-02-31"}, "visited_on", "not a day"),
    ({"visited_on": "1899-12-31"}, "visited_on", "check the year"),
    ({"how_it_went": ""}, "how_it_went", "choose one"),
    ({"how_it_went": "splendid"}, "how_it_went", "choose one"),
    ({"sentence": "x" * 301}, "sentence", "300 or fewer"),
    ({"sentence": "a\x00b"}, "sentence", "nobody can type"),
    ({"reference": [REFERENCE_A, REFERENCE_B]}, "reference", "not here any more"),
    ({"reference": [REFERENCE_A, "zz"]}, "reference", "not here any more"),
]


@pytest.mark.parametrize(("wrong", "field", "sentence"), PROBLEMS)
def test_what_makes_no_sense_is_said_and_kept(
    opened: Opened, wrong: dict[str, Any], field: str, sentence: str
) -> None:
    good = {
        "visited_on": "2026-01-06", "how_it_went": "badly", "sentence": "Rain.",
        "reference": [REFERENCE_A],
    }  # fmt: skip
    answer = send(opened, "coordinator_a", good | wrong, "/visits")
    assert answer.status_code == 422
    page = Document(answer.text)
    assert sentence in page.one(id="problems").text
    if "how_it_went" not in wrong:
        assert "checked" in page.one(id="how_it_went-badly").attributes
    if "sentence" not in wrong:
        assert page.one(id="sentence").get("value") == "Rain."
    assert "checked" in page.one(id=f"came-{REFERENCE_A}").attributes
    assert not opened.ask(VISITS)


def test_tomorrow_is_refused_kindly(opened: Opened) -> None:
    tomorrow = (today() + dt.timedelta(days=1)).isoformat()
    answer = send(
        opened, "coordinator_a", {"visited_on": tomorrow, "how_it_went": "well"}, "/visits"
    )
    assert answer.status_code == 422
    assert "still to come. Record the visit when it has happened" in answer.text


def test_a_day_has_one_visit_and_a_colleagues_is_added_to(people: People, opened: Opened) -> None:
    with Session(people.engine) as session:
        make_resident(session, people.teams["a"], "BCDFGH42", {})
        session.commit()
    visit = record(opened, sentence="They laughed.")
    mine = {
        "visited_on": "2026-01-06", "how_it_went": "well", "sentence": "Tea was cold.",
        "reference": ["BCDFGH42"],
    }  # fmt: skip
    answer = send(opened, "manager_a", mine, "/visits")
    assert answer.status_code == 422
    page = Document(answer.text)
    assert "this day has one already" in page.one(id="problems").text
    (add,) = [b for b in page.all("button") if b.get("formaction")]
    assert add.get("formaction") == f"{opened.path}/visits/{visit}"

    form = fields_of(page, "visited_on")
    clash = people.client("manager_a").post(add.get("formaction"), data=form)
    assert clash.status_code == 409
    choice = fields_of(Document(clash.text), "sentence")
    done = people.client("manager_a").post(
        add.get("formaction"), data=choice | {"keep_sentence": "both"}
    )
    assert done.status_code == 303
    (row,) = opened.ask(VISITS)
    assert row.sentence == "They laughed. Tea was cold."
    assert [one.reference for one in opened.ask(CAME)] == ["BCDFGH42", REFERENCE_A]


def test_a_visit_is_corrected(opened: Opened) -> None:
    visit = record(opened)
    form = open_visit(opened, visit) | {"visited_on": "2026-01-07", "how_it_went": "badly"}
    del form["reference"]
    answer = send(opened, "coordinator_a", form, f"/visits/{visit}")
    assert answer.headers["location"] == f"{opened.path}?said=saved#visits"
    (row,) = opened.ask(VISITS)
    assert (row.visited_on, row.how_it_went) == (dt.date(2026, 1, 7), "badly")
    assert not opened.ask(CAME)


def test_two_who_correct_the_same_visit(opened: Opened) -> None:
    visit = record(opened)
    first, second = open_visit(opened, visit), open_visit(opened, visit, "manager_a")
    send(opened, "coordinator_a", first | {"sentence": "Laughed."}, f"/visits/{visit}")
    both = second | {"sentence": "Sang.", "how_it_went": "so_so"}
    answer = send(opened, "manager_a", both, f"/visits/{visit}")
    assert answer.status_code == 409
    page = Document(answer.text)
    assert [legend.text for legend in page.all("legend")] == ["In a sentence"]
    assert opened.ask(VISITS)[0].sentence == "Laughed."
    choice = fields_of(page, "sentence") | {"keep_sentence": "theirs"}
    assert send(opened, "manager_a", choice, f"/visits/{visit}").status_code == 303
    (row,) = opened.ask(VISITS)
    assert (row.sentence, row.how_it_went) == ("Laughed.", "so_so")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"visited_on": ""}, "say when it was"),
        ({"visited_on": "2026-01-13"}, "that day has another visit already"),
        ({"visited_on": "2099-01-01"}, "check the year"),
        ({"how_it_went": "x"}, "choose one"),
        ({"reference": [REFERENCE_A, REFERENCE_B]}, "not here any more"),
    ],
)
def test_a_correction_that_makes_no_sense(
    opened: Opened, wrong: dict[str, Any], sentence: str
) -> None:
    visit = record(opened)
    record(opened, "2026-01-13")
    form = open_visit(opened, visit) | {"sentence": "Sang."} | wrong
    answer = send(opened, "coordinator_a", form, f"/visits/{visit}")
    assert answer.status_code == 422
    page = Document(answer.text)
    assert sentence in page.one(id="problems").text
    assert page.one(id="sentence").get("value") == "Sang."
    assert opened.ask(VISITS)[0].sentence == ""


def test_a_visit_is_removed(opened: Opened) -> None:
    visit = record(opened)
    old = open_visit(opened, visit, "manager_a")
    send(opened, "coordinator_a", open_visit(opened, visit) | {"sentence": "x"}, f"/visits/{visit}")
    stale = send(
        opened, "manager_a", {"remove": "1", "version": old["version"]}, f"/visits/{visit}"
    )
    assert stale.status_code == 409
    page = Document(stale.text)
    assert "Somebody has changed this visit" in page.one(role="alert").text
    assert page.one(id="sentence").get("value") == "x"
    now = {"remove": "1", "version": open_visit(opened, visit)["version"]}
    for _ in range(2):
        assert send(opened, "manager_a", now, f"/visits/{visit}").status_code == 303
    assert not opened.ask(VISITS)


def test_a_visit_removed_while_somebody_corrects_it(opened: Opened) -> None:
    visit = record(opened)
    form = open_visit(opened, visit) | {"sentence": "They sang for an hour."}
    send(opened, "manager_a", {"remove": "1", "version": form["version"]}, f"/visits/{visit}")
    answer = send(opened, "coordinator_a", form, f"/visits/{visit}")
    assert answer.status_code == 409
    page = Document(answer.text)
    assert "save it as a new one" in page.one(id="problems").text
    again = fields_of(page, "visited_on")
    assert again["sentence"] == "They sang for an hour."
    assert send(opened, "coordinator_a", again, "/visits").status_code == 303
    assert opened.ask(VISITS)[0].sentence == "They sang for an hour."


def test_signed_out_meanwhile_keeps_the_visit(opened: Opened) -> None:
    data = {"visited_on": "2026-01-06", "how_it_went": "well", "sentence": "They sang."}
    answer = opened.people.client().post(f"{opened.path}/visits", data=data)
    assert answer.status_code == 401
    hidden = {
        one.get("name"): one.get("value")
        for one in Document(answer.text).all("input", type="hidden")
    }
    assert hidden == data
    assert opened.client.post(f"{opened.path}/visits", data=hidden).status_code == 303


def test_a_long_list_of_visits_is_folded(opened: Opened) -> None:
    for day in range(1, 9):
        record(opened, f"2026-01-{day:02}")
    page = Document(opened.client.get(opened.path).text)
    lists = page.all("ul", class_="pw-visits")
    assert [len(one.children) for one in lists] == [5, 3]
