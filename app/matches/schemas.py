"""How matches are written: as a feature, as JSON and as a row of a spreadsheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from app import words
from app.assets.schemas import ATTRIBUTION, Names
from app.matches.actions import Found, MatchLists

CSV_COLUMNS = (
    "list",
    "rank",
    "name",
    "run by",
    "kind",
    "why",
    "when",
    "phone",
    "postcode",
    "distance in metres",
    "minutes on foot",
    "metres on foot",
    "about",
    "score",
    "last checked",
    "longitude",
    "latitude",
    "address on this map",
    "source",
    "licence",
    "attribution",
)
LISTS = {"near": "Near you", "comes_to_you": "Comes to you"}

MATCH = {
    "type": "object",
    "required": ["id", "name", "distance_m", "score", "reasons"],
    "properties": {
        "kind_of": {"enum": ["asset", "activity"]},
        "id": {"type": "string", "format": "uuid"},
        "place_id": {"type": "string", "format": "uuid"},
        "name": {"type": "string"},
        "place_name": {"type": "string"},
        "asset_kind": {"type": "string"},
        "lon": {"type": "number"},
        "lat": {"type": "number"},
        "distance_m": {"type": "number", "description": "As the crow flies."},
        "walk_m": {
            "type": ["number", "null"],
            "description": "Metres along ways on foot, step-free ones if that is needed; null where"
            " not known, and where it is more than 7,500.",
        },
        "walk_minutes": {
            "type": ["integer", "null"],
            "description": "Minutes on foot; null for more than 90 along ways.",
        },
        "is_about": {
            "type": "boolean",
            "description": "Whether the minutes are the straight line times 1.3, and not the way.",
        },
        "score": {"type": "number"},
        "reasons": {"type": "array", "items": {"type": "string"}},
        "interests": {"type": "array", "items": {"type": "string"}},
        "phone": {"type": ["string", "null"]},
        "postcode": {"type": ["string", "null"]},
        "when": {"type": ["string", "null"]},
        "assured_date": {"type": ["string", "null"], "format": "date"},
        "source": {"type": "string"},
        "url": {"type": "string"},
    },
}
MATCH_LISTS = {
    "type": "object",
    "required": ["near", "comes_to_you", "attribution"],
    "properties": {
        "near": {"type": "array", "items": MATCH},
        "comes_to_you": {"type": "array", "items": MATCH},
        "attribution": ATTRIBUTION,
    },
}


def as_json(match: Found, names: Names) -> dict[str, Any]:
    """Return a match for the API; lon and lat in degrees, WGS 84."""
    return {
        "kind_of": match.kind_of,
        "id": match.id,
        "place_id": match.place_id,
        "name": match.name,
        "place_name": match.place_name,
        "asset_kind": match.asset_kind,
        "lon": match.lon,
        "lat": match.lat,
        "distance_m": match.distance_m,
        "walk_m": round(match.walk_m, 1) if math.isfinite(match.walk_m) else None,
        "walk_minutes": match.walk_minutes,
        "is_about": match.is_about,
        "score": match.score,
        "reasons": match.reasons,
        "interests": match.interests,
        "phone": match.phone,
        "postcode": match.postcode,
        "cost_pence": match.cost_pence,
        "when": match.when,
        "assured_date": match.assured_date,
        "source": names.sources[match.source_id].slug if match.source_id in names.sources else "",
        "url": match.url,
    }


def ranked(lists: MatchLists) -> Iterable[tuple[str, int, Found]]:
    """Yield (list, rank, match): first those near, then those who come to you."""
    for name, matches in (("near", lists.near), ("comes_to_you", lists.comes_to_you)):
        for rank, match in enumerate(matches, start=1):
            yield name, rank, match


def as_features(
    lists: MatchLists, names: Names
) -> list[tuple[Any, float | None, float | None, dict[str, Any]]]:
    """Return matches as `geo.geojson.features_from_rows` takes them."""
    rows = []
    for name, rank, match in ranked(lists):
        properties = as_json(match, names)
        lon, lat = properties.pop("lon"), properties.pop("lat")
        rows.append((properties.pop("id"), lon, lat, {"list": name, "rank": rank, **properties}))
    return rows


def as_csv(lists: MatchLists, names: Names) -> Iterable[tuple[object, ...]]:
    """Yield the rows of `CSV_COLUMNS`; whose ways the minutes are along is said in each."""
    ways = names.attribution(lists.way_source_ids)
    for name, rank, match in ranked(lists):
        source = names.sources.get(match.source_id)
        yield (
            LISTS[name],
            rank,
            match.name,
            match.place_name,
            words.kind_word(match.asset_kind),
            " ".join(match.reasons),
            match.when,
            match.phone,
            match.postcode,
            round(match.distance_m),
            "more than 90" if match.walk_minutes is None else match.walk_minutes,
            round(match.walk_m) if math.isfinite(match.walk_m) else None,
            "yes" if match.is_about else "no",
            round(match.score, 3),
            match.assured_date,
            round(match.lon, 6),
            round(match.lat, 6),
            match.url,
            source.name if source else None,
            source.licence if source else None,
            _credit(source.attribution if source else "", [] if match.is_about else ways),
        )


def _credit(attribution: str, ways: Sequence[str]) -> str | None:
    """Return what has to be said of a row, and of the ways its minutes are along."""
    said = [attribution, *(f"ways on foot: {way}" for way in ways)]
    return "; ".join(part for part in said if part) or None
