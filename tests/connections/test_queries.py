"""What other pages are given: what is due, what is somebody's, what a hand-over needs."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from app.connections.queries import list_due, list_for_handover, list_for_resident
from app.parameters import today
from tests.connections.conftest import Opened, connect
from tests.connections.test_editing import send
from tests.people import REFERENCE_A, People


def set_step(opened: Opened, status: str, days: int | None) -> None:
    with opened.people.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE connections SET status = CAST(:status AS connection_status),"
                " next_step = 'Ring', next_step_on = :day WHERE id = :id"
            ),
            {
                "status": status,
                "day": None if days is None else today() + dt.timedelta(days=days),
                "id": opened.id,
            },
        )


def test_what_is_due_and_why(people: People, opened: Opened) -> None:
    cases = [
        ("suggested", None, "to_ring"),
        ("contacted", None, "no_next_step"),
        ("agreed", None, "no_next_step"),
        ("happening", None, None),
        ("happening", -1, "overdue"),
        ("happening", 0, "today"),
        ("happening", 6, "this_week"),
        ("happening", 7, None),
        ("suggested", 30, None),
        ("paused", None, None),
        ("paused", -3, "overdue"),
        ("ended", -3, None),
    ]
    for status, days, why in cases:
        set_step(opened, status, days)
        with people.acting_as("manager_a") as session:
            rows = list_due(session, team_id=people.teams["a"], today=today())
        assert [row.why for row in rows] == ([why] if why else []), (status, days)
        with people.acting_as("manager_b") as session:
            assert not list_due(session, team_id=people.teams["a"], today=today())


def test_the_most_overdue_comes_first(people: People, opened: Opened) -> None:
    other = connect(people, activity_id="")
    set_step(opened, "happening", -1)
    set_step(other, "happening", -5)
    with people.acting_as("manager_a") as session:
        rows = list_due(session, team_id=people.teams["a"], today=today())
    assert [row.id for row in rows] == [other.id, opened.id]


def test_what_is_for_one_resident(people: People, opened: Opened) -> None:
    connect(people, activity_id="", reference=[])
    with people.acting_as("manager_a") as session:
        rows = list_for_resident(
            session,
            team_id=people.teams["a"],
            resident_id=people.residents["a"],
            today=today(),
        )
    assert [(row.id, row.people) for row in rows] == [(opened.id, 1)]


def test_a_hand_over_has_all_it_needs(people: People, opened: Opened) -> None:
    send(
        opened,
        "coordinator_a",
        {"version": 1, "promised": "Mats", "what_worked": "Tea", "welcomed_by": "Joan"},
    )
    for number in range(5):
        visit = {"visited_on": f"2026-01-0{number + 1}", "how_it_went": "well"}
        send(opened, "coordinator_a", visit | {"sentence": f"Number {number}"}, "/visits")
        send(opened, "manager_a", {"note": f"Note {number}"}, "/notes")
    ended = connect(people, activity_id="")
    set_step(ended, "ended", None)
    with people.acting_as("manager_a") as session:
        (one,) = list_for_handover(session, team_id=people.teams["a"])
        with_ended = list_for_handover(session, team_id=people.teams["a"], with_ended=True)
    assert [row.connection.id for row in with_ended] == [opened.id, ended.id]
    c = one.connection
    assert (c.place_name, c.phone) == ("Riverside Bowls Club", "01274 555 0101")
    assert (c.owner_name, c.is_owner_here) == ("coordinator_a", True)
    assert (c.promised, c.what_worked, c.welcomed_by) == ("Mats", "Tea", "Joan")
    assert [visit.sentence for visit in one.visits] == ["Number 4", "Number 3", "Number 2"]
    assert [note.text for note in one.notes] == [f"Note {n}" for n in (4, 3, 2, 1, 0)]
    assert one.notes[0].author == "manager_a"
    assert REFERENCE_A not in repr(one)
    with people.acting_as("manager_b") as session:
        assert not list_for_handover(session, team_id=people.teams["a"])
