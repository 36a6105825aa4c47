"""Merging, telling apart and taking back: what is written, what is refused, what comes back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets.editing import Change, change_asset, mark_gone
from app.assets.queries import list_activities
from app.duplicates.merging import Refused, merge, take_back, tell_apart
from app.duplicates.sides import read_pair
from tests import builders
from tests.duplicates.pairs import EDITOR, Two, make_two, merge_two, north, row_of, statuses

pytestmark = pytest.mark.usefixtures("vocabulary")


@pytest.fixture
def two(session: Session) -> Two:
    return make_two(session)


def facts(session: Session, two: Two) -> tuple[Any, Any]:
    session.expire_all()
    return row_of(session, two.council.id), row_of(session, two.other.id)


def history(session: Session, asset_id: Any) -> list[tuple[str, str]]:
    rows = session.execute(
        sa.text("SELECT action, acting_as FROM asset_changes WHERE asset_id = :id ORDER BY id"),
        {"id": asset_id},
    )
    return [(row.action, row.acting_as) for row in rows][1:]


def test_merging_shows_one_with_the_activities_of_both(session: Session, two: Two) -> None:
    merge_two(session, two.council.id, two.other.id)
    shown = session.execute(sa.text("SELECT name FROM public_assets")).scalars()
    assert list(shown) == ["Shipley Library"]
    held = list_activities(session.connection(), asset_id=two.council.id)
    assert {row.name for row in held} == {"Poetry hour", "Knitting circle"}
    assert statuses(session) == ["merged"]
    assert history(session, two.other.id) == [("merged", "editor")]


def test_only_chosen_facts_are_copied_and_then_kept(session: Session, two: Two) -> None:
    merge_two(session, two.council.id, two.other.id,
              website=two.other.id, place=two.other.id, phone=two.council.id)  # fmt: skip
    council, _ = facts(session, two)
    assert council.website == "https://library.example"
    assert council.phone == "01274 496000"
    apart_m = read_pair(session, one=two.council.id, other=two.other.id).distance_m
    assert apart_m == pytest.approx(0, abs=0.2)
    assert council.kept_fields == ["accuracy_m", "geom", "location_source", "ward_code", "website"]
    assert history(session, two.council.id) == [("changed", "editor")]


def test_what_pointed_to_the_other_points_to_the_kept_one(session: Session, two: Two) -> None:
    third = builders.make_asset(session, "Library", at=north(9), duplicate_of=two.other.id)
    merge_two(session, two.council.id, two.other.id)
    assert row_of(session, third.id).duplicate_of == two.council.id
    take_back(session, one=two.council.id, other=two.other.id, account_id=EDITOR)
    assert row_of(session, third.id).duplicate_of == two.other.id
    assert row_of(session, two.other.id).duplicate_of is None


def test_taking_back_parts_them_and_gives_back_the_facts(session: Session, two: Two) -> None:
    before = facts(session, two)
    merge_two(session, two.council.id, two.other.id, website=two.other.id,
              place=two.other.id, interests=two.other.id)  # fmt: skip
    assert facts(session, two)[0].interest_ids == []
    undone = take_back(session, one=two.council.id, other=two.other.id, account_id=EDITOR)
    assert undone.staying == ()
    changing = {"version", "updated_at", "xmin"}
    for was, now in zip(before, facts(session, two), strict=True):
        assert {k: v for k, v in was._mapping.items() if k not in changing} == {
            k: v for k, v in now._mapping.items() if k not in changing
        }
    undoes = session.execute(
        sa.text("SELECT c.action, u.action FROM asset_changes c JOIN asset_changes u"
                " ON u.id = c.undoes ORDER BY c.id")
    ).all()  # fmt: skip
    assert [tuple(row) for row in undoes] == [("changed", "changed"), ("parted", "merged")]
    assert statuses(session) == ["likely"]


def test_a_fact_changed_since_stays_and_is_named(session: Session, two: Two) -> None:
    merge_two(session, two.council.id, two.other.id,
              website=two.other.id, phone=two.other.id)  # fmt: skip
    council = row_of(session, two.council.id)
    change_asset(
        session, asset_id=council.id, seen_version=council.version, acting_as="mapper",
        changes={"phone": Change("01274 496111", "01274 496222")},
    )  # fmt: skip
    undone = take_back(session, one=two.council.id, other=two.other.id, account_id=EDITOR)
    assert undone.staying == ("phone",)
    council, other = facts(session, two)
    assert (council.phone, council.website) == ("01274 496222", None)
    assert council.kept_fields == ["phone"]
    assert other.duplicate_of is None


def test_nothing_is_copied_from_or_into_a_share_alike_source(session: Session) -> None:
    two = make_two(session, shared=True)
    for kept, lost in ((two.council, two.other), (two.other, two.council)):
        pair = read_pair(session, one=kept.id, other=lost.id)
        assert pair.copyable == []
        assert "does not allow mixing" in (pair.why_nothing_is_copied or "")
        website = kept.website
        merge_two(session, kept.id, lost.id, website=lost.id, phone=lost.id)
        assert row_of(session, kept.id).website == website
        assert row_of(session, kept.id).kept_fields == []
        assert row_of(session, lost.id).duplicate_of == kept.id
        take_back(session, one=kept.id, other=lost.id, account_id=EDITOR)


def test_a_private_contact_stays_where_it_is(session: Session, two: Two) -> None:
    two.other.is_contact_public = False
    session.flush()
    pair = read_pair(session, one=two.council.id, other=two.other.id)
    assert "phone" in pair.differing
    assert "phone" not in pair.copyable
    assert all("01274 496111" not in str(side.facts) for side in pair.sides)
    merge_two(session, two.council.id, two.other.id, phone=two.other.id)
    assert row_of(session, two.council.id).phone == "01274 496000"


def test_a_merge_of_something_changed_meanwhile_tells(session: Session, two: Two) -> None:
    pair = read_pair(session, one=two.council.id, other=two.other.id)
    seen = {side.id: side.row.version for side in pair.sides}
    two.other.phone = "01274 496999"
    session.flush()
    session.expire_all()
    with pytest.raises(Refused, match=r"^[AB] was changed after you opened this page"):
        merge(
            session, one=two.council.id, other=two.other.id, kept_id=two.council.id, seen=seen,
            take={}, account_id=EDITOR,
        )  # fmt: skip
    assert row_of(session, two.other.id).duplicate_of is None


def test_what_has_gone_or_was_merged_elsewhere_is_not_merged(session: Session, two: Two) -> None:
    third = builders.make_asset(session, "Shipley Library", at=north(4))
    merge_two(session, third.id, two.other.id)
    with pytest.raises(Refused, match="has been merged with another entry"):
        merge_two(session, two.council.id, two.other.id)
    mark_gone(session, asset_id=third.id, acting_as="mapper")
    with pytest.raises(Refused, match="has gone"):
        merge_two(session, two.council.id, third.id)


def test_what_was_told_apart_does_not_come_together_by_way_of_a_third(
    session: Session, two: Two
) -> None:
    third = builders.make_asset(session, "Shipley Reading Room", at=north(4))
    tell_apart(session, one=two.council.id, other=third.id, account_id=EDITOR)
    merge_two(session, two.other.id, third.id)
    with pytest.raises(Refused, match="are two places"):
        merge_two(session, two.council.id, two.other.id)
    take_back(session, one=two.council.id, other=third.id, account_id=EDITOR)
    merge_two(session, two.council.id, two.other.id)
    assert row_of(session, third.id).duplicate_of == two.council.id


def test_taking_back_one_of_two_merges_leaves_the_other(session: Session, two: Two) -> None:
    third = builders.make_asset(session, "Shipley Reading Room", at=north(4))
    merge_two(session, two.council.id, two.other.id)
    merge_two(session, third.id, two.council.id)
    take_back(session, one=two.council.id, other=two.other.id, account_id=EDITOR)
    assert row_of(session, two.other.id).duplicate_of is None
    assert row_of(session, two.council.id).duplicate_of == third.id
    take_back(session, one=third.id, other=two.council.id, account_id=EDITOR)
    assert row_of(session, two.council.id).duplicate_of is None
    assert row_of(session, two.other.id).duplicate_of is None, "it was parted already"


def test_what_an_import_linked_can_be_told_apart(session: Session, two: Two) -> None:
    two.other.duplicate_of = two.council.id
    session.flush()
    tell_apart(session, one=two.other.id, other=two.council.id, account_id=EDITOR)
    assert row_of(session, two.other.id).duplicate_of is None
    assert statuses(session) == ["not_a_duplicate"]


def test_twice_is_told(session: Session, two: Two) -> None:
    merge_two(session, two.council.id, two.other.id)
    with pytest.raises(Refused, match="merged these two meanwhile"):
        merge_two(session, two.council.id, two.other.id)
    with pytest.raises(Refused, match="merged these two meanwhile"):
        tell_apart(session, one=two.council.id, other=two.other.id, account_id=EDITOR)
    take_back(session, one=two.council.id, other=two.other.id, account_id=EDITOR)
    with pytest.raises(Refused, match="taken this back already"):
        take_back(session, one=two.council.id, other=two.other.id, account_id=EDITOR)


def test_of_two_editors_at_once_one_is_told(engine: sa.Engine) -> None:
    """Both have the page open and press Merge, each keeping another: one wins, nothing is mixed."""
    with Session(engine) as session:
        sources = set(session.execute(sa.text("SELECT id FROM sources")).scalars())
        source = builders.make_source(session, "race")
        one = builders.make_asset(session, "Windhill Hall", at=north(0), source=source).id
        other = builders.make_asset(session, "Windhill Hall", at=north(5), source=source).id
        session.commit()
    start, outcomes = threading.Barrier(2), []

    def press(kept: Any) -> None:
        with Session(engine) as own:
            seen = {s.id: s.row.version for s in read_pair(own, one=one, other=other).sides}
            own.commit()
            start.wait(timeout=30)
            try:
                merge(
                    own, one=one, other=other, kept_id=kept, seen=seen, take={}, account_id=EDITOR
                )
                own.commit()
                outcomes.append("merged")
            except Refused as refused:
                own.rollback()
                outcomes.append(str(refused))

    threads = [threading.Thread(target=press, args=(kept,)) for kept in (one, other)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        told = [outcome for outcome in outcomes if outcome != "merged"]
        assert len(outcomes) == 2
        assert ["merged these two meanwhile" in sentence for sentence in told] == [True]
        with engine.connect() as connection:
            links = connection.execute(
                sa.text("SELECT count(*) FROM assets WHERE duplicate_of IS NOT NULL"
                        " AND id = ANY(:ids)"), {"ids": [one, other]}
            ).scalar_one()  # fmt: skip
        assert links == 1
    finally:
        with engine.begin() as connection:
            ids = {"ids": [one, other]}
            connection.execute(
                sa.text("UPDATE assets SET duplicate_of = NULL WHERE id = ANY(:ids)"), ids
            )
            connection.execute(sa.text("DELETE FROM assets WHERE id = ANY(:ids)"), ids)
            connection.execute(
                sa.text("DELETE FROM sources WHERE NOT id = ANY(:there)"), {"there": list(sources)}
            )
