"""Areas: merged by type, release and code; triggers cut them into parts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import shapely

from app.importers.normalise import clean_text
from app.importers.records import AreaRecord, Problem
from app.importers.stages.stage import Counts, Run, Stage
from app.models import ProblemReason
from geo.crs import is_in_great_britain

MERGE = """
  INSERT INTO areas (area_type, release, gss_code, name, lad_code, lad_name, geom, source_id,
                     import_run_id, content_hash)
  SELECT s.area_type, s.release, s.gss_code, s.name, s.lad_code, s.lad_name,
         ST_SetSRID(s.geom, 4326), :source, :run, s.content_hash
  FROM staged_areas s
  LEFT JOIN areas a
    ON (a.area_type, a.release, a.gss_code) = (s.area_type, s.release, s.gss_code)
  WHERE a.id IS NULL OR a.content_hash <> s.content_hash OR a.gone_at IS NOT NULL
  ON CONFLICT (area_type, release, gss_code) DO UPDATE SET
    name = excluded.name, lad_code = excluded.lad_code, lad_name = excluded.lad_name,
    geom = excluded.geom, source_id = excluded.source_id, import_run_id = excluded.import_run_id,
    content_hash = excluded.content_hash, gone_at = NULL
  RETURNING xmax = 0 AS is_new
"""
# What an earlier file said about the same districts, or, where areas name no district, an earlier
# file of the same scope.
IN_SCOPE = """
  a.gone_at IS NULL
  AND (a.area_type, a.release) IN (SELECT s.area_type, s.release FROM staged_areas s)
  AND (a.lad_code IN (SELECT s.lad_code FROM staged_areas s)
       OR EXISTS (SELECT 1 FROM import_runs r WHERE r.id = a.import_run_id
                  AND r.source_id = :source AND r.scope = :scope))
"""
NOT_IN_FILE = f"""
  {IN_SCOPE} AND NOT a.gss_code = ANY(:kept)
  AND NOT EXISTS (SELECT 1 FROM staged_areas s
    WHERE (s.area_type, s.release, s.gss_code) = (a.area_type, a.release, a.gss_code))
"""  # noqa: S608 - names of this module


class AreaStage(Stage[AreaRecord]):
    """Collects areas."""

    table = "staged_areas"
    real_table = "areas"
    create = """
      row_number int, area_type area_type, release text, gss_code text, name text, lad_code text,
      lad_name text, content_hash text, geom geometry
    """
    columns = ("row_number", "area_type", "release", "gss_code", "name", "lad_code", "lad_name",
               "content_hash", "geom")  # fmt: skip

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._first_of_code: dict[tuple[str, str, str], tuple[int, bytes]] = {}

    def prepare(self, batch: list[AreaRecord]) -> Sequence[Sequence[Any]]:
        """Return the rows of those inside Great Britain that the file has not had before."""
        return [row for record in batch if (row := self._row(record)) is not None]

    def merge(self) -> Counts:
        """Insert, update and mark gone."""
        gone = self.take_away(
            noun="areas",
            counting="SELECT count(*) FROM areas a WHERE ",
            marking="UPDATE areas a SET gone_at = now() WHERE ",
            in_scope=IN_SCOPE,
            not_in_file=NOT_IN_FILE,
        )
        new, changed = self.new_and_changed(MERGE)
        return Counts(self.staged, new, changed, gone)

    def _row(self, record: AreaRecord) -> tuple[Any, ...] | None:
        key = (record.area_type, record.release, record.gss_code)
        wkb = shapely.to_wkb(record.geometry, byte_order=1)
        first, first_wkb = self._first_of_code.setdefault(key, (record.row_number, wkb))
        if first != record.row_number:
            suggestion = "Put the parts of one area into one feature."
            if first_wkb == wkb:
                suggestion = "Nothing to do: the two features are the same."
            message = f"The code {record.gss_code} was in feature {first} already."
            self._refuse(record, ProblemReason.DUPLICATE, message, suggestion)
            return None
        west, south, east, north = record.geometry.bounds
        if not (is_in_great_britain(west, south) and is_in_great_britain(east, north)):
            swapped = is_in_great_britain(south, west) and is_in_great_britain(north, east)
            if swapped:
                self._refuse(
                    record,
                    ProblemReason.SWAPPED_AXES,
                    "Its coordinates are latitude first.",
                    "Save the file with longitude first.",
                )
                return None
            self._refuse(
                record,
                ProblemReason.OUTSIDE_GREAT_BRITAIN,
                "Its coordinates are outside Great Britain.",
                "Save the file as WGS 84, longitude first.",
            )
            return None
        named = (record.name, record.lad_code, record.lad_name)
        text = "\x1f".join(str(value) for value in named)
        content_hash = hashlib.blake2b(wkb + text.encode(), digest_size=16).hexdigest()
        return (record.row_number, *key, clean_text(record.name) or record.gss_code,
                record.lad_code, record.lad_name, content_hash, wkb.hex())  # fmt: skip

    def _refuse(
        self, record: AreaRecord, reason: ProblemReason, message: str, suggestion: str
    ) -> None:
        self.run.add_problem(
            Problem(
                record.row_number,
                reason,
                message,
                suggestion,
                source_key=record.gss_code,
                name=record.name,
            )
        )
