"""Streets people can walk along, from OpenStreetMap data: .osm, .osm.pbf, .osm.gz, .osm.bz2.

One row a way with a `highway` tag (https://wiki.openstreetmap.org/wiki/Key:highway). Motorways,
what is only planned, drives to one's own door and what walkers may not use are skipped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import osmium

from app.errors import FileRefused
from app.importers.items import StreetRecord
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers import osm
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.records import Skipped, SourceInfo

NAME = "streets"
DESCRIPTION = "streets of OpenStreetMap, to walk along"
SUFFIXES: tuple[str, ...] = (".osm", ".pbf", ".gz", ".bz2")

WALKED = {
    "footway", "path", "steps", "pedestrian", "living_street", "residential", "service",
    "unclassified", "tertiary", "tertiary_link", "secondary", "secondary_link", "primary",
    "primary_link", "cycleway", "bridleway", "track", "road",
}  # fmt: skip
_HEAD_BYTES = 4_096
_NOT_ALLOWED = {"no", "private"}
_ALLOWED = {"yes", "designated", "permissive", "public"}
_TO_ONE_DOOR = {"driveway", "parking_aisle", "drive-through", "emergency_access"}


def recognises(path: Path, header: Sequence[str] | None) -> bool:  # noqa: ARG001
    """Return whether the file's first bytes, or its two endings, are OpenStreetMap's."""
    if path.suffix.lower() in {".gz", ".bz2"}:
        return path.name.lower().endswith((".osm.gz", ".osm.bz2"))
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    return b"<osm" in head or b"OSMHeader" in head[:64]


def source(path: Path) -> SourceInfo:
    """Return OpenStreetMap and its licence, as its places have it."""
    return osm.source(path)


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date and endings: a newer one takes its place."""
    return name_without_date(path).removesuffix(".osm")


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def count_rows(path: Path) -> int:
    """Return how many ways there are: reading to the end also shows that the file is whole.

    Raises
    ------
    FileRefused
        If it is broken, or has no way with a `highway` tag.
    """
    with _said_if_broken(path):
        count = sum(1 for _ in _ways(osmium.FileProcessor(str(path), osmium.osm.WAY)))
    if not count:
        raise FileRefused(
            f"{path.name} has no streets in it, so nothing was changed: make an extract with"
            " ways that have a “highway” tag."
        )
    return count


def read(path: Path, options: ReadOptions) -> Iterator[StreetRecord | Skipped]:  # noqa: ARG001
    """Yield each street as a line of longitudes and latitudes (WGS 84), in the file's order."""
    seen: set[int] = set()
    entities = osmium.osm.NODE | osmium.osm.WAY
    with _said_if_broken(path):
        ways = _ways(osmium.FileProcessor(str(path), entities).with_locations())
        for number, way in enumerate(ways, start=1):
            tags = {tag.k: tag.v for tag in way.tags}
            line = tuple((node.lon, node.lat) for node in way.nodes if node.location.valid())
            why = _why_not(tags, line) or ("the same way again" if way.id in seen else None)
            seen.add(way.id)
            if why:
                yield Skipped(number, why)
            else:
                name = clean_text(tags.get("name")) or clean_text(tags.get("ref"))
                yield StreetRecord(number, way.id, name, tags["highway"], line)


def _ways(processor: osmium.FileProcessor) -> Iterator[Any]:
    yield from processor.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(
        osmium.filter.KeyFilter("highway")
    )


def _why_not(tags: Mapping[str, str], line: Sequence[tuple[float, float]]) -> str | None:
    """Return why a way is no street for walkers, or None."""
    highway, foot = tags["highway"], tags.get("foot")
    if highway not in WALKED:
        return f"highway={highway}"
    if foot in _NOT_ALLOWED or (tags.get("access") in _NOT_ALLOWED and foot not in _ALLOWED):
        return "walkers may not use it"
    if tags.get("service") in _TO_ONE_DOOR:
        return f"service={tags['service']}"
    if tags.get("area") == "yes":
        return "an area, not a line"
    return None if len(set(line)) > 1 else "its points are not in the file"


@contextmanager
def _said_if_broken(path: Path) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # all that osmium raises
        raise FileRefused(
            f"{path.name} cannot be read as OpenStreetMap data, so nothing was changed:"
            " it may be cut off. Fetch it again."
        ) from error
