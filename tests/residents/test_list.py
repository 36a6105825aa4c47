"""The list: who has had nothing lately is on top, and the page says why."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import (
    Connection,
    ConnectionResident,
    ConnectionStatus,
    HowItWent,
    Stance,
    Visit,
    VisitResident,
)
from app.parameters import today
from app.residents import queries
from app.residents.actions import standing_of
from tests.people import REFERENCE_A, REFERENCE_AT_HOME, REFERENCE_B, People
from tests.residents.conftest import Keep, change, id_of
from tests.web.document import Document

TODAY = dt.date(2026, 11, 26)


@pytest.mark.parametrize(
    ("matched", "out", "says"),
    [
        (None, None, "Nothing found yet"),
        (dt.date(2026, 9, 26), None, "Something was found 8 weeks ago, but no outing yet"),
        (dt.date(2026, 9, 1), dt.date(2026, 10, 20), "No outing for 5 weeks"),
        (None, dt.date(2026, 10, 29), "No outing for 4 weeks"),
        (dt.date(2026, 10, 30), dt.date(2026, 8, 1), None),
        (None, dt.date(2026, 11, 20), None),
    ],
)
def test_why_somebody_is_on_top(
    matched: dt.date | None, out: dt.date | None, says: str | None
) -> None:
    standing = standing_of(
        has_interests=True, last_matched_on=matched, last_outing_on=out, today=TODAY
    )
    assert standing.waiting == says
    if says == "Nothing found yet":
        bare = standing_of(
            has_interests=False, last_matched_on=None, last_outing_on=None, today=TODAY
        )
        assert bare.waiting == "Nothing ticked yet"


def connect(
    people: People,
    reference: str,
    *,
    added: dt.date,
    visits: tuple[dt.date, ...] = (),
    status: ConnectionStatus = ConnectionStatus.HAPPENING,
) -> uuid.UUID:
    """Store a connection of home A's with the bowls club for one resident, and visits."""
    with Session(people.engine) as session:
        resident_id, team_id = id_of(people, reference), people.teams["a"]
        owner = people.accounts["coordinator_a"]
        made = Connection(
            team_id=team_id, asset_id=people.club_id, title="Boccia on Tuesdays", is_visit=True,
            owner_id=owner, status=status, reasons=["Boccia: a gentler alternative to bowls."],
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.add(
            ConnectionResident(
                connection_id=made.id, resident_id=resident_id, team_id=team_id, added_on=added
            )
        )
        for day in visits:
            visit = Visit(
                connection_id=made.id, team_id=team_id, visited_on=day,
                how_it_went=HowItWent.WELL, sentence="They laughed a lot.", recorded_by=owner,
            )  # fmt: skip
            session.add(visit)
            session.flush()
            session.add(VisitResident(visit_id=visit.id, resident_id=resident_id, team_id=team_id))
        session.commit()
        return made.id


def _days_ago(days: int) -> dt.date:
    return today() - dt.timedelta(days=days)


def _items(people: People, who: str = "coordinator_a") -> dict[str, str]:
    """Return the text of each item of the list by reference, in order."""
    answer = people.client(who).get("/residents")
    assert answer.status_code == 200
    page = Document(answer.text)
    return {
        item.children[0].text.replace(" ", ""): item.text
        for item in page.all("li", class_="rs-item")
    }


def test_the_order_of_the_list(people: People, keep: Keep) -> None:
    bowls = {"bowls": Stance.USED_TO}
    recent, nothing, longest, long = keep(bowls), keep(bowls), keep(bowls), keep(bowls)
    connect(people, recent, added=_days_ago(90), visits=(_days_ago(3), _days_ago(40)))
    connect(people, longest, added=_days_ago(200), visits=(_days_ago(100),))
    connect(people, long, added=_days_ago(90), visits=(_days_ago(36),))
    items = _items(people)
    shown = [one for one in items if one in {recent, nothing, longest, long}]
    assert shown == [nothing, longest, long, recent]
    assert "Nothing found yet" in items[nothing]
    assert "No outing for 14 weeks" in items[longest]
    assert "No outing for 5 weeks" in items[long]
    assert "No outing" not in items[recent]
    assert "1 connection" in items[recent]
    assert "Used to: Bowls" in items[recent]


def test_a_visit_of_tomorrow_is_no_outing_yet(people: People, keep: Keep) -> None:
    reference = keep({"bowls": Stance.ENJOYS})
    connect(people, reference, added=_days_ago(60), visits=(today() + dt.timedelta(days=1),))
    assert "no outing yet" in _items(people)[reference]


def test_each_team_sees_its_own(people: People) -> None:
    at_a, at_b, connectors = (
        _items(people, who) for who in ("coordinator_a", "coordinator_b", "connector")
    )
    assert REFERENCE_A in at_a
    assert list(at_b) == [REFERENCE_B]
    assert REFERENCE_AT_HOME in connectors
    assert not {REFERENCE_A, REFERENCE_B} & set(connectors)


def test_words_and_links_are_the_teams(people: People) -> None:
    home = Document(people.client("coordinator_a").get("/residents").text)
    assert home.one("h1").text == "Residents"
    assert f"/residents/{REFERENCE_A}/matches" in home.links()
    assert f"/residents/{REFERENCE_A}/interests" in home.links()
    change(
        people,
        "UPDATE residents SET geom = ST_SetSRID(ST_MakePoint(-1.7534, 53.7924), 4326)"
        " WHERE reference = :r",
        r=REFERENCE_AT_HOME,
    )
    at_home = Document(people.client("connector").get("/residents").text)
    assert at_home.one("h1").text == "People"
    assert "resident" not in at_home.one("main").text.lower()
    assert "Lives in City ward." in at_home.one("main").text
    assert "/matches" in at_home.links()


def test_who_is_in_two_homes_sees_the_one_they_work_in(people: People) -> None:
    change(
        people,
        "INSERT INTO memberships (account_id, role, team_id) VALUES (:who, 'coordinator', :team)",
        who=people.accounts["coordinator_b"], team=people.teams["a"],
    )  # fmt: skip
    change(
        people,
        "UPDATE sign_in_sessions SET team_id = :team WHERE account_id = :who",
        who=people.accounts["coordinator_b"], team=people.teams["b"],
    )  # fmt: skip
    try:
        assert list(_items(people, "coordinator_b")) == [REFERENCE_B]
        client = people.client("coordinator_b")
        assert client.get(f"/residents/{REFERENCE_A}").status_code == 404
        with people.acting_as("coordinator_b") as session:
            seen = session.execute(sa.text("SELECT reference FROM residents")).scalars().all()
            assert {REFERENCE_A, REFERENCE_B} <= set(seen)
    finally:
        change(
            people,
            "UPDATE memberships SET ended_at = now() WHERE account_id = :who AND team_id = :team",
            who=people.accounts["coordinator_b"], team=people.teams["a"],
        )  # fmt: skip


def test_reviews_that_are_due(people: People, keep: Keep) -> None:
    recorded = _days_ago(400)
    past, soon, later = (
        keep(basis_recorded_on=recorded, review_on=today() + dt.timedelta(days=days))
        for days in (-10, 30, 31)
    )
    items = _items(people)
    assert "Review due" in items[past]
    assert "Review due" in items[soon]
    assert "Review due" not in items[later]
    with people.acting_as("coordinator_a") as session:
        due = queries.list_reviews_due(session, team_id=people.teams["a"], today=today())
        assert [row.reference for row in due] == [past, soon]
    client = people.client("coordinator_a")
    assert "To be looked at again by" in client.get(f"/residents/{past}").text
    assert "To be looked at again by" not in client.get(f"/residents/{later}").text


def test_the_page_of_one(people: People, keep: Keep) -> None:
    reference = keep({"bowls": Stance.USED_TO, "baking": Stance.COULD_SHARE})
    connection_id = connect(
        people, reference, added=_days_ago(20), visits=(_days_ago(5),),
        status=ConnectionStatus.SUGGESTED,
    )  # fmt: skip
    page = Document(people.client("coordinator_a").get(f"/residents/{reference}").text)
    assert page.one("h1").text.endswith(f"{reference[:4]} {reference[4:]}")
    main = page.one("main").text
    for said in ("Used toBowls", "Not rung yet", "They laughed a lot.", "A short walk"):
        assert said in main
    steps = page.one("section", aria_labelledby="next")
    links = [e.get("href") for e in page.all("a") if e.parent and e.parent.parent]
    assert f"/connections/{connection_id}" in links
    assert "Ring about Boccia on Tuesdays" in steps.text
    assert "Offer a group what they could share" in steps.text
    assert "Find something that fits" not in steps.text
    bare = Document(people.client("coordinator_a").get(f"/residents/{keep()}").text)
    assert "Tick what they enjoy" in bare.one("section", aria_labelledby="next").text


def test_the_list_asks_the_database_as_often_for_sixty_as_for_one(
    people: People, keep: Keep
) -> None:
    asked: list[str] = []
    sa.event.listen(
        people.app.state.engine, "before_cursor_execute", lambda *given: asked.append(given[2])
    )
    client = people.client("coordinator_b")
    client.get("/residents")
    few = len(asked)
    for _ in range(10):
        keep({"bowls": Stance.ENJOYS, "singing": Stance.ENJOYS}, team="b")
    asked.clear()
    client.get("/residents")
    assert 0 < len(asked) <= few
    change(
        people,
        "DELETE FROM residents WHERE team_id = :team AND reference <> :r",
        team=people.teams["b"], r=REFERENCE_B,
    )  # fmt: skip
