"""How wards are written: as a feature, as JSON and as a row of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from app.areas.compare import heading_of, rounded_values
from app.areas.measures import DistrictValues, Measure
from app.assets.schemas import ATTRIBUTION, Names

CSV_START = ("code", "name", "district code", "district", "boundaries of", "assets", "care homes",
             "people")  # fmt: skip
CSV_END = ("source", "licence", "attribution")
# By measure: a figure, or null where there is none.
MEASURE_VALUES = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}
MEASURE_WORDS = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "unit": {"type": "string"},
        "explanation": {"type": "string"},
        "is_about": {
            "type": "boolean",
            "description": "Worked out by straight lines where no streets are loaded.",
        },
    },
}
WARD_PROPERTIES: dict[str, Any] = {
    "gss_code": {"type": "string"},
    "name": {"type": "string"},
    "lad_code": {"type": ["string", "null"]},
    "lad_name": {"type": ["string", "null"]},
    "release": {"type": "string"},
    "assets": {"type": "integer"},
    "care_homes": {"type": "integer"},
    "population": {"type": ["number", "null"]},
    "measures": MEASURE_VALUES,
    "url": {"type": "string"},
}
WARD_LIST = {
    "type": "object",
    "required": ["wards", "measures", "attribution", "next"],
    "properties": {
        "wards": {"type": "array", "items": {"type": "object", "properties": WARD_PROPERTIES}},
        "measures": {"type": "object", "additionalProperties": MEASURE_WORDS},
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


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a list's wards by area id, rounded as pages show them, and what they are."""

    measures: Sequence[Measure]
    values: Mapping[int, Mapping[str, float | None]]
    people: Mapping[int, float | None]
    about: frozenset[str]
    source_ids: Sequence[int]

    @classmethod
    def of(cls, district: DistrictValues | None, measures: Sequence[Measure]) -> Figures:
        """Return the figures of some wards; None: there are no wards."""
        if district is None:
            return cls((), {}, {}, frozenset(), ())
        return cls(
            measures,
            {ward.area_id: rounded_values(ward, measures) for ward in district.wards},
            {ward.area_id: ward.population for ward in district.wards},
            district.about,
            district.source_ids,
        )

    def of_ward(self, area_id: int) -> Mapping[str, float | None]:
        """Return a ward's figures by measure."""
        return self.values.get(area_id) or {measure.slug: None for measure in self.measures}


def measures_as_json(figures: Figures) -> dict[str, dict[str, object]]:
    """Return what each measure of a list is, by its name."""
    return {
        measure.slug: {
            "label": measure.label,
            "unit": measure.unit,
            "explanation": measure.explanation,
            "is_about": measure.slug in figures.about,
        }
        for measure in figures.measures
    }


def as_json(row: sa.Row[Any], figures: Figures) -> dict[str, Any]:
    """Return a ward of a list for the API."""
    return {
        "gss_code": row.gss_code,
        "name": row.name,
        "lad_code": row.lad_code,
        "lad_name": row.lad_name,
        "release": row.release,
        "assets": row.assets,
        "care_homes": row.care_homes,
        "population": figures.people.get(row.id),
        "measures": figures.of_ward(row.id),
        "url": f"/wards/{row.gss_code}",
    }


def as_features(
    rows: Sequence[sa.Row[Any]], outlines: Mapping[int, str], figures: Figures
) -> bytes:
    """Return wards as a FeatureCollection; `outlines` are GeoJSON texts by area id.

    Each measure is a property of its own: programs that draw maps colour by one.
    """
    features = []
    for row in rows:
        properties = as_json(row, figures)
        properties |= properties.pop("measures")
        features.append(
            {
                "type": "Feature",
                "id": row.gss_code,
                "geometry": orjson.Fragment(outlines[row.id]) if row.id in outlines else None,
                "properties": properties,
            }
        )
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def csv_columns(figures: Figures) -> tuple[str, ...]:
    """Return the columns of the list as a spreadsheet."""
    return (*CSV_START, *map(heading_of, figures.measures), *CSV_END)


def as_csv(
    rows: Iterable[sa.Row[Any]], names: Names, figures: Figures
) -> Iterable[tuple[object, ...]]:
    """Yield the rows of `csv_columns`; the source is the outlines', the attribution everybody's."""
    attribution = " ".join(names.attribution(figures.source_ids))
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
            figures.people.get(row.id),
            *figures.of_ward(row.id).values(),
            source.name if source else None,
            source.licence if source else None,
            attribution or None,
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
