"""What is said of a value that is left out: the words of the file, and the row."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from app.importers.checking import AssetChecker
from app.importers.interest_ids import InterestIds
from app.importers.records import AssetRecord, OpeningHours, Problem
from app.models import AssetKind


def checked(connection: sa.Connection, **values: Any) -> tuple[AssetRecord, list[Problem]]:
    found: list[Problem] = []
    record = AssetRecord(7, "a", AssetKind.CARE_HOME, "Oak House", **values)
    assert AssetChecker(InterestIds(connection), found.append).check(record)
    return record, found


@pytest.mark.parametrize("beds", ["about 30", "-5", 2001, -1])
def test_beds_that_cannot_be(connection: sa.Connection, beds: int | str) -> None:
    record, [problem] = checked(connection, beds=beds)
    assert record.beds is None
    assert (problem.row_number, problem.is_stored) == (7, True)
    assert f"“{beds}” is not a plausible number of beds" in problem.message


@pytest.mark.parametrize("beds", [None, 0, 32, 2000])
def test_beds_that_can_be(connection: sa.Connection, beds: int | None) -> None:
    record, problems = checked(connection, beds=beds)
    assert (record.beds, problems) == (beds, [])


def test_opening_hours_that_cannot_be(connection: sa.Connection) -> None:
    spans = (OpeningHours(0, "09:00", "17:00"), OpeningHours(1, "09:00", "25:99"))
    record, [problem] = checked(connection, opening_hours=spans)
    assert record.opening_hours is None
    assert "“09:00 to 25:99” is not a list of opening hours" in problem.message
