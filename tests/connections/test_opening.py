"""One tap on a match makes a connection, and never two."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.connections.queries import Opened as OpenedRow
from app.connections.queries import open_connection
from tests import builders
from tests.connections.conftest import REASONS, Opened, connect, match_form
from tests.people import REFERENCE_A, REFERENCE_B, People, make_resident
from tests.web.document import Document

pytestmark = pytest.mark.usefixtures("nothing_stays")


def test_a_match_becomes_a_connection(people: People, opened: Opened) -> None:
    row = opened.row()
    assert row.title == "Boccia for beginners"
    assert (row.asset_id, row.activity_id) == (people.club_id, people.boccia_id)
    assert row.status == "suggested"
    assert row.is_visit
    assert row.reasons == list(REASONS)
    assert row.owner_id == people.accounts["coordinator_a"]
    assert row.team_id == people.teams["a"]
    with people.engine.connect() as connection:
        bowls = connection.execute(sa.text("SELECT id FROM interests WHERE concept = 'bowls'"))
        assert row.interest_ids == [bowls.scalar_one()]
    for_whom = opened.ask("SELECT resident_id FROM connection_residents WHERE connection_id = :id")
    assert [one.resident_id for one in for_whom] == [people.residents["a"]]


def test_pressing_twice_opens_the_same_one(people: People, opened: Opened) -> None:
    with Session(people.engine) as session:
        make_resident(session, people.teams["a"], "BCDFGH23", {})
        session.commit()
    colleague = people.client("manager_a")
    answer = colleague.post("/connections", data=match_form(people, reference=["BCDFGH23"]))
    assert answer.headers["location"] == f"{opened.path}?said=already"
    page = Document(colleague.get(answer.headers["location"]).text)
    assert "This was a connection already" in page.one(role="status").text
    for_whom = opened.ask("SELECT count(*) FROM connection_residents WHERE connection_id = :id")
    assert for_whom[0][0] == 2, "the residents of both"
    assert opened.row().owner_id == people.accounts["coordinator_a"]


def test_two_who_press_at_the_same_moment_get_one(people: People) -> None:
    def press(session: Session) -> OpenedRow:
        return open_connection(
            session,
            team_id=people.teams["a"],
            owner_id=people.accounts["coordinator_a"],
            asset_id=people.club_id,
            activity_id=None,
            title="Riverside Bowls Club",
            is_visit=False,
        )

    second: list[OpenedRow] = []
    has_begun = threading.Event()

    def press_second() -> None:
        with people.acting_as("manager_a") as session:
            session.execute(sa.text("SELECT 1"))
            has_begun.set()
            second.append(press(session))

    with Session(people.as_app) as session:
        session.execute(
            sa.text("SELECT set_config('patchwork.account_id', :id, true)"),
            {"id": str(people.accounts["coordinator_a"])},
        )
        first = press(session)
        waiting = threading.Thread(target=press_second)
        waiting.start()
        has_begun.wait(10)
        waiting.join(0.3)
        assert waiting.is_alive(), "the second waits for the first"
        session.commit()
    waiting.join(10)
    assert first.is_new
    assert second == [OpenedRow(first.id, is_new=False)]


def test_after_one_has_ended_there_may_be_another(people: People, opened: Opened) -> None:
    opened.client.post(
        f"{opened.path}/status", data={"status": "ended", "version": opened.row().version}
    )
    again = connect(people)
    assert again.id != opened.id
    # And then the old one cannot come back beside it.
    answer = opened.client.post(
        f"{opened.path}/status", data={"status": "happening", "version": opened.row().version}
    )
    assert answer.status_code == 422
    assert "use that one instead" in answer.text
    assert opened.row().status == "ended"


def test_the_place_itself_is_another_connection_than_its_activity(
    people: People, opened: Opened
) -> None:
    place = connect(people, activity_id="", is_visit="", reference=[])
    assert place.id != opened.id
    assert place.row().title == "Riverside Bowls Club"
    assert not place.row().is_visit


def test_a_connector_connects_a_person_at_home(people: People) -> None:
    made = connect(people, "connector", reference=["XYZ23467"])
    page = made.client.get(made.path)
    assert page.status_code == 200
    assert "I help people who live at home" in page.text


@pytest.mark.parametrize(("said", "is_visit"), [("1", True), ("", False), ("0", False)])
def test_who_goes_to_whom(people: People, said: str, is_visit: bool) -> None:
    assert connect(people, is_visit=said).row().is_visit is is_visit


def test_nobody_tells_a_missing_person_from_one_of_another_home(people: People) -> None:
    client = people.client("coordinator_a")
    with Session(people.engine) as session:
        make_resident(
            session, people.teams["a"], "BCDFGH24", {},
            withdrawn_at=dt.datetime.now(tz=dt.UTC), erase_after=dt.date(2030, 1, 1),
        )  # fmt: skip
        session.commit()
    answers = {
        client.post("/connections", data=match_form(people, reference=[REFERENCE_A, other])).content
        for other in (REFERENCE_B, "BCDFGH24", "BCDFGH99", "nonsense")
    }
    assert len(answers) == 1
    (text,) = answers
    assert b"One of these people is not here any more" in text
    with people.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM connections")).scalar() == 0


def _status_and_text(people: People, **values: Any) -> tuple[int, str]:
    answer = people.client("coordinator_a").post("/connections", data=match_form(people, **values))
    return answer.status_code, Document(answer.text).one("main").text


def test_a_place_that_is_not_on_the_map(people: People) -> None:
    with Session(people.engine) as session:
        gone = builders.make_asset(session, "Old club", gone_at=dt.datetime.now(tz=dt.UTC)).id
        other = builders.make_asset(session, "Another club").id
        session.commit()
    missing = str(uuid.uuid4())
    answers = {
        _status_and_text(people, asset_id=str(gone)),
        _status_and_text(people, asset_id=missing),
        _status_and_text(people, asset_id=""),
        _status_and_text(people, activity_id=missing),
        # An activity of another place.
        _status_and_text(people, asset_id=str(other)),
    }
    assert len(answers) == 1
    ((status, text),) = answers
    assert status == 404
    assert "not on the map any more" in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"asset_id": "zzz"}, "“asset_id”"),
        ({"activity_id": "1 OR 1=1"}, "“activity_id”"),
        ({"interest": ["no-such-thing"]}, "We do not know one of the interests"),
        ({"interest": ["bowls\x00"]}, "characters nobody can type"),
        ({"reason": ["x" * 5_000]}, "too long"),
        ({"reason": ["\x00"]}, "characters nobody can type"),
        ({"reference": ["\ud800".encode("utf-8", "surrogatepass")]}, "not here any more"),
    ],
)
def test_what_makes_no_sense(people: People, values: dict[str, Any], sentence: str) -> None:
    status, text = _status_and_text(people, **values)
    assert status in {404, 422}
    assert sentence in text


def test_how_a_resident_stands_to_it_is_not_kept(people: People) -> None:
    said = ["They enjoy: Church of England.", "They used to: hymns.", *REASONS]
    assert connect(people, reason=said).row().reasons == list(REASONS)


def test_long_reasons_are_kept(people: People) -> None:
    reason = "Every Tuesday, 2pm to 3pm; " * 12
    assert connect(people, reason=[reason]).row().reasons == [reason.strip()]


def test_the_audit_log_has_it(people: People, opened: Opened) -> None:
    rows = opened.ask(
        "SELECT action, account_id FROM audit_log"
        " WHERE subject = 'connections' AND subject_id = :id"
    )
    assert [(row.action, row.account_id) for row in rows] == [
        ("insert", people.accounts["coordinator_a"])
    ]
