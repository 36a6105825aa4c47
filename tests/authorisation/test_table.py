"""The table of addresses is whole, and every address answers as its row says, to every role."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from fastapi import APIRouter, FastAPI, Response

from app.accounts.access import ForTeam, SignedIn
from tests.authorisation.asking import EVERYBODY, Asker, expected, told
from tests.authorisation.routes import routes_of
from tests.authorisation.table import ROWS, TEAM, Access, Row, _get
from tests.authorisation.things import Things
from tests.people import People

ASKED = [row for row in ROWS if row.method != "MOUNT"]


def keys(rows: tuple[Row, ...]) -> set[tuple[str, str]]:
    assert len({(row.method, row.path) for row in rows}) == len(rows), "a row is there twice"
    return {(row.method, row.path) for row in rows}


def wrong_rows(app: FastAPI, rows: tuple[Row, ...]) -> list[str]:
    """Return the rows whose access class is not what their handler depends on."""
    found = routes_of(app)
    return [
        f"{row.method} {row.path}: the table says {row.access.name}, it asks for {really}"
        for row in rows
        if (row.method, row.path) in found
        and (really := found[row.method, row.path]) != row.access.value
    ]


def words_seen(answer_text: str, things: Things) -> list[str]:
    """Return which of a team's words stand in an answer, written in any way."""
    text = answer_text.replace("&nbsp;", " ").replace("\u00a0", " ")
    return [word for word in (*things.words, *things.staff_words) if word in text]


@pytest.fixture(scope="module")
def asker(people: People) -> Asker:
    return Asker(people)


def test_every_route_is_in_the_table_and_every_row_has_its_route(people: People) -> None:
    assert set(routes_of(people.app)) == keys(ROWS)


def test_every_handler_depends_on_what_its_row_says(people: People) -> None:
    assert wrong_rows(people.app, ROWS) == []


def row_id(row: Row) -> str:
    return f"{row.method} {row.path}"


@pytest.mark.parametrize("row", ASKED, ids=row_id)
def test_answers(asker: Asker, row: Row) -> None:
    """For every role: one's own, another team's and what does not exist."""
    before = state_of_home_b(asker) if row.method == "POST" else []
    for who in EVERYBODY:
        case = f"{row_id(row)} as {who}"
        own = asker.ask(row, who, asker.own_of(row, who))
        assert own.status_code in expected(row, who, "own"), f"{case}: own"
        others_things = asker.other_of(who)
        answers = [own]
        if row.names_something:
            other = asker.ask(row, who, others_things)
            missing = asker.ask(row, who, asker.nobodys)
            assert other.status_code in expected(row, who, "other"), f"{case}: other's"
            assert missing.status_code in expected(row, who, "missing"), f"{case}: missing"
            if not (row.is_about_the_map or is_everybodys(row, who)):
                same = told(other, others_things) == told(missing, asker.nobodys)
                assert same, f"{case}: tells that it exists"
            answers += [other, missing]
        if not is_everybodys(row, who):
            for answer in answers:
                seen = words_seen(told(answer, others_things)[2].decode(), others_things)
                assert seen == [], f"{case}: names another team's"
        if who == "manager_a" and before:
            # Everybody who could has asked for A; B's own coordinator comes next.
            assert state_of_home_b(asker) == before, f"{case}: changed something of home B"
            before = []


def is_everybodys(row: Row, who: str | None) -> bool:
    """Return whether nothing here is another's: administrators look after all accounts."""
    return who == "administrator" and row.access in {Access.INVITERS, Access.ADMINISTRATORS}


@pytest.mark.parametrize(
    "row", [row for row in ASKED if row.names_something and row.access is TEAM], ids=row_id
)
def test_programs_are_told_no_more_than_people(asker: Asker, row: Row) -> None:
    accept = "application/json"
    others = asker.ask(row, "coordinator_a", asker.others["b"], accept=accept)
    nobodys = asker.ask(row, "coordinator_a", asker.nobodys, accept=accept)
    assert told(others, asker.others["b"]) == told(nobodys, asker.nobodys)


def state_of_home_b(asker: Asker) -> list[tuple[str, str]]:
    """Return a digest of all rows of home B, by table."""
    with asker.people.engine.connect() as connection:
        return [
            (
                table,
                connection.execute(
                    sa.text(
                        "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                        f" FROM {table} t WHERE team_id = :team"
                    ),
                    {"team": asker.people.teams["b"]},
                ).scalar_one(),
            )
            for table in OF_A_TEAM
        ]


OF_A_TEAM = (
    "residents", "resident_interests", "offers", "connection_residents", "visit_residents",
    "connections", "connection_notes", "connection_times", "connection_changes", "visits",
    "calendar_feeds", "erasures", "unmet_interests", "memberships", "invitations",
)  # fmt: skip


# The tests of the test: what it is there for, planted.


def small_app() -> FastAPI:
    """A listed route for a team, one nobody listed, and one whose guard was forgotten."""
    router = APIRouter()

    @router.get("/listed")
    def listed(work: ForTeam) -> Response:
        return Response(work.team.name)

    @router.get("/nobody-listed-me")
    def unlisted(work: SignedIn) -> Response:
        return Response(work.person.name)

    @router.get("/unguarded")
    def unguarded() -> Response:
        return Response("everybody's")

    app = FastAPI()
    app.include_router(router)
    mounted = FastAPI(openapi_url=None)
    mounted.get("/inside")(unguarded)
    app.mount("/files", mounted)
    return app


def test_a_route_nobody_listed_is_noticed() -> None:
    rows = (_get("/listed", TEAM), _get("/unguarded", TEAM), _get("/gone", TEAM))
    there = {key for key in routes_of(small_app()) if not key[1].startswith(("/docs", "/redoc"))}
    there.discard(("GET", "/openapi.json"))
    assert there - keys(rows) == {
        ("GET", "/nobody-listed-me"), ("MOUNT", "/files"), ("GET", "/files/inside"),
    }  # fmt: skip
    assert keys(rows) - there == {("GET", "/gone")}


def test_a_forgotten_guard_is_noticed() -> None:
    rows = (_get("/listed", TEAM), _get("/unguarded", TEAM))
    [said] = wrong_rows(small_app(), rows)
    assert said == "GET /unguarded: the table says TEAM, it asks for None"


def test_a_leaking_answer_is_noticed(asker: Asker) -> None:
    """A question asked past row-level security, as the owner of the tables."""
    leaking = FastAPI()

    @leaking.get("/residents/{reference}")
    def show(reference: str) -> Response:
        with asker.people.engine.connect() as connection:
            row = connection.execute(
                sa.text("SELECT reference, team_id FROM residents WHERE reference = :reference"),
                {"reference": reference},
            ).first()
        if row is None:
            return Response("nothing here", status_code=404)
        return Response(json.dumps([row.reference, str(row.team_id)]))

    asker.client, was = replace(asker.people, app=leaking).client(), asker.client
    try:
        row = _get("/residents/{reference}", Access.PUBLIC)
        others = asker.ask(row, None, asker.others["b"])
        nobodys = asker.ask(row, None, asker.nobodys)
    finally:
        asker.client = was
    assert told(others, asker.others["b"]) != told(nobodys, asker.nobodys)
    assert words_seen(others.text, asker.others["b"]) == [asker.others["b"].reference]
