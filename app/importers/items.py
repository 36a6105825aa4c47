"""Everything a reader may yield: the records of app.importers.records, and plainer ones."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from app.importers.records import (
    ActivityRecord,
    AreaRecord,
    AssetRecord,
    Problem,
    Skipped,
    Withdrawn,
)


class PostcodeRecord(NamedTuple):
    """One unit postcode at its point on the National Grid (EPSG:27700), in whole metres."""

    row_number: int
    postcode: str  # with its space, "BD1 1AF"
    easting_m: int
    northing_m: int
    positional_quality: int
    lad_code: str | None
    ward_code: str | None


class LookupRecord(NamedTuple):
    """Which ward and district one LSOA belongs to, in one release of wards."""

    row_number: int
    lsoa_code: str
    release: str
    ward_code: str
    ward_name: str
    lad_code: str
    lad_name: str


class FiguresRecord(NamedTuple):
    """The figures one row publishes about one area: measure → value."""

    row_number: int
    gss_code: str
    as_of: dt.date
    values: dict[str, float]


class StreetRecord(NamedTuple):
    """One street: its OpenStreetMap way, and its line in degrees WGS 84, longitude first."""

    row_number: int
    osm_id: int
    name: str | None
    highway: str
    line: tuple[tuple[float, float], ...]


Item = (
    AssetRecord
    | ActivityRecord
    | AreaRecord
    | PostcodeRecord
    | LookupRecord
    | FiguresRecord
    | StreetRecord
    | Problem
    | Skipped
    | Withdrawn
)
