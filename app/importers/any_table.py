"""Rows from whatever file somebody has: tables, and map files GDAL reads, checked before it does.

GDAL is only given files whose first bytes say what they are, so that no driver is tried that would
fetch something or run a file's own statements.
"""

from __future__ import annotations

import math
import sqlite3
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

from app.errors import FileRefused
from app.importers.features import read_features, with_known_crs
from app.importers.files import EXTRA_FIELDS, open_table
from app.importers.signatures import kind_of, refuse_unless, size_in_bytes

# Where a map file's own point stands among the columns.
LON, LAT = "Longitude on the map", "Latitude on the map"
IS_SURFACE = "\x00is_surface"
MAX_ROWS = 500_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_MEMBERS = 200
_SUFFIXES_IN_ZIP = (".gpkg", ".shp", ".tab", ".kml", ".geojson", ".json", ".fgb", ".gpx", ".csv")
_XML_LAYERS = {".kml", ".gpx"}
# What programs that write GeoPackages put in by themselves, to keep an index or a count.
_USUAL_TRIGGERS = ("rtree_", "trigger_insert_feature_count_", "trigger_delete_feature_count_",
                   "gpkg_", "fgti_", "fgsti_", "fgtj_")  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnyTable:
    """A table in a file, or one layer of it."""

    header: list[str]
    layers: list[str]  # all there are; [] where a file has just the one
    layer: str | None
    _rows: Sequence[tuple[int, dict[str, str]]]

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row's number as a person counts, and its fields by column, as text."""
        yield from self._rows

    def __len__(self) -> int:
        return len(self._rows)


def open_any(path: Path, *, layer: str | None = None) -> AnyTable:
    """Read a file whole: CSV, XLSX, GeoJSON, GeoPackage, a zipped shapefile, KML, and the like.

    A map file's point (or one on its shape) stands in the columns `LON` and `LAT`, WGS 84 degrees.

    Raises
    ------
    FileRefused
        In one sentence: it is none of these, damaged, dangerous, or larger than we hold.
    """
    size_in_bytes(path)
    if _is_packed(path):
        with _unpacked(path) as inside:
            return _open(inside, layer)
    return _open(path, layer)


def _open(path: Path, layer: str | None) -> AnyTable:
    kind = _kind_of(path)
    if kind == "json":
        return _of_frame(read_features(path), [], None)
    if kind == "parquet":
        return _of_frame(_read_parquet(path), [], None)
    if kind in {"geopackage", "shapefile", "flatgeobuf", "mapinfo", "xml"}:
        _refuse_danger(path, kind)
        layers = _layers_of(path)
        chosen = layer if layer in layers else layers[0]
        return _of_frame(_read_layer(path, chosen), layers if len(layers) > 1 else [], chosen)
    table = open_table(path)
    rows = list(islice(table.rows(), MAX_ROWS + 1))
    _refuse_long(path, len(rows))
    if any(EXTRA_FIELDS in row for _, row in rows):
        number = next(number for number, row in rows if EXTRA_FIELDS in row)
        raise FileRefused(
            f"Row {number} of {path.name} has more fields than its first row, which has to hold the"
            " names of the columns. Take away a title above them; or a comma in a field lacks its"
            " quotation marks."
        )
    return AnyTable(table.header, [], None, rows)


def _kind_of(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"fgb\x03"):
        return "flatgeobuf"
    if head.startswith(b"PAR1"):
        return "parquet"
    if path.suffix.lower() == ".tab" and head.lower().startswith(b"!table"):
        return "mapinfo"
    kind = kind_of(path)
    if kind == "xml" and path.suffix.lower() not in _XML_LAYERS:
        refuse_unless(path, kind, "text", "a table or a map file")
    return kind


def _is_packed(path: Path) -> bool:
    is_book = path.suffix.lower() in {".xlsx", ".xlsm"}
    return not is_book and kind_of(path) == "zip"


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Yield the one map or table file in a zip, unpacked for as long as it is read."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if sum(one.file_size for one in members) > MAX_UNPACKED_BYTES:
                raise FileRefused(
                    f"{path.name} would unpack to more than {MAX_UNPACKED_BYTES / 1e6:,.0f} MB."
                )
            if len(members) > MAX_MEMBERS:
                raise FileRefused(f"{path.name} has more than {MAX_MEMBERS} files in it.")
            for one in members:
                # Its name alone: a path in a zip could lead anywhere.
                target = Path(folder) / Path(one.filename.replace("\\", "/")).name
                with archive.open(one) as source, target.open("wb") as copy:
                    _copy_at_most(source, copy, one.file_size, path)
            found = [
                inside
                for suffix in _SUFFIXES_IN_ZIP
                for inside in sorted(Path(folder).iterdir())
                if inside.suffix.lower() == suffix and not inside.name.startswith(".")
            ]
            if not found:
                raise FileRefused(
                    f"{path.name} is a zip file with no map or table in it: shapefiles, GeoPackage,"
                    " KML, GeoJSON and CSV can be read."
                )
            if len(found) > 1:
                names = ", ".join(one.name for one in found[:5])
                raise FileRefused(
                    f"{path.name} has several maps or tables in it ({names}): bring one at a time."
                )
            yield found[0]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise FileRefused(f"{path.name} is a damaged or locked zip file.") from error


