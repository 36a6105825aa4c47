"""How assets are written: as a feature, as JSON and as a row of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app import words
from geo.interests import Vocabulary

CSV_COLUMNS = (
    "id",
    "kind",
    "name",
    "address",
    "postcode",
    "longitude",
    "latitude",
    "how it was placed",
    "distance in metres",
    "interests",
    "access",
    "phone",
    "website",
    "beds",
    "last checked",
    "source",
    "licence",
    "attribution",
)

_POINT = {
    "type": "object",
    "nullable": True,
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {"type": "array", "items": {"type": "number"}},
    },
}
ASSET_PROPERTIES: dict[str, Any] = {
    "kind": {"type": "string"},
    "name": {"type": "string"},
    "address": {"type": ["string", "null"]},
    "postcode": {"type": ["string", "null"]},
    "location_source": {"type": "string"},
    "ward_code": {"type": ["string", "null"]},
    "interests": {"type": "array", "items": {"type": "string"}},
    "access": {"type": ["array", "null"], "items": {"type": "string"}},
    "phone": {"type": ["string", "null"]},
    "website": {"type": ["string", "null"]},
    "beds": {"type": ["integer", "null"]},
    "assured_date": {"type": ["string", "null"], "format": "date"},
    "distance_m": {"type": ["number", "null"]},
    "source": {"type": "string"},
    "url": {"type": "string"},
}
ASSET = {
    "type": "object",
    "required": ["id", "kind", "name", "lon", "lat", "source", "url"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        **ASSET_PROPERTIES,
        "lon": {"type": ["number", "null"]},
        "lat": {"type": ["number", "null"]},
    },
}
ATTRIBUTION = {"type": "array", "items": {"type": "string"}}
ASSET_LIST = {
    "type": "object",
    "required": ["assets", "attribution", "next"],
    "properties": {
        "assets": {"type": "array", "items": ASSET},
        "attribution": ATTRIBUTION,
        "next": {"type": ["string", "null"]},
    },
}
FEATURES = {
    "type": "object",
    "required": ["type", "features", "attribution"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {"type": "array", "items": {"type": "object"}},
        "attribution": ATTRIBUTION,
    },
}


def credit(attribution: str, licence: str) -> str:
    """Return what has to be said about where something comes from."""
    return f"{attribution} ({licence})"


class Names:
    """What the numbers in rows are called: interests by id, sources by id."""

    def __init__(self, vocabulary: Vocabulary, sources: Mapping[int, sa.Row[Any]]) -> None:
        self.vocabulary = vocabulary
        self.sources = sources
        # Whose outlines are drawn behind the places of a map.
        self.boundary_source_ids = [source.id for source in sources.values() if source.has_wards]
        self.slugs = {concept.id: concept.concept for concept in vocabulary.concepts}
        self.source_slugs = {source.id: source.slug for source in sources.values()}
        self.labels = {concept.id: concept.label for concept in vocabulary.concepts}

    def interest_slugs(self, ids: Iterable[int]) -> list[str]:
        """Return the concepts of some ids; a retired one is left out."""
        slugs = self.slugs
        return [slugs[i] for i in ids if i in slugs]

    def interest_labels(self, ids: Iterable[int]) -> list[str]:
        """Return the labels of some ids, in order of the alphabet."""
        return sorted(self.labels[i] for i in ids if i in self.labels)

    def sources_in(self, source_ids: Iterable[int]) -> list[sa.Row[Any]]:
        """Return the sources some rows come from, each once."""
        return [self.sources[i] for i in sorted(set(source_ids)) if i in self.sources]

    def attribution(self, source_ids: Iterable[int]) -> list[str]:
        """Return what has to be said about where some rows come from."""
        said = (credit(s.attribution, s.licence) for s in self.sources_in(source_ids))
        return list(dict.fromkeys(said))


# How many columns a row of a list has: those of `queries.COLUMNS` and the distance.
WIDTH = 17
SOURCE_ID = 15


def source_ids_of(rows: Iterable[sa.Row[Any]]) -> set[int]:
    """Return the sources that the rows of a list come from."""
    return {row[SOURCE_ID] for row in rows}


def as_features(
    rows: Sequence[sa.Row[Any]], names: Names
) -> Iterator[tuple[str, float | None, float | None, dict[str, Any]]]:
    """Yield rows as `geo.geojson.features_from_rows` takes them: (id, lon, lat, properties)."""
    slugs, sources = names.slugs, names.source_slugs
    # Unpacked, not asked by name: that alone is 15 times slower, and lists have a thousand rows.
    for row in rows:
        (
            identifier,
            kind,
            name,
            address,
            postcode,
            lon,
            lat,
            location_source,
            ward_code,
            interest_ids,
            access,
            phone,
            website,
            beds,
            assured_date,
            source_id,
            distance_m,
        ) = row[:WIDTH]
        yield (
            identifier,
            lon,
            lat,
            {
                "kind": kind,
                "name": name,
                "address": address,
                "postcode": postcode,
                "location_source": location_source,
                "ward_code": ward_code,
                "interests": [slugs[i] for i in interest_ids if i in slugs],
                "access": access,
                "phone": phone,
                "website": website,
                "beds": beds,
                "assured_date": assured_date,
                "distance_m": None if distance_m is None else round(distance_m, 1),
                "source": sources.get(source_id, ""),
                "url": f"/assets/{identifier}",
            },
        )


def as_json(row: sa.Row[Any], names: Names) -> dict[str, Any]:
    """Return one asset for the API; lon and lat in degrees, WGS 84."""
    [(identifier, lon, lat, properties)] = as_features([row], names)
    return {"id": identifier, **properties, "lon": lon, "lat": lat}


def as_csv(rows: Iterable[sa.Row[Any]], names: Names) -> Iterable[tuple[object, ...]]:
    """Yield the rows of `CSV_COLUMNS`."""
    for row in rows:
        source = names.sources.get(row.source_id)
        yield (
            row.id,
            words.kind_word(row.kind),
            row.name,
            row.address,
            row.postcode,
            None if row.lon is None else round(row.lon, 6),
            None if row.lat is None else round(row.lat, 6),
            words.LOCATION_SOURCES.get(row.location_source),
            None if row.distance_m is None else round(row.distance_m),
            names.interest_labels(row.interest_ids),
            None if row.access is None else [words.access_word(word) for word in row.access],
            row.phone,
            row.website,
            row.beds,
            row.assured_date,
            source.name if source else None,
            source.licence if source else None,
            source.attribution if source else None,
        )


def session_as_json(session: Any, names: Names) -> dict[str, Any]:  # noqa: ANN401
    """Return an activity (`app.assets.actions.Session`) for the API."""
    activity = session.activity
    return {
        "id": activity.id,
        "name": activity.name,
        "description": activity.description,
        "comes_to_homes": activity.comes_to_homes,
        "interests": names.interest_slugs(activity.interest_ids),
        "access": activity.access,
        "cost_pence": activity.cost_pence,
        "when": list(session.when),
        "next_days": list(session.next_days),
        "assured_date": activity.assured_date,
    }
