"""Figures about areas, and the lookup from LSOA to ward: replaced as their publisher has them.

These tables keep no "gone": a figure that a newer file of the same date lacks is deleted, and
counted as gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.importers.items import FiguresRecord, LookupRecord
from app.importers.records import Problem
from app.importers.stages.stage import Counts, Run, Stage
from app.models import ProblemReason

# Counted by area, because a row of the file is an area with its figures.
COUNT_FIGURES = """
  WITH compared AS (
    SELECT s.gss_code, bool_and(f.value IS NULL) AS is_new,
           bool_or(f.value IS DISTINCT FROM s.value OR f.source_id <> :source) AS is_changed
    FROM staged_figures s LEFT JOIN area_figures f
      ON (f.gss_code, f.measure, f.as_of) = (s.gss_code, s.measure, s.as_of)
    GROUP BY s.gss_code
  )
  SELECT count(*), count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE is_changed AND NOT is_new)
  FROM compared
"""
MERGE_FIGURES = """
  INSERT INTO area_figures (gss_code, measure, as_of, value, source_id, import_run_id)
  SELECT s.gss_code, s.measure, s.as_of, s.value, :source, :run
  FROM staged_figures s LEFT JOIN area_figures f
    ON (f.gss_code, f.measure, f.as_of) = (s.gss_code, s.measure, s.as_of)
  WHERE f.value IS DISTINCT FROM s.value OR f.source_id <> :source
  ON CONFLICT (gss_code, measure, as_of) DO UPDATE SET
    value = excluded.value, source_id = excluded.source_id, import_run_id = excluded.import_run_id
"""
FIGURES_IN_SCOPE = """
  f.source_id = :source
  AND (f.measure, f.as_of) IN (SELECT DISTINCT s.measure, s.as_of FROM staged_figures s)
"""
FIGURES_NOT_IN_FILE = f"""
  {FIGURES_IN_SCOPE} AND NOT f.gss_code = ANY(:kept)
  AND NOT EXISTS (SELECT 1 FROM staged_figures s
    WHERE (s.gss_code, s.measure, s.as_of) = (f.gss_code, f.measure, f.as_of))
"""  # noqa: S608 - names of this module
MERGE_LOOKUPS = """
  INSERT INTO area_lookups (lsoa_code, release, ward_code, ward_name, lad_code, lad_name, source_id,
                            import_run_id)
  SELECT s.lsoa_code, s.release, s.ward_code, s.ward_name, s.lad_code, s.lad_name, :source, :run
  FROM staged_lookups s LEFT JOIN area_lookups l
    ON (l.lsoa_code, l.release) = (s.lsoa_code, s.release)
  WHERE l.lsoa_code IS NULL OR (l.ward_code, l.ward_name, l.lad_code, l.lad_name)
    IS DISTINCT FROM (s.ward_code, s.ward_name, s.lad_code, s.lad_name)
  ON CONFLICT (lsoa_code, release) DO UPDATE SET
    ward_code = excluded.ward_code, ward_name = excluded.ward_name, lad_code = excluded.lad_code,
    lad_name = excluded.lad_name, source_id = excluded.source_id,
    import_run_id = excluded.import_run_id
  RETURNING xmax = 0 AS is_new
"""
LOOKUPS_IN_SCOPE = """
  l.source_id = :source AND l.release IN (SELECT DISTINCT s.release FROM staged_lookups s)
"""
LOOKUPS_NOT_IN_FILE = f"""
  {LOOKUPS_IN_SCOPE} AND NOT l.lsoa_code = ANY(:kept)
  AND NOT EXISTS (SELECT 1 FROM staged_lookups s
    WHERE (s.lsoa_code, s.release) = (l.lsoa_code, l.release))
"""  # noqa: S608 - names of this module


class FigureStage(Stage[FiguresRecord]):
    """Collects figures."""

    table = "staged_figures"
    real_table = "area_figures"
    create = "gss_code text, measure text, as_of date, value float8"
    columns = ("gss_code", "measure", "as_of", "value")

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._row_of_code: dict[str, int] = {}

    def prepare(self, batch: list[FiguresRecord]) -> Sequence[Sequence[Any]]:
        """Return one row for each figure."""
        rows = []
        for record in batch:
            first = self._row_of_code.setdefault(record.gss_code, record.row_number)
            if first != record.row_number:
                self.run.add_problem(repeated(record.row_number, record.gss_code, first))
                continue
            code, as_of = record.gss_code, record.as_of
            rows += [(code, measure, as_of, value) for measure, value in record.values.items()]
        return rows

    def merge(self) -> Counts:
        """Insert, update and delete."""
        gone = self.take_away(
            noun="areas' figures",
            counting="SELECT count(DISTINCT f.gss_code) FROM area_figures f WHERE ",
            marking="DELETE FROM area_figures f WHERE ",
            in_scope=FIGURES_IN_SCOPE,
            not_in_file=FIGURES_NOT_IN_FILE,
        )
        row = self.run.connection.execute(sa.text(COUNT_FIGURES), self.bound()).one()
        staged, new, changed = (int(number) for number in row)
        if new or changed:
            self.run.connection.execute(sa.text(MERGE_FIGURES), self.bound())
        return Counts(staged, new, changed, gone)


class LookupStage(Stage[LookupRecord]):
    """Collects the rows of a lookup."""

    table = "staged_lookups"
    real_table = "area_lookups"
    create = """
      lsoa_code text, release text, ward_code text, ward_name text, lad_code text, lad_name text
    """
    columns = ("lsoa_code", "release", "ward_code", "ward_name", "lad_code", "lad_name")

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._row_of_code: dict[str, int] = {}

    def prepare(self, batch: list[LookupRecord]) -> Sequence[Sequence[Any]]:
        """Return the rows of those the file has not had before."""
        rows = []
        for record in batch:
            first = self._row_of_code.setdefault(record.lsoa_code, record.row_number)
            if first == record.row_number:
                rows.append(record[1:])
            else:
                self.run.add_problem(repeated(record.row_number, record.lsoa_code, first))
        return rows

    def merge(self) -> Counts:
        """Insert, update and delete."""
        gone = self.take_away(
            noun="LSOAs",
            counting="SELECT count(*) FROM area_lookups l WHERE ",
            marking="DELETE FROM area_lookups l WHERE ",
            in_scope=LOOKUPS_IN_SCOPE,
            not_in_file=LOOKUPS_NOT_IN_FILE,
        )
        new, changed = self.new_and_changed(MERGE_LOOKUPS)
        return Counts(self.staged, new, changed, gone)


def repeated(row_number: int, code: str, first: int) -> Problem:
    """Return the problem of a code that the file has had before."""
    return Problem(
        row_number,
        ProblemReason.DUPLICATE,
        f"{code} was in row {first} already.",
        "Keep one of the two in the file.",
        source_key=code,
    )
