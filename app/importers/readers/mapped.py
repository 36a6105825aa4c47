"""Assets from any table or map file whose columns somebody has matched to ours (`ColumnChoice`)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.errors import FileRefused
from app.importers.any_table import IS_SURFACE, LAT, LON, open_any
from app.importers.normalise import clean_text
from app.importers.options import ColumnChoice, ReadOptions
from app.importers.readers.cells import coordinate, key_of
from app.importers.readers.file_names import date_in_name
from app.importers.readers.own_columns import OwnRow, own_source
from app.importers.readers.own_csv import asset_of
from app.importers.records import AssetRecord, Problem, Skipped, SourceInfo
from app.models import LocationSource
from geo.crs import grid_to_lon_lat

NAME = "mapped"
DESCRIPTION = "Any table or map file, its columns matched by hand on the page Bring a file in"
SUFFIXES: tuple[str, ...] = ()
# The key under which a row says what was said for all rows.
FOR_ALL = "for all rows: "


def recognises(path: Path, header: Sequence[str] | None) -> bool:  # noqa: ARG001
    """Return False: nobody can tell such a file but the person who has it."""
    return False


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return what is known of people's own files."""
    return own_source()


def scope(path: Path, options: ReadOptions) -> str:
    """Return what the file is called from year to year."""
    return f"mapped:{_choice(path, options).title}"


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem | Skipped]:
    """Yield each asset, and a doubt for each cell that could not be read."""
    choice = _choice(path, options)
    for number, row in open_any(path, layer=choice.layer).rows():
        own = matched(number, row, choice)
        asset = asset_of(own, options)
        if isinstance(asset, AssetRecord) and _is_surface(own):
            asset.location_source = LocationSource.SURFACE
        yield from own.doubts
        yield asset


def matched(number: int, row: dict[str, str], choice: ColumnChoice) -> OwnRow:
    """Return a row by our columns: what was said for all, grid places as degrees, a key."""
    columns, cells = dict(choice.columns), dict(row)
    for ours, said in choice.constants.items():
        columns[ours] = FOR_ALL + ours
        cells[FOR_ALL + ours] = said
    kind_column = columns.get("kind")
    if kind_column is not None:
        word = cells.get(kind_column, "").strip()
        cells[kind_column] = choice.kinds.get(word, word)
    if {"easting", "northing"} <= columns.keys():
        _put_degrees(cells, columns)
    own = OwnRow(number, columns, cells)
    if own.text("id") is None:
        columns["id"] = FOR_ALL + "id"
        cells[FOR_ALL + "id"] = _key(own)
    return own


def _choice(path: Path, options: ReadOptions) -> ColumnChoice:
    if options.choice is None:
        raise FileRefused(f"Match the columns of {path.name} first, on the page Bring a file in.")
    return options.choice


def _put_degrees(cells: dict[str, str], columns: dict[str, str]) -> None:
    """Write British National Grid metres (EPSG:27700) as degrees; what is no number stays."""
    easting = coordinate(cells.get(columns["easting"]))
    northing = coordinate(cells.get(columns["northing"]))
    lon, lat = FOR_ALL + "lon", FOR_ALL + "lat"
    if easting is None or northing is None:
        return
    if math.isfinite(easting) and math.isfinite(northing):
        degrees = grid_to_lon_lat(easting, northing)
        cells[lon], cells[lat] = repr(round(degrees[0], 7)), repr(round(degrees[1], 7))
        columns["lon"], columns["lat"] = lon, lat


def _key(own: OwnRow) -> str:
    """Return a key made of name and place, the same each time the file comes again."""
    name = own.text("name")
    if name is None:
        return ""
    place = own.text("postcode")
    if place is None:
        point = coordinate(own.written("lon")), coordinate(own.written("lat"))
        place = " ".join(f"{value:.4f}" for value in point if value is not None)
    return clean_text(key_of(name, place)) or ""


def _is_surface(own: OwnRow) -> bool:
    columns = own.columns
    is_own_point = (columns.get("lon"), columns.get("lat")) == (LON, LAT)
    return is_own_point and own.row.get(IS_SURFACE) == "yes"
