"""What is in a file of Open Referral, whatever its shape: services and organizations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import FileRefused
from app.importers.oruk.json_text import Json, mapping, objects, parse
from app.importers.oruk.pages import is_list_page, read_list_page
from app.importers.signatures import kind_of, refuse_unless

MOST_JSON_BYTES = 60_000_000
_MOST_LINE = 8_000_000
_OF_A_SERVICE = {"organization", "organization_id", "status", "service_at_locations"}
_OF_AN_ORGANIZATION = {
    "services", "organization_identifiers", "locations", "website", "email", "legal_status",
    "parent_organization_id", "phones", "year_incorporated",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """One service, or an organization by itself; `row_number` counts from 1."""

    row_number: int
    service: Json | None
    organization: Json | None


def documents(path: Path) -> Iterator[Document]:
    """Yield what is in a file: lines of services, a saved list page, one service or organization.

    A row that is no object is yielded without either.

    Raises
    ------
    FileRefused
        If the file, or one of its lines, is not JSON or has broken off.
    """
    refuse_unless(path, kind_of(path), "json", "a feed of services in JSON")
    rows = _lines(path) if is_in_lines(path) else _whole(path)
    for row_number, content in rows:
        if isinstance(content, dict):
            yield from _documents_in(row_number, content)
        else:
            yield Document(row_number, None, None)


def looks_right(path: Path) -> bool:
    """Return whether a file is one of services or organizations."""
    try:
        first = next(documents(path), None)
    except FileRefused:
        return False
    return first is not None and (first.service is not None or first.organization is not None)


def is_in_lines(path: Path) -> bool:
    """Return whether a file has one object a line, not one for the whole."""
    if path.suffix.casefold() in {".ndjson", ".jsonl"}:
        return True
    with path.open("rb") as file:
        first, second = file.readline(_MOST_LINE).strip(), file.readline(_MOST_LINE).strip()
    return first.endswith(b"}") and second.startswith(b"{")


def _lines(path: Path) -> Iterator[tuple[int, object]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MOST_LINE):
            number += 1
            if len(line) == _MOST_LINE:
                raise FileRefused(f"Line {number} of {path.name} is too long to be one service.")
            if line.strip():
                yield number, parse(line, what=f"Line {number} of {path.name}")


def _whole(path: Path) -> Iterator[tuple[int, object]]:
    if path.stat().st_size > MOST_JSON_BYTES:
        raise FileRefused(f"{path.name} is too large for one piece of JSON: save it as ndjson.")
    content = parse(path.read_bytes(), what=path.name)
    if isinstance(content, list) or is_list_page(content):
        page = read_list_page(content, what=path.name)
        _refuse_some(page.total_items, len(page.items) + page.unreadable, path)
        listed = content if isinstance(content, list) else None
        yield from enumerate(listed if listed is not None else page.items, start=1)
        return
    yield 1, content


def _refuse_some(total: int | None, here: int, path: Path) -> None:
    if total is not None and total > here:
        raise FileRefused(
            f"{path.name} is one page of {here:,} of a feed of {total:,} services: load the feed by"
            " its address instead, or all of it in one file."
        )


def _documents_in(row_number: int, content: Json) -> Iterator[Document]:
    if isinstance(content.get("service"), dict) and "location" in content:
        # A service at a location, the other way round.
        at = {name: value for name, value in content.items() if name != "service"}
        service = content["service"] | {"service_at_locations": [at]}
        yield Document(row_number, service, None)
        return
    if isinstance(content.get("services"), list):
        own = {name: value for name, value in content.items() if name != "services"}
        services = objects(content["services"])
        for service in services:
            yield Document(row_number, {"organization": own} | service, None)
        if not services:
            yield Document(row_number, None, own)
        return
    if _OF_A_SERVICE & content.keys():
        yield Document(row_number, content, None)
    elif _OF_AN_ORGANIZATION & content.keys():
        yield Document(row_number, None, content)
    else:
        yield Document(row_number, None, None)


def organization_of(service: Json) -> Json:
    """Return the organization a service names, as far as it does."""
    found = mapping(service.get("organization"))
    if "id" not in found and isinstance(service.get("organization_id"), str):
        found = found | {"id": service["organization_id"]}
    return found


def as_line(service: Json) -> str:
    """Return a service as a line of a file."""
    return json.dumps(service) + "\n"
