"""Which pairs are found, which are not, and that looking is bounded."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.cli import cli
from app.database import KEEPER_ROLE
from app.duplicates import actions, queries
from app.duplicates.merging import tell_apart
from app.models import AssetKind
from app.settings import get_settings
from geo.interests import Vocabulary
from tests import builders
from tests.duplicates.pairs import EDITOR, council_source, make_two, north, statuses
from tests.people import People

pytestmark = pytest.mark.usefixtures("vocabulary")


def names(session: Session) -> list[set[str]]:
    return [{row.name, row.other_name} for row in queries.list_likely(session, limit=100)]


def test_a_pair_of_two_sources_is_found_with_its_reasons(session: Session) -> None:
    two = make_two(session)
    assert actions.find_all(session) == (2, 1)
    [row] = queries.list_likely(session, limit=10)
    assert {row.asset_id, row.other_id} == {two.council.id, two.other.id}
    assert row.asset_id < row.other_id
    assert row.reasons == ["The names are the same", "30 m apart", "Different telephone numbers"]
    assert actions.find_all(session) == (2, 0), "a second time there is nothing new"


def test_a_pair_within_one_source_is_found(session: Session) -> None:
    source = council_source(session)
    for metres in (0, 60):
        builders.make_asset(session, "Lund Park Bowls", at=north(metres), source=source)
    actions.find_all(session)
    assert names(session) == [{"Lund Park Bowls"}]


@pytest.mark.parametrize(
    "shared",
    [
        {"phone": "01274 496000"},
        {"website": "https://www.library.example/"},
        {"charity_number": "1234567"},
        {"postcode": "BD18 3QH"},
    ],
)
def test_what_is_far_but_shares_something_is_compared(
    session: Session, shared: dict[str, Any]
) -> None:
    builders.make_asset(session, "Shipley Library", at=north(0), **shared)
    other = shared | ({"website": "http://library.example"} if "website" in shared else {})
    one = builders.make_asset(session, "Shipley Library", at=north(800), **other)
    assert len(queries.list_candidates(session, ids=[one.id])) == 1


def test_what_is_far_and_shares_nothing_is_not_compared(session: Session) -> None:
    builders.make_asset(session, "Shipley Library", at=north(0))
    one = builders.make_asset(session, "Shipley Library", at=north(151))
    assert queries.list_candidates(session, ids=[one.id]) == []


def test_private_numbers_gone_linked_and_informal_ones_are_left_out(session: Session) -> None:
    one = builders.make_asset(session, "Shipley Library", at=north(0), phone="01274 496000")
    far = north(5000)
    builders.make_asset(session, "Shipley Library", at=far, phone="01274 496000",
                        is_contact_public=False)  # fmt: skip
    builders.make_asset(session, "Shipley Library", at=north(3), gone_at=sa.func.now())
    builders.make_asset(session, "Shipley Library", at=north(4), duplicate_of=one.id)
    builders.make_ward(session)
    builders.make_asset(session, "Shipley Library", kind=AssetKind.INFORMAL, at=north(5),
                        location_source="ward", ward_code="E05001347")  # fmt: skip
    assert queries.list_candidates(session, ids=[one.id]) == []


def test_what_was_told_apart_is_not_found_again(session: Session) -> None:
    two = make_two(session)
    actions.find_all(session)
    tell_apart(session, one=two.council.id, other=two.other.id, account_id=EDITOR)
    actions.find_all(session)
    assert names(session) == []
    assert statuses(session) == ["not_a_duplicate"]
    assert queries.list_candidates(session, ids=[two.council.id]) == []


def test_a_pair_that_is_likely_no_more_is_forgotten(session: Session) -> None:
    two = make_two(session)
    actions.find_all(session)
    two.other.name = "The Fox Inn"
    session.flush()
    actions.find_all(session)
    assert statuses(session) == []


def test_only_what_changed_is_looked_at_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    find_pairs = actions.find_pairs

    def watched(given: Session, *, ids: list[uuid.UUID]) -> tuple[int, int]:
        looked.append(len(ids))
        return find_pairs(given, ids=ids)

    monkeypatch.setattr(actions, "find_pairs", watched)
    two = make_two(session)
    # Long ago: what changed within the hour is looked at again, as a long import may be.
    session.execute(sa.text("ALTER TABLE assets DISABLE TRIGGER bump_version"))
    session.execute(sa.text("UPDATE assets SET updated_at = now() - interval '2 hours'"))
    session.execute(sa.text("ALTER TABLE assets ENABLE TRIGGER bump_version"))
    assert actions.find_changed(session) == 1
    assert actions.find_changed(session) == 0
    assert looked == [2]
    two.other.name = "Shipley Libary"
    session.flush()
    actions.find_changed(session)
    assert looked == [2, 1]


def test_one_run_of_housekeeping_is_bounded(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_CHANGED", 3)
    for number in range(5):
        builders.make_asset(session, f"Hall {number}", at=north(500.0 * number))
    session.execute(sa.text("ALTER TABLE assets DISABLE TRIGGER bump_version"))
    session.execute(sa.text("UPDATE assets SET updated_at = now() - interval '2 hours'"))
    session.execute(sa.text("ALTER TABLE assets ENABLE TRIGGER bump_version"))
    for left in (2, 0):
        actions.find_changed(session)
        assert len(queries.list_changed(session, limit=10)) == left


def test_many_at_one_door_are_bounded(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_NEAR", "MOST_ALIKE"):
        monkeypatch.setattr(queries, name, 4)
    made = [
        builders.make_asset(session, "Hall", at=north(n / 10), postcode="BD1 1HY")
        for n in range(12)
    ]
    assert 4 <= len(queries.list_candidates(session, ids=[made[0].id])) <= 8


def test_candidates_are_found_by_index(connection: sa.Connection, session: Session) -> None:
    builders.store_many(connection, count=4000)
    connection.execute(sa.text("ANALYZE assets"))
    some = connection.execute(sa.text("SELECT id FROM assets LIMIT 100")).scalars().all()
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
    )
    queries.list_candidates(session, ids=some)
    [(statement, values)] = asked
    (tree,) = json.loads(
        json.dumps(
            connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
        )
    )
    whole = {n["Relation Name"] for n in nodes(tree["Plan"]) if n["Node Type"] == "Seq Scan"}
    assert "assets" not in whole


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def test_the_keeper_may_look_and_store(people: People, vocabulary: Vocabulary) -> None:
    with Session(people.engine) as session:
        make_two(session)
        session.execute(sa.text(f"SET LOCAL ROLE {KEEPER_ROLE}"))
        assert actions.find_changed(session) == 1
        session.rollback()


def test_the_command_says_what_it_found(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    with Session(people.engine) as session:
        ids = [side.id for side in vars(make_two(session)).values()]
        session.commit()
    monkeypatch.setenv("DATABASE_URL", people.settings.database_url)
    get_settings.cache_clear()
    try:
        done = CliRunner().invoke(cli, ["duplicates", "find"])
        assert done.exit_code == 0, done.output
        assert "1 new likely pairs, 1 to decide on in all" in done.output
        in_city = CliRunner().invoke(cli, ["duplicates", "find", "--ward", "City"])
        assert "0 new likely pairs" in in_city.output
        nowhere = CliRunner().invoke(cli, ["duplicates", "find", "--ward", "Nowhere"])
        assert nowhere.exit_code == 1
        assert "There is no ward" in str(nowhere.exception)
    finally:
        get_settings.cache_clear()
        with people.engine.begin() as connection:
            connection.execute(
                sa.text("DELETE FROM activities WHERE organizer_id = ANY(:ids)"), {"ids": ids}
            )
            connection.execute(sa.text("DELETE FROM assets WHERE id = ANY(:ids)"), {"ids": ids})
