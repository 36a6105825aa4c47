"""GeoPackages: layers and tables in one file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from app.exports.tables import Table
from app.exports.workbooks import plain


def write_gpkg(
    layers: Mapping[str, gpd.GeoDataFrame],
    tables: Iterable[Table],
    *,
    said: Mapping[str, str],
    attribution: Sequence[str],
) -> bytes:
    """Return a GeoPackage of layers (areas, or points in those called places…) and of tables.

    `said` and the attributions go into the metadata of the file and of each layer.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ward.gpkg"
        for name, frame in layers.items():
            is_points = name.startswith("places")
            credits_ = "; ".join(sorted(set(frame["attribution"].dropna())))
            pyogrio.write_dataframe(
                frame, path, layer=name, driver="GPKG", append=path.exists(),
                geometry_type="Point" if is_points else "MultiPolygon",
                promote_to_multi=not is_points,
                dataset_metadata={**said, "attribution": "; ".join(attribution)},
                layer_metadata={**said, "attribution": credits_},
            )  # fmt: skip
        for table in tables:
            add_table(path, table)
        return path.read_bytes()


def field_name(heading: str) -> str:
    """Return a heading as the name of a field: letters, figures and low lines."""
    return "_".join(re.findall(r"\w+", heading.replace("'", "")))


def add_table(path: Path, table: Table, *, is_first: bool = False) -> None:
    """Add a table without geometry to a GeoPackage."""
    columns = [field_name(name) for name in table.columns]
    rows = [[plain(cell) for cell in row] for row in table.rows]
    frame = pd.DataFrame(rows, columns=columns)
    mixed = [name for name in columns if {type(v) for v in frame[name]} - {str, type(None)}
             and not pd.api.types.is_numeric_dtype(frame[name])]  # fmt: skip
    for name in mixed:
        frame[name] = [None if value is None else str(value) for value in frame[name]]
    pyogrio.write_dataframe(
        frame, path, layer=table.name.lower(), driver="GPKG", append=not is_first
    )
