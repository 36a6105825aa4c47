"""Who works here: the list, teams, and ending what somebody may do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import AssetKind
from tests import builders
from tests.accounts.conftest import browser, do, heading, value
from tests.people import People
from tests.web.document import Document

NEVER = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _as_it_was(people: People) -> Iterator[None]:
    yield
    do(people, "UPDATE memberships SET ended_at = NULL")
    do(people, "DELETE FROM connections")
    do(people, "DELETE FROM invitations")


def membership(people: People, who: str) -> str:
    return str(
        value(people, "SELECT id FROM memberships WHERE account_id = :id", id=people.accounts[who])
    )


def end(people: People, by: str, whom: str, **fields: str) -> httpx.Response:
    answer: httpx.Response = people.client(by).post(
        f"/people/memberships/{membership(people, whom)}/end", data={"x": "y"} | fields
    )
    return answer


def test_a_manager_sees_their_own_staff_alone(people: People) -> None:
    page = people.client("manager_a").get("/people").text
    assert "coordinator_a@homes.example" in page
    for other in ("coordinator_b", "connector", "editor", "Lister Lodge"):
        assert other not in page
    # Whatever they ask for.
    assert "coordinator_b" not in people.client("manager_a").get("/people?q=coordinator_b").text


def test_an_administrator_sees_everybody_and_finds_them(people: People) -> None:
    administrator = people.client("administrator")
    page = administrator.get("/people").text
    assert all(f"{who}@homes.example" in page for who in people.accounts)
    found = Document(administrator.get("/people?q=lister").text)
    names = [row.text.split(",")[0] for row in found.all("li", class_="pw-item")]
    assert names == ["coordinator_b", "manager_b"]
    assert "Nobody fits “%”" in administrator.get("/people?q=%25").text
    assert administrator.get("/people?page=0").status_code == 422


def test_ending_is_asked_about_first_and_then_at_once(people: People) -> None:
    staff = people.client("coordinator_a")
    assert staff.get("/account").text.count("activity coordinator of Bowmont House") == 1
    asked = end(people, "manager_a", "coordinator_a")
    assert heading(asked) == "End the access of coordinator_a?"
    assert "look after connections" not in asked.text
    assert "activity coordinator" in staff.get("/account").text, "only asked so far"
    answer = end(people, "manager_a", "coordinator_a", is_confirmed="yes")
    assert answer.headers["location"] == "/people?done=ended"
    assert "You have no role here just now" in staff.get("/account").text
    with people.acting_as("coordinator_a") as session:
        assert session.execute(sa.text("SELECT count(*) FROM residents")).scalar() == 0
    row = "SELECT ended_at IS NOT NULL FROM memberships WHERE account_id = :id"
    assert value(people, row, id=people.accounts["coordinator_a"]) is True


def test_another_homes_staff_and_nobody_have_one_answer(people: People) -> None:
    other = end(people, "manager_a", "coordinator_b", is_confirmed="yes")
    missing = people.client("manager_a").post(
        f"/people/memberships/{NEVER}/end", data={"is_confirmed": "yes"}
    )
    assert (other.status_code, other.text) == (404, missing.text)
    assert value(people, "SELECT count(*) FROM memberships WHERE ended_at IS NOT NULL") == 0


@pytest.mark.parametrize("by", ["manager_a", "administrator"])
def test_connections_are_handed_over_first(people: People, by: str) -> None:
    do(
        people,
        "INSERT INTO connections (team_id, asset_id, title, is_visit, owner_id)"
        " VALUES (:team, :asset, 'Bowls', false, :owner)",
        team=people.teams["a"], asset=people.club_id, owner=people.accounts["coordinator_a"],
    )  # fmt: skip
    page = Document(end(people, by, "coordinator_a").text)
    assert "They look after connections" in page.one("main").text
    assert "/handover" in [link for link in page.links() if link == "/handover"]
    do(people, "UPDATE connections SET status = 'ended'")
    assert "look after connections" not in end(people, by, "coordinator_a").text


@pytest.mark.parametrize(
    ("who", "words"),
    [("manager_a", "the last manager of Bowmont House"), ("administrator", "last administrator")],
)
def test_the_last_one_is_warned(people: People, who: str, words: str) -> None:
    page = end(people, who, who)
    assert words in Document(page.text).one("main").text
    refused = end(people, who, who, is_confirmed="yes")
    assert refused.status_code == 422
    assert "Tick the box" in Document(refused.text).one(id="is_understood-error").text
    assert value(people, "SELECT count(*) FROM memberships WHERE ended_at IS NOT NULL") == 0
    answer = end(people, who, who, is_confirmed="yes", is_understood="yes")
    assert answer.headers["location"] == "/account"
    assert people.client(who).get("/people").status_code == 403


def test_the_first_of_two_managers_is_not_the_last(people: People) -> None:
    both = {"account": people.accounts["coordinator_a"], "team": people.teams["a"]}
    do(people, "INSERT INTO memberships (account_id, role, team_id)"
       " VALUES (:account, 'manager', :team)", **both)  # fmt: skip
    try:
        assert "the last manager" not in end(people, "manager_a", "manager_a").text
        # Somebody who cannot sign in manages nothing.
        do(people, "UPDATE accounts SET disabled_at = now() WHERE id = :account",
           account=both["account"])  # fmt: skip
        assert "the last manager" in end(people, "manager_a", "manager_a").text
    finally:
        do(people, "UPDATE accounts SET disabled_at = NULL")
        do(people, "DELETE FROM memberships WHERE account_id = :account AND role = 'manager'",
           account=both["account"])  # fmt: skip


def test_whoever_goes_leaves_no_key_under_the_mat(people: People) -> None:
    """An invitation to oneself, at another address, must not outlive the membership."""
    made = people.client("manager_a").post(
        "/people/invitations", data={"email": "new.me@homes.example", "role": "manager"}
    )
    link = Document(made.text).one("input", id="link").get("value")
    end(people, "administrator", "manager_a", is_confirmed="yes", is_understood="yes")
    assert browser(people.app).get(link).status_code == 410


# Teams


def make(people: People, by: str = "administrator", **fields: str) -> httpx.Response:
    answer: httpx.Response = people.client(by).post("/people/teams", data=fields)
    return answer


def put_on_the_map(people: People, name: str, *, postcode: str | None = None) -> None:
    with Session(people.engine) as session:
        builders.make_asset(
            session, name, at=(-1.7510, 53.7960), kind=AssetKind.CARE_HOME, postcode=postcode
        )
        session.commit()


def test_a_care_home_on_the_map_gets_a_team(people: People) -> None:
    put_on_the_map(people, "Moor View")
    assert make(people, kind="home", team_name="moor view").status_code == 303
    assert value(people, "SELECT kind::text FROM teams WHERE name = 'Moor View'") == "home"
    # Once more: it is there already, and that is no failure.
    assert make(people, kind="home", team_name="Moor View").status_code == 303
    assert value(people, "SELECT count(*) FROM teams WHERE name = 'Moor View'") == 1


def test_connectors_get_a_team(people: People) -> None:
    assert make(people, kind="connectors", team_name="Dale connectors").status_code == 303
    assert value(people, "SELECT kind::text FROM teams WHERE name LIKE 'Dale%'") == "connectors"
    again = make(people, kind="connectors", team_name="dale connectors")
    assert "already" in Document(again.text).one(id="team_name-error").text


@pytest.mark.parametrize(
    "fields",
    [{}, {"kind": "home"}, {"kind": "x", "team_name": "y"}, {"kind": "home", "team_name": "?"}],
)
def test_a_team_needs_a_kind_and_a_name(people: People, fields: dict[str, str]) -> None:
    assert make(people, **({"a": "b"} | fields)).status_code == 422


@pytest.mark.parametrize("who", ["manager_a", "coordinator_a", "editor"])
def test_only_administrators_make_teams(people: People, who: str) -> None:
    assert make(people, who, kind="connectors", team_name="Mine").status_code == 403


def test_two_homes_of_one_name_are_told_apart_by_postcode(people: People) -> None:
    for postcode in ("BD1 1HY", "BD9 9ZZ"):
        put_on_the_map(people, "Twin House", postcode=postcode)
    asked = make(people, kind="home", team_name="Twin House")
    said = Document(asked.text).one(id="team_name-error").text
    assert "“Twin House, BD1 1HY” or “Twin House, BD9 9ZZ”" in said
    assert make(people, kind="home", team_name="Twin House, bd99zz").status_code == 303
    home = "SELECT a.postcode FROM teams t JOIN assets a ON a.id = t.home_id WHERE t.name = :name"
    assert value(people, home, name="Twin House") == "BD9 9ZZ"
