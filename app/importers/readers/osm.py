"""OpenStreetMap places as GeoJSON (or GeoPackage): from GDAL, ogr2ogr or Overpass.

GDAL gives nodes an `osm_id`, closed ways an `osm_way_id`, and relations an `osm_id` again: an
`osm_id` on anything but a point is taken for a relation's, or for a way's on a plain line. Overpass
writes "way/123" itself. Keys here are "n123", "w123" and "r123".
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from app.importers.files import read_features
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.cells import joined, whole_number
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.readers.osm_tags import (
    QUARANTINE,
    SKIP,
    Rule,
    TagsError,
    Verdict,
    our_rules,
    parse_other_tags,
)
from app.importers.records import AssetRecord, Problem, Skipped, SourceInfo
from app.models import Access, AssetKind, LocationSource, ProblemReason

NAME = "osm"
DESCRIPTION = "OpenStreetMap places by their tags"
SUFFIXES: tuple[str, ...] = (".geojson", ".json", ".gpkg")

_IDS = {"osm_id", "osm_way_id", "@id"}
_PLACES = {"amenity", "leisure", "landuse", "shop", "tourism", "sport", "office", "club"}
# Columns that are about the object in the file, not tags somebody mapped.
_NO_TAGS = {*_IDS, "id", "geometry", "centroid", "type", "other_tags", "all_tags"}
_PREFIXES = {"node": "n", "way": "w", "relation": "r"}
_NAMES = ("name", "name:en", "official_name", "alt_name", "addr:housename")
_OWNERS = ("brand", "operator")
# Worth finding without a name; any other nameless green is one of many.
_NAMELESS = {
    ("landuse", "allotments"): "Allotments",
    ("sport", "bowls"): "Bowling green",
    ("sport", "crown_green_bowls"): "Bowling green",
}
_OPEN_AIR_KEYS = {"landuse", "sport", "garden:type"}
_OPEN_AIR = {("leisure", value) for value in ("park", "garden", "nature_reserve", "common")}
_NO_SHAPE = (
    ProblemReason.INVALID_GEOMETRY,
    "The feature has no shape that can be read.",
    "Look the object up on openstreetmap.org and mend the extract.",
)


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the features have OpenStreetMap ids and tags of places."""
    names = set(header or ())
    return path.suffix.lower() in SUFFIXES and bool(names & _IDS) and bool(names & _PLACES)


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the publisher and licence: rows stay a layer of their own."""
    return SourceInfo(
        slug="osm",
        name="OpenStreetMap",
        publisher="OpenStreetMap contributors",
        licence="ODbL 1.0",
        attribution="© OpenStreetMap contributors",
        is_share_alike=True,
        precedence=70,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date: files that share objects do not end each other's."""
    return name_without_date(path)


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def count_rows(path: Path) -> int:
    """Return about how many features there are, without reading them."""
    return max(1, len(re.findall(rb'"type"\s*:\s*"Feature"', path.read_bytes())))


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem | Skipped]:  # noqa: ARG001
    """Yield each place our rules know as an asset; polygons and lines as a point on them.

    Row numbers are feature numbers from 1. What may be a refuge is a problem without its tags, and
    so without its address.
    """
    frame = read_features(path)
    columns = [str(name) for name in frame.columns]
    for number, values in enumerate(frame.itertuples(index=False, name=None), start=1):
        cells = dict(zip(columns, values, strict=True))
        geometry = cells.get("geometry")
        key = _key_of(cells, geometry)
        tags = {
            name: text
            for name, value in cells.items()
            if name not in _NO_TAGS and (text := _text(value))
        }
        try:
            tags = parse_other_tags(_text(cells.get("other_tags"))) | tags
        except TagsError as error:
            yield Problem(
                number,
                ProblemReason.UNREADABLE_VALUE,
                f"other_tags cannot be read: {error}.",
                "Make the extract again with GDAL or Overpass; other columns were used.",
                source_key=key,
                is_stored=True,
            )
        yield _judge(number, key, tags, geometry)


def _judge(
    number: int, key: str | None, tags: dict[str, str], geometry: BaseGeometry | None
) -> AssetRecord | Problem | Skipped:
    verdict = our_rules().judge(tags)
    rule, name = verdict.rule, _name_of(tags, verdict)
    if rule is None or rule.kind == SKIP:
        return Skipped(number, f"{rule.key}={rule.value}" if rule else "no rule for its tags")
    if rule.kind == QUARANTINE:
        return Problem(
            number,
            ProblemReason.MAY_BE_A_REFUGE,
            f"{rule.note}.",
            "Leave it out if it is one; if not, add it by hand.",
            source_key=key,
        )
    lacking = _lacking(key, name, geometry, rule)
    if lacking is None and key is not None and name is not None and geometry is not None:
        return _asset(number, key, name, geometry, tags=tags, verdict=verdict)
    if name is None and _is_one_of_many(rule):
        return Skipped(number, f"nameless {rule.key}={rule.value}")
    reason, message, suggestion = lacking or _NO_SHAPE
    return Problem(number, reason, message, suggestion, source_key=key, name=name, raw=dict(tags))


