"""What can be found, and who asks, as GeoParquet: points on the British National Grid, and numbers.

GeoParquet 1.1 (geoparquet.org), geometry as WKB, so that any other program can read a partition.
It is made and read in memory: residents' numbers are never in a file on a disk.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.errors import QuestionError
from geo.matching_arrays import Askers, Floats, Lists, Targets

POINTS, LISTS = "geometry", "interests"


def to_geoparquet(rows: Targets | Askers) -> bytes:
    """Return rows as a GeoParquet file, a column for each of their arrays."""
    columns: dict[str, pa.Array] = {
        name: pa.array(getattr(rows, name))
        for name in _columns(type(rows))
        if name not in {"points", LISTS}
    }
    columns[LISTS] = pa.ListArray.from_arrays(
        pa.array(rows.interests.starts.astype(np.int32)), pa.array(rows.interests.values)
    )
    columns[POINTS] = pa.array(shapely.to_wkb(shapely.points(rows.points)), type=pa.binary())
    table = pa.table(columns).replace_schema_metadata({"geo": _about_the_points()})
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()


def _about_the_points() -> str:
    crs = pyproj.CRS.from_user_input(BRITISH_NATIONAL_GRID).to_json_dict()
    points = {"encoding": "WKB", "geometry_types": ["Point"], "crs": crs}
    return json.dumps({"version": "1.1.0", "primary_column": POINTS, "columns": {POINTS: points}})


def targets_from(content: bytes) -> Targets:
    """Return what `to_geoparquet` wrote of targets; raises QuestionError if it is nothing such."""
    return Targets(**_arrays(content, Targets))


def askers_from(content: bytes) -> Askers:
    """Return what `to_geoparquet` wrote of askers; raises QuestionError if it is nothing such."""
    return Askers(**_arrays(content, Askers))


def _columns(kind: type[Targets] | type[Askers]) -> tuple[str, ...]:
    return tuple(kind.__slots__)


def _arrays(content: bytes, kind: type[Targets] | type[Askers]) -> dict[str, Any]:
    wanted = [POINTS if name == "points" else name for name in _columns(kind)]
    try:
        table = pq.read_table(io.BytesIO(content), columns=wanted).combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise QuestionError("A partition cannot be read as GeoParquet: it was cut off.") from error
    if missing := set(wanted) - set(table.column_names):
        raise QuestionError(f"A partition has no column {', '.join(sorted(missing))}.")
    arrays: dict[str, Any] = {
        name: np.array(table[name].to_numpy()) for name in wanted if name not in {POINTS, LISTS}
    }
    arrays["points"] = _points(table[POINTS])
    arrays["interests"] = _lists(table[LISTS])
    return arrays


def _points(column: pa.ChunkedArray) -> Floats:
    shapes = shapely.from_wkb(column.to_numpy())
    points = np.full((len(shapes), 2), np.nan)
    # A point that is nowhere comes back empty, and has no coordinates.
    points[~shapely.is_empty(shapes)] = shapely.get_coordinates(shapes)
    return points


def _lists(column: pa.ChunkedArray) -> Lists:
    if not len(column):
        return Lists.of([])
    chunk = column.combine_chunks()
    lengths = chunk.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    values = chunk.flatten().to_numpy(zero_copy_only=False).astype(np.int64)
    return Lists(np.concatenate([[0], np.cumsum(lengths)]), values)
