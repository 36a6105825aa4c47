from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.importers.duplicates import LEAST_LIKENESS
from app.importers.options import ReadOptions
from app.importers.run import load_file
from geo.likeness import likeness
from tests.importers.files import CITY_HALL, write_assets

LON, LAT = CITY_HALL
METRE_NORTH = 1 / 111_300


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Keighley Library", "KEIGHLEY LIBRARY"),
        ("St John's Church", "Saint Johns Church"),
        ("The Willows Medical Practice", "The Willows Medical Centre"),
        ("Little Horton Lane Medical Centre - Raja", "Little Horton Lane Medical Centre"),
        ("Boots", "Boots Pharmacy"),
        ("The Foothills", "Foothills Residential Home"),
        ("Rooley Lane Med. Centre", "Rooley Lane Medical Centre"),
    ],
)
def test_names_of_one_place(one: str, other: str) -> None:
    assert likeness(one, other) >= LEAST_LIKENESS
    assert likeness(one, other) == likeness(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Shipley Library", "Shipley College"),
        ("Queens Park", "Queens Park Tavern Pub"),
        ("Adswood Community Centre", "Adswood Pharmacy"),
        ("Surgery 1", "Surgery 2"),
        ("Library", "Community Centre"),
        ("Queensbury Library", "The Queensbury Tavern"),
        ("Whetley Medical Centre", "Ashwell Medical Centre"),
        ("St John's Church", "St Mary's Church"),
    ],
)
def test_names_of_two_places(one: str, other: str) -> None:
    assert likeness(one, other) < LEAST_LIKENESS


def load(
    connection: sa.Connection,
    folder: Path,
    source: str,
    *places: tuple[str, str, float],
    kind: str = "venue",
) -> None:
    """Load places of a source: id, name, metres north of the city hall."""
    rows = [
        {"id": id_, "kind": kind, "name": name, "lon": LON, "lat": LAT + metres * METRE_NORTH}
        for id_, name, metres in places
    ]
    path = write_assets(folder, rows, name=f"{source}.csv")
    load_file(connection, path, options=ReadOptions(source=source, allow_shrink=True))


def trust(connection: sa.Connection, source: str, precedence: int) -> None:
    connection.execute(
        sa.text("INSERT INTO sources (slug, name, publisher, licence, attribution, precedence)"
                " VALUES (:slug, 'n', 'p', 'l', 'a', :precedence)"),
        {"slug": source, "precedence": precedence},
    )  # fmt: skip


def links(connection: sa.Connection) -> dict[str, str]:
    rows: Any = connection.execute(
        sa.text("SELECT a.source_key, r.source_key FROM assets a JOIN assets r"
                " ON r.id = a.duplicate_of")
    )  # fmt: skip
    return dict(tuple(row) for row in rows)


def test_one_place_of_two_sources_is_linked_and_shown_once(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load(connection, tmp_path, "council", ("c1", "Shipley Library", 0))
    load(connection, tmp_path, "maps", ("m1", "Shipley Library", 60), ("m2", "The Old Tramshed", 9))
    assert links(connection) == {"m1": "c1"}
    shown = connection.execute(sa.text("SELECT name FROM public_assets ORDER BY name")).scalars()
    assert list(shown) == ["Shipley Library", "The Old Tramshed"]


def test_too_far_apart_or_of_another_kind_is_not_linked(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load(connection, tmp_path, "council", ("c1", "Shipley Library", 0))
    load(connection, tmp_path, "far", ("m1", "Shipley Library", 151))
    load(connection, tmp_path, "other", ("m2", "Shipley Library", 10), kind="surgery")
    assert links(connection) == {}


def test_one_source_is_never_linked_with_itself(connection: sa.Connection, tmp_path: Path) -> None:
    places = [("m1", "Pitch", 0), ("m2", "Pitch", 20)]
    load(connection, tmp_path, "maps", *places)
    load(connection, tmp_path, "council", ("c1", "Pitch", 1))
    assert links(connection) == {"c1": "m1"}


def test_the_more_trusted_source_is_shown_whichever_came_first(
    connection: sa.Connection, tmp_path: Path
) -> None:
    # The generic reader sets its own precedence at each load: set the other way round after.
    load(connection, tmp_path, "maps", ("m1", "Shipley Library", 60))
    connection.execute(sa.text("UPDATE sources SET precedence = 90 WHERE slug = 'maps'"))
    load(connection, tmp_path, "council", ("c1", "Shipley Library", 0))
    assert links(connection) == {"m1": "c1"}


def test_three_sources_point_at_one_root(connection: sa.Connection, tmp_path: Path) -> None:
    for source, metres in (("one", 0), ("two", 100), ("three", 200)):
        load(connection, tmp_path, source, (source, "Shipley Library", metres))
    # Three is too far from one by itself: two joins them, and nothing points at a pointer.
    assert links(connection) == {"two": "one", "three": "one"}


def test_when_the_root_goes_the_others_stand_again(
    connection: sa.Connection, tmp_path: Path
) -> None:
    for source, metres in (("one", 0), ("two", 10), ("three", 20)):
        load(connection, tmp_path, source, (source, "Shipley Library", metres))
    load(connection, tmp_path, "one", ("other", "Windhill Hall", 3000))
    assert links(connection) == {"three": "two"}
    load(connection, tmp_path, "one", ("one", "Shipley Library", 0))
    assert links(connection) == {"two": "one", "three": "one"}


def test_a_renamed_place_is_unlinked(connection: sa.Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, "council", ("c1", "Shipley Library", 0))
    load(connection, tmp_path, "maps", ("m1", "Shipley Library", 10))
    load(connection, tmp_path, "maps", ("m1", "Windhill Hall", 10))
    assert links(connection) == {}


def test_loading_again_leaves_links_and_versions(connection: sa.Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, "council", ("c1", "Shipley Library", 0))
    load(connection, tmp_path, "maps", ("m1", "Shipley Library", 10))
    versions = "SELECT source_key, version FROM assets ORDER BY 1"
    before = connection.execute(sa.text(versions)).all()
    load(connection, tmp_path, "maps", ("m1", "Shipley Library", 10))
    load(connection, tmp_path, "council", ("c1", "Shipley Library", 0))
    assert connection.execute(sa.text(versions)).all() == before
