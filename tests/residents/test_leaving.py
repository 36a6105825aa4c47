"""Leaving: hidden at once, erased on schedule or now, with a receipt, and nothing left behind."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.cli import cli
from app.database import KEEPER_ROLE, make_engine, transaction
from app.models import Stance
from app.parameters import today
from app.residents.erasure import erase_due
from app.settings import get_settings
from tests.people import REFERENCE_B, People
from tests.residents.conftest import Keep, change, id_of, row_of
from tests.residents.test_list import connect
from tests.web.document import Document

HANGS_ON_A_RESIDENT = (
    "residents", "resident_interests", "offers", "connection_residents", "visit_residents",
    "unmet_interests", "resident_matches",
)  # fmt: skip


def _everything(people: People) -> dict[str, list[str]]:
    """Return every row of every table as text."""
    with people.engine.connect() as connection:
        tables = connection.execute(
            sa.text(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
                " AND table_type = 'BASE TABLE' AND table_name <> 'spatial_ref_sys'"
            )
        ).scalars()
        return {
            table: list(connection.execute(sa.text(f"SELECT t::text FROM {table} t")).scalars())
            for table in tables
        }


def _with_everything(people: People, keep: Keep) -> str:
    """Keep a resident with a row in each table that may hold one; return the reference."""
    reference = keep({"bowls": Stance.USED_TO, "baking": Stance.COULD_SHARE})
    resident_id = id_of(people, reference)
    connection_id = connect(
        people, reference, added=today(), visits=(today() - dt.timedelta(days=9),)
    )
    change(
        people,
        "INSERT INTO offers (team_id, resident_id, interest_id) SELECT team_id, resident_id,"
        " interest_id FROM resident_interests WHERE resident_id = :id AND stance = 'could_share'",
        id=resident_id,
    )
    change(
        people,
        "INSERT INTO unmet_interests (interest_id, ward_code, team_id, resident_id)"
        " SELECT id, 'E05001347', :team, :id FROM interests WHERE concept = 'bowls'",
        team=people.teams["a"], id=resident_id,
    )  # fmt: skip
    change(
        people,
        "WITH run AS (INSERT INTO match_runs (state, engine, of_day)"
        " VALUES ('replaced', 'local', CURRENT_DATE) RETURNING id)"
        " INSERT INTO resident_matches (run_id, resident_id, team_id, near_ids,"
        " near_are_activities, near_scores, near_distances_m, visit_ids, visit_scores,"
        " visit_distances_m, unmet_ids) SELECT run.id, :id, :team, ARRAY[:club], '{f}',"
        " '{521000}', '{420.3}', '{}', '{}', '{}', ARRAY[i.id]"
        " FROM run, interests i WHERE concept = 'baking'",
        team=people.teams["a"], id=resident_id, club=people.club_id,
    )  # fmt: skip
    # Nobody should write a reference into a note. Somebody will.
    written = f"{reference[:4].lower()} {reference[4:]}"
    change(
        people,
        "UPDATE connections SET promised = :text WHERE id = :id",
        text=f"A lift for {written}, twice", id=connection_id,
    )  # fmt: skip
    change(
        people,
        "INSERT INTO connection_notes (connection_id, team_id, author_id, text)"
        " VALUES (:id, :team, :who, :text)",
        id=connection_id, team=people.teams["a"], who=people.accounts["coordinator_a"],
        text=f"Ask {reference} first",
    )  # fmt: skip
    return reference


def _keeper(people: People) -> sa.Engine:
    return make_engine(people.settings, role=KEEPER_ROLE)


def _erase_due(people: People) -> int:
    engine = _keeper(people)
    try:
        with transaction(engine) as session:
            return erase_due(session)
    finally:
        engine.dispose()


def test_withdrawing_asks_first_and_changes_nothing_until_then(people: People, keep: Keep) -> None:
    reference = keep()
    page = Document(people.client("coordinator_a").get(f"/residents/{reference}/withdraw").text)
    assert "After 30 days" in page.one("main").text
    row = row_of(people, reference)
    assert row is not None
    assert row.withdrawn_at is None


def test_withdrawn_is_hidden_everywhere_at_once(people: People, keep: Keep) -> None:
    reference = _with_everything(people, keep)
    client = people.client("coordinator_a")
    answer = client.post(f"/residents/{reference}/withdraw")
    assert (answer.status_code, answer.headers["location"]) == (303, "/residents/withdrawn")
    row = row_of(people, reference)
    assert row is not None
    assert row.erase_after == today() + dt.timedelta(days=30)
    resident_id = id_of(people, reference)
    with people.acting_as("manager_a") as session:
        for table in HANGS_ON_A_RESIDENT:
            column = "id" if table == "residents" else "resident_id"
            seen = session.execute(
                sa.text(f"SELECT count(*) FROM {table} WHERE {column} = :id"), {"id": resident_id}
            ).scalar_one()
            assert seen == 0, table
    shown = f"{reference[:4]} {reference[4:]}"
    for who in ("coordinator_a", "manager_a"):
        for path in ("/residents", "/residents/withdrawn", "/residents/receipts", "/offers"):
            text = people.client(who).get(path).text
            assert shown not in text, (who, path)
            assert reference not in text, (who, path)


def test_only_their_own_team_withdraws_somebody(people: People, keep: Keep) -> None:
    reference = keep()
    for who in ("coordinator_b", "manager_b", "connector"):
        assert people.client(who).post(f"/residents/{reference}/withdraw").status_code == 404
    with people.acting_as("manager_b") as session:
        done = session.execute(
            sa.text("SELECT withdraw_resident(:id)"), {"id": id_of(people, reference)}
        )
        assert done.scalar() is None
    row = row_of(people, reference)
    assert row is not None
    assert row.withdrawn_at is None


def _undo(people: People, who: str, reference: str) -> Any:
    return people.client(who).post("/residents/withdrawn/undo", data={"reference": reference})


def test_a_manager_undoes_it_in_time(people: People, keep: Keep) -> None:
    reference = keep({"bowls": Stance.ENJOYS})
    people.client("coordinator_a").post(f"/residents/{reference}/withdraw")
    assert _undo(people, "coordinator_a", reference).status_code == 403
    for typed in ("", "nonsense", "ZZZZZZZZ"):
        answer = _undo(people, "manager_a", typed)
        assert answer.status_code == 422
        assert "#reference" in Document(answer.text).links()
    assert _undo(people, "manager_b", reference).status_code == 422
    answer = _undo(people, "manager_a", f"{reference[:4]} {reference[4:].lower()}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/residents/{reference}")
    page = people.client("coordinator_a").get(f"/residents/{reference}").text
    assert "Bowls" in page
    # A second time there is nothing to undo.
    assert _undo(people, "manager_a", reference).status_code == 422


def test_nobody_undoes_it_afterwards(people: People, keep: Keep) -> None:
    reference = keep(withdrawn_at=dt.datetime(2026, 10, 1, tzinfo=dt.UTC), erase_after=today())
    assert _undo(people, "manager_a", reference).status_code == 422


def test_erased_on_schedule(people: People, keep: Keep) -> None:
    long_ago = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    due = [
        keep(withdrawn_at=long_ago, erase_after=today() - dt.timedelta(days=days))
        for days in (0, 40)
    ]
    not_yet = keep(withdrawn_at=long_ago, erase_after=today() + dt.timedelta(days=1))
    still = keep()
    assert _erase_due(people) >= 2
    assert [row_of(people, reference) for reference in due] == [None, None]
    assert row_of(people, not_yet) is not None
    assert row_of(people, still) is not None
    assert _erase_due(people) == 0


def test_the_command_does_the_same(
    people: People, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = keep(withdrawn_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), erase_after=today())
    monkeypatch.setenv("DATABASE_URL", people.settings.database_url)
    get_settings.cache_clear()
    try:
        result = CliRunner().invoke(cli, ["residents", "erase-due"])
    finally:
        get_settings.cache_clear()
    assert result.exit_code == 0, result.output
    assert "Erased: 1 resident." in result.output
    assert row_of(people, reference) is None


def test_erased_now_leaves_a_receipt_and_nothing_else(people: People, keep: Keep) -> None:
    reference = _with_everything(people, keep)
    resident_id = str(id_of(people, reference))
    client = people.client("manager_a")
    before = _everything(people)
    pattern = re.compile(rf"{reference[:4]}\W*{reference[4:]}", re.IGNORECASE)
    held = {table for table, rows in before.items() if any(pattern.search(row) for row in rows)}
    assert held == {"residents", "connections", "connection_notes"}

    page = Document(client.get(f"/residents/{reference}/erase").text)
    assert "Nobody can bring it back." in page.one("main").text
    answer = client.post(f"/residents/{reference}/erase")
    assert answer.status_code == 303
    receipt_address = answer.headers["location"]
    assert receipt_address.startswith("/residents/receipts/")

    after = _everything(people)
    for table, rows in after.items():
        assert not [row for row in rows if pattern.search(row)], table
        if table != "audit_log":
            assert not [row for row in rows if resident_id in row], table
    # The connection and its visit stay, without them.
    assert len(after["connections"]) == len(before["connections"])
    assert len(after["visits"]) == len(before["visits"])
    assert any("A lift for [erased], twice" in row for row in after["connections"])
    # It is in the log that it happened, and who did it.
    with people.engine.connect() as connection:
        entry = connection.execute(
            sa.text(
                "SELECT account_id FROM audit_log WHERE subject = 'residents'"
                " AND action = 'delete' AND subject_id = :id"
            ),
            {"id": resident_id},
        ).one()
    assert entry.account_id == people.accounts["manager_a"]

    receipt = Document(client.get(receipt_address).text).one("main").text
    # Two interests, an offer, a connection, a visit, an unmet interest, what was found for them in
    # a run, and the resident's own row.
    assert "8 rows" in receipt
    assert "manager_a" in receipt
    assert not pattern.search(receipt)
    assert client.get(f"/residents/{reference}").status_code == 404
    assert people.client("coordinator_b").get(receipt_address).status_code == 404


def test_only_a_manager_of_theirs_erases_somebody(people: People, keep: Keep) -> None:
    reference = keep()
    for who, status in (("coordinator_a", 403), ("connector", 403), ("manager_b", 404)):
        assert people.client(who).get(f"/residents/{reference}/erase").status_code == status
        assert people.client(who).post(f"/residents/{reference}/erase").status_code == status
        with people.acting_as(who) as session:
            done = session.execute(
                sa.text("SELECT erase_resident(:team, :r)"),
                {"team": people.teams["a"], "r": reference},
            )
            assert done.scalar() is None
    with people.acting_as("manager_a") as session, pytest.raises(DBAPIError, match="denied"):
        session.execute(sa.text("SELECT erase_one(:id)"), {"id": id_of(people, reference)})
    assert row_of(people, reference) is not None


def test_a_withdrawn_one_is_erased_before_the_day(people: People, keep: Keep) -> None:
    reference = keep()
    client = people.client("manager_a")
    client.post(f"/residents/{reference}/withdraw")
    shown = client.get("/residents/withdrawn").text
    assert "Erase everything now" in shown
    address = "/residents/withdrawn/erase"
    assert people.client("manager_b").post(
        address, data={"reference": reference}
    ).status_code == 422  # fmt: skip
    answer = client.post(address, data={"reference": reference})
    assert answer.status_code == 303
    assert row_of(people, reference) is None


def test_whether_a_reference_was_erased(people: People, keep: Keep) -> None:
    reference, other = keep(), keep()
    people.client("manager_a").post(f"/residents/{reference}/erase")

    def said(who: str, typed: str) -> str:
        answer = people.client(who).post("/residents/receipts", data={"reference": typed})
        assert answer.status_code == 200
        return Document(answer.text).one("p", role="status").text

    assert said("coordinator_a", reference.lower()).startswith("Yes: erased on ")
    for typed in (other, "ZZZZZZZZ"):
        assert said("coordinator_a", typed).startswith("There is no receipt")
    # Another team's receipts say nothing.
    assert said("coordinator_b", reference).startswith("There is no receipt")
    assert (
        people.client("coordinator_a")
        .post("/residents/receipts", data={"reference": "1"})
        .status_code
        == 422
    )
    with people.engine.connect() as connection:
        digests = connection.execute(sa.text("SELECT reference_digest FROM erasures")).scalars()
        assert hashlib.sha256(reference.encode()).digest() in {bytes(d) for d in digests}


def test_the_days_of_withdrawals_are_the_managers_own(people: People, keep: Keep) -> None:
    people.client("coordinator_a").post(f"/residents/{keep()}/withdraw")
    ask = sa.text("SELECT count(*) FROM withdrawals(:team)")
    for who, sees in (("manager_a", True), ("coordinator_a", False), ("manager_b", False)):
        with people.acting_as(who) as session:
            count = session.execute(ask, {"team": people.teams["a"]}).scalar_one()
            assert bool(count) is sees, who


def test_the_history_of_another_teams_resident_is_empty(people: People, keep: Keep) -> None:
    ask = sa.text("SELECT count(*) FROM history_of_resident(:id)")
    for who, of, sees in (
        ("coordinator_a", "a", True), ("coordinator_b", "a", False), ("mapper", "b", False),
        (None, "b", False),
    ):  # fmt: skip
        with people.acting_as(who) as session:
            count = session.execute(ask, {"id": people.residents[of]}).scalar_one()
            assert bool(count) is sees, who


def test_a_reference_that_was_erased_is_not_given_again(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.residents import actions  # noqa: PLC0415 - to change what it draws
    from tests.residents.test_keeping import WHOLE  # noqa: PLC0415 - this test's alone

    erased, taken, fresh = "QQQQ2222", REFERENCE_B, "QQQQ3333"
    with Session(people.engine) as session:
        session.execute(
            sa.text(
                "INSERT INTO erasures (team_id, reference_digest, rows_erased)"
                " VALUES (:team, :digest, 1)"
            ),
            {"team": people.teams["a"], "digest": hashlib.sha256(erased.encode()).digest()},
        )
        session.commit()
    drawn = iter([erased, taken, fresh])
    monkeypatch.setattr(actions, "new_reference", lambda: next(drawn))
    answer = people.client("coordinator_a").post("/residents", data=WHOLE)
    assert answer.headers["location"] == f"/residents/{fresh}/interests"
