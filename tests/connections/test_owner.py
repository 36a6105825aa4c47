"""Handing over: all of a leaver's connections to a successor, in one action."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Membership, Role
from tests.connections.conftest import Opened, connect
from tests.people import People, make_account
from tests.web.document import Document


@pytest.fixture
def colleague(people: People) -> Iterator[uuid.UUID]:
    """Somebody else who works in home A, for one test."""
    with Session(people.engine) as session:
        account = make_account(session, f"Ben-{uuid.uuid4().hex[:6]}")
        session.add(
            Membership(account_id=account.id, role=Role.COORDINATOR, team_id=people.teams["a"])
        )
        session.commit()
        made = account.id
    yield made
    end_membership(people, made)


def end_membership(people: People, account_id: uuid.UUID, *, is_over: bool = True) -> None:
    ended = "now()" if is_over else "NULL"
    with people.engine.begin() as connection:
        connection.execute(
            sa.text(f"UPDATE memberships SET ended_at = {ended} WHERE account_id = :id"),
            {"id": account_id},
        )


def move(people: People, who: str, **data: Any) -> Any:
    return people.client(who).post("/connections/owner", data=data)


def test_ones_own_go_to_a_colleague(people: People, opened: Opened, colleague: uuid.UUID) -> None:
    second = connect(people, activity_id="")
    mine = people.accounts["coordinator_a"]
    answer = move(people, "coordinator_a", **{"from": str(mine), "to": str(colleague)})
    assert answer.headers["location"] == "/connections?said=moved"
    assert {opened.row().owner_id, second.row().owner_id} == {colleague}
    changed = opened.ask(
        "SELECT account_id, columns FROM audit_log"
        " WHERE subject = 'connections' AND subject_id = :id AND action = 'update'"
    )
    assert [(row.account_id, row.columns) for row in changed] == [(mine, ["owner_id"])]
    whole = opened.ask(
        "SELECT account_id, subject_id, team_id FROM audit_log WHERE action = 'hand_over'"
    )
    assert [tuple(row) for row in whole][-1] == (mine, mine, people.teams["a"])


def test_a_manager_hands_over_for_somebody_who_has_left(
    people: People, opened: Opened, colleague: uuid.UUID
) -> None:
    leaver = people.accounts["coordinator_a"]
    end_membership(people, leaver)
    try:
        page = Document(people.client("manager_a").get("/connections").text)
        form = page.one(id="hand-over")
        assert "open" in form.attributes, "somebody has left"
        assert "coordinator_a (has left): 1 connection" in form.text
        data = {"from": str(leaver), "to": str(colleague)}
        assert move(people, "manager_a", **data).status_code == 303
        assert opened.row().owner_id == colleague
        # Somebody who has left takes nothing on.
        back = move(people, "manager_a", **{"from": str(colleague), "to": str(leaver)})
        assert back.status_code == 422
        assert "Choose a colleague who takes them on" in back.text
    finally:
        end_membership(people, leaver, is_over=False)


def test_a_connection_of_somebody_who_has_left_says_so(people: People, opened: Opened) -> None:
    leaver = people.accounts["coordinator_a"]
    end_membership(people, leaver)
    try:
        page = people.client("manager_a").get(opened.path)
        assert "who has left" in page.text
    finally:
        end_membership(people, leaver, is_over=False)


def test_others_can_only_hand_over_their_own(
    people: People, opened: Opened, colleague: uuid.UUID
) -> None:
    connect(people, "manager_a", activity_id="")
    data = {"from": str(people.accounts["manager_a"]), "to": str(colleague)}
    assert move(people, "coordinator_a", **data).status_code == 403
    options = Document(opened.client.get("/connections").text).one("select", id="from").children
    assert [option.get("value") for option in options] == [str(people.accounts["coordinator_a"])]


@pytest.mark.parametrize(
    ("taker", "status"),
    [("coordinator_b", 422), ("mapper", 422), ("coordinator_a", 422), ("manager_a", 303)],
)
def test_only_the_same_team_takes_them_on(
    people: People, opened: Opened, taker: str, status: int
) -> None:
    data = {"from": str(people.accounts["coordinator_a"]), "to": str(people.accounts[taker])}
    assert move(people, "coordinator_a", **data).status_code == status


def test_another_team_keeps_its_own(people: People, opened: Opened, colleague: uuid.UUID) -> None:
    mine = str(people.accounts["coordinator_a"])
    answers = {
        move(
            people, "manager_b", **{"from": given, "to": str(people.accounts["coordinator_b"])}
        ).text
        for given in (mine, str(uuid.uuid4()))
    }
    assert len(answers) == 1, "another home's coordinator is nobody here"
    assert opened.row().owner_id == people.accounts["coordinator_a"]
    nonsense = move(people, "manager_a", **{"from": "x", "to": "\x00"})
    assert nonsense.status_code == 422
