"""What is thrown away by itself, when, and by which role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import housekeeping, housekeeping_queries
from app.accounts.housekeeping import Job, LongJob, keep_house
from tests.accounts.conftest import do, value
from tests.people import People

OLD_AND_NEW = """
INSERT INTO sign_in_links (digest, account_id, expires_at)
  SELECT sha256(n::text::bytea), :account, now() - make_interval(hours => n)
  FROM unnest(ARRAY[-1, 23, 25]) AS n;
INSERT INTO sign_in_attempts (counted_under, attempted_at)
  SELECT 'x', now() - make_interval(hours => n) FROM unnest(ARRAY[1, 23, 25]) AS n;
INSERT INTO organisation_sign_ins (state_digest, browser_digest, nonce, code_verifier, created_at)
  SELECT sha256(n::text::bytea), 'b', 'n', 'v', now() - make_interval(mins => n)
  FROM unnest(ARRAY[1, 59, 61]) AS n;
INSERT INTO suggestions (id, kind, decision, decided_at, created_at)
  SELECT gen_random_uuid(), 'new', d::decision,
         CASE WHEN d <> 'waiting' THEN now() - make_interval(days => n) END,
         now() - make_interval(days => 99)
  FROM unnest(ARRAY[29, 31]) AS n, unnest(ARRAY['waiting', 'rejected', 'approved']) AS d;
INSERT INTO claims (digest, asset_id, email, expires_at)
  SELECT sha256(n::text::bytea), (SELECT id FROM assets LIMIT 1), 'x@club.example',
         now() - make_interval(days => n)
  FROM unnest(ARRAY[-1, 6, 8]) AS n;
INSERT INTO invitations (digest, email, role, expires_at, used_at, withdrawn_at)
  SELECT sha256(n::text::bytea), 'x@y.example', 'editor', now() + interval '1 day',
         CASE WHEN n <> 32 THEN now() - make_interval(days => n) END,
         CASE WHEN n = 32 THEN now() - make_interval(days => n) END
  FROM unnest(ARRAY[1, 29, 31, 32]) AS n;
INSERT INTO sign_in_sessions (digest, account_id, expires_at, last_seen_at)
  VALUES ('idle', :account, now() + interval '1 day', now() - interval '12:01'),
         ('over', :account, now() - interval '1 minute', now()),
         ('in force', :account, now() + interval '1 day', now() - interval '11:59')
"""
TABLES = (
    "sign_in_links", "sign_in_attempts", "organisation_sign_ins", "invitations", "suggestions",
    "claims",
)  # fmt: skip


@pytest.fixture
def old_and_new(people: People) -> Iterator[None]:
    for statement in OLD_AND_NEW.split(";"):
        do(people, statement, account=people.accounts["editor"])
    yield
    for table in TABLES:
        do(people, f"DELETE FROM {table}")
    do(people, "DELETE FROM sign_in_sessions WHERE digest IN ('idle', 'over', 'in force')")


@pytest.mark.usefixtures("old_and_new")
def test_what_is_old_goes_and_what_counts_stays(people: People) -> None:
    before = value(people, "SELECT count(*) FROM sign_in_sessions")
    assert keep_house(people.settings) == {
        "sessions": 2, "sign-in links": 1, "tries to sign in": 1, "sign-ins begun elsewhere": 1,
        "invitations": 2, "suggestions that were decided": 2, "links to correct an entry": 1,
        "residents that were due": 0, "photos that were rejected": 0,
        "files brought in": 0, "reports of jobs": 0, "new likely duplicates": 0,
        "homes whose walks were due": 0, "wards whose figures were due": 0,
    }  # fmt: skip
    assert value(people, "SELECT count(*) FROM sign_in_sessions") == before - 2
    assert value(people, "SELECT count(*) FROM sign_in_sessions WHERE digest = 'in force'") == 1
    assert [value(people, f"SELECT count(*) FROM {table}") for table in TABLES] == [
        2,
        2,
        2,
        2,
        4,
        2,
    ]
    assert set(keep_house(people.settings).values()) == {0}, "a second time there is nothing left"


def test_only_one_process_keeps_house(people: People) -> None:
    with people.engine.begin() as connection:
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": housekeeping_queries.BROOM}
        )
        assert keep_house(people.settings) == {}
    assert keep_house(people.settings) != {}


def test_one_job_that_fails_leaves_the_others_alone(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def fails(session: Session) -> int:
        raise LookupError("broken on purpose")

    def who(session: Session) -> int:
        done.append(str(session.execute(sa.text("SELECT current_user")).scalar()))
        return 3

    monkeypatch.setattr(housekeeping, "JOBS", (Job("a", fails), Job("b", who)))
    with pytest.raises(LookupError):
        keep_house(people.settings)
    assert done == ["patchwork_keeper"]


def test_a_long_job_is_given_the_engine_and_keeps_what_it_did(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digests() -> int:
        sql = "SELECT count(*) FROM sign_in_attempts WHERE counted_under = 'long'"
        return int(value(people, sql))

    def two_parts(engine: sa.Engine) -> int:
        with engine.begin() as connection:
            connection.execute(
                sa.text("INSERT INTO sign_in_attempts (counted_under) VALUES ('long')")
            )
        raise LookupError("broken on purpose")

    monkeypatch.setattr(housekeeping, "JOBS", (LongJob("a", two_parts),))
    with pytest.raises(LookupError):
        keep_house(people.settings)
    assert digests() == 1
    do(people, "DELETE FROM sign_in_attempts WHERE counted_under = 'long'")