def _copy_at_most(source: Any, copy: Any, declared: int, path: Path) -> None:  # noqa: ANN401 - files
    left = declared + 1
    while left > 0 and (piece := source.read(min(left, 1 << 20))):
        copy.write(piece)
        left -= len(piece)
    if left <= 0:
        raise FileRefused(f"{path.name} is larger inside than it says: it was not read.")


def _refuse_danger(path: Path, kind: str) -> None:
    if kind == "xml":
        _refuse_entities(path)
    if kind == "geopackage":
        _refuse_statements(path)


def _refuse_entities(path: Path) -> None:
    content = path.read_bytes()
    plain = content.upper()
    if b"\x00" in content[:1000] or b"<!ENTITY" in plain or b"<!DOCTYPE" in plain:
        raise FileRefused(
            f"{path.name} has definitions of its own in it (a DOCTYPE), which can make a small file"
            " enormous: save it again without them."
        )


def _refuse_statements(path: Path) -> None:
    """Refuse a database that would do something by itself, or whose layers are no tables."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            masters = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
            layers = {
                name.casefold()
                for (name,) in connection.execute("SELECT table_name FROM gpkg_contents")
            }
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise FileRefused(f"{path.name} is not a whole GeoPackage: fetch it again.") from error
    odd = [
        name
        for sort, name in masters
        if (sort == "trigger" and not name.startswith(_USUAL_TRIGGERS))
        or (sort == "view" and name.casefold() in layers)
    ]
    if odd:
        raise FileRefused(
            f"{path.name} has statements of its own in it ({odd[0][:60]}): export its layer to a"
            " new GeoPackage or to CSV, and bring that."
        )


def _layers_of(path: Path) -> list[str]:
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    except Exception as error:
        raise _damaged(path) from error
    if not layers:
        raise FileRefused(f"{path.name} has no layers in it.")
    return layers


def _read_layer(path: Path, layer: str) -> gpd.GeoDataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL warns of whatever it mends
            frame = pyogrio.read_dataframe(path, layer=layer, max_features=MAX_ROWS + 1)
    except Exception as error:  # GDAL's errors come in many classes
        raise _damaged(path) from error
    _refuse_long(path, len(frame))
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs=4326)
    return with_known_crs(path, frame)


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    try:
        about = pq.ParquetFile(path).metadata
        _refuse_long(path, about.num_rows)
        unpacked = sum(about.row_group(n).total_byte_size for n in range(about.num_row_groups))
        if unpacked > MAX_UNPACKED_BYTES:
            raise FileRefused(
                f"{path.name} would unpack to more than {MAX_UNPACKED_BYTES / 1e6:,.0f} MB."
            )
        if b"geo" not in (about.metadata or {}):
            frame = pd.read_parquet(path)
            return gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs=4326)
        return with_known_crs(path, gpd.read_parquet(path))
    except FileRefused:
        raise
    except Exception as error:  # so do Arrow's
        raise _damaged(path) from error


def _refuse_long(path: Path, rows: int) -> None:
    if rows > MAX_ROWS:
        raise FileRefused(f"{path.name} has more than {MAX_ROWS:,} rows: split it first.")
    if rows == 0:
        raise FileRefused(f"{path.name} has no rows in it.")


def _damaged(path: Path) -> FileRefused:
    return FileRefused(f"{path.name} is damaged or incomplete: fetch it again from its publisher.")


def _of_frame(frame: gpd.GeoDataFrame, layers: list[str], layer: str | None) -> AnyTable:
    """Return the rows of map features, WGS 84, as text."""
    geometries = frame.geometry
    columns = [str(name) for name in frame.columns if name != geometries.name]
    texts = {
        name: [_text(value) for value in frame[original]]
        for name, original in zip(
            columns, (c for c in frame.columns if c != geometries.name), strict=True
        )
    }
    has_shapes = bool(geometries.notna().any())
    rows = []
    for at, shape in enumerate(geometries):
        row = {name: texts[name][at] for name in columns}
        if has_shapes:
            point = _point(shape)
            row[LON] = "" if point is None else repr(round(point.x, 7))
            row[LAT] = "" if point is None else repr(round(point.y, 7))
            row[IS_SURFACE] = "" if shape is None or shape.geom_type == "Point" else "yes"
        rows.append((at + 1, row))
    return AnyTable([*columns, *([LON, LAT] if has_shapes else [])], layers, layer, rows)


def _point(shape: BaseGeometry | None) -> shapely.Point | None:
    if shape is None or shape.is_empty:
        return None
    try:
        return shape if isinstance(shape, shapely.Point) else shape.representative_point()
    except shapely.errors.GEOSException:
        return None


def _text(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list | tuple):
        return "; ".join(_text(one) for one in value)
    return str(value)


def keep_upload(content: bytes, name: str, folder: Path) -> Path:
    """Write what somebody sent to `folder` under the plain part of its name, and return where."""
    plain = Path(name.replace("\\", "/")).name.strip(". ") or "file"
    path = folder / plain[-150:]
    path.write_bytes(content)
    return path
