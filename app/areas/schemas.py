"""How wards are written: as a feature, as JSON and as a row of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from app.assets.schemas import ATTRIBUTION, Names

CSV_COLUMNS = (
    "code",
    "name",
    "district code",
    "district",
    "boundaries of",
    "assets",
    "care homes",
    "source",
    "licence",
    "attribution",
)
WARD_PROPERTIES: dict[str, Any] = {
    "gss_code": {"type": "string"},
    "name": {"type": "string"},
    "lad_code": {"type": ["string", "null"]},
    "lad_name": {"type": ["string", "null"]},
    "release": {"type": "string"},
    "assets": {"type": "integer"},
    "care_homes": {"type": "integer"},
    "url": {"type": "string"},
}
WARD_LIST = {
    "type": "object",
    "required": ["wards", "attribution", "next"],
    "properties": {
        "wards": {"type": "array", "items": {"type": "object", "properties": WARD_PROPERTIES}},
        "attribution": ATTRIBUTION,
        "next": {"type": ["string", "null"]},
    },
}
WARD = {
    "type": "object",
    "required": ["gss_code", "name", "release", "assets_by_kind", "attribution"],
    "properties": {
        **{key: WARD_PROPERTIES[key] for key in ("gss_code", "name", "lad_code", "lad_name")},
        "release": {"type": "string"},
        "assets_by_kind": {"type": "object", "additionalProperties": {"type": "integer"}},
        "population": {"type": ["number", "null"]},
        "imd_score": {"type": ["number", "null"]},
        "most_deprived_share": {"type": ["number", "null"]},
        "attribution": ATTRIBUTION,
    },
}


def as_json(row: sa.Row[Any]) -> dict[str, Any]:
    """Return a ward of a list for the API."""
    return {
        "gss_code": row.gss_code,
        "name": row.name,
        "lad_code": row.lad_code,
        "lad_name": row.lad_name,
        "release": row.release,
        "assets": row.assets,
        "care_homes": row.care_homes,
        "url": f"/wards/{row.gss_code}",
    }


def as_features(rows: Sequence[sa.Row[Any]], outlines: Mapping[int, str]) -> bytes:
    """Return wards as a FeatureCollection; `outlines` are GeoJSON texts by area id."""
    features = [
        {
            "type": "Feature",
            "id": row.gss_code,
            "geometry": orjson.Fragment(outlines[row.id]) if row.id in outlines else None,
            "properties": as_json(row),
        }
        for row in rows
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def as_csv(rows: Iterable[sa.Row[Any]], names: Names) -> Iterable[tuple[object, ...]]:
    """Yield the rows of `CSV_COLUMNS`."""
    for row in rows:
        source = names.sources.get(row.source_id)
        yield (
            row.gss_code,
            row.name,
            row.lad_code,
            row.lad_name,
            row.release,
            row.assets,
            row.care_homes,
            source.name if source else None,
            source.licence if source else None,
            source.attribution if source else None,
        )


def outline_as_feature(ward: sa.Row[Any], outline: str) -> bytes:
    """Return one ward with its outline (GeoJSON text) as a FeatureCollection of one."""
    feature = {
        "type": "Feature",
        "id": ward.gss_code,
        "geometry": orjson.Fragment(outline),
        "properties": {
            "gss_code": ward.gss_code,
            "name": ward.name,
            "lad_code": ward.lad_code,
            "lad_name": ward.lad_name,
            "release": ward.release,
        },
    }
    return orjson.dumps({"type": "FeatureCollection", "features": [feature]})
