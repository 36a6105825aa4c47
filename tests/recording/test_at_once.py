"""Many phones at once: each thing once, and nobody's change lost."""

from __future__ import annotations

import itertools
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.access import find_person
from app.accounts.people import Work
from app.accounts.tokens import digest_of as digest_of_token
from app.database import transaction
from app.duplicates.decide_queries import lock_group
from app.fieldwork.record_actions import find_shown, record
from app.fieldwork.record_body import digest_of
from app.fieldwork.record_reading import read_record
from tests.people import People
from tests.recording.at_once import Line, body_of, serve, together
from tests.recording.conftest import Phone, facts

TWINS, TIMES, POSTS, WITH_PHOTOS = 32, 100, 10, 2
CLIENTS, EDITS = 20, 50


@pytest.fixture(scope="module")
def both_served(people: People) -> Iterator[list[str]]:
    """Two processes on one database, as an installation that needs more than one has them."""
    with serve(people) as one, serve(people) as other:
        yield [one, other]


@pytest.fixture
def lines(people: People, both_served: list[str]) -> Iterator[list[Line]]:
    """Connections by turns to either process, of the mapper and the editor by turns of two."""
    whose = ("mapper", "mapper", "editor", "editor")
    made = [Line(people, both_served[n % 2], whose[n % 4]) for n in range(TWINS)]
    yield made
    for line in made:
        line.connection.close()


def test_twins_are_stored_once(phone: Phone, lines: list[Line], jpeg: bytes) -> None:
    """32 parallel identical posts, ten times, two of them with a photo: one row, one answer."""
    sent = []
    for number in range(POSTS):
        photos = [jpeg] if number < WITH_PHOTOS else []
        alts = [{"alt": "The door"} for _ in photos]
        one = phone.record("add", facts=facts(name=f"Twin {number}"), photos=alts)
        sent.append(body_of(json.dumps(one), photos))
    for line in lines:
        line.headers = lines[0].headers

    def work(number: int, barrier: threading.Barrier) -> list[tuple[int, dict[str, Any]]]:
        answers = []
        for body in sent:
            barrier.wait(60)
            answers.append(lines[number].post(*body))
        return answers

    before = phone.counts()
    for answers in zip(*together(TWINS, work), strict=True):
        statuses = Counter(status for status, _ in answers)
        assert statuses == {201: 1, 200: TWINS - 1}, answers
        assert len({told_but_for_again(answer) for _, answer in answers}) == 1
    assert stored_since(before, phone) == one_each(POSTS) | {"photos": WITH_PHOTOS}


def test_transactions_of_twins_are_stored_once(people: People, phone: Phone) -> None:
    """The same below the web, a hundred times: 32 transactions on the application's connections."""
    sent = [json.dumps(phone.record("add", facts=facts())).encode() for _ in range(TIMES)]
    engine = people.app.state.engine
    with transaction(engine) as session:
        person = find_person(session, digest=digest_of_token(people.tokens["mapper"]))
    assert person is not None

    def work(number: int, barrier: threading.Barrier) -> list[dict[str, Any]]:
        answers = []
        for raw in sent:
            barrier.wait(60)
            with transaction(engine) as session:
                answers.append(
                    record(
                        Work(person, session), read_record(raw), sha256=digest_of(raw, []),
                        photos=[], service_name="Patchwork",
                    )
                )  # fmt: skip
        return answers

    before = phone.counts()
    for answers in zip(*together(TWINS, work), strict=True):
        assert Counter(answer["again"] for answer in answers) == {False: 1, True: TWINS - 1}
        assert len({told_but_for_again(answer) for answer in answers}) == 1
    assert stored_since(before, phone) == one_each(TIMES)


def told_but_for_again(answer: dict[str, Any]) -> str:
    return json.dumps(answer | {"again": None}, sort_keys=True)


def stored_since(before: dict[str, int], phone: Phone) -> dict[str, int]:
    return {name: count - before[name] for name, count in phone.counts().items()}


def one_each(count: int) -> dict[str, int]:
    names = ("submissions", "assets", "checks", "asset_changes")
    return {**dict.fromkeys(names, count), "photos": 0}


