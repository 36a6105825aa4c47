"""Wards, districts and LSOAs as the ONS publishes them: GeoJSON, shapefile or GeoPackage.

The columns tell what the areas are: WD25CD and WD25NM are wards of 2025, LAD24CD districts of
2024, LSOA21CD LSOAs of 2021; any vintage is read. The district of a ward is the LAD column beside
it, else LADCD_ACTIVE, else a district code in the file's name (wards of 2013 name no district).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely import MultiPolygon

from app.errors import FileRefused
from app.importers.files import MissingColumns, read_features
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.records import AreaRecord, Problem, SourceInfo
from app.models import ProblemReason

NAME = "areas"
DESCRIPTION = "wards, districts or LSOAs of the Office for National Statistics"
SUFFIXES: tuple[str, ...] = (".geojson", ".json", ".shp", ".gpkg")

_TYPES = {"WD": "ward", "LSOA": "lsoa", "LAD": "lad"}
_CODE_COLUMN = re.compile(r"(WD|LSOA|LAD)(\d{2})CD", re.IGNORECASE)
_GSS_CODE = re.compile(r"[EWS]\d{8}")
_DISTRICT_IN_NAME = re.compile(r"[EWS](?:0[6-9]|12)\d{6}")
# More districts than this in one file, and its scope names the file instead.
_MOST_DISTRICTS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a file say what."""

    area_type: str
    release: str
    code: str
    name: str | None
    lad_code: str | None
    lad_name: str | None


