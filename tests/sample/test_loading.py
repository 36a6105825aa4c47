"""The whole town goes in without one problem, and a second time without a change."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.importers.folder import NOT_RECOGNISED, load_folder
from app.importers.records import Report
from geo.interests import Vocabulary

# No importer takes these: people are no open data. The rest is how the files are made.
FOR_LATER = {
    "residents.csv", "people_at_home.csv", "accounts.csv", "connections.csv", "diary.csv",
    "suggestions.csv",
}  # fmt: skip
MADE_BY = {".py", ".toml", ".md", ".pyc"}


@pytest.fixture
def reports(connection: sa.Connection, vocabulary: Vocabulary, sample: Path) -> list[Report]:
    assert vocabulary
    return load_folder(connection, sample)


def counted(session: Session, sql: str) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in session.execute(sa.text(sql))}


def test_every_file_loads_without_a_problem(session: Session, reports: list[Report]) -> None:
    loaded = [report for report in reports if report.status != NOT_RECOGNISED]
    assert {report.status for report in loaded} == {"loaded"}
    assert [(report.file_name, report.reasons) for report in loaded if report.problems] == []
    rest = {Path(r.file_name) for r in reports if r.status == NOT_RECOGNISED}
    assert {path.name for path in rest if path.suffix not in MADE_BY} <= FOR_LATER
    assert counted(session, "SELECT 'all', count(*) FROM import_problems") == {"all": 0}


def test_it_is_stored_in_full(session: Session, reports: list[Report]) -> None:
    assert reports
    kinds = counted(session, "SELECT kind, count(*) FROM assets GROUP BY kind")
    assert kinds["care_home"] == 9
    assert kinds["surgery"] == 3
    assert kinds["venue"] >= 40
    assert kinds["group"] >= 45
    assert kinds["informal"] == 12
    visits = counted(session, "SELECT comes_to_homes, count(*) FROM activities GROUP BY 1")
    assert visits["True"] >= 29
    assert visits["False"] >= 60
    areas = counted(session, "SELECT area_type, count(*) FROM areas GROUP BY 1")
    assert areas == {"ward": 6, "lsoa": 14}


def test_every_activity_has_a_point_and_skills_only_their_wards(
    session: Session, reports: list[Report]
) -> None:
    assert reports
    without = "SELECT 'activities', count(*) FROM activities WHERE geom IS NULL"
    assert counted(session, without) == {"activities": 0}
    by_ward = "SELECT kind, count(*) FROM assets WHERE location_source = 'ward' GROUP BY kind"
    assert counted(session, by_ward) == {"informal": 12}


def test_a_mappers_places_are_linked_to_our_own(session: Session, reports: list[Report]) -> None:
    assert reports
    linked = session.execute(
        sa.text(
            """
            SELECT a.name, o.name FROM assets a JOIN assets o ON o.id = a.duplicate_of
            ORDER BY a.name
            """
        )
    ).all()
    assert [tuple(row) for row in linked] == [
        ("Ings Bowling Green", "Ings Bowling Green and Pavilion"),
        ("St Oswald's Church", "St Oswald's Church"),
        ("The Fleece", "The Fleece"),
    ]


def test_loading_again_changes_nothing(
    connection: sa.Connection, reports: list[Report], sample: Path
) -> None:
    assert reports
    again = [r for r in load_folder(connection, sample) if r.status != NOT_RECOGNISED]
    assert {(r.status, r.new, r.changed, r.gone) for r in again} == {("unchanged", 0, 0, 0)}