def test_no_change_is_lost_and_every_loser_is_told(
    people: People, phone: Phone, lines: list[Line]
) -> None:
    """20 clients of two people, 50 edits each of what they saw a moment ago, of one fact.

    Each edit appends its own mark to the description as this client last saw it.
    """
    asset_id = phone.add()["asset_id"]
    whose = ("mapper", "mapper", "editor", "editor")

    def work(number: int, barrier: threading.Barrier) -> tuple[list[str], list[str]]:
        mine = Phone(people, whose[number % 4])
        seen: str | None = None
        version, kept, told = 1, [], []
        barrier.wait(60)
        for turn in range(EDITS):
            mark = f"{number}.{turn}"
            now = mark if seen is None else f"{seen} {mark}"
            sent = mine.record(
                "edit", asset_id=asset_id, seen_version=version,
                changes={"description": {"was": seen, "now": now[-1500:]}},
            )  # fmt: skip
            status, answer = lines[number].post(*body_of(json.dumps(sent)))
            if status == 201:
                kept.append(mark)
                seen, version = now[-1500:], answer["version"]
            else:
                assert (status, answer["code"]) == (409, "clash"), answer
                told.append(mark)
                [clash] = answer["clashes"]
                assert clash["mine"] == now[-1500:]
                seen, version = clash["theirs"], answer["asset"]["version"]
        return kept, told

    results = together(CLIENTS, work)
    kept = [mark for mine, _ in results for mark in mine]
    told = [mark for _, theirs in results for mark in theirs]
    assert len(kept) + len(told) == CLIENTS * EDITS
    history = phone.ask(
        "SELECT was ->> 'description' AS was, became ->> 'description' AS became"
        " FROM asset_changes WHERE asset_id = CAST(:id AS uuid) AND action = 'changed'"
        " ORDER BY id",
        id=asset_id,
    )
    # Every acknowledged mark was written on top of the one before it, and no other ever was.
    assert sorted(row.became.split()[-1] for row in history) == sorted(kept)
    assert all(a.became == b.was for a, b in itertools.pairwise(history))
    marks = phone.asset(asset_id).description.split()
    assert marks == [row.became.split()[-1] for row in history][-len(marks) :]
    assert told, "nobody was late: this proves nothing"


def may_lock(session: Session, asset_id: str, *, strength: str = "NO KEY UPDATE") -> bool:
    """Return whether nobody holds an asset."""
    skipped = sa.text(f"SELECT 1 FROM assets WHERE id = :id FOR {strength} SKIP LOCKED")
    return session.execute(skipped, {"id": asset_id}).first() is not None


def merged(phone: Phone) -> tuple[str, str]:
    """Add two assets and merge them; return the one that is shown, and the other."""
    shown, other = sorted(phone.add()["asset_id"] for _ in range(2))
    with phone.people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE assets SET duplicate_of = CAST(:to AS uuid) WHERE id = :id"),
            {"to": shown, "id": other},
        )
    return shown, other


def test_only_the_asset_that_is_shown_is_held(people: People, phone: Phone) -> None:
    shown, other = merged(phone)
    with transaction(people.as_app) as mine, transaction(people.as_app) as theirs:
        assert str(find_shown(mine, uuid.UUID(other)).id) == shown
        assert may_lock(theirs, other)
        assert not may_lock(theirs, shown)
        # Whoever points to it, with a photo or a check, does not wait.
        assert may_lock(theirs, shown, strength="KEY SHARE")


def test_who_merges_holds_all_that_is_written_from_the_start(people: People, phone: Phone) -> None:
    shown, other = merged(phone)
    third = phone.add()["asset_id"]
    with transaction(people.as_app) as mine, transaction(people.as_app) as theirs:
        lock_group(mine, ids=[uuid.UUID(shown), uuid.UUID(third)])
        assert [may_lock(theirs, one) for one in (shown, other, third)] == [False] * 3


def test_what_is_merged_while_somebody_waits_is_sent_again(people: People, phone: Phone) -> None:
    """Whoever waited finds that the asset is shown as another, and writes nothing."""
    shown, other = merged(phone)
    last = phone.add()["asset_id"]
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(Phone(people).check(other)))
    with people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE assets SET duplicate_of = CAST(:to AS uuid) WHERE id = :id"),
            {"to": last, "id": shown},
        )
        waiting.start()
        wait_until_somebody_waits(people)
    waiting.join(timeout=30)
    [answer] = answers
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert phone.check(other).json()["asset_id"] == last


def wait_until_somebody_waits(people: People) -> None:
    """Return once a transaction of this database waits for another one's lock."""
    asked = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with people.engine.connect() as connection:
            if connection.execute(
                sa.text(f"{asked} WHERE NOT l.granted AND a.datname = current_database()")
            ).scalar():
                return
    raise AssertionError("nobody waits")
