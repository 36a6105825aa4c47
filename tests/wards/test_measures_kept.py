"""Keeping the figures of wards: housekeeping, a district that fails, and the command."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from rich.console import Console

from app.accounts.housekeeping import JOBS, keep_house
from app.areas.access_actions import refresh_each
from app.areas.cli import work_out_measures
from app.errors import NotFound
from app.settings import Settings
from tests.wards.test_measures import ELLERDALE, engine, settings

__all__ = ["engine", "settings"]


def test_housekeeping_does_it_too(settings: Settings, engine: sa.Engine) -> None:
    what = "wards whose figures were due"
    assert what in {job.what for job in JOBS}
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM ward_measures"))
    assert keep_house(settings)[what] == 6
    assert keep_house(settings)[what] == 0


BREAK_ONE_OF_TWO = """
CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.release = '2013' THEN RAISE 'broken on purpose'; END IF;
  IF current_setting('statement_timeout') <> '0' THEN RAISE 'it would be cut short'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER breaks BEFORE INSERT ON ward_measures FOR EACH ROW EXECUTE FUNCTION breaks();
UPDATE areas SET release = '2013' WHERE area_type = 'ward' AND gss_code = 'E05999004';
DELETE FROM ward_measures;
"""
MEND = """
DROP TRIGGER breaks ON ward_measures;
DROP FUNCTION breaks;
UPDATE areas SET release = '2025' WHERE area_type = 'ward' AND gss_code = 'E05999004';
DELETE FROM ward_measures;
"""


def test_a_district_that_fails_leaves_the_others_their_figures(
    settings: Settings, engine: sa.Engine
) -> None:
    with engine.begin() as connection:
        releases = connection.execute(
            sa.text("SELECT DISTINCT release FROM areas WHERE area_type = 'ward'")
        ).scalars()
        assert list(releases) == ["2025"]
        connection.execute(sa.text(BREAK_ONE_OF_TWO))
    try:
        # Older boundaries come first: what is worked out after the failure counts too.
        with pytest.raises(sa.exc.DatabaseError, match="broken on purpose"):
            keep_house(settings)
        with engine.connect() as connection:
            kept = connection.execute(
                sa.text("SELECT release, count(DISTINCT gss_code) FROM ward_measures GROUP BY 1")
            ).all()
        # Five wards, and the district itself.
        assert [tuple(row) for row in kept] == [("2025", 6)]
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(MEND))
    assert keep_house(settings)["wards whose figures were due"] == 6


def test_the_command_says_what_it_did(settings: Settings, engine: sa.Engine) -> None:
    said = io.StringIO()
    done = work_out_measures(settings, lad_code=ELLERDALE, is_forced=True,
                             console=Console(file=said, width=200))  # fmt: skip
    assert done == 1
    assert "worked out for 6 wards" in said.getvalue()
    assert work_out_measures(settings, console=Console(file=said)) == 0
    with pytest.raises(NotFound, match="E07999002"):
        work_out_measures(settings, lad_code="E07999002", console=Console(file=said))
    told: list[int] = []
    refresh_each(engine, told=lambda _, of: told.append(of))
    assert told == [1]
