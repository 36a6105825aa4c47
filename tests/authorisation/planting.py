"""Plant the canaries: rows in every table that has something private, a word in each column."""

from __future__ import annotations

import json
import re
import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session

from app.models import AssetKind, Base, LocationSource, Stance
from tests import builders
from tests.authorisation.canaries import (
    ACCURACY_M,
    CONSENT_ON,
    GONE,
    OTHER_FORMS,
    PASTIME,
    REFERENCE,
    ROUGH_PLACE,
    Key,
    canary,
    planted_bytes,
    planted_keys,
)
from tests.authorisation.things import make_things
from tests.people import People, make_resident

# One row of each table nothing else fills; columns not named here are planted afterwards.
ROWS = (
    "INSERT INTO claims (digest, asset_id, email, expires_at)"
    " VALUES ('x', :club, 'x', now() + interval '1 day')",
    "INSERT INTO posters (code, title, place) VALUES ('x', 'x', 'x')",
    "INSERT INTO suggestions (id, kind, fields) VALUES (:one, 'new', '{}')",
    "INSERT INTO suggestions (id, kind, asset_id, fields) VALUES (:two, 'gone', :club, '{}')",
    "INSERT INTO photos (id, asset_id, image, thumbnail, width_px, height_px)"
    " VALUES (:one, :club, 'x', 'x', 4, 3)",
    "INSERT INTO submissions (id, account_id, action, sha256, answer)"
    " VALUES (:one, :account, 'x', decode(repeat('00', 32), 'hex'), '{}')",
    "INSERT INTO import_runs (source_id, reader, scope, file_name, file_sha256, as_of, started_at,"
    " finished_at, status) SELECT id, 'csv', 'x', 'x', 'x', '2026-01-01', now(), now(), 'loaded'"
    " FROM sources WHERE slug = 'test'",
    "INSERT INTO import_problems (import_run_id, row_number, reason, message, suggestion)"
    " SELECT max(id), 7, 'unnamed', 'x', 'x' FROM import_runs",
    "INSERT INTO duplicate_pairs (asset_id, other_id, likeness)"
    " VALUES (least(:club, :quiet), greatest(:club, :quiet), 0.8)",
    "INSERT INTO identities (issuer, subject, account_id) VALUES ('x', 'x', :account)",
    "INSERT INTO organisation_sign_ins (state_digest, browser_digest, nonce, code_verifier)"
    " VALUES ('x', 'x', 'x', 'x')",
    "INSERT INTO sign_in_links (digest, account_id, expires_at)"
    " VALUES ('x', :account, now() + interval '1 day')",
    "INSERT INTO sign_in_attempts (counted_under) VALUES ('x')",
    "INSERT INTO feeds (kind, name, url, publisher, licence, attribution)"
    " VALUES ('oruk', 'x', 'x', 'x', 'x', 'x')",
    "INSERT INTO feed_items (feed_id, item_id, kind, modified, data)"
    " SELECT max(id), 'x', 'x', 1, '{}' FROM feeds",
    "INSERT INTO venue_requests (feed_id, words, venue_id) SELECT max(id), 'x', :club FROM feeds",
    "INSERT INTO job_runs (job_id, task, attempt, message) VALUES (1, 'feeds', 1, 'x')",
    "INSERT INTO uploads (account_id, file_name, content) VALUES (:account, 'x', 'x')",
    "INSERT INTO column_mappings (header_digest, header, mapping) VALUES ('x', '{x}', '{}')",
    # These two only grow: their words are in them from the start.
    "INSERT INTO audit_log (database_role, action, subject, columns)"
    " VALUES (:audit_log_database_role, :audit_log_action, :audit_log_subject,"
    " ARRAY[:audit_log_columns])",
    "INSERT INTO erasures (team_id, reference_digest, rows_erased)"
    " VALUES (:team, :erasures_reference_digest, 1)",
    "INSERT INTO asset_changes (asset_id, acting_as, action, columns, version)"
    " VALUES (:quiet, 'mapper', 'changed', '{phone,description}', 2)",
)
# Which row of a table gets the words, where it is not all the same.
WHICH = {
    "accounts": "id = :account",
    "teams": "kind = 'connectors'",
    "sign_in_sessions": "id = (SELECT max(id::text)::uuid FROM sign_in_sessions"
    " WHERE account_id = :account)",
    "invitations": "team_id = :team",
    "suggestions": "id = :one",
    "assets": "id = :quiet",
    "asset_changes": "asset_id = :quiet",
}
EVERY = {"connections", "connection_notes", "visits", "checks", "activities"}


GROWING = {"audit_log", "erasures"}


