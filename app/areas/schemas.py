"""How wards are written: as a feature, as JSON and as a row of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from app.areas.compare import heading_of, rounded_values
from app.areas.measures import DistrictValues, Measure
from app.areas.report_parts import Figure, Gap, WardReport
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
_TEXT, _NUMBER = {"type": "string"}, {"type": ["number", "null"]}
_DATE = {"type": ["string", "null"], "format": "date"}
_COUNTED = {
    "type": "object",
    "properties": {
        "slug": _TEXT,
        "label": _TEXT,
        "count": {"type": "integer"},
        "checked_this_year": {
            "type": "integer",
            "description": "Checked in the last 12 months.",
        },
    },
}
_FIGURE = {
    "type": "object",
    "required": ["slug", "value", "neighbours_mean", "district_median", "source"],
    "properties": {
        "slug": _TEXT,
        "label": _TEXT,
        "value": _NUMBER,
        "unit": _TEXT,
        "neighbours_mean": {**_NUMBER, "description": "Wards next door (average)."},
        "district_median": {**_NUMBER, "description": "Middle ward of the district."},
        "source": _TEXT,
        "as_of": _DATE,
    },
}
_HOME = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "name": _TEXT,
        "beds": {"type": ["integer", "null"]},
        "places_within_minutes": {
            "type": "object",
            "additionalProperties": {"type": "integer"},
        },
        "is_about": {"type": "boolean"},
    },
}
_GAP = {
    "type": "object",
    "properties": {
        "concept": _TEXT,
        "label": _TEXT,
        "asked": {"type": ["integer", "null"], "description": "Rounded to 5; null: fewer than 8."},
        "where": {**_TEXT, "description": "The ward next door; empty for this ward."},
        "nearest_id": {"type": ["string", "null"]},
        "nearest_name": {"type": ["string", "null"]},
        "nearest": _TEXT,
    },
}
_CHANGED = {
    "type": "object",
    "properties": {
        "since": _DATE,
        **{name: {"type": "integer"} for name in ("new", "gone", "checked", "corrected")},
    },
}
WARD = {
    "type": "object",
    "required": ["gss_code", "name", "release", "assets_by_kind", "figures", "attribution"],
    "properties": {
        **{key: WARD_PROPERTIES[key] for key in ("gss_code", "name", "lad_code", "lad_name")},
        "release": _TEXT,
        "made_on": _DATE,
        "sentences": {"type": "array", "items": _TEXT},
        "assets_by_kind": {"type": "object", "additionalProperties": {"type": "integer"}},
        "population": _NUMBER,
        "imd_score": _NUMBER,
        "most_deprived_share": _NUMBER,
        "figures": {"type": "array", "items": _FIGURE},
        "kinds": {"type": "array", "items": _COUNTED},
        "themes": {"type": "array", "items": _COUNTED},
        "homes": {"type": "array", "items": _HOME},
        "gaps": {"type": "array", "items": _GAP},
        "met": {"type": "array", "items": _GAP},
        "changed": _CHANGED,
        "neighbours": {"type": "array", "items": {"type": "object"}},
        "attribution": ATTRIBUTION,
    },
}


def report_as_json(report: WardReport, names: Names) -> dict[str, Any]:
    """Return the report of a ward for the API."""
    ward, changed = report.ward, report.changed
    values = {figure.slug: figure.value for figure in report.figures}
    share = values["most_deprived_share"]
    return {
        "gss_code": ward.gss_code,
        "name": ward.name,
        "lad_code": ward.lad_code,
        "lad_name": ward.lad_name,
        "release": ward.release,
        "made_on": report.made_on,
        "sentences": list(report.sentences),
        "assets_by_kind": {kind.slug: kind.count for kind in report.kinds if kind.count},
        "population": values["population"],
        "imd_score": values["imd_score"],
        "most_deprived_share": None if share is None else share / 100,
        "figures": [_figure(figure) for figure in report.figures],
        "kinds": [asdict(kind) for kind in report.kinds],
        "themes": [asdict(theme) for theme in report.themes],
        "homes": [
            {
                "id": home.asset_id,
                "name": home.name,
                "beds": home.beds,
                "places_within_minutes": {str(k): count for k, count in home.within.items()},
                "is_about": home.is_about,
            }
            for home in report.homes
        ],
        "gaps": [_gap(gap) for gap in report.gaps],
        "met": [_gap(gap) for gap in report.met],
        "changed": {
            "since": changed.since,
            "new": changed.new,
            "gone": changed.gone,
            "checked": changed.checked,
            "corrected": changed.corrected,
        },
        "neighbours": [asdict(one) for one in report.neighbours],
        "attribution": names.attribution(report.source_ids),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "slug": figure.slug,
        "label": figure.label,
        "value": figure.value,
        "unit": figure.unit,
        "neighbours_mean": figure.neighbours,
        "district_median": figure.district,
        "source": figure.source,
        "as_of": figure.as_of,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "concept": gap.concept,
        "label": gap.label,
        "asked": gap.asked,
        "where": gap.where,
        "nearest_id": gap.nearest_id,
        "nearest_name": gap.nearest_name,
        "nearest": gap.nearest_text,
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