def _lacking(
    key: str | None, name: str | None, geometry: BaseGeometry | None, rule: Rule
) -> tuple[ProblemReason, str, str] | None:
    """Return what keeps a feature from being stored, with its message and suggestion."""
    if key is None:
        return (
            ProblemReason.MISSING_FIELD,
            "The feature has no osm_id or osm_way_id.",
            "Make the extract again with GDAL or Overpass, which keep the ids.",
        )
    if name is None:
        return (
            ProblemReason.UNNAMED,
            f"The place ({rule.key}={rule.value}) has no name.",
            f"Find out what it is called, and add the name at {_page_of(key)}.",
        )
    return _NO_SHAPE if geometry is None or geometry.is_empty else None


def _is_one_of_many(rule: Rule) -> bool:
    return rule.key in _OPEN_AIR_KEYS or (rule.key, rule.value) in _OPEN_AIR


def _asset(
    number: int,
    key: str,
    name: str,
    geometry: BaseGeometry,
    *,
    tags: dict[str, str],
    verdict: Verdict,
) -> AssetRecord:
    is_point = geometry.geom_type == "Point"
    point = geometry if is_point else _point_on(geometry)
    kind = AssetKind(verdict.rule.kind) if verdict.rule else AssetKind.VENUE
    return AssetRecord(
        row_number=number,
        source_key=key,
        kind=kind,
        name=name,
        description=_description(tags),
        address=_address(tags),
        postcode=tags.get("addr:postcode"),
        lon=float(shapely.get_x(point)),
        lat=float(shapely.get_y(point)),
        location_source=LocationSource.GIVEN if is_point else LocationSource.SURFACE,
        interests=verdict.interests,
        access=_access(tags),
        is_indoors=verdict.rule.is_indoors if verdict.rule else None,
        phone=_first(tags, "phone", "contact:phone", "contact:mobile"),
        email=_first(tags, "email", "contact:email"),
        website=_first(tags, "website", "contact:website", "url"),
        beds=whole_number(tags.get("capacity")) if kind is AssetKind.CARE_HOME else None,
        raw=dict(tags),
    )


def _key_of(cells: Mapping[str, Any], geometry: BaseGeometry | None) -> str | None:
    way = _text(cells.get("osm_way_id"))
    if way:
        return f"w{way}"
    plain = _text(cells.get("osm_id"))
    if plain:
        shape = geometry.geom_type if geometry is not None else "Point"
        return f"{ {'Point': 'n', 'LineString': 'w'}.get(shape, 'r') }{plain}"
    kind, _, number = _text(cells.get("@id") or cells.get("id")).partition("/")
    return f"{_PREFIXES[kind]}{number}" if kind in _PREFIXES and number else None


def _page_of(key: str) -> str:
    kinds = {letter: kind for kind, letter in _PREFIXES.items()}
    return f"openstreetmap.org/{kinds[key[0]]}/{key[1:]}"


def _text(value: object) -> str:
    """Return a property as text; numbers that GDAL or pandas made floats without their ".0"."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _name_of(tags: Mapping[str, str], verdict: Verdict) -> str | None:
    name, rule = _first(tags, *_NAMES), verdict.rule
    if name is not None or rule is None:
        return name
    what = rule.value.replace("_", " ")
    # An owner's name alone ("Asda") would be taken for something else of theirs.
    owner = _first(tags, *_OWNERS)
    if owner is not None and rule.value != "*" and not _is_one_of_many(rule):
        return owner if what in owner.casefold() else f"{owner} {what}"
    general = _NAMELESS.get((rule.key, rule.value))
    return f"{general} (name not known)" if general else None


def _first(tags: Mapping[str, str], *keys: str) -> str | None:
    return next((text for key in keys if (text := clean_text(tags.get(key)))), None)


def _point_on(geometry: BaseGeometry) -> BaseGeometry:
    """Return a point on a line or polygon, as far inside as GEOS finds; mends bow ties first."""
    if not geometry.is_valid:
        geometry = shapely.make_valid(geometry)
    return shapely.point_on_surface(geometry)


def _address(tags: Mapping[str, str]) -> str | None:
    door = joined([tags.get("addr:housenumber"), tags.get("addr:street")], " ")
    places = ("addr:suburb", "addr:hamlet", "addr:village", "addr:town", "addr:city")
    return joined([tags.get("addr:housename"), tags.get("addr:unit"), door, *map(tags.get, places)])


def _access(tags: Mapping[str, str]) -> tuple[str, ...] | None:
    found = []
    if tags.get("wheelchair") in {"yes", "designated"}:
        found.append(Access.STEP_FREE.value)
    if tags.get("toilets:wheelchair") in {"yes", "designated"}:
        found.append(Access.ACCESSIBLE_TOILET.value)
    if tags.get("hearing_loop") == "yes":
        found.append(Access.HEARING_LOOP.value)
    return tuple(found) or None


def _description(tags: Mapping[str, str]) -> str | None:
    hours = _first(tags, "opening_hours")
    wheelchair = {"no": "Not step-free.", "limited": "Partly step-free."}
    sentences = [
        _first(tags, "description"),
        f"Opening hours: {hours}" if hours else None,
        wheelchair.get(tags.get("wheelchair", "")),
    ]
    return (
        " ".join(
            text if text.endswith((".", "!", "?")) else f"{text}." for text in sentences if text
        )
        or None
    )
