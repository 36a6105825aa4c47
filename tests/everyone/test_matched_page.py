"""The page of who has nobody to ring: rounded numbers by home, ward and theme, files, a button."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.everyone.summary import SummaryCache
from app.matches.actions import MatchLists, find_matches
from app.models import AssetKind, Stance
from app.models.residents import REFERENCE_ALPHABET
from tests.builders import make_asset, make_ward, square
from tests.everyone.keeping import NOTHING, forget_runs, keep, keep_run
from tests.people import People, make_resident, make_team
from tests.web.document import Document

HOSTILE = "<script>alert(1)</script> & ${Court}"
BOWLING = "E05001348"


@pytest.fixture(autouse=True)
def _no_runs_left(people: People) -> Iterator[None]:
    people.app.state.matched = SummaryCache()
    yield
    with people.engine.begin() as connection:
        forget_runs(connection)
        # The queue's triggers look for its tables there.
        connection.execute(sa.text("SET LOCAL search_path = jobs, public"))
        connection.execute(sa.text("DELETE FROM jobs.procrastinate_jobs"))


@pytest.fixture(scope="module")
def homes(people: People) -> dict[str, list[uuid.UUID]]:
    """Residents of home A (some matched) and of a home with a nasty name in another district."""
    made: dict[str, list[uuid.UUID]] = {}
    with Session(people.engine) as session:
        make_ward(
            session, BOWLING, "Bowling", shape=square((-1.60, 53.70)), lad_code="E08000035",
            lad_name="Leeds",
        )  # fmt: skip
        nasty = make_asset(session, HOSTILE, at=(-1.60, 53.70), kind=AssetKind.CARE_HOME)
        team = make_team(session, HOSTILE, home=nasty)
        for key, team_id, count in (("a", people.teams["a"], 20), ("nasty", team.id, 12)):
            made[key] = [
                make_resident(
                    session, team_id,
                    "ZZZZZ" + key[0].upper().replace("A", "B") + REFERENCE_ALPHABET[n // 5]
                    + REFERENCE_ALPHABET[n],
                    {"bowls": Stance.ENJOYS},
                ).id
                for n in range(count)
            ]  # fmt: skip
        session.commit()
    return made


@pytest.fixture
def run(people: People, homes: dict[str, list[uuid.UUID]]) -> int:
    """A run that found somebody for 11 of home A, and nobody for anyone of the other."""
    with people.engine.begin() as connection:
        lists = _bowls(people, connection)
        run_id = keep_run(connection)
        for n, one in enumerate(homes["a"]):
            keep(connection, run_id, one, lists if n < 11 else NOTHING)
        for one in homes["nasty"]:
            keep(connection, run_id, one, ward_code=BOWLING)
    return run_id


def _bowls(people: People, connection: sa.Connection) -> MatchLists:
    vocabulary = people.app.state.names.vocabulary.get(connection)
    return find_matches(connection, vocabulary, lon=-1.7540, lat=53.7930, interests=["bowls"])


def _page(people: People, path: str = "/matched", who: str = "editor") -> tuple[str, Document]:
    with people.client(who) as client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.text, Document(answer.text)


def test_homes_with_nobody_come_first_then_wards_and_themes(people: People, run: int) -> None:
    text, page = _page(people)
    said = page.one("main").text
    assert "about 30 people" in said
    assert "about 10 have somebody to ring" in said
    assert "about 20 have nobody in reach" in said
    assert re.search(r"For everybody, last looked for (today|yesterday) at ", said)
    first, second = (
        one.text for one in page.all("li") if {"mt-home"} & set(one.classes)
    )  # fmt: skip
    assert HOSTILE in first
    assert "Nobody here has anybody to ring." in first
    assert "About 10 of about 10 residents have nobody in reach." in first
    assert "Bowling, Leeds" in first
    assert "Bowmont House" in second
    assert "anybody to ring" not in second
    assert "About 10 of about 20 residents have nobody in reach." in second
    assert "<script>alert" not in text
    tables = [table.text for table in page.all("table")]
    assert len(tables) == 2
    assert tables[0].index("Bowling") < tables[0].index("City")
    assert "Sport" in tables[1]
    # No reference, no exact number: 32, 11 and 9 are nowhere.
    assert "ZZZZZ" not in text
    for exact in (" 32 ", " 11 ", " 9 ", " 12 "):
        assert exact not in said


def test_a_district_is_shown_alone_and_nonsense_shows_all(people: People, run: int) -> None:
    _, page = _page(people, "/matched?district=E08000035")
    assert HOSTILE in page.one("main").text
    assert "Bowmont House" not in page.one("main").text
    assert "Bowmont House" in _page(people, "/matched?district=%3Cb%3E")[1].one("main").text
    assert "No more homes." in _page(people, "/matched?page=7")[1].one("main").text
    with people.client("editor") as client:
        answer = client.get("/matched?page=-1")
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


@pytest.mark.parametrize(("matched", "said"), [(0, "all of them"), (3, "some of them")])
def test_of_a_small_home_no_more_is_said_than_that_it_is_small(
    people: People, homes: dict[str, list[uuid.UUID]], matched: int, said: str
) -> None:
    with people.engine.begin() as connection:
        lists, run_id = _bowls(people, connection), keep_run(connection)
        for n, one in enumerate(homes["a"][:6]):
            keep(connection, run_id, one, lists if n < matched else NOTHING)
    _, page = _page(people)
    assert f"Fewer than 8 residents, {said} with nobody in reach." in page.one("main").text
    assert "fewer than 8 have nobody in reach" in page.one("main").text


def test_before_the_first_run_it_says_what_to_do(people: People) -> None:
    said = _page(people)[1].one("main").text
    assert "Nobody has been matched yet." in said
    assert "An administrator can start it." in said
    assert "Look for everybody now" not in said
    said = _page(people, who="administrator")[1].one("main").text
    assert "patchwork match-all" in said
    assert "Look for everybody now" in said
    with people.engine.begin() as connection:
        keep_run(connection)
    assert "The last run found no residents" in _page(people)[1].one("main").text


def test_an_administrator_asks_for_a_run_once(people: People) -> None:
    with people.client("administrator") as client:
        for said in ("asked", "waits"):
            answer = client.post("/matched")
            assert answer.headers["location"] == f"/matched?said={said}"
    with people.engine.connect() as connection:
        names = connection.execute(sa.text("SELECT task_name FROM jobs.procrastinate_jobs"))
        assert names.scalars().all() == ["matches.everyone"]
    for said, words in (("asked", "begins in a moment"), ("waits", "already"), ("<b>", "")):
        status = _page(people, f"/matched?said={said}", "administrator")[1].all(role="status")
        assert [words in one.text for one in status] == ([True] if words else [])
    with people.client("editor") as client:
        assert client.post("/matched").status_code == 403


def test_each_table_is_a_spreadsheet_with_small_numbers_hidden(people: People, run: int) -> None:
    with people.engine.begin() as connection:
        # Of home A seven are left with nobody.
        connection.execute(
            sa.text(
                "DELETE FROM resident_matches WHERE resident_id IN (SELECT resident_id"
                " FROM resident_matches WHERE team_id = :team AND near_ids = '{}' LIMIT 2)"
            ),
            {"team": people.teams["a"]},
        )

    def rows(name: str) -> list[list[str]]:
        with people.client("editor") as client:
            answer = client.get(f"/matched/{name}.csv")
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    homes = rows("homes")
    assert homes[0][4:8] == ["residents", "somebody to ring", "nobody in reach", "not asked for"]
    assert homes[1][:8] == [HOSTILE, "Bowling", BOWLING, "Leeds", "10", "0", "10", "0"]
    assert homes[2][:2] == ["Bowmont House", "City"]
    assert homes[2][4:8] == ["20", "10", "fewer than 8", "0"]
    assert homes[2][8] == f"/homes/{people.homes['a']}"
    assert rows("wards")[1] == ["Bowling", BOWLING, "Leeds", "10", "0", "10", "0"]
    assert rows("themes")[1][0] == "Sport"


def test_statements_do_not_grow_with_homes(people: People, run: int) -> None:
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    engine = people.app.state.engine
    with people.client("editor") as client:
        client.get("/matched")
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            client.get("/matched")
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
    assert 0 < len(seen) <= 12


def test_numbers_are_kept_for_minutes_and_another_run_is_seen_at_once(
    people: People, run: int
) -> None:
    assert "about 30 people" in _page(people)[1].one("main").text
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM resident_matches"))
    assert "about 30 people" in _page(people)[1].one("main").text
    with people.engine.begin() as connection:
        forget_runs(connection)
        keep_run(connection)
    assert "The last run found no residents" in _page(people)[1].one("main").text
