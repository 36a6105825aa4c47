"""Postcodes: points of the National Grid in, points in WGS 84 stored, a postcode area at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyproj

from app.importers.items import PostcodeRecord
from app.importers.records import Problem
from app.importers.stages.stage import Counts, Run, Stage
from app.models import ProblemReason
from app.models.base import GREAT_BRITAIN_LON_LAT

NO_POSITION_QUALITY = 90

MERGE = """
  INSERT INTO postcodes
    (postcode, geom, positional_quality, lad_code, ward_code, source_id, import_run_id)
  SELECT s.postcode, ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4326), s.positional_quality,
         s.lad_code, s.ward_code, :source, :run
  FROM staged_postcodes s LEFT JOIN postcodes p ON p.postcode = s.postcode
  WHERE p.postcode IS NULL OR p.gone_at IS NOT NULL
     OR ST_X(p.geom) <> s.lon OR ST_Y(p.geom) <> s.lat
     OR (p.positional_quality, p.lad_code, p.ward_code)
        IS DISTINCT FROM (s.positional_quality, s.lad_code, s.ward_code)
  ON CONFLICT (postcode) DO UPDATE SET
    geom = excluded.geom, positional_quality = excluded.positional_quality,
    lad_code = excluded.lad_code, ward_code = excluded.ward_code, source_id = excluded.source_id,
    import_run_id = excluded.import_run_id, gone_at = NULL
  RETURNING xmax = 0 AS is_new
"""
# A file speaks for the postcode areas in it ("BD"), whatever file brought them before.
IN_SCOPE = """
  gone_at IS NULL AND substring(postcode FROM '^[A-Z]+') IN
    (SELECT DISTINCT substring(s.postcode FROM '^[A-Z]+') FROM staged_postcodes s)
"""
NOT_IN_FILE = f"""
  {IN_SCOPE} AND NOT postcode = ANY(:kept)
  AND NOT EXISTS (SELECT 1 FROM staged_postcodes s WHERE s.postcode = postcodes.postcode)
"""  # noqa: S608 - names of this module


class PostcodeStage(Stage[PostcodeRecord]):
    """Collects postcodes."""

    table = "staged_postcodes"
    real_table = "postcodes"
    create = """
      postcode text, lon float8, lat float8, positional_quality smallint, lad_code text,
      ward_code text
    """
    columns = ("postcode", "lon", "lat", "positional_quality", "lad_code", "ward_code")

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._to_lon_lat = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
        self._row_of_postcode: dict[str, int] = {}

    def prepare(self, batch: list[PostcodeRecord]) -> Sequence[Sequence[Any]]:
        """Return the rows of those with a position; all points are moved in one go."""
        eastings, northings = np.array([(r.easting_m, r.northing_m) for r in batch], float).T
        lons, lats = self._to_lon_lat.transform(eastings, northings)
        west, south, east, north = GREAT_BRITAIN_LON_LAT
        is_inside = (lons >= west) & (lons <= east) & (lats >= south) & (lats <= north)
        rows = []
        seen = self._row_of_postcode
        places = zip(batch, lons.tolist(), lats.tolist(), is_inside.tolist(), strict=True)
        for record, lon, lat, inside in places:
            number, postcode, easting, _, quality, lad_code, ward_code = record
            if quality >= NO_POSITION_QUALITY or easting == 0 or not inside:
                self._refuse_place(record, has_position=quality < NO_POSITION_QUALITY)
            elif seen.setdefault(postcode, number) != number:
                self._refuse_repeat(record, seen[postcode])
            else:
                rows.append((postcode, lon, lat, quality, lad_code, ward_code))
        return rows

    def merge(self) -> Counts:
        """Insert, update and mark withdrawn postcodes gone."""
        gone = self.take_away(
            noun="postcodes",
            counting="SELECT count(*) FROM postcodes WHERE ",
            marking="UPDATE postcodes SET gone_at = now() WHERE ",
            in_scope=IN_SCOPE,
            not_in_file=NOT_IN_FILE,
        )
        new, changed = self.new_and_changed(MERGE)
        return Counts(self.staged, new, changed, gone)

    def _refuse_place(self, record: PostcodeRecord, *, has_position: bool) -> None:
        if has_position and record.easting_m:
            place = f"Easting {record.easting_m}, northing {record.northing_m}"
            message = f"{place} is outside Great Britain."
            reason = ProblemReason.OUTSIDE_GREAT_BRITAIN
        else:
            message = f"The publisher gives {record.postcode} no position."
            reason = ProblemReason.NO_LOCATION
        self._refuse(record, reason, message, "Nothing to do: a later file may have it.")

    def _refuse_repeat(self, record: PostcodeRecord, first: int) -> None:
        message = f"{record.postcode} was in row {first} already."
        self._refuse(record, ProblemReason.DUPLICATE, message, "Keep one of the two in the file.")

    def _refuse(
        self, record: PostcodeRecord, reason: ProblemReason, message: str, suggestion: str
    ) -> None:
        self.run.add_problem(
            Problem(record.row_number, reason, message, suggestion, source_key=record.postcode)
        )