def plant(people: People) -> dict[str, str]:
    """Store everything, and return the ids of people and of what is theirs, to be looked for."""
    things = make_things(people, "a")
    with Session(people.engine) as session:
        given = _store_assets(session, people)
        growing: dict[str, object] = {
            f"{table}_{column}": canary(table, column)
            if table == "audit_log"
            else planted_bytes(table, column)
            for table, column in planted_keys()
            if table in GROWING
        }
        for statement in ROWS:
            _run(session, statement, given | growing)
        _plant_resident(session, people)
        for key in planted_keys():
            _plant(session, key, given)
        _plant_the_rest(session, given)
        ids = {
            f"{table}.id {row}": str(row)
            for table in ("accounts", "residents", "connections", "visits", "invitations", "offers")
            for row in session.execute(
                sa.text(f"SELECT id FROM {table}"),
            ).scalars()
            if row not in {people.accounts["councillor"], people.accounts["editor"]}
        }
        session.commit()
    assert things.connection_id in ids.values()
    return ids


def _run(session: Session, statement: str, given: dict[str, object]) -> None:
    named = {name: given[name] for name in re.findall(r"(?<!:):(\w+)", statement)}
    session.execute(sa.text(statement), named)


def _store_assets(session: Session, people: People) -> dict[str, object]:
    """Store a group whose contact is private, somebody's skill, a home's twin and what has gone."""
    quiet = builders.make_asset(
        session, "Quiet knitters", at=(-1.7530, 53.7930), is_contact_public=False,
        accuracy_m=ACCURACY_M, description="They knit",
    )  # fmt: skip
    informal = builders.make_asset(
        session, "Somebody who mends radios", at=None, kind=AssetKind.INFORMAL,
        ward_code="E05001347", location_source=LocationSource.WARD, is_contact_public=True,
        consent_on=CONSENT_ON, consent_how="said_yes",
    )  # fmt: skip
    gone = builders.make_asset(
        session, GONE, at=(-1.7520, 53.7920), description=GONE, address=GONE, phone=GONE,
        email=f"{GONE}@club.example",
    )  # fmt: skip
    _run(session, "UPDATE assets SET gone_at = now() WHERE id = :gone", {"gone": gone.id})
    return {
        "club": people.club_id, "quiet": quiet.id, "informal": informal.id, "gone": gone.id,
        "account": people.accounts["coordinator_a"], "team": people.teams["a"],
        "one": uuid.UUID(int=1), "two": uuid.UUID(int=2),
    }  # fmt: skip


def _plant_resident(session: Session, people: People) -> None:
    """Store a resident at home, with a pastime nobody else has."""
    session.execute(
        sa.text("INSERT INTO interests (concept, label, is_retired) VALUES (:word, :word, true)"),
        {"word": PASTIME},
    )
    made = make_resident(session, people.teams["a"], REFERENCE, {PASTIME: Stance.COULD_SHARE})
    session.execute(
        sa.text(
            "UPDATE residents SET geom = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) WHERE id = :id"
        ),
        {"id": made.id, "lon": ROUGH_PLACE[0], "lat": ROUGH_PLACE[1]},
    )
    session.execute(
        sa.text(
            "INSERT INTO offers (team_id, resident_id, interest_id)"
            " SELECT team_id, resident_id, interest_id FROM resident_interests"
            " WHERE resident_id = :id"
        ),
        {"id": made.id},
    )


def _plant(session: Session, key: Key, given: dict[str, object]) -> None:
    table, column = key
    if key == ("residents", "reference") or table in GROWING:
        return
    kind = Base.metadata.tables[table].columns[column].type
    word: object = OTHER_FORMS.get(key, canary(table, column))
    value = ":word"
    if isinstance(kind, ARRAY):
        value = "ARRAY[:word]"
    elif isinstance(kind, JSONB):
        word, value = json.dumps({"name": word, "phone": word}), "CAST(:word AS jsonb)"
    elif isinstance(kind, sa.LargeBinary):
        word = planted_bytes(table, column)
    which = WHICH.get(table, "true" if table in EVERY else "")
    if not which:
        which = f"ctid = (SELECT max(ctid) FROM {table})"
    _run(
        session,
        f"UPDATE {table} SET {column} = {value} WHERE {which}",
        given | {"word": word},
    )


def _plant_the_rest(session: Session, given: dict[str, object]) -> None:
    """Plant what has two places: a skill's contact, and the reasons of what was turned down."""
    for name in ("address", "postcode", "phone", "email"):
        _run(
            session,
            f"UPDATE assets SET {name} = :word WHERE id = :informal",
            given | {"word": canary("assets", name)},
        )
    _run(session, "UPDATE assets SET address = NULL, postcode = NULL WHERE id = :quiet", given)
    _run(
        session,
        "UPDATE suggestions SET decision = 'rejected', reason = :word WHERE id = :two",
        given | {"word": canary("suggestions", "reason")},
    )


def missing_of(people: People) -> list[str]:
    """Return the planted columns whose word is not in the database."""
    found = []
    with people.engine.connect() as connection:
        for table, column in planted_keys():
            word = OTHER_FORMS.get((table, column), canary(table, column))
            kind = Base.metadata.tables[table].columns[column].type
            there = (
                f"{column} = decode('{planted_bytes(table, column).hex()}', 'hex')"
                if isinstance(kind, sa.LargeBinary)
                else f"{column}::text LIKE '%{word}%'"
            )
            count = connection.execute(
                sa.text(f"SELECT count(*) FROM {table} WHERE {there}")
            ).scalar_one()
            if not count:
                found.append(f"{table}.{column}")
    return found
