"""The page of a connection: whom to ring, what to say, and nothing of anybody else's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Membership, Role
from app.parameters import today
from tests.connections.conftest import Opened, connect
from tests.people import REFERENCE_A, REFERENCE_B, People
from tests.web.document import Document

pytestmark = pytest.mark.usefixtures("nothing_stays")

NASTY = '<script>alert(1)</script> `${x}` "O\'Neill" & </textarea>'
CLUB_IS_OPEN = """
    UPDATE assets SET email = 'club@bowls.example', opening_hours = CAST(:hours AS jsonb)
    WHERE id = :id
"""


def show(opened: Opened) -> Document:
    answer = opened.client.get(opened.path)
    assert answer.status_code == 200
    return Document(answer.text)


@contextmanager
def changed(people: People, sql: str, undo: str, **values: Any) -> Iterator[None]:
    """Change the map for a while."""
    with people.engine.begin() as connection:
        connection.execute(sa.text(sql), values)
    try:
        yield
    finally:
        with people.engine.begin() as connection:
            connection.execute(sa.text(undo), values)


def test_whom_to_ring_comes_first(opened: Opened) -> None:
    page = show(opened)
    assert page.one("h1").text == "Boccia for beginners"
    sections = [one.get("aria-labelledby") for one in page.all("section")]
    assert next(one for one in sections if one) == "ring-heading"
    assert page.one(class_="pw-ring").get("href") == "tel:012745550101"
    script = page.one("details", class_="pw-script")
    assert "open" in script.attributes
    assert script.text.startswith("What to say “Hello, this is coordinator_a from Bowmont House")
    for part in ("care homes", "Which day would suit you", "every Tuesday, 2pm to 3.30pm"):
        assert part in script.text
    assert "Can people join in sitting down?" in script.text, "from the match's reasons"


def test_nothing_of_a_resident_leaves_the_home(opened: Opened) -> None:
    page = show(opened)
    said = page.one("details", class_="pw-script").text + page.one("textarea", id="email-body").text
    assert REFERENCE_A not in said
    # Nor what somebody used to do.
    assert "bowls" not in said.replace("Riverside Bowls Club", "").lower()


def test_the_e_mail_opens_in_ones_own_program(people: People, opened: Opened) -> None:
    hours = "[]"
    with changed(
        people, CLUB_IS_OPEN, "UPDATE assets SET email = NULL, opening_hours = NULL WHERE id = :id",
        id=people.club_id, hours=hours,
    ):  # fmt: skip
        page = show(opened)
    (link,) = [href for href in page.links() if href.startswith("mailto:") and "?" in href]
    parts = urlsplit(link)
    assert parts.path == "club@bowls.example"
    asked = parse_qs(parts.query)
    assert asked["subject"] == ["Boccia for beginners: would you visit us?"]
    body = page.one("textarea", id="email-body").texts[0]
    assert asked["body"][0].replace("\r\n", "\n") == body
    assert "\r\n" in asked["body"][0]


def test_when_they_answer(people: People, opened: Opened) -> None:
    hours = f'[{{"weekday": {today().weekday()}, "opens_at": "09:00", "closes_at": "17:00"}}]'
    with changed(
        people, CLUB_IS_OPEN, "UPDATE assets SET email = NULL, opening_hours = NULL WHERE id = :id",
        id=people.club_id, hours=hours,
    ):  # fmt: skip
        text = show(opened).one("main").text
    assert "They are there today, 9am to 5pm." in text


def test_the_number_they_gave_comes_before_the_public_one(opened: Opened) -> None:
    opened.client.post(
        opened.path,
        data={"version": 1, "contact_name": "Mary", "contact_phone": "07700 900123"},
    )
    page = show(opened)
    numbers = [link.get("href") for link in page.all(class_="pw-ring")]
    assert numbers == ["tel:07700900123", "tel:012745550101"]
    assert page.one(id="ring-heading").text == "Ring Mary"


def test_a_place_that_has_closed(people: People, opened: Opened) -> None:
    with changed(
        people, "UPDATE assets SET gone_at = now() WHERE id = :id",
        "UPDATE assets SET gone_at = NULL WHERE id = :id", id=people.club_id,
    ):  # fmt: skip
        page = show(opened)
        assert "Riverside Bowls Club has closed" in page.one(class_="nhsuk-inset-text").text
        assert not page.all(class_="pw-ring")
        assert not [href for href in page.links() if href.startswith("/assets/")]
        listed = Document(opened.client.get("/connections").text)
        assert "has closed" in listed.one("li", class_="pw-item").text
        # Everything can still be written down.
        answer = opened.client.post(f"{opened.path}/notes", data={"note": "They have closed."})
        assert answer.status_code == 303


def test_an_activity_that_has_gone(people: People, opened: Opened) -> None:
    with changed(
        people, "UPDATE activities SET gone_at = now() WHERE id = :id",
        "UPDATE activities SET gone_at = NULL WHERE id = :id", id=people.boccia_id,
    ):  # fmt: skip
        text = show(opened).one(class_="nhsuk-inset-text").text
    assert text.startswith("This activity is not on the map any more.")


def test_a_place_linked_to_a_better_entry_stands_for_it(people: People, opened: Opened) -> None:
    with changed(
        people,
        "UPDATE assets SET duplicate_of = :home WHERE id = :id",
        "UPDATE assets SET duplicate_of = NULL WHERE id = :id AND :home IS NOT NULL",
        id=people.club_id, home=people.homes["b"],
    ):  # fmt: skip
        assert f"/assets/{people.homes['b']}" in show(opened).links()


def test_words_of_others_stay_words(people: People) -> None:
    with changed(
        people, "UPDATE assets SET name = :name WHERE id = :id",
        "UPDATE assets SET name = 'Riverside Bowls Club' WHERE id = :id AND :name <> ''",
        id=people.club_id, name=NASTY,
    ):  # fmt: skip
        made = connect(people, activity_id="", reason=[NASTY])
        made.client.post(f"{made.path}/notes", data={"note": NASTY})
        page = show(made)
        assert len(page.all("script")) == 2, "our own"
        assert NASTY in page.one(id="notes").text
        assert made.client.get("/connections").text.count("<script") == 1


def _all_of(opened: Opened, path: str) -> list[tuple[str, bytes, int]]:
    """Ask every address of a connection for reading and changing."""
    visit = uuid.uuid4()
    asked: list[tuple[str, dict[str, Any]]] = [
        ("", {"promised": "x", "version": 1}),
        ("/status", {"status": "ended", "version": 1}),
        ("/notes", {"note": "x"}),
        ("/visits", {"visited_on": "2026-01-06", "how_it_went": "well"}),
        (f"/visits/{visit}", {"visited_on": "2026-01-06", "how_it_went": "well"}),
        (f"/visits/{visit}", {"remove": "1", "version": 1}),
    ]
    found = []
    for part, data in asked:
        answer = opened.client.post(path + part, data=data)
        found.append((f"POST {part}", answer.content, answer.status_code))
    for part in ("", f"/visits/{visit}"):
        answer = opened.client.get(path + part)
        found.append((f"GET {part}", answer.content, answer.status_code))
    return found


def test_another_homes_connection_is_not_there(people: People, opened: Opened) -> None:
    other = Opened(people, people.client("coordinator_b"), opened.id)
    missing = f"/connections/{uuid.uuid4()}"
    of_a, of_nobody = _all_of(other, opened.path), _all_of(other, missing)
    for (name, theirs, status), (_, nothing, _) in zip(of_a, of_nobody, strict=True):
        assert status == 404, name
        assert theirs == nothing, name
    assert opened.row().version == 1
    assert REFERENCE_B not in opened.client.get(opened.path).text


def test_somebody_in_two_homes_sees_the_one_they_work_in(people: People, opened: Opened) -> None:
    with Session(people.engine) as session:
        session.add(
            Membership(
                account_id=people.accounts["coordinator_a"],
                role=Role.COORDINATOR,
                team_id=people.teams["b"],
            )
        )
        session.commit()
    try:
        other = connect(people, "coordinator_b", reference=[])
        here = people.client("coordinator_a")
        assert here.get(opened.path).status_code == 200
        for answer in (here.get(other.path), here.post(other.path, data={"promised": "x"})):
            assert answer.status_code == 404
        assert len(Document(here.get("/connections").text).all(class_="pw-item")) == 1
    finally:
        with people.engine.begin() as connection:
            connection.execute(
                sa.text("DELETE FROM memberships WHERE account_id = :who AND team_id = :team"),
                {"who": people.accounts["coordinator_a"], "team": people.teams["b"]},
            )


def test_roles_without_a_team_may_not(people: People, opened: Opened) -> None:
    for who in ("mapper", "councillor", "editor", "administrator"):
        assert people.client(who).get(opened.path).status_code == 403, who
        assert people.client(who).get("/connections").status_code == 403, who


@pytest.mark.parametrize("path", ["/connections/x", "/connections/owner", "/connections/{}"])
def test_an_address_that_is_none(people: People, path: str) -> None:
    assert people.client("coordinator_a").get(path.format(uuid.uuid4())).status_code == 404


def test_who_reads_references_is_written_down(people: People, opened: Opened) -> None:
    def readings() -> list[Any]:
        return opened.ask(
            "SELECT account_id, subject_id FROM audit_log"
            " WHERE action = 'read' AND subject = 'residents' ORDER BY id DESC"
        )

    before = len(readings())
    people.client("manager_a").get(opened.path)
    after = readings()
    new = after[: len(after) - before]
    assert {row.account_id for row in new} == {people.accounts["manager_a"]}
    assert people.residents["a"] in {row.subject_id for row in new}


def test_a_withdrawn_resident_is_not_shown(people: People, opened: Opened) -> None:
    opened.client.post(
        f"{opened.path}/visits",
        data={"visited_on": "2026-01-06", "how_it_went": "well", "reference": [REFERENCE_A]},
    )
    assert REFERENCE_A in opened.client.get(opened.path).text
    with changed(
        people,
        "UPDATE residents SET withdrawn_at = now(), erase_after = current_date WHERE id = :id",
        "UPDATE residents SET withdrawn_at = NULL, erase_after = NULL WHERE id = :id",
        id=people.residents["a"],
    ):
        assert REFERENCE_A not in opened.client.get(opened.path).text


def test_the_list_goes_by_what_is_due(people: People, opened: Opened) -> None:
    with people.engine.begin() as connection:
        for number, (status, days) in enumerate(
            [("suggested", -2), ("agreed", 3), ("happening", 40), ("paused", None), ("ended", -9)]
        ):
            connection.execute(
                sa.text(
                    "INSERT INTO connections (team_id, asset_id, title, is_visit, owner_id, status,"
                    " next_step, next_step_on) VALUES (:team, :asset, :title, false, :owner,"
                    " CAST(:status AS connection_status), 'Ring', :day)"
                ),
                {
                    "team": people.teams["a"],
                    "asset": people.homes["b"],
                    "title": f"Number {number}",
                    "owner": people.accounts["coordinator_a"],
                    "status": status,
                    "day": None if days is None else today() + dt.timedelta(days=days),
                },
            )
    page = Document(opened.client.get("/connections").text)
    headings = [heading.text for heading in page.all("h2")]
    assert headings == ["Do these first 1", "Next steps this week 1", "Ring them 1", "Happening 1"]
    folded = [one.get("id") for one in page.all("details") if one.get("id")]
    assert folded[:2] == ["paused", "ended"]
    titles = [item.text for item in page.all("h3")]
    assert titles == [
        "Number 0", "Number 1", "Boccia for beginners", "Number 2", "Number 3", "Number 4",
    ]  # fmt: skip
    assert page.one(class_="pw-due--late").text == "2 days late"
    other = Document(people.client("coordinator_b").get("/connections").text)
    assert not other.all(class_="pw-item"), "another home sees none of them"
