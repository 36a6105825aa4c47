"""Row-level security: the application's own role sees the rows of one's own team, or none."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, ProgrammingError

from tests.people import REFERENCE_A, People


def test_the_application_works_as_its_own_role(people: People) -> None:
    with people.app.state.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT current_user")).scalar() == "patchwork_app"


def test_nobody_sees_no_resident(people: People) -> None:
    for who in (None, "mapper", "councillor", "editor", "administrator"):
        with people.acting_as(who) as session:
            assert session.execute(sa.text("SELECT count(*) FROM residents")).scalar() == 0, who


def test_staff_see_the_residents_of_their_own_home_alone(people: People) -> None:
    for who in ("coordinator_a", "manager_a"):
        with people.acting_as(who) as session:
            seen = session.execute(sa.text("SELECT reference FROM residents")).scalars().all()
            assert seen == [REFERENCE_A]
            interests = session.execute(sa.text("SELECT team_id FROM resident_interests"))
            assert interests.scalars().all() == [people.teams["a"]]


def test_a_row_cannot_be_put_into_another_home(people: People) -> None:
    with people.acting_as("coordinator_a") as session, pytest.raises(ProgrammingError) as refused:
        session.execute(
            sa.text("UPDATE residents SET team_id = :team"), {"team": people.teams["b"]}
        )
    assert "row-level security" in str(refused.value)


def test_a_withdrawn_resident_is_hidden_with_all_that_hangs_on_them(people: People) -> None:
    with people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE residents SET withdrawn_at = now(), erase_after = current_date + 1")
        )
    try:
        with people.acting_as("coordinator_a") as session:
            for table in ("residents", "resident_interests"):
                count = session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar()
                assert count == 0, table
    finally:
        with people.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE residents SET withdrawn_at = NULL, erase_after = NULL")
            )


def test_faith_needs_a_basis_of_its_own(people: People) -> None:
    with people.acting_as("coordinator_a") as session:
        session.execute(sa.text("UPDATE residents SET special_basis = NULL"))
        with pytest.raises(DBAPIError, match="needs its own basis"):
            session.execute(
                sa.text(
                    "INSERT INTO resident_interests (resident_id, team_id, interest_id, stance)"
                    " SELECT r.id, r.team_id, i.id, 'enjoys' FROM residents r, interests i"
                    " WHERE i.is_special_category LIMIT 1"
                )
            )


def test_changes_are_written_down_without_their_values(people: People) -> None:
    with people.acting_as("manager_a") as session:
        session.execute(sa.text("UPDATE residents SET travel = 'can_travel'"))
        entry = session.execute(
            sa.text("SELECT * FROM audit_log WHERE subject = 'residents' ORDER BY id DESC LIMIT 1")
        ).one()
        assert entry.account_id == people.accounts["manager_a"]
        assert (entry.action, entry.columns) == ("update", ["travel"])
        assert entry.subject_id == people.residents["a"]
        assert entry.database_role == "patchwork_app"


def test_the_audit_log_only_grows(people: People) -> None:
    with people.engine.connect() as connection:
        for statement in ("DELETE FROM audit_log", "UPDATE audit_log SET action = 'x'"):
            with pytest.raises(DBAPIError, match="only grows"), connection.begin():
                connection.execute(sa.text(statement))


def test_the_settings_of_one_transaction_do_not_reach_the_next(people: People) -> None:
    with people.as_app.connect() as connection:
        with connection.begin():
            connection.execute(
                sa.text("SELECT set_config('patchwork.account_id', :id, true)"),
                {"id": str(people.accounts["coordinator_a"])},
            )
            assert connection.execute(sa.text("SELECT count(*) FROM residents")).scalar() == 1
        assert connection.execute(sa.text("SELECT count(*) FROM residents")).scalar() == 0
