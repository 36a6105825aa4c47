"""An import respects what people decided about pairs, also by way of a third entry."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets.editing import mark_gone
from app.duplicates.merging import merge, take_back, tell_apart
from app.duplicates.sides import read_pair
from tests.importers.test_duplicates import links, load

EDITOR = uuid.uuid4()


@pytest.fixture
def loaded(session: Session, tmp_path: Path) -> Path:
    """Three sources know a library; the map has it twice, and a house beside it."""
    connection = session.connection()
    load(connection, tmp_path, "council", ("c1", "Shipley Library", 0))
    load(connection, tmp_path, "maps", ("m1", "Shipley Library", 20), ("m2", "The Reading Room", 5))
    load(connection, tmp_path, "other", ("o1", "Shipley Library", 40))
    assert links(connection) == {"m1": "c1", "o1": "c1"}
    return tmp_path


def ids(session: Session) -> dict[str, uuid.UUID]:
    rows = session.execute(sa.text("SELECT source_key, id FROM assets"))
    return {row.source_key: row.id for row in rows}


def decide(session: Session, what: str, one: str, other: str) -> None:
    """Decide about a pair by keys; of a merge the first is kept."""
    of = ids(session)
    pair = {"one": of[one], "other": of[other], "account_id": EDITOR}
    if what == "merge":
        seen = {s.id: s.row.version for s in read_pair(session, one=of[one], other=of[other]).sides}
        merge(session, **pair, kept_id=of[one], seen=seen, take={})
    else:
        {"apart": tell_apart, "undo": take_back}[what](session, **pair)


def load_all_anew(session: Session, folder: Path) -> dict[str, str]:
    """Load every file again with something new in it, so that all are grouped anew."""
    connection = session.connection()
    for source, places in {
        "council": [("c1", "Shipley Library", 1)],
        "maps": [("m1", "Shipley Library", 21), ("m2", "The Reading Room", 6)],
        "other": [("o1", "Shipley Library", 41)],
    }.items():
        load(connection, folder, source, *places)
    return links(connection)


def test_what_was_told_apart_is_never_linked_again(session: Session, loaded: Path) -> None:
    decide(session, "apart", "c1", "m1")
    assert links(session.connection()) == {"o1": "c1"}
    # o1 is alike to both: it must not bring them together.
    assert load_all_anew(session, loaded) in ({"o1": "c1"}, {"o1": "m1"})


def test_what_was_merged_is_never_unlinked(session: Session, loaded: Path) -> None:
    decide(session, "merge", "c1", "m2")
    everything = {"m1": "c1", "m2": "c1", "o1": "c1"}
    assert links(session.connection()) == everything
    assert load_all_anew(session, loaded) == everything


def test_the_entry_people_kept_is_shown_whatever_its_source(session: Session, loaded: Path) -> None:
    # c1 and what pointed to it go to m2, which is of a source with the same trust and later.
    decide(session, "merge", "m2", "c1")
    everything = {"c1": "m2", "m1": "m2", "o1": "m2"}
    assert links(session.connection()) == everything
    assert load_all_anew(session, loaded) == everything


def test_told_apart_from_what_was_merged_stays_apart(session: Session, loaded: Path) -> None:
    decide(session, "apart", "m2", "m1")
    decide(session, "apart", "c1", "m1")
    decide(session, "apart", "c1", "o1")
    decide(session, "merge", "c1", "m2")
    assert load_all_anew(session, loaded) == {"m2": "c1", "o1": "m1"}


def test_what_was_taken_back_is_an_imports_to_link(session: Session, loaded: Path) -> None:
    decide(session, "apart", "c1", "m1")
    decide(session, "undo", "c1", "m1")
    assert load_all_anew(session, loaded) == {"m1": "c1", "o1": "c1"}


def test_merging_again_and_again_leaves_one_root(session: Session, loaded: Path) -> None:
    decide(session, "merge", "c1", "m2")
    load(session.connection(), loaded, "fourth", ("f1", "Carnegie Hall", 9))
    decide(session, "merge", "f1", "c1")
    everything = {"c1": "f1", "m1": "f1", "m2": "f1", "o1": "f1"}
    assert links(session.connection()) == everything
    assert load_all_anew(session, loaded) == everything


def test_a_merge_within_one_source_holds_when_only_one_of_them_changed(
    session: Session, tmp_path: Path
) -> None:
    connection = session.connection()
    many = [(f"x{n}", f"Garden {chr(65 + n)}", 300.0 + 300 * n) for n in range(8)]
    load(connection, tmp_path, "council", ("c1", "Windhill Hall", 9000))
    load(connection, tmp_path, "maps", ("m1", "Quay Green", 0), ("m2", "Green", 50), *many)
    decide(session, "merge", "m1", "m2")
    # All but m1 change, and there are fewer rows of other sources than changed ones.
    moved = [(key, name, metres + 1) for key, name, metres in many]
    load(connection, tmp_path, "maps", ("m1", "Quay Green", 0), ("m2", "Green", 51), *moved)
    assert links(connection) == {"m2": "m1"}


def test_what_people_found_gone_takes_along_what_leads_to_it(
    session: Session, loaded: Path
) -> None:
    mark_gone(session, asset_id=ids(session)["c1"], acting_as="mapper")
    assert load_all_anew(session, loaded) == {"m1": "c1", "o1": "c1"}
    shown = session.execute(sa.text("SELECT name FROM public_assets")).scalars()
    assert list(shown) == ["The Reading Room"]
