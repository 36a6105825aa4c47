"""Streets: lines by OpenStreetMap's own numbers; a file that comes again replaces its streets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

from app.importers.items import StreetRecord
from app.importers.stages.stage import Counts, Stage
from app.models.base import WGS84

# Two files may share a street where they meet: the one that was loaded last has it.
MERGE = """
  INSERT INTO streets (osm_id, name, highway, geom, source_id, scope)
  SELECT s.osm_id, s.name, s.highway, s.geom, :source, :scope
  FROM staged_streets s LEFT JOIN streets t ON t.osm_id = s.osm_id
  WHERE t.osm_id IS NULL OR NOT ST_OrderingEquals(t.geom, s.geom)
     OR (t.name, t.highway, t.source_id, t.scope)
        IS DISTINCT FROM (s.name, s.highway, CAST(:source AS int), CAST(:scope AS text))
  ON CONFLICT (osm_id) DO UPDATE SET
    name = excluded.name, highway = excluded.highway, geom = excluded.geom,
    source_id = excluded.source_id, scope = excluded.scope
  RETURNING xmax = 0 AS is_new
"""
IN_SCOPE = "source_id = :source AND scope = :scope"
NOT_IN_FILE = f"""
  {IN_SCOPE} AND NOT EXISTS (SELECT 1 FROM staged_streets s WHERE s.osm_id = streets.osm_id)
"""  # noqa: S608 - names of this module


class StreetStage(Stage[StreetRecord]):
    """Collects streets."""

    table = "staged_streets"
    real_table = "streets"
    create = "osm_id bigint, name text, highway text, geom geometry(LINESTRING, 4326)"
    columns = ("osm_id", "name", "highway", "geom")

    def prepare(self, batch: list[StreetRecord]) -> Sequence[Sequence[Any]]:
        """Return the rows, their lines as the database reads them."""
        lines = shapely.set_srid([shapely.LineString(street.line) for street in batch], WGS84)
        written = shapely.to_wkb(lines, hex=True, include_srid=True)
        return [
            (street.osm_id, street.name, street.highway, line)
            for street, line in zip(batch, written, strict=True)
        ]

    def merge(self) -> Counts:
        """Insert and update, and take away what the file no longer has."""
        gone = self.take_away(
            noun="streets",
            counting="SELECT count(*) FROM streets WHERE ",
            marking="DELETE FROM streets WHERE ",
            in_scope=IN_SCOPE,
            not_in_file=NOT_IN_FILE,
        )
        new, changed = self.new_and_changed(MERGE)
        return Counts(self.staged, new, changed, gone)
