"""SQL as the application's own role: whatever a page forgets to ask, the rows are not there."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.models import Base
from tests.authorisation.asking import Asker
from tests.people import People

# Which team somebody is in is no secret of the people it looks after, and sessions are needed
# before anybody is known. Everything else that says whose it is is behind row-level security.
NOT_ABOUT_PEOPLE = {"memberships", "invitations", "sign_in_sessions"}
PROTECTED = (
    "residents", "resident_interests", "offers", "connection_residents", "visit_residents",
    "connections", "connection_notes", "connection_times", "connection_changes", "visits",
    "calendar_feeds", "erasures", "unmet_interests", "audit_log", "resident_matches",
)  # fmt: skip
# Functions that see every team, each with what keeps it from telling. A new one needs a reason.
SEE_EVERY_TEAM = {
    "my_team_ids": "asks who is there",
    "my_managed_team_ids": "asks who is there",
    "my_calendar_team_id": "asks for the secret of the address",
    "residents_sharing": "says a rounded number, of fewer than eight none",
    "withdraw_resident": "asks who is there",
    "undo_withdrawal": "asks who is there",
    "withdrawals": "asks who is there",
    "erase_resident": "asks who is there",
    "history_of_resident": "asks who is there",
    "offers_near": "says what is offered to everybody, and never who",
    "unmet_by_ward": "says rounded numbers, of fewer than eight none",
    "match_by_place": "says rounded numbers, of fewer than eight none",
    "match_by_theme": "says rounded numbers, of fewer than eight none",
    "owns_connections": "says yes or no about a member of staff",
}


@pytest.fixture(scope="module")
def asker(people: People) -> Asker:
    return Asker(people)


def tables_saying_whose() -> set[str]:
    return {
        table.name
        for table in Base.metadata.tables.values()
        if {"team_id", "resident_id"} & set(table.columns.keys())
    }


def test_every_table_that_says_whose_it_is_is_protected(people: People) -> None:
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT relname FROM pg_class WHERE relkind = 'r'"
                " AND relrowsecurity AND relforcerowsecurity"
            )
        )
        protected = set(rows.scalars())
    assert protected == set(PROTECTED)
    assert tables_saying_whose() - NOT_ABOUT_PEOPLE <= protected
    assert tables_saying_whose() >= NOT_ABOUT_PEOPLE, "an exception nobody needs"


@pytest.mark.parametrize("table", PROTECTED)
@pytest.mark.parametrize(
    ("who", "of_whom"), [("coordinator_a", "b"), ("coordinator_b", "a"), ("connector", "a")]
)
def test_no_row_of_another_team_is_there(asker: Asker, table: str, who: str, of_whom: str) -> None:
    with asker.people.engine.connect() as connection:
        all_rows = connection.execute(
            sa.text(f"SELECT count(*) FROM {table} WHERE team_id = :team"),
            {"team": asker.people.teams[of_whom]},
        ).scalar_one()
    assert all_rows > 0, "there is something to be hidden"
    with asker.people.acting_as(who) as session:
        seen = "\n".join(session.execute(sa.text(f"SELECT t::text FROM {table} t")).scalars())
    for word in (str(asker.people.teams[of_whom]), *asker.others[of_whom].words):
        assert word not in seen


@pytest.mark.parametrize("table", PROTECTED)
@pytest.mark.parametrize("who", [None, "mapper", "councillor", "editor", "administrator"])
def test_no_row_is_there_without_a_team(asker: Asker, table: str, who: str | None) -> None:
    with asker.people.acting_as(who) as session:
        assert session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_somebody_whose_role_has_ended_sees_nothing(asker: Asker) -> None:
    for who in ("newcomer", "former", "disabled"):
        if who == "disabled":
            with asker.people.engine.begin() as connection:
                connection.execute(
                    sa.text("UPDATE accounts SET disabled_at = now() WHERE id = :id"),
                    {"id": asker.people.accounts[who]},
                )
        with asker.people.acting_as(who) as session:
            for table in PROTECTED:
                count = session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
                assert count == 0, (who, table)


def test_the_secret_of_a_calendar_opens_its_own_dates_alone(asker: Asker) -> None:
    people = asker.people
    with people.acting_as(None) as session:
        session.execute(
            sa.text("SELECT set_config('patchwork.calendar', :token, true)"),
            {"token": asker.others["a"].feed_token},
        )
        for table in PROTECTED:
            rows = session.execute(sa.text(f"SELECT t.*, t::text AS said FROM {table} t")).all()
            if table in {"connections", "connection_times", "connection_changes"}:
                assert {row.team_id for row in rows} == {people.teams["a"]}
            else:
                assert rows == [], table


def test_views_read_nothing_that_is_protected(people: People) -> None:
    """A view works as its owner: row-level security does not bind what it reads."""
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                """
                SELECT DISTINCT v.relname, t.relname
                FROM pg_rewrite r
                JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
                JOIN pg_depend d ON d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
                JOIN pg_class t ON t.oid = d.refobjid
                WHERE t.relrowsecurity
                  AND NOT coalesce(v.reloptions @> '{security_invoker=true}', false)
                """
            )
        ).all()
    assert rows == []


def test_functions_that_see_every_team_are_known(people: People) -> None:
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT p.proname, r.rolname, p.proconfig FROM pg_proc p"
                " JOIN pg_roles r ON r.oid = p.proowner"
                " WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
                # PostGIS brings one of its own.
                " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid"
                " AND d.deptype = 'e')"
            )
        ).all()
    assert {row.proname for row in rows} <= set(SEE_EVERY_TEAM)
    for row in rows:
        assert row.rolname == "patchwork_keeper", row.proname
        assert any(one.startswith("search_path=") for one in row.proconfig), row.proname


def test_the_application_cannot_become_somebody_who_sees_everything(people: People) -> None:
    with people.as_app.connect() as connection:
        for role in ("patchwork_keeper", "pg_read_all_data"):
            held = connection.execute(
                sa.text("SELECT pg_has_role('patchwork_app', :role, 'MEMBER')"), {"role": role}
            ).scalar_one()
            assert not held, role
        [is_super, bypasses] = connection.execute(
            sa.text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'patchwork_app'")
        ).one()
    assert (is_super, bypasses) == (False, False)
