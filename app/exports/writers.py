"""Each format of a file: what it is called, and what writes it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyogrio
from pyarrow import parquet

from app.exports.frames import GEOMETRY, batches, frames, schema_of
from app.exports.kml import write_kml
from app.exports.layers import Export, Layer
from app.exports.packages import add_table
from app.exports.workbooks import write_long_xlsx
from app.rendering import csv_cell


@dataclass(frozen=True, slots=True)
class Format:
    """A format: `write` takes a path, an export, and which layer if it holds only one."""

    ending: str
    media_type: str
    label: str
    about: str
    write: Callable[[Path, Export, bool], None]
    has_one_layer: bool = False


def _gpkg(path: Path, export: Export, _: bool) -> None:
    said = export.metadata
    for layer in export.layers:
        about = said | {"attribution": "; ".join(layer.attribution), "title": layer.title}
        for frame in frames(layer):
            pyogrio.write_dataframe(
                frame, path, layer=layer.name, driver="GPKG", append=path.exists(),
                geometry_type="Point", dataset_metadata=said, layer_metadata=about,
            )  # fmt: skip
    add_table(path, export.sources_table(), is_first=not path.exists())


def _parquet(path: Path, export: Export, is_osm: bool) -> None:
    layer = export.layer(is_osm=is_osm)
    # GeoParquet 1.1; no "crs" means OGC:CRS84, longitude before latitude.
    geo = {
        "version": "1.1.0",
        "primary_column": GEOMETRY,
        "columns": {GEOMETRY: {"encoding": "WKB", "geometry_types": ["Point"]}},
    }
    schema = schema_of(layer, _said(export, layer) | {"geo": json.dumps(geo)})
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches(layer, schema):
            writer.write_batch(batch)


def _fgb(path: Path, export: Export, is_osm: bool) -> None:
    layer = export.layer(is_osm=is_osm)
    schema = schema_of(layer)
    said = _said(export, layer)
    rows = batches(layer, schema)
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(schema, rows), path, layer=layer.name,
        driver="FlatGeobuf", geometry_name=GEOMETRY, geometry_type="Point", crs="EPSG:4326",
        # What has no place could not be in a spatial index.
        layer_options={
            "SPATIAL_INDEX": "NO", "TITLE": f"{said['title']}, taken on {said['made_on']}",
            "DESCRIPTION": said["attribution"],
        },
        layer_metadata=said,
    )  # fmt: skip


def _said(export: Export, layer: Layer) -> dict[str, str]:
    return export.metadata | {
        "title": f"{export.title}: {layer.title}",
        "attribution": "; ".join(layer.attribution),
        "licence": "; ".join(layer.licences),
    }


def _xlsx(path: Path, export: Export, _: bool) -> None:
    sources = export.sources_table()
    sheets = [(layer.name, layer.columns, layer.rows()) for layer in export.layers]
    write_long_xlsx(
        path,
        [*sheets, (sources.name, sources.columns, iter(sources.rows))],
        title=export.title,
        made_on=export.made_on,
    )


def _zip(path: Path, export: Export, _: bool) -> None:
    day = export.made_on.timetuple()[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for layer in export.layers:
            entry = zipfile.ZipInfo(f"{layer.name}-{export.made_on}.csv", day)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with (
                packed.open(entry, "w") as raw,
                io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as file,
            ):
                writer = csv.writer(file)
                writer.writerow(layer.columns)
                for row in layer.rows():
                    writer.writerow([csv_cell(value) for value in row])
        sources = io.StringIO(newline="")
        writer = csv.writer(sources)
        table = export.sources_table()
        writer.writerows([table.columns, *([csv_cell(v) for v in row] for row in table.rows)])
        packed.writestr(f"sources-{export.made_on}.csv", sources.getvalue().encode("utf-8-sig"))


def _kml(path: Path, export: Export, _: bool) -> None:
    write_kml(path, export)


FORMATS = {
    one.ending: one
    for one in (
        Format("gpkg", "application/geopackage+sqlite3", "GeoPackage",
               "for QGIS and ArcGIS: a layer each, and a table of sources", _gpkg),
        Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
               "Excel (XLSX)", "a sheet each, and a sheet of sources", _xlsx),
        Format("zip", "application/zip", "CSV, zipped",
               "for any spreadsheet or program: a file each, and one of sources", _zip),
        Format("kml", "application/vnd.google-earth.kml+xml", "KML",
               "for Google Earth and My Maps: a folder each", _kml),
        Format("parquet", "application/vnd.apache.parquet", "GeoParquet",
               "for data science: two files", _parquet, has_one_layer=True),
        Format("fgb", "application/vnd.flatgeobuf", "FlatGeobuf",
               "for web maps and GIS: two files", _fgb, has_one_layer=True),
    )
}  # fmt: skip