def recognises(path: Path, header: Sequence[str] | None) -> bool:  # noqa: ARG001
    """Return whether the features have an ONS code column and a name beside it."""
    found = find_columns(header or ())
    return found is not None and found.name is not None


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the Office for National Statistics."""
    return SourceInfo(
        slug="ons-boundaries",
        name="Administrative and statistical boundaries",
        publisher="Office for National Statistics",
        licence="OGL v3",
        attribution=(
            "Source: Office for National Statistics licensed under the Open Government Licence"
            " v.3.0. Contains OS data © Crown copyright and database right"
        ),
    )


def scope(path: Path, options: ReadOptions) -> str:
    """Return type, release and districts: loading Bradford says nothing of Oldham."""
    frame = read_features(path)
    columns = _columns_of(path, frame)
    districts = sorted({lad for lad in _lad_codes(path, frame, columns, options) if lad})
    where = " ".join(districts)
    if not 0 < len(districts) <= _MOST_DISTRICTS_NAMED:
        where = path.stem
    return f"{columns.area_type} {options.release or columns.release} {where}"


def as_of(path: Path, options: ReadOptions) -> dt.date | None:  # noqa: ARG001
    """Return None: the release says it."""
    return None


def read(path: Path, options: ReadOptions) -> Iterator[AreaRecord | Problem]:
    """Yield an area for each feature; repaired polygons also yield a problem that says so."""
    frame = read_features(path)
    columns = _columns_of(path, frame)
    lad_codes = _lad_codes(path, frame, columns, options)
    rows = frame.drop(columns=frame.geometry.name).to_dict("records")
    for number, (row, shape, lad_code) in enumerate(
        zip(rows, frame.geometry, lad_codes, strict=True), start=1
    ):
        code = clean_text(row[columns.code]) or ""
        if not _GSS_CODE.fullmatch(code):
            yield Problem(
                number,
                ProblemReason.UNREADABLE_VALUE if code else ProblemReason.MISSING_FIELD,
                f"{columns.code} is “{code}”, which is not a code such as E05001347.",
                "Correct the code in the file.",
                raw=dict(row),
            )
            continue
        name = (clean_text(row[columns.name]) if columns.name else None) or code
        polygons, was_repaired = as_multipolygon(shape)
        if polygons is None or was_repaired:
            yield _shape_problem(number, code, name, is_stored=polygons is not None)
        if polygons is None:
            continue
        yield AreaRecord(
            row_number=number,
            area_type=columns.area_type,
            release=options.release or columns.release,
            gss_code=code,
            name=name,
            geometry=polygons,
            lad_code=code if columns.area_type == "lad" else lad_code,
            lad_name=name if columns.area_type == "lad" else _lad_name(row, columns),
        )


def find_columns(header: Sequence[str]) -> Columns | None:
    """Return which columns say what, or None where there is no ONS code column.

    Wards and LSOAs come before the districts named beside them.
    """
    by_name = {str(column).upper(): str(column) for column in header}
    codes = [match for column in by_name if (match := _CODE_COLUMN.fullmatch(column))]
    for kind, area_type in _TYPES.items():
        of_kind = sorted((m for m in codes if m.group(1).upper() == kind), key=_year_of)
        if not of_kind:
            continue
        newest = of_kind[-1]
        districts = sorted((m for m in codes if m.group(1).upper() == "LAD"), key=_year_of)
        lad = districts[-1].group(0) if districts else "LADCD_ACTIVE"
        return Columns(
            area_type=area_type,
            release=str(2000 + int(newest.group(2))),
            code=by_name[newest.group(0)],
            name=by_name.get(newest.group(0)[:-2] + "NM"),
            lad_code=by_name.get(lad),
            lad_name=by_name.get(lad[:-2] + "NM"),
        )
    return None


def as_multipolygon(shape: shapely.Geometry | None) -> tuple[MultiPolygon | None, bool]:
    """Return the polygons of `shape`, made valid if need be, and whether it was repaired."""
    coordinates = shapely.get_coordinates(shape)
    # A coordinate that is no number cannot be repaired.
    if shape is None or not coordinates.size or not np.isfinite(coordinates).all():
        return None, False
    was_repaired = not shapely.is_valid(shape)
    sound = shapely.make_valid(shape) if was_repaired else shape
    parts = list(getattr(sound, "geoms", [sound]))
    polygons: list[shapely.Polygon] = []
    for part in parts:
        if isinstance(part, shapely.Polygon):
            polygons.append(part)
        elif isinstance(part, MultiPolygon):
            polygons += part.geoms
    kept = [polygon for polygon in polygons if not polygon.is_empty]
    return (MultiPolygon(kept) if kept else None), was_repaired


def _year_of(match: re.Match[str]) -> str:
    return match.group(2)


def _columns_of(path: Path, frame: gpd.GeoDataFrame) -> Columns:
    header = [str(column) for column in frame.columns if column != frame.geometry.name]
    columns = find_columns(header)
    if columns is None:
        raise MissingColumns(
            f"{path.name} has no column with an area's code, such as WD25CD, LAD25CD or LSOA21CD"
            f" (it has: {', '.join(header[:12])}).",
            header=header,
        )
    shapes = set(frame.geometry.geom_type.dropna())
    if shapes and not shapes & {"Polygon", "MultiPolygon", "GeometryCollection"}:
        raise FileRefused(f"{path.name} has areas' codes, but no polygons.")
    return columns


def _lad_codes(
    path: Path, frame: gpd.GeoDataFrame, columns: Columns, options: ReadOptions
) -> list[str | None]:
    in_name = _DISTRICT_IN_NAME.search(path.stem)
    fallback = options.lad_code or (in_name.group(0) if in_name else None)
    if columns.area_type == "lad":
        return [clean_text(code) for code in frame[columns.code]]
    if columns.lad_code is None:
        return [fallback] * len(frame)
    return [clean_text(code) or fallback for code in frame[columns.lad_code]]


def _lad_name(row: dict[str, Any], columns: Columns) -> str | None:
    return clean_text(row[columns.lad_name]) if columns.lad_name else None


def _shape_problem(number: int, code: str, name: str, *, is_stored: bool) -> Problem:
    if is_stored:
        message = "The polygon crossed or touched itself and was repaired."
        suggestion = "Nothing to do; look at it on the map if its border matters."
    else:
        message = "The feature has no polygon that can be read."
        suggestion = "Fetch the file again, or correct the feature."
    return Problem(
        number,
        ProblemReason.INVALID_GEOMETRY,
        message,
        suggestion,
        source_key=code,
        name=name,
        is_stored=is_stored,
    )
